// JSON that every reader reads the same (SPEC 4.1), or a refusal. Own parser: JSON.parse lets duplicate keys, large
// integers and lone surrogates through. Objects come without prototype; a number with a point is a Decimal.

import { refuse } from "./fault.js";

const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const CONSTANT = /NaN|-?Infinity/y;
const PLAIN_RUN = /[^"\\\u0000-\u001f]*/y;
const SPACE = /[ \t\n\r]*/y;
const ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const WORDS = { t: ["true", true], f: ["false", false], n: ["null", null] };
const NESTED_TOO_DEEP_TO_READ = 900;

export class Decimal {
  constructor(literal) {
    this.literal = literal;
  }
}

// `plain`: strings and keys in Normalization Form C, and without control characters other than line feed.
export function decode(bytes, what, { maxString = 4096, plain = false } = {}) {
  let text;
  try {
    text = DECODER.decode(bytes);
  } catch {
    refuse("utf8", `${what} is not UTF-8`);
  }
  if (text.startsWith("\ufeff")) refuse("utf8", `${what} begins with a byte order mark`);
  const reader = new Reader(text, what, maxString, plain);
  const value = reader.value(1);
  reader.end();
  if (reader.fault) refuse(...reader.fault);
  return value;
}

class Reader {
  constructor(text, what, maxString, plain) {
    Object.assign(this, { text, what, maxString, plain, at: 0, fault: null });
  }

  // What is JSON and refused all the same: said when the whole has been read, since what is no JSON comes first.
  note(code, sentence) {
    this.fault ??= [code, `${this.what}: ${sentence}`];
  }

  broken() {
    refuse("json", `${this.what} is not JSON at character ${this.at}`);
  }

  match(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found) this.at = pattern.lastIndex;
    return found;
  }

  // Most often there is no space, and an expression that matches nothing is not cheap.
  next() {
    if (!(this.text[this.at] > " ")) this.match(SPACE);
    return this.text[this.at];
  }

  end() {
    if (this.next() !== undefined) this.broken();
  }

  value(depth) {
    const first = this.next();
    if (first === '"') return this.string();
    if (first === "{" || first === "[") return this.container(first, depth);
    const [word, value] = WORDS[first] ?? [];
    if (word === undefined) return this.number();
    if (!this.text.startsWith(word, this.at)) this.broken();
    this.at += word.length;
    return value;
  }

  container(bracket, depth) {
    if (depth > NESTED_TOO_DEEP_TO_READ) refuse("depth", `${this.what} is nested hundreds deep`);
    if (depth > 32) this.note("depth", "nested more than 32 deep");
    this.at++;
    return bracket === "{" ? this.members(depth) : this.elements(depth);
  }

  members(depth) {
    const members = Object.create(null);
    if (this.closes("}")) return members;
    do {
      if (this.next() !== '"') this.broken();
      const key = this.string();
      if (this.next() !== ":") this.broken();
      this.at++;
      if (key in members) this.note("duplicate_key", "a key occurs more than once");
      members[key] = this.value(depth + 1);
    } while (this.goesOn("}"));
    return members;
  }

  elements(depth) {
    const elements = [];
    if (this.closes("]")) return elements;
    do elements.push(this.value(depth + 1));
    while (this.goesOn("]"));
    return elements;
  }

  closes(bracket) {
    if (this.next() !== bracket) return false;
    this.at++;
    return true;
  }

  goesOn(bracket) {
    if (this.closes(bracket)) return false;
    if (this.text[this.at] !== ",") this.broken();
    this.at++;
    return true;
  }

  number() {
    const first = this.text[this.at], isDigit = first >= "0" && first <= "9";
    if (!isDigit && this.match(CONSTANT)) return this.note("number", "NaN and Infinity are no numbers"), 0;
    const found = this.match(NUMBER);
    if (!found) this.broken();
    const [literal, point, exponent] = found;
    if (exponent) return this.note("number", "a number has an exponent"), 0;
    if (point) return this.decimal(literal);
    const value = Number(literal);
    if (!Number.isSafeInteger(value)) this.note("number", "an integer is beyond 2^53-1");
    return value || 0; // -0 is 0
  }

  decimal(literal) {
    const digits = literal.replace(/[-.]/g, "").replace(/^0+/, "").length;
    if (digits > 15) this.note("number", "a number has more than 15 significant digits");
    if (literal.length > 32) this.note("number", "a number is longer than 32 characters");
    return new Decimal(literal);
  }

  string() {
    this.at++;
    let text = this.match(PLAIN_RUN)[0];
    for (;;) {
      const mark = this.text[this.at++];
      if (mark === '"') break;
      if (mark !== "\\") this.at--, this.broken();
      text += this.escape() + this.match(PLAIN_RUN)[0];
    }
    this.judge(text);
    return text;
  }

  escape() {
    const letter = this.text[this.at++];
    if (letter in ESCAPES) return ESCAPES[letter];
    const digits = this.text.slice(this.at, this.at + 4);
    if (letter !== "u" || !/^[0-9A-Fa-f]{4}$/.test(digits)) this.broken();
    this.at += 4;
    return String.fromCharCode(parseInt(digits, 16));
  }

  judge(text) {
    const short = text.length <= this.maxString;
    if (!short && [...text].length > this.maxString) this.note("string", "a string is too long");
    if (/^[ -~]*$/.test(text)) return;
    if (/\p{Surrogate}/u.test(text)) this.note("string", "a string holds a lone surrogate");
    if (!this.plain) return;
    if (/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(text)) this.note("text", "a string holds a control character");
    if (text.normalize("NFC") !== text) this.note("text", "a string is not in Unicode normal form C");
  }
}
