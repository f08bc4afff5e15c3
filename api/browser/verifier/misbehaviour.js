// A proof of misbehaviour: two things that one log signed and that cannot both be true (SPEC 4.6 and 7, of whose steps it
// takes 1, 2, 3 and 9). That a consistency proof fails proves nothing, since anybody can spoil one: what proves a fork is
// one that holds, from another root of the smaller size than the one that was signed.

import { base64, equal, hex, unbase64, utf8 } from "./bytes.js";
import { refuse } from "./fault.js";
import { MIB, STRING_LIMIT, ascii, checkSpelling, compact, hashes, list, parseProof, parseReceipt, receiptJson, take, text } from "./files.js";
import { REFERENCE, checkOpened } from "./lineage.js";
import { verifyConsistency, verifyInclusion } from "./merkle.js";
import { openCheckpoint } from "./note.js";
import { decode } from "./strict_json.js";

export const MISBEHAVIOUR = "coilmark.misbehaviour/v1";
const CHECKPOINTS = "checkpoints", ENTRIES = "entries";

export async function misbehaviour(steps, bytes, trust) {
  // (1)
  steps.begin(1);
  const found = parseMisbehaviour(bytes);
  steps.passed("misbehaviour", { bytes: bytes.length });
  // (2)
  steps.begin(2);
  const [first, second, vkey] = await ofOneLog(found.notes, trust);
  steps.passed("one_log", { origin: first.origin });
  const [say, facts] = found.receipts ? forkedEntries(steps, found, [first, second]) : forkedTrees(steps, found, first, second);
  for (const number of [4, 5, 6, 7, 8, 10, 11, 12]) steps.notChecked(number, "of_the_log");
  // (13)
  steps.begin(13);
  steps.open = [{ say: "open_who", facts: {} }];
  steps.passed("open", { count: 1 });
  steps.proves(say, { ...facts, key: vkey.text });
}

function parseMisbehaviour(bytes) {
  if (bytes.length > 16 * MIB) refuse("misbehaviour_size", `the proof has ${bytes.length} bytes, the limit is ${16 * MIB}`);
  const value = decode(bytes, "the proof of misbehaviour", { maxString: STRING_LIMIT });
  return value?.kind === ENTRIES ? parseEntries(value, bytes) : parseTrees(value, bytes);
}

function parseTrees(value, bytes) {
  const members = taken(value, ["checkpoints", "root", "path"]), notes = list(members.checkpoints, "checkpoints");
  if (notes.length !== 2 || notes.some((note) => typeof note !== "string")) refuse("misbehaviour", "checkpoints are two signed notes");
  const root = unbase64(ascii(members.root, "root"), "the root", 32), path = hashes(members.path, "path");
  const again = { type: MISBEHAVIOUR, kind: CHECKPOINTS, checkpoints: notes, root: base64(root), path: path.map(base64) };
  checkSpelling(again, bytes, "misbehaviour");
  return { notes, root, path };
}

function parseEntries(value, bytes) {
  const given = list(taken(value, ["receipts"]).receipts, "receipts");
  if (given.length !== 2) refuse("misbehaviour", `the proof has ${given.length} receipts, want two`);
  const parsed = given.map((one) => parseReceipt(utf8(compact(one))));
  checkSpelling({ type: MISBEHAVIOUR, kind: ENTRIES, receipts: parsed.map(receiptJson) }, bytes, "misbehaviour");
  const receipts = parsed.map(({ shown, proof }) => ({ shown, proof: parseProof(proof) }));
  return { receipts, notes: receipts.map((one) => one.proof.checkpoint) };
}

function taken(value, names) {
  const members = take(value, "proof of misbehaviour", ["type", "kind", ...names]), kind = text(members.kind, "kind");
  if (members.type !== MISBEHAVIOUR || ![CHECKPOINTS, ENTRIES].includes(kind)) {
    refuse("misbehaviour", "type or kind of the proof is not known");
  }
  return members;
}

// (2) One log key of the trust file signed both, under one origin: after a restore both are others (SPEC 4.5). No quorum
// counts, since what is proven is what the log signed.
async function ofOneLog(notes, trust) {
  const first = await openCheckpoint(notes[0], trust.vkeys), second = await openCheckpoint(notes[1], trust.vkeys);
  const vkey = first.logs.find((one) => second.logs.includes(one));
  if (!vkey) refuse("other_log", `the checkpoints are of ${first.origin} and ${second.origin}, signed by different log keys`);
  return [first, second, vkey];
}

// (3)
function forkedTrees(steps, { root, path }, older, newer) {
  steps.begin(3);
  verifyConsistency({ size: older.size, root }, newer, path);
  if (equal(root, older.root)) refuse("no_contradiction", `the tree of ${newer.size} entries begins with that of ${older.size}`);
  const facts = { origin: older.origin, older: older.size, newer: newer.size, signed: hex(older.root), other: hex(root) };
  steps.passed("forked_trees", facts);
  steps.notChecked(9, "of_the_log");
  return ["forked_trees", facts];
}

function forkedEntries(steps, { receipts }, signed) {
  // (3)
  steps.begin(3);
  receipts.forEach(({ shown, proof }, i) => {
    if (proof.index !== shown.entry.index) refuse("inclusion", "the proof of a receipt is of its own entry, this is of another");
    verifyInclusion(proof.index, signed[i].size, shown.entry.leaf, proof.path, signed[i].root);
  });
  const [one, other] = receipts.map(({ shown }) => shown), { origin } = signed[0];
  if (equal(one.entry.leaf, other.entry.leaf)) refuse("no_contradiction", "both receipts are of the same entry");
  const facts = { origin, first: one.entry.index, second: other.entry.index };
  steps.passed("two_entries", facts);
  if (facts.first === facts.second) {
    steps.notChecked(9, "of_the_log");
    return ["forked_index", facts];
  }
  // (9) Nothing is taken from a lineage item that the entry does not commit to.
  steps.begin(9);
  const made = versions(one), both = versions(other).filter((version) => made.includes(version)).sort();
  if (!both.length) refuse("no_contradiction", "no version of any subject is made by both entries");
  const [subject, version] = both[0].split(" ");
  const twice = { ...facts, subject, version: String(BigInt(`0x${version}`)) };
  steps.passed("forked_version", twice);
  return ["forked_version", twice];
}

// The versions that an entry is shown to make, as text that sorts.
function versions({ entry, count, opened }) {
  if (!opened.length) refuse("lineage", `entry ${entry.index} opens no lineage item`);
  checkOpened(opened, count, entry.lineage);
  const made = opened.filter(({ item }) => item.role !== REFERENCE);
  return made.map(({ item }) => `${item.subject} ${item.version.toString(16).padStart(16, "0")}`);
}
