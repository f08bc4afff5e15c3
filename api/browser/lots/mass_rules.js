// The mass rules M1 to M5 (SPEC 5.4): each gives a sentence, or "" where nothing is wrong. Masses in g.

import { DENSITY, LIMITS } from "./alloys.js";
import { Fraction, abs, compareText, grams, most } from "./exact.js";

export const CLOSING = [
  "casting", "remelting", "homogenising", "scalping", "hot-rolling", "cold-rolling", "foil-rolling", "annealing",
  "levelling", "coating", "slitting", "cutting", "packing",
];
export const PRIMARY = ["mining", "anode-making"]; // where a lot may come from nothing in this ledger
const FLOOR = { alumina: [18894n, "1.8894"], carbon: [3339n, "0.3339"] }; // in 10 000 parts: g a g of metal
const HIGHEST = { alumina: [19600n, "1.96"], carbon: [4500n, "0.45"] };

// M1: max(0.5 % of the input, scale error)
export const tolerance = (total, scale) => most(total / 200n, scale);

export function outputAboveInput(came, went, scale) {
  const highest = came + tolerance(came, scale);
  return went <= highest ? "" : `${grams(went)} come out of ${grams(came)}, the most is ${grams(highest)}`;
}

export function unaccounted(came, went, scale) {
  return came - went <= tolerance(came, scale) ? "" : `${grams(came - went)} of ${grams(came)} are unaccounted for`;
}

// M1 in refining, in millionths of a g.
export function oxideBalance(came, went) {
  return went <= came ? "" : `${grams(went / 1000000n)} of Al2O3 come out of ${grams(came / 1000000n)}`;
}

// M2: a step does not begin before what it uses was there; times in µs.
export function outBeforeAvailable(start, available, lot) {
  return start >= available ? "" : `the step began ${(available - start) / 1000000n} s before lot ${lot} was there`;
}

const ratio = (used, metal) => new Fraction(used, metal).rounded(4, { even: true, signed: true });

// M3: less than chemistry needs for the metal, or more than plants use.
export function below(what, used, metal) {
  const [parts, said] = FLOOR[what];
  if (used * 10000n >= metal * parts) return "";
  return `${ratio(used, metal)} g of ${what} a g of metal, the least that chemistry allows is ${said}`;
}

export function above(what, used, metal) {
  const [parts, said] = HIGHEST[what];
  return used * 10000n <= metal * parts ? "" : `${ratio(used, metal)} g of ${what} a g of metal, plants use at most ${said}`;
}

const textOf = (attributes, name) => String(attributes.get(name) ?? "");
const alloyNumber = (alloy) => alloy.toUpperCase().replaceAll(" ", "-").replace(/^EN-AW-/, "");
const own = (table, name) => (Object.hasOwn(table, name) ? table[name] : undefined);

// M4, where every dimension is there (in µm) and the alloy's density is known: within 1.5 %.
export function massAndSize(attributes, g) {
  const size = ["thickness", "width", "length"].map((name) => attributes.get(name));
  const density = own(DENSITY, alloyNumber(textOf(attributes, "alloy")));
  if (!size.every(Number.isInteger) || density === undefined) return "";
  const [thickness, width, length] = size.map(BigInt), bySize = (thickness * width * length * density) / 10n ** 15n;
  return abs(g - bySize) * 1000n <= bySize * 15n ? "" : `it weighs ${grams(g)}, by its size it has ${grams(bySize)}`;
}

// M4: the CN code follows from form, alloy, thickness and coating.
export function customsCode(attributes) {
  const said = textOf(attributes, "cn"), want = said ? codes(attributes) : [];
  if (!want.length || want.some((code) => code.startsWith(said) || said.startsWith(code))) return "";
  return `its CN code is ${said}, form, alloy and thickness make it ${want.join(" or ")}`;
}

function codes(attributes) {
  const form = attributes.get("form"), alloy = textOf(attributes, "alloy"), thickness = attributes.get("thickness");
  if (!alloy) return [];
  const pure = alloy.toUpperCase().replace(/^EN-AW-/, "").startsWith("1");
  if (form === "slab") return [pure ? "76011010" : "76012030"];
  if (!["coil", "strip", "sheet", "plate", "hot-band"].includes(form) || !Number.isInteger(thickness)) return [];
  return rolled(thickness, pure, attributes.has("coating"));
}

// Thickness in µm.
function rolled(thickness, pure, coated) {
  if (thickness <= 200) return ["76071", "76072"];
  const ending = thickness >= 6000 ? "9" : thickness >= 3000 ? "3" : "2";
  if (pure) return [`7606119${ending === "2" ? "1" : ending}`];
  if (ending !== "2") return [`7606129${ending}`];
  return coated ? ["76061250"] : ["76061292", "76061211", "76061219"];
}

// M5: every element within the alloy's limits, after rounding half to even to the limit's decimals.
export function analysis(alloy, chemistry) {
  const limits = own(LIMITS, alloyNumber(alloy)) ?? new Map();
  return chemistry.filter((row) => limits.has(row.element)).map((row) => element(row, limits.get(row.element))).filter(Boolean);
}

function element({ element: name, value: said, bound }, [least, highest]) {
  const value = Fraction.of(said), [low, high] = [least, highest].map(Fraction.of);
  const places = highest.split(".")[1]?.length ?? 0, rounded = Fraction.of(value.rounded(places, { even: true }));
  const over = bound !== "lt" && rounded.exceeds(high), under = bound !== "gt" && low.exceeds(rounded);
  return over || under ? `${name} is ${said} %, the alloy has ${least} to ${highest} %` : "";
}

// M5: what is rolled and cut has one alloy, that of all it is made of.
export function oneAlloy(inputs, output) {
  const others = [...new Set(inputs.filter((one) => one && one !== output))].sort(compareText);
  return output && others.length ? `it is said to be ${output} and is made of ${others.join(", ")}` : "";
}
