// Transformations: what goes in is drawn, what comes out is made, both close in mass or over a run (SPEC 5.4).

import { refuse } from "../verifier/fault.js";
import { introduce } from "./booking.js";
import { closeStep, closes } from "./closing.js";
import { most, sum } from "./exact.js";
import { outBeforeAvailable } from "./mass_rules.js";
import { opened } from "./packing.js";
import { REMADE, judgeProduct } from "./products.js";
import { withinMonth, withinRun } from "./runs.js";
import { take } from "./taking.js";

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
  const went = sum([...event.outputs.map((part) => part.g ?? 0n), ...event.loss.values()]);
  return event.run ? withinRun(booking, went, parts) : alone(booking, sum(taken.map((one) => one.g)), went, parts);
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
  if (closes(event)) closeStep(booking, came, went, parts);
  else if (["refining", "electrolysis"].includes(event.processKind)) withinMonth(booking, went, parts);
}
