// The footprint of a passport, computed again from the statements that it names as evidence (SPEC 7, step 11; 12.9).

import { same } from "../lots/same.js";
import { Refolded } from "../lots/refolded.js";
import { Fault, brief, refuse } from "../verifier/fault.js";
import { charge, Spans } from "./windows.js";
import { chargesOf } from "./charges.js";
import { potentialsIn } from "./factors.js";
import { flow } from "./flow.js";
import { footprintOf, membersOf } from "./footprint.js";
import { Network } from "./network.js";
import { Reading, kindsOf } from "./reading.js";
import { Keys } from "./vectors.js";

const COMPARED = ["breakdown", "power", "gaps", "tables", "restated"];

// Returned are the numbers of what it was computed from. `inputs` are those of the passport, evidence among them; `rules`
// is the rule set of this program, with its factor sets.
export function checkEvidence(said, { passport, inputs, registries }, rules) {
  const potentials = potentialsIn(rules), shown = inputs.filter((one) => one.index < BigInt(said.accounts.size));
  try {
    const reading = read({ passport, inputs: shown, registries }, said.as_of.size, potentials), { steps, streams, closes, materials } = reading;
    const hours = reading.drawn.hours(), kinds = kindsOf(registries.get(shown.at(-1).index));
    const footprint = accountOf({ steps, streams, closes, materials, hours, kinds })(said.piece);
    if (!footprint) refuse("figure", `from what it names nothing follows of ${brief(said.piece)}`);
    compare(said, membersOf(footprint, rules));
    return { hours: hours.length, statements: reading.statements, stated: reading.stated, events: steps.length };
  } catch (error) {
    if (error instanceof Fault && ["inputs", "figure"].includes(error.code)) throw error;
    return refuse("inputs", `what its footprint follows from does not go together: ${error.message}`);
  }
}

function read(given, size, potentials) {
  const source = new Refolded(given, size, { believing: true }), reading = new Reading();
  for (const { index, statement } of given.inputs) {
    const entry = Number(index);
    if (statement.typ === "lot-event") reading.event(source.told(entry), source.effects.get(entry));
    else reading.other(statement, entry, potentials);
  }
  for (const { id, entry } of reading.drawn.records.values()) {
    if (!source.complete("consumption", id)) refuse("inputs", `a statement about consumption ${id} of entry ${entry} is left out`);
  }
  return reading;
}

// The account of pieces (12.4, 12.5), as a function that gives the footprint of one, null where nothing follows of it.
export function accountOf({ steps, streams, closes, materials, hours, kinds }) {
  const keys = new Keys(), spans = new Spans(closes);
  const charged = charge(chargesOf({ streams, hours, kinds }, spans, keys), steps, spans, keys);
  const { pieces, weights } = flow(new Network(steps, spans), charged, keys, { materials, stockOf: stocksIn(closes) });
  return (piece) => (pieces.has(piece) ? footprintOf(keys.said(pieces.get(piece)), weights.get(piece) ?? 0n) : null);
}

// What a process has of a material at both ends of a closed period.
function stocksIn(closes) {
  const found = new Map(), nameOf = (...of) => of.join("\n");
  for (const { start, stocks } of closes) for (const one of stocks) found.set(nameOf(one.process, start, one.material), one);
  return (process, start, material) => found.get(nameOf(process, start, material)) ?? { opening: 0n, closing: 0n };
}

function compare(said, made) {
  const told = { ...said, figures: said.figures.filter((one) => one.scope === "voluntary") };
  for (const member of ["figures", ...COMPARED]) {
    const [first, second] = [told, made].map((body) => body[member] ?? null);
    if (!same(first, second)) refuse("figure", `the passport says ${member} ${short(first)}, its evidence gives ${short(second)}`);
  }
}

const short = (value) => brief(JSON.stringify(value) ?? "nothing");
