// A passport computed again from the inputs of its full bundle (SPEC 7, step 11), and what it says held against that.

import { brief, refuse } from "../verifier/fault.js";
import { namesOneThing } from "../verifier/gs1.js";
import { isObject } from "../verifier/statement.js";
import { NOBODY } from "./book.js";
import { compareText } from "./exact.js";
import { OF_RUNS } from "./open_runs.js";
import { LIST, OF_AN_EVENT, bodyOf, byWeight, findingsOf } from "./passport.js";
import { Refolded } from "./refolded.js";
import { same } from "./same.js";
import { checkStated } from "./stated.js";
import { carried, restsOn, storyOf } from "./story.js";

const COMPARED = [
  "id", "piece", "status", "facts", "steps", "stages", "holds", "claims", "figures", "ends", "corrections", "inputs",
];
const MEMBERS = ["breakdown", "power", "gaps", "tables", "restated", "accounts", "evidence"]; // of a footprint
const OF_CLAIMS = ["claimed_balance", "claim_mass"]; // found where a correction is not refused (5.9)
const EVIDENCE = 4000; // entries, at most (8)
const ALWAYS = 1000; // pieces that it was made of that are among the references whatever else is

// `rules` is the rule set that this program has: { id, digest, factors, sets }. `checkEvidence` knows those of carbon: it is
// wanted where the passport names evidence. Returned is whether it was computed, and a word for a sentence with its facts:
// what follows another rule set is not judged.
export function recompute({ passport, inputs, registries }, rules, checkEvidence) {
  const said = passport.statement.body, { id, digest } = rules;
  const other = rowsOf(said, "figures").find((one) => !same(one.rules ?? null, { id, digest }));
  if (other) return { computed: false, say: "rules_unknown", facts: { rules: brief(other.rules?.id ?? "") } };
  const evidence = evidenceOf(said), own = inputs.filter((one) => !evidence.has(Number(one.index)));
  const { story, source, made } = computedAgain(said, { passport, inputs: own, registries }, { id, digest }, evidence.size);
  checkInputs([...story.inputs, ...evidence], inputs);
  const claims = withShares(rowsOf(said, "claims"), made.claims ?? [], source);
  compare(said, claims.length ? { ...made, claims } : made);
  compareFindings(rowsOf(said, "findings"), findingsOf(story), judgedIn(story, source));
  const shared = claims.some((one) => source.stoodIn.has(one.entry)) ? ["claims_unshared"] : [];
  const any = MEMBERS.some((name) => name in said) || rowsOf(said, "figures").some((one) => one.scope === "voluntary");
  if (any && !("accounts" in said)) refuse("figure", "the passport states a footprint and not of which state of the ledger");
  const stated = "accounts" in said ? checkStated(said, story, rules) : "footprint_none";
  const carbon = evidence.size ? checkEvidence(said, { passport, inputs, registries }, rules) : {};
  const more = [...shared, evidence.size ? "footprint_computed" : stated];
  return { computed: true, say: "figures", facts: { figures: made.figures.length, ways: made.steps.length, ...carbon, more } };
}

// Whatever is wrong with an input, or does not go together, is a fault of the inputs.
function computedAgain(said, { passport, inputs, registries }, rules, evidence) {
  try {
    const source = new Refolded({ passport, inputs, registries }, said.as_of.size), story = storyOf(said.piece, source);
    checkWhole(story, source);
    const made = bodyOf(story, source, registries.get(passport.index), { rules, root: said.inputs.root, evidence });
    return { story, source, made };
  } catch (error) {
    return refuse("inputs", `the inputs do not make up the story of ${brief(said.piece)}: ${error.message}`);
  }
}

// What is an input for the footprint's sake alone (4.9.5).
function evidenceOf(said) {
  const ends = "evidence" in said ? said.evidence : [], found = new Set();
  const ranges = Array.isArray(ends) && ends.length % 2 === 0 && ends.every((one) => typeof one === "number");
  const ascend = ranges && ends.every((one, place) => place === 0 || ends[place - 1] < one);
  const most = ascend ? ends.reduce((sum, one, place) => sum + (place % 2 ? one : -one), 0) : Infinity;
  if (most > EVIDENCE || (most && !("accounts" in said))) refuse("inputs", "the evidence of its footprint is out of form");
  for (let place = 0; place < ends.length; place += 2) for (let one = ends[place]; one < ends[place + 1]; one += 1) found.add(one);
  return found;
}

// Of what the piece rests on, no version is left out (4.6).
function checkWhole(story, source) {
  for (const { entry, lots } of story.trace.nodes) {
    for (const lot of [...lots].sort(compareText)) if (lot) requireWhole(source, lot, entry);
    const one = standing(story, entry), used = one?.joins ? one.debits.map((posting) => posting.lot) : [];
    for (const lot of used.filter(namesOneThing).sort(compareText)) requireWhole(source, lot, one.index);
  }
  for (const [lot, entry] of [...restsOn(story.trace, source), ...story.whole]) requireWhole(source, lot, entry);
  requireWhole(source, story.piece.id, source.size);
  for (const { unit, first, last } of carried(story.line, source)) {
    if (!source.goesOn(unit, first, last)) throw new Error(`the bundle leaves out a version of ${unit}, which a piece was in`);
  }
  for (const name of [story.piece.id, ...story.line.slice(1).sort(compareText).slice(0, ALWAYS)]) {
    if (!source.isNewest(name)) throw new Error(`the bundle leaves out the newest version of ${name}`);
  }
}

