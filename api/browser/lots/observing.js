// Events on things as they are: commissioning, opening stock, holds, counts, ends (SPEC 5.1, 5.3, 5.7); and statements
// beside events that the fold knows: contracts and verifications.

import { refuse } from "../verifier/fault.js";
import { micros } from "../verifier/moments.js";
import { introduce } from "./booking.js";
import { NOBODY, has, hasAny, heldBy, holdingOf, isKeptBy, onHand, settled, withSurplus } from "./book.js";
import { enterFromOutside } from "./custody.js";
import { list, must, text } from "./event.js";
import { abs, grams, least } from "./exact.js";
import { PRIMARY, tolerance } from "./mass_rules.js";
import { opened, withContents } from "./packing.js";
import { judgeProduct, judgeTold } from "./products.js";
import { checkWorker, take } from "./taking.js";

const BLOCKING = ["unavailable", "recalled", "non_conformant", "non_sellable_other", "damaged"];
const FREE = ["conformant", "available", "sellable_accessible"];
const OTHER_STEPS = ["shipping", "receiving", "void_shipping", "holding", "stock_taking"]; // these release nothing
const POSITIVE = ["positive", "positive-with-comments"];

export function commission(booking) {
  const { event } = booking, { issuer, opening } = event;
  if (opening) openSite(booking);
  for (const part of event.things) {
    if (event.origins.has(part.id)) {
      enterFromOutside(booking, part);
      judgeTold(booking, part.id);
      continue;
    }
    introduce(booking, part, opening ? "opening" : "commissioned", issuer);
    const kind = opening ? "opening" : PRIMARY.includes(event.processKind) ? "primary" : "commissioned";
    booking.credit(part.id, part.g ?? 0n, { holder: issuer, owner: issuer, kind });
    judgeProduct(booking, part.id);
    if (kind === "commissioned") booking.find("no_source", part.id, `lot ${part.id} was commissioned at no primary source`);
  }
}

// Once, by whose site it is.
function openSite(booking) {
  const { event, book, sites, lenient } = booking, [site] = event.sites, before = book.sites.get(site) ?? NOBODY;
  if (site === undefined) refuse("site", "opening stock is of a site: readPoint or bizLocation names it");
  if (sites.get(site) !== event.issuer) refuse("site", `site ${site} is not registered by ${event.issuer}, who opens its stock`);
  if (before !== NOBODY && !lenient) refuse("opening_again", `the opening stock of ${site} was booked by entry ${before}`);
  book.sites.set(site, event.index);
  booking.opened = site;
}

// A piece or an amount is destroyed, a unit with what is in it; a class lot without an amount is closed.
export function end(booking) {
  for (const part of opened(booking, booking.event.things)) {
    const lot = booking.lot(part.id);
    if (lot.single || part.g !== null) {
      take(booking, part, { consume: lot.single, kind: "destroyed" });
    } else {
      if (!isKeptBy(lot, booking.event.issuer)) refuse("not_holder", `lot ${lot.id} is not for ${booking.event.issuer} to close`);
      booking.book.change(lot, { closedBy: [...lot.closedBy, booking.event.index] });
      booking.mark("closed", lot.id);
    }
  }
}

// Maker and holder may hold, and the operator; by 5.6 who could hold it when he was wrong.
export function hold(booking, operator) {
  const { issuer, index } = booking.event;
  for (const part of withContents(booking, booking.event.things)) {
    const lot = booking.lot(part.id), held = booking.before.some((old) => old.held.includes(lot.id));
    const his = [lot.maker, operator].includes(issuer) || has(lot, issuer) || held;
    if (!his) refuse("hold", `${issuer} cannot hold lot ${lot.id}`);
    booking.book.change(lot, { holds: [...lot.holds, { by: issuer, entry: index }] });
    booking.mark("held", lot.id);
  }
}

