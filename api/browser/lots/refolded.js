// The events of a full bundle, folded (SPEC 7, step 11). It holds every event of what the piece rests on, and of other lots
// whatever happened to stand beside it in these events. A lot is whole up to an entry where its versions up to there have
// no gap. What is not whole is given to the fold as a stand-in that has what the event takes; nothing that is traced rests
// on one.

import { namesOneThing } from "../verifier/gs1.js";
import { subjectKey } from "../verifier/implied.js";
import { REFERENCE } from "../verifier/lineage.js";
import { partyOf } from "../verifier/registry.js";
import { Book, NOBODY, ON_HAND, newHolding, newLot, runName, twoLines } from "./book.js";
import { deliveryName } from "./custody.js";
import { list, must, partsIn, readEvent } from "./event.js";
import { apply } from "./fold.js";
import { sum } from "./exact.js";
import { agree, countersign } from "./observing.js";

const subjectOf = (lot) => subjectKey("lot", lot);

export class Refolded {
  book = new Book();
  events = new Map(); // by entry
  certificates = new Map(); // by entry
  stoodIn = new Set(); // entries that took something of a stand-in
  #runs = new Map(); // by name: entries
  #versions = new Map(); // by subject key: entry and version
  #subjects = new Map(); // by lot
  #names = new Map(); // by issuer and event, a line each: its entry

  // `inputs` have index, statement, entry and opened items each, ascending; `size` is that of the state computed from.
  constructor(inputs, registries, size) {
    this.size = size;
    for (const one of inputs) {
      this.#noteVersions(one);
      this.#fold(one, registries.get(one.index));
    }
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

  // What the statement of a lot event says beside its effects.
  told(entry) {
    return this.events.get(entry) ?? missing(entry);
  }

  // One of these class lots of which some was packed in a unit: what happens to the unit happens to that, and names the
  // unit alone (4.4). What is known to have come out of the unit again, with all that happened to that meanwhile, counts no
  // more.
  packed(lots) {
    const packing = [...this.events.values()].filter((one) => one.parent && one.action === "ADD");
    const amounts = packing.flatMap((one) => one.children.filter((part) => !part.single).map(({ id }) => [one.index, id]));
    return amounts.find(([entry, name]) => lots.includes(name) && !this.#outAgain(name, entry))?.[1] ?? "";
  }

  // Whether all that an entry packed of a lot came out of its unit, in a bundle with all events of that.
  #outAgain(name, entry) {
    return this.effects.get(entry).packed.filter((row) => row.lot === name).every((row) => this.#emptied(row));
  }

  #emptied({ unit, lot, g, entry }) {
    const ours = (row) => row.unit === unit && row.lot === lot && row.entry === entry;
    let left = g;
    for (const later of this.versions(unit)) {
      const one = this.effects.get(later);
      if (!one) continue;
      const nested = one.packed.some((row) => row.lot === unit); // the outer unit's events are not its own
      const again = later > entry && one.packed.some(ours);
      if (again || (left && (nested || !this.whole(unit, later)))) return false;
      left -= sum(one.unpacked.filter(ours).map((row) => row.g));
    }
    return !left;
  }

  // Whether the bundle holds every version of a lot up to the one that this entry made.
  whole(name, entry) {
    const upto = this.#of(name).filter((one) => one.entry <= entry);
    return upto.every(({ version }, i) => version === BigInt(i + 1));
  }

  #of(name) {
    if (!this.#subjects.has(name)) this.#subjects.set(name, subjectOf(name));
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
      for (const part of madeBy(event)) this.#forget(event, part);
      for (const part of needed(event)) {
        this.#standIn(event, part);
        this.#standInContents(event, part.id);
      }
    }
    this.events.set(event.index, event);
    if (event.run) this.#noteRun(event);
    apply(this.book, event, { operator: registry.operator, sites: sitesOf(registry), wrong });
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
    this.book.put({ ...standIn(event, part), holdings: [], doubt: 0 });
  }

  // Give a lot that is not whole what this event takes of it.
  #standIn(event, part) {
    const known = this.lot(part.id), name = deliveryName(event), { deliveries } = this.book;
    if (this.whole(part.id, event.index) || known?.contents.length) return;
    this.stoodIn.add(event.index);
    this.book.put({ ...standIn(event, part), inside: known?.inside ?? "", packedBy: known?.packedBy ?? NOBODY });
    if (!["receiving", "void_shipping"].includes(event.step) || deliveries.has(name)) return;
    const receiver = event.step === "receiving" ? event.issuer : event.receiver;
    deliveries.set(name, { name, sender: event.sender || event.issuer, receiver, lines: new Map() });
  }

  // What else is in a unit goes with it, whatever happened to it in events that the bundle does not hold.
  #standInContents(event, unit) {
    for (const id of this.lot(unit)?.contents ?? []) {
      this.#standIn(event, { id, single: true, g: null });
      this.#standInContents(event, id);
    }
  }
}

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
  if (event.parent) yield { id: event.parent, single: namesOneThing(event.parent), g: null };
}

function standIn(event, part) {
  const { step, issuer } = event, g = part.g ?? 0n;
  const underWay = ["receiving", "void_shipping"].includes(step) && event.type === "ObjectEvent";
  const holder = underWay && step === "receiving" && event.sender ? event.sender : issuer;
  // A mix that no entry made, another at each event: where the real one is too little to be followed, so is this.
  const there = newHolding(holder, underWay ? deliveryName(event) : ON_HAND, issuer, g, NOBODY - 1 - event.index);
  return newLot(part.id, part.single, issuer, NOBODY, "made", event.start, part.single ? part.g : null, [there]);
}
