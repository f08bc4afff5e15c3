// What SPEC 7 says of attestations: that a file shows all that was done with one (11), what it cannot exclude (13).

import { brief, refuse } from "./fault.js";
import { subjectKey } from "./implied.js";
import { REFERENCE } from "./lineage.js";
import { isObject } from "./statement.js";

const overlap = (one, other) => one.from < other.to && other.from < one.to;
const nameOf = ({ statement }) => {
  const id = statement?.typ === "energy-attestation" ? statement.body.id : undefined;
  return typeof id === "string" ? id : null;
};
const isHidden = (one) => !one.statement || one.statement.withheld > 0;
const itemsOf = (one, subject) => one.opened.map(({ item }) => item).filter((item) => item.subject === subject);
// Where an entry of heads says which version is the newest.
const namedNewest = (entries, subject) => entries.filter((one) => one.statement?.typ === "heads")
  .flatMap((one) => itemsOf(one, subject).map((item) => ({ one, item })));

// (11) Of a bundle of kind attestation: every version of its history is there, and no watt-hour is used twice.
export function checkUses(steps, found) {
  const name = nameOf(found.told);
  if (name === null) return steps.notChecked(11, found.told.why || "name_withheld");
  const history = historyOf(found, subjectKey("attestation", name)), hidden = history.filter(isHidden).length;
  if (hidden) return steps.notChecked(11, "uses_hidden", { count: history.length, hidden });
  const uses = new Uses(name, whole(need(history[0].statement.body, "wh")));
  for (const { index, statement } of history.slice(1)) uses.take(index, statement);
  const used = [...new Map(uses.rows.map((row) => [`${row.from} ${row.to}`, row.to - row.from])).values()];
  const facts = { count: history.length, named: history.at(-1).index, used: used.reduce((a, b) => a + b, 0), wh: uses.wh };
  return steps.passed("uses", facts);
}

// The entries that advance it, from the first on without a gap.
function historyOf({ entries, about }, subject) {
  const made = entries.flatMap((one) => itemsOf(one, subject).map((item) => ({ one, item })))
    .filter(({ item }) => item.role !== REFERENCE);
  const linked = made.every(({ item }, i) => item.version === BigInt(i + 1) && (!i || item.index === made[i - 1].one.index));
  if (!made.length || !linked || made[0].one.index !== about) {
    refuse("attestation_history", "the versions of the attestation here are not all from 1 on");
  }
  if (namedNewest(entries, subject).some(({ item }) => item.version > BigInt(made.length))) {
    refuse("attestation_history", `an entry of heads names a newer version than ${made.length}`);
  }
  return made.map(({ one }) => one);
}

const whole = (value) => (typeof value === "number" ? value : refuse("body", "watt-hours, hours and places are integers"));
const list = (value) => (Array.isArray(value) ? value : refuse("body", "a list is wanted"));
const need = (value, name) => (isObject(value) && name in value ? value[name] : refuse("body", `${name} is missing`));
const spanOf = (value) => ({ from: whole(need(value, "from_wh")), to: whole(need(value, "to_wh")) });

// Which watt-hours serve what, by the rows that say so; and those that were withdrawn.
class Uses {
  rows = []; // place, from, to, and the hour they cover
  withdrawn = [];

  constructor(name, wh) {
    Object.assign(this, { name, wh });
  }

  take(index, { typ, body }) {
    if (typ === "energy-allocation") list(need(body, "rows")).forEach((row, number) => this.allocate(index, number, row));
    else if (body.action === "withdraw") this.withdraw(index, body);
  }

  // Each row covers what no other does, but for the same hour over again, with another purpose.
  allocate(index, number, row) {
    if (need(row, "attestation") !== this.name) return;
    const span = spanOf(row), hour = JSON.stringify([need(row, "consumption"), whole(need(row, "hour"))]);
    if ("reverses" in row) return this.undo(index, row.reverses, span);
    if (!(span.from >= 0 && span.from < span.to && span.to <= this.wh)) this.refuse(index, "watt-hours that it has not");
    const same = (other) => span.from === other.from && span.to === other.to && hour === other.hour;
    if (this.rows.some((other) => overlap(span, other) && !same(other))) this.refuse(index, "watt-hours are used already");
    if (this.withdrawn.some((gone) => overlap(span, gone))) this.refuse(index, "watt-hours were withdrawn before");
    this.rows.push({ ...span, hour, place: `${index}/${number}` });
  }

  // The rows that it names fall, or what it names of them; none is left that has some of the slices.
  withdraw(index, body) {
    for (const one of list(need(body, "reversals"))) this.undo(index, one, isObject(one) && "to_wh" in one ? spanOf(one) : null);
    for (const one of list(need(body, "slices"))) {
      const span = spanOf(one);
      if (this.rows.some((other) => overlap(span, other))) this.refuse(index, "what is withdrawn is in use");
      this.withdrawn.push(span);
    }
  }

  // All of a row, or one range that lies within a range of it; what is left on either side it goes on using.
  undo(index, one, gone) {
    const place = `${whole(need(one, "index"))}/${whole(need(one, "row"))}`;
    const holds = (row) => row.place === place && (!gone || (row.from <= gone.from && gone.from < gone.to && gone.to <= row.to));
    const row = this.rows.find(holds);
    if (!row) this.refuse(index, `row ${brief(place)} is taken back, which does not use it`);
    const left = gone ? [{ ...row, to: gone.from }, { ...row, from: gone.to }] : [];
    this.rows = this.rows.filter((other) => (gone ? other !== row : other.place !== place));
    this.rows.push(...left.filter(({ from, to }) => from < to));
  }

  refuse(index, says) {
    refuse("used_twice", `entry ${index}, attestation ${brief(this.name)}: ${says}`);
  }
}

// (13) Up to where single use is proven, or what is not excluded, for a statement about attestations.
export function openUses({ entries, told }) {
  const typ = told.statement?.typ ?? "", name = nameOf(told);
  if (!typ.startsWith("energy-") || (name === null && typ === "energy-consumption")) return [];
  if (name === null) return [["open_uses_one", {}]];
  const subject = subjectKey("attestation", name), named = namedNewest(entries, subject);
  if (entries.some((one) => itemsOf(one, subject).length && isHidden(one))) return [["open_uses_hidden", {}]];
  if (!named.length) return [["open_uses_unproven", {}]];
  const last = named.map(({ one }) => one.index).reduce((a, b) => (a > b ? a : b));
  return [["open_uses_proven", { named: last }]];
}
