// Continuous processes: what went in and came out is balanced over a closed run or a month, never per tap (SPEC 5.4).

import { refuse } from "../verifier/fault.js";
import { NOBODY, placeOfRun, twoLines } from "./book.js";
import { closeRun, closes, unweighed } from "./closing.js";
import { Fraction, sum } from "./exact.js";
import { above, below, oxideBalance } from "./mass_rules.js";
import { alloyOf, judgeAlloys } from "./products.js";
import { byName, newSums, plus } from "./sums.js";

const USUAL_OXIDE = "98.5"; // % Al2O3 of alumina that nobody analysed

function newRun({ event }, name, monthly = false) {
  return { name, issuer: event.issuer, monthly, closedBy: NOBODY, sums: newSums(), mix: NOBODY, kind: event.processKind };
}

const write = (book, issuer, run) => book.runs.set(twoLines(issuer, run.name), run);
const read = (book, issuer, name) => book.runs.get(twoLines(issuer, name));
const firstOf = ({ outputs, inputs }) => [...outputs, ...inputs][0].id;

export function withinRun(booking, went, parts) {
  const { event, book, done } = booking, { issuer, run: name } = event, sums = sumsOf(booking, went, parts);
  booking.leave("run", sums.took);
  booking.enter("run", went);
  let known = read(book, issuer, name) ?? newRun(booking, name);
  if (openedAgain(booking, known)) known = { ...known, closedBy: NOBODY };
  Object.assign(done, { run: name, runHad: known.sums.took, runMix: known.mix });
  if (known.closedBy !== NOBODY) meetClosed(booking, `run ${name} was closed by entry ${known.closedBy}`);
  let run = withMore(booking, known, sums);
  done.runFrom = run.mix;
  if (closes(event)) judgeAlloys(booking, [...run.sums.alloys.keys()]);
  if (event.runState === "closed" && known.closedBy === NOBODY) run = { ...run, closedBy: event.index };
  if (run.closedBy !== NOBODY) judgeRun(booking, run, firstOf(event));
  write(book, issuer, run);
}

// A bundle shows it by an event after a correction that says closed: what closed it first is not there (5.6).
const openedAgain = ({ book, lenient }, { closedBy }) => !lenient && (book.effects.get(closedBy)?.replaces ?? NOBODY) !== NOBODY;

// A closed run never refuses a correction; that it was closed is found (5.6).
function meetClosed(booking, says) {
  if (!booking.lenient) refuse("run_closed", says);
  booking.find("run_closed", "", says);
}

// By event time in UTC.
const monthOf = ({ process, time }) => `${process} ${new Date(Number(time / 1000n)).toISOString().slice(0, 7)}`;

// Without a run the month is what is balanced, once the next begins; again for what comes late.
export function withinMonth(booking, went, parts) {
  const { event, book, done } = booking, { issuer, process } = event, month = monthOf(event), newest = book.months.get(process);
  done.period = month;
  const run = withMore(booking, read(book, issuer, month) ?? newRun(booking, month, true), sumsOf(booking, went, parts));
  if (newest === undefined || newest < month) {
    book.months.set(process, month);
    const before = newest === undefined ? undefined : read(book, issuer, newest);
    if (before) {
      judgeRun(booking, before, firstOf(event));
      write(book, issuer, { ...before, closedBy: event.index });
    }
  } else if (newest > month) {
    judgeRun(booking, run, firstOf(event));
  }
  write(book, issuer, run);
}

function withMore(booking, run, sums) {
  booking.done.sums = sums;
  return { ...run, sums: plus(run.sums, sums), mix: sums.took ? mixOf(booking, run) : run.mix };
}

// What goes in is a new mix; what takes the place of another input is in that one's (5.2).
function mixOf({ event, standing }, run) {
  const first = standing.get(placeOfRun(event.issuer, run.name));
  return first === undefined ? event.index : Math.max(first, run.mix);
}

