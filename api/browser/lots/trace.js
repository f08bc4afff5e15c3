// Up: from some metal to what it came from, mix by mix, in whole µg (SPEC 5.2, trace up). Targets are followed from the
// newest entry to the oldest; each shares its µg among the older ones it leads to, in proportion to the g of its entry.

import { namesOneThing } from "../verifier/gs1.js";
import { NOBODY, ON_HAND, placeOf, placeOfRun, runName } from "./book.js";
import { compareText, least, most, share, sum } from "./exact.js";
import { PRIMARY } from "./mass_rules.js";

export const UG = 1000000n; // in one g
const FOLDED_BELOW = 1000n; // 0.1 % is one part in so many
const PASSES = 8; // a correction may lead to a later entry, which may lead back: so often an entry is gone through again
const NO_ADDITION = ["weighed", "correction"]; // kinds of credits that are more of what is there already
const MIX = 0, MADE = 1, RUN = 2, END = 3;

// A place, or what an event took (`lot` "" where all of it is joined), or an end: lot, reason, class of scrap.
const target = (entry, stage, lot = "", holder = "", delivery = "") => ({ entry, stage, lot, holder, delivery });
const endOf = (entry, lot, reason, scrap = "") => target(entry, END, lot, reason, scrap);
const keyOf = ({ entry, stage, lot, holder, delivery }) => `${entry}\n${stage}\n${lot}\n${holder}\n${delivery}`;

function byAge(a, b) {
  return a.entry - b.entry || a.stage - b.stage || compareText(a.lot, b.lot) || compareText(a.holder, b.holder)
    || compareText(a.delivery, b.delivery);
}

// The newest entry first; within an entry in order.
const byTurn = (a, b) => b.entry - a.entry || byAge(a, b);

// What there is of a lot wherever it is; of a piece that was used up, what was made.
function startsOf(lot, at, { effects }) {
  const there = lot.holdings.filter((one) => one.g > 0n);
  if (there.length || lot.madeBy === NOBODY) {
    return there.map(({ holder, delivery, mix, g }) => ({ at, ug: g * UG, to: target(mix, MIX, lot.id, holder, delivery) }));
  }
  const made = effects.get(lot.madeBy);
  if (!made) return [];
  const given = made.credits.filter((one) => one.lot === lot.id && !NO_ADDITION.includes(one.kind));
  const g = lot.g || sum(given.map((one) => one.g));
  return [{ at, ug: g * UG, to: target(lot.madeBy, MIX, lot.id, made.issuer, ON_HAND) }];
}

// `source` has `effects` by entry, and `versions` of a lot or run: the entries that advanced it, ascending.
export function traceUp(lot, at, source) {
  const walk = new Walk(source);
  for (const start of startsOf(lot, at, source)) walk.begin(start);
  while (walk.turns.length) walk.step();
  return walk.trace();
}

class Walk {
  total = 0n;
  turns = []; // targets that wait, the next one last
  waiting = new Map(); // by key: µg
  passes = new Map(); // by key: how often it was gone through
  targets = new Map(); // by key
  edges = []; // from which entry to which target
  ends = new Map(); // by key: the target and its µg
  foldedUg = 0n;
  replaced = new Map(); // by entry declared wrong: what took its place
  declared = new Set(); // the entries that declare them
  inputs = new Set();
  drawn = new Map(); // by lot or run: the newest entry that drew from it
  drawnBy = new Map(); // by key of a target likewise

  constructor(source) {
    this.source = source;
  }

  begin({ at, ug, to }) {
    this.total += ug;
    this.drawnBy.set(keyOf(to), Math.max(at, this.drawnBy.get(keyOf(to)) ?? NOBODY));
    this.lead(NOBODY, to, ug);
  }

  // So many µg of what an entry did are of this target.
  lead(entry, to, ug) {
    const key = keyOf(to);
    if (!ug) return;
    if (to.stage === END) {
      this.ends.set(key, { to, ug: ug + (this.ends.get(key)?.ug ?? 0n) });
      return;
    }
    if (!this.waiting.has(key)) this.queue(to);
    this.targets.set(key, to);
    this.waiting.set(key, ug + (this.waiting.get(key) ?? 0n));
    this.drawnBy.set(key, Math.max(entry, this.drawnBy.get(key) ?? NOBODY));
    this.edges.push({ entry, to: key });
  }

