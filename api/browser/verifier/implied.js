// What a statement implies: subjects, and what it wants with each (SPEC 4.4, whose tables are normative).

import { hex, utf8 } from "./bytes.js";
import { brief, refuse } from "./fault.js";
import { canonicalId, companyDigits, isCanonical, namesOneThing } from "./gs1.js";
import { CONSUME as ROLE_CONSUME, CREATE as ROLE_CREATE, REFERENCE as ROLE_REFERENCE, TOUCH as ROLE_TOUCH } from "./lineage.js";
import { sha256 } from "./sha2.js";
import { isObject } from "./statement.js";

const KINDS = [
  "party", "lot", "device", "meter", "process", "attestation", "consumption", "contract", "certificate", "passport", "ledger",
];
export const NAMED_BY_OPERATOR = ["ledger", "party", "passport"];
export const AL = "https://coilmark.org/ns/al/1/";
// By strength: a subject that is named more than once has the strongest.
export const REFERENCE = 1, TOUCH = 2, ADVANCE = 3, CONSUME = 4, CREATE = 5;
const PARTY = [
  ["party", "id", ADVANCE], ["device", "devices.*.id", ADVANCE], ["meter", "meters.*.id", ADVANCE],
  ["process", "processes.*.id", ADVANCE],
];
const TABLE = {
  ledger: [["ledger", "uri", ADVANCE], ...PARTY.map(([kind, path, want]) => [kind, `operator.${path}`, want])],
  party: PARTY,
  key: [["party", "party", TOUCH]],
  certificate: [["certificate", "id", ADVANCE], ["lot", "lots.*", TOUCH]],
  passport: [["passport", "id", ADVANCE], ["lot", "piece", REFERENCE], [null, "references.*", REFERENCE]],
  contract: [["contract", "id", ADVANCE], ["party", "parties.*", REFERENCE]],
  "energy-attestation": [
    ["attestation", "id", CREATE], ["device", "device", REFERENCE], ["meter", "meter", REFERENCE],
    ["consumption", "storage.charges.*.consumption", TOUCH],
  ],
  "energy-consumption": [
    ["consumption", "id", CREATE], ["process", "process", REFERENCE], ["meter", "meter", REFERENCE],
    ["consumption", "replaces", TOUCH],
  ],
  "energy-action": [
    ["attestation", "attestation", TOUCH], ["party", "to", REFERENCE], ["consumption", "reversals.*.consumption", TOUCH],
  ],
  "energy-allocation": [
    ["attestation", "rows.*.attestation", TOUCH], ["consumption", "rows.*.consumption", TOUCH],
    ["contract", "rows.*.contract", REFERENCE],
  ],
  "emission-source": [["process", "process", TOUCH]],
  "period-close": [["process", "processes.*", TOUCH]],
  verification: [[null, "subject", TOUCH]],
};
// In an event under our namespace.
const EVENT = [
  ["process", "al:process", REFERENCE], ["contract", "al:contract", REFERENCE], ["device", "al:mass.*.device", REFERENCE],
];
// Type and action, list: what is wanted with a single thing, and with a class.
const MADE = [CREATE, ADVANCE], USED = [CONSUME, TOUCH], HELD = [ADVANCE, ADVANCE], TOUCHED = [TOUCH, TOUCH];
const lists = (names, wants) => names.map((name) => [name, wants]);
const CHILDREN = lists(["parentID", "childEPCs", "childQuantityList"], TOUCHED);
const PACKED = [["parentID", HELD], ...CHILDREN.slice(1)];
const TRANSACTION = lists(["parentID", "epcList", "quantityList"], TOUCHED);
const LISTS = new Map([
  [["ObjectEvent", "ADD"], lists(["epcList", "quantityList"], MADE)],
  [["ObjectEvent", "OBSERVE"], lists(["epcList", "quantityList"], TOUCHED)],
  [["ObjectEvent", "DELETE"], lists(["epcList", "quantityList"], USED)],
  [["TransformationEvent", null], [
    ...lists(["inputEPCList", "inputQuantityList"], USED), ...lists(["outputEPCList", "outputQuantityList"], MADE),
  ]],
  ...["Aggregation", "Association"].flatMap((kind) => [
    [[`${kind}Event`, "ADD"], PACKED], [[`${kind}Event`, "OBSERVE"], CHILDREN], [[`${kind}Event`, "DELETE"], CHILDREN],
  ]),
  ...["ADD", "OBSERVE", "DELETE"].map((action) => [["TransactionEvent", action], TRANSACTION]),
].map(([event, named]) => [JSON.stringify(event), named]));

export const subjectKey = (kind, id) => hex(sha256(utf8(`coilmark/subject/v1\n${kind}\n${id}`)));

// Subjects of a statement by subject key: kind, id and want. Not among them: the reference to the issuer's party.
export function implied({ typ, iss, aud, body }) {
  const wants = new Map();
  for (const [kind, id, want] of named(typ, iss, aud, body)) {
    const name = `${kind}\n${id}`, before = wants.get(name)?.want ?? want;
    if (before !== want && before + want === CREATE + CONSUME) refuse("in_and_out", `${brief(id)} is used up and made`);
    wants.set(name, { kind, id, want: Math.max(before, want) });
  }
  if (wants.size > 5000) refuse("subjects_limit", `the ${typ} names ${wants.size} subjects, the limit is 5000`);
  return new Map([...wants.values()].map((one) => [subjectKey(one.kind, one.id), one]));
}

