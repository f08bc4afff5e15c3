// What is charged flows with the metal: places mix, nodes share out, nothing is lost on the way (SPEC 12.4).

import { least } from "../lots/exact.js";
import { namesOneThing } from "../verifier/gs1.js";
import { GIVE, NOWHERE, TAKE, WORK } from "./network.js";
import { add, at, averaged, shareOut, take, together } from "./vectors.js";

const FROM_OUTSIDE = ["outside", "opening", "late"]; // whose history this ledger has not
const STAYS = ["unaccounted", "correction"]; // P4: what is lost leaves without its burden

// What every piece carries, as it was made and worked on, and the g it was made with. `charged` has vectors by entry,
// `materials` what each lot is, `stockOf` gives opening and closing g of a process, the start of a span and a material.
export function flow(network, charged, keys, { materials, stockOf }) {
  const run = new Run(network, charged, keys, { materials, stockOf });
  run.all();
  return { pieces: run.pieces, weights: run.weights };
}

class Run {
  pieces = new Map();
  weights = new Map();
  #here = new Map(); // by place: g and vector
  #next = new Map(); // by place: how many of its operations are done
  #given = new Map(); // by operation
  #blocked = new Map(); // by node: places

  constructor(network, charged, keys, { materials, stockOf }) {
    Object.assign(this, { network, charged, keys, materials, stockOf });
    this.waits = network.nodes.map((one) => one.waits);
    this.done = network.nodes.map(() => false);
    this.took = network.nodes.map(() => []); // material, g, what came with it
    this.ready = [...network.places.keys()];
    this.whole = [...this.waits.keys()].filter((node) => !this.waits[node]);
  }

  // What waits for itself goes on with what has come by now.
  all() {
    this.#goOn();
    for (const node of this.done.keys()) {
      if (this.done[node]) continue;
      this.whole.push(node);
      this.#goOn();
    }
  }

  #goOn() {
    while (this.ready.length || this.whole.length) {
      if (this.whole.length) this.#complete(this.whole.pop());
      else this.#advance(this.ready.pop());
    }
  }

  // Everything that can happen at a place, up to what waits for a node.
  #advance(place) {
    const order = this.network.places.get(place), { operations } = this.network;
    let i = this.#next.get(place) ?? 0;
    for (; i < order.length && !this.#waitsFor(operations[order[i]]); i++) {
      if (operations[order[i]].what === TAKE) this.#take(place, operations[order[i]]);
      else this.#give(place, order[i], operations[order[i]]);
    }
    this.#next.set(place, i);
    if (i === order.length) return;
    const { node } = operations[order[i]];
    this.#blocked.set(node, [...(this.#blocked.get(node) ?? []), place]);
  }

  // What is given, or worked on, waits until its node has all that it takes.
  #waitsFor({ what, node }) {
    return what !== TAKE && node !== NOWHERE && !this.done[node];
  }

  #at(place) {
    return this.#here.get(place) ?? { g: 0n, vector: new Map() };
  }

  // What is scrapped or destroyed carries nothing on.
  #take(place, { lot, node, g, kind, scrap }) {
    const { g: there, vector } = this.#at(place), found = STAYS.includes(kind) ? new Map() : take(vector, g, there);
    this.#here.set(place, { g: there - g, vector });
    if (node === NOWHERE || this.done[node]) return;
    this.took[node].push({ material: this.materials.get(lot) ?? lot, g, vector: scrap || kind ? new Map() : found });
    this.#came(node);
  }

  #came(node) {
    this.waits[node] -= 1;
    if (!this.waits[node]) this.whole.push(node);
  }

  #give(place, number, { what, node, lot, g, kind }) {
    const { g: there, vector } = this.#at(place), outside = what === GIVE && node === NOWHERE && FROM_OUTSIDE.includes(kind);
    const more = outside ? new Map([[this.keys.number("", "gap", kind), g]]) : this.#given.get(number) ?? new Map();
    this.#given.delete(number);
    add(vector, more);
    this.#here.set(place, { g: what === GIVE ? there + g : there, vector });
    const steps = what === WORK || node === NOWHERE || this.network.nodes[node].entries.length;
    if (!namesOneThing(lot) || !steps) return;
    add(at(this.pieces, lot), more);
    if (what === GIVE && kind !== "correction") this.weights.set(lot, g);
  }

  // Share out what it took and what it is charged with.
  #complete(node) {
    if (this.done[node]) return;
    this.done[node] = true;
    const one = this.network.nodes[node], { outs, span } = one;
    const came = span ? averaged(this.#consumed(node, one), this.keys) : together(this.took[node].map((row) => row.vector));
    this.#charge(one, came);
    if (outs.some((out) => out.g)) this.#handOut(outs, came);
    else if (came.size && span) this.#stay(node, "", came);
    this.took[node] = [];
    if (this.network.after.has(node)) this.#came(this.network.after.get(node));
    this.ready.push(...(this.#blocked.get(node) ?? []));
    this.#blocked.delete(node);
  }

  // What steps are charged with goes into what each of them gives; where it gives nothing, into all.
  #charge({ entries, outs }, came) {
    for (const entry of entries) {
      const amounts = this.charged.get(entry), own = outs.filter((out) => out.entry === entry);
      if (!amounts?.size) continue;
      if (!own.length || own.length === outs.length) add(came, amounts);
      else this.#handOut(own, amounts);
    }
  }

  #handOut(outs, amounts) {
    const shares = shareOut(amounts, outs.map((out) => out.g));
    outs.forEach(({ operation, node, g }, place) => {
      if (node === NOWHERE) {
        add(at(this.#given, operation), shares[place]);
      } else if (!this.done[node]) {
        this.took[node].push({ material: "", g, vector: shares[place] });
        this.#came(node);
      }
    });
  }

  // What of the materials was used up, by weighted average; the closing stock goes on to the next span.
  #consumed(node, { process, span }) {
    const pools = new Map(), came = new Map();
    for (const { material, g, vector } of this.took[node]) {
      came.set(material, (came.get(material) ?? 0n) + g);
      add(at(pools, material), vector);
    }
    for (const [material, vector] of pools) {
      const { opening, closing } = this.stockOf(process, span.start, material), whole = opening + came.get(material);
      if (closing && whole) this.#stay(node, material, take(vector, least(closing, whole), whole));
    }
    return together(pools.values());
  }

  // It is still in the process when its span ends: the next one has it.
  #stay(node, material, vector) {
    const later = this.network.after.get(node);
    if (later !== undefined && !this.done[later]) this.took[later].push({ material, g: 0n, vector });
  }
}
