// Runs that a piece came out of and that nobody judged: a run is balanced when it is closed, and not before (SPEC 5.4). What is
// said of a run ends with the last of its events that the trace goes through (SPEC 4.9.5).

import { NOBODY, runName } from "./book.js";
import { aboveInput } from "./closing.js";
import { compareText, grams } from "./exact.js";
import { firstInRun } from "./story.js";
import { newSums, plus } from "./sums.js";

export const OF_RUNS = ["run_not_judged", "run_above_input"];

// Findings, each with its entry, on its runs that are open, or that a correction was announced of and has not come.
export function notJudged({ runs, effects }) {
  return [...runs].flatMap(([name, { upto, closedBy }]) => {
    const own = [...effects.values()].filter(({ issuer, run }) => run && runName(issuer, run) === name);
    const events = own.filter((one) => firstInRun(one, effects) <= upto), why = whyNot(events, closedBy);
    return why ? said(events, upto, why) : [];
  });
}

function whyNot(events, closedBy) {
  if (closedBy === NOBODY) return "is open";
  const awaited = events.filter((one) => one.declaredBy !== NOBODY && one.awaited && one.replacedBy === NOBODY);
  return awaited.length ? `waits for what takes the place of entry ${Math.min(...awaited.map((one) => one.index))}` : "";
}

function said(events, upto, why) {
  const [{ run }] = events, stand = events.filter((one) => one.sums && one.declaredBy === NOBODY);
  const sums = stand.reduce((all, one) => plus(all, one.sums), newSums()), above = aboveInput(run, sums);
  const kinds = [...sums.kinds.keys()].filter(Boolean).sort(compareText).join(", "), took = grams(sums.took);
  const says = `${why} and was not judged: up to entry ${upto} it took ${took} and gave ${grams(sums.gave)}`;
  return [
    { rule: "run_not_judged", lot: "", says: `run ${run}${kinds ? ` (${kinds})` : ""} ${says}`, entry: upto },
    ...(above ? [{ rule: "run_above_input", lot: "", says: `run ${above}, up to entry ${upto}`, entry: upto }] : []),
  ];
}
