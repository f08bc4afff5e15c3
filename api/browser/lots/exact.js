// Whole numbers and decimals without a float (SPEC 5, 12.2). Masses are BigInt: g, µg, and their products.

import { Decimal } from "../verifier/strict_json.js";

// A whole number from 0, as a statement has grams and Wh.
export function whole(value) {
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError("a whole number from 0 is wanted");
  return BigInt(value);
}

export const sum = (values) => values.reduce((total, one) => total + one, 0n);
export const abs = (value) => (value < 0n ? -value : value);
export const least = (a, b) => (a < b ? a : b);
export const most = (a, b) => (a > b ? a : b);

export function floorDivide(a, b) {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

// Grams with groups of three, as the sentences of findings give them.
export const grams = (g) => `${String(g).replace(/\B(?=(?:\d{3})+$)/g, " ")} g`;

// A fraction: `top` / `under`, with `under` above zero.
export class Fraction {
  constructor(top, under = 1n) {
    Object.assign(this, under < 0n ? { top: -top, under: -under } : { top, under });
  }

  // Of a number as a statement has it: decimal text, an integer, a number with a point.
  static of(value) {
    const text = value instanceof Decimal ? value.literal : typeof value === "number" ? String(value) : value;
    const [, sign, digits, places = ""] = /^([+-]?)([0-9]+)(?:\.([0-9]*))?$/.exec(asText(text)) ?? noDecimal();
    const top = BigInt(digits + places);
    return new Fraction(sign === "-" ? -top : top, 10n ** BigInt(places.length));
  }

  plus(other) {
    return new Fraction(this.top * other.under + other.top * this.under, this.under * other.under);
  }

  times(top, under = 1n) {
    return new Fraction(this.top * top, this.under * under);
  }

  over(other) {
    return new Fraction(this.top * other.under, this.under * other.top);
  }

  minus(other) {
    return this.plus(other.times(-1n));
  }

  get size() {
    return new Fraction(abs(this.top), this.under);
  }

  exceeds(other) {
    return this.top * other.under > other.top * this.under;
  }

  // Toward zero.
  get integer() {
    return this.top / this.under;
  }

  // With so many places, half up (away from zero) or half to even: its decimal text, zero without a sign unless `signed`.
  rounded(places, { even = false, signed = false } = {}) {
    const scale = 10n ** BigInt(places), doubled = abs(this.top) * scale * 2n, halves = doubled / this.under;
    const exact = doubled % this.under === 0n, up = halves % 2n === 1n && !(even && exact && (halves / 2n) % 2n === 0n);
    const units = halves / 2n + (up ? 1n : 0n), digits = String(units).padStart(places + 1, "0");
    const sign = this.top < 0n && (signed || units) ? "-" : "";
    return sign + (places ? `${digits.slice(0, -places)}.${digits.slice(-places)}` : digits);
  }
}

const asText = (text) => (typeof text === "string" ? text : noDecimal());

function noDecimal() {
  throw new TypeError("a decimal number is wanted");
}

// `total` in proportion to the weights, by largest remainder; among equal remainders the lesser key first. `weights` is a
// list of [key, weight], `order` compares keys. Where all weights are zero the keys share alike.
export function share(total, weights, order) {
  if (weights.length === 1) return [[weights[0][0], total]];
  const all = sum(weights.map(([, weight]) => weight));
  if (!all) return weights.length ? share(total, weights.map(([key]) => [key, 1n]), order) : [];
  const parts = weights.map(([key, weight]) => {
    const floor = floorDivide(total * weight, all);
    return { key, part: floor, rest: total * weight - floor * all };
  });
  let left = total - sum(parts.map((one) => one.part));
  for (const one of [...parts].sort((a, b) => (a.rest === b.rest ? order(a.key, b.key) : a.rest > b.rest ? -1 : 1))) {
    if (left-- > 0n) one.part += 1n;
  }
  return parts.map(({ key, part }) => [key, part]);
}

// Text in code point order, which is not that of UTF-16 above U+FFFF.
export function compareText(a, b) {
  if (a === b) return 0;
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  const [first, second] = [a, b].map((text) => (at < text.length ? unit(text.charCodeAt(at)) : -1));
  return first - second;
}

// Surrogates come after all else.
const unit = (code) => (code >= 0xd800 && code < 0xe000 ? code + 0x10000 : code);
