// Errors declared and corrected: what an event did is taken back, what takes its place is booked (SPEC 5.6).

import { came, found, left, owedTo, owing, times } from "./astray.js";
import { Booking, addToDelivery } from "./booking.js";
import {
  NOBODY, ON_HAND, addTo, holdingOf, newEffects, newHolding, placeOf, placeOfRun, settled, twoLines, without,
} from "./book.js";
import { grams, sum } from "./exact.js";
import { leaveRun, takeBackRun } from "./runs.js";
import { parted } from "./packing.js";
import { knownOf, takeBackMarks, takeBackPacking } from "./marks.js";
import { REPLACED, foundAgain, settlePiece, weighedByMaker } from "./weighing.js";

// Take back what entry `wrong` did. Never refused for what came of it since: shortages are found, and block.
export function declare(book, event, wrong) {
  const old = book.effects.get(wrong), nothing = newEffects(event, "error declaration");
  if (!old || old.declaredBy !== NOBODY) return nothing;
  book.effects.set(wrong, { ...old, declaredBy: event.index, awaited: event.corrections.length > 0 });
  for (const name of event.corrections) {
    const key = twoLines(event.issuer, name);
    if (!book.corrections.has(key)) book.corrections.set(key, wrong);
  }
  const booking = new Booking(book, event);
  takeBackRun(booking, old);
  takeBackMarks(booking, old);
  const underWay = takeBackLate(book, old, event.index), noMore = sentAgain(book, old), gone = [...old.credits, ...noMore];
  const byMaker = weighedByMaker(book, old);
  for (const one of gone) withdraw(book, one, wrong);
  for (const one of byMaker) add(book, one);
  for (const one of old.debits) restore(book, one);
  for (const one of underWay) post(book, one, one.g);
  const moved = [
    ...old.moved.map((one) => ({ ...one, shipped: -one.shipped, received: -one.received })),
    ...underWay.map(({ delivery, lot, g }) => ({ delivery, lot, shipped: 0n, received: -g })),
    ...noMore.map(({ delivery, lot, g }) => ({ delivery, lot, shipped: 0n, received: g })),
  ];
  for (const one of moved) addToDelivery(book, one);
  const touched = new Set([...gone, ...old.debits].map((one) => one.lot));
  for (const lot of knownOf(book, touched)) book.put(found(unmade(book, lot), standing(book)));
  takeBackPacking(booking, old);
  return {
    ...nothing, undoes: wrong, debits: gone, credits: [...old.debits, ...underWay, ...byMaker], moved,
    entered: withKinds(old.left, [...underWay, ...byMaker]), left: withKinds(old.entered, noMore), packed: booking.packed,
    unpacked: booking.unpacked, findings: [...shortages(book, touched), ...booking.findings],
  };
}

function withKinds(kinds, postings) {
  const all = new Map(kinds);
  for (const { kind, g } of postings) if (g) all.set(kind, (all.get(kind) ?? 0n) + g);
  return all;
}

// A credit taken back. A thing that it moved is not there any more, unless it is back by what stands; one that it made is,
// in doubt.
function withdraw(book, posting, wrong) {
  const before = book.lots.get(posting.lot), moved = before.madeBy !== wrong;
  if (weightless(before, posting)) {
    const by = [...inTurn(book, wrong)].map((one) => one.index);
    if (moved) book.put(left(before, emptyAt(posting), by));
    return;
  }
  post(book, posting, -posting.g);
  if (moved || posting.kind === "weighed") leave(book, book.lots.get(posting.lot), posting);
  // It is there without these grams, unless it moved on from there.
  if (posting.kind === "weighed") book.put(owing(book.lots.get(posting.lot), emptyAt(posting), 1));
}

// What a piece weighs by its maker's word, where a first weight was taken back.
function add(book, posting) {
  post(book, posting, posting.g);
  foundAgain(book, posting.lot, posting);
  const lot = book.lots.get(posting.lot);
  if (lot.holdings.length > 1) leave(book, lot, posting);
}

// Where a single thing has nothing any more, it is not.
function leave(book, lot, { holder, delivery }) {
  if (lot.single && !holdingOf(lot, holder, delivery).g) book.change(lot, { holdings: without(lot, holder, delivery) });
}

