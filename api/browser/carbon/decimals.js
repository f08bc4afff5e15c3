// Numbers of emissions (SPEC 12.2): decimals of 34 significant digits in formulas, half to even (IEEE 754-2019,
// decimal128); whole parts of 10^-40 t where they are shared.

import { Fraction, abs } from "../lots/exact.js";

const DIGITS = 34, BEYOND = 10n ** 34n;
const PLACES = 40; // of a t
const MEGA = 6; // Wh in a MWh
export const ZERO = new Fraction(0n), ONE = new Fraction(1n);

const tens = (places) => 10n ** BigInt(places);
const lengthOf = (whole) => String(whole).length;
export const shifted = (value, places) => (places < 0 ? value.times(1n, tens(-places)) : value.times(tens(places)));

// A fraction as the nearest whole number, half to even.
function nearest({ top, under }) {
  const floor = abs(top) / under, rest = abs(top) % under * 2n;
  const found = floor + (rest > under || (rest === under && floor % 2n) ? 1n : 0n);
  return top < 0n ? -found : found;
}

export function decimal128(value) {
  if (!value.under) throw new RangeError("nothing is divided by zero");
  const size = lengthOf(abs(value.top)) - lengthOf(value.under); // it lies between 10^(size-1) and 10^(size+1)
  const long = shifted(value, DIGITS - size), places = DIGITS - size - (abs(long.top) < BEYOND * long.under ? 0 : 1);
  return shifted(new Fraction(nearest(shifted(value, places))), -places);
}

// Each is rounded after every step, from the left.
export const product = (...values) => values.reduce((all, one) => decimal128(all.times(one.top, one.under)));
export const quotient = (part, whole) => decimal128(part.over(whole));
export const total = (values) => values.reduce((all, one) => decimal128(all.plus(one)), ZERO);
export const negative = (value) => value.times(-1n);

// One over another; 0 where there is no whole.
export const ratio = (part, whole) => (whole.top ? quotient(part, whole) : ZERO);

export const inParts = (t) => nearest(shifted(t, PLACES));
export const inTonnes = (parts) => decimal128(new Fraction(parts, tens(PLACES)));

// Of a factor in t CO2e/MWh; nothing is rounded.
export const partsPerWh = (factor) => shifted(factor, PLACES - MEGA).integer;