// Who held releases, or the operator.
export function release(booking, operator) {
  const { event } = booking, { issuer } = event, unset = unsets(event);
  const said = FREE.includes(event.disposition) && ["inspecting", "accepting"].includes(event.step);
  if (!said && !unset) return;
  if (unset && !booking.lenient) for (const part of event.things) checkHeld(booking, part, operator);
  for (const part of withContents(booking, event.things)) {
    const lot = booking.lot(part.id);
    if (!lot.holds.length) continue;
    const ends = lot.holds.filter(({ by }) => issuer === operator || issuer === by);
    if (!ends.length && unset) refuse("release", `lot ${lot.id} is held by ${heldBy(lot).join(", ")}`);
    booking.book.change(lot, { holds: lot.holds.filter((one) => !ends.includes(one)) });
    booking.lifted.push(...ends.map((one) => ({ lot: lot.id, ...one })));
    booking.mark("released", lot.id);
  }
}

// Whether it looks at something and says, not only implies, that a hold ends.
export function unsets({ type, action, step, unset }) {
  const looks = type === "ObjectEvent" && action === "OBSERVE" && !OTHER_STEPS.includes(step);
  return looks && unset.some((one) => BLOCKING.includes(one));
}

// Of what is unset, or of what is packed in it, the issuer holds some.
function checkHeld(booking, part, operator) {
  const { issuer } = booking.event, holds = withContents(booking, [part]).flatMap(({ id }) => booking.lot(id).holds);
  if (!holds.some(({ by }) => issuer === operator || issuer === by)) refuse("release", `lot ${part.id} is not held by ${issuer}`);
}

// A count sets the holder's balance; what is too much waits for a second signature.
export function count(booking) {
  for (const part of booking.event.things) {
    const lot = booking.lot(part.id);
    checkWorker(booking, lot);
    if (lot.single) seen(booking, lot, part);
    else if (part.g === null) refuse("no_mass", `the count of lot ${part.id} gives no mass`);
    else set(booking, lot, part.g);
  }
}

function seen(booking, lot, { g }) {
  if (g === null || lot.g === null || abs(g - lot.g) <= tolerance(lot.g, booking.event.scale)) return;
  booking.find("weight_differs", lot.id, `piece ${lot.id} has ${grams(lot.g)}, the count says ${grams(g)}`);
}

function set(booking, lot, g) {
  const { issuer: holder, scale } = booking.event, have = onHand(lot, holder);
  const says = `lot ${lot.id} had ${grams(have)}, the count found ${grams(g)}`;
  if (g < have) {
    booking.debit(lot.id, have - g, { holder, kind: "unaccounted" });
    booking.find("count_down", lot.id, says);
  } else if (g > have) {
    booking.credit(lot.id, g - have, { holder, owner: holdingOf(lot, holder).owner, kind: "count surplus" });
  }
  const before = lot.surplus.get(holder) ?? 0n;
  let surplus = least(before, g);
  if (g - have > scale) {
    surplus = least(g, surplus + g - have); // what the scale cannot tell apart is no surplus
    booking.find("count_up", lot.id, `${says}: nobody countersigned the rest`);
  }
  if (surplus !== before) booking.surplus.push({ lot: lot.id, before, after: surplus });
  booking.book.put(settled(withSurplus(booking.lot(lot.id), holder, surplus), holder));
}

// The newest statement under an id is the contract that counts.
export function agree(book, body) {
  const valid = must(body, "valid"), allows = must(body, "kind") === "tolling" && must(body, "status") === "in-force";
  const [start, finish] = ["from", "to"].map((name) => micros(text(must(valid, name))));
  book.contracts.set(must(body, "id"), { allows, parties: list(must(body, "parties")), start, end: finish });
}

// A party that has none of it confirms a count or clears a shortage.
export function countersign(book, { body, iss }) {
  if (!POSITIVE.includes(must(body, "verdict")) || must(must(body, "subject"), "kind") !== "lot") return;
  const lot = book.lots.get(String(must(body.subject, "id")));
  if (!lot || !(lot.surplus.size || lot.blocked.length) || hasAny(lot, iss)) return;
  book.change(lot, { surplus: new Map(), blocked: [] });
}
