// A footprint out of what a piece carries, and what a passport says of it (SPEC 12.5, 4.9.5).

import { Fraction, compareText, sum } from "../lots/exact.js";
import { figuresOf, weakest } from "../lots/stated.js";
import { ZERO, inTonnes, negative, product, quotient, ratio, shifted, total } from "./decimals.js";

const GRAMS = new Fraction(1000000n); // in a t
const KG = 3, GRAM = 3; // of a t, of a kg, as powers of ten
const NONE = "none"; // what no attestation covers
const MATCHED = ["hourly", "volumetric"];
const OF_POWER = ["wh", "location", "market-hourly", "market-volumetric"];
const MOST = { breakdown: 200, power: 50, gaps: 100 }, RESTATED = 100; // rows

// By these members, texts and whole numbers.
const by = (...names) => (a, b) => names.reduce((order, name) => order || inOrder(a[name], b[name]), 0);
const inOrder = (a, b) => (typeof a === "string" ? compareText(a, b) : Number(a - b));

// `said` are the rows of its vector; the piece has `g` grams.
export function footprintOf(said, g) {
  const parts = said.filter((row) => row.what === "emission").map(partOf).sort(by("stage", "source", "gas", "basis"));
  const power = powerOf(said), electricity = (how) => total(power.map((one) => one[how])), direct = total(parts.map((one) => one.t));
  const sizes = (rows) => rows.map((one) => one.t.size), gross = total([...sizes(parts), electricity("location")]);
  const other = total(sizes(parts.filter((one) => one.basis !== "measured")));
  const wh = (name) => new Fraction(sum(power.map((one) => one[name])));
  return {
    parts, power, ...besides(said),
    value: (how) => (g ? quotient(product(total([direct, electricity(how)]), GRAMS), new Fraction(g)) : ZERO),
    share: (matching) => ratio(wh(`${matching}_wh`), wh("wh")),
    coverage: ratio(total([gross, negative(other)]), gross),
    model: weakest(said.filter((row) => row.what === "wh" && row.words[0] !== NONE).map((row) => row.words[1])),
    provisional: said.some((row) => row.what === "open"),
  };
}

function besides(said) {
  const names = (what) => said.filter((row) => row.what === what).map((row) => row.words[0]).sort(compareText);
  const gaps = said.filter((row) => row.what === "gap").map(({ stage, words: [what], amount }) => ({ stage, what, amount }));
  return { gaps: gaps.sort(by("stage", "what", "amount")), gwp: names("gwp").join(), tables: names("table"), restated: restatedOf(said) };
}

const partOf = ({ stage, words: [source, gas, basis], amount }) => ({ stage, source, gas, basis, t: inTonnes(amount) });

// By entry and reason; of what was replaced no Wh are told.
function restatedOf(said) {
  const found = new Map();
  for (const { words: [entry, reason], amount } of said.filter((row) => row.what === "restated")) {
    const name = `${entry} ${reason}`, wh = (found.get(name)?.wh ?? 0n) + (reason === "replaced" ? 0n : amount);
    found.set(name, { entry: Number(entry), reason, wh });
  }
  return [...found.values()].sort(by("entry", "reason"));
}

// The electricity of each stage that any was drawn in.
function powerOf(said) {
  const rows = said.filter((row) => OF_POWER.includes(row.what));
  const drawn = rows.filter((row) => row.what === "wh").map((row) => row.stage);
  const stages = [...new Set(drawn)].sort(compareText);
  return stages.map((stage) => powerIn(stage, rows.filter((row) => row.stage === stage)));
}

function powerIn(stage, rows) {
  const wh = rows.filter((row) => row.what === "wh"), covered = wh.filter((row) => row.words[0] !== NONE);
  const of = (matching) => sum(wh.filter((row) => row.words[0] === matching).map((row) => row.amount));
  const t = (what) => inTonnes(rows.find((row) => row.what === what)?.amount ?? 0n), hourly = of("hourly");
  if (covered.some((row) => !MATCHED.includes(row.words[0]))) throw new TypeError("a way of matching is wanted");
  const sources = new Map();
  for (const { words: [, , source], amount } of covered) sources.set(source, (sources.get(source) ?? 0n) + amount);
  return {
    stage, wh: sum(wh.map((row) => row.amount)), hourly_wh: hourly, volumetric_wh: hourly + of("volumetric"),
    location: t("location"), market_hourly: t("market-hourly"), market_volumetric: t("market-volumetric"),
    coc_model: weakest(covered.map((row) => row.words[1])),
    sources: [...sources].map(([source, amount]) => ({ source, wh: amount })).sort(by("source")),
  };
}

// The members of a passport that follow from a footprint; a list without rows is none.
export function membersOf(footprint, rules) {
  const { parts, power, gaps, tables, restated } = footprint, lists = {
    breakdown: parts.slice(0, MOST.breakdown).map(({ t, ...one }) => ({ ...one, kg: kilograms(t) })),
    power: power.slice(0, MOST.power).map(powerRow),
    gaps: gaps.slice(0, MOST.gaps).map(({ stage, what, amount }) => ({ stage: stage || "material", what, amount: Number(amount) })),
    tables: tables.map((id) => ({ id, digest: digestOf(id, rules) })),
    restated: restated.slice(-RESTATED).map(({ entry, reason, wh }) => ({ entry, reason, ...(wh ? { wh: Number(wh) } : {}) })),
  };
  const filled = Object.entries(lists).filter(([, rows]) => rows.length);
  return { figures: figuresOf(footprint, rules), ...Object.fromEntries(filled) };
}

function powerRow({ sources, ...one }) {
  const from = sources.filter((row) => row.wh).map(({ source, wh }) => ({ source: source || "other", wh: Number(wh) }));
  const wh = ["wh", "hourly_wh", "volumetric_wh"].map((name) => [name, Number(one[name])]);
  const emissions = ["location", "market_hourly", "market_volumetric"].map((name) => [name, kilograms(one[name])]);
  return { ...one, ...Object.fromEntries([...wh, ...emissions]), ...(from.length ? { sources: from } : {}) };
}

const kilograms = (t) => shifted(t, KG).rounded(GRAM);

function digestOf(id, { factors }) {
  if (!Object.hasOwn(factors, id)) throw new RangeError(`factor set ${id} is not known`);
  return factors[id];
}