// A debit taken back. A thing is in one place: what was short of it there is made good where it is elsewhere.
function restore(book, posting) {
  const before = book.lots.get(posting.lot);
  if (posting.kind === REPLACED && !posting.g) return;
  if (weightless(before, posting)) return void book.put(came(before, emptyAt(posting)));
  post(book, posting, posting.g);
  const lot = book.lots.get(posting.lot);
  if (lot.consumedBy !== NOBODY || lot.holdings.length > 1 || owedTo(lot).length) leave(book, lot, posting);
}

// A thing in doubt of which nothing is anywhere is where it was made, whichever of its moves was taken back last.
function unmade(book, lot) {
  const weighed = lot.single && lot.g && lot.consumedBy === NOBODY, made = book.effects.get(lot.madeBy);
  if (!weighed || lot.doubt === NOBODY || !made || lot.holdings.some((one) => one.g)) return lot;
  const posting = made.credits.find((one) => one.lot === lot.id);
  if (!posting) return lot;
  const mix = placesOf(book, made.index).get(placeOf(posting));
  return { ...lot, holdings: [emptyAt({ ...posting, mix })] };
}

const weightless = (lot, { g }) => lot.single && !g;
const emptyAt = ({ holder, delivery, owner, mix }) => newHolding(holder, delivery, owner, 0n, mix);
// Also what a bundle does not show, and no entry stands for: it is where it has to be.
const standing = (book) => (entry) => entry < NOBODY || book.effects.get(entry)?.declaredBy === NOBODY;

// Undoing makes no mix; who bought it since has it.
function post(book, { lot: name, holder, delivery, owner, mix }, g) {
  const lot = setAside(book.lots.get(name));
  const held = holdingOf(lot, holder, delivery), whose = held.g ? held.owner : owner;
  book.put(settled(addTo(lot, newHolding(holder, delivery, whose, g, held.mix === NOBODY ? mix : held.mix)), holder));
}

// A thing that nobody weighs any more and that is somewhere without grams is owed to there, while grams move.
function setAside(lot) {
  const here = lot.single && lot.g === null ? lot.holdings.filter((one) => !one.g) : [];
  return here.reduce((rest, one) => owing({ ...rest, holdings: without(rest, one.holder, one.delivery) }, one, 1), lot);
}

function shortages(book, names) {
  return knownOf(book, names).flatMap(({ id, holdings }) => holdings.filter((one) => one.g < 0n).map(({ holder, g }) => {
    const says = `${holder} has used ${grams(-g)} of lot ${id} more than there was, with the correction`;
    return { rule: "shortage", lot: id, says };
  }));
}

// What was received before its sender was heard was not, or its sender is waited for again. Returned is what a sender sent
// off and nobody has received, now that the early receipt is none.
function takeBackLate(book, old, declaredBy) {
  for (const name of new Set(old.credits.filter((one) => one.kind === "late").map((one) => one.lot))) {
    for (const lot of knownOf(book, [name])) book.change(lot, { late: lot.late.filter((one) => one.entry !== old.index) });
  }
  for (const row of old.settles) waitAgain(book, old, row);
  return old.settled.flatMap((row) => sendAgain(book, old, row, declaredBy));
}

function waitAgain(book, old, { lot: name, entry, g, sender }) {
  const lot = book.lots.get(name), receipt = book.effects.get(entry);
  if (!lot || !receipt) return;
  const [before, others] = parted(lot.late, (one) => one.entry === entry);
  const again = { holder: receipt.issuer, entry, g: g + sum(before.map((one) => one.g)), sender };
  book.change(lot, { late: [...others, again].sort((a, b) => a.entry - b.entry) });
  book.effects.set(entry, { ...receipt, settled: receipt.settled.filter((one) => one.entry !== old.index) });
}

