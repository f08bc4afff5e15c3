// Steps 4 and 7 of SPEC 7: which ledger this is, who may sign in it, and who signed. That no registry statement is
// missing follows from lineage: each entry holds an item of its issuer's party that names the newest version before it.

import { brief, refuse } from "./fault.js";
import { NO_INDEX, NO_LEAF, REFERENCE, checkOpened } from "./lineage.js";
import { hex, equal } from "./bytes.js";
import { subjectKey } from "./implied.js";
import { REGISTRY_TYPES, allKeys, apply, authorise, begin, disputedAt, partyOf } from "./registry.js";
import { checkForm } from "./registry_form.js";
import { verifySignature } from "./signatures.js";

// (4) Index 0 founds the ledger; the newest `ledger` statement names the trust file's log key under this origin.
export function checkIndex0(steps, { entries, signed }) {
  steps.begin(4);
  const [first] = entries, founding = first.statement;
  if (first.index !== 0n || founding?.typ !== "ledger") refuse("index_0", "the file does not hold index 0");
  if (hex(first.entry.previous) !== NO_LEAF) refuse("index_0", "index 0 names an entry before it");
  checkForm(founding, first.index);
  const { operator, uri, incarnation } = founding.body, own = operator.id === founding.iss && uri === founding.aud;
  if (!own || incarnation !== 0) refuse("index_0", "index 0 names another ledger or operator");
  const newest = entries.findLast((one) => one.statement?.typ === "ledger");
  checkForm(newest.statement, newest.index);
  const { origin, log_keys: keys } = newest.statement.body;
  if (origin !== signed.origin) refuse("origin", `the ledger names the origin ${brief(origin)}`);
  if (!signed.logs.some((vkey) => keys.includes(vkey.text))) refuse("log_key", "the ledger names another log key");
  steps.passed("index_0", { ledger: founding.aud, operator: operator.name, id: founding.iss });
}

// (7) Party histories without a gap, every key valid where it signed, every signature.
export async function checkAuthority(steps, found) {
  steps.begin(7);
  const walk = new Walk();
  try {
    for (const one of found.entries) if (one.statement) walk.take(one, one.statement);
  } finally {
    await firstRefusal(walk.checks); // of what stands before the place where the walk ended
  }
  checkSeparate(walk.registry, found.trust);
  const { told } = found;
  if (!told.statement) steps.notChecked(7, told.why);
  else steps.passed("signed", signedFacts(walk, told, lastNamed(found, told.statement.iss)));
  return walk;
}

// All signatures are checked at once, for which WebCrypto takes half as long. The first that fails is told.
export async function firstRefusal(checks) {
  const refused = (await Promise.allSettled(checks)).find((one) => one.status === "rejected");
  if (refused) throw refused.reason;
}

async function checkSignature({ key }, { kid, alg, signingInput, signature }) {
  if (!(await verifySignature(key, alg, signingInput, signature))) {
    refuse("signature", `the signature by key ${kid} does not fit what was signed`);
  }
}

function signedFacts(walk, told, named) {
  const { iss, kid } = told.statement, party = partyOf(walk.registry, iss), record = party.keys.get(kid);
  const count = [...walk.registries.keys()].length;
  const doubt = disputedAt(record, told.index) ? "disputed" : record.ended !== null ? "ended" : "";
  return { count, name: party.name, party: iss, kid, added: record.added, ended: record.ended, doubt, named };
}

// The newest entry of the file that names this party: up to there its history is whole.
export function lastNamed({ entries }, party) {
  const subject = subjectKey("party", party);
  return entries.findLast((one) => one.opened.some(({ item }) => item.subject === subject)).index;
}

// The registry statements met so far, in index order, and the newest version of each party that they made.
class Walk {
  registry = null;
  newest = new Map(); // by subject key: version, index, leaf
  registries = new Map(); // by index: the registry with that entry
  records = new Map(); // by index: the key that signed
  history = new Map(); // by index: registry statements
  checks = []; // signatures, in the order in which they stand: promises

  take(one, statement) {
    checkForm(statement, one.index);
    this.checkHistory(one, statement);
    const before = this.registry;
    if (before) authorise(before, statement, one.index);
    const after = before ? apply(before, statement, one.index, this.checks) : begin(statement, this.checks);
    // The key must be good before the statement; only index 0 stands on the key that it names itself.
    const record = partyOf(before ?? after, statement.iss).keys.get(statement.kid);
    this.checks.push(checkSignature(record, statement));
    this.registry = after;
    this.registries.set(one.index, after);
    this.records.set(one.index, record);
    if (REGISTRY_TYPES.includes(statement.typ)) this.history.set(one.index, statement);
  }

  // The entry's items of the issuer's party, and of a party it changes, link to what was met before.
  checkHistory(one, statement) {
    const changed = changedParty(statement);
    for (const party of new Set([statement.iss, changed ?? statement.iss])) {
      const subject = subjectKey("party", party);
      const opened = one.opened.filter(({ item }) => item.subject === subject);
      if (!opened.length) refuse("party_history", `entry ${one.index} opens no lineage item of the party ${brief(party)}`);
      checkOpened(opened, one.count, one.entry.lineage);
      this.follow(one, opened[0].item, party, party === changed);
    }
  }

  follow(one, item, party, advances) {
    const newest = this.newest.get(item.subject) ?? { version: 0n, index: NO_INDEX, leaf: NO_LEAF };
    const before = advances ? item.version - 1n : item.version;
    if (advances === (item.role === REFERENCE)) refuse("party_history", `the item of ${party} has another role`);
    if (before !== newest.version || item.index !== newest.index || item.leaf !== newest.leaf) {
      refuse("party_history", `entry ${one.index} says ${party} had ${before} versions, the file shows ${newest.version}`);
    }
    if (item.version > 1000n) refuse("party_versions", `${party} has ${item.version} versions, the limit is 1000`);
    if (advances) this.newest.set(item.subject, { version: item.version, index: one.index, leaf: hex(one.entry.leaf) });
  }
}

// The party whose version a registry statement makes.
function changedParty({ typ, body }) {
  if (typ === "ledger") return body.operator.id;
  if (typ === "party") return body.id;
  return typ === "key" ? body.party : null;
}

// SPEC 4.5: a party's key is never a log or witness key.
function checkSeparate(registry, trust) {
  for (const { kid, key } of allKeys(registry)) {
    if (trust.vkeys.some((vkey) => equal(vkey.raw, key.raw))) refuse("key_shared", `key ${kid} is also a checkpoint key`);
  }
}

// Whether nobody but the operator vouches for the key that signed an entry: he enrolled it, or a key that leads to it,
// and no pin of the reader stands on that way.
export function vouchedByOperatorAlone({ registry, records, history }, trust, index) {
  let { kid } = records.get(index).key;
  const party = registry.owners.get(kid);
  if (party === registry.operator) return false;
  while (!trust.pins.get(party)?.has(kid)) {
    const enrolling = history.get(registry.parties.get(party).keys.get(kid).added);
    if (enrolling.iss !== party) return true;
    ({ kid } = enrolling);
  }
  return false;
}
