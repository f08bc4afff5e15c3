// What an event did beside mass is taken back: marks, holds, words, weights, and what was packed (SPEC 5.6).

import { NOBODY, holdingOf, isWith, withSurplus } from "./book.js";
import { grams, most, sum } from "./exact.js";
import { holds, parted, putIn } from "./packing.js";
import { same } from "./same.js";
import { unpack } from "./taking.js";
import { makerGave } from "./weighing.js";

// The lots under these names that are there, one after the other as the book has them then.
export function* knownOf(book, names) {
  for (const name of names) if (book.lots.has(name)) yield book.lots.get(name);
}

// All but mass and what was packed, before mass is taken back.
export function takeBackMarks({ book, event }, old) {
  // A class lot that nobody will correct has what others added; nothing of it is in doubt.
  for (const lot of knownOf(book, old.made)) {
    if (lot.madeBy === old.index && (lot.single || event.corrections.length)) book.change(lot, { doubt: event.index });
  }
  for (const lot of knownOf(book, old.consumed)) if (lot.consumedBy === old.index) book.change(lot, { consumedBy: NOBODY });
  for (const lot of knownOf(book, old.closed)) book.change(lot, { closedBy: lot.closedBy.filter((one) => one !== old.index) });
  takeBackHolds(book, old);
  takeBackSales(book, old);
  takeBackWords(book, old);
  takeBackWeights(book, old);
  takeBackCounts(book, old);
  if (old.opened && book.sites.get(old.opened) === old.index) book.sites.set(old.opened, NOBODY);
}

const stands = (book, entry) => book.effects.get(entry)?.declaredBy === NOBODY;

// Nobody holds by what was wrong; what it released is held again by what still stands.
function takeBackHolds(book, old) {
  for (const lot of knownOf(book, old.held)) book.change(lot, { holds: lot.holds.filter((one) => one.entry !== old.index) });
  for (const { lot: name, by, entry } of old.lifted.filter((row) => stands(book, row.entry))) {
    for (const lot of knownOf(book, [name])) {
      book.change(lot, { holds: [...lot.holds, { by, entry }].sort((a, b) => a.entry - b.entry) });
    }
  }
}

function takeBackSales(book, old) {
  for (const { lot: name, holder, delivery, owner } of old.sold) {
    for (const lot of knownOf(book, [name])) {
      const held = holdingOf(lot, holder, delivery), { issuer } = old;
      const holdings = lot.holdings.map((one) => (one === held ? { ...one, owner: issuer } : one));
      if (held.owner === owner) book.change(lot, { holdings });
    }
  }
}

// What it said of a lot that was there is as it was before, unless something else was said since. What it began keeps its
// description until another event makes it again: it is in doubt, not unknown.
function takeBackWords(book, old) {
  for (const { lot: id, name, before, after } of [...old.words].reverse()) {
    const lot = book.lots.get(id);
    if (!lot || lot.madeBy === old.index || !same(lot.attributes.get(name) ?? null, after)) continue;
    const attributes = new Map(lot.attributes);
    if (before === null) attributes.delete(name);
    else attributes.set(name, before);
    book.change(lot, { attributes });
  }
}

// A piece that it was the first to weigh waits for its mass again.
function takeBackWeights(book, old) {
  for (const { lot: name, g } of old.credits.filter((one) => one.kind === "weighed")) {
    for (const lot of knownOf(book, [name])) if (lot.g === g && !makerGave(book, lot, old)) book.change(lot, { g: null });
  }
}

// What a count found too much waits for nobody; where other counts or signatures came since, not for that part.
function takeBackCounts(book, old) {
  for (const { lot: name, before, after } of old.surplus) {
    for (const lot of knownOf(book, [name])) {
      const now = lot.surplus.get(old.issuer) ?? 0n, rest = most(0n, now - most(0n, after - before));
      book.put(withSurplus(lot, old.issuer, now === after ? before : rest));
    }
  }
}

// Nothing is in a unit by what was wrong; what was wrongly taken out is in it again, where both are still there.
export function takeBackPacking(booking, old) {
  for (const row of old.packed) takeOutAgain(booking, old, row);
  for (const row of old.unpacked) if (stands(booking.book, row.entry)) putBack(booking, old, row);
}

function takeOutAgain(booking, old, row) {
  const unit = booking.lot(row.unit), lot = booking.lot(row.lot), piece = lot.inside === unit.id && lot.packedBy === old.index;
  const [amounts, others] = parted(unit.amounts, (one) => one.lot === row.lot && one.entry === old.index);
  if (piece) unpack(booking, lot);
  if (amounts.length) {
    booking.unpacked.push(...amounts);
    booking.book.change(unit, { amounts: others });
  }
  if (!(piece || amounts.length) || isWith(unit, old.issuer)) return;
  const what = piece ? `piece ${lot.id}` : `${grams(sum(amounts.map((one) => one.g)))} of lot ${lot.id}`;
  const says = `${what} had moved on in ${unit.id}, into which entry ${old.index} did not pack it`;
  booking.find("corrected_after_use", lot.id, says);
}

function putBack(booking, old, row) {
  const unit = booking.lot(row.unit), lot = booking.lot(row.lot), { issuer } = old;
  let there = isWith(unit, issuer) && unit.consumedBy === NOBODY;
  if (lot.single) {
    there = there && isWith(lot, issuer) && lot.consumedBy === NOBODY && !lot.blocked.length && !lot.inside;
    there = there && !holds(booking, lot.id, unit.id);
  }
  if (there) return void putIn(booking, row);
  const says = `lot ${lot.id} had moved on from ${unit.id}, out of which entry ${old.index} did not take it`;
  return void booking.find("corrected_after_use", lot.id, says);
}
