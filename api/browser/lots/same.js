// Whether two values of JSON are the same, members in any order; a number with a point is the number it is.

import { Decimal } from "../verifier/strict_json.js";
import { Fraction } from "./exact.js";

export function same(a, b) {
  if (Array.isArray(a) || Array.isArray(b)) return sameList(a, b);
  if (isNumber(a) && isNumber(b)) return sameNumber(a, b);
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return a === b;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && same(a[name], b[name]));
}

const sameList = (a, b) => Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((one, i) => same(one, b[i]));
const isNumber = (value) => typeof value === "number" || typeof value === "boolean" || value instanceof Decimal;

function sameNumber(a, b) {
  const [first, second] = [a, b].map((one) => Fraction.of(typeof one === "boolean" ? Number(one) : one));
  return first.top * second.under === second.top * first.under;
}
