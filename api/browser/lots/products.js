// What is said of a lot: its code, size, analysis and alloy (M4 and M5, SPEC 5.4).

import { has } from "./book.js";
import { list } from "./event.js";
import { analysis, customsCode, massAndSize, oneAlloy } from "./mass_rules.js";

export const REMADE = ["casting", "remelting"]; // where metal of several alloys becomes one

const SIZED = ["thickness", "width", "length", "alloy"];
const CODED = ["cn", "form", "alloy", "thickness", "coating"];

export const alloyOf = (lot) => String(lot.attributes.get("alloy") ?? "");

// M4 and M5 on what is said of a lot that was made.
export function judgeProduct(booking, name) {
  judgeCode(booking, name);
  judgeSize(booking, name);
  judgeAnalysis(booking, name);
}

// On what is said anew of a lot that is there; of its analysis, by who made it or has it.
export function judgeTold(booking, name) {
  const lot = booking.lot(name), { issuer } = booking.event, own = booking.words.filter((word) => word.lot === name);
  if (own.some((word) => CODED.includes(word.name))) judgeCode(booking, name);
  if (own.some((word) => SIZED.includes(word.name))) judgeSize(booking, name);
  if (issuer === lot.maker || has(lot, issuer)) judgeAnalysis(booking, name);
}

function judgeCode(booking, name) {
  const says = customsCode(booking.lot(name).attributes);
  if (says) booking.find("customs_code", name, `lot ${name}: ${says}`);
}

// The mass and the dimensions of a piece, where both are known.
export function judgeSize(booking, name) {
  const { attributes, g } = booking.lot(name), says = g ? massAndSize(attributes, g) : "";
  if (says) booking.find("mass_and_size", name, `lot ${name}: ${says}`);
}

function judgeAnalysis(booking, name) {
  const chemistry = list(booking.event.attributes.get(name)?.chemistry ?? []);
  for (const says of analysis(alloyOf(booking.lot(name)), chemistry)) booking.find("analysis", name, `lot ${name}: ${says}`);
}

// But in a melt, what comes out has the alloy of all it is made of.
export function judgeAlloys(booking, used) {
  const { outputs, processKind } = booking.event;
  for (const { id } of REMADE.includes(processKind) ? [] : outputs) {
    const says = oneAlloy(used, alloyOf(booking.lot(id)));
    if (says) booking.find("alloys_mixed", id, `lot ${id}: ${says}`);
  }
}
