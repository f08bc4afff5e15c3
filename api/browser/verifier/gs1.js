// GS1 keys in any spelling to canonical ids (SPEC 6): Digital Link URIs, EPC URNs, element strings.

import { brief, refuse } from "./fault.js";

const X = "[!\"%&'()*+,\\-./0-9:;<=>?A-Z_a-z]"; // character set 82
const Y = "[#\\-/0-9A-Z]"; // character set 39
const whole = (pattern) => new RegExp(`^(?:${pattern})$`);
const TRADE_ITEM = [["22", "10", "21"]];
// AI: form, digits under the check digit, where the company prefix begins, qualifiers in order, those that are kept,
// and the shortest value that names one thing without a qualifier (null: it takes one).
const KEYS = new Map(Object.entries({
  "00": key("[0-9]{18}", 18, 1),
  "01": key("[0-9]{14}", 14, 1, [...TRADE_ITEM, ["235"]], ["21", "10", "235"], null),
  253: key(`[0-9]{13}${X}{0,17}`, 13, 0, [], [], 14),
  255: key("[0-9]{13}[0-9]{0,12}", 13, 0, [], [], 14),
  401: key(`(?=[0-9]{4})${X}{1,30}`, 0, 0),
  402: key("[0-9]{17}", 17, 0),
  414: key("[0-9]{13}", 13, 0, [["254"], ["7040"]], ["254"]),
  417: key("[0-9]{13}", 13, 0, [["7040"]]),
  8003: key(`0[0-9]{13}${X}{0,16}`, 14, 1, [], [], 15),
  8004: key(`(?=[0-9]{4})${X}{1,30}`, 0, 0, [["7040"]]),
  8006: key("[0-9]{18}", 14, 1, TRADE_ITEM, ["21", "10"], null),
  8010: key(`(?=[0-9]{4})${Y}{1,30}`, 0, 0, [["8011"]], ["8011"], null),
  8017: key("[0-9]{18}", 18, 0, [["8019"]]),
  8018: key("[0-9]{18}", 18, 0, [["8019"]]),
}));
const QUALIFIERS = {
  10: whole(`${X}{1,20}`), 21: whole(`${X}{1,20}`), 22: whole(`${X}{1,20}`), 235: whole(`${X}{1,28}`),
  254: whole(`${X}{1,20}`), 7040: whole(`[0-9]${X}{3}`), 8011: whole("0|[1-9][0-9]{0,11}"), 8019: whole("[0-9]{1,10}"),
};
const PATH = "[A-Za-z0-9\\-._~!$&'()*+,;=:@%/]*";
const LINK = new RegExp(
  `^(?:https?|HTTPS?)://(?:[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\])(?::[0-9]{1,5})?(/${PATH})`
    + "(?:\\?([A-Za-z0-9\\-._~!$&'()*+,;=:@%/?]*))?(?:#[A-Za-z0-9\\-._~!$&'()*+,;=:@%/?]*)?$",
);
const ELEMENTS = /\(([0-9]{2,4})\)([^()]*(?:\((?![0-9]{2,4}\))[^()]*|\)[^()]*)*)/g;

function key(form, checked, company, chains = [], finest = [], single = 0) {
  return { form: whole(form), checked, company, chains, finest, single };
}

const no = (sentence) => refuse("gs1_id", sentence);

// '(01)09521141000014(10)BX-1'
export function canonicalId(text) {
  if (text.length > 4096) no("an id of this length is no GS1 id");
  if (text.startsWith("(")) return fromElements(text);
  return text.startsWith("urn:") ? elementString(...fromUrn(text)) : fromLink(text);
}

export function isCanonical(text) {
  try {
    return text.startsWith("(") && canonicalId(text) === text;
  } catch {
    return false;
  }
}

// The digits of a canonical id that begin with its company prefix, without the check digit.
export function companyDigits(canonical) {
  const [[ai, value]] = elements(canonical);
  const { checked, company } = KEYS.get(ai);
  return checked ? value.slice(company, checked - 1) : /^[0-9]*/.exec(value.slice(company))[0];
}

