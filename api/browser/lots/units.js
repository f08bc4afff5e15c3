// The units that things and amounts were packed in: what happens to a unit happens to them, and names it alone. So the
// history of a lot is its own events and those of each unit from the one that packed some of it there up to the one that
// took the last of it out, or up to the draw that is asked about (SPEC 4.6).

import { namesOneThing } from "../verifier/gs1.js";
import { NOBODY } from "./book.js";
import { compareText } from "./exact.js";

// What units add to the history of class lots, each up to an entry; `effects` are those of all their own events among others.
export function around(upto, effects, source) {
  const spans = [], ends = [];
  for (const [lot, packed] of packings(effects)) {
    const last = upto.get(lot) ?? NOBODY, found = spansOf(lot, last, packed.filter((one) => one.index <= last), source);
    spans.push(...found);
    if (found.length) ends.push({ unit: lot, last });
  }
  return ofSpans(spans, source, ends);
}

// What these spans add: `entries` are events of units, `next` the first event after it of each unit, or other lot, whose
// last one does not say itself that it was the last.
export function ofSpans(spans, source, others = []) {
  const entries = new Set(takenOff(spans, source)), next = new Set();
  for (const span of spans) for (const entry of within(span, source)) entries.add(entry);
  for (const { unit, last } of [...spans, ...others]) {
    const after = source.versions(unit).find((entry) => entry >= last);
    if (after > last) next.add(after);
  }
  return { entries, next };
}

// The events of the unit in there.
export const within = ({ unit, first, last }, source) => source.versions(unit).filter((entry) => first <= entry && entry <= last);

// What was in a unit that was used as a whole, and had been taken off it by events that do not name the unit: their events
// up to the one that took them off, since the unit's own leave it open whether they were used with it.
function takenOff(spans, source) {
  const events = spans.map(({ unit, first, last }) => eventsOf(source, unit, first, last));
  const used = new Set(events.flat().flatMap((one) => one.consumed));
  return spans.flatMap(({ unit, last }, i) => {
    const packed = used.has(unit) ? events[i].flatMap((one) => one.packed) : [], own = events[i].map(({ index }) => index);
    return packed.filter((row) => row.unit === unit && namesOneThing(row.lot)).flatMap((row) => untilOff(row, last, own, source));
  });
}

function untilOff({ lot, unit, entry }, last, own, source) {
  const off = (one) => one.unpacked.some((row) => row.lot === lot && row.unit === unit);
  const found = eventsOf(source, lot, entry + 1, last).find(off);
  if (!found || own.includes(found.index)) return [];
  const upto = Math.min(last, Math.max(found.index, found.declaredBy));
  return source.versions(lot).filter((one) => entry < one && one <= upto);
}

// The events that packed some of a class lot, by lot.
function packings(effects) {
  const found = new Map();
  for (const one of effects.values()) {
    const lots = one.undoes === NOBODY ? one.packed.map((row) => row.lot).filter((lot) => !namesOneThing(lot)) : [];
    for (const lot of new Set(lots)) found.set(lot, [...(found.get(lot) ?? []), one]);
  }
  return found;
}

// The units that something was in, since and up to an entry, and those that they were in: { unit, first, last } each.
// `own` are its events.
export function spansOf(name, upto, own, source, since = 0) {
  return stays(name, upto, own, source).filter((stay) => stay.last >= since).flatMap(({ unit, first, last }) => {
    const span = { unit, first: source.packedSince(unit, first), last };
    return [span, ...spansOf(unit, last, eventsOf(source, unit, span.first, last), source, first)];
  });
}

// What the events of a lot did, between two entries.
export function eventsOf(source, name, first, last) {
  return within({ unit: name, first, last }, source).map((entry) => source.effects.get(entry)).filter(Boolean);
}

// Each time that some of it was in a unit, from the event that put it there to the one that took it out.
function stays(name, upto, own, source) {
  const ended = new Map(), found = [];
  const rows = own.flatMap((one) => one.packed.filter((row) => row.lot === name).map(({ unit }) => [one.index, unit]));
  for (const [first, unit] of rows.sort((a, b) => a[0] - b[0] || compareText(a[1], b[1]))) {
    if (first <= (ended.get(unit) ?? NOBODY)) continue;
    const last = outOf(name, { unit, first, last: upto }, own, source);
    ended.set(unit, last);
    found.push({ unit, first, last });
  }
  return found;
}

// The event that took the last of it out of the unit that the first one put it in, or the last of all. Where that is
// declared wrong, what became of the unit until then says whether it is in again.
function outOf(name, most, own, source) {
  const ours = (row) => row.lot === name && row.unit === most.unit, inside = new Map(); // by its packing: g
  const here = own.filter(({ index }) => most.first <= index && index <= most.last);
  const events = new Map([...here, ...eventsOf(source, most.unit, most.first, most.last)].map((one) => [one.index, one]));
  let last = most.first;
  for (const one of [...events.values()].sort((a, b) => a.index - b.index)) {
    if (!inside.size && one.index > last) return last;
    const before = inside.size;
    book(inside, one, ours);
    if (before && one.unpacked.some(ours)) last = Math.min(most.last, Math.max(last, one.index, one.declaredBy));
  }
  return inside.size ? most.last : last;
}

function book(inside, { packed, unpacked }, ours) {
  for (const { entry, g } of unpacked.filter(ours)) {
    const left = (inside.get(entry) ?? 0n) - g;
    inside.delete(entry);
    if (left > 0n) inside.set(entry, left);
  }
  for (const { entry, g } of packed.filter(ours)) inside.set(entry, (inside.get(entry) ?? 0n) + g);
}
