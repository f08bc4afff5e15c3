// The body of a passport from a story, as far as it rests on the events of lots (SPEC 4.9.5, 5.8).

import { NOBODY, ON_HAND } from "./book.js";
import { list, must } from "./event.js";
import { Fraction, compareText, share } from "./exact.js";
import { notJudged } from "./open_runs.js";
import { UG } from "./trace.js";

const METHOD = "perfect-mixing";
const FACTS = {
  form: "form", alloy: "alloy", temper: "temper", grade: "grade", thickness: "thickness", width: "width", coating: "coating",
  cn: "cn", localId: "local_id", order: "order", customerPart: "customer_part",
};
const ENDS = ["scrap", "outside", "late", "opening"]; // every other reason: nothing explains it
const SOURCES = ["primary", "commissioned"]; // metal that enters there has no ancestry
// The most of each.
const STEPS = 100, STAGES = 200, HOLDS = 100, HEATS = 50, CERTIFICATES = 50, CORRECTIONS = 1000, TEXT = 1000, WORD = 80;
export const LIST = 200;
const LATE = "late_statement";

// `registry` is that of the passport's entry, `evidence` how many inputs there are for its footprint's sake alone.
export function bodyOf(story, source, registry, { rules, root, evidence }) {
  const { piece } = story, lists = {
    holds: holdsOf(story).slice(-HOLDS), claims: claimsOf(story, source, registry), ends: endsOf(story, source).slice(0, LIST),
    corrections: correctionsOf(story).slice(-CORRECTIONS),
  };
  return {
    id: piece.id, piece: piece.id, status: statusOf(piece), facts: factsOf(story, source, registry),
    steps: story.way.slice(-STEPS).map((entry) => stepOf(story, source, registry, entry)),
    stages: stagesOf(story, registry).slice(0, STAGES), figures: figuresOf(story, rules),
    inputs: { count: story.inputs.length + evidence, root },
    ...Object.fromEntries(Object.entries(lists).filter(([, rows]) => rows.length)),
  };
}

function statusOf({ doubt, blocked, consumedBy, holds, holdings, maker }) {
  if (doubt !== NOBODY || blocked.length) return "in-doubt";
  if (consumedBy !== NOBODY) return "consumed";
  if (holds.length) return "held";
  if (holdings.some((one) => one.delivery !== ON_HAND)) return "shipped";
  return holdings.every((one) => one.holder === maker) ? "made" : "received";
}

// RFC 3339 in UTC, with no more decimals than it takes.
function rfc3339(at) {
  const seconds = new Date(Number(at / 1000000n) * 1000).toISOString().slice(0, 19), rest = String(at % 1000000n).padStart(6, "0");
  return `${seconds}.${rest}`.replace(/\.?0*$/, "Z");
}

function factsOf(story, source, registry) {
  const { piece, line, certificates } = story, made = story.effects.get(piece.madeBy), { attributes } = piece;
  const heats = [...new Set(line.flatMap((name) => heatOf(source.lot(name))))].sort(compareText);
  const named = certificates.slice(0, CERTIFICATES).map(({ id, digest }) => ({ id, digest }));
  const said = Object.entries(FACTS).filter(([name]) => attributes.has(name)).map(([name, fact]) => [fact, attributes.get(name)]);
  return {
    ...(piece.maker ? { maker: piece.maker } : {}),
    ...(made ? { ...placeOfEvent(source.told(made.index).sites, made.issuer, registry), made: rfc3339(made.time) } : {}),
    ...Object.fromEntries(said),
    ...(piece.g === null ? {} : { mass: Number(piece.g) }),
    ...(heats.length ? { heats: heats.slice(0, HEATS) } : {}),
    ...(named.length ? { certificates: named } : {}),
  };
}

function heatOf(lot) {
  const name = ["heat", "cast"].find((one) => lot?.attributes.has(one));
  return name === undefined ? [] : [String(lot.attributes.get(name))];
}

function sitesOf(registry, party) {
  const profile = registry.parties.get(party)?.profile ?? {};
  return "sites" in profile ? list(profile.sites) : [];
}

