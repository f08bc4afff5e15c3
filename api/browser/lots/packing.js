// Units and returnable frames: what happens to one happens to what is packed in it (SPEC 5.3).

import { refuse } from "../verifier/fault.js";
import { newLot } from "./book.js";
import { compareText, least, sum } from "./exact.js";
import { checkHolder, checkNotInDoubt, checkUsable, unpack } from "./taking.js";

const inUnit = (id, single, g) => ({ id, single, g, role: "" });

// Each part and, below it, everything packed in it, at any depth; each once, of a class lot all of it. What the event
// itself says of a lot counts before what is in its units.
export function withContents(booking, parts) {
  const waiting = [...parts].reverse(), named = new Map(parts.map((part) => [part.id, part])), found = new Map(), amounts = new Map();
  while (waiting.length) {
    const part = waiting.pop();
    if (found.has(part.id)) continue;
    found.set(part.id, part);
    const lot = booking.lot(part.id);
    waiting.push(...[...lot.contents].reverse().map((one) => named.get(one) ?? inUnit(one, true, null)));
    waiting.push(...lot.amounts.map((one) => named.get(one.lot) ?? inUnit(one.lot, false, null)));
    for (const one of lot.amounts) amounts.set(one.lot, (amounts.get(one.lot) ?? 0n) + one.g);
  }
  return [...found.values()].map((part) => (part.g === null ? { ...part, g: amounts.get(part.id) ?? null } : part));
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
  for (const part of event.children) packIn(booking, parent, part);
}

function packIn(booking, unit, part) {
  let lot = booking.lot(part.id);
  checkUsable(booking, lot);
  checkNotInDoubt(booking, lot);
  checkHolder(lot, booking.event.issuer);
  if (lot.inside) {
    const says = `${lot.id} was in ${lot.inside} and is packed in ${unit} now`;
    if (lot.inside !== unit) booking.find("taken_from_unit", lot.id, says);
    lot = unpack(booking, lot);
  }
  if (holds(booking, part.id, unit)) refuse("packed_in_itself", `${unit} is packed in ${part.id}, which cannot be packed in it`);
  putIn(booking, { unit, lot: lot.id, g: lot.single ? 0n : (part.g ?? 0n), entry: booking.event.index });
}

// Written, in the unit and in the piece.
export function putIn(booking, what) {
  const unit = booking.lot(what.unit), lot = booking.lot(what.lot), { entry } = what;
  if (lot.single) {
    booking.book.change(lot, { inside: unit.id, packedBy: entry });
    booking.book.change(unit, { contents: [...new Set([...unit.contents, lot.id])].sort(compareText) });
  } else {
    const [same, others] = parted(unit.amounts, (one) => one.lot === lot.id && one.entry === entry);
    const rows = [...others, { ...what, g: what.g + sum(same.map((one) => one.g)) }];
    booking.book.change(unit, { amounts: rows.sort((a, b) => a.entry - b.entry || compareText(a.lot, b.lot)) });
  }
  booking.packed.push(what);
}

export const parted = (rows, of) => [rows.filter(of), rows.filter((one) => !of(one))];

// Whether one thing is another, or is somewhere in it.
export function holds(booking, name, wanted) {
  return name === wanted || [...withContents(booking, [inUnit(name, true, null)])].some((part) => part.id === wanted);
}

// Unpack some, or all where nothing is named.
export function takeOut(booking) {
  const { parent, issuer, children } = booking.event;
  if (!parent) return;
  const unit = booking.lot(parent), pieces = unit.contents.map((one) => inUnit(one, true, null));
  checkHolder(unit, issuer);
  const all = [...pieces, ...unit.amounts.map((one) => inUnit(one.lot, false, null))];
  for (const part of children.length ? children : all) {
    const lot = part.single ? booking.lot(part.id) : null;
    if (!lot) pourOut(booking, parent, part);
    else if (lot.inside === parent) unpack(booking, lot);
  }
}

// An amount of a class lot, or all of it: what was put in first is taken out first.
function pourOut(booking, parent, part) {
  const unit = booking.lot(parent), kept = [];
  let left = part.g;
  for (const one of unit.amounts) {
    const ours = one.lot === part.id, g = !ours ? 0n : left === null ? one.g : least(left, one.g);
    if (left !== null) left -= g;
    if (g < one.g || !ours) kept.push({ ...one, g: one.g - g });
    if (g || (ours && !one.g)) booking.unpacked.push({ ...one, g });
  }
  booking.book.change(unit, { amounts: kept });
}
