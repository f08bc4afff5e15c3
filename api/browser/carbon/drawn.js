// Hours of power read from signed statements alone: what was drawn, and row by row what covers it (SPEC 11.5, 12.9). A
// bundle has every statement about an hour, and of an attestation only that it was made and how much of it covers these
// hours. No body was held against a schema: what is not there, or is of another kind, throws.

import { list, must, single, text } from "../lots/event.js";
import { Fraction, sum, whole } from "../lots/exact.js";
import { refuse } from "../verifier/fault.js";
import { micros } from "../verifier/moments.js";
import { HOUR } from "./charges.js";
import { shifted } from "./decimals.js";
import { compare } from "./windows.js";

const KILO = -3; // g/kWh as t/MWh

export class Drawn {
  records = new Map(); // by id: the statements of consumption
  #stated = new Set(); // all of them by id, those of sites among them
  #hours = new Map(); // by process and start, a line each
  #attested = new Map(); // by id

  // One statement more, in order of entries.
  read({ typ, iss, body }, entry) {
    if (typ === "energy-attestation") {
      this.#attested.set(text(must(body, "id")), attestationOf(body));
    } else if (typ === "energy-consumption") {
      this.#note(body);
      if ("process" in body) this.#state(body, iss, entry);
    } else if (typ === "energy-allocation") {
      list(must(body, "rows")).forEach((row, number) => this.#allocate(body, row, { entry, row: number }));
    } else if (typ === "energy-action" && must(body, "action") === "withdraw") {
      this.#withdraw(body, entry);
    }
  }

  // What there is, each with what covers it and what does no more.
  hours() {
    this.#checkUses();
    return [...this.#hours.values()].map(({ process, start, wh, rows, fallen }) => (
      { process, start, wh, fallen, rows: rows.map((row) => this.#covered(row, start)) }
    ));
  }

  // A6: what is used in one hour is used in no other.
  #checkUses() {
    const used = new Map();
    for (const { rows } of this.#hours.values()) {
      for (const row of rows) used.set(row.attestation, [...(used.get(row.attestation) ?? []), row]);
    }
    for (const [name, rows] of used) {
      if (!this.#attested.has(name)) refuse("unknown_attestation", `attestation ${name} is not shown`);
      const sorted = rows.sort((a, b) => compare(a.start, b.start) || compare(a.end, b.end));
      const twice = sorted.find((one, i) => i && one.start < sorted[i - 1].end);
      if (twice) refuse("over_allocated", `attestation ${name} covers two hours from Wh ${twice.start} on`);
    }
  }

  // A6, C3: a row within its attestation, and in its hour where it says so.
  #covered({ attestation, start, end, matching }, hour) {
    const { wh, from, to, factor, configuration, source } = this.#attested.get(attestation);
    if (start >= end || end > wh) refuse("slice", `attestation ${attestation} has ${wh} Wh, from ${start} to ${end} is no slice of it`);
    if (matching === "hourly" && (from < hour || to > hour + HOUR)) {
      refuse("not_same_hour", `attestation ${attestation} is of another hour than it covers: matching is volumetric`);
    }
    return { wh: end - start, matching, factor, configuration, source };
  }

  // What takes the place of another comes after it.
  #note(body) {
    this.#stated.add(text(must(body, "id")));
    micros(text(must(body, "from")));
    list(must(body, "wh"));
    if (!body.site) must(body, "process");
    if ("replaces" in body && !this.#stated.has(body.replaces)) refuse("replaces", `what consumption ${body.id} replaces is not shown`);
  }

  // C2: no hour is stated again but in the place of its record.
  #state(body, issuer, entry) {
    const id = text(must(body, "id")), process = text(must(body, "process")), start = micros(text(must(body, "from")));
    const readings = list(must(body, "wh"));
    if (must(body, "method") === "meter" && "estimated" in body) list(body.estimated);
    this.records.set(id, { id, entry, process, start, hours: readings.length });
    readings.forEach((wh, position) => {
      const moment = start + BigInt(position) * HOUR, old = this.#hours.get(placeOf(process, moment));
      if (old && (old.record !== body.replaces || old.issuer !== issuer)) {
        refuse("replaces", `consumption ${id} states hours of ${old.record} again`);
      }
      this.#put({ process, start: moment, record: id, issuer, wh: whole(wh), rows: old?.rows ?? [], fallen: old?.fallen ?? [] });
    });
  }