// The last of these sites that is the party's own, as its statement describes it.
function placeOfEvent(sites, party, registry) {
  const own = new Map(sitesOf(registry, party).map((one) => [must(one, "id"), must(one, "country")]));
  const site = sites.findLast((name) => own.has(name));
  return site === undefined ? {} : { site, country: own.get(site) };
}

const lotsIn = (one) => new Set([...one.made, ...one.consumed, ...[...one.credits, ...one.debits].map((posting) => posting.lot)]);

function stepOf({ line, piece, effects }, source, registry, entry) {
  const one = effects.get(entry), told = source.told(entry), lots = lotsIn(one);
  const lot = line.find((name) => lots.has(name)) ?? piece.id;
  return {
    entry, step: word(one.what), party: one.issuer,
    ...(lot === piece.id ? {} : { lot }),
    ...placeOfEvent(told.sites, one.issuer, registry),
    ...(one.start === one.time ? {} : { from: rfc3339(one.start) }),
    at: rfc3339(one.time), recorded: rfc3339(told.recordedAt),
  };
}

// As a token: business steps may be URIs with marks that a token has not.
const word = (text) => text.replace(/[^A-Za-z0-9._:/+-]/gu, "-").slice(0, WORD).replace(/^[-._:/+]+/, "") || "event";

const earliest = (events) => events.map((one) => one.time).reduce((a, b) => (a < b ? a : b));
const latest = (events) => events.map((one) => one.time).reduce((a, b) => (a > b ? a : b));
const byNumber = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

// What the trace goes through and is no step of the piece's own way, by process and party.
function stagesOf({ trace, effects, way }, registry) {
  const stages = new Map(), own = new Set(way);
  for (const one of trace.nodes.map(({ entry }) => effects.get(entry)).filter((found) => found && !own.has(found.index))) {
    const key = `${one.issuer}\n${one.what}`;
    stages.set(key, [...(stages.get(key) ?? []), one]);
  }
  return [...stages.values()].sort((a, b) => byNumber(earliest(a), earliest(b))).map((events) => {
    const [{ what, issuer }] = events, countries = new Set(sitesOf(registry, issuer).map((site) => must(site, "country")));
    return {
      step: word(what), party: issuer, ...(countries.size === 1 ? { country: [...countries][0] } : {}),
      entries: events.length, from: rfc3339(earliest(events)), to: rfc3339(latest(events)),
    };
  });
}

// Shares of scrap by class in what the piece weighs (5.8).
function figuresOf({ trace }, rules) {
  if (!trace.ug) return [];
  const classes = ["internal", "pre-consumer", "post-consumer"];
  return classes.map((name) => ({
    name: `recycled-${name}`, value: new Fraction(scrapIn(trace, name), trace.ug).rounded(6), unit: "1", scope: "mass", rules,
    method: METHOD, rounding: "half-up",
  }));
}

function scrapIn({ ends }, name) {
  return ends.filter((one) => one.reason === "scrap" && one.scrap === name).reduce((ug, one) => ug + one.ug, 0n);
}

// Where the ancestry stops, the largest first; metal from its first source is no end.
function endsOf({ trace }, source) {
  const found = new Map();
  for (const { entry, lot, reason, ug } of trace.ends.filter((one) => !SOURCES.includes(one.reason))) {
    const row = { reason: ENDS.includes(reason) ? reason : "unexplained", lot, party: lateSender(source, entry, reason) };
    const key = `${row.reason}\n${lot}\n${row.party}`;
    found.set(key, { ...row, ug: ug + (found.get(key)?.ug ?? 0n) });
  }
  if (trace.foldedUg) found.set("minor", { reason: "minor", lot: "", party: "", ug: trace.foldedUg });
  const ordered = [...found.values()].sort((a, b) => byNumber(b.ug, a.ug) || compareText(a.reason, b.reason)
    || compareText(a.lot, b.lot) || compareText(a.party, b.party));
  return ordered.map(({ reason, lot, party, ug }) => ({
    reason, mass: Number((ug + UG / 2n) / UG), ...(party ? { party } : {}), ...(lot ? { lot } : {}),
  }));
}

