// The events of a full bundle, folded (SPEC 7, step 11). It holds every event of what the piece rests on, and of other lots
// whatever happened to stand beside it in these events. A lot is whole up to an entry where its versions up to there have
// no gap, and neither have those of the units that some of it was in meanwhile. What is not whole is given to the fold as a
// stand-in that has what the event takes; nothing that is traced rests on one.

import { namesOneThing } from "../verifier/gs1.js";
import { subjectKey } from "../verifier/implied.js";
import { REFERENCE } from "../verifier/lineage.js";
import { partyOf } from "../verifier/registry.js";
import { Book, NOBODY, ON_HAND, newHolding, newLot, runName, twoLines } from "./book.js";
import { deliveryName } from "./custody.js";
import { list, must, partsIn, readEvent } from "./event.js";
import { apply } from "./fold.js";
import { agree, countersign, unsets } from "./observing.js";
import { spansOf } from "./units.js";

export class Refolded {
  book = new Book();
  events = new Map(); // by entry
  certificates = new Map(); // by entry
  stoodIn = new Set(); // entries that took something of a stand-in
  #runs = new Map(); // by name: entries
  #versions = new Map(); // by subject key: entry and version
  #subjects = new Map(); // by lot
  #gaps = new Map(); // by lot: the first entry that a version is missing before
  #names = new Map(); // by issuer and event, a line each: its entry
  #packings = new Map(); // by class lot: what its packings did
  #packedSince = new Map(); // by unit and an entry that packs something in it
  #newest; // by subject key: what the passport says of it

  // `inputs` have index, statement, entry and opened items each, ascending; `size` is that of the state computed from.
  // `believing`: that nothing came after what is shown of a lot or a unit is believed.
  constructor({ passport, inputs, registries }, size, { believing = false } = {}) {
    Object.assign(this, { size, believing });
    this.#newest = new Map(passport.opened.map(({ item }) => [item.subject, item]));
    for (const one of inputs) this.#noteVersions(one);
    for (const one of inputs) this.#fold(one, registries.get(one.index));
  }

  get effects() {
    return this.book.effects;
  }

  lot(name) {
    return this.book.lots.get(name);
  }

  // The entries of a lot or run that the bundle has.
  versions(name) {
    return this.#runs.get(name) ?? this.#of(name).map(({ entry }) => entry);
  }

  // The event that closed a run, as far as the bundle shows; NOBODY where it is open.
  closedBy(name) {
    const [issuer] = name.split(" ", 1);
    return this.book.runs.get(twoLines(issuer, name.slice(issuer.length + 1)))?.closedBy ?? NOBODY;
  }

  // The event that had put a thing into the unit that it was in before an entry; in none: the entry itself.
  packedSince(name, entry) {
    return this.#packedSince.get(twoLines(name, entry)) ?? entry;
  }

  // What the statement of a lot event says beside its effects.
  told(entry) {
    return this.events.get(entry) ?? missing(entry);
  }

