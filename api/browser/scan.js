// The scan page checks itself: it takes the proof of the piece that its link names, for which the page asked together
// with the scripts, through the steps of SPEC 7, and holds what the page shows against what was proven.

import { Tongue, element, showReport, verdictLine } from "./check.js";
import { fingerprint, forget, keep, kept } from "./check_keys.js";
import { recompute } from "./check_rules.js";
import { parseTrust } from "./verifier/trust.js";
import { verify } from "./verifier/verify.js";

const section = document.getElementById("check");
const given = section.dataset;

async function fetched(path, cache) {
  const answer = await fetch(path, { cache, credentials: "same-origin" });
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  return new Uint8Array(await answer.arrayBuffer());
}

// The key that was kept goes before the one that this server names today.
function believed() {
  const before = kept();
  if (before === undefined) return { trust: given.trust, say: "key_lost" };
  if (before === null) return { trust: given.trust, say: "key_first" };
  const since = new Date(before.since);
  if (before.trust !== given.trust) return { trust: before.trust, say: "key_other", since };
  return { trust: given.trust, say: before.compared ? "key_compared" : "key_kept", since };
}

// Every member that the page shows, against the same member of the record.
function compare(tongue, { about, body }) {
  if (String(about.index) !== given.entry) {
    return { good: false, text: tongue.say("page_other", { shown: given.entry, proven: about.index }) };
  }
  const shown = [...document.querySelectorAll("[data-at]")];
  const differing = shown.filter((one) => plain(member(body, one.dataset.at)) !== one.dataset.is);
  for (const one of shown) one.classList.toggle("differs", differing.includes(one));
  if (!differing.length) return { good: true, text: tongue.say("page_good") };
  const rows = [...new Set(differing.map(nameOf))].join(tongue.say("comma"));
  return { good: false, text: tongue.say("page_bad", { rows }) };
}

// What a row is called on the page; a chart has its section's name, the status none.
const nameOf = (one) => one.dataset.named ?? (one.previousElementSibling ?? one).textContent;

const member = (body, path) => path.split(".").reduce((value, name) => value?.[name], body);
const isText = (value) => typeof value !== "object";
const plain = (value) => (Array.isArray(value) && value.every(isText) ? value.join() : isText(value) ? String(value) : JSON.stringify(value));

async function check(tongue, path, cache) {
  const { trust, say, since } = believed();
  showKey(tongue, trust, say === "key_first" ? "" : say, since);
  section.querySelector(".again")?.remove();
  verdictLine(section, "idle", tongue.say("working"));
  let bytes;
  try {
    bytes = await fetched(path, cache);
  } catch (error) {
    nothing(tongue, "no_file", error);
    return offerAgain(tongue, path);
  }
  const report = await verify(bytes, parseTrust(trust), { expected: { piece: given.piece }, recompute });
  const page = report.verified ? { ...compare(tongue, report), compared: say === "key_compared" } : null;
  showReport(section, tongue, report, page);
  if (page?.good && say === "key_first") {
    keep(trust);
    showKey(tongue, trust, say);
  }
  section.dataset.done = page?.good ? "verified" : "failed";
}

function showKey(tongue, trust, say, since) {
  const keys = parseTrust(trust).logs.map((vkey) => element("code", { text: fingerprint(vkey.text) }));
  const said = say ? [element("small", { text: tongue.say(say, { since: since ? tongue.day(since) : "" }) })] : [];
  section.querySelector(".key").replaceChildren(`${tongue.say("key_is")}${tongue.say("colon")}`, ...keys, ...said, ...buttons(tongue, trust, say));
}

function buttons(tongue, trust, say) {
  const agree = element("button", { type: "button", text: tongue.say("same_as_label") });
  const drop = element("button", { type: "button", text: tongue.say("forget") });
  agree.addEventListener("click", () => again(tongue, () => keep(trust, true)));
  drop.addEventListener("click", () => again(tongue, forget));
  return { key_first: [agree], key_kept: [agree, drop], key_compared: [drop], key_other: [drop] }[say] ?? [];
}

// Whoever was without a network for a moment need not load the page once more.
function offerAgain(tongue, path) {
  const button = element("button", { className: "again", type: "button", text: tongue.say("try_again") });
  button.addEventListener("click", () => start(tongue, path));
  section.querySelector(".verdict").after(button);
}

function again(tongue, change) {
  change();
  return start(tongue, given.short);
}

function offerFull(tongue) {
  if (!given.full || section.querySelector(".full")) return;
  const button = element("button", { className: "full", type: "button", text: tongue.say("full") });
  button.addEventListener("click", () => start(tongue, given.full));
  section.append(button);
}

// What a button asks for is asked for anew, whatever was answered before.
async function start(tongue, path, cache = "no-store") {
  try {
    await check(tongue, path, cache);
  } catch (error) {
    nothing(tongue, "broke", error); // a fault of ours is no verdict, and never looks like one
  }
}

function nothing(tongue, why, error) {
  section.querySelector(".found")?.remove();
  verdictLine(section, "bad", tongue.say("none"), tongue.say(why, { reason: error.message }));
  section.dataset.done = "failed";
}

// Paper cannot be tapped.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));

const tongue = await Tongue.here();
await start(tongue, given.short, "default"); // the page asked for it already: with another mode it would be asked twice
offerFull(tongue);