// Not yet reported by whom (5.1).
function lateSender(source, entry, reason) {
  const sender = reason === "late" ? source.told(entry).sender : "";
  return sender.startsWith("(417)") ? sender : "";
}

function holdsOf({ way, line, effects }) {
  return way.flatMap((entry) => line.filter((name) => effects.get(entry).held.includes(name)).map((name) => {
    const one = effects.get(entry), released = way.find((later) => later > entry && effects.get(later).released.includes(name));
    return { by: one.issuer, entry, at: rfc3339(one.time), ...(released === undefined ? {} : { released }) };
  }));
}

// Rules on all that an event, a run or a month takes in and gives; a finding names one of its lots.
export const OF_AN_EVENT = [
  "output_above_input", "unaccounted_loss", "mass_not_closed", "oxide_balance", "alumina_floor", "alumina_band",
  "carbon_floor", "carbon_band",
];

// Of all events that stand on its way, in its trace and among its corrections; on the lots that it goes through (5). Of
// events that closed its runs what these came to; of runs that nobody judged, that this is so.
export function findingsOf(story) {
  const { way, trace, line, effects, runs } = story, lots = [...line, ...trace.lots];
  const entries = new Set([...way, ...trace.nodes.map((node) => node.entry), ...correctionsOf(story)]);
  const of = (chosen, told) => chosen.filter((entry) => effects.get(entry)?.declaredBy === NOBODY).sort((a, b) => a - b).flatMap(
    (entry) => effects.get(entry).findings.filter(told).map((one) => ({ ...one, entry })));
  const closing = new Set([...runs.values()].map(({ closedBy }) => closedBy).filter((entry) => !entries.has(entry)));
  const found = [
    ...of([...entries], ({ rule, lot }) => !lot || lots.includes(lot) || OF_AN_EVENT.includes(rule)),
    ...of([...closing], ({ rule }) => OF_AN_EVENT.includes(rule)), ...notJudged(story),
  ];
  return found.sort((a, b) => a.entry - b.entry).map(({ rule, lot, says, entry }) => ({
    rule, text: [...says].slice(0, TEXT).join(""), entry, ...(lot ? { about: { kind: "lot", id: lot } } : {}),
  }));
}

// What is told rather than something else comes first: late statements are left out before others, then the older ones.
export const byWeight = (a, b) => (a.rule === LATE) - (b.rule === LATE) || b.entry - a.entry;

// Entries that declare another wrong, or take its place.
function correctionsOf({ effects }) {
  const found = [...effects].filter(([, one]) => one.undoes !== NOBODY || one.replaces !== NOBODY);
  return found.map(([entry]) => entry).sort((a, b) => a - b);
}

// The claims of its newest shipment, this piece's share of each by mass; none once it is back with its sender (5.9).
function claimsOf(story, source, registry) {
  const sent = newestShipment(story);
  if (!sent) return [];
  const shipped = [...shippedBy(sent)].filter(([, g]) => g > 0n), profile = registry.parties.get(sent.issuer)?.profile ?? {};
  const scopes = new Map(("claim_scopes" in profile ? list(profile.claim_scopes) : []).map((one) => [must(one, "id"), one]));
  return source.told(sent.index).claims.map(([scope, g]) => {
    const [, mass] = share(g, shipped, compareText).find(([lot]) => lot === story.piece.id);
    const scheme = scopes.has(scope) ? { scheme: must(scopes.get(scope), "scheme") } : {};
    return { entry: sent.index, party: sent.issuer, scope, ...scheme, model: "mass-balance", mass: Number(mass) };
  });
}

function newestShipment({ way, effects, piece }) {
  let sent = null;
  for (const one of way.map((entry) => effects.get(entry))) {
    if ((shippedBy(one).get(piece.id) ?? 0n) > 0n) sent = one;
    else if (sent && one.issuer === sent.issuer && one.moved.some((moved) => moved.lot === piece.id)) sent = null;
  }
  return sent;
}

// What an event ships of each lot, in g.
function shippedBy({ moved }) {
  const masses = new Map();
  for (const { lot, shipped } of moved) masses.set(lot, (masses.get(lot) ?? 0n) + shipped);
  return masses;
}
