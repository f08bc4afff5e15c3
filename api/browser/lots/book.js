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
// entries after which nothing is added to it.
export function newLot(id, single, maker, madeBy, source, time, g = null, holdings = []) {
  return {
    id, single, maker, madeBy, source, time, g, holdings, consumedBy: NOBODY, holds: [], doubt: NOBODY, blocked: false,
    surplus: 0n, closedBy: [], inside: "", packedBy: NOBODY, contents: [], amounts: [], attributes: new Map(), late: [],
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

// The lot with so much more, or less, in one holding. What is sent off and gone leaves no holding behind.
export function addTo(lot, more) {
  const g = holdingOf(lot, more.holder, more.delivery).g + more.g, rest = without(lot, more.holder, more.delivery);
  if (!g && more.delivery !== ON_HAND && !lot.single) return { ...lot, holdings: rest };
  return { ...lot, holdings: [...rest, { ...more, g }].sort(byPlace) };
}

const byPlace = (a, b) => compareText(a.holder, b.holder) || compareText(a.delivery, b.delivery);

// Not blocked any more where no holding is short.
export const settled = (lot) => ({ ...lot, blocked: lot.holdings.some((one) => one.g < 0n) });

// What an event did that did nothing.
export function newEffects({ index, issuer, time, start }, what) {
  return {
    index, issuer, time, start, what, debits: [], credits: [], entered: new Map(), left: new Map(), moved: [], made: [],
    consumed: [], held: [], released: [], packed: [], unpacked: [], run: "", findings: [], declaredBy: NOBODY,
    replacedBy: NOBODY, undoes: NOBODY, replaces: NOBODY, awaited: false, joins: false, runHad: 0n, runMix: NOBODY,
    runFrom: NOBODY, settled: [], settles: [], sold: [], period: "", oxide: [0n, 0n], words: [],
    lifted: [], closed: [], surplus: [], opened: "",
  };
}

export const standsAlone = (effects) => effects.declaredBy === NOBODY && effects.undoes === NOBODY;