  queue(to) {
    let low = 0, high = this.turns.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (byTurn(this.turns[middle], to) > 0) low = middle + 1;
      else high = middle;
    }
    this.turns.splice(low, 0, to);
  }

  // Follow the next target, or fold it.
  step() {
    const here = this.turns.pop(), key = keyOf(here), ug = this.waiting.get(key), passes = (this.passes.get(key) ?? 0) + 1;
    this.waiting.delete(key);
    if (ug * FOLDED_BELOW < this.total) {
      this.foldedUg += ug;
      // That a sender was heard of some of a lot is known from its history up to there, however little (5.1).
      if (here.stage === MADE && this.drawn.has(here.lot)) this.note(here.lot, here.entry);
      return;
    }
    this.passes.set(key, passes);
    if (passes > PASSES) return this.lead(here.entry, endOf(here.entry, here.lot, "circular"), ug);
    this.draw(here, key);
    for (const [to, part] of share(ug, this.leadsTo(here), byAge)) this.lead(here.entry, to, part);
  }

  // Note the lot or run it went through, up to the entry that drew from it.
  draw({ stage, lot, holder, delivery }, key) {
    if (stage !== MADE) this.note(stage === RUN ? runName(holder, delivery) : lot, this.drawnBy.get(key));
  }

  note(name, entry) {
    this.drawn.set(name, Math.max(entry, this.drawn.get(name) ?? NOBODY));
  }

  leadsTo(here) {
    const { entry, stage, lot } = here, one = this.source.effects.get(entry);
    if (!one) return [[endOf(entry, lot, "unknown"), 1n]];
    this.inputs.add(entry);
    if (stage === MADE) return this.taken(one, lot);
    const stands = this.standing(one);
    return stage === RUN ? this.ofRun(one, stands, here) : this.ofMix(one, stands, here);
  }

  // The event itself, or what took its place; null where it was declared wrong and nothing did (5.6).
  standing(event) {
    let one = event;
    while (one.declaredBy !== NOBODY) {
      this.replaced.set(one.index, one.replacedBy);
      this.declared.add(one.declaredBy);
      this.inputs.add(one.declaredBy);
      one = this.source.effects.get(one.replacedBy);
      if (!one) return null;
      this.inputs.add(one.index);
    }
    return one;
  }

  // What was there before, of the mix before, and what the entry added.
  ofMix(one, stands, { lot, holder, delivery }) {
    const place = placeOf({ lot, holder, delivery }), found = new Weights();
    const added = one.credits.filter((posting) => placeOf(posting) === place);
    const before = added.find((posting) => posting.mix !== one.index);
    if (before && before.had > 0n) found.add(target(before.mix, MIX, lot, holder, delivery), before.had);
    if (!stands) {
      if (one.awaited || !found.any) found.add(endOf(one.index, lot, "in-doubt"), sum(added.map((posting) => posting.g)));
      return found.all;
    }
    // Where a correction put it elsewhere, that.
    const there = stands.credits.filter((posting) => placeOf(posting) === place);
    const came = there.length ? there : stands.credits.filter((posting) => posting.lot === lot);
    for (const posting of came) cameFrom(found, stands, posting);
    if (!found.any && !stands.joins && stands.debits.some((posting) => posting.lot === lot)) {
      return [[target(stands.index, MADE, lot), 1n]]; // all that it sent had arrived early
    }
    return found.or(endOf(one.index, lot, stands === one ? "unknown" : "in-doubt"));
  }

  // What an event took to put something somewhere: all together, or of one lot.
  taken(one, lot) {
    if (one.run) return [[fromRun(one), 1n]];
    const found = new Weights();
    this.debits(found, one, lot);
    if (one.joins && one.entered.get("unaccounted")) found.add(endOf(one.index, "", "unaccounted"), one.entered.get("unaccounted"));
    return found.or(endOf(one.index, lot, PRIMARY.includes(one.what) ? "primary" : "unknown"));
  }

  // What the run had taken in before, of the mix before, and what the entry put in.
  ofRun(one, stands, { lot, holder, delivery }) {
    const found = new Weights();
    if (one.runHad > 0n) found.add(target(one.runMix, RUN, lot, holder, delivery), one.runHad);
    if (stands && placeOfRun(stands.issuer, stands.run) === placeOf({ lot, holder, delivery })) this.debits(found, stands, "");
    else if (one.awaited || !found.any) found.add(endOf(one.index, "", "in-doubt"), sum(one.debits.map((posting) => posting.g)));
    return found.or(endOf(one.index, "", "unknown"));
  }

  debits(found, one, lot) {
    for (const posting of one.debits) {
      if (posting.kind || (!one.joins && posting.lot !== lot)) continue;
      if (namesOneThing(posting.lot)) this.note(posting.lot, one.index);
      const there = most(0n, least(posting.g, posting.had));
      found.add(drawnFrom(one.index, posting), there);
      if (posting.g > there) found.add(endOf(one.index, posting.lot, "unknown"), posting.g - there);
    }
  }

  // `nodes` are the entries it went through, the newest first, each with the lots of what it drew from ("" for a run).
  trace() {
    const ends = [...this.ends.values()].sort((a, b) => byAge(a.to, b.to));
    return {
      ug: this.total, nodes: this.nodes(), foldedUg: this.foldedUg, replaced: this.replaced, declared: this.declared,
      ends: ends.map(({ to: { entry, lot, holder, delivery }, ug }) => ({ entry, lot, reason: holder, scrap: delivery, ug })),
      lots: [...this.drawn.keys()].filter((name) => name.startsWith("(")).sort(compareText), drawn: this.drawn,
      closure: new Set([...this.inputs, ...this.upToDraws()]),
    };
  }

  upToDraws() {
    return [...this.drawn].flatMap(([name, last]) => this.source.versions(name).filter((entry) => entry <= last));
  }

  nodes() {
    const parents = new Map([...this.passes.keys()].map((key) => [this.targets.get(key).entry, []]));
    for (const { entry, to: key } of this.edges) {
      const to = this.targets.get(key);
      if (this.passes.has(key) && to.entry !== entry && entry !== NOBODY) parents.get(entry).push(to.lot);
    }
    return [...parents].map(([entry, lots]) => ({ entry, lots })).sort((a, b) => b.entry - a.entry);
  }
}

