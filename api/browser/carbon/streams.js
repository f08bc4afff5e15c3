// What one emission-source statement says (SPEC 4.9.13), as emissions (12.3): by gas, in t CO2e, with what they rest on.
// Its body was held against no schema: what is not there, or is of another kind, throws.

import { list, must, text } from "../lots/event.js";
import { Fraction, whole } from "../lots/exact.js";
import { micros } from "../verifier/moments.js";
import { isObject } from "../verifier/statement.js";
import { ONE, ZERO, decimal128, negative, product, quotient, shifted, total } from "./decimals.js";

const TONNE = -6; // g, or dm³ in 1 000 m³, or Wh in a MWh: as a power of ten
const TERAJOULE = -9; // kJ

const number = (said, name) => Fraction.of(must(said, name));
const numbers = (said, ...names) => names.map((name) => number(said, name));
const tonnes = (said, name) => shifted(number(said, name), TONNE);
const periodOf = (said) => ["from", "to"].map((name) => micros(text(must(said, name))));

// The period is [start, end), in µs; `emissions` have gas, basis and t, `power` the method and factor in t CO2e/MWh.
// `potentials` gives the warming potentials of a set by gas.
export function readStream(body, entry, potentials) {
  const kind = text(must(body, "kind")), member = kind.replaceAll("-", "_"), [start, end] = periodOf(must(body, "period"));
  const stream = {
    entry, kind, start, end, process: text(must(body, "process")), name: text(must(body, "stream")),
    status: text(must(body, "status")), accounts: list(must(body, "accounts")).map(text), emissions: [], power: null,
    table: "table" in body ? text(must(body.table, "id")) : "", gwp: "gwp" in body ? text(body.gwp) : "",
    replaces: "replaces" in body ? Number(whole(body.replaces)) : -1,
  };
  if (!(member in body)) return stream;
  if (!Object.hasOwn(READ, kind)) throw new TypeError(`a stream of kind ${kind} is not known`);
  return { ...stream, ...READ[kind](body[member], stream, potentials) };
}

const emitting = (gas, t, basis) => ({ emissions: [{ gas, t, basis }] });

// F1.
const heatOf = (energy, factor, oxidation, biomass) => product(energy, factor, oxidation, decimal128(ONE.minus(biomass)));

function fuel(said, { status }) {
  const parts = numbers(said, "factor", "oxidation", "biomass");
  if (must(said, "unit") === "kJ") return emitting("CO2", heatOf(shifted(number(said, "quantity"), TERAJOULE), ...parts), status);
  const energy = shifted(product(tonnes(said, "quantity"), number(said, "net_calorific_value")), -3);
  return emitting("CO2", heatOf(energy, ...parts), status);
}

// F2.
const anode = (said, { status }) => (
  emitting("CO2", product(number(said, "factor"), tonnes(said, "net_consumed"), number(said, "carbon")), status)
);

// F6, F7: what was emitted is what was in the duct over what the hoods collect, once, on the sum in t CO2e.
function pfc(said, { status, gwp }, potentials) {
  const [cf4, c2f6] = inDuct(said), by = potentials(gwp), efficiency = number(said, "collection_efficiency");
  const ofCf4 = product(cf4, number(by, "CF4")), ofBoth = total([ofCf4, product(c2f6, number(by, "C2F6"))]);
  const [part, whole] = [ofCf4, ofBoth].map((warming) => quotient(warming, efficiency));
  const rest = decimal128(whole.minus(part));
  return { emissions: [{ gas: "CF4", t: part, basis: status }, { gas: "C2F6", t: rest, basis: status }] };
}

// F3 to F5: CF4 and C2F6, in t.
function inDuct(said) {
  const method = must(said, "method");
  if (method === "measured") return numbers(said, "cf4", "c2f6").map((kg) => decimal128(shifted(kg, -3)));
  const cf4 = method === "slope" ? bySlope(said, tonnes(said, "metal")) : byOvervoltage(said, tonnes(said, "metal"));
  return [cf4, product(cf4, number(said, "c2f6_ratio"))];
}

function bySlope(said, metal) {
  const [frequency, duration, slope] = numbers(said, "frequency", "duration", "slope");
  return product(product(frequency, duration), decimal128(shifted(slope, -3)), metal);
}

function byOvervoltage(said, metal) {
  const [coefficient, millivolts, efficiency] = numbers(said, "overvoltage_factor", "overvoltage", "current_efficiency");
  return product(coefficient, quotient(millivolts, efficiency), metal, new Fraction(1n, 1000n));
}

const material = (said, { status }) => (
  emitting("CO2", product(number(said, "factor"), tonnes(said, "mass"), number(said, "conversion")), status)
);

// E4, E5: a default with its mark-up; what is exempt counts as 0; another's report is his claim.
function precursor(said) {
  const markUp = "mark_up" in said ? number(said, "mark_up") : ZERO, more = total([ONE, decimal128(shifted(markUp, -2))]);
  const direct = must(said, "basis") === "exempt" ? ZERO : product(number(said, "direct"), more);
  const indirect = "indirect" in said ? product(number(said, "indirect"), more) : ZERO;
  checkBought(said);
  const carried = product(total([direct, indirect]), tonnes(said, "mass"));
  return emitting("CO2e", carried, said.basis === "default" ? "default" : "claimed");
}

function checkBought(said) {
  for (const name of ["cn", "country"]) must(said, name);
  for (const name of ["purchased", "other"]) if (name in said) whole(said[name]);
  if ("lot" in said) text(said.lot);
  if ("produced" in said) periodOf(said.produced);
  if ("report" in said && !isObject(said.report)) throw new TypeError("a report is a document");
}

function electricity(said) {
  must(said, "energy");
  return { power: { method: must(said, "method"), factor: number(said, "factor") } };
}

// F8: what is given away counts against the process.
function heat(said, { status }) {
  const t = product(shifted(number(said, "energy"), TERAJOULE), number(said, "factor"));
  return emitting("CO2e", must(said, "direction") === "in" ? t : negative(t), status);
}

const exported = (said, { status }) => (
  emitting("CO2e", negative(product(number(said, "factor"), tonnes(said, "energy"))), status)
);

function measured(said, { status, gwp }, potentials) {
  const gas = text(must(said, "gas")), potential = gas === "CO2" ? ONE : number(potentials(gwp), gas);
  return emitting(gas, product(tonnes(said, "mass"), potential), status);
}

const READ = {
  fuel, anode, pfc, material, precursor, electricity, heat, "waste-gas": heat, "power-export": exported, measured,
};
