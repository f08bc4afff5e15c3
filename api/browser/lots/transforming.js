// Transformations: what goes in is drawn, what comes out is made, both close in mass or over a run (SPEC 5.4).

import { refuse } from "../verifier/fault.js";
import { introduce } from "./booking.js";
import { grams, most, sum } from "./exact.js";
import {
  CLOSING, analysis, customsCode, massAndSize, oneAlloy, outBeforeAvailable, outputAboveInput, unaccounted,
} from "./mass_rules.js";
import { opened } from "./packing.js";
import { withinMonth, withinRun } from "./runs.js";
import { list } from "./event.js";
import { take } from "./taking.js";

const REMADE = ["casting", "remelting"]; // where metal of several alloys becomes one

export function transform(booking) {
  const { event, done } = booking, { issuer } = event;
  done.joins = true;
  checkProcess(event);
  if (!event.inputs.length && !event.outputs.length) refuse("empty_step", `event ${event.name} names nothing that goes in`);
  const parts = opened(booking, event.inputs), taken = parts.map((part) => draw(booking, part));
  const owners = new Set(taken.map((one) => one.owner));
  booking.checkOwners(owners, event.inputs[0]?.id ?? "");
  const owner = owners.size === 1 ? [...owners][0] : issuer;
  for (const part of event.outputs) {
    introduce(booking, part, "made", issuer);
    booking.credit(part.id, part.g ?? 0n, { holder: issuer, owner, role: part.role });
    judgeProduct(booking, part.id);
  }
  for (const [kind, g] of event.loss) booking.leave(kind, g);
  const came = sum(taken.map((one) => one.g)), went = sum([...event.outputs.map((part) => part.g ?? 0n), ...event.loss.values()]);
  return event.run ? withinRun(booking, came, went) : alone(booking, came, went, parts);
}

export function checkProcess({ issuer, process, processKind }) {
  if (process && !processKind) refuse("process", `${issuer} has no process ${process}`);
}

// M2: no more than there is, and not before it was there.
function draw(booking, part) {
  const lot = booking.lot(part.id), { event } = booking;
  const says = outBeforeAvailable(event.time, lot.time, part.id);
  if (says) booking.find("time_order", part.id, says);
  return take(booking, part, { consume: part.single, scrap: REMADE.includes(event.processKind) ? scrapClass(lot, part) : "" });
}

// The class of scrap that enters a melt, "" for what is no scrap (5.8).
function scrapClass({ attributes }, { role }) {
  const isScrap = role === "scrap" || attributes.get("material") === "scrap";
  return String(attributes.has("scrapClass") ? attributes.get("scrapClass") : isScrap ? "unknown" : "");
}

// A step that one event tells whole.
function alone(booking, came, went, parts) {
  const { event } = booking, kind = closes(event) ? "unaccounted" : "reaction";
  booking.leave(kind, most(0n, came - went));
  booking.enter(kind, most(0n, went - came));
  if (closes(event)) close(booking, came, went, parts);
  else if (["refining", "electrolysis"].includes(event.processKind)) withinMonth(booking, came);
}

// From the casthouse on; without a process, wherever pieces are made or used.
function closes({ processKind, inputs, outputs }) {
  return processKind ? CLOSING.includes(processKind) : [...inputs, ...outputs].some((part) => part.single);
}

// M1, of what was taken, also out of units.
function close(booking, came, went, parts) {
  const { inputs, outputs, scale, processKind } = booking.event, first = [...outputs, ...inputs][0].id;
  const unweighed = ({ id }) => booking.lot(id).single && booking.lot(id).g === null;
  const unknown = [...outputs.filter((part) => part.g === null), ...parts.filter(unweighed)].map((part) => part.id);
  if (unknown.length) {
    return booking.find("mass_not_closed", unknown[0], `the mass of ${unknown.join(", ")} is not known: nothing closes`);
  }
  if (outputAboveInput(came, went, scale)) refuse("output_above_input", `lot ${first}: ${grams(went)} come out of ${grams(came)}`);
  const says = unaccounted(came, went, scale);
  if (says) booking.find("unaccounted_loss", first, says);
  return REMADE.includes(processKind) ? undefined : judgeAlloys(booking, parts);
}

const alloyOf = (lot) => String(lot.attributes.get("alloy") ?? "");

function judgeAlloys(booking, parts) {
  const { outputs } = booking.event, used = parts.map((part) => alloyOf(booking.lot(part.id)));
  for (const { id } of outputs) {
    const says = oneAlloy(used, alloyOf(booking.lot(id)));
    if (says) booking.find("alloys_mixed", id, `lot ${id}: ${says}`);
  }
}

// M4 and M5 on what is said of a lot that was made.
export function judgeProduct(booking, name) {
  const lot = booking.lot(name), chemistry = list(booking.event.attributes.get(name)?.chemistry ?? []);
  const found = [["customs_code", customsCode(lot.attributes)], ["mass_and_size", lot.g ? massAndSize(lot.attributes, lot.g) : ""]];
  for (const one of analysis(alloyOf(lot), chemistry)) found.push(["analysis", one]);
  for (const [rule, says] of found) if (says) booking.find(rule, name, `lot ${name}: ${says}`);
}