  #allocate(body, row, use) {
    const record = this.records.get(single(must(row, "consumption")));
    if (!record) return undefined;
    const hour = this.#hourOf(record, Number(whole(must(row, "hour")))), named = spanOf(row), standing = covering(hour, named);
    must(body, "purpose");
    if ("reverses" in row) return this.#takeBack(hour, standing, row.reverses, use);
    if (standing) return this.#change(hour, standing, [{ ...standing, uses: [...standing.uses, use] }]);
    must(row, "delivery");
    return this.#cover(hour, { ...named, matching: text(must(body, "matching")), uses: [use] });
  }

  #hourOf({ id, process, start, hours }, hour) {
    if (hour >= hours) refuse("hour", `consumption ${id} has hours 0 to ${hours - 1}, not ${hour}`);
    return this.#hours.get(placeOf(process, start + BigInt(hour) * HOUR));
  }

  // C2: no hour is covered by more than it drew.
  #cover(hour, row) {
    const covered = sum(hour.rows.map((one) => one.end - one.start)), more = row.end - row.start;
    if (covered + more > hour.wh) {
      refuse("over_consumption", `process ${hour.process} drew ${hour.wh} Wh in an hour, ${covered} are covered, the row covers ${more} more`);
    }
    this.#put({ ...hour, rows: [...hour.rows, row] });
  }

  #takeBack(hour, standing, reverses, { entry, row }) {
    if (!standing) refuse("no_such_row", `row ${row} of entry ${entry} reverses what covers nothing`);
    const isNamed = sameUse({ entry: must(reverses, "index"), row: must(reverses, "row") });
    const kept = standing.uses.filter((one) => !isNamed(one)), wh = standing.end - standing.start;
    const gone = standing.uses.filter(isNamed).map(() => ({ entry, reason: "reversed", wh }));
    this.#change(hour, standing, kept.length ? [{ ...standing, uses: kept }] : [], gone);
  }

  // A11: it names each row that falls, and what of it.
  #withdraw(body, entry) {
    const falling = new Map(), reason = text(must(body, "reason"));
    for (const one of "reversals" in body ? list(body.reversals) : []) {
      const record = this.records.get(single(must(one, "consumption")));
      for (const { hour, row, span } of record ? this.#named(record, one) : []) {
        const name = [hour.process, hour.start, row.start, row.end].join("\n");
        if (!falling.has(name)) falling.set(name, { hour, row, spans: [] });
        falling.get(name).spans.push(span);
      }
    }
    for (const { hour, row, spans } of falling.values()) this.#cut(hour, row, spans, { entry, reason, attestation: must(body, "attestation") });
  }

  // The rows that a reversal names, where what it takes of them lies within.
  #named(record, one) {
    const isNamed = sameUse({ entry: must(one, "index"), row: must(one, "row") });
    const hours = Array.from({ length: record.hours }, (_, hour) => this.#hourOf(record, hour));
    const rows = hours.flatMap((hour) => hour.rows.filter((row) => row.uses.some(isNamed)).map((row) => ({ hour, row })));
    const cut = rows.map(({ hour, row }) => ({
      hour, row, span: { start: "from_wh" in one ? whole(one.from_wh) : row.start, end: "to_wh" in one ? whole(one.to_wh) : row.end },
    }));
    return cut.filter(({ row, span }) => row.start <= span.start && span.start < span.end && span.end <= row.end);
  }

  // What is left of a row goes on covering, for the same uses.
  #cut({ process, start: moment }, { start, end }, spans, { entry, reason, attestation }) {
    const hour = this.#hours.get(placeOf(process, moment)), row = covering(hour, { attestation, start, end });
    if (!row) throw new TypeError("what is withdrawn covers nothing");
    const gone = distinct(spans).sort((a, b) => compare(a.start, b.start) || compare(a.end, b.end));
    const fallen = gone.flatMap((span) => row.uses.map(() => ({ entry, reason, wh: span.end - span.start })));
    this.#change(hour, row, leftOf(row, gone), fallen);
  }

  #change(hour, row, left, gone = []) {
    const rows = hour.rows.flatMap((one) => (one === row ? left : [one]));
    this.#put({ ...hour, rows, fallen: [...hour.fallen, ...gone] });
  }

  #put(hour) {
    this.#hours.set(placeOf(hour.process, hour.start), hour);
  }
}

const placeOf = (process, start) => `${process}\n${start}`;
const sameUse = (named) => (use) => use.entry === named.entry && use.row === named.row;
const spanOf = (row) => ({
  attestation: text(must(row, "attestation")), start: whole(must(row, "from_wh")), end: whole(must(row, "to_wh")),
});

// The live row of exactly these watt-hours.
function covering({ rows }, { attestation, start, end }) {
  return rows.find((one) => one.attestation === attestation && one.start === start && one.end === end);
}

const distinct = (spans) => [...new Map(spans.map((span) => [`${span.start} ${span.end}`, span])).values()];

function leftOf(row, gone) {
  const found = [];
  let { start } = row;
  for (const span of [...gone, { start: row.end, end: row.end }]) {
    if (start < span.start) found.push({ ...row, start, end: span.start });
    start = span.end;
  }
  return found;
}

// As its statement has it; who owns what of it is not in question here.
function attestationOf(body) {
  for (const name of ["device", "meter", "quality", "disclosure"]) must(body, name);
  micros(text(must(body, "expires")));
  return {
    from: micros(text(must(body, "from"))), to: micros(text(must(body, "to"))), wh: whole(must(body, "wh")),
    source: text(must(body, "source")), configuration: single(must(body, "configuration")),
    factor: "emissions" in body ? factorOf(body.emissions) : null,
  };
}

// G CO2e/kWh as t CO2e/MWh.
function factorOf(said) {
  for (const name of ["id", "digest"]) must(must(said, "table"), name);
  must(said, "basis");
  return shifted(Fraction.of(must(said, "factor")), KILO);
}