// What was drawn and what was made, also out of units; what was weighed meanwhile is neither.
function sumsOf(booking, went, parts) {
  const { event, debits, credits } = booking, lotOf = (one) => booking.lot(one.lot);
  const [inputs, outputs] = [debits, credits].map((side) => side.filter((one) => !one.kind));
  const materials = (side) => byName(side.map((one) => [String(lotOf(one).attributes.get("material") ?? ""), one.g]));
  const oxides = [inputs, outputs].map((side) => side.map((one) => oxideIn(lotOf(one), one.g)));
  return newSums({
    took: sum(inputs.map((one) => one.g)), gave: went, inputs: materials(inputs), outputs: materials(outputs),
    oxideIn: sum(oxides[0].map((one) => one ?? 0n)), oxideOut: sum(oxides[1].map((one) => one ?? 0n)),
    unanalysed: BigInt(oxides.flat().filter((one) => one === null).length), unweighed: BigInt(unweighed(booking, parts).length),
    scale: event.scale, kinds: byName([[event.processKind, 1n]]), closing: closes(event) ? 1n : 0n,
    alloys: byName(inputs.map((one) => [alloyOf(lotOf(one)), 1n]).filter(([alloy]) => alloy)),
  });
}

// Millionths of a g of Al2O3, also in stock that is handed on; null for bauxite without its analysis. What is in the
// residue is lost with it.
function oxideIn({ attributes }, g) {
  const material = attributes.get("material"), said = attributes.get("al2o3") ?? null;
  const counts = said !== null || material === "bauxite" || material === "alumina";
  if (material === "residue" || !counts) return 0n;
  const percent = said || (material === "alumina" ? USUAL_OXIDE : null);
  return percent === null ? null : g * Fraction.of(percent).times(10000n).integer;
}

// M1, in electrolysis M3, over what went in and came out of the whole run, by each kind of process that an event of it is
// of; `first` is the lot that is named.
function judgeRun(booking, run, first) {
  closeRun(booking, run, first);
  for (const [rule, says] of findingsOf(run.sums)) if (says) booking.find(rule, first, `${run.name}: ${says}`);
}

function findingsOf({ kinds, inputs, outputs, oxideIn: came, oxideOut: went, unanalysed }) {
  // Opening stock goes in, closing stock comes out.
  const used = (...materials) => sum(materials.map((one) => (inputs.get(one) ?? 0n) - (outputs.get(one) ?? 0n)));
  const oxide = kinds.has("refining") && !unanalysed ? [["oxide_balance", oxideBalance(came, went)]] : [];
  const metal = -used("liquid-metal", "aluminium"), alumina = used("alumina"), carbon = used("anode");
  if (!kinds.has("electrolysis") || metal <= 0n) return oxide;
  return [
    ...oxide,
    ["alumina_floor", below("alumina", alumina, metal)], ["carbon_floor", below("carbon", carbon, metal)],
    ["alumina_band", above("alumina", alumina, metal)], ["carbon_band", above("carbon", carbon, metal)],
  ];
}

// A run goes on without what was wrong, and is judged again where it is over; where a correction is announced, that
// judges it (5.6).
export function takeBackRun(booking, old) {
  const { book, event } = booking, known = runOf(booking, old);
  if (!known || !old.sums) return;
  const closedBy = known.closedBy === old.index ? NOBODY : known.closedBy;
  const run = { ...known, closedBy, sums: plus(known.sums, old.sums, -1n) };
  write(book, old.issuer, run);
  if (!event.corrections.length) judgeAgain(booking, run, old);
}

// A correction that counts elsewhere leaves a run without what was wrong for good (5.6).
export function leaveRun(booking, old) {
  const run = runOf(booking, old);
  if (run && run.name !== booking.done.run && run.name !== booking.done.period) judgeAgain(booking, run, old);
}

function runOf({ book }, { issuer, run, period }) {
  return run || period ? read(book, issuer, run || period) : undefined;
}

function judgeAgain(booking, run, old) {
  if (run.closedBy !== NOBODY) judgeRun(booking, run, [...old.credits, ...old.debits][0].lot);
}
