// A file of the reader's own, checked where it is: nothing is sent, and once this is loaded no network is needed.

import { Tongue, element, showReport, verdictLine } from "./check.js";
import { recompute } from "./check_rules.js";
import { parseTrust } from "./verifier/trust.js";
import { readLives, verify } from "./verifier/verify.js";

const at = (id) => document.getElementById(id);
const section = at("check"), drop = at("drop"), says = at("says");
const tongue = await Tongue.here();
const UNITS = new Map([["mass", "\u00a0g"], ["thickness", "\u00a0µm"], ["width", "\u00a0µm"]]); // SPEC 4.9.5
let file = null;

async function check() {
  if (!file) return;
  const asked = file;
  says.hidden = true;
  let trust, lives;
  try {
    trust = parseTrust(at("trust").value.replace(/\n*$/, "\n"));
  } catch (error) {
    return nothing("trust_bad", error);
  }
  try {
    lives = await told(at("lives").files[0], trust);
  } catch (error) {
    return nothing("lives_bad", error);
  }
  const piece = at("piece").value.trim() || null;
  const report = await verify(new Uint8Array(await file.arrayBuffer()), trust, { expected: { piece }, lives, recompute });
  if (asked !== file) return; // another was given meanwhile
  showReport(section, tongue, report);
  if (report.verified && report.about?.statement) showContent(report.about.statement);
  section.dataset.done = report.verified ? "verified" : "failed";
}

// What a newer incarnation says of those before, where the reader has its bundle.
const told = async (bundle, trust) => (bundle ? readLives(new Uint8Array(await bundle.arrayBuffer()), trust) : []);

// What the statement says, as it says it.
function showContent({ typ, iss, body }) {
  const facts = typ === "passport" ? { [tongue.say("member_piece")]: body.piece, ...body.facts } : {};
  const rows = { [tongue.say("kind")]: typ, [tongue.say("who")]: iss, ...facts };
  const lines = Object.entries(rows).filter(([, value]) => typeof value !== "object" || Array.isArray(value));
  says.querySelector("dl").replaceChildren(...lines.map(([name, value]) => (
    element("div", {}, element("dt", { text: name }), element("dd", { text: `${plain(value)}${UNITS.get(name) ?? ""}` }))
  )));
  says.hidden = false;
}

const plain = (value) => (Array.isArray(value) ? value.map((one) => one?.id ?? one).join(", ") : String(value));

async function take(chosen) {
  file = chosen ?? null;
  try {
    await check();
  } catch (error) {
    nothing("broke", error);
  }
}

// Where there is no report there is no verdict but this.
function nothing(why, error) {
  section.querySelector(".found")?.remove();
  verdictLine(section, "bad", tongue.say("none"), tongue.say(why, { reason: error.message }));
  section.dataset.done = "failed";
}

at("file").addEventListener("change", (event) => take(event.target.files[0]));
for (const id of ["piece", "trust", "lives"]) at(id).addEventListener("change", () => take(file));
at("given").addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
document.addEventListener("dragleave", () => drop.classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  take(event.dataTransfer.files[0]);
});
section.querySelector(".without-script")?.remove();
section.dataset.ready = "yes";
