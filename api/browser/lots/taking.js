// What must hold before something is used, moved or taken (SPEC 5.3, 5.4, 5.6), and taking it.

import { refuse } from "../verifier/fault.js";
import { times } from "./astray.js";
import { NOBODY, ON_HAND, blocks, heldBy, holdingOf, isWith, onHand, without } from "./book.js";
import { grams, most, sum } from "./exact.js";
import { weigh, weighedBefore } from "./weighing.js";

// Neither used up nor held; a correction goes through, and what it meets is found.
export function checkUsable(booking, lot) {
  const refusal = unusable(lot, booking.event.issuer);
  if (!refusal) return;
  if (!booking.lenient) refuse(...refusal);
  booking.find(refusal[0], lot.id, refusal[1]);
}

function unusable(lot, holder) {
  const { id, consumedBy, blocked } = lot, held = heldBy(lot);
  if (consumedBy !== NOBODY) return ["consumed", `piece ${id} was used up by entry ${consumedBy}`];
  if (held.length) return ["held", `lot ${id} is held by ${held.join(", ")}`];
  return blocks(lot, holder) ? ["blocked", `lot ${id} is blocked until the shortage of ${blocked.join(" and ")} is cleared`] : null;
}

// What a declared event made may be looked at and held, not used or shipped.
export function checkNotInDoubt(booking, lot) {
  if (lot.doubt !== NOBODY && !booking.lenient) refuse("in_doubt", `lot ${lot.id} is in doubt: entry ${lot.doubt}`);
}

export function checkHolder(lot, holder) {
  if (!isWith(lot, holder)) refuse("not_holder", `lot ${lot.id} is not with ${holder}`);
}

// Draw an amount of a lot, or take a piece whole, from what the issuer has on hand: its g, and its owner. `kind` is where
// it goes, if nowhere; `scrap` the class of scrap that enters a melt.
export function take(booking, part, { consume, kind = "", scrap = "" }) {
  const holder = booking.event.issuer, lot = booking.lot(part.id), how = { holder, role: part.role, kind, scrap };
  checkUsable(booking, lot);
  checkNotInDoubt(booking, lot);
  checkTaker(booking, lot);
  if (lot.single) return takePiece(booking, lot, part, consume, how);
  const g = part.g ?? refuse("no_mass", `the event takes of lot ${part.id} and gives no mass`);
  const surplus = lot.surplus.get(holder) ?? 0n;
  if (surplus && g > onHand(lot, holder) - surplus && !booking.lenient) {
    refuse("surplus", `lot ${lot.id} has ${grams(surplus)} that a count found and nobody countersigned`);
  }
  return { g, owner: booking.debit(lot.id, g, how) };
}

// A correction takes also what its issuer made, and what the events whose place it takes had taken from him (5.6).
function checkTaker({ event: { issuer }, lenient, taken }, lot) {
  if (!lenient || (lot.maker !== issuer && !taken.has(lot.id))) checkHolder(lot, issuer);
}

// Who works on a lot has it; by 5.6 he had, where he did so wrongly.
export function checkWorker(booking, lot) {
  if (!booking.told.has(lot.id) && !weighedBefore(booking, lot)) checkTaker(booking, lot);
}

// Who had some of a class lot once does not work on it; by 5.6 he may.
export function checkSomeHere({ event: { issuer }, lenient }, lot) {
  if (!lot.single && onHand(lot, issuer) <= 0n && !lenient) refuse("not_holder", `${issuer} has nothing of lot ${lot.id} here`);
}

function takePiece(booking, before, part, consume, how) {
  const { holder } = how;
  // A corrective event takes what another used up or sent away meanwhile: the piece stays what and where it is, short of
  // its mass, and blocked (5.6).
  if (before.consumedBy !== NOBODY || !isWith(before, holder)) {
    const g = massAgain(booking, before, part, holder);
    return { g, owner: booking.debit(before.id, g, how) };
  }
  const lot = takenOut(booking, weigh(booking, before, part, holder, ON_HAND)), have = onHand(lot, holder);
  const g = massOf(booking, lot, have);
  const owner = booking.debit(lot.id, g, how), after = booking.lot(lot.id);
  const holdings = g === have ? without(after, holder, ON_HAND) : after.holdings;
  booking.book.change(after, { holdings, consumedBy: consume ? booking.event.index : NOBODY });
  if (consume) booking.mark("consumed", lot.id);
  return { g, owner };
}

// One in doubt is short of its mass until its own correction comes. One that came back here from a place that it is short of
// now is here once, however often it came (5.6).
function massOf({ lenient }, lot, have) {
  if (lot.doubt !== NOBODY) return most(have, lot.g ?? 0n);
  const whole = sum(lot.holdings.map((one) => one.g));
  return lenient && whole > 0n && whole < have ? whole : have;
}

// Its own mass; where it has none yet, what the event says is booked where it is, or where the event was the first to weigh it.
function massAgain(booking, lot, part, holder) {
  if (lot.consumedBy !== NOBODY && lot.g === null) return 0n; // used up unweighed, nobody weighs it any more
  if (lot.g === null && part.g !== null && weighedBefore(booking, lot)) {
    weigh(booking, lot, part, holder, ON_HAND);
    return part.g;
  }
  const [at] = lot.holdings;
  if (lot.g === null && at) weigh(booking, lot, part, at.holder, at.delivery);
  const here = holdingOf(lot, holder, ON_HAND);
  return times(lot, here) > 0 ? 0n : lot.g || 0n; // what left unweighed is sent so again
}

function takenOut(booking, lot) {
  if (!lot.inside) return lot;
  booking.find("taken_from_unit", lot.id, `piece ${lot.id} was taken out of ${lot.inside} without unpacking it`);
  return unpack(booking, lot);
}

// Take a thing out of the unit it is in.
export function unpack(booking, lot) {
  const unit = booking.book.lots.get(lot.inside);
  if (unit) booking.book.change(unit, { contents: unit.contents.filter((one) => one !== lot.id) });
  booking.unpacked.push({ unit: lot.inside, lot: lot.id, g: 0n, entry: lot.packedBy });
  return booking.book.change(lot, { inside: "", packedBy: NOBODY });
}
