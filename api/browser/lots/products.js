// What is said of a lot: its code, size, analysis and alloy (M4 and M5, SPEC 5.4).

import { list } from "./event.js";
import { analysis, customsCode, massAndSize, oneAlloy } from "./mass_rules.js";

export const REMADE = ["casting", "remelting"]; // where metal of several alloys becomes one

export const alloyOf = (lot) => String(lot.attributes.get("alloy") ?? "");

// M4 and M5 on what is said of a lot that was made.
export function judgeProduct(booking, name) {
  const lot = booking.lot(name), chemistry = list(booking.event.attributes.get(name)?.chemistry ?? []);
  const found = [["customs_code", customsCode(lot.attributes)], ["mass_and_size", lot.g ? massAndSize(lot.attributes, lot.g) : ""]];
  for (const one of analysis(alloyOf(lot), chemistry)) found.push(["analysis", one]);
  for (const [rule, says] of found) if (says) booking.find(rule, name, `lot ${name}: ${says}`);
}

// But in a melt, what comes out has the alloy of all it is made of.
export function judgeAlloys(booking, used) {
  const { outputs, processKind } = booking.event;
  for (const { id } of REMADE.includes(processKind) ? [] : outputs) {
    const says = oneAlloy(used, alloyOf(booking.lot(id)));
    if (says) booking.find("alloys_mixed", id, `lot ${id}: ${says}`);
  }
}
