// What processes are charged with: streams of emissions over their period, and power hour by hour (F10, C8; SPEC 12.3).

import { compareText, sum } from "../lots/exact.js";
import { inParts, partsPerWh } from "./decimals.js";
import { put } from "./vectors.js";
import { before, compare } from "./windows.js";

export const HOUR = 3600000000n; // µs
const MARK = 10n ** 30n; // of what is no amount, so that a share of it is seen as far as it is followed
const BY_LOCATION = ["grid", "other-public", "own-generation", "chp"];
const UNBUNDLED = 3; // EnergyTag configuration: from a cancelled certificate

// The factors of each process's power by period: of its grid, and of what no attestation covers.
class Factors {
  #grid = new Map(); // by process
  #residual = new Map();

  constructor(streams) {
    for (const { process, start, end, entry, table, power } of streams.filter((one) => one.power)) {
      const of = power.method === "residual" ? this.#residual : BY_LOCATION.includes(power.method) ? this.#grid : null;
      of?.set(process, [...(of.get(process) ?? []), { start, end, entry, table, perWh: partsPerWh(power.factor) }]);
    }
    for (const rows of [...this.#grid.values(), ...this.#residual.values()]) rows.sort(byPeriod);
  }

  // One of them stated serves for both.
  at(process, moment) {
    const [grid, residual] = [this.#grid, this.#residual].map((of) => {
      const rows = of.get(process) ?? [], last = rows[before(rows, moment + 1n) - 1];
      return last && moment < last.end ? last : null;
    });
    return { grid: grid ?? residual, residual: residual ?? grid };
  }
}

function byPeriod(a, b) {
  const period = compare(a.start, b.start) || compare(a.end, b.end);
  return period || compare(a.perWh, b.perWh) || compareText(a.table, b.table) || a.entry - b.entry;
}

// Of the footprint; what is not closed is marked as open. `kinds` of processes are the stages.
export function chargesOf({ streams, hours, kinds }, spans, keys) {
  const factors = new Factors(streams), stageOf = (process) => kinds.get(process) ?? "other";
  const emitted = streams.filter((one) => one.accounts.includes("footprint")).map(({ process, start, end, ...one }) => (
    { process, start, end, moment: end - 1n, amounts: emittedBy(one, stageOf(process), keys) }
  ));
  const drawn = hours.filter((one) => one.wh).map(({ process, start, ...one }) => ({
    process, start, end: start + HOUR, moment: start,
    amounts: drawnIn(one, stageOf(process), factors.at(process, start), keys),
  }));
  const open = keys.number("", "open"), charges = [...emitted.filter((one) => one.amounts.size), ...drawn];
  for (const { process, moment, amounts } of charges) if (!spans.of(process, moment).closed) amounts.set(open, MARK);
  return charges;
}

const noted = (vector) => new Map([...vector].filter(([, amount]) => amount));

function emittedBy({ entry, kind, emissions, replaces, table, gwp }, stage, keys) {
  const found = new Map();
  for (const { gas, basis, t } of emissions) put(found, keys.number(stage, "emission", kind, gas, basis), inParts(t));
  if (!found.size) return found;
  if (replaces >= 0) found.set(keys.number(stage, "restated", String(entry), "replaced"), MARK);
  if (table) found.set(keys.number("", "table", table), MARK);
  if (gwp) found.set(keys.number("", "gwp", gwp), MARK);
  return noted(found);
}

// Wh by how they are covered, and their emissions by location and by market, both ways of matching.
function drawnIn({ wh, rows, fallen }, stage, { grid, residual }, keys) {
  const found = new Map(), note = (amount, ...key) => put(found, keys.number(...key), amount);
  for (const row of rows) note(row.wh, stage, "wh", row.matching, modelOf(row), row.source);
  note(wh - sum(rows.map((row) => row.wh)), stage, "wh", "none");
  for (const { entry, reason, wh: lost } of fallen) note(lost, stage, "restated", String(entry), reason);
  if (!grid || rows.some((row) => row.factor === null)) note(wh, stage, "gap", "no-factor");
  for (const table of new Set([grid, residual].map((one) => one?.table).filter(Boolean))) found.set(keys.number("", "table", table), MARK);
  const rest = residual?.perWh ?? 0n, hourly = rows.filter((row) => row.matching === "hourly");
  note(wh * (grid?.perWh ?? 0n), stage, "location");
  note(byMarket(wh, hourly, rest), stage, "market-hourly");
  note(byMarket(wh, rows, rest), stage, "market-volumetric");
  return noted(found);
}

// C8: covered Wh at their attestation's factor, the rest at the residual one, never 0 by being left out.
function byMarket(wh, rows, rest) {
  const covered = rows.map((row) => row.wh * (row.factor === null ? rest : partsPerWh(row.factor)));
  return sum(covered) + (wh - sum(rows.map((row) => row.wh))) * rest;
}

// ISO 22095 of a claim on power: blended where the hour matches, balanced by volume, booked from a certificate.
function modelOf({ configuration, matching }) {
  if (configuration === UNBUNDLED) return "book-and-claim";
  return matching === "hourly" ? "controlled-blending" : "mass-balance";
}