function sendAgain(book, old, row, declaredBy) {
  const { lot, entry, g } = row;
  const sent = book.effects.get(entry), delivery = sent?.moved.find((one) => one.lot === lot)?.delivery;
  if (!delivery || sent.declaredBy !== NOBODY || sent.undoes !== NOBODY) return [];
  const settles = sent.settles.filter((one) => one.lot !== lot || one.entry !== old.index);
  book.effects.set(entry, { ...sent, settles, settled: [...sent.settled, { ...row, entry: declaredBy }] });
  const under = { lot, holder: sent.issuer, delivery, owner: old.issuer, g, role: "", had: 0n, mix: entry, kind: "late", scrap: "" };
  return [under];
}

// What declarations of early receipts put under way again, of a shipment that is declared wrong itself.
function sentAgain(book, old) {
  const declarations = old.settled.map(({ lot, entry }) => ({ lot, one: book.effects.get(entry) }));
  return declarations.filter(({ one }) => one && one.undoes !== NOBODY).flatMap(({ lot, one }) => (
    one.credits.filter((part) => part.kind === "late" && part.lot === lot && part.mix === old.index)));
}

// The entry whose place this event takes.
export const replacedBy = (book, event) => book.corrections.get(twoLines(event.issuer, event.name)) ?? NOBODY;

// Where the events added whose place is taken, each with the first of them that did: to these mixes is added.
export function placesOf(book, wrong) {
  const places = new Map();
  for (const old of inTurn(book, wrong)) {
    for (const one of old.credits) places.set(placeOf(one), old.index);
    if (old.run && old.debits.length) places.set(placeOfRun(old.issuer, old.run), old.index);
  }
  return places;
}

// The lots that these events had taken of what their issuer had on hand, and those that they had said something new of.
export function hadBefore(book, wrong) {
  const all = [...inTurn(book, wrong)], names = (rows) => new Set(rows.map((one) => one.lot));
  const mine = ({ issuer, debits }) => debits.filter((one) => one.holder === issuer && one.delivery === ON_HAND);
  return { taken: names(all.flatMap(mine)), told: names(all.flatMap((old) => old.words)), before: all };
}

// The event whose place is taken, and those whose place it had taken in turn.
function* inTurn(book, wrong) {
  for (let old = book.effects.get(wrong); old; old = book.effects.get(old.replaces)) yield old;
}

// After a corrective event: pieces that had moved on stay where they are, with the difference found.
export function settle(booking, wrong) {
  const { book, event } = booking, old = book.effects.get(wrong);
  if (old) {
    book.effects.set(wrong, { ...old, replacedBy: event.index });
    leaveRun(booking, old);
  }
  for (const posting of [...booking.credits]) {
    const lot = booking.lot(posting.lot);
    if (lot.single && lot.madeBy === event.index) settlePiece(booking, lot, posting);
    else if (posting.g) leave(book, lot, posting); // it had moved on from there: what was short of it is made good
    book.put(settled(booking.lot(posting.lot), posting.holder));
  }
  for (const posting of booking.debits) {
    const lot = booking.lot(posting.lot);
    // Another has used it up since: nothing of it is where it was taken from.
    if (![NOBODY, event.index].includes(lot.consumedBy)) leave(book, lot, posting);
  }
  settleMoves(booking);
}

// What has no mass and had moved on is where it was: the correction took it from where it was owed to.
function settleMoves({ book, debits, credits, event }) {
  for (const posting of debits) {
    const lot = book.lots.get(posting.lot), at = emptyAt(posting);
    if (!lot.single || posting.mix !== NOBODY || (posting.g && times(lot, at) <= 0)) continue;
    leave(book, lot, posting);
    book.put(left(book.lots.get(posting.lot), at, []));
  }
  for (const posting of credits) {
    const lot = book.lots.get(posting.lot), { holder, delivery } = posting;
    const at = holdingOf(lot, holder, delivery), holdings = without(lot, holder, delivery);
    const elsewhere = holdings.length > 0 || lot.consumedBy !== NOBODY;
    const moved = weightless(lot, posting) && lot.madeBy !== event.index && !posting.kind;
    if (moved && elsewhere) book.put(owing(at.g ? lot : { ...lot, holdings }, { ...at, g: 0n }, 1));
  }
  for (const lot of knownOf(book, new Set([...debits, ...credits].map((one) => one.lot)))) book.put(found(lot, standing(book)));
}
