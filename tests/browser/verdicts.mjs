// Verdicts of the page's verifier for a test: one JSON case a line on standard input, one JSON answer a line.
// A case has `file`, `trust`, perhaps `statement` and `incarnation` (base64 each), `piece`, `index`; `own` takes
// WebCrypto away. `rules` is the rule set that passports are computed under again; without one they are not.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const folder = pathToFileURL(`${process.argv[2]}/`);
const { readLives, verify } = await import(new URL("verify.js", folder));
const { parseTrust } = await import(new URL("trust.js", folder));
const { unbase64 } = await import(new URL("bytes.js", folder));
const { recompute } = await import(new URL("../lots/recompute.js", folder));
const { checkEvidence } = await import(new URL("../carbon/evidence.js", folder));
const believed = new Map();

function trusted(text) {
  if (!believed.has(text)) believed.set(text, parseTrust(new TextDecoder().decode(unbase64(text))));
  return believed.get(text);
}

async function answer({ file, trust: text, piece = null, index = null, statement = null, incarnation = null, rules = null }) {
  const own = statement === null ? null : String.fromCharCode(...unbase64(statement));
  const trust = trusted(text), lives = incarnation === null ? [] : await readLives(unbase64(incarnation), trust);
  const again = rules && ((inputs) => recompute(inputs, rules, checkEvidence));
  const report = await verify(unbase64(file), trust, { expected: { piece, index }, statement: own, lives, recompute: again });
  return {
    verified: report.verified,
    code: report.code,
    steps: report.steps.map((step) => step.outcome),
    said: report.steps[10].say,
    detail: report.steps.find((step) => step.outcome === "failed")?.facts.detail ?? "",
  };
}

const subtle = globalThis.crypto.subtle;
for await (const line of createInterface({ input: process.stdin })) {
  const given = JSON.parse(line);
  Object.defineProperty(globalThis.crypto, "subtle", { value: given.own ? undefined : subtle, configurable: true });
  let said;
  try {
    said = await answer(given);
  } catch (error) {
    said = { error: `${error.stack}` };
  }
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
