// What a passport states of a footprint, held against the breakdown that it states beside it (SPEC 7, step 11; 12.5). The
// breakdown itself rests on hours of power and source streams: where the passport names them, `carbon/` computes it again.

import { Fault, brief, refuse } from "../verifier/fault.js";
import { NOBODY, standsAlone } from "./book.js";
import { list, must, text } from "./event.js";
import { Fraction, sum, whole } from "./exact.js";
import { same } from "./same.js";

const FULL = { breakdown: 200, power: 50 }; // rows: so long it may be cut
const ROUNDED = [5n, 10000n]; // 0.0005 kg: each amount is rounded to the gram
const VALUE = new Fraction(5n, 10000000n); // each figure to six places
const ZERO = new Fraction(0n), ONE = new Fraction(1n);
// ISO 22095, the strongest first: along a chain the weakest counts.
const MODELS = ["identity-preserved", "segregated", "controlled-blending", "mass-balance", "book-and-claim"];
const FIGURES = [
  ["product-footprint", "market_hourly", "hourly"], ["product-footprint", "market_volumetric", "volumetric"],
  ["product-footprint-location", "location", "none"],
];

const differs = (says) => refuse("figure", `the passport does not add up: ${says}`);
const rows = (said, name) => (name in said ? list(said[name]) : []);
const total = (fractions) => fractions.reduce((all, one) => all.plus(one), ZERO);

// A word for what came of it.
export function checkStated(said, story, rules) {
  try {
    checkState(said, rules);
    for (const one of rows(said, "power")) checkPower(one);
    if (Object.entries(FULL).some(([name, most]) => rows(said, name).length >= most)) return "footprint_cut";
    checkFigures(said, weightOf(story, must(said.accounts, "size")), rules);
  } catch (error) {
    if (error instanceof Fault) throw error;
    differs("its footprint lacks the form of 4.9.5");
  }
  return "footprint_stated";
}

// The state that was accounted for is none that comes later, and factor sets are those of this rule set.
function checkState(said, { factors }) {
  const { accounts, as_of: asOf } = said, [size, upto] = [accounts, asOf].map((one) => whole(must(one, "size")));
  const later = size > upto || (size === upto && !same(accounts, asOf));
  if (later) differs(`its footprint is of ${size} entries, the passport as of ${upto}`);
  const known = (one) => Object.hasOwn(factors, text(must(one, "id"))) && factors[one.id] === must(one, "digest");
  const other = rows(said, "tables").find((one) => !known(one));
  if (other) differs(`its factor set ${brief(other.id)} is none of the rule set that it names`);
  const late = rows(said, "restated").find((one) => whole(must(one, "entry")) >= size);
  if (late) differs(`it is restated by entry ${late.entry}, of ${size} that it was computed from`);
}

// C7: what is matched in the hour is matched by volume, and what is matched comes from somewhere.
function checkPower(one) {
  const [wh, volumetric, hourly] = ["wh", "volumetric_wh", "hourly_wh"].map((name) => whole(must(one, name)));
  const inOrder = hourly >= 0n && hourly <= volumetric && volumetric <= wh;
  if (!inOrder) differs(`of ${wh} Wh ${volumetric} are matched by volume, ${hourly} by the hour`);
  const came = sum(rows(one, "sources").map((source) => whole(must(source, "wh"))));
  if (came !== volumetric) differs(`${volumetric} Wh are matched, ${came} Wh come from sources`);
}

function checkFigures(said, g, rules) {
  const given = list(said.figures).filter((one) => must(one, "scope") === "voluntary");
  const footprint = footprintOf(said, given, g), made = figuresOf(footprint, rules);
  if (given.length !== made.length) differs(`it has ${given.length} voluntary figures, its breakdown gives ${made.length}`);
  given.forEach((one, i) => {
    if (agree(one, made[i], footprint)) return;
    const [says, gives] = [one, made[i]].map((figure) => `${figure.name} ${brief(figure.value)}`);
    differs(`it says ${says}, its breakdown and ${g} g give ${gives}, or something beside it`);
  });
}

