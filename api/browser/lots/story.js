// Which entries the passport of a piece rests on, and what they say of it (SPEC 4.6).

import { refuse } from "../verifier/fault.js";
import { namesOneThing } from "../verifier/gs1.js";
import { NOBODY, runName, standsAlone } from "./book.js";
import { compareText } from "./exact.js";
import { traceUp } from "./trace.js";
import { around, eventsOf, ofSpans, spansOf, within } from "./units.js";

const isRun = (name) => name.includes(" "); // runs are named by their issuer and a blank; no id has one
const ascending = (entries) => [...entries].sort((a, b) => a - b);

// `line` are the piece and the pieces it was made of, `way` the events on them, `effects` what every event did that it
// rests on, `inputs` all entries it rests on. `whole` has the class lots, and the single things that went into its runs, whose
// history up to an entry is among them. `runs` are those it goes through, by name: the newest event of each that it goes through,
// and the one that closed it, NOBODY where it is open.
export function storyOf(piece, source) {
  const lot = source.lot(piece) ?? refuse("no_piece", `piece ${piece} is not known to this ledger`);
  const trace = traceUp(lot, source.size - 1, source);
  const line = [piece, ...trace.lots.filter((name) => !isRun(name) && name !== piece && namesOneThing(name))];
  const spans = carried(line, source), way = wayOf(line, spans, source);
  const rests = restsOn(trace, source), whole = classes(trace.drawn, rests), units = ofSpans(spans, source);
  const own = withCorrections([...way, ...trace.closure, ...ofThose(rests, source), ...units.entries], source);
  const done = effectsOf(own, source), runs = passedBy(trace, done, source), charged = chargedIn(trace, runs, done);
  const outer = around(whole, done, source), more = [...ofThose(charged, source), ...ofRuns(runs, source)];
  const inputs = withCorrections([...own, ...outer.entries, ...more], source), effects = effectsOf(inputs, source);
  const stands = [...way].filter((entry) => effects.has(entry) && standsAlone(effects.get(entry)));
  const certificates = certificatesOf(piece, effects, source);
  const rested = ascending(new Set([...inputs, ...units.next, ...outer.next]));
  return { piece: lot, trace, line, way: ascending(stands), effects, certificates, inputs: rested, whole: [...whole, ...charged], runs };
}

function effectsOf(entries, source) {
  return new Map(entries.filter((entry) => source.effects.has(entry)).map((entry) => [entry, source.effects.get(entry)]));
}

// The class lots of these, each with the newest of its entries.
function classes(...drawn) {
  const last = new Map(), lots = drawn.flatMap((one) => [...one]).filter(([name]) => !isRun(name) && !namesOneThing(name));
  for (const [name, entry] of lots) last.set(name, Math.max(entry, last.get(name) ?? NOBODY));
  return last;
}

// The single things that went into its runs and that it did not go through by then, each with the entry that used it,
// however little of the metal they are: what a run had taken in is the sum of what they weigh (5.2).
function chargedIn({ drawn }, runs, effects) {
  const upto = (name) => drawn.get(name) ?? NOBODY, all = [...effects.values()].sort((a, b) => a.index - b.index);
  const within = (one) => one.run && firstInRun(one, effects) <= (runs.get(runName(one.issuer, one.run))?.upto ?? NOBODY);
  const used = all.filter(within).flatMap((one) => one.debits.map(({ lot }) => [lot, one.index]));
  return new Map(used.filter(([lot, index]) => namesOneThing(lot) && upto(lot) < index));
}

// The first of the events of its run that an event takes the place of, or the event itself (5.6).
export function firstInRun(one, effects) {
  let first = one.index;
  for (let earlier = effects.get(one.replaces); earlier; earlier = effects.get(earlier.replaces)) {
    if (earlier.issuer === one.issuer && earlier.run === one.run) first = earlier.index;
  }
  return first;
}

