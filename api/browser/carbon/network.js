// Steps as a network: nodes that take and give, and for each place what happens to it, in order of event time (SPEC 12.4).

import { placeOf } from "../lots/book.js";
import { compare, bySpan, nameOf } from "./windows.js";

export const NOWHERE = -1; // no node: from outside, or by nobody
export const TAKE = 0, GIVE = 1, WORK = 2;
const BY_ELEMENT = ["refining", "electrolysis"]; // what goes in is not what comes out: joined over a span
export const SOURCES = ["primary", "commissioned"]; // credits from nowhere that a step makes

// What goes in comes out in other events, so that both are joined over a span.
function isBalanced({ joins, process, kind, debits, credits }) {
  return joins && process !== "" && BY_ELEMENT.includes(kind) && !(debits.length && credits.length);
}

const inOrder = (a, b) => compare(a.time, b.time) || a.index - b.index;
const lotsOf = ({ debits, credits }) => new Set([...debits, ...credits].map((one) => one.lot));

// Made of the steps that stand. A node is one step, one lot of a step that only moves, or a process over a span: it has
// `outs`, the `entries` whose charges it has, and how many of what it takes or another brings it `waits` for. An operation
// is one change of one place: what a node takes there, gives to it, or adds to what is there without its mass. An out is
// the operation of a place, or another node; with the g that it counts by, and its entry.
export class Network {
  nodes = [];
  operations = [];
  places = new Map(); // by lot, holder, delivery: operations
  after = new Map(); // by node of a span: that of the next
  #spans;
  #units = new Map(); // by process and span
  #late = new Map(); // by entry and lot

  constructor(steps, spans) {
    this.#spans = spans;
    for (const step of [...steps].sort(inOrder)) this.#add(step);
    this.#chain();
  }

  #add(step) {
    if (step.joins) this.#join(step);
    else for (const lot of lotsOf(step)) this.#move(step, lot);
    if (step.worked.length) this.#work(step);
  }

  #node(process = "", span = null) {
    return this.nodes.push({ process, span, waits: 0, outs: [], entries: [] }) - 1;
  }

  #operate(what, moved, node, kind = moved.kind) {
    const { lot, g, scrap } = moved, place = placeOf(moved), number = this.operations.push({ what, node, lot, g, kind, scrap }) - 1;
    if (what === TAKE && node !== NOWHERE) this.nodes[node].waits += 1;
    this.places.set(place, this.places.get(place) ?? []);
    this.places.get(place).push(number);
    return number;
  }

  #giveOut(node, operation, { g }, { index }) {
    this.nodes[node].outs.push({ operation, node: NOWHERE, g, entry: index });
  }

  // Everything it takes goes into everything that it gives and that keeps the burden.
  #join(step) {
    const node = isBalanced(step) ? this.#unit(step) : this.#node(step.process);
    this.nodes[node].entries.push(step.index);
    for (const one of step.debits) this.#operate(TAKE, one, node);
    for (const one of step.credits) {
      const keeps = one.carries && (!one.kind || SOURCES.includes(one.kind));
      const operation = this.#operate(GIVE, one, keeps ? node : NOWHERE);
      if (keeps) this.#giveOut(node, operation, one, step);
    }
  }

  // One node for a process and a span: its alumina and its metal do not come and go together.
  #unit({ process, time }) {
    const span = this.#spans.of(process, time), name = `${process}\n${nameOf(span)}`;
    if (!this.#units.has(name)) this.#units.set(name, this.#node(process, span));
    return this.#units.get(name);
  }

  // What stays in a process goes to its next span.
  #chain() {
    const last = new Map(), units = [...this.#units.values()];
    for (const node of units.sort((a, b) => bySpan(this.nodes[a].span, this.nodes[b].span))) {
      const { process } = this.nodes[node];
      if (last.has(process)) {
        this.after.set(last.get(process), node);
        this.nodes[node].waits += 1;
      }
      last.set(process, node);
    }
  }

  #move(step, name) {
    const node = this.#node(), of = (rows) => rows.filter((one) => one.lot === name);
    for (const one of of(step.debits)) this.#operate(TAKE, one, node);
    for (const one of of(step.credits)) {
      if (one.kind === "late") {
        this.#arrive(step, one);
      } else {
        const operation = this.#operate(GIVE, one, one.kind ? NOWHERE : node);
        if (!one.kind) this.#giveOut(node, operation, one, step);
      }
    }
    for (const { entry, g } of of(step.settles)) {
      const receipt = this.#lateNode(entry, name);
      this.nodes[receipt].waits += 1;
      this.nodes[node].outs.push({ operation: NOWHERE, node: receipt, g, entry: step.index });
    }
  }

  // 5.1: received before its sender was heard; where he was heard since, with what he sent.
  #arrive(step, one) {
    const heard = step.settled.some((row) => row.lot === one.lot), node = heard ? this.#lateNode(step.index, one.lot) : NOWHERE;
    const operation = this.#operate(GIVE, one, node);
    if (heard) this.#giveOut(node, operation, one, step);
  }

  #lateNode(entry, lot) {
    const name = `${entry}\n${lot}`;
    if (!this.#late.has(name)) this.#late.set(name, this.#node());
    return this.#late.get(name);
  }

  #work(step) {
    const node = this.#node(step.process);
    this.nodes[node].entries.push(step.index);
    for (const one of step.worked) this.#giveOut(node, this.#operate(WORK, one, node, ""), one, step);
  }
}