function* named(typ, iss, aud, body) {
  if (typ === "notice") yield ["ledger", aud, TOUCH];
  if (typ === "lot-event") yield* lotsNamed(body);
  const ours = typ === "lot-event" && bound(body) === AL;
  for (const [kind, path, want] of ours ? EVENT : (TABLE[typ] ?? [])) {
    for (const found of standingAt(body, path.split("."))) {
      if (kind !== null) yield [kind, asItStands(kind, found, iss), want];
      // Any kind, as {kind, id}; either may be withheld.
      else if (isObject(found) && found.kind != null && found.id != null) {
        yield [found.kind, asItStands(found.kind, found.id, iss), want];
      }
    }
  }
}

function standingAt(value, [step, ...rest]) {
  if (step === undefined) return [value];
  if (step === "*") {
    if (!Array.isArray(value)) refuse("body", "a list of subjects is wanted");
    return value.flatMap((one) => standingAt(one, rest));
  }
  if (!isObject(value)) refuse("body", `a member "${step}" is looked for in what is no object`);
  return step in value ? standingAt(value[step], rest) : [];
}

// Outside EPCIS events an id has one spelling.
function asItStands(kind, id, iss) {
  if (typeof kind !== "string" || typeof id !== "string") refuse("body", "kind and id of a subject are strings");
  if (canonicalSubjectId(kind, id, iss) !== id) refuse("id_not_canonical", `${brief(id)} is not canonical`);
  return id;
}

// SPEC 6, other ids: a party's or place's GLN and local segments, neither "." nor "..".
const LOCAL = "(?:/(?!\\.\\.?(?:/|$))[A-Za-z0-9._~:-]{1,80})+";
const BELOW = new RegExp(`^${LOCAL}$`), LOCAL_ID = new RegExp(`^(\\(41[47]\\)[0-9]{13})${LOCAL}$`);

export function canonicalSubjectId(kind, id, iss) {
  if (kind === "lot") return canonicalId(id);
  if (!KINDS.includes(kind)) refuse("subject_kind", `${brief(kind)} is no kind of subject`);
  if (!isName(kind, id, iss)) refuse("id_not_canonical", `${brief(id)} is no canonical id of a ${kind}`);
  return id;
}

function isName(kind, id, iss) {
  if (id.length > 200) return false;
  if (kind === "ledger") return /^[A-Za-z][A-Za-z0-9+.-]*:[!-~]+$/.test(id);
  if (id.startsWith(`${iss}/`) && BELOW.test(id.slice(iss.length))) return true;
  return isCanonical(LOCAL_ID.exec(id)?.[1] ?? id);
}

// What the event's context binds `al` to: the later binding where there are two.
export function bound(event) {
  const context = event["@context"];
  let found;
  for (const one of Array.isArray(context) ? context : [context]) if (isObject(one) && "al" in one) found = one.al;
  return found;
}

function* lotsNamed(event) {
  const kind = event.type ?? null, action = event.action ?? null;
  if ([kind, action].some((one) => one !== null && typeof one !== "string")) refuse("body", "type and action are words");
  for (const [member, [single, ofClass]] of LISTS.get(JSON.stringify([kind, action])) ?? []) {
    if (!(member in event)) continue;
    for (const id of idsIn(member, event[member])) {
      const want = namesOneThing(id) ? single : ofClass;
      yield ["lot", id, "errorDeclaration" in event ? TOUCH : want];
    }
  }
}

// EPCIS 2.0 7.3.3: single things have no quantity, classes are nothing without one.
export function idsIn(member, value) {
  const classes = member.endsWith("uantityList"), listed = member === "parentID" ? [value] : value;
  if (!Array.isArray(listed)) refuse("body", `${member} is a list`);
  if (classes && !listed.every(isObject)) refuse("body", `an element of ${member} is an object`);
  const ids = classes ? listed.filter((one) => "epcClass" in one).map((one) => one.epcClass) : listed;
  return ids.map((id) => {
    if (typeof id !== "string") refuse("body", `an id in ${member} is a string`);
    const canonical = canonicalId(id);
    if (namesOneThing(canonical) === classes) refuse("epc_list", `${brief(canonical)} does not belong in ${member}`);
    return canonical;
  });
}

const FITTING = {
  [REFERENCE]: [ROLE_REFERENCE], [CREATE]: [ROLE_CREATE], [ADVANCE]: [ROLE_CREATE, ROLE_TOUCH], [TOUCH]: [ROLE_TOUCH],
  [CONSUME]: [ROLE_CONSUME],
};

// Whether an item may have this role and version where a statement implies this. Only lots begin by being touched; what
// a statement makes may have been made by mistake before, or received before its maker was heard.
export function fits({ kind, want }, role, version) {
  if (role === ROLE_TOUCH && version === 1n) return want === TOUCH && kind === "lot";
  if (want === CREATE && kind === "lot" && role === ROLE_TOUCH) return true;
  return FITTING[want].includes(role);
}

// SPEC 4.4, who may create: below the issuer's own id, or under one of his GS1 prefixes.
export function mayCreate(id, iss, prefixes) {
  if (id.startsWith(`${iss}/`)) return true;
  if (!isCanonical(id)) return false;
  const digits = companyDigits(id);
  return prefixes.some((prefix) => prefix && digits.startsWith(prefix));
}
