// What is known of lots, deliveries and runs, and what each event did. Records are replaced, never changed. Masses are
// BigInt in g, entries are numbers, times BigInt in µs.

import { compareText, sum } from "./exact.js";

export const NOBODY = -1; // no entry
export const ON_HAND = ""; // the delivery of what is under way nowhere

export class Book {
  lots = new Map();
  deliveries = new Map();
  runs = new Map(); // by issuer and name, a line each; months of processes without runs likewise
  months = new Map(); // by process: the newest
  sites = new Map(); // by site: the entry that opened its stock
  contracts = new Map();
  effects = new Map(); // by entry
  corrections = new Map(); // by issuer and event, a line each: the entry whose place it is to take

  put(lot) {
    this.lots.set(lot.id, lot);
  }

  // Some members of a lot anew.
  change(lot, members) {
    const changed = { ...lot, ...members };
    this.put(changed);
    return changed;
  }
}

export const twoLines = (a, b) => `${a}\n${b}`;
export const runName = (issuer, run) => `${issuer} ${run}`;
export const placeOf = ({ lot, holder, delivery }) => `${lot}\n${holder}\n${delivery}`;
export const placeOfRun = (issuer, run) => placeOf({ lot: "", holder: issuer, delivery: run });

// `g` is a piece's own mass, null until somebody weighs it; `doubt` the entry that declared its making wrong; `late` what
// receivers had before its sender was heard, the oldest first. `packedBy` is the entry that put it `inside` a unit, `amounts`
// what of class lots is in this one: { unit, lot, g, entry } each; `holds` has who holds it, { by, entry }; `closedBy` the
// entries after which nothing is added to it. `blocked` has the holders who are short of it, `surplus` what a count found too
// much, by holder; `owed` where a thing without mass would be but for moves that were declared wrong: { at, times } each.
export function newLot(id, single, maker, madeBy, source, time, g = null, holdings = []) {
  return {
    id, single, maker, madeBy, source, time, g, holdings, consumedBy: NOBODY, holds: [], doubt: NOBODY, blocked: [],
    surplus: new Map(), closedBy: [], inside: "", packedBy: NOBODY, contents: [], amounts: [], attributes: new Map(), late: [], owed: [],
  };
}

export const newHolding = (holder, delivery, owner, g, mix = NOBODY) => ({ holder, delivery, owner, g, mix });

// What is there; where nothing is, an empty holding of the holder's own.
export function holdingOf(lot, holder, delivery = ON_HAND) {
  const found = lot.holdings.find((one) => one.holder === holder && one.delivery === delivery);
  return found ?? newHolding(holder, delivery, holder, 0n);
}

// The parties that hold it, each once, in order.
export const heldBy = (lot) => [...new Set(lot.holds.map((one) => one.by))].sort(compareText);

export const without = (lot, holder, delivery) => lot.holdings.filter((one) => one.holder !== holder || one.delivery !== delivery);
export const onHand = (lot, holder) => holdingOf(lot, holder).g;
export const isWith = (lot, holder) => lot.holdings.some((one) => one.holder === holder && one.delivery === ON_HAND);

// Whether it is this sender who is waited for, by this receiver; and what the receiver has that he was not heard to send.
export const isFrom = (late, sender, to) => late.holder === to && ["", sender].includes(late.sender);
export const lateFrom = (lot, sender, to) => sum(lot.late.filter((one) => isFrom(one, sender, to)).map((one) => one.g));
// He has some of it now, on hand or on his deliveries; a single thing may be without mass.
export function has(lot, holder) {
  return lot.holdings.some((one) => one.holder === holder && (one.g > 0n || (lot.single && !one.g)));
}

// Some of it, or less than none.
export function hasAny(lot, holder) {
  return lot.holdings.some((one) => one.holder === holder && (one.g || lot.single));
}

// Who adds to it and closes it: who made it or has some, or had some that nobody else is to ask for (5.2).
export function isKeptBy(lot, party) {
  const nobodys = !lot.maker || !lot.holdings.some((one) => one.g);
  return party === lot.maker || hasAny(lot, party) || (nobodys && isWith(lot, party));
}

// Received before its maker was heard (5.1).
export const heardLate = (lot) => lot.source === "late" && !lot.maker;

// Whether the holder may not use what he has: of a class lot his own share is short, of a thing anybody's.
export const blocks = (lot, holder) => lot.blocked.includes(holder) || (lot.single && lot.blocked.length > 0);

// The lot with so much more, or less, in one holding. What is sent off and gone leaves no holding behind.
export function addTo(lot, more) {
  const g = holdingOf(lot, more.holder, more.delivery).g + more.g, rest = without(lot, more.holder, more.delivery);
  if (!g && more.delivery !== ON_HAND && !lot.single) return { ...lot, holdings: rest };
  return { ...lot, holdings: [...rest, { ...more, g }].sort(byPlace) };
}

const byPlace = (a, b) => compareText(a.holder, b.holder) || compareText(a.delivery, b.delivery);

export const withBlocked = (lot, holders) => ({ ...lot, blocked: [...new Set(holders)].sort(compareText) });

// Blocked for this holder where he is short of it anywhere, and not any more where he is not (5.6).
export function settled(lot, holder) {
  const short = lot.holdings.some((one) => one.holder === holder && one.g < 0n);
  return withBlocked(lot, [...lot.blocked.filter((one) => one !== holder), ...(short ? [holder] : [])]);
}

// The lot with so much that a count found too much with one holder.
export function withSurplus(lot, holder, g) {
  const surplus = new Map(lot.surplus);
  if (g) surplus.set(holder, g);
  else surplus.delete(holder);
  return { ...lot, surplus };
}

// What an event did that did nothing.
export function newEffects({ index, issuer, time, start }, what) {
  return {
    index, issuer, time, start, what, debits: [], credits: [], entered: new Map(), left: new Map(), moved: [], made: [],
    consumed: [], held: [], released: [], packed: [], unpacked: [], run: "", findings: [], declaredBy: NOBODY,
    replacedBy: NOBODY, undoes: NOBODY, replaces: NOBODY, awaited: false, joins: false, runHad: 0n, runMix: NOBODY,
    runFrom: NOBODY, settled: [], settles: [], sold: [], period: "", sums: null, words: [],
    lifted: [], closed: [], surplus: [], opened: "",
  };
}

export const standsAlone = (effects) => effects.declaredBy === NOBODY && effects.undoes === NOBODY;
