// The units that amounts of class lots were packed in: what happens to a unit happens to them, and names it alone. So the
// history of such a lot is its own events and those of each unit from the one that packed some of it there up to the one
// that took the last of it out, or up to the draw that is asked about (SPEC 4.6).

import { namesOneThing } from "../verifier/gs1.js";
import { NOBODY } from "./book.js";
import { compareText } from "./exact.js";

// What units add to the history of class lots, each up to an entry: `entries` are events of units, `next` the first event
// after it of each lot or unit whose last one before a draw does not say itself that it was the last. `effects` are those
// of all their own events among others.
export function around(upto, effects, source) {
  const entries = new Set(), next = new Set();
  for (const [lot, packed] of packings(effects)) {
    const last = upto.get(lot) ?? NOBODY, spans = spansOf(lot, last, packed.filter((one) => one.index <= last), source);
    for (const { unit, first, last: end } of spans) {
      for (const entry of source.versions(unit)) if (first <= entry && entry <= end) entries.add(entry);
    }
    for (const entry of takenOff(spans, source)) entries.add(entry);
    const ends = spans.length ? [...spans.map((one) => [one.unit, one.last]), [lot, last]] : [];
    for (const [name, end] of ends) {
      const after = source.versions(name).find((entry) => entry >= end);
      if (after > end) next.add(after);
    }
  }
  return { entries, next };
}

// What was in a unit that was used as a whole, and had been taken off it by events that do not name the unit: their events
// up to the one that took them off, since the unit's own leave it open whether they were used with it.
export function takenOff(spans, source) {
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
    const events = eventsOf(source, unit, source.atHandSince(unit, first), last);
    const outer = stays(unit, last, events, source).filter((one) => one.last >= first);
    const began = Math.min(first, ...outer.map((one) => one.first));
    return [{ unit, first: began, last }, ...spansOf(unit, last, events, source, first)];
  });
}

// What the events of a lot did, between two entries.
export function eventsOf(source, name, first, last) {
  const entries = source.versions(name).filter((entry) => first <= entry && entry <= last);
  return entries.map((entry) => source.effects.get(entry)).filter(Boolean);
}

function stays(name, upto, own, source) {
  const first = new Map();
  const rows = own.flatMap((one) => one.packed.filter((row) => row.lot === name).map(({ unit }) => [one.index, unit]));
  for (const [entry, unit] of rows.sort((a, b) => a[0] - b[0] || compareText(a[1], b[1]))) {
    if (!first.has(unit)) first.set(unit, entry);
  }
  return [...first].flatMap(([unit, since]) => {
    const events = new Map([...own, ...eventsOf(source, unit, since, upto)].map((one) => [one.index, one]));
    return inUnit(name, unit, upto, [...events.values()].sort((a, b) => a.index - b.index));
  });
}

// The event that put a unit where it was at an entry, of its own events; the entry itself where it was in none.
export function inSince(unit, entry, events) {
  const inside = new Map();
  for (const one of events.filter(({ index }) => index < entry)) {
    for (const row of one.unpacked) if (row.lot === unit) inside.delete(row.unit);
    for (const row of one.packed) if (row.lot === unit) inside.set(row.unit, one.index);
  }
  return Math.min(entry, ...inside.values());
}

// Each time that some of it was in this unit, from the event that put it there to the one that took it out. Where that is
// declared wrong, what became of the unit until then says whether it is in again.
function inUnit(name, unit, upto, events) {
  const ours = (row) => row.lot === name && row.unit === unit, inside = new Map(), found = []; // by its packing: g
  let first = NOBODY, last = NOBODY;
  for (const one of events) {
    if (first !== NOBODY && !inside.size && one.index > last) {
      found.push({ unit, first, last });
      first = NOBODY;
    }
    const before = inside.size;
    book(inside, one, ours);
    if (inside.size && first === NOBODY) first = last = one.index;
    if (before && one.unpacked.some(ours)) last = Math.min(upto, Math.max(last, one.index, one.declaredBy));
  }
  return first === NOBODY ? found : [...found, { unit, first, last: inside.size ? upto : last }];
}

function book(inside, { packed, unpacked }, ours) {
  for (const { entry, g } of unpacked.filter(ours)) {
    const left = (inside.get(entry) ?? 0n) - g;
    inside.delete(entry);
    if (left > 0n) inside.set(entry, left);
  }
  for (const { entry, g } of packed.filter(ours)) inside.set(entry, (inside.get(entry) ?? 0n) + g);
}