  // The lot, or a unit that some of it was in, of which the bundle lacks a version up to this entry; or "".
  lacks(lot, entry) {
    if (!this.whole(lot, entry)) return lot;
    const own = (this.#packings.get(lot) ?? []).filter((one) => one.index <= entry);
    if (!own.length || namesOneThing(lot)) return "";
    const spans = [{ unit: lot, first: 0, last: entry }, ...spansOf(lot, entry, own, this)];
    return spans.find(({ unit, first, last }) => !this.goesOn(unit, first, last))?.unit ?? "";
  }

  // Whether nothing of a history is left out between two entries, and it is shown what came next, if anything.
  goesOn(name, first, last) {
    const shown = this.#of(name).filter(({ entry }) => entry >= first), end = shown.findIndex(({ entry }) => entry >= last);
    const upto = end < 0 ? shown : shown.slice(0, end + 1);
    if (!upto.length || !upto.every(({ version }, i) => version === upto[0].version + BigInt(i))) return false;
    return end >= 0 || this.isNewest(name);
  }

  // Whether the passport says that nothing came after the last version shown. What came between the state that it was
  // computed from and its own entry is no matter.
  isNewest(name) {
    const last = this.#of(name).at(-1), item = this.#newest.get(this.#subjects.get(name));
    return this.believing || (Boolean(item) && (item.version === last?.version || item.index >= this.size));
  }

  // Whether the bundle holds every version of a lot up to the one that this entry made.
  whole(name, entry) {
    if (!this.#gaps.has(name)) this.#gaps.set(name, gapIn(this.#of(name)));
    return entry < this.#gaps.get(name);
  }

  // Whether of another subject no version is left out up to the newest that is there.
  complete(kind, name) {
    return gapIn(this.#versions.get(subjectKey(kind, name)) ?? []) === Infinity;
  }

  #of(name) {
    if (!this.#subjects.has(name)) this.#subjects.set(name, subjectKey("lot", name));
    return this.#versions.get(this.#subjects.get(name)) ?? [];
  }

  #noteVersions({ index, opened }) {
    for (const { item: { role, subject, version } } of opened) {
      if (role === REFERENCE) continue;
      if (!this.#versions.has(subject)) this.#versions.set(subject, []);
      this.#versions.get(subject).push({ entry: Number(index), version });
    }
  }

  #fold({ index, entry: { recordedAt }, statement }, registry) {
    const { typ, iss, body } = statement;
    if (typ === "lot-event") {
      this.#apply(readEvent(statement, { index: Number(index), recordedAt, party: partyOf(registry, iss) }), registry);
    } else if (typ === "certificate") {
      const digest = must(must(body, "document"), "digest");
      this.certificates.set(Number(index), { id: must(body, "id"), digest, stands: must(body, "status") === "valid" });
    } else if (typ === "contract") {
      agree(this.book, body);
    } else if (typ === "verification") {
      countersign(this.book, statement);
    }
  }

  #apply(event, registry) {
    const name = twoLines(event.issuer, event.name), wrong = event.declares ? (this.#names.get(name) ?? NOBODY) : NOBODY;
    if (!event.declares) {
      this.#names.set(name, event.index);
      const entered = event.things.filter((part) => this.#enters(event, part));
      for (const part of [...madeBy(event), ...entered]) this.#forget(event, part);
      for (const part of needed(event)) {
        this.#standIn(event, part);
        this.#standInContents(event, part.id);
      }
      for (const [id, g] of this.#amountsIn(event)) this.#standIn(event, { id, single: false, g });
    }
    this.events.set(event.index, event);
    if (event.run) this.#noteRun(event);
    apply(this.book, event, { operator: registry.operator, sites: sitesOf(registry), wrong });
    this.#notePackings(this.effects.get(event.index), event.declares);
  }

  #notePackings(one, declares) {
    for (const { unit } of one.packed) this.#packedSince.set(twoLines(unit, one.index), this.#packedBefore(unit, one));
    for (const lot of declares ? [] : new Set(one.packed.map((row) => row.lot))) {
      this.#packings.set(lot, [...(this.#packings.get(lot) ?? []), one]);
    }
  }

  // By which event a unit was in another one before this; by none: this one.
  #packedBefore(unit, one) {
    const out = one.unpacked.find((row) => row.lot === unit), lot = this.lot(unit);
    if (out) return out.entry;
    return lot.inside && one.packed.every((row) => row.lot !== unit) ? lot.packedBy : one.index;
  }

  // A run is judged by all that went into it.
  #noteRun({ issuer, run, index }) {
    const entries = this.#runs.get(runName(issuer, run)) ?? [];
    if (entries.some((entry) => this.stoodIn.has(entry))) this.stoodIn.add(index);
    this.#runs.set(runName(issuer, run), [...entries, index]);
  }

  // A piece that is made again, of which the bundle does not hold why, may be made.
  #forget(event, part) {
    if (!part.single || !this.lot(part.id) || this.whole(part.id, event.index)) return;
    this.stoodIn.add(event.index);
    this.book.lots.delete(part.id);
  }

