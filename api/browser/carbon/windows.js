// Hours and periods of a process, shared over what it worked on then (P1, P2; SPEC 12.4). Times are BigInt in µs.

import { floorDivide, least, most, sum } from "../lots/exact.js";
import { add, at, averaged, shareOut } from "./vectors.js";

const DAY = 86400000000n; // µs
const FINE = 1000000n; // weights are g of a window that overlap, in millionths

export const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
export const bySpan = (a, b) => compare(a.start, b.start) || compare(a.end, b.end) || a.closed - b.closed;
export const nameOf = ({ start, end, closed }) => `${start} ${end} ${closed}`;

// How many of these rows, in order of `start`, begin before a moment.
export function before(rows, moment) {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].start < moment) low = middle + 1;
    else high = middle;
  }
  return low;
}

// The span of a moment: the closed period of the process that it lies in, else its UTC day.
export class Spans {
  #closed = new Map(); // by process

  constructor(closes) {
    for (const { processes, start, end } of closes) {
      for (const name of processes) this.#closed.set(name, [...(this.#closed.get(name) ?? []), { start, end, closed: true }]);
    }
    for (const periods of this.#closed.values()) periods.sort(bySpan);
  }

  of(process, moment) {
    const periods = this.#closed.get(process) ?? [], found = periods[before(periods, moment + 1n) - 1];
    if (found && moment < found.end) return found;
    const start = floorDivide(moment, DAY) * DAY;
    return { start, end: start + DAY, closed: false };
  }
}

// The windows of one process, each with the g of what keeps the burden.
class Windows {
  #all;
  #longest;

  constructor(steps) {
    const found = steps.map((one) => ({ start: one.start, end: most(one.time, one.start + 1n), entry: one.index, g: weightOf(one) }));
    this.#all = found.filter((one) => one.g).sort((a, b) => compare(a.start, b.start) || compare(a.end, b.end) || a.entry - b.entry);
    this.#longest = this.#all.reduce((longest, { start, end }) => most(longest, end - start), 0n);
  }

  // The entries whose windows overlap [start, end), with their weight there.
  overlapping(start, end) {
    const near = this.#all.slice(before(this.#all, start - this.#longest), before(this.#all, end));
    const weighed = near.map((one) => ({ entry: one.entry, weight: overlap(one, start, end) }));
    return weighed.filter((one) => one.weight > 0n);
  }

  // Those of the UTC day on which the first window from `moment` on begins.
  ofNextDay(moment) {
    const first = this.#all[before(this.#all, moment)];
    if (!first) return [];
    const day = floorDivide(first.start, DAY) * DAY;
    return this.overlapping(day, day + DAY);
  }
}

function overlap(one, start, end) {
  const common = least(end, one.end) - most(start, one.start);
  return common > 0n ? one.g * common * FINE / (one.end - one.start) : 0n;
}

// The g of a step that keep the burden.
const weightOf = ({ credits, worked }) => sum([...credits, ...worked].filter((one) => one.carries).map((one) => one.g));

function windowsOf(steps) {
  const found = new Map();
  for (const step of steps) if (step.process) found.set(step.process, [...(found.get(step.process) ?? []), step]);
  return new Map([...found].map(([process, its]) => [process, new Windows(its)]));
}

// Every charge over the windows that overlap it; what meets none waits for its span, and then for the next ones. A charge
// has process, start, end and amounts. Returned is by entry what its step is charged with.
export function charge(charges, steps, spans, keys) {
  const windows = windowsOf(steps), given = new Map(), idle = new Map(), nothing = new Windows([]);
  for (const one of charges) {
    const over = (windows.get(one.process) ?? nothing).overlapping(one.start, one.end);
    if (over.length) give(given, over, one.amounts);
    else wait(at(idle, one.process), spans.of(one.process, one.end - 1n), averaged(one.amounts, keys));
  }
  for (const [process, waiting] of idle) later(given, waiting, windows.get(process) ?? nothing);
  return given;
}

function give(given, over, amounts) {
  const shares = shareOut(amounts, over.map((one) => one.weight));
  over.forEach(({ entry }, place) => add(at(given, entry), shares[place]));
}

function wait(idle, span, amounts) {
  const name = nameOf(span);
  if (!idle.has(name)) idle.set(name, { span, amounts: new Map() });
  add(idle.get(name).amounts, amounts);
}

// All windows of the span. A day without any waits for the next that has some, a closed period for nothing: then it stays
// unattributed.
function later(given, idle, windows) {
  for (const { span, amounts } of [...idle.values()].sort((a, b) => bySpan(a.span, b.span))) {
    let over = windows.overlapping(span.start, span.end);
    if (!over.length && !span.closed) over = windows.ofNextDay(span.end);
    if (over.length) give(given, over, amounts);
  }
}
