// Continuous processes: refining and electrolysis balance over a closed run or a month, never per tap (SPEC 5.4).

import { refuse } from "../verifier/fault.js";
import { NOBODY, placeOfRun, twoLines } from "./book.js";
import { Fraction, sum } from "./exact.js";
import { above, below, oxideBalance } from "./mass_rules.js";

const USUAL_OXIDE = "98.5"; // % Al2O3 of alumina that nobody analysed

function newRun({ event }, name, monthly = false) {
  return {
    name, issuer: event.issuer, monthly, closedBy: NOBODY, inputs: new Map(), outputs: new Map(), oxideIn: 0n, oxideOut: 0n,
    g: 0n, mix: NOBODY, kind: event.processKind,
  };
}

const write = (book, issuer, run) => book.runs.set(twoLines(issuer, run.name), run);
const read = (book, issuer, name) => book.runs.get(twoLines(issuer, name));

export function withinRun(booking, came, went) {
  const { event, book, done } = booking, { issuer, run: name } = event;
  booking.leave("run", came);
  booking.enter("run", went);
  const known = read(book, issuer, name) ?? newRun(booking, name);
  Object.assign(done, { run: name, runHad: known.g, runMix: known.mix });
  if (known.closedBy !== NOBODY) meetClosed(booking, `run ${name} was closed by entry ${known.closedBy}`);
  let run = withMore(booking, known, came);
  done.runFrom = run.mix;
  if (event.runState === "closed") {
    run = { ...run, closedBy: event.index };
    judgeRun(booking, run);
  }
  write(book, issuer, run);
}

// A closed run never refuses a correction; that it was closed is found (5.6).
function meetClosed(booking, says) {
  if (!booking.lenient) refuse("run_closed", says);
  booking.find("run_closed", "", says);
}

// By event time in UTC.
const monthOf = ({ process, time }) => `${process} ${new Date(Number(time / 1000n)).toISOString().slice(0, 7)}`;

// Without a run the month is what is balanced, once the next begins; again for what comes late.
export function withinMonth(booking, came) {
  const { event, book, done } = booking, { issuer, process } = event, month = monthOf(event), newest = book.months.get(process);
  done.period = month;
  const run = withMore(booking, read(book, issuer, month) ?? newRun(booking, month, true), came);
  if (newest === undefined || newest < month) {
    book.months.set(process, month);
    const before = newest === undefined ? undefined : read(book, issuer, newest);
    if (before) {
      judgeRun(booking, before);
      write(book, issuer, { ...before, closedBy: event.index });
    }
  } else if (newest > month) {
    judgeRun(booking, run);
  }
  write(book, issuer, run);
}

function withMore(booking, run, came) {
  const { event, done } = booking, here = (parts) => parts.map((part) => ({ lot: booking.lot(part.id), part }));
  const inputs = here(event.inputs), outputs = here(event.outputs);
  const oxideIn = withOxide(run.oxideIn, inputs), oxideOut = withOxide(run.oxideOut, outputs);
  done.oxide = [(oxideIn ?? 0n) - (run.oxideIn ?? 0n), (oxideOut ?? 0n) - (run.oxideOut ?? 0n)];
  return {
    ...run, oxideIn, oxideOut,
    inputs: byMaterial(run.inputs, booking, booking.debits), outputs: byMaterial(run.outputs, booking, booking.credits),
    g: run.g + came, mix: came ? mixOf(booking, run) : run.mix,
  };
}

// What goes in is a new mix; what takes the place of another input is in that one's (5.2).
function mixOf({ event, standing }, run) {
  const first = standing.get(placeOfRun(event.issuer, run.name));
  return first === undefined ? event.index : Math.max(first, run.mix);
}

const materialOf = (lot) => String(lot?.attributes.get("material") ?? "");

// What was drawn and what was made, also out of units; what was weighed meanwhile is neither.
function byMaterial(before, booking, postings) {
  const sums = new Map(before);
  for (const { lot, g } of postings.filter((one) => !one.kind)) {
    const material = materialOf(booking.lot(lot));
    sums.set(material, (sums.get(material) ?? 0n) + g);
  }
  return sums;
}

// Millionths of a g of Al2O3 more, also in stock that is handed on; null once bauxite came without its analysis. What is
// in the residue is lost with it.
function withOxide(before, parts) {
  let held = before;
  for (const { lot, part } of parts) {
    const material = lot.attributes.get("material"), said = lot.attributes.get("al2o3") ?? null;
    const counts = said !== null || material === "bauxite" || material === "alumina";
    if (held === null || material === "residue" || !counts) continue;
    const percent = said || (material === "alumina" ? USUAL_OXIDE : null);
    held = percent === null ? null : held + (part.g ?? 0n) * Fraction.of(percent).times(10000n).integer;
  }
  return held;
}

// M1 in refining, M3 in electrolysis, over what went in and came out of the whole run.
function judgeRun(booking, run) {
  const { outputs, inputs, processKind } = booking.event, [first] = [...outputs, ...inputs];
  const kinds = [...new Set([run.kind, processKind])]; // also where an event of another process closes it
  for (const [rule, says] of kinds.flatMap((kind) => findingsOf(kind, run))) {
    if (says) booking.find(rule, first.id, `${run.name}: ${says}`);
  }
}

function findingsOf(kind, run) {
  // Opening stock goes in, closing stock comes out.
  const used = (...materials) => sum(materials.map((one) => (run.inputs.get(one) ?? 0n) - (run.outputs.get(one) ?? 0n)));
  if (kind === "refining" && run.oxideIn !== null && run.oxideOut !== null) {
    return [["oxide_balance", oxideBalance(run.oxideIn, run.oxideOut)]];
  }
  const metal = -used("liquid-metal", "aluminium"), alumina = used("alumina"), carbon = used("anode");
  if (kind !== "electrolysis" || metal <= 0n) return [];
  return [
    ["alumina_floor", below("alumina", alumina, metal)], ["carbon_floor", below("carbon", carbon, metal)],
    ["alumina_band", above("alumina", alumina, metal)], ["carbon_band", above("carbon", carbon, metal)],
  ];
}

// A run goes on without what was wrong; its sums are those of the events that stand (5.6).
export function takeBackRun(book, issuer, old) {
  const name = old.run || old.period, run = name ? read(book, issuer, name) : undefined;
  if (!run) return;
  const less = (sums, postings) => {
    const rest = new Map(sums), named = (one) => materialOf(book.lots.get(one.lot));
    for (const one of postings.filter(({ kind }) => !kind)) rest.set(named(one), (rest.get(named(one)) ?? 0n) - one.g);
    return rest;
  };
  write(book, issuer, {
    ...run, closedBy: run.closedBy === old.index ? NOBODY : run.closedBy,
    inputs: less(run.inputs, old.debits), outputs: less(run.outputs, old.credits),
    oxideIn: run.oxideIn === null ? null : run.oxideIn - old.oxide[0],
    oxideOut: run.oxideOut === null ? null : run.oxideOut - old.oxide[1],
    g: run.g - sum(old.debits.map((one) => one.g)),
  });
}
