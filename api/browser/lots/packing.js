// Units and returnable frames: what happens to one happens to what is packed in it (SPEC 5.3).

import { refuse } from "../verifier/fault.js";
import { newLot } from "./book.js";
import { compareText } from "./exact.js";
import { checkHolder, checkNotInDoubt, checkUsable, unpack } from "./taking.js";

const inUnit = (id, single, g) => ({ id, single, g, role: "" });

// Each part and, below it, everything packed in it, at any depth; each once.
export function* withContents(booking, parts) {
  const waiting = [...parts].reverse(), seen = new Set();
  while (waiting.length) {
    const part = waiting.pop();
    if (seen.has(part.id)) continue;
    seen.add(part.id);
    yield part;
    const lot = booking.lot(part.id);
    waiting.push(...[...lot.contents].reverse().map((one) => inUnit(one, true, null)));
    waiting.push(...lot.amounts.map(([one, g]) => inUnit(one, false, g)));
  }
}

// The parts and what is packed in them, taken out: what ends a unit ends that too.
export function opened(booking, parts) {
  const found = [...withContents(booking, parts)], going = new Set(found.map((part) => part.id));
  for (const part of found) {
    const lot = booking.lot(part.id);
    if (going.has(lot.inside)) unpack(booking, lot);
  }
  return found;
}

export function pack(booking) {
  const { event, book } = booking, { parent, issuer } = event;
  if (!parent) return;
  if (!book.lots.has(parent)) {
    book.put(newLot(parent, true, issuer, event.index, "made", event.time, 0n));
    booking.credit(parent, 0n, { holder: issuer, owner: issuer });
  }
  checkHolder(booking.lot(parent), issuer);
  for (const part of event.children) putIn(booking, parent, part);
}

function putIn(booking, unit, part) {
  let lot = booking.lot(part.id);
  checkUsable(booking, lot);
  checkNotInDoubt(booking, lot);
  checkHolder(lot, booking.event.issuer);
  if (lot.inside && lot.inside !== unit) {
    booking.find("taken_from_unit", lot.id, `${lot.id} was in ${lot.inside} and is packed in ${unit} now`);
    lot = unpack(booking, lot);
  }
  if (holds(booking, part.id, unit)) refuse("packed_in_itself", `${unit} is packed in ${part.id}, which cannot be packed in it`);
  const box = booking.lot(unit);
  if (!lot.single) {
    booking.book.change(box, { amounts: [...box.amounts, [part.id, part.g ?? 0n]] });
    return;
  }
  booking.book.change(lot, { inside: unit });
  booking.book.change(box, { contents: [...new Set([...box.contents, part.id])].sort(compareText) });
  booking.mark("packed", part.id);
}

function holds(booking, name, wanted) {
  return name === wanted || [...withContents(booking, [inUnit(name, true, null)])].some((part) => part.id === wanted);
}

// Unpack some, or all where nothing is named.
export function takeOut(booking) {
  const { parent, issuer, children } = booking.event;
  if (!parent) return;
  const unit = booking.lot(parent), pieces = children.filter((part) => part.single).map((part) => part.id);
  checkHolder(unit, issuer);
  for (const name of pieces.length ? pieces : unit.contents) {
    const lot = booking.lot(name);
    if (lot.inside === unit.id) unpack(booking, lot);
  }
  if (!children.length) return void booking.book.change(booking.lot(unit.id), { amounts: [] });
  const classes = children.filter((part) => !part.single).map((part) => part.id);
  booking.book.change(booking.lot(unit.id), { amounts: unit.amounts.filter(([name]) => !classes.includes(name)) });
}
