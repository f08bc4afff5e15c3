// Who may sign what, from when until when, folded from `ledger`, `party` and `key` statements (SPEC 4.5). No schema was
// applied to their bodies: what is not there, or is of another type, is a fault of the body.

import { equal, unbase64url, utf8 } from "./bytes.js";
import { brief, refuse } from "./fault.js";
import { parseVkey } from "./note.js";
import { parseJwk, verifySignature } from "./signatures.js";
import { isObject } from "./statement.js";

export const REGISTRY_TYPES = ["ledger", "party", "key"];
const OPERATOR_TYPES = ["ledger", "party", "passport", "heads", "notice"];

export function need(value, name) {
  if (!isObject(value) || !(name in value)) refuse("body", `a registry statement lacks ${name}`);
  return value[name];
}

// `otherwise` is what stands where there is none.
function needList(value, name, otherwise = null) {
  if (otherwise !== null && !(name in value)) return otherwise;
  const found = need(value, name);
  return Array.isArray(found) ? found : refuse("body", `${name} is no list`);
}

function needText(value, name) {
  const found = need(value, name);
  return typeof found === "string" ? found : refuse("body", `${name} is no text`);
}

// A key is valid at index i when added < i < ended.
const validAt = (record, index) => record.added < index && (record.ended === null || index < record.ended);
export const disputedAt = (record, index) => record.disputedFrom !== null && BigInt(record.disputedFrom) <= index;

export function partyOf(registry, id) {
  return registry.parties.get(id) ?? refuse("unknown_party", `party ${brief(id)} is not enrolled in this ledger`);
}

// The registry after index 0.
export function begin(statement, checks) {
  const { body, aud, iss, kid } = statement;
  if (need(body, "incarnation") !== 0 || need(body, "uri") !== aud || need(need(body, "operator"), "id") !== iss) {
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
  const target = need(body, "party");
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
  const incarnation = need(body, "incarnation"), operator = need(body, "operator");
  if (index && incarnation !== registry.incarnation + 1) refuse("incarnation", "the incarnation is not one more");
  if (need(body, "uri") !== registry.uri || need(operator, "id") !== registry.operator) {
    refuse("ledger_statement", "ledger and operator keep their names for ever");
  }
  const logKeys = needList(body, "log_keys").map((text) => parseVkey(needText(Object.assign(Object.create(null), { text }), "text")));
  if ([...allKeys(registry)].some(({ key }) => logKeys.some((vkey) => equal(vkey.raw, key.raw)))) {
    refuse("key_taken", "a key that signs statements cannot sign checkpoints");
  }
  const said = need(body, "rules"), rules = { since: index, id: need(said, "id"), digest: need(said, "digest") };
  const origin = need(body, "origin");
  const renewed = withParty({ ...registry, origin, incarnation, logKeys, rules: [...registry.rules, rules] }, operator);
  return added(renewed, partyOf(renewed, operator.id), needList(body, "keys"), { index, recovery: index > 0n, checks });
}

function withRules(registry, rules, index) {
  const last = registry.rules.at(-1).since, since = index > last ? index : last, from = need(rules, "from_index");
  if (typeof from !== "number") refuse("body", "from_index is no integer");
  if (BigInt(from) <= since) refuse("rules", `rules come into force after entry ${since}, not from entry ${from}`);
  const set = { since: BigInt(from), id: need(rules, "id"), digest: need(rules, "digest") };
  return { ...registry, rules: [...registry.rules, set] };
}

// A new description replaces the one before as a whole; keys stay.
function withParty(registry, body) {
  const id = needText(body, "id"), keys = registry.parties.get(id)?.keys ?? new Map();
  const party = { id, name: need(body, "name"), roles: needList(body, "roles"), prefixes: needList(body, "prefixes"), keys };
  return replaced(registry, { ...party, profile: body });
}

const replaced = (registry, party) => ({ ...registry, parties: new Map(registry.parties).set(party.id, party) });

function withKeys(registry, statement, index, checks) {
  const { body, iss } = statement, party = partyOf(registry, need(body, "party"));
  const recovery = iss !== party.id && party.keys.size > 0;
  const grown = added(registry, party, needList(body, "add", []), { index, recovery, checks });
  return ended(grown, partyOf(grown, party.id), statement, index);
}

function added(registry, party, additions, { index, recovery, checks }) {
  const keys = new Map(party.keys), owners = new Map(registry.owners);
  for (const addition of additions) {
    const jwk = need(addition, "jwk");
    const key = parseJwk(isObject(jwk) ? jwk : refuse("body", "a jwk is an object"));
    checkNewKey(registry, owners, party, key);
    checks.push(checkPossession(registry, party, key, needText(addition, "proof")));
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
  for (const ending of needList(body, "end", [])) {
    const kid = need(ending, "kid"), record = keys.get(kid), disputedFrom = ending.disputed_from ?? null;
    if (!record || record.ended !== null) refuse("key_end", `key ${brief(kid)} is no key of ${party.id} that could be ended`);
    if (kid === signer) refuse("key_end", `key ${signer} cannot end itself`);
    if (disputedFrom !== null && !(record.added < disputedFrom && disputedFrom < index)) {
      refuse("key_end", `the dispute begins at entry ${disputedFrom}, outside the life of the key`);
    }
    keys.set(kid, { ...record, ended: index, reason: need(ending, "reason"), disputedFrom });
  }
  return replaced(registry, { ...party, keys });
}

// Every key ever enrolled.
export function* allKeys(registry) {
  for (const [kid, owner] of registry.owners) yield { kid, owner, key: registry.parties.get(owner).keys.get(kid).key };
}

