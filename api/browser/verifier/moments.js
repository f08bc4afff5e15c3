// RFC 3339 with offset, in capitals, at most six decimals and no leap second, to microseconds since 1970 (SPEC 2, 4.8).

import { brief, refuse } from "./fault.js";

export const SECOND = 1000000n;
const DATE = "([0-9]{4})-([0-9]{2})-([0-9]{2})", CLOCK = "([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])(?:\\.([0-9]{1,6}))?";
const TIME = new RegExp(`^${DATE}T${CLOCK}(?:Z|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))$`);

export function micros(text) {
  const found = TIME.exec(text) ?? refuse("time", `${brief(text)} is no RFC 3339 time with offset`);
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number);
  const date = new Date(Date.UTC(2000, month - 1, day, hour, minute, second));
  date.setUTCFullYear(year, month - 1, day);
  if (year < 1 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) refuse("time", "no such day");
  const offset = (Number(found[9] ?? 0) * 60 + Number(found[10] ?? 0)) * (found[8] === "-" ? -60 : 60);
  const since = BigInt(date.getTime() / 1000 - offset) * SECOND + BigInt((found[7] ?? "").padEnd(6, "0"));
  return since < 0n ? refuse("time", `${brief(text)} is before 1970`) : since;
}
