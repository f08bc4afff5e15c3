// Receipts and bundles as files (SPEC 4.6): strict JSON in one spelling, members in order, no byte without meaning.

import { base64, decimal, ofUtf8, unbase64 } from "./bytes.js";
import { refuse } from "./fault.js";
import { parseEntry, parseItem } from "./lineage.js";
import { SIZE_LIMIT } from "./merkle.js";
import { parseNote } from "./note.js";
import { decode } from "./strict_json.js";

const RECEIPT = "coilmark.receipt/v1", BUNDLE = "coilmark.bundle/v1";
export const KINDS = ["entry", "short", "full", "delivery", "attestation"];
export const MIB = 1 << 20;
export const STRING_LIMIT = MIB; // characters, SPEC 8

// SPEC 4.6, JSON files: ASCII, no white space, escapes with lower-case hex.
export function compact(value) {
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

export function take(value, what, required, optional = []) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) refuse("members", `a ${what} is an object`);
  if (required.some((name) => !(name in value))) refuse("members", `the ${what} lacks a member`);
  const known = [...required, ...optional];
  if (Object.keys(value).some((name) => !known.includes(name))) refuse("members", `the ${what} has unknown members`);
  return value;
}

export function text(value, name) {
  return typeof value === "string" ? value : refuse("members", `${name} is a string`);
}

export function ascii(value, name) {
  return /^[\u0000-\u007f]*$/.test(text(value, name)) ? value : refuse("members", `${name} is an ASCII string`);
}

function integer(value, name, limit) {
  const fits = typeof value === "number" && value >= 0 && value <= limit;
  return fits ? value : refuse("members", `${name} is an integer from 0 to ${limit}`);
}

export function list(value, name) {
  return Array.isArray(value) ? value : refuse("members", `${name} is an array`);
}

export const hashes = (value, name) => list(value, name).map((one) => unbase64(text(one, name), `a hash of ${name}`, 32));

function parseShown(members) {
  const entry = parseEntry(unbase64(ascii(members.entry, "entry"), "entry"));
  const { count, opened } = parseLineage(members.lineage);
  return { entry, count, opened, wire: "statement" in members ? ascii(members.statement, "statement") : null };
}

function parseLineage(value) {
  const members = take(value, "lineage", ["count", "opened"]);
  const count = integer(members.count, "count", 2 ** 32 - 1);
  const opened = list(members.opened, "opened").map((one) => parseOpened(one, count));
  if (opened.some((one, i) => i && opened[i - 1].position >= one.position)) {
    refuse("lineage", "opened lineage items stand in ascending order, each once");
  }
  return { count, opened };
}

function parseOpened(value, count) {
  const members = take(value, "opened item", ["position", "salt", "item", "path"]);
  return {
    position: integer(members.position, "position", count - 1),
    salt: unbase64(ascii(members.salt, "salt"), "salt", 16),
    item: parseItem(unbase64(ascii(members.item, "item"), "item")),
    path: hashes(members.path, "path"),
  };
}

// What a receipt and each entry of a bundle have in common, in SPEC's order.
function shownJson({ entry, count, opened, wire }) {
  const items = opened.map(({ position, salt, item, path }) => (
    { position, salt: base64(salt), item: base64(item.packed), path: path.map(base64) }
  ));
  const shown = { entry: base64(entry.packed), lineage: { count, opened: items } };
  return wire === null ? shown : { ...shown, statement: wire };
}

// As text: of so many bytes a browser compares that faster than a loop does. Only ASCII reads as ASCII.
export function checkSpelling(value, bytes, code) {
  if (compact(value) !== ofUtf8(bytes)) refuse(code, `the ${code} is not in its one canonical spelling`);
}

export function parseReceipt(bytes) {
  if (bytes.length > 8 * MIB) refuse("receipt_size", `the receipt has ${bytes.length} bytes, the limit is ${8 * MIB}`);
  const value = decode(bytes, "the receipt", { maxString: STRING_LIMIT });
  const members = take(value, "receipt", ["type", "entry", "lineage", "proof"], ["statement"]);
  if (members.type !== RECEIPT) refuse("receipt", `the type of the receipt is not ${RECEIPT}`);
  const receipt = { shown: parseShown(members), proof: text(members.proof, "proof") };
  checkSpelling(receiptJson(receipt), bytes, "receipt");
  return receipt;
}

export const receiptJson = ({ shown, proof }) => ({ type: RECEIPT, ...shownJson(shown), proof });

export function parseBundle(bytes) {
  if (bytes.length > 64 * MIB) refuse("bundle_size", `the bundle has ${bytes.length} bytes, the limit is ${64 * MIB}`);
  const value = decode(bytes, "the bundle", { maxString: STRING_LIMIT });
  const names = ["type", "kind", "about", "entries", "proof", "checkpoint"];
  const members = take(value, "bundle", names);
  if (members.type !== BUNDLE || !KINDS.includes(members.kind)) refuse("bundle", "type or kind of the bundle is not known");
  const about = integer(members.about, "about", Number.MAX_SAFE_INTEGER);
  const entries = parseEntries(list(members.entries, "entries"));
  const proof = hashes(members.proof, "proof"), checkpoint = text(members.checkpoint, "checkpoint");
  checkOrder(entries, BigInt(about));
  const again = { type: BUNDLE, kind: members.kind, about, entries: entries.map(shownJson), proof: proof.map(base64), checkpoint };
  checkSpelling(again, bytes, "bundle");
  return { kind: members.kind, about: BigInt(about), entries, proof, checkpoint };
}

function parseEntries(values) {
  if (values.length > 20000) refuse("bundle_entries", `the bundle has ${values.length} entries, the limit is 20000`);
  return values.map((value) => parseShown(take(value, "bundle entry", ["entry", "lineage"], ["statement"])));
}

function checkOrder(entries, about) {
  const indices = entries.map((one) => one.entry.index);
  if (indices.some((index, i) => i && indices[i - 1] >= index)) refuse("bundle", "entries ascend by index, each once");
  if (!indices.includes(about)) refuse("bundle", `the bundle is about entry ${about}, which it does not hold`);
}

// c2sp.org/tlog-proof@v1: index, path, checkpoint. The `extra` line has no place in a receipt.
export function parseProof(proof) {
  const at = proof.indexOf("\n\n");
  const [header, ...lines] = proof.slice(0, Math.max(at, 0)).split("\n");
  if (at < 0 || header !== "c2sp.org/tlog-proof@v1") refuse("tlog_proof", "a proof begins with c2sp.org/tlog-proof@v1");
  if (lines[0]?.startsWith("extra ")) refuse("receipt", "the proof of a receipt has no extra line");
  if (!lines[0]?.startsWith("index ")) refuse("tlog_proof", "the index line of the proof is missing");
  const index = decimal(lines[0].slice(6), "the index of the proof", SIZE_LIMIT - 1n);
  if (lines.length > 64) refuse("path", `a path has at most 63 hashes, this has ${lines.length - 1}`);
  const path = lines.slice(1).map((line) => unbase64(line, "a hash of the proof's path", 32));
  const checkpoint = proof.slice(at + 2);
  parseNote(checkpoint);
  return { index, path, checkpoint };
}