// One thing (a serial, an SSCC, an asset), and not a class or a lot of things. Of a canonical id.
export function namesOneThing(canonical) {
  const [[ai, value], ...qualifiers] = elements(canonical), { single } = KEYS.get(ai);
  return single === null ? qualifiers.some(([name]) => name !== "10") : value.length >= single;
}

function fromElements(text) {
  const [[ai, value], ...qualifiers] = elements(text);
  if (elementString(ai, value, qualifiers) !== text) no(`${brief(text)} is not canonical`);
  return text;
}

function elements(text) {
  const found = [...text.matchAll(ELEMENTS)].map(([, ai, value]) => [ai, value]);
  if (!found.length || found.map(([ai, value]) => `(${ai})${value}`).join("") !== text) no(`${brief(text)} is no element string`);
  if (!KEYS.has(found[0][0])) no(`(${found[0][0]}) is no GS1 key that names a thing here`);
  return found;
}

function fromLink(text) {
  const [, path, query] = LINK.exec(text) ?? no(`${brief(text)} is no GS1 Digital Link, EPC URN or element string`);
  const steps = path.split("/");
  // From the right, in pairs: what stands left of the last key is the stem.
  let at = steps.length - 2;
  while (at > 0 && !KEYS.has(steps[at])) at -= 2;
  if (at <= 0) no(`the path of ${brief(text)} names no GS1 key that is known here`);
  const [ai, value, ...rest] = steps.slice(at).map((step, i) => (i % 2 ? unescape(step) : step));
  const qualifiers = rest.flatMap((name, i) => (i % 2 ? [] : [[name, rest[i + 1]]]));
  const canonical = elementString(ai, value, qualifiers);
  if (query) checkQuery(ai, qualifiers, query);
  return canonical;
}

// The query is dropped; so it may not hold what would have been part of the id.
function checkQuery(ai, qualifiers, query) {
  const chains = qualifiers.length ? [chainOf(ai, qualifiers)] : KEYS.get(ai).chains;
  const inPath = [ai, ...chains.flat()];
  for (const parameter of query.split("&")) {
    if (inPath.includes(unescape(parameter.split("=", 1)[0]))) no("the query holds what belongs in the path");
  }
}

function unescape(step) {
  return step.replace(/%([0-9A-Fa-f]{2})?/g, (_, digits) => (digits ? String.fromCharCode(parseInt(digits, 16)) : "\u0000"));
}

// GS1 General Specifications 7.9: weights 3, 1, 3 … from the right.
function checkDigit(digits) {
  const total = [...digits].reverse().reduce((sum, digit, i) => sum + Number(digit) * (i % 2 ? 1 : 3), 0);
  return String((10 - (total % 10)) % 10);
}

function checkValue(ai, value) {
  const { form, checked } = KEYS.get(ai);
  if (!form.test(value)) no(`${brief(value)} has not the form of (${ai})`);
  if (checked && value[checked - 1] !== checkDigit(value.slice(0, checked - 1))) no(`the check digit of ${brief(value)} is wrong`);
  const piece = value.slice(14, 16);
  if (ai === "8006" && !("00" < piece && piece <= value.slice(16, 18))) no("an ITIP says piece and total");
  checkUnambiguous(value);
}

function checkUnambiguous(value) {
  if (/\([0-9]{2,4}\)/.test(value)) no(`${brief(value)} reads as another element`);
}

function chainOf(ai, qualifiers) {
  const names = qualifiers.map(([name]) => name);
  const chain = KEYS.get(ai).chains.find((one) => one.filter((name) => names.includes(name)).join() === names.join());
  return chain ?? no(`these qualifiers may not follow (${ai}), or not in this order`);
}

