// What a piece weighs: the first mass that is given of it after it was made, by whatever event (SPEC 5.2).

import { owing, times } from "./astray.js";
import { NOBODY, ON_HAND, has, holdingOf, onHand, placeOf, settled, without } from "./book.js";
import { abs, grams, sum } from "./exact.js";
import { judgeSize } from "./products.js";

// What a making that is corrected sets off, or adds, where it had been made.
export const REPLACED = "correction";

// A piece that nobody had weighed gets its mass; one that weighs something else now is found, not changed.
export function weigh(booking, lot, part, holder, delivery) {
  if (part.g === null) return lot;
  if (lot.g !== null) {
    judgeWeight(booking, lot, part.g);
    return lot;
  }
  booking.book.change(lot, { g: part.g });
  const { owner } = holdingOf(lot, holder, delivery);
  booking.credit(lot.id, part.g, { holder, owner, delivery, kind: "weighed", mixes: false });
  judgeSize(booking, lot.id);
  return booking.lot(lot.id);
}

function judgeWeight(booking, { id, g: was }, g) {
  if (abs(g - was) * 200n > was) booking.find("weight_differs", id, `piece ${id} has ${grams(was)}, the event says ${grams(g)}`);
}

// What the newest event whose place this one takes booked, where it was the first to weigh it.
export function weighedBefore({ before }, { id }) {
  return before.flatMap((old) => old.credits).find((one) => one.lot === id && one.kind === "weighed");
}

// An event that neither takes nor makes a piece may give its mass too, which is added where it is. Who made it or has it says
// what it weighs, as he says what it is (SPEC 5.3).
export function weighNamed(booking) {
  const { things, children } = booking.event;
  for (const part of [...things, ...children]) {
    if (part.single && part.g !== null) weighThere(booking, booking.lot(part.id), part);
  }
}

function weighThere(booking, lot, part) {
  const { issuer, step } = booking.event, before = weighedBefore(booking, lot);
  const mayWeigh = issuer === lot.maker || has(lot, issuer) || before;
  if (lot.g !== null) {
    // A unit has no mass of its own; what is counted is judged by its scale (5.7).
    if (mayWeigh && lot.g && step !== "stock_taking") judgeWeight(booking, lot, part.g);
    return;
  }
  const at = placeIn(lot.holdings, before);
  if (!mayWeigh || !at || lot.consumedBy !== NOBODY) return; // what was used up unweighed, nobody weighs any more
  weigh(booking, lot, part, at.holder, at.delivery);
  foundAgain(booking.book, lot.id, at);
  if (at.delivery !== ON_HAND) booking.move(at.delivery, lot.id, { shipped: part.g }); // it left with this mass
}

// Where a thing without mass is, or where a correction has to settle what it moved on with.
function placeIn(holdings, before) {
  if (holdings.length === 1 && !holdings[0].g) return holdings[0];
  return sum(holdings.map((one) => one.g)) ? undefined : before;
}

// It had moved on from where a first weight was taken back, which grams say again once they are there.
export function foundAgain(book, name, { holder, delivery }) {
  const lot = book.lots.get(name), at = holdingOf(lot, holder, delivery);
  if (times(lot, at) > 0) book.put(owing(lot, at, -1));
}

// A piece that is made again, and had moved on, stays where it is, with the difference found.
export function settlePiece(booking, lot, { holder, delivery, owner, g }) {
  const elsewhere = lot.holdings.filter((one) => one.holder !== holder || one.delivery !== delivery);
  const awaited = lot.late.some((one) => one.holder !== holder); // by who received it before its maker was heard
  if (awaited || (!elsewhere.length && lot.consumedBy === NOBODY)) return;
  const left = onHand(lot, holder);
  if (left > 0n) booking.debit(lot.id, left, { holder, kind: REPLACED });
  else if (left < 0n) booking.credit(lot.id, -left, { holder, owner, kind: REPLACED, mixes: false });
  booking.book.change(booking.lot(lot.id), { holdings: elsewhere });
  const unweighed = left === g && g > 0n;
  if (!left || (unweighed && addWhereItIs(booking, booking.lot(lot.id), g, elsewhere))) return;
  const was = unweighed ? sum(elsewhere.map((one) => one.g)) : g - left;
  const others = was > 0n ? `, others weighed ${grams(was)}` : "";
  const says = unweighed
    ? `had moved on unweighed${others}, its maker now says ${grams(g)}`
    : `had moved on with ${grams(was)}, it is corrected to ${grams(g)}`;
  booking.find("corrected_after_use", lot.id, `piece ${lot.id} ${says}`);
}

// Whether a mass that a corrected making is the first to give is that of a piece that had moved on: `elsewhere` is where it is
// beside the place where it was made.
export function addWhereItIs(booking, lot, g, elsewhere) {
  const at = placeIn(elsewhere, weighedBefore(booking, lot)), { book, event } = booking;
  if (!at || (at.holder === event.issuer && at.delivery === ON_HAND)) return false;
  const { holder, delivery } = at, { owner } = holdingOf(lot, holder, delivery);
  booking.credit(lot.id, g, { holder, owner, delivery, kind: "weighed", mixes: false });
  foundAgain(book, lot.id, at);
  const now = booking.lot(lot.id), gone = !holdingOf(now, holder, delivery).g;
  book.put(settled(gone ? { ...now, holdings: without(now, holder, delivery) } : now, holder));
  return true;
}

// The corrected making, if it stands, that gave its mass after this event was the first to.
export function makerGave(book, lot, weighing) {
  const made = book.effects.get(lot.madeBy);
  if (!made || made.declaredBy !== NOBODY || made.index <= weighing.index) return null;
  return made.credits.some((one) => one.lot === lot.id && one.g && !["weighed", REPLACED].includes(one.kind)) ? made : null;
}

// Without its first weight a piece has where it was weighed what its maker has said since that it weighs. The making had set
// off what was weighed: against that, where it was made, or else what it added there itself.
export function weighedByMaker(book, old) {
  return old.credits.flatMap((posting) => {
    const lot = book.lots.get(posting.lot), made = lot && posting.kind === "weighed" ? makerGave(book, lot, old) : null;
    const setOff = made ? made.debits.filter((one) => one.lot === lot.id && one.kind === REPLACED && one.g) : [];
    if (!setOff.length) return [];
    const whereMade = setOff.every((one) => placeOf(one) === placeOf(posting));
    const added = { ...posting, g: sum(setOff.map((one) => one.g)), kind: whereMade ? REPLACED : "weighed" };
    book.effects.set(made.index, whereMade ? notSetOff(made, setOff, added.g) : adding(made, added));
    return [added];
  });
}

// The debits stay, with nothing in them.
function notSetOff(made, setOff, g) {
  const left = new Map(made.left).set(REPLACED, (made.left.get(REPLACED) ?? 0n) - g);
  return { ...made, debits: made.debits.map((one) => (setOff.includes(one) ? { ...one, g: 0n } : one)), left };
}

function adding(made, more) {
  const entered = new Map(made.entered).set(more.kind, (made.entered.get(more.kind) ?? 0n) + more.g);
  return { ...made, credits: [...made.credits, more], entered };
}
