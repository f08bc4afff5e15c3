// A lot event, read once: canonical ids, grams, parties and times (SPEC 4.8). Its body was held against no schema: what
// is not there, or is of another kind, throws.

import { bound, AL, idsIn } from "../verifier/implied.js";
import { refuse, Fault } from "../verifier/fault.js";
import { canonicalId, namesOneThing } from "../verifier/gs1.js";
import { micros } from "../verifier/moments.js";
import { isObject } from "../verifier/statement.js";
import { Fraction, sum, whole } from "./exact.js";

const GRAMS_IN = { GRM: 1n, KGM: 1000n, TNE: 1000000n };
// UN/ECE Recommendation 20: one lot is not weighed in two systems.
const OTHER_MASS = "2U APZ CGM CWA CWI DG DJ DRA DTN GRN HGM KTN LBR LTN MC MGM ONZ SAP SCR STI STN".split(" ");
const INPUT = ["inputEPCList", "inputQuantityList"], OUTPUT = ["outputEPCList", "outputQuantityList"];
const THINGS = ["epcList", "quantityList"], CHILDREN = ["childEPCs", "childQuantityList"];
const PAPERS = ["desadv", "bol", "recadv"]; // those that name a delivery, the best first
const ORIGIN = ["document", "g", "kind", "supplier"];
const NOTHING = Object.freeze(Object.create(null));

// The member of an object that has to be there.
export function must(value, name) {
  if (!isObject(value) || !(name in value)) throw new TypeError(`a member "${name}" is wanted`);
  return value[name];
}

export function text(value) {
  if (typeof value !== "string") throw new TypeError("a text is wanted");
  return value;
}

// What is a key, or one of a set: of whatever kind, but no list and no object.
export function single(value) {
  if (Array.isArray(value) || isObject(value)) throw new TypeError("a single value is wanted");
  return value;
}

export function list(value) {
  if (!Array.isArray(value)) throw new TypeError("a list is wanted");
  return value;
}

function within(value) {
  if (!isObject(value)) throw new TypeError("an object is wanted");
  return value;
}

const listIn = (value, name) => (name in within(value) ? list(value[name]) : []);
const textIn = (value, name) => (name in within(value) ? text(value[name]) : "");
const idOf = (row) => canonicalId(text(must(row, "id")));
const timeOf = (value, name) => micros(text(must(value, name)));

// Of the entry `index`, read against what its issuer, `party`, had registered there.
export function readEvent({ body, iss, jti }, { index, recordedAt, party }) {
  const al = bound(body) === AL ? body : NOTHING, time = timeOf(body, "eventTime"), parties = partiesOf(body);
  const start = "al:start" in al ? timeOf(al, "al:start") : time;
  const declared = "errorDeclaration" in body ? body.errorDeclaration : null;
  const process = textIn(al, "al:process"), inputs = partsOf(body, INPUT, al, "input");
  return {
    index, recordedAt, issuer: iss, name: "eventID" in body ? text(body.eventID) : jti, time, start,
    type: textIn(body, "type"), action: textIn(body, "action"), step: textIn(body, "bizStep"),
    disposition: textIn(body, "disposition"),
    inputs,
    outputs: partsOf(body, OUTPUT, al, "output"),
    things: partsOf(body, THINGS, al, "none"),
    children: partsOf(body, CHILDREN, al, "none"),
    parent: "parentID" in body ? canonicalId(text(body.parentID)) : "",
    loss: new Map(listIn(al, "al:loss").map((one) => [text(must(one, "kind")), whole(must(one, "g"))])),
    origins: new Map(listIn(al, "al:origin").map((row) => [idOf(row), originOf(row)])),
    claims: listIn(al, "al:claim").map((one) => [must(one, "scope"), whole(must(one, "g"))]),
    attributes: new Map(listIn(al, "al:attributes").map((row) => [idOf(row), described(row)])),
    process, processKind: kindOf(party, process),
    run: "transformationID" in body && isRun(body, al) ? text(body.transformationID) : "",
    runState: "al:run" in al ? al["al:run"] : "open",
    contract: textIn(al, "al:contract"), opening: "al:opening" in al,
    sites: ["readPoint", "bizLocation"].filter((name) => name in body).map((name) => canonicalOrNot(must(body[name], "id"))),
    sender: parties.get("from possessing_party") ?? parties.get("from owning_party") ?? "",
    receiver: parties.get("to possessing_party") ?? parties.get("to owning_party") ?? "",
    owner: parties.get("to owning_party") ?? "", seller: parties.get("from owning_party") ?? "",
    document: documentOf(body),
    unset: "persistentDisposition" in body ? listIn(body.persistentDisposition, "unset").map(single) : [],
    scale: scaleError(al, party, inputs),
    declares: declared !== null,
    corrections: declared === null ? [] : listIn(declared, "correctiveEventIDs").map(text),
  };
}