// Targets with their weights in g, each once.
class Weights {
  found = new Map();

  add(to, g) {
    const key = keyOf(to);
    this.found.set(key, [to, g + (this.found.get(key)?.[1] ?? 0n)]);
  }

  get any() {
    return this.found.size > 0;
  }

  get all() {
    return [...this.found.values()];
  }

  or(end) {
    return this.any ? this.all : [[end, 1n]];
  }
}

// One addition: of what the event took, of what a sender said later, or from outside of what was recorded.
function cameFrom(found, one, { lot, kind, g }) {
  if (NO_ADDITION.includes(kind)) return;
  if (kind && kind !== "late") return void found.add(endOf(one.index, lot, kind), g);
  const settled = kind ? one.settled.filter((row) => row.lot === lot) : [], left = g - sum(settled.map((row) => row.g));
  for (const row of settled) found.add(target(row.entry, MADE, row.lot), row.g);
  if (!left && settled.length) return;
  found.add(kind ? endOf(one.index, lot, "late") : target(one.index, MADE, one.joins ? "" : lot), most(0n, left));
}

// Scrap that enters a melt is where a trace stops; else the mix that it is drawn from.
function drawnFrom(entry, { lot, holder, delivery, mix, scrap }) {
  if (scrap) return endOf(entry, lot, "scrap", scrap);
  return mix === NOBODY ? endOf(entry, lot, "unknown") : target(mix, MIX, lot, holder, delivery);
}

// What comes out of a run is of all that went in up to it.
function fromRun(one) {
  if (one.runFrom === NOBODY) return endOf(one.index, "", PRIMARY.includes(one.what) ? "primary" : "unknown");
  return target(one.runFrom, RUN, "", one.issuer, one.run);
}
