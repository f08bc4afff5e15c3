// M1: from the casthouse on, no more comes out than went in, of one event or over a run (SPEC 5.4).

import { refuse } from "../verifier/fault.js";
import { sum } from "./exact.js";
import { CLOSING, outputAboveInput, unaccounted } from "./mass_rules.js";
import { alloyOf, judgeAlloys } from "./products.js";

// From the casthouse on; without a process, wherever pieces are made or used.
export function closes({ processKind, inputs, outputs }) {
  return processKind ? CLOSING.includes(processKind) : [...inputs, ...outputs].some((part) => part.single);
}

// What was made without a mass, and the pieces taken, also out of units, that nobody has weighed.
export function unweighed(booking, parts) {
  const without = ({ id }) => booking.lot(id).single && booking.lot(id).g === null;
  return [...booking.event.outputs.filter((part) => part.g === null), ...parts.filter(without)].map((part) => part.id);
}

// Of what was taken, also out of units.
export function closeStep(booking, came, went, parts) {
  const { inputs, outputs, scale } = booking.event, first = [...outputs, ...inputs][0].id, unknown = unweighed(booking, parts);
  if (unknown.length) {
    return booking.find("mass_not_closed", unknown[0], `the mass of ${unknown.join(", ")} is not known: nothing closes`);
  }
  const above = outputAboveInput(came, went, scale), says = unaccounted(came, went, scale);
  if (above) refuse("output_above_input", `lot ${first}: ${above}`);
  if (says) booking.find("unaccounted_loss", first, says);
  return judgeAlloys(booking, parts.map((part) => alloyOf(booking.lot(part.id))));
}

// A run, as one event of its kind; `first` is the lot that a finding names. What a ledger refuses is found: a bundle need
// not hold all of a run.
export function closeRun(booking, { name, sums }, first) {
  const { took, gave, scale, closing, kinds } = sums;
  if (!closing) return;
  if (sums.unweighed) {
    booking.find("mass_not_closed", first, `${name}: the mass of ${sums.unweighed} of its pieces is not known: nothing closes`);
    return;
  }
  const whole = closing === sum([...kinds.values()]); // else some of it went into a reaction
  const found = [
    ["output_above_input", outputAboveInput(took, gave, scale)],
    ["unaccounted_loss", whole ? unaccounted(took, gave, scale) : ""],
  ];
  for (const [rule, says] of found) if (says) booking.find(rule, first, `${name}: ${says}`);
}

// M1 on a run as it stands, where any of its events has to close: that more came out than went in; "" if not.
export function aboveInput(name, { took, gave, scale, closing, unweighed: unknown }) {
  const says = closing && !unknown ? outputAboveInput(took, gave, scale) : "";
  return says ? `${name}: ${says}` : "";
}