  // It comes from outside, or early: what is under way to a receiver who calls it late is received.
  #enters({ origins }, { id }) {
    const underWay = this.lot(id)?.holdings.some((one) => one.delivery !== ON_HAND);
    return origins.has(id) && (origins.get(id).kind === "outside" || !underWay);
  }

  // Give a lot that is not whole what this event takes of it.
  #standIn(event, part) {
    const known = this.#hasBefore(part.id, event.index) ? this.lot(part.id) : undefined;
    const name = deliveryName(event), { deliveries } = this.book;
    if (!this.lacks(part.id, event.index)) return;
    const held = unsets(event) ? [{ by: event.issuer, entry: NOBODY }] : []; // by something that the bundle does not show (5.3)
    if (known?.contents.length || known?.amounts.length) {
      this.book.change(known, { holds: [...known.holds, ...held] });
      return;
    }
    this.stoodIn.add(event.index);
    const { inside, packedBy } = known ?? { inside: "", packedBy: NOBODY };
    this.book.put({ ...standIn(event, part), inside, packedBy, holds: held });
    if (!["receiving", "void_shipping"].includes(event.step) || deliveries.has(name)) return;
    const receiver = event.step === "receiving" ? event.issuer : event.receiver;
    deliveries.set(name, { name, sender: event.sender || event.issuer, receiver, lines: new Map() });
  }

  // Whether the bundle has the version before the one that an entry made: what it was in, and had in it, stands.
  #hasBefore(name, entry) {
    const here = this.#of(name).find((one) => one.entry === entry);
    return !here || this.#of(name).some(({ version }) => version === here.version - 1n);
  }

  // What the units that an event is about hold of class lots that it does not name.
  #amountsIn(event) {
    const named = new Set(partsIn(event).map((part) => part.id)), waiting = [...named], seen = new Set(), found = new Map();
    while (waiting.length) {
      const lot = this.lot(waiting.pop());
      if (!lot || seen.has(lot.id)) continue;
      seen.add(lot.id);
      waiting.push(...lot.contents);
      for (const one of lot.amounts) if (!named.has(one.lot)) found.set(one.lot, (found.get(one.lot) ?? 0n) + one.g);
    }
    return found;
  }

  // What else is in a unit goes with it, whatever happened to it in events that the bundle does not hold.
  #standInContents(event, unit) {
    for (const id of this.lot(unit)?.contents ?? []) {
      this.#standIn(event, { id, single: true, g: null });
      this.#standInContents(event, id);
    }
  }
}

// The first entry that a version is missing before.
const gapIn = (versions) => versions.find(({ version }, i) => version !== BigInt(i + 1))?.entry ?? Infinity;

function missing(entry) {
  throw new Error(`entry ${entry} is no event of the bundle`);
}

// The party of each registered site.
function sitesOf({ parties }) {
  const sites = new Map();
  for (const { id, profile } of parties.values()) {
    for (const site of "sites" in profile ? list(profile.sites) : []) sites.set(must(site, "id"), id);
  }
  return sites;
}

const madeBy = (event) => (event.type === "ObjectEvent" && event.action === "ADD" ? event.things : event.outputs);

// What it needs to be there; what it makes is not. A class lot that is added to may be there: a stand-in takes additions
// from anybody who has it.
function* needed(event) {
  const made = new Set(madeBy(event).map((part) => part.id));
  yield* partsIn(event).filter((part) => !made.has(part.id) && !event.origins.has(part.id));
  yield* partsIn(event).filter((part) => made.has(part.id) && !part.single);
  if (event.parent) yield { id: event.parent, single: namesOneThing(event.parent), g: 0n }; // as a unit is when something is first packed in it
}

function standIn(event, part) {
  const { step, issuer } = event, workedOn = event.process && event.action === "OBSERVE" && !part.single;
  const g = part.g || (workedOn ? 1n : 0n); // some, of what an event that gives no mass works on (5.3)
  const underWay = ["receiving", "void_shipping"].includes(step) && event.type === "ObjectEvent";
  const holder = underWay && step === "receiving" && event.sender ? event.sender : issuer;
  // A mix that no entry made, another at each event: where the real one is too little to be followed, so is this.
  const there = newHolding(holder, underWay ? deliveryName(event) : ON_HAND, issuer, g, NOBODY - 1 - event.index);
  return newLot(part.id, part.single, issuer, NOBODY, "made", event.start, part.single ? part.g : null, [there]);
}
