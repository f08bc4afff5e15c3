// Who may sign what, from when until when, folded from `ledger`, `party` and `key` statements (SPEC 4.5), of which the
// caller knows that they have their form (`registry_form`).

import { equal, unbase64url, utf8 } from "./bytes.js";
import { brief, refuse } from "./fault.js";
import { parseVkey } from "./note.js";
import { parseJwk, verifySignature } from "./signatures.js";

export const REGISTRY_TYPES = ["ledger", "party", "key"];
const OPERATOR_TYPES = ["ledger", "party", "passport", "heads", "notice"];

// A key is valid at index i when added < i < ended.
const validAt = (record, index) => record.added < index && (record.ended === null || index < record.ended);
export const disputedAt = (record, index) => record.disputedFrom !== null && BigInt(record.disputedFrom) <= index;

export function partyOf(registry, id) {
  return registry.parties.get(id) ?? refuse("unknown_party", `party ${brief(id)} is not enrolled in this ledger`);
}

// The registry after index 0.
export function begin(statement, checks) {
  const { body, aud, iss, kid } = statement;
  if (body.incarnation !== 0 || body.uri !== aud || body.operator.id !== iss) {
    refuse("ledger_statement", "index 0 names another ledger, issuer or incarnation than its own");
  }
  const empty = { uri: aud, operator: iss, incarnation: 0, logKeys: [], rules: [], parties: new Map(), owners: new Map() };
  const registry = withLedger(empty, statement, 0n, checks);
  if (!registry.owners.has(kid)) refuse("key_unknown", `index 0 is signed by key ${kid}, which it does not name`);
  return registry;
}

// The record of the key that signed, if its party may sign this `typ` at `index`. The signature is not checked here.
export function authorise(registry, statement, index) {
  const party = partyOf(registry, statement.iss), record = party.keys.get(statement.kid);
  if (!record) refuse("key_unknown", `key ${statement.kid} is not enrolled for ${party.id}`);
  if (!validAt(record, index)) refuse("key_not_valid", `key ${statement.kid} is not good for entry ${index}`);
  checkRole(registry, party, statement);
  return record;
}

function checkRole(registry, party, { typ, body }) {
  if (OPERATOR_TYPES.includes(typ)) {
    if (party.id !== registry.operator) refuse("role", `only the operator signs ${typ} statements`);
  } else if (typ === "key") {
    checkKeyIssuer(registry, party, body);
  } else if (!party.roles.includes(typ)) {
    refuse("role", `${party.id} has no role to sign ${typ} statements`);
  }
}

// A party's keys are its own affair, but for its first keys and for a recovery said to be one.
function checkKeyIssuer(registry, party, body) {
  const target = body.party;
  if (target === party.id) return;
  if (party.id !== registry.operator) refuse("key_issuer", `${party.id} may not change the keys of another`);
  if (partyOf(registry, target).keys.size && !body.recovery) refuse("key_issuer", `${target} has keys of its own`);
}

// The registry after a statement stands at `index`; other types change nothing. What is still being checked is put into
// `checks`: promises, in the order of what they check.
export function apply(registry, statement, index, checks) {
  const { typ, body } = statement;
  if (typ === "ledger") return withLedger(registry, statement, index, checks);
  if (typ === "party") return withParty(registry, body);
  if (typ === "key") return withKeys(registry, statement, index, checks);
  return typ === "notice" && "rules" in body ? withRules(registry, body.rules, index) : registry;
}

function withLedger(registry, { body }, index, checks) {
  const { origin, incarnation, operator, rules } = body;
  if (index && incarnation !== registry.incarnation + 1) refuse("incarnation", "the incarnation is not one more");
  if (body.uri !== registry.uri || operator.id !== registry.operator) {
    refuse("ledger_statement", "ledger and operator keep their names for ever");
  }
  const taken = [...allKeys(registry)], logKeys = body.log_keys.map((text) => newLogKey(text, taken));
  const set = { since: index, id: rules.id, digest: rules.digest };
  const renewed = withParty({ ...registry, origin, incarnation, logKeys, rules: [...registry.rules, set] }, operator);
  return added(renewed, partyOf(renewed, operator.id), body.keys, { index, recovery: index > 0n, checks });
}

