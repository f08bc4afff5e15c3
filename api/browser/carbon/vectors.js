// What goes with metal: amounts by the number of a key, in whole Wh, g and parts of a t. Sharing loses nothing (SPEC 12.2).

import { floorDivide, sum } from "../lots/exact.js";

// Keys as small numbers. A key is a list of words: the stage it came in with, what is counted, and up to three more.
//
// emission, source, gas, basis: parts of a t · wh, matching, chain-of-custody model, source: Wh · location, market-hourly,
// market-volumetric: parts of a t · gap, why: g or Wh without figures · open: of periods not closed · restated, entry, why:
// Wh that lost their cover, or a mark · table, id and gwp, name: marks of what it rests on.
export class Keys {
  #numbers = new Map();
  #keys = [];

  number(...key) {
    const name = JSON.stringify(key);
    if (!this.#numbers.has(name)) {
      this.#numbers.set(name, this.#keys.length);
      this.#keys.push(key);
    }
    return this.#numbers.get(name);
  }

  key(number) {
    return this.#keys[number];
  }

  // A vector as rows of stage, what, amount and the other words, without what is 0.
  said(vector) {
    return [...vector].filter(([, amount]) => amount).map(([number, amount]) => {
      const [stage, what, ...words] = this.#keys[number];
      return { stage, what, words, amount };
    });
  }
}

export function put(vector, key, amount) {
  vector.set(key, (vector.get(key) ?? 0n) + amount);
}

export function add(to, more) {
  for (const [key, amount] of more) put(to, key, amount);
}

// The vector of a map, which is made where it is not there.
export function at(map, name) {
  if (!map.has(name)) map.set(name, new Map());
  return map.get(name);
}

export function together(vectors) {
  const found = new Map();
  for (const one of vectors) add(found, one);
  return found;
}

// `part` of `whole` out of a vector: of each amount the floor, the rest stays. All of it where part >= whole.
export function take(from, part, whole) {
  const found = new Map();
  for (const [key, amount] of from) {
    const taken = part >= whole ? amount : floorDivide(amount * part, whole);
    if (!taken) continue;
    found.set(key, taken);
    from.set(key, amount - taken);
  }
  return found;
}

// Each amount in proportion to the weights, by largest remainder; equal remainders: the earlier first. Where all weights
// are 0 they count alike.
export function shareOut(vector, weights) {
  if (weights.length === 1) return [new Map(vector)];
  const whole = sum(weights), found = weights.map(() => new Map());
  if (!whole) return shareOut(vector, weights.map(() => 1n));
  for (const [key, amount] of vector) {
    sharesOf(amount, weights, whole).forEach((part, place) => {
      if (part) found[place].set(key, part);
    });
  }
  return found;
}

function sharesOf(amount, weights, whole) {
  const shares = weights.map((weight) => floorDivide(amount * weight, whole));
  let left = amount - sum(shares);
  if (!left) return shares;
  const rests = weights.map((weight, place) => amount * weight - shares[place] * whole);
  for (const place of [...rests.keys()].sort((a, b) => (rests[a] === rests[b] ? 0 : rests[a] > rests[b] ? -1 : 1))) {
    if (left-- > 0n) shares[place] += 1n;
  }
  return shares;
}

// P6: what went through the average of a period is a mass balance, whatever it was before (ISO 22095).
export function averaged(vector, keys) {
  const found = new Map();
  for (const [number, amount] of vector) {
    const [stage, what, matching, model, source] = keys.key(number);
    const blended = what === "wh" && model === "controlled-blending";
    put(found, blended ? keys.number(stage, what, matching, "mass-balance", source) : number, amount);
  }
  return found;
}
