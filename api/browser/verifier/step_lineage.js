// Step 9 of SPEC 7: the opened items are what the entry commits to, and what the statement implies.

import { Fault, refuse } from "./fault.js";
import { NAMED_BY_OPERATOR, REFERENCE as WANTS_REFERENCE, fits, implied, mayCreate, subjectKey } from "./implied.js";
import { CREATE, NO_INDEX, REFERENCE, ROLES, TOUCH, checkOpened } from "./lineage.js";
import { hex } from "./bytes.js";
import { partyOf } from "./registry.js";

// (9) Commitment, links, roles and prefixes of every opened item. Returned is what the entry the file is about implies.
// A receipt has no `authority`: it shows nothing of anybody's GS1 prefixes.
export function checkLineage(steps, { entries, told }, authority) {
  steps.begin(9);
  const leaves = new Map(entries.map((one) => [one.index, hex(one.entry.leaf)]));
  let wants = new Map();
  for (const one of entries) {
    checkOpened(one.opened, one.count, one.entry.lineage);
    checkLinks(one, leaves);
    const found = one.statement ? checkImplied(one, one.statement, authority?.registries.get(one.index)) : null;
    if (found && one === told) wants = found;
  }
  say(steps, told);
  return wants;
}

function say(steps, told) {
  const facts = { opened: told.opened.length, count: told.count };
  if (!told.opened.length) steps.notChecked(9, "nothing_opened", facts);
  else if (!told.statement) steps.notChecked(9, told.why, facts);
  else steps.passed("lineage", facts);
}

// Links go back, and agree with every entry that is at hand.
function checkLinks(one, leaves) {
  for (const { item } of one.opened) {
    if (item.index !== NO_INDEX && item.index >= one.index) {
      refuse("lineage_link", `an item of entry ${one.index} links to entry ${item.index}, which is not before it`);
    }
    if ((leaves.get(item.index) ?? item.leaf) !== item.leaf) {
      refuse("lineage_link", `an item of entry ${one.index} links to entry ${item.index} with another leaf hash`);
    }
  }
}

function checkImplied(one, statement, registry) {
  const wants = impliedBy(one, statement), further = furtherRoles(statement);
  for (const { item } of one.opened) {
    const want = wants.get(item.subject);
    if (!want) {
      if (!further.includes(item.role)) refuse("lineage_implied", `an item of entry ${one.index} is not implied by its statement`);
      continue;
    }
    // What is withheld may ask for more, or turn all of it into touches.
    if (!statement.withheld && !fits(want, item.role, item.version)) {
      refuse("lineage_role", `entry ${one.index} has ${want.kind} ${want.id} in role ${ROLES[item.role]}`);
    }
    if (registry && item.role === CREATE) checkPrefix(one, statement, want, registry);
  }
  if (!further.length) checkPlaces(one, wants);
  checkMissing(one, wants);
  return wants;
}

// By subject key, with the issuer's party. A body that the table of SPEC 4.4 cannot read is not in its form.
function impliedBy(one, statement) {
  try {
    const wants = implied(statement), own = subjectKey("party", statement.iss);
    if (!wants.has(own)) wants.set(own, { kind: "party", id: statement.iss, want: WANTS_REFERENCE });
    return wants;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return refuse("body", `the statement of entry ${one.index}: ${error.message}`);
  }
}

// Roles of items beyond the table: of every subject for `heads`, of the event that is declared wrong.
function furtherRoles({ typ, body, withheld }) {
  if (withheld) return [0, 1, 2, 3];
  if (typ === "heads") return [REFERENCE];
  return "errorDeclaration" in body ? [TOUCH] : [];
}

// SPEC 4.4: who makes an id owns its GS1 prefix. The operator names parties, passports and the ledger.
function checkPrefix(one, { typ, iss, body }, want, registry) {
  if (NAMED_BY_OPERATOR.includes(want.kind)) return;
  const owner = typ === "party" ? String(body.id) : iss;
  if (!mayCreate(want.id, owner, partyOf(registry, owner).prefixes)) {
    refuse("prefix", `entry ${one.index} makes ${want.kind} ${want.id}, which has no GS1 prefix of ${owner}`);
  }
}

// Where the whole list is known, so is its length and everyone's position in it.
function checkPlaces(one, wants) {
  if (one.count !== wants.size) {
    refuse("lineage_implied", `entry ${one.index} has ${one.count} lineage items, its statement implies ${wants.size}`);
  }
  const places = [...wants.keys()].sort();
  if (one.opened.some(({ item, position }) => places[position] !== item.subject)) {
    refuse("lineage_implied", `an item of entry ${one.index} stands in another place than its subject key gives`);
  }
}

function checkMissing(one, wants) {
  const shown = new Set(one.opened.map(({ item }) => item.subject));
  const missing = [...wants].find(([subject]) => !shown.has(subject));
  if (missing && shown.size === one.count) refuse("lineage_implied", `entry ${one.index} has no item of ${missing[1].id}`);
}
