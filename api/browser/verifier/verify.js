// Verification of a receipt, a bundle or a proof of misbehaviour with nothing but its bytes and what the reader trusts
// (SPEC 7). No network, no clock. Origin, keys, quorum and pins come from the trust file, the expected piece from the
// reader. Each block carries the number of its step; 5, 6 and 8 go before 4 and 7, since nothing is read out of bytes
// that no entry commits to.

import { equal, hex, utf8 } from "./bytes.js";
import { checkExpected, checkTime, sayOpen } from "./circumstances.js";
import { refuse } from "./fault.js";
import { parseBundle, parseProof, parseReceipt } from "./files.js";
import { checkLost, livesOf, withLives } from "./lives.js";
import { checkLineage } from "./step_lineage.js";
import { verifyInclusion, verifyMultiproof } from "./merkle.js";
import { MISBEHAVIOUR, misbehaviour } from "./misbehaviour.js";
import { openCheckpoint } from "./note.js";
import { checkAuthority, checkIndex0 } from "./authority.js";
import { checkInputs, checkKind } from "./passports.js";
import { sha256 } from "./sha2.js";
import { checkSalts, parseStatement, signedPart, withDisclosures } from "./statement.js";
import { Steps } from "./steps.js";
import { quorumMet } from "./trust.js";

const beginning = (bytes) => String.fromCharCode(...bytes.subarray(0, 64));
const isBundle = (bytes) => beginning(bytes).includes('"coilmark.bundle/');

const isMisbehaviour = (bytes) => beginning(bytes).startsWith(`{"type":"${MISBEHAVIOUR}"`);

// A file of any kind. `expected` has `piece` in any GS1 spelling and `index`, where the reader knows them; `statement`
// is his own copy in wire form; `lives` what `readLives` made of a newer incarnation; `recompute` knows the rules of
// lots; `watch` is told each step as it is done.
export function verify(bytes, trust, options = {}) {
  if (isMisbehaviour(bytes)) return verifyMisbehaviour(bytes, trust, options);
  return isBundle(bytes) ? verifyBundle(bytes, trust, options) : verifyReceipt(bytes, trust, options);
}

function verifyReceipt(bytes, trust, { statement = null, expected = {}, lives = [], watch } = {}) {
  const steps = new Steps("receipt", watch);
  return steps.report(() => receipt(steps, bytes, withLives(trust, lives), expected, { statement, lives }));
}

function verifyBundle(bytes, trust, { expected = {}, lives = [], recompute = null, watch } = {}) {
  const steps = new Steps("bundle", watch);
  return steps.report(() => bundle(steps, bytes, withLives(trust, lives), expected, { lives, recompute }));
}

// Verified means proven: that a log of the trust file signed what cannot be true together.
function verifyMisbehaviour(bytes, trust, { watch } = {}) {
  const steps = new Steps("misbehaviour", watch);
  return steps.report(() => misbehaviour(steps, bytes, trust));
}

// The incarnations in the bundle of a `ledger` statement. Refuses one that does not hold.
export async function readLives(bytes, trust) {
  const { verified, steps } = await verifyBundle(bytes, trust);
  if (!verified) refuse("lives", steps.find((step) => step.outcome === "failed").facts.detail);
  return livesOf(bytes);
}

async function receipt(steps, bytes, trust, expected, { statement, lives }) {
  // (1)
  steps.begin(1);
  const { shown, proof: text } = parseReceipt(bytes), proof = parseProof(text), { index } = shown.entry;
  steps.passed("receipt", { bytes: bytes.length, index });
  const signed = await checkpoint(steps, proof.checkpoint, trust);
  // (3)
  steps.begin(3);
  if (proof.index !== index) refuse("inclusion", `the proof is of entry ${proof.index}, the entry itself is ${index}`);
  verifyInclusion(index, signed.size, shown.entry.leaf, proof.path, signed.root);
  checkLost(lives, signed, index);
  steps.passed("included", { count: 1, size: signed.size, hashes: proof.path.length });
  // (4), (7)
  steps.notChecked(4, "takes_bundle");
  steps.notChecked(7, "takes_bundle");
  const given = { kind: "receipt", entries: [{ ...shown, wire: statement ?? shown.wire }], about: index, signed, trust };
  const found = statements(steps, given);
  const wants = checkLineage(steps, found, null);
  checkExpected(steps, found, wants, expected);
  await checkInputs(steps, found, null, null);
  checkTime(steps, found);
  sayOpen(steps, found, null, wants);
}