// Two figures, of amounts that are each off by at most what rounding took. Shares and words are the same exactly.
function agree(said, made, { amounts, gross, g }) {
  if (!text(must(said, "name")).startsWith("product-footprint")) return same(said, made);
  const kg = new Fraction(BigInt(amounts)).times(...ROUNDED);
  const room = {
    value: kg.times(1000n, g).plus(VALUE.times(2n)),
    coverage: gross.top ? kg.times(2n).over(gross).plus(VALUE.times(2n)) : kg,
  };
  const near = Object.entries(room).every(([name, most]) => (
    !Fraction.of(must(said, name)).minus(Fraction.of(made[name])).size.exceeds(most)
  ));
  const words = (one) => ({ ...one, value: null, coverage: null });
  return near && same(words(said), words(made));
}

// The breakdown as the account had it, each amount to the gram. Whether periods were open and which potentials were used is
// in no row of it: that all figures say the same is held.
function footprintOf(said, figures, g) {
  const power = rows(said, "power"), parts = rows(said, "breakdown").map((one) => {
    for (const name of ["stage", "source", "gas"]) must(one, name);
    return { basis: must(one, "basis"), kg: Fraction.of(must(one, "kg")) };
  });
  const electricity = (name) => total(power.map((one) => Fraction.of(must(one, name))));
  const wh = (name) => sum(power.map((one) => whole(one[name])));
  for (const one of power) must(one, "stage");
  if (g <= 0n) throw new TypeError("a piece of no mass has no footprint a tonne");
  const direct = total(parts.map((one) => one.kg)), gross = total(parts.map((one) => one.kg.size)).plus(electricity("location"));
  const other = total(parts.filter((one) => one.basis !== "measured").map((one) => one.kg.size));
  return {
    g, amounts: parts.length + power.length, gross,
    value: (how) => direct.plus(electricity(how)).times(1000n, g),
    share: (matching) => ratio(new Fraction(wh(`${matching}_wh`)), new Fraction(wh("wh"))),
    coverage: ratio(gross.minus(other), gross),
    model: weakest(power.map((one) => must(one, "coc_model"))),
    provisional: figures.some((one) => one.provisional), gwp: figures.find((one) => "gwp" in one)?.gwp ?? "",
  };
}

// Of none: that of metal which is mixed and weighed.
export function weakest(models) {
  const places = models.map((one) => MODELS.indexOf(one));
  if (places.includes(-1)) throw new TypeError("a model of ISO 22095 is wanted");
  return places.length ? MODELS[Math.max(...places)] : "controlled-blending";
}

const ratio = (part, all) => (all.top ? part.over(all) : ZERO);

// A share of a whole, between 0 and 1, to six places.
const shareText = (share) => (share.top < 0n ? ZERO : share.exceeds(ONE) ? ONE : share).rounded(6);

// Emissions a t of the piece, three ways; the two shares, side by side. `value` has t a t of one way, `share` of one matching.
export function figuresOf({ value, share, coverage, model, provisional, gwp }, { id, digest }) {
  const about = { scope: "voluntary", rules: { id, digest }, method: "cradle-to-gate", rounding: "half-up", coc_model: model };
  const late = provisional ? { provisional: true } : {};
  const emissions = FIGURES.map(([name, how, matching]) => ({
    name, value: value(how).rounded(6), unit: "t/t", ...about, matching, ...(gwp ? { gwp } : {}), coverage: shareText(coverage), ...late,
  }));
  const shares = ["hourly", "volumetric"].map((matching) => (
    { name: `renewable-share-${matching}`, value: shareText(share(matching)), unit: "1", ...about, matching, ...late }
  ));
  return [...emissions, ...shares];
}

// The g that the account divides by: as the piece was made, of events below `size` that stood there.
function weightOf({ effects, piece }, size) {
  const stood = (one) => standsAlone(one) || (one.undoes === NOBODY && one.declaredBy >= size);
  const events = [...effects.values()].filter((one) => one.index < size && stood(one));
  const ordered = events.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.index - b.index));
  const made = ordered.flatMap((one) => (
    one.credits.filter((posting) => isMade(one, posting, piece.id)).map((posting) => ({ one, posting }))
  ));
  // Rule 5.1: what came late is not its making once its sender was heard.
  const found = made.findLast(({ one, posting }) => posting.kind !== "late" || !one.settled.some((row) => row.entry < size));
  return found ? found.posting.g : differs("nobody made the piece by the state of its footprint");
}

// By a step that joins, or from nowhere; neither moved nor corrected (12.4).
const isMade = (one, { lot, kind }, piece) => lot === piece && kind !== "correction" && (one.joins || kind !== "");
