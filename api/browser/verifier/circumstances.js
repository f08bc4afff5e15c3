// Steps 10, 12 and 13 of SPEC 7: is it what the reader asked for, when was it, and what remains open.

import { openUses } from "./attestations.js";
import { lastNamed, vouchedByOperatorAlone } from "./authority.js";
import { Fault, refuse } from "./fault.js";
import { canonicalId } from "./gs1.js";
import { CREATE as WANTS_CREATE, subjectKey } from "./implied.js";
import { TOUCH } from "./lineage.js";
import { SECOND, micros } from "./moments.js";
import { openRuns, piecesTold } from "./passports.js";
import { disputedAt } from "./registry.js";

const AHEAD = 300n * SECOND; // SPEC 8
const LAST = 253402214400n * SECOND; // the last day of the year 9999

// (10) The entry is the one, and about the piece, that the reader had in mind before he read the file.
export function checkExpected(steps, found, wants, { piece = null, index = null }) {
  steps.begin(10);
  const { told } = found, pieces = piecesTold(found);
  if (piece === null && index === null) return steps.notChecked(10, "nothing_expected");
  if (index !== null && BigInt(index) !== told.index) refuse("expected_index", `entry ${index} was expected, this is ${told.index}`);
  const wanted = piece === null ? null : canonicalId(piece);
  if (wanted !== null && !isAbout(told, pieces, wants, wanted)) {
    refuse("expected_piece", `piece ${wanted} was expected, the file is not about it`);
  }
  return steps.passed("expected", { piece: wanted ?? "", index: told.index });
}

// A passport is about its own piece alone, whatever else it names.
function isAbout({ statement }, pieces, wants, piece) {
  if (!statement) return false;
  return pieces.includes(piece) || (statement.typ !== "passport" && wants.has(subjectKey("lot", piece)));
}

// (12) Claimed by the issuer, recorded by the ledger, seen by witnesses: in an order that can be.
export function checkTime(steps, { entries, signed, told }) {
  steps.begin(12);
  entries.forEach((one, i) => {
    if (i && one.entry.recordedAt < entries[i - 1].entry.recordedAt) refuse("time", `entry ${one.index} was recorded before the one before`);
  });
  const stamps = signed.cosignatures.map((one) => moment(one.timestamp * SECOND));
  const seen = stamps.length ? stamps.reduce((a, b) => (a < b ? a : b)) : null;
  for (const one of entries) checkOrder(one, seen);
  const { iat = null, eventTime = null } = claimed(told);
  steps.passed(seen === null ? "time_unwitnessed" : "time", { iat, eventTime, recorded: told.entry.recordedAt, seen });
}

function checkOrder(one, seen) {
  const recorded = moment(one.entry.recordedAt);
  for (const [name, at] of Object.entries(claimed(one))) {
    if (at > recorded + AHEAD) refuse("time", `${name} of entry ${one.index} lies more than 300 s after it was recorded`);
  }
  if (seen !== null && recorded > seen + AHEAD) refuse("time", `a witness had seen entry ${one.index} before it was recorded`);
}

function claimed({ statement }) {
  if (!statement) return {};
  const iat = moment(BigInt(statement.iat) * SECOND);
  const happened = statement.typ === "lot-event" ? (statement.body.eventTime ?? null) : null;
  return happened === null ? { iat } : { iat, eventTime: moment(eventTime(happened)) };
}

function eventTime(text) {
  try {
    return micros(typeof text === "string" ? text : "");
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return refuse("time", error.message);
  }
}

const moment = (at) => (at > LAST ? refuse("time", "a time lies after the year 9999") : at);

// (13) Nothing here is a failure, and a reader who is not told would believe too much.
export function sayOpen(steps, found, authority, wants) {
  steps.begin(13);
  const { told, signed } = found;
  const points = [...withheld(told), ...madeBefore(told, wants), ...openUses(found), ...openRuns(found), witnessed(found)];
  if (!authority) points.push(["open_receipt", {}]);
  else if (told.statement) points.push(...ofKey(authority, found), ...ofHistory(found), ...ofOthers(authority, found), ["open_schema", {}]);
  points.push(["open_later", { size: signed.size }]);
  steps.open = points.map(([say, facts]) => ({ say, facts }));
  steps.passed("open", { count: points.length });
}

function withheld(told) {
  const points = told.why ? [[told.why, {}]] : [];
  if (told.statement?.withheld) points.push(["open_withheld", { count: told.statement.withheld }]);
  if (told.opened.length < told.count) points.push(["open_items", { hidden: told.count - told.opened.length, count: told.count }]);
  return points;
}

// SPEC 4.4: one entry cannot tell a piece made again, or received before it was made, from one made twice.
function madeBefore(told, wants) {
  const made = told.opened.filter(({ item }) => item.role === TOUCH && wants.get(item.subject)?.want === WANTS_CREATE);
  return made.length ? [["open_made_again", { ids: made.map(({ item }) => wants.get(item.subject).id).join(", ") }]] : [];
}

function witnessed({ trust, signed }) {
  const names = trust.witnesses.filter((one) => signed.cosignatures.some(({ vkey }) => vkey === one.vkey)).map((one) => one.name);
  return names.length ? ["open_witnessed", { names: names.join(", ") }] : ["open_unwitnessed", {}];
}

const newest = ({ registry }, kid) => registry.parties.get(registry.owners.get(kid)).keys.get(kid);

function ofKey(authority, { about, trust }) {
  const { kid } = authority.records.get(about).key, record = newest(authority, kid), points = [];
  if (vouchedByOperatorAlone(authority, trust, about)) points.push(["open_vouched", { kid, party: authority.registry.owners.get(kid) }]);
  if (disputedAt(record, about)) points.push(["open_disputed", { kid, ended: record.ended, from: record.disputedFrom }]);
  else if (record.ended !== null) points.push(["open_ended", { kid, ended: record.ended, reason: record.reason }]);
  const { incarnation } = authority.registry;
  if (incarnation) points.push(["open_incarnation", { incarnation }]);
  return points;
}

// Lineage proves that nothing is missing up to the newest entry that names the party, and says nothing after it.
function ofHistory(found) {
  const party = found.told.statement.iss, named = lastNamed(found, party), { size } = found.signed;
  return named === size - 1n ? [] : [["open_history", { party, named, before: size }]];
}

// What is true of the other signers of a bundle: passports stand on what plants signed.
function ofOthers(authority, { entries, told, trust }) {
  const others = entries.filter((one) => one !== told && one.statement && !authority.history.has(one.index));
  const alone = others.filter((one) => vouchedByOperatorAlone(authority, trust, one.index)).map((one) => one.statement.iss);
  const disputed = others.filter((one) => disputedAt(newest(authority, authority.records.get(one.index).key.kid), one.index));
  const points = alone.length ? [["open_others_vouched", { parties: [...new Set(alone)].sort().join(", ") }]] : [];
  if (disputed.length) points.push(["open_others_disputed", { entries: disputed.map((one) => one.index).join(", ") }]);
  return points;
}
