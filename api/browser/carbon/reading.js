// What signed statements say for a footprint: steps, streams, closes and hours of power (SPEC 12.3, 12.4).

import { NOBODY, standsAlone } from "../lots/book.js";
import { list, must, single, text } from "../lots/event.js";
import { Fraction, whole } from "../lots/exact.js";
import { namesOneThing } from "../verifier/gs1.js";
import { micros } from "../verifier/moments.js";
import { isObject } from "../verifier/statement.js";
import { Drawn } from "./drawn.js";
import { SOURCES } from "./network.js";
import { readStream } from "./streams.js";

const CARRYING = ["", "good", "heel"]; // roles of outputs that keep the burden
const WORTHLESS = ["scrap", "dross", "residue"];

export class Reading {
  steps = [];
  materials = new Map(); // by lot
  drawn = new Drawn();
  statements = 0; // about power
  #streams = new Map(); // by entry
  #closes = new Map(); // by entry
  #weights = new Map(); // by piece: g

  // A lot event with what it did; nothing where it does not stand.
  event(event, effects) {
    if (!standsAlone(effects)) return;
    for (const [lot, said] of event.attributes) if ("material" in said) this.materials.set(lot, String(said.material));
    for (const { lot, g } of effects.credits) if (namesOneThing(lot)) this.#weights.set(lot, g);
    this.steps.push(stepOf(event, effects, this.#weights));
  }

  // Any other statement.
  other(statement, entry, potentials) {
    const { typ, body } = statement;
    if (typ === "emission-source") this.#streams.set(entry, readStream(body, entry, potentials));
    if (typ === "period-close") this.#closes.set(entry, closeOf(body));
    if (typ.startsWith("energy-")) this.statements += 1;
    this.drawn.read(statement, entry);
  }

  get streams() {
    return inForce(this.#streams);
  }

  get closes() {
    return inForce(this.#closes);
  }

  // How many statements of streams and closes there were.
  get stated() {
    return this.#streams.size + this.#closes.size;
  }
}

// What no later statement took the place of.
function inForce(said) {
  const gone = new Set([...said.values()].map((one) => one.replaces));
  return [...said].filter(([entry]) => !gone.has(entry)).map(([, one]) => one);
}

// A step from what an event did and what it says. `worked` are things that it treats and leaves what they are.
function stepOf(event, effects, weights) {
  const { index, issuer, time, start, what, debits, credits, settled, settles } = effects;
  const things = event.process && event.type === "ObjectEvent" && event.action === "OBSERVE" ? event.things : [];
  const moved = (posting) => ({ ...posting, carries: carries(posting, event) });
  return {
    index, time, start, process: event.process, kind: what, settled, settles,
    joins: effects.joins || credits.some((one) => SOURCES.includes(one.kind)),
    debits: debits.map(moved), credits: credits.map(moved),
    worked: things.map((part) => ({
      lot: part.id, holder: issuer, delivery: "", g: weights.get(part.id) ?? part.g ?? 0n, carries: true, kind: "", scrap: "",
    })),
  };
}

function carries({ lot, role }, { attributes }) {
  const said = attributes.get(lot) ?? {};
  const worthless = WORTHLESS.includes(said.material) || said.grade === "scrap" || "scrapClass" in said;
  return CARRYING.includes(role) && !worthless;
}

// A close, as far as a footprint needs it (4.9.14); the rest of it has its form.
function closeOf(body) {
  const [start, end] = ["from", "to"].map((name) => micros(text(must(must(body, "period"), name))));
  const rows = (name) => (name in body ? list(body[name]) : []);
  rows("activity").forEach(checkActivity);
  rows("carbon_price").forEach(checkPrice);
  if ("monitoring_plan" in body && !isObject(body.monitoring_plan)) throw new TypeError("a plan is a document");
  const stocks = rows("stocks").map((row) => ({
    process: single(must(row, "process")), material: single(must(row, "material")),
    opening: whole(must(row, "opening")), closing: whole(must(row, "closing")),
  }));
  return { start, end, stocks, processes: list(must(body, "processes")).map(single), replaces: "replaces" in body ? Number(whole(body.replaces)) : NOBODY };
}

const ACTIVITY = ["process", "cn", "produced", "sold", "used", "other", "product", "non_aluminium"];

function checkActivity(row) {
  for (const name of ["process", "cn"]) text(must(row, name));
  for (const name of ["produced", "sold", "used", "other"]) whole(must(row, name));
  if ("product" in row) text(row.product);
  const other = Object.keys(row).find((name) => !ACTIVITY.includes(name));
  if (other !== undefined) throw new TypeError(`an activity has no member ${other}`);
  if ((row.non_aluminium ?? null) !== null) Fraction.of(row.non_aluminium);
}

function checkPrice(row) {
  for (const name of ["process", "cn", "instrument", "currency"]) text(must(row, name));
  const back = "rebate" in row ? row.rebate : { covered: "0", amount: "0", kind: "" };
  text(must(back, "kind"));
  for (const [of, name] of [[row, "covered"], [row, "due"], [back, "covered"], [back, "amount"]]) Fraction.of(must(of, name));
}

// The kind of each registered process.
export function kindsOf({ parties }) {
  const kinds = new Map();
  for (const { profile } of parties.values()) {
    for (const one of "processes" in profile ? list(profile.processes) : []) kinds.set(must(one, "id"), must(one, "kind"));
  }
  return kinds;
}