function elementString(ai, value, qualifiers = []) {
  checkValue(ai, value);
  if (!qualifiers.length) return `(${ai})${value}`;
  chainOf(ai, qualifiers);
  for (const [name, text] of qualifiers) {
    if (!QUALIFIERS[name].test(text)) no(`${brief(text)} has not the form that (${name}) asks for`);
    checkUnambiguous(text);
  }
  const given = new Map(qualifiers), finest = KEYS.get(ai).finest.find((name) => given.has(name));
  return finest === undefined ? `(${ai})${value}` : `(${ai})${value}(${finest})${given.get(finest)}`;
}

// GS1 EPC Tag Data Standard 2.0, sections 6 and 8: the company prefix stands apart, check digits do not stand at all.
const plainText = /^(?:[!'()*+,\-.0-9:;=A-Z_a-z]|%(?:22|23|25|26|2[Ff]|3[CcEeFf]))+$/;

function closed(digits, length) {
  if (digits.length !== length || !/^[0-9]+$/.test(digits)) no(`company prefix and reference do not make ${length} digits`);
  return digits + checkDigit(digits);
}

const tradeItem = ([company, item]) => closed(item.slice(0, 1) + company + item.slice(1), 13);
const joined = (length) => ([company, reference]) => closed(company + reference, length);
const text = ([company, reference]) => company + unescaped(reference);

// Name: AI, number of parts, how many of them are the key itself, the key's value, the qualifier that the last part is.
const SCHEMES = new Map(Object.entries({
  sgtin: ["01", 3, 2, tradeItem, "21"],
  upui: ["01", 3, 2, tradeItem, "235"],
  itip: ["8006", 5, 4, (parts) => tradeItem(parts) + parts[2] + parts[3], "21"],
  sscc: ["00", 2, 2, ([company, serial]) => closed(serial.slice(0, 1) + company + serial.slice(1), 17)],
  sgln: ["414", 3, 2, joined(12), "254"],
  pgln: ["417", 2, 2, joined(12)],
  grai: ["8003", 3, 2, (parts) => `0${joined(12)(parts)}`],
  gdti: ["253", 3, 2, joined(12)],
  sgcn: ["255", 3, 2, joined(12)],
  giai: ["8004", 2, 2, text],
  ginc: ["401", 2, 2, text],
  gsin: ["402", 2, 2, joined(16)],
  gsrn: ["8018", 2, 2, joined(17)],
  gsrnp: ["8017", 2, 2, joined(17)],
  cpi: ["8010", 3, 2, text, "8011"],
}));
const PATTERNS = ["sgtin", "upui", "itip", "grai", "gdti", "sgcn", "cpi"];

function unescaped(part) {
  if (!plainText.test(part)) no(`${brief(part)} holds what may not stand in an EPC URN`);
  return unescape(part);
}

function fromUrn(urn) {
  const [, kind, name, rest] = /^urn:epc:(id|class|idpat):([^:]*):(.*)$/s.exec(urn) ?? no(`${brief(urn)} is no EPC URN`);
  const lgtin = kind === "class" && name === "lgtin" ? ["01", 3, 2, tradeItem, "10"] : undefined;
  const scheme = kind === "class" ? lgtin : SCHEMES.get(name);
  if (!scheme || (kind === "idpat" && !PATTERNS.includes(name))) no(`${brief(urn)} is no EPC URN of a GS1 key`);
  const [ai, count, plain, value, qualifier] = scheme;
  const all = rest.split("."), parts = [...all.slice(0, count - 1), all.slice(count - 1).join(".")];
  if (all.length < count || !/^[0-9]{6,12}$/.test(parts[0])) no(`${brief(urn)} wants ${count} parts between dots`);
  if (kind === "idpat") return parts.at(-1) === "*" ? [ai, value(parts)] : no(`the pattern ${brief(urn)} names no class`);
  if (count === plain) return [ai, value(parts)];
  const made = value(parts), serial = unescaped(parts.at(-1));
  if (!qualifier) return [ai, made + serial];
  return ai === "414" && serial === "0" ? [ai, made] : [ai, made, [[qualifier, serial]]]; // TDS 2.0 6.3.3
}
