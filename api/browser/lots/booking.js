// What one event does, collected while it is written into the book: postings, and what came from nowhere or went nowhere,
// until both sides are equal (SPEC 5.2).

import {
  NOBODY, ON_HAND, addTo, heardLate, holdingOf, isKeptBy, newEffects, newHolding, newLot, onHand, placeOf, withBlocked,
} from "./book.js";
import { compareText, grams, most, sum } from "./exact.js";
import { refuse } from "../verifier/fault.js";
import { same } from "./same.js";

export class Booking {
  entered = new Map(); // by kind
  left = new Map();
  marks = new Map(); // made, consumed, held, released, closed
  opened = ""; // the site whose opening stock is booked
  done = {};

  // `lenient`: a corrective event is never refused for what came of it. `standing`: where the event whose place it takes
  // had added; it adds to what is mixed there, as that event did. `taken` and `told`: the lots that this one had taken from
  // its issuer, and had said something new of. `before` has what this one did, and those that it in turn took the place of.
  // `sites` has the party of each registered site.
  constructor(book, event, { sites = new Map(), lenient = false, standing = new Map(), taken = new Set(), told = new Set(), before = [] } = {}) {
    Object.assign(this, { book, event, sites, lenient, standing, taken, told, before });
    Object.assign(this, { debits: [], credits: [], moved: [], findings: [], settles: [], sold: [], words: [] });
    Object.assign(this, { packed: [], unpacked: [], lifted: [], surplus: [] });
  }

  find(rule, lot, says) {
    this.findings.push({ rule, lot, says });
  }

  mark(what, lot) {
    this.marks.set(what, [...(this.marks.get(what) ?? []), lot]);
  }

  // A lot that somebody introduced (5.1).
  lot(name) {
    return this.book.lots.get(name) ?? refuse("unknown_lot", `lot ${name} was never made, received or opened in this ledger`);
  }

  // The lot with what the event says of it, noted so that it can be taken back (5.6).
  describe(lot) {
    const fresh = [...saidOf(this.event, lot.id)].filter(([name, value]) => !same(lot.attributes.get(name) ?? null, value));
    if (fresh.length && this.speaksForOthers(lot)) {
      const names = fresh.map(([name]) => name).sort(compareText).join(", ");
      this.find("described_otherwise", lot.id, `${names} of lot ${lot.id} is for ${lot.maker} to say, who made it`);
      return lot;
    }
    for (const [name, after] of fresh) this.words.push({ lot: lot.id, name, before: lot.attributes.get(name) ?? null, after });
    return { ...lot, attributes: new Map([...lot.attributes, ...fresh]) };
  }

  // One lot has one description: who has part of what another made does not change it for the rest (5.3).
  speaksForOthers(lot) {
    const { issuer } = this.event;
    const others = lot.holdings.some((one) => one.g > 0n && one.holder !== issuer);
    return !lot.single && others && lot.maker !== "" && lot.maker !== issuer;
  }

  enter(kind, g) {
    if (g) this.entered.set(kind, (this.entered.get(kind) ?? 0n) + g);
  }

  leave(kind, g) {
    if (g) this.left.set(kind, (this.left.get(kind) ?? 0n) + g);
  }

  // An addition to one holding, of one owner unless a contract allows to mix (5.2). `kind` is where it comes from that
  // comes from no debit. Where it does not mix, it is more of what is there, such as the weight of a piece.
  credit(name, g, { holder, owner, delivery = ON_HAND, role = "", kind = "", mixes = true }) {
    const lot = this.lot(name), held = holdingOf(lot, holder, delivery);
    let whose = owner;
    if (held.g > 0n && held.owner !== owner) {
      this.checkOwners(new Set([held.owner, owner]), name);
      whose = held.owner;
    }
    this.credits.push({ lot: name, holder, delivery, owner: whose, g, role, had: held.g, mix: held.mix, kind, scrap: "" });
    if (kind) this.enter(kind, g);
    this.book.put(addTo(lot, newHolding(holder, delivery, whose, g, mixes ? this.mixOf(held, name) : held.mix)));
  }

  // An addition is a new mix; what takes the place of another addition is in that one's.
  mixOf({ holder, delivery, mix }, lot) {
    const first = this.standing.get(placeOf({ lot, holder, delivery }));
    return first === undefined ? this.event.index : Math.max(first, mix);
  }

  // A draw within the balance (M2); returned is the owner of what is drawn. For a correction the shortage is found.
  debit(name, g, { holder, delivery = ON_HAND, role = "", kind = "", scrap = "" }) {
    const before = this.lot(name), held = holdingOf(before, holder, delivery), short = g > held.g;
    if (short) this.short(before, holder, held.g, g);
    this.debits.push({ lot: name, holder, delivery, owner: held.owner, g, role, had: held.g, mix: held.mix, kind, scrap });
    if (kind) this.leave(kind, g);
    this.book.put(addTo(short ? withBlocked(before, [...before.blocked, holder]) : before, { ...held, g: -g }));
    return held.owner;
  }

  short({ id }, holder, have, want) {
    const says = `lot ${id} has ${grams(have)} left with ${holder}, the event takes ${grams(want)}`;
    if (!this.lenient) refuse("balance", says);
    this.find("shortage", id, says);
  }

  // Metal of several owners is mixed under a tolling contract only (5.3); a correction mixes it, and that is found (5.6).
  checkOwners(owners, name) {
    const why = owners.size > 1 ? this.forbids(owners) : "", names = [...owners].sort(compareText).join(" and ");
    if (why && !this.lenient) refuse("owners", `lot ${name} would mix metal of ${names}${why}`);
    if (why) this.find("owners", name, `lot ${name} mixes metal of ${names}${why}`);
  }

