// Signed notes, the keys that verify them, and checkpoints (C2SP signed-note, tlog-cosignature, tlog-checkpoint;
// SPEC 4.6). Understood: Ed25519 (type 1) and timestamped cosignatures (4). Other lines are of unknown keys.

import { big, concat, decimal, equal, hex, unbase64, utf8 } from "./bytes.js";
import { brief, refuse } from "./fault.js";
import { SIZE_LIMIT } from "./merkle.js";
import { sha256 } from "./sha2.js";
import { soundEdKey, verifySignature } from "./signatures.js";

export const LOG = 1, WITNESS = 4, ML_DSA = 6;
const KEY_SIZES = { [LOG]: 32, [WITNESS]: 32, [ML_DSA]: 1312 };
// Not empty, no Unicode white space, no plus, no control character, no lone surrogate.
const NAME = /^[^\u0000- +\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\p{Surrogate}]+$/u;
const TIMESTAMP_LIMIT = 2n ** 63n - 1n;

const keyId = (name, type, raw) => hex(sha256(utf8(`${name}\n`), [type], raw).subarray(0, 4));

// `name+key id+base64`, as a trust file and a ledger statement write it.
export function parseVkey(text) {
  const found = /^([^+]*)\+([^+]*)\+(.*)$/s.exec(text);
  if (!found || !NAME.test(found[1])) refuse("vkey", "a verifier key is name+key id+base64");
  const [, name, id, letters] = found;
  const material = unbase64(letters, `the key of ${brief(name)}`);
  if (!material.length) refuse("vkey", `the key of ${brief(name)} is empty`);
  const type = material[0], raw = material.subarray(1);
  if (keyId(name, type, raw) !== id) refuse("vkey", `the key of ${brief(name)} has another key id`);
  if (raw.length !== (KEY_SIZES[type] ?? raw.length)) refuse("vkey", `the key of ${brief(name)} has another length`);
  if ((type === LOG || type === WITNESS) && !soundEdKey(raw)) refuse("vkey", `the key of ${brief(name)} is not sound`);
  return { text, name, type, raw, id };
}

// Text and signature lines of a note: split at its last empty line.
export function parseNote(note) {
  if (/\p{Surrogate}/u.test(note)) refuse("utf8", "a note is UTF-8, this is not");
  if (/[\u0000-\u0009\u000b-\u001f]/.test(note)) refuse("note", "a note has no control characters but newline");
  const at = note.lastIndexOf("\n\n");
  if (at < 0) refuse("note", "a note is text, an empty line and signature lines");
  const block = note.slice(at + 2);
  if (!block.endsWith("\n")) refuse("note", "the last signature line of a note ends in a newline");
  const lines = block.slice(0, -1).split("\n");
  if (lines.length > 64) refuse("signature_lines", `a note has at most 64 signature lines, this has ${lines.length}`);
  return { text: note.slice(0, at + 1), lines: lines.map(parseLine) };
}

function parseLine(line) {
  const [dash, name, letters, ...more] = line.split(" ");
  if (dash !== "\u2014" || letters === undefined || more.length || !NAME.test(name)) {
    refuse("note", "a signature line is an em dash, a key name and base64");
  }
  const data = unbase64(letters, "a signature");
  if (data.length <= 4) refuse("note", "a signature line holds a key id and a signature");
  return { whole: line, name, id: hex(data.subarray(0, 4)), blob: data.subarray(4) };
}

// Signatures that hold, by keys that are known; at least one. A line of a known key that does not hold refuses all.
async function verifiedLines(note, vkeys) {
  const known = new Map(vkeys.map((vkey) => [`${vkey.name}\n${vkey.id}`, vkey]));
  if (known.size !== vkeys.length) refuse("vkey", "a verifier key is listed twice");
  const good = [];
  for (const line of new Map(note.lines.map((one) => [one.whole, one])).values()) {
    const vkey = known.get(`${line.name}\n${line.id}`);
    if (vkey?.type === LOG || vkey?.type === WITNESS) good.push(await verifiedLine(note.text, line, vkey));
  }
  if (!good.length) refuse("unsigned", `none of the ${note.lines.length} signature lines is by a known key`);
  return good;
}

async function verifiedLine(text, line, vkey) {
  const timed = vkey.type === WITNESS;
  const timestamp = timed ? big(line.blob.subarray(0, 8)) : null;
  const signature = timed ? line.blob.subarray(8) : line.blob;
  const message = timed ? concat(utf8(`cosignature/v1\ntime ${timestamp}\n`), utf8(text)) : utf8(text);
  const good = (timestamp ?? 0n) <= TIMESTAMP_LIMIT
    && (await verifySignature({ alg: "Ed25519", raw: vkey.raw }, "Ed25519", message, signature));
  if (!good) refuse("signature", `the signature line of ${brief(line.name)} does not hold`);
  return { vkey, timestamp };
}

function parseCheckpoint(text) {
  const lines = text.split("\n");
  if (lines.pop() !== "" || lines.length < 3 || lines.includes("")) {
    refuse("checkpoint", "a checkpoint has at least three lines, origin, size and root");
  }
  const [origin, digits, letters] = lines;
  const size = decimal(digits, "the size of a checkpoint", SIZE_LIMIT);
  const root = unbase64(letters, "the root of a checkpoint", 32);
  if (size === 0n && !equal(root, sha256())) refuse("root", "size 0 has the root of the empty tree");
  return { origin, size, root };
}

// The checkpoint in a note, which log keys and which witnesses among `vkeys` signed it.
export async function openCheckpoint(text, vkeys) {
  const note = parseNote(text);
  const good = await verifiedLines(note, vkeys);
  const checkpoint = parseCheckpoint(note.text);
  const logs = good.filter((one) => one.vkey.type === LOG).map((one) => one.vkey);
  if (!logs.length) refuse("log_signature", "witnesses signed the checkpoint, but no log key that is trusted did");
  const own = logs.filter((vkey) => vkey.name === checkpoint.origin);
  if (!own.length) {
    refuse("origin", `the checkpoint is of ${brief(checkpoint.origin)}, signed by the key of ${brief(logs[0].name)}`);
  }
  return { ...checkpoint, logs: own, cosignatures: good.filter((one) => one.timestamp !== null) };
}