// The event itself, or what took its place where it was declared wrong.
function standing({ effects }, entry) {
  let one = effects.get(entry);
  while (one && one.declaredBy !== NOBODY) one = effects.get(one.replacedBy);
  return one;
}

function requireWhole(source, lot, entry) {
  const lacking = source.lacks(lot, entry);
  if (lacking) throw new Error(`the bundle leaves out a version of lot ${lacking}, on which entry ${entry} rests`);
}

function checkInputs(entries, inputs) {
  const shown = new Set(inputs.map((one) => Number(one.index))), wanted = new Set(entries);
  const missing = entries.filter((entry) => !shown.has(entry)), beside = [...shown].filter((entry) => !wanted.has(entry));
  if (missing.length) refuse("inputs", `the bundle lacks entries ${missing.slice(0, 5)}, as the rules compute it`);
  if (beside.length) refuse("inputs", `the bundle holds entries ${beside.slice(0, 5)} that it does not rest on`);
}

// Whether it takes the place of an event of another run or of a month, which is judged with it.
function leftARun(effects, { replaces, run }) {
  const old = effects.get(replaces), name = old ? old.run || old.period : "";
  return name !== "" && name !== run;
}

// Whether a finding rests on nothing but what the bundle holds: its entry took nothing of stand-ins, and is of no run but
// a traced one. What a declaration of error leaves of a class lot rests on all its history up to there; what it leaves of a
// run, what a month comes to, and whether an account of claims balances (5.9), an audit shows.
function judgedIn({ trace, effects, line }, source) {
  const runs = new Map(), name = (one) => `${one.issuer}\n${one.run}`;
  for (const { entry, lots } of trace.nodes) {
    const one = effects.get(entry);
    if (one?.run && lots.includes("")) runs.set(name(one), Math.max(entry, runs.get(name(one)) ?? NOBODY));
  }
  return ({ entry, rule, about }) => {
    if (OF_RUNS.includes(rule)) return true;
    const one = effects.get(entry), lot = typeof about?.id === "string" ? about.id : "";
    if (!one || source.stoodIn.has(entry) || OF_CLAIMS.includes(rule)) return false;
    if (OF_AN_EVENT.includes(rule) && (one.period || one.undoes !== NOBODY || leftARun(effects, one))) return false;
    if (one.undoes === NOBODY) return !one.run || entry <= (runs.get(name(one)) ?? NOBODY);
    return line.includes(lot) || !source.lacks(lot, entry);
  };
}

// The claims of the piece, each with the share that the passport says where that is at most all that was claimed: it is
// shared by the mass of all that was shipped (4.9.5), of which a bundle need not hold anything.
function withShares(said, claims, source) {
  return claims.map((one, i) => {
    const mass = said[i]?.mass, [, most] = source.told(one.entry).claims.find(([scope]) => scope === one.scope);
    const unshared = source.stoodIn.has(one.entry) && Number.isSafeInteger(mass) && mass >= 0 && mass <= Number(most);
    return unshared ? { ...one, mass } : one;
  });
}

function rowsOf(body, name) {
  const rows = name in body ? body[name] : [];
  const inForm = Array.isArray(rows) && rows.every(isObject);
  return inForm ? rows : refuse("figure", `the passport has ${name} out of form`);
}

// Member by member. A withheld member of the facts is not there, and is not missed; a footprint is another matter.
function compare(said, made) {
  const facts = Object.fromEntries(Object.entries(made.facts).filter(([name]) => name in Object(said.facts)));
  const figures = rowsOf(said, "figures").filter((one) => one.scope !== "voluntary"), told = { ...said, figures };
  for (const member of COMPARED) {
    const [first, second] = [told, { ...made, facts }].map((body) => body[member] ?? null);
    if (!same(first, second)) refuse("figure", `the passport says ${member} ${short(first)}, its inputs give ${short(second)}`);
  }
}

// Those that are judged. Of a list that is full, down to the last that it holds: what was left out is below.
function compareFindings(said, made, judged) {
  const told = said.filter((one) => typeof one.entry === "number"), last = told.length < LIST ? null : [...told].sort(byWeight).at(-1);
  const [first, second] = [told, made].map((rows) => rows.filter((one) => judged(one) && (!last || byWeight(one, last) < 0)));
  if (same(first, second)) return;
  refuse("figure", `the passport has ${first.length} findings on what is shown, its inputs give ${second.length}`);
}

const short = (value) => brief(JSON.stringify(value) ?? "nothing");