  // Why no contract allows it, "" where one does. That a contract named is there, its lineage says.
  forbids(owners) {
    const { contract: name, time } = this.event, contract = this.book.contracts.get(name);
    if (!name) return " without a contract in al:contract";
    if (contract && !(contract.allows && contract.start <= time && time < contract.end)) {
      return `, and contract ${name} is no tolling contract in force at that time`;
    }
    const others = [...owners].filter((one) => contract && !contract.parties.includes(one)).sort(compareText);
    return others.length ? `, and ${others.join(", ")} is no party to contract ${name}` : "";
  }

  move(delivery, lot, { shipped = 0n, received = 0n, wet = false }) {
    const moved = { delivery, lot, shipped, received };
    this.moved.push(moved);
    addToDelivery(this.book, moved, wet);
  }

  // All that was done, both sides equal.
  effects() {
    const { event, entered, left, marks } = this, total = (postings) => sum(postings.map((one) => one.g));
    if (total(this.debits) + sum([...entered.values()]) !== total(this.credits) + sum([...left.values()])) {
      throw new Error(`the booking of entry ${event.index} does not balance`);
    }
    const { debits, credits, moved, findings, settles, sold, words, packed, unpacked, lifted, surplus, opened } = this;
    const beside = { packed, unpacked, lifted, surplus, opened };
    const done = { debits, credits, moved, findings, settles, sold, words, entered, left, ...beside };
    const what = event.processKind || event.step || event.type;
    return { ...newEffects(event, what), ...done, ...Object.fromEntries(marks), ...this.done };
  }
}

// Add to the line of one lot on a delivery that is there.
export function addToDelivery(book, { delivery, lot, shipped, received }, wet = false) {
  const found = book.deliveries.get(delivery);
  if (!found) throw new Error(`there is no delivery ${delivery}`);
  const old = found.lines.get(lot) ?? { shipped: 0n, received: 0n, wet };
  const line = { lot, shipped: old.shipped + shipped, received: old.received + received, wet: old.wet || wet };
  book.deliveries.set(delivery, { ...found, lines: new Map(found.lines).set(lot, line) });
}

// A new lot in the book (5.1, 5.2): a serial is made once, a class lot is added to until it is closed.
export function introduce(booking, part, source, maker) {
  const { event, book } = booking, lot = booking.describe(introduced(booking, part, source, maker));
  book.put(lot);
  booking.mark("made", part.id);
  if (part.single && part.g === null) booking.find("no_mass", part.id, `piece ${part.id} was made and nobody gave its mass`);

}

function introduced(booking, part, source, maker) {
  const { book, event } = booking, { index, time } = event, before = book.lots.get(part.id);
  if (!before) return newLot(part.id, part.single, maker, index, source, time, part.single ? part.g : null);
  const again = madeInstead(booking, before), known = again ? unsaid(book, before) : heardLate(before) ? ofWhoHadIt(before) : before;
  if (known.single && (again || heardLate(known))) {
    return { ...known, ...weighedAgain(booking, known, part.g), maker, madeBy: index, source, time, doubt: NOBODY };
  }
  if (heardLate(known) && maker) return { ...known, maker, source };
  checkAddition(booking, known, source === "late");
  return again ? { ...known, doubt: NOBODY, madeBy: index } : known;
}

// Who is not said to have received it any more, before its maker was heard, has no place for it (5.6).
function ofWhoHadIt(lot) {
  return lot.single && lot.doubt !== NOBODY ? { ...lot, holdings: lot.holdings.filter((one) => one.g) } : lot;
}

// Without what the event said that made it and was declared wrong, unless it was said again since (5.6).
function unsaid(book, lot) {
  const words = (book.effects.get(lot.madeBy)?.words ?? []).filter((word) => word.lot === lot.id);
  const said = new Map(words.map((word) => [word.name, word.after]));
  const kept = [...lot.attributes].filter(([name, value]) => !said.has(name) || !same(said.get(name), value));
  return { ...lot, attributes: new Map(kept) };
}

// What others weighed of a piece meanwhile is its mass, until who makes it again says another (5.2).
function weighedAgain(booking, { id, holdings, g: before, consumedBy }, g) {
  const there = sum(holdings.map((one) => one.g));
  if (g === null && consumedBy !== NOBODY && !there) return { g: before }; // used with all that others had weighed
  if (g === null) return { g: most(0n, there) || null };
  const { issuer: holder } = booking.event, here = onHand({ holdings }, holder);
  if (here > 0n) booking.debit(id, here, { holder, kind: "correction" });
  return { g, holdings: booking.lot(id).holdings };
}

// A lot in doubt is made again by what takes the place of the event that made it, and no other (5.6).
export const madeInstead = ({ before }, lot) => lot.doubt !== NOBODY && before.some((old) => old.index === lot.madeBy);

function checkAddition(booking, lot, late) {
  const { issuer } = booking.event, says = `lot ${lot.id} is closed: nothing is added to it`;
  if (lot.single) refuse("made_twice", `piece ${lot.id} was made by entry ${lot.madeBy} already`);
  const closed = lot.closedBy.length > 0;
  if (closed && !booking.lenient) refuse("lot_closed", says);
  if (closed) booking.find("lot_closed", lot.id, says);
  const added = [...booking.standing.keys()].some((place) => place.startsWith(`${lot.id}\n`)); // or he could, as he did so wrongly
  if (!isKeptBy(lot, issuer) && !late && !added) {
    refuse("not_holder", `lot ${lot.id} is not with ${issuer}, who cannot add to it`);
  }
}

// What the event says of a lot, without the analysis, which stays in the event.
export function saidOf(event, name) {
  const said = Object.entries(event.attributes.get(name) ?? {});
  return new Map(said.filter(([key]) => key !== "id" && key !== "chemistry"));
}