function newLogKey(text, taken) {
  const vkey = parseVkey(text);
  if (taken.some(({ key }) => equal(vkey.raw, key.raw))) refuse("key_taken", "a key that signs statements cannot sign checkpoints");
  return vkey;
}

function withRules(registry, rules, index) {
  const last = registry.rules.at(-1).since, since = index > last ? index : last, from = rules.from_index;
  if (BigInt(from) <= since) refuse("rules", `rules come into force after entry ${since}, not from entry ${from}`);
  const set = { since: BigInt(from), id: rules.id, digest: rules.digest };
  return { ...registry, rules: [...registry.rules, set] };
}

// A new description replaces the one before as a whole; keys stay.
function withParty(registry, body) {
  const { id, name, roles, prefixes } = body, keys = registry.parties.get(id)?.keys ?? new Map();
  return replaced(registry, { id, name, roles, prefixes, keys, profile: body });
}

const replaced = (registry, party) => ({ ...registry, parties: new Map(registry.parties).set(party.id, party) });

function withKeys(registry, statement, index, checks) {
  const { body, iss } = statement, party = partyOf(registry, body.party);
  const recovery = iss !== party.id && party.keys.size > 0;
  const grown = added(registry, party, body.add ?? [], { index, recovery, checks });
  return ended(grown, partyOf(grown, party.id), statement, index);
}

function added(registry, party, additions, { index, recovery, checks }) {
  const keys = new Map(party.keys), owners = new Map(registry.owners);
  for (const addition of additions) {
    const key = parseJwk(addition.jwk);
    checkNewKey(registry, owners, party, key);
    checks.push(checkPossession(registry, party, key, addition.proof));
    keys.set(key.kid, { key, added: index, ended: null, reason: "", disputedFrom: null, recovery });
    owners.set(key.kid, party.id);
  }
  return { ...replaced(registry, { ...party, keys }), owners };
}

// One party for ever, and never a log key.
function checkNewKey(registry, owners, party, key) {
  if (owners.has(key.kid)) refuse("key_taken", `key ${key.kid} was enrolled before`);
  if (registry.logKeys.some((vkey) => equal(vkey.raw, key.raw))) refuse("key_taken", `key ${key.kid} signs checkpoints`);
}

// Whoever enrols a key holds it.
async function checkPossession(registry, party, key, proof) {
  const message = utf8(`coilmark/key-possession/v1\n${registry.uri}\n${party.id}\n${key.kid}\n`);
  if (!(await verifySignature(key, key.alg, message, unbase64url(proof, "proof of possession")))) {
    refuse("possession", `the proof of possession of key ${key.kid} does not hold`);
  }
}

function ended(registry, party, { body, kid: signer }, index) {
  const keys = new Map(party.keys);
  for (const { kid, reason, disputed_from: disputedFrom = null } of body.end ?? []) {
    const record = keys.get(kid);
    if (!record || record.ended !== null) refuse("key_end", `key ${brief(kid)} is no key of ${party.id} that could be ended`);
    if (kid === signer) refuse("key_end", `key ${signer} cannot end itself`);
    if (disputedFrom !== null && !(record.added < disputedFrom && disputedFrom < index)) {
      refuse("key_end", `the dispute begins at entry ${disputedFrom}, outside the life of the key`);
    }
    keys.set(kid, { ...record, ended: index, reason, disputedFrom });
  }
  return replaced(registry, { ...party, keys });
}

// Every key ever enrolled.
export function* allKeys(registry) {
  for (const [kid, owner] of registry.owners) yield { kid, owner, key: registry.parties.get(owner).keys.get(kid).key };
}

