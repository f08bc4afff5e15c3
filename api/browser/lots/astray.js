// Where a thing without mass is, once moves before its last are declared wrong (SPEC 5.6). Grams say of all else where it
// is; here moves without grams are counted likewise, and a first weight that was taken back, which leaves the thing where it
// was weighed. So both are sums, in whatever order they are told. The thing stays in one place; what is owed to other
// places, or by them, tells where it is when its last move is taken back too.

import { NOBODY, without } from "./book.js";
import { compareText } from "./exact.js";

const same = (one, other) => one.holder === other.holder && one.delivery === other.delivery;
export const times = (lot, at) => lot.owed.filter((one) => same(one.at, at)).reduce((sum, one) => sum + one.times, 0);
const byPlace = (a, b) => compareText(a.at.holder, b.at.holder) || compareText(a.at.delivery, b.at.delivery);

// With so many moves to here more, or fewer, that its grams do not tell.
export function owing(lot, at, more) {
  const now = times(lot, at) + more, others = lot.owed.filter((one) => !same(one.at, at));
  return { ...lot, owed: (now ? [...others, { at, times: now }] : others).sort(byPlace) };
}

// It did not come here, by one of these entries, or was taken from here: it is here no more, or one move of it is.
export function left(lot, at, by) {
  const here = lot.holdings.some((one) => !one.g && same(one, at) && by.includes(one.mix));
  return here ? { ...lot, holdings: without(lot, at.holder, at.delivery) } : owing(lot, at, -1);
}

// It did not leave, or was put here: it is here, unless it is somewhere else or used up.
export function came(lot, at) {
  return lot.holdings.length || lot.consumedBy !== NOBODY ? owing(lot, at, 1) : { ...lot, holdings: [at] };
}

// Where it is nowhere, or where it came by nothing that stands, it is where the newest that stands owes it to.
export function found(lot, stands) {
  const due = owedTo(lot).sort((a, b) => stands(b.mix) - stands(a.mix) || b.mix - a.mix)[0];
  if (!due || lot.consumedBy !== NOBODY || lot.holdings.some((one) => one.g || times(lot, one) >= 0 || stands(one.mix))) return lot;
  const gone = lot.holdings.reduce((rest, one) => owing(rest, one, 1), lot);
  return { ...owing(gone, due, -1), holdings: [due] };
}

export const owedTo = (lot) => lot.owed.filter((one) => one.times > 0).map((one) => one.at);
// Where a correction may take it from that has moved on since.
export const dueOf = ({ lenient }, lot) => (lenient ? owedTo(lot) : []);