function originOf({ id, ...row }) {
  if (Object.keys(row).sort().join() !== ORIGIN.join()) throw new TypeError("an origin has other members");
  return { ...row, kind: text(row.kind), g: whole(row.g) };
}

// Each attribute but the analysis is a text or a whole number.
function described(row) {
  const simple = Object.entries(row).every(([name, one]) => name === "chemistry" || ["string", "number"].includes(typeof one));
  if (!simple) throw new TypeError("an attribute is a text or a whole number");
  return row;
}

function kindOf({ profile }, process) {
  const kinds = new Map(listIn(profile, "processes").map((one) => [must(one, "id"), must(one, "kind")]));
  return kinds.get(process) ?? "";
}

// The largest error of the scales that weighed what came out, in g: accuracy in % of each mass. A row that names no side is
// about the one that its id stands on.
function scaleError(al, { profile }, inputs) {
  const devices = listIn(profile, "devices").filter((one) => "accuracy" in one);
  const accuracies = new Map(devices.map((one) => [must(one, "id"), one.accuracy]));
  const sideOf = (row) => ("side" in row ? row.side : inputs.some(({ id }) => id === idOf(row)) ? "input" : "output");
  const weighed = listIn(al, "al:mass").filter((row) => sideOf(row) === "output");
  return sum(weighed.map((row) => Fraction.of(accuracies.get(textIn(row, "device")) ?? "0").times(whole(must(row, "g")), 100n).integer));
}

// One side alone is a step of a run whether it says so or not; both sides are one where it says so.
function isRun(body, al) {
  const any = (members) => members.some((name) => body[name]?.length);
  return "al:run" in al || !(any(INPUT) && any(OUTPUT));
}

// One part for each id: `g` is null where the event gives no mass.
function partsOf(body, members, al, side) {
  const found = new Map(), masses = rowsOf(al, "al:mass", side), roles = rowsOf(al, "al:role", side);
  for (const member of members.filter((name) => name in body)) {
    const ids = idsIn(member, body[member]);
    if (ids.length !== body[member].length) throw new TypeError(`an element of ${member} has no id`);
    ids.forEach((id, i) => {
      const row = masses.get(id), element = body[member][i], listed = isObject(element) ? massOf(element) : null;
      let g = listed ?? (row && "g" in row ? whole(row.g) : null);
      const before = found.get(id)?.g ?? null;
      if (before !== null && listed !== null) g = before + listed;
      found.set(id, { id, single: namesOneThing(id), g, role: roles.get(id)?.role ?? "" });
    });
  }
  return [...found.values()];
}

// A row that names another side is about that side.
function rowsOf(al, member, side) {
  const rows = listIn(al, member).filter((row) => !("side" in row) || row.side === side);
  return new Map(rows.map((row) => [idOf(row), row]));
}

// Of a quantity, exact to the gram; null where its unit is none of mass.
function massOf({ uom = null, quantity = null }) {
  if (uom !== null) text(uom);
  if (OTHER_MASS.includes(uom)) refuse("mass", "mass is in GRM, KGM or TNE");
  if (uom === null || !Object.hasOwn(GRAMS_IN, uom) || quantity === null) return null;
  const exact = Fraction.of(quantity).times(GRAMS_IN[uom]);
  if (exact.top % exact.under) refuse("mass", "a mass is not exact to the gram");
  return whole(Number(exact.integer));
}

// Who gives and who takes; an id in another system than GS1 stands as it is.
function partiesOf(body) {
  const found = new Map();
  for (const [word, member, what] of [["from", "sourceList", "source"], ["to", "destinationList", "destination"]]) {
    for (const one of listIn(body, member)) {
      const name = `${word} ${textIn(one, "type")}`, party = canonicalOrNot(must(one, what));
      if (!found.has(name)) found.set(name, party);
    }
  }
  return found;
}

function canonicalOrNot(id) {
  try {
    return canonicalId(text(id));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return id;
  }
}

function documentOf(body) {
  const said = new Map(listIn(body, "bizTransactionList").map((one) => [textIn(one, "type"), textIn(one, "bizTransaction")]));
  const kind = PAPERS.find((one) => said.has(one));
  return kind === undefined ? "" : said.get(kind);
}

// Everything it names but the parent.
export const partsIn = ({ inputs, outputs, things, children }) => [...inputs, ...outputs, ...things, ...children];
