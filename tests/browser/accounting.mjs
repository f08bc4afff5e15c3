// What the page's accounts make of parks, and its decimals of formulas: one JSON value a line on standard input, one JSON
// answer a line. A park has `steps`, `hours`, `streams`, `closes`, `materials` and `kinds`, and `pieces` that are asked for;
// a sum has `one`, `other` and `exact` to be shared.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const folder = pathToFileURL(`${process.argv[2]}/`);
const { accountOf } = await import(new URL("../carbon/evidence.js", folder));
const { membersOf } = await import(new URL("../carbon/footprint.js", folder));
const { decimal128, inParts, inTonnes, product, quotient, total } = await import(new URL("../carbon/decimals.js", folder));
const { Fraction } = await import(new URL("../lots/exact.js", folder));

const RULES = { id: "r", digest: "d", factors: {} };
const whole = (rows, ...names) => rows.map((row) => ({ ...row, ...Object.fromEntries(names.map((name) => [name, BigInt(row[name])])) }));
const decimal = (text) => (text === null ? null : Fraction.of(text));

function accounted({ steps, hours, streams, closes, materials, kinds, pieces }) {
  const footprint = accountOf({
    steps: whole(steps, "time", "start").map((one) => (
      { ...one, ...Object.fromEntries(["debits", "credits", "worked", "settles"].map((name) => [name, whole(one[name], "g")])) }
    )),
    hours: whole(hours, "start", "wh").map((one) => (
      { ...one, rows: whole(one.rows, "wh").map((row) => ({ ...row, factor: decimal(row.factor) })) }
    )),
    streams: whole(streams, "start", "end").map((one) => ({
      ...one, emissions: one.emissions.map((row) => ({ ...row, t: decimal(row.t) })),
      power: one.power && { ...one.power, factor: decimal(one.power.factor) },
    })),
    closes: whole(closes, "start", "end").map((one) => ({ ...one, stocks: whole(one.stocks, "opening", "closing") })),
    materials: new Map(materials), kinds: new Map(kinds),
  });
  return pieces.map((piece) => membersOf(footprint(piece), RULES));
}

const exactly = ({ top, under }) => [String(top), String(under)];

function computed({ one, other, exact }) {
  const [a, b, c] = [one, other, exact].map(decimal);
  const found = [product(a, b), quotient(a, b), total([a, b]), decimal128(c), inTonnes(inParts(c)), new Fraction(inParts(a))];
  return found.map(exactly);
}

for await (const line of createInterface({ input: process.stdin })) {
  const said = JSON.parse(line);
  process.stdout.write(`${JSON.stringify("steps" in said ? accounted(said) : computed(said))}\n`);
}
