// The log key kept from an earlier visit: whoever changes a ledger under a reader's eyes has to change its key, too.

import { utf8 } from "./verifier/bytes.js";
import { sha256 } from "./verifier/sha2.js";

const SHELF = "coilmark.log-keys";
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

// SPEC 4.6: 80 bits of SHA-256 over a label and the key, in base32, in four groups of four.
export function fingerprint(vkey) {
  const bits = [...sha256(utf8(`coilmark/log-key/v1\n${vkey}`)).subarray(0, 10)].map((byte) => byte.toString(2).padStart(8, "0"));
  return bits.join("").match(/.{5}/g).map((five) => LETTERS[parseInt(five, 2)]).join("").match(/.{4}/g).join("-");
}

// What was kept: { trust, since, compared }, or null. Undefined where this browser keeps nothing.
export function kept() {
  try {
    const said = JSON.parse(localStorage.getItem(SHELF));
    return said && typeof said.trust === "string" ? said : null;
  } catch {
    return undefined;
  }
}

export function keep(trust, compared = false) {
  try {
    localStorage.setItem(SHELF, JSON.stringify({ trust, since: new Date().toISOString(), compared }));
  } catch {
    // The page says that nothing is kept.
  }
}

export function forget() {
  try {
    localStorage.removeItem(SHELF);
  } catch {
    // There is nothing to forget.
  }
}
