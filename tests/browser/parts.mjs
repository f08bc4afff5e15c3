// Parts of the page's verifier against the other folders of schemas/vectors: {folder, input} a line in, what it finds a
// line out, as the files say it. `want` has what this verifier computes; what only a ledger computes is not there.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const load = (name) => import(new URL(name, pathToFileURL(`${process.argv[2]}/`)));
const { firstRefusal } = await load("authority.js");
const { hex, unbase64, unhex, utf8 } = await load("bytes.js");
const { Fault } = await load("fault.js");
const { parseProof } = await load("files.js");
const { namesOneThing } = await load("gs1.js");
const { canonicalSubjectId, implied, mayCreate, subjectKey } = await load("implied.js");
const { NO_INDEX, checkOpened, parseEntry, parseItem } = await load("lineage.js");
const { verifyConsistency, verifyInclusion, verifyMultiproof } = await load("merkle.js");
const { openCheckpoint, parseVkey } = await load("note.js");
const { apply, authorise, begin, disputedAt } = await load("registry.js");
const { parseJwk, verifySignature } = await load("signatures.js");
const { checkSalts, parseStatement } = await load("statement.js");
const { decode } = await load("strict_json.js");
const { parseTrust, quorumMet } = await load("trust.js");

const WANTS = ["", "REFERENCE", "TOUCH", "ADVANCE", "CONSUME", "CREATE"];
const bytesOf = (given, name) => (name in given ? utf8(given[name]) : unbase64(given[`${name}_base64`]));
const textOf = (given, name) => new TextDecoder().decode(bytesOf(given, name));
const nullProto = (value) => decode(utf8(JSON.stringify(value)), "a vector");

async function signed(said, key) {
  if (key.kid !== said.kid) throw new Fault("signature", "another key");
  const good = await verifySignature(key, said.alg, said.signingInput, said.signature);
  if (!good) throw new Fault("signature", "does not fit");
}

const cosignature = ({ vkey, timestamp }) => ({ name: vkey.name, key_id: vkey.id, timestamp: Number(timestamp) });

const RUNNERS = {
  entry({ entry }) {
    const one = parseEntry(unhex(entry)), [previous, statement, lineage, leaf] = [one.previous, one.statement, one.lineage, one.leaf].map(hex);
    return { index: Number(one.index), recorded_at: Number(one.recordedAt), previous, statement, lineage, leaf };
  },
  lineage({ opened, count, digest, packed }) {
    if (packed !== undefined) {
      const items = packed.match(/.{1,162}/g).map((one) => parseItem(unhex(one)));
      items.forEach((one, i) => { if (i && items[i - 1].subject >= one.subject) throw new Fault("lineage", "descends"); });
      const link = (one) => (one.index === NO_INDEX ? { index: null, leaf: null } : { index: Number(one.index), leaf: one.leaf });
      return { items: items.map((one) => ({ role: one.role, subject: one.subject, version: Number(one.version), ...link(one) })) };
    }
    const shown = opened.map((one) => ({
      position: one.position, salt: unhex(one.salt), item: parseItem(unhex(one.item)), path: one.path.map(unhex),
    }));
    checkOpened(shown, count, unhex(digest));
    return {};
  },
  subject({ kind, text, iss, prefixes }) {
    const id = canonicalSubjectId(kind, text, iss), want = { id, key: subjectKey(kind, id) };
    if (kind === "lot") want.single = namesOneThing(id);
    if (prefixes) want.may_create = mayCreate(id, iss, prefixes);
    return want;
  },
  implied(given) {
    const found = implied({ ...given, body: nullProto(given.body) }), keys = [...found.keys()].sort();
    return {
      wants: Object.fromEntries([...found.values()].map((one) => [one.id, WANTS[one.want]])),
      subjects: keys.map((key) => ({ kind: found.get(key).kind, id: found.get(key).id, key })),
    };
  },
  json: (given) => void decode(bytesOf(given, "json"), "the vector", { plain: given.plain }),
  async statement(given) {
    const key = parseJwk(nullProto(given.key)), said = parseStatement(textOf(given, "wire"));
    if (given.recording && said.withheld) throw new Fault("withheld", "withheld");
    if (given.recording) checkSalts(said.disclosures);
    await signed(said, key);
    const { alg, kid, typ, iss, jti, aud, iat, withheld } = said;
    return { alg, kid, typ, iss, jti, aud, iat, withheld };
  },
  async checkpoint(given) {
    const found = await openCheckpoint(textOf(given, "note"), given.vkeys.map(parseVkey));
    const { origin, size, root, cosignatures } = found;
    return { origin, size: Number(size), root: hex(root), cosignatures: cosignatures.map(cosignature) };
  },
  proof(given) {
    const path = given.path.map(unhex);
    if (given.kind === "consistency") return consistency(given, path);
    const root = unhex(given.root), size = BigInt(given.size);
    if (given.kind === "inclusion") verifyInclusion(BigInt(given.index), size, unhex(given.leaf), path, root);
    else verifyMultiproof(size, given.leaves.map(([index, leaf]) => [BigInt(index), unhex(leaf)]), path, root);
    return {};
  },
  "tlog-proof"({ text }) {
    const { index, path, checkpoint } = parseProof(text);
    return { index: Number(index), path: path.map(hex), checkpoint };
  },
  trust(given) {
    const trust = parseTrust(textOf(given, "text"));
    const of = (name) => trust.witnesses.find((one) => one.name === name).vkey;
    return { quorum_met: given.cosigned.map((names) => quorumMet(trust, names.map(of))) };
  },
  async party({ history, asked }) {
    let registry = null;
    for (const { index, statement } of history) {
      const said = parseStatement(statement);
      if (registry) await signed(said, authorise(registry, said, BigInt(index)).key);
      registry = await grown(registry, said, BigInt(index));
    }
    const verdicts = [];
    for (const { index, statement } of asked) verdicts.push(await verdict(registry, BigInt(index), statement));
    return { verdicts };
  },
};

function consistency(given, path) {
  const older = { size: BigInt(given.old_size), root: unhex(given.old_root) };
  verifyConsistency(older, { size: BigInt(given.new_size), root: unhex(given.new_root) }, path);
  return {};
}

async function grown(registry, said, index) {
  const checks = [];
  try {
    return registry ? apply(registry, said, index, checks) : begin(said, checks);
  } finally {
    await firstRefusal(checks);
  }
}

async function verdict(registry, index, wire) {
  const said = parseStatement(wire);
  try {
    const record = authorise(registry, said, index);
    await signed(said, record.key);
    return disputedAt(record, index) ? "disputed" : "good";
  } catch (error) {
    return error.code ?? String(error.stack);
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { folder, input } = JSON.parse(line);
  let said;
  try {
    said = { wantErr: false, want: (await RUNNERS[folder](input)) ?? {} };
  } catch (error) {
    said = { wantErr: true, code: error instanceof Fault ? error.code : String(error.stack) };
  }
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
