// Bytes and their spellings: decode, encode again, compare, so that each value has one spelling (SPEC 2).

import { refuse } from "./fault.js";

const STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE = STANDARD.slice(0, 62) + "-_";
const ENCODER = new TextEncoder(), DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
const VALUES = [STANDARD, URL_SAFE].map((alphabet) => {
  const values = new Int8Array(128).fill(-1);
  for (let i = 0; i < 64; i++) values[alphabet.charCodeAt(i)] = i;
  return values;
});

export const utf8 = (text) => ENCODER.encode(text);
export const ofUtf8 = (bytes) => DECODER.decode(bytes);

export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function equal(a, b) {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function hex(bytes) {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}

export function unhex(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

// Big-endian bytes to a BigInt.
export function big(bytes) {
  return bytes.length ? BigInt("0x" + hex(bytes)) : 0n;
}

export const littleEndian = (bytes) => big(Uint8Array.from(bytes).reverse());

function encode(bytes, alphabet) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const three = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const letters = Math.min(bytes.length - i, 3) + 1;
    for (let k = 0; k < letters; k++) text += alphabet[(three >> (18 - 6 * k)) & 63];
  }
  return text;
}

// `letters` have no padding. Unused bits are zero (RFC 4648 3.5), or there would be two spellings.
function decode(letters, values, what) {
  const over = letters.length % 4;
  if (over === 1) refuse("base64", `${what} is not base64`);
  const bytes = new Uint8Array(Math.floor((letters.length * 3) / 4));
  let bits = 0, held = 0, at = 0;
  for (let i = 0; i < letters.length; i++) {
    const code = letters.charCodeAt(i);
    const value = code < 128 ? values[code] : -1;
    if (value < 0) refuse("base64", `${what} is not base64`);
    bits = ((bits << 6) | value) & 0xffffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[at++] = (bits >> held) & 255;
    }
  }
  if (bits & ((1 << held) - 1)) refuse("base64", `${what} is not base64 in its one canonical spelling`);
  return bytes;
}

// RFC 4648 section 4, padded: checkpoints, proofs, receipts, bundles.
export function base64(bytes) {
  const text = encode(bytes, STANDARD);
  return text + "=".repeat(-text.length & 3);
}

export function unbase64(text, what = "value", size = null) {
  const letters = text.replace(/={1,2}$/, "");
  if (text.length % 4 || text.length - letters.length !== (-letters.length & 3)) {
    refuse("base64", `${what} is not padded base64`);
  }
  const bytes = decode(letters, VALUES[0], what);
  if (size !== null && bytes.length !== size) refuse("base64", `${what} has ${bytes.length} bytes, want ${size}`);
  return bytes;
}

// RFC 4648 section 5, unpadded: statements.
export const base64url = (bytes) => encode(bytes, URL_SAFE);
export const unbase64url = (text, what = "value") => decode(text, VALUES[1], what);

// ASCII decimal without sign or leading zeros, as a BigInt.
export function decimal(text, what = "number", limit = 2n ** 63n - 1n) {
  if (!/^(?:0|[1-9][0-9]{0,19})$/.test(text)) refuse("number", `${what} is not a decimal number`);
  if (BigInt(text) > limit) refuse("number", `${what} is ${text}, the most is ${limit}`);
  return BigInt(text);
}