// The runs that it goes through, also those that had taken nothing in.
function passedBy({ drawn, nodes }, effects, source) {
  const upto = new Map([...drawn].filter(([name]) => isRun(name)));
  const gave = nodes.map(({ entry }) => effects.get(entry)).filter((one) => one?.run && standsAlone(one)).reverse();
  for (const { issuer, run, index } of gave) if (!drawn.has(runName(issuer, run))) upto.set(runName(issuer, run), index);
  const names = [...upto.keys()].sort(compareText), again = closedAgain(effects, source);
  const closed = (name) => (source.closedBy(name) === NOBODY ? (again.get(name) ?? NOBODY) : source.closedBy(name));
  return new Map(names.map((name) => [name, { upto: upto.get(name), closedBy: closed(name) }]));
}

// Corrections that say so: of a run that was closed by then, which may have been taken back since (5.6).
function closedAgain(effects, source) {
  const corrections = [...effects.values()].filter((one) => one.run && one.replaces !== NOBODY && standsAlone(one));
  const closing = corrections.filter(({ index }) => source.told(index).runState === "closed");
  return new Map(closing.sort((a, b) => a.index - b.index).map(({ issuer, run, index }) => [runName(issuer, run), index]));
}

// All of them up to there; and what closed them, since that alone shows that they were judged (5.4).
function ofRuns(runs, source) {
  const own = ofThose([...runs].map(([name, { upto }]) => [name, upto]), source);
  return [...own, ...[...runs.values()].map(({ closedBy }) => closedBy).filter((entry) => entry !== NOBODY)];
}

// Those that name the piece, each as it was said of last; the ones that stand.
function certificatesOf(piece, effects, source) {
  const entries = source.versions(piece).filter((entry) => !effects.has(entry) && source.certificates.has(entry));
  const newest = new Map(entries.map((entry) => [source.certificates.get(entry).id, source.certificates.get(entry)]));
  return [...newest.keys()].sort(compareText).map((id) => newest.get(id)).filter((one) => one.stands);
}

// Every event of the pieces, and of the units they were in while they were: a unit's events name the unit alone.
function wayOf(line, spans, source) {
  return new Set([...line.flatMap((name) => source.versions(name)), ...spans.flatMap((span) => within(span, source))]);
}

// The histories of the units that pieces were in, while they were, and of outer units.
export function carried(line, source) {
  return line.flatMap((name) => spansOf(name, source.size, eventsOf(source, name, 0, source.size), source));
}

// Lots whose whole history up to an entry a trace rests on without going through it: what says of which class the scrap
// was that entered a melt, and that there was less of a lot than was drawn; all that the lots of a correction went through
// before it; and what a declaration of error leaves of the lots it is about.
export function restsOn(trace, source) {
  const ends = trace.ends.filter(({ lot, reason }) => lot && ["scrap", "unknown"].includes(reason)), last = new Map();
  const rests = ends.map(({ lot, entry }) => [lot, entry]);
  for (const entry of trace.replaced.values()) {
    const one = source.effects.get(entry);
    if (one) rests.push(...[...one.debits, ...one.credits].map((posting) => [posting.lot, entry]));
  }
  for (const entry of trace.declared) {
    const took = source.effects.get(entry)?.debits.map((posting) => posting.lot) ?? [];
    rests.push(...took.filter((lot) => trace.lots.includes(lot)).map((lot) => [lot, entry]));
  }
  for (const [lot, entry] of rests) last.set(lot, Math.max(entry, last.get(lot) ?? NOBODY));
  return last;
}

const ofThose = (last, source) => [...last].flatMap(([name, upto]) => source.versions(name).filter((entry) => entry <= upto));

// Where one of them was declared wrong: by which entry, and what took its place; of what another took the place.
function withCorrections(inputs, source) {
  const found = new Set(inputs);
  for (const entry of found) {
    const one = source.effects.get(entry);
    const linked = one ? [one.declaredBy, one.replacedBy, one.undoes, one.replaces] : [];
    for (const named of linked) if (named !== NOBODY) found.add(named);
  }
  return [...found].filter((entry) => entry < source.size);
}