async function bundle(steps, bytes, trust, expected, { lives, recompute }) {
  // (1)
  steps.begin(1);
  const { kind, about, entries, proof, checkpoint: note } = parseBundle(bytes);
  steps.passed("bundle", { bytes: bytes.length, count: entries.length, index: about, kind });
  const signed = await checkpoint(steps, note, trust);
  // (3)
  steps.begin(3);
  verifyMultiproof(signed.size, entries.map(({ entry }) => [entry.index, entry.leaf]), proof, signed.root);
  checkChain(entries.map((one) => one.entry));
  checkLost(lives, signed, about);
  steps.passed("included", { count: entries.length, size: signed.size, hashes: proof.length });
  const found = statements(steps, { kind, entries, about, signed, trust });
  checkKind(steps, found);
  checkIndex0(steps, found);
  const authority = await checkAuthority(steps, found);
  const wants = checkLineage(steps, found, authority);
  checkExpected(steps, found, wants, expected);
  await checkInputs(steps, found, authority, recompute);
  checkTime(steps, found);
  sayOpen(steps, found, authority, wants);
}

// (2) A log of the trust file signed it under its own name, and enough of its witnesses cosigned.
async function checkpoint(steps, note, trust) {
  steps.begin(2);
  const signed = await openCheckpoint(note, trust.vkeys);
  const cosigners = signed.cosignatures.map((one) => one.vkey);
  if (!quorumMet(trust, cosigners)) {
    refuse("quorum", `${cosigners.length} witnesses of the trust file cosigned, which does not meet its quorum`);
  }
  const witnesses = trust.quorum === null ? "no_quorum" : "quorum";
  steps.passed("checkpoint", { origin: signed.origin, size: signed.size, key: signed.logs[0].text, witnesses });
  return signed;
}

// (3) Neighbours agree. No proof relies on the chain alone; a contradiction in it is one all the same.
function checkChain(entries) {
  entries.forEach((entry, i) => {
    const before = entries[i - 1];
    if (before && entry.index === before.index + 1n && !equal(entry.previous, before.leaf)) {
      refuse("chain", `entry ${entry.index} names another leaf before it than entry ${before.index}`);
    }
  });
}

// (5), (6), (8): what lies before the verifier, with each statement as far as it can be read. `told` is what the file
// is about. A statement that cannot be read says in `why` which of the two reasons there are.
function statements(steps, given) {
  // (5)
  steps.begin(5);
  const entries = given.entries.map((one) => ({ ...one, index: one.entry.index, statement: null, why: one.wire === null ? "not_shown" : "" }));
  for (const { wire, entry } of entries) {
    if (wire !== null && !equal(sha256(utf8(signedPart(wire))), entry.statement)) {
      refuse("statement_digest", `entry ${entry.index} commits to another statement, whose SHA-256 is ${hex(entry.statement)}`);
    }
  }
  const found = { ...given, entries, told: entries.find((one) => one.index === given.about) };
  const shown = entries.filter((one) => one.wire !== null).length;
  if (found.told.wire === null) steps.notChecked(5, "not_shown");
  else steps.passed("digests", { count: shown });
  // (6) From the signed bytes alone.
  steps.begin(6);
  for (const one of entries) readHeader(one);
  checkAudience(entries);
  steps.about = found.told;
  if (found.told.statement) steps.passed("header", headerFacts(found.told.statement));
  else steps.notChecked(6, found.told.why);
  // (8)
  steps.begin(8);
  for (const one of entries) if (one.statement) openDisclosures(one);
  const { statement, why } = found.told;
  if (!statement) steps.notChecked(8, why);
  else steps.passed("disclosures", { given: statement.disclosures.length, withheld: statement.withheld });
  steps.body = statement?.body ?? null;
  return found;
}

const headerFacts = ({ typ, iss, aud, alg }) => ({ typ, iss, aud, alg });

// A statement of a `typ` that is not known is included, not interpreted, which is no failure.
function readHeader(one) {
  if (one.wire === null) return;
  try {
    one.statement = parseStatement(`${signedPart(one.wire)}~`);
  } catch (error) {
    if (error.code !== "typ_unknown") throw error;
    one.why = "typ_unknown";
  }
}

function checkAudience([first, ...rest]) {
  if (first.index !== 0n || !first.statement) return;
  const other = rest.find(({ statement }) => statement && statement.aud !== first.statement.aud);
  if (other) refuse("audience", `the statement of entry ${other.index} is for another ledger than index 0`);
}

// Without any, all of it was read with the header.
function openDisclosures(one) {
  if (one.wire !== `${signedPart(one.wire)}~`) one.statement = withDisclosures(one.statement, one.wire);
  checkSalts(one.statement.disclosures);
}
