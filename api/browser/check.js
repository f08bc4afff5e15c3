// What a check found, for people: verdict, steps and open points in the reader's language. Nothing is ever put in as
// markup: whatever a plant or a file says goes in as text.

// Numbers and dates as the server writes them on the same page: the words bring their forms. What browsers know of
// languages is not the same in all (Chromium writes Kazakh numbers as English ones), and asking them takes as long as
// half a check.
const TIED = "\u00a0";

export class Tongue {
  constructor(words) {
    this.words = words;
  }

  static async here() {
    const { lang, dataset } = document.documentElement;
    const answer = await fetch(`/browser/${dataset.version}/words/${lang}.json`);
    return new Tongue(await answer.json());
  }

  say(name, facts = {}) {
    return this.words[name].replace(/\{(\w+)\}/g, (_, fact) => this.fact(fact, facts[fact], facts));
  }

  fact(name, value, facts) {
    if (["iat", "recorded", "seen", "eventTime"].includes(name)) return value === null ? "–" : this.time(value);
    if (name === "witnesses" || name === "more") return [value].flat().map((one) => this.say(one, facts)).join(" ");
    if (["index", "shown", "proven", "step", "named", "before", "ended", "from", "first", "second"].includes(name)) return String(value);
    return typeof value === "number" || typeof value === "bigint" ? this.number(value) : String(value);
  }

  number(value) {
    return String(value).replace(/\B(?=(\d{3})+$)/g, this.words.group);
  }

  // Microseconds since 1970.
  time(at) {
    const [day, clock] = new Date(Number(at / 1000n)).toISOString().split("T");
    return this.say("moment", { date: this.date(day), clock: `${clock.slice(0, 5)}${TIED}UTC` });
  }

  // As the reader's own calendar has it.
  day(moment) {
    return this.date(new Date(moment - moment.getTimezoneOffset() * 60_000).toISOString().split("T")[0]);
  }

  // Of YYYY-MM-DD.
  date(day) {
    const [year, mm, dd] = day.split("-"), month = this.words.months.split(" ")[mm - 1];
    return this.say("date", { year, mm, dd, month, m: String(Number(mm)), d: String(Number(dd)) });
  }
}

export function element(name, { className = "", text = "", ...attributes } = {}, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const SIGNS = { passed: "✓", failed: "✗", not_checked: "–" };
const WARNED = ["open_disputed", "open_ended", "open_others_disputed"];

// Who reads this line has script: what is said to who has none goes.
export function verdictLine(section, kind, strong, ...more) {
  section.querySelector(".without-script")?.remove();
  const line = section.querySelector(".verdict");
  line.className = `verdict ${kind}`;
  line.setAttribute("role", kind === "bad" ? "alert" : "status");
  line.replaceChildren(element("strong", { text: strong }), ...more.filter(Boolean).map((text) => element("span", { text })));
}

// `page` says whether the page shows what the record says: null where there is no page, else { good, text, compared }:
// whether the reader compared the key that all of it rests on.
export function showReport(section, tongue, report, page = null) {
  const failed = report.steps.find((step) => step.outcome === "failed");
  const warnings = report.open.filter((point) => WARNED.includes(point.say)).map((point) => tongue.say(point.say, point.facts));
  if (failed) {
    const title = tongue.say(`t${failed.number}`), step = tongue.say("bad_says", { step: failed.number, title });
    verdictLine(section, "bad", tongue.say(report.code === "lost" ? "lost" : "bad"), `${step} ${meaning(tongue, failed)}`);
  } else if (report.proven) {
    const { say, facts } = report.proven;
    verdictLine(section, "warn", tongue.say("proven"), tongue.say(say, facts), tongue.say("proven_says", facts), tongue.say("good_trust"));
  } else if (page && !page.good) {
    verdictLine(section, "bad", tongue.say("bad"), page.text);
  } else {
    const kind = warnings.length ? "warn" : "good", rests = page?.compared ? "" : tongue.say(page ? "good_key" : "good_trust");
    verdictLine(section, kind, tongue.say(kind), ...warnings, checked(tongue, report), rests);
  }
  section.querySelector(".found")?.remove();
  const lines = report.steps.map((step) => stepLine(tongue, step));
  if (report.open.length) lines.at(-1).append(openPoints(tongue, report.open));
  if (page && !failed) lines.push(line(tongue, page.good ? "passed" : "failed", page.text, ""));
  const found = element("details", { className: "found" }, element("summary", { text: tongue.say("steps") }));
  found.append(element("ol", { className: "steps" }, ...lines));
  found.open = Boolean(failed) || Boolean(page && !page.good);
  section.querySelector(".verdict").after(found);
}

function checked(tongue, report) {
  const skipped = report.steps.filter((step) => step.outcome === "not_checked");
  if (!skipped.length) return tongue.say("good_all");
  const named = skipped.map(({ number }) => `${number} (${tongue.say(`t${number}`)})`);
  return tongue.say("good_says", { skipped: named.join(tongue.say("list")) });
}

// What the failure means; SPEC's code may have words of its own at this step.
function meaning(tongue, { number, say }) {
  const own = `f${number}_${say}`;
  return tongue.say(own in tongue.words ? own : `f${number}`);
}

function stepLine(tongue, step) {
  const title = `${step.number}. ${tongue.say(`t${step.number}`)}`;
  if (step.outcome !== "failed") return line(tongue, step.outcome, title, tongue.say(step.say, step.facts));
  const detail = element("small", { text: tongue.say("detail", step.facts), lang: "en" });
  return line(tongue, "failed", title, meaning(tongue, step), detail);
}

function line(tongue, outcome, title, text, ...more) {
  const sign = element("span", { className: "sign", text: SIGNS[outcome], "aria-hidden": "true" });
  const name = element("b", { text: title }), said = element("span", { className: "hidden", text: ` (${tongue.say(outcome)}) ` });
  const words = element("small", { text });
  return element("li", { className: outcome }, sign, element("span", {}, name, said), ...(text ? [words] : []), ...more);
}

function openPoints(tongue, open) {
  return element("ul", { className: "open" }, ...open.map(({ say, facts }) => element("li", { text: tongue.say(say, facts) })));
}
