// What SPEC 7 says of passports: what may stand beside one (6), that it is of the piece (10), its inputs (11).

import { checkUses } from "./attestations.js";
import { base64url } from "./bytes.js";
import { brief, refuse } from "./fault.js";
import { treeRoot } from "./merkle.js";
import { REGISTRY_TYPES } from "./registry.js";
import { isObject } from "./statement.js";

// SPEC 4.6: statements that may stand beside those of the registry and the one that the bundle is about.
// What cannot be read is "".
const BESIDE = {
  entry: [], short: [], delivery: ["passport"], attestation: ["energy-action", "energy-allocation", "heads", ""],
};
const ABOUT = { short: "passport", full: "passport", delivery: "lot-event", attestation: "energy-attestation" };
const typOf = (one) => one.statement?.typ ?? "";

// (6) It is about what its kind says, and nothing is in it that leaves a doubt about what it shows.
export function checkKind(steps, { kind, entries, told, about }) {
  steps.begin(6);
  if (ABOUT[kind] && typOf(told) && typOf(told) !== ABOUT[kind]) refuse("bundle_kind", `entry ${about} is a ${typOf(told)}`);
  const allowed = [...REGISTRY_TYPES, ...(BESIDE[kind] ?? [])];
  const other = kind === "full" ? undefined : entries.find((one) => one !== told && !allowed.includes(typOf(one)));
  if (other) refuse("superfluous", `entry ${other.index} is neither a registry statement nor what the bundle is about`);
}

// (10) The pieces that passports show the file to be about: a passport its own alone, an event also those whose
// passports name it as a step.
export function piecesTold({ entries, told, about }) {
  const passports = entries.filter((one) => typOf(one) === "passport").map((one) => ({ one, piece: pieceOf(one) }));
  if (typOf(told) === "passport") return [pieceOf(told)];
  const other = passports.find(({ one }) => !hasStep(one.statement.body, about));
  if (other) refuse("delivery", `the passport of entry ${other.one.index} does not name entry ${about} as a step`);
  return passports.map(({ piece }) => piece);
}

function hasStep({ steps }, entry) {
  return Array.isArray(steps) && steps.some((one) => isObject(one) && typeof one.entry === "number" && BigInt(one.entry) === entry);
}

function pieceOf({ index, statement: { body } }) {
  if (typeof body.piece !== "string" || body.id !== body.piece) refuse("expected_piece", `the passport of entry ${index} has another id than its piece`);
  const size = asOf(index, body);
  if (size > index) refuse("as_of", `the passport of entry ${index} says it was computed from ${size} entries`);
  return body.piece;
}

function asOf(index, body) {
  const size = isObject(body.as_of) ? body.as_of.size : undefined;
  return typeof size === "number" ? BigInt(size) : refuse("body", `the passport of entry ${index} has no size in as_of`);
}

// (13) Runs on the way of its pieces of which passports themselves say that nobody judged them (SPEC 4.9.5).
export function openRuns({ entries }) {
  const lists = entries.filter((one) => typOf(one) === "passport").map((one) => one.statement.body.findings).filter(Array.isArray);
  const rows = lists.flat().filter((one) => isObject(one) && one.rule === "run_not_judged" && typeof one.entry === "number");
  const named = [...new Set(rows.map(({ entry }) => entry))].sort((a, b) => a - b);
  return named.length ? [["open_runs", { count: named.length, entries: named.join(", ") }]] : [];
}

// (11) The inputs are those that the passport commits to; what can be computed from them is the same again.
export async function checkInputs(steps, found, authority, recompute) {
  steps.begin(11);
  const { kind, told, entries } = found;
  if (kind === "attestation") return checkUses(steps, found);
  if (!told.statement) return steps.notChecked(11, told.why);
  if (typOf(told) !== "passport") return steps.notChecked(11, "no_figures");
  if (kind !== "full") return steps.notChecked(11, "takes_full");
  // SPEC 4.6: in a full bundle, every entry but the passport and the statements of the registry.
  const inputs = entries.filter((one) => one !== told && !REGISTRY_TYPES.includes(typOf(one)));
  checkRoot(told, inputs);
  const facts = { count: inputs.length, hidden: inputs.filter((one) => !one.statement || one.statement.withheld).length };
  if (facts.hidden) return steps.notChecked(11, "inputs_hidden", facts);
  if (!recompute) return steps.notChecked(11, "inputs_only", facts);
  const { computed, say, facts: more } = await recompute({ passport: told, inputs, registries: authority.registries });
  return computed ? steps.passed(say, { ...facts, ...more }) : steps.notChecked(11, say, { ...facts, ...more });
}

function checkRoot({ index, statement: { body } }, inputs) {
  if (!isObject(body.inputs)) refuse("body", `the passport of entry ${index} has no inputs`);
  const size = asOf(index, body), late = inputs.find((one) => one.index >= size);
  if (late) refuse("inputs", `entry ${late.index} is no input of a passport as of ${size} entries`);
  const root = base64url(treeRoot(inputs.map((one) => one.entry.leaf)));
  if (body.inputs.count !== inputs.length || body.inputs.root !== root) {
    refuse("inputs", `the passport commits to ${brief(body.inputs.count)} inputs, the bundle shows ${inputs.length} with another root`);
  }
}
