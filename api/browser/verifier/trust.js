// The trust file: whom a reader believes (C2SP tlog-policy, and `party` lines of ours; SPEC 4.6).

import { base64url, decimal, unbase64url, equal, utf8 } from "./bytes.js";
import { brief, refuse } from "./fault.js";
import { isCanonical } from "./gs1.js";
import { LOG, ML_DSA, WITNESS, parseVkey } from "./note.js";
import { sha256 } from "./sha2.js";

const FORMS = { log: [1, 2], witness: [2, 3], group: [3, Infinity], quorum: [1, 1], party: [2, 2] };

// `quorum` is null for `quorum none`. `pins` are key thumbprints by party.
export function parseTrust(text) {
  if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(text)) refuse("trust", "a trust file has no control characters");
  if (!text.endsWith("\n")) refuse("trust", "the last line of the trust file has no newline");
  const reader = new Reader();
  for (const line of text.slice(0, -1).split("\n")) {
    const [word, ...words] = line.replace(/^[ \t]+|[ \t]+$/g, "").split(/[ \t]+/);
    if (!word || word.startsWith("#")) continue;
    const [fewest, most] = Object.hasOwn(FORMS, word) ? FORMS[word] : refuse("trust", `a line begins with ${brief(word)}`);
    if (words.length < fewest || words.length > most) refuse("trust", `${word} is followed by ${words.length} words`);
    reader[word](...words);
  }
  return reader.done();
}

class Reader {
  trust = { vkeys: [], logs: [], witnesses: [], groups: [], quorum: undefined, pins: new Map() };
  names = new Set();
  grouped = new Set();
  kids = new Set();

  log(text) {
    this.trust.logs.push(this.newKey(text, [LOG, ML_DSA]));
  }

  witness(name, text) {
    this.define(name);
    this.trust.witnesses.push({ name, vkey: this.newKey(text, [WITNESS, ML_DSA]) });
  }

  group(name, number, ...members) {
    for (const member of members) {
      this.need(member);
      if (this.grouped.has(member)) refuse("trust", `${brief(member)} is a member of a group already`);
      this.grouped.add(member);
    }
    this.define(name);
    const all = BigInt(members.length);
    const said = number === "any" ? 1n : number === "all" ? all : decimal(number, "the number of members");
    if (said < 1n || said > all) refuse("trust", `${said} of ${all} members cannot be asked for`);
    this.trust.groups.push({ name, threshold: Number(said), members });
  }

  quorum(name) {
    if (this.trust.quorum !== undefined) refuse("trust", "there is a quorum line already");
    if (name !== "none") this.need(name);
    this.trust.quorum = name === "none" ? null : name;
  }

  party(party, kid) {
    if (!isCanonical(party)) refuse("trust", `${brief(party)} is no canonical id of a party`);
    if (unbase64url(kid, "the key thumbprint").length !== 32) refuse("trust", "a key thumbprint has 43 characters");
    if (this.kids.has(kid)) refuse("trust", `the key ${kid} is pinned already`);
    this.kids.add(kid);
    this.trust.pins.set(party, new Set([...(this.trust.pins.get(party) ?? []), kid]));
  }

  newKey(text, types) {
    const vkey = parseVkey(text);
    if (!types.includes(vkey.type)) refuse("vkey", `the key of ${brief(vkey.name)} has type ${vkey.type}`);
    if (this.trust.vkeys.some((other) => equal(other.raw, vkey.raw))) refuse("trust", "a public key is listed already");
    this.trust.vkeys.push(vkey);
    return vkey;
  }

  define(name) {
    if (name === "none" || this.names.has(name)) refuse("trust", `the name ${brief(name)} is taken`);
    this.names.add(name);
  }

  need(name) {
    if (!this.names.has(name)) refuse("trust", `${brief(name)} is no witness or group defined on a line above`);
  }

  done() {
    if (this.trust.quorum === undefined) refuse("trust", "the trust file has no quorum line");
    for (const vkey of this.trust.vkeys) {
      // SPEC 4.5: a party's key is never a log or witness key.
      if (vkey.type !== ML_DSA && this.kids.has(thumbprint(vkey.raw))) refuse("trust", "a checkpoint key is pinned");
    }
    return this.trust;
  }
}

// RFC 7638, of the Ed25519 key behind a verifier key.
const thumbprint = (raw) => base64url(sha256(utf8(`{"crv":"Ed25519","kty":"OKP","x":"${base64url(raw)}"}`)));

// Whether these witnesses are enough. A member is always defined before its group.
export function quorumMet(trust, cosigners) {
  if (trust.quorum === null) return true;
  const met = new Set(trust.witnesses.filter((one) => cosigners.includes(one.vkey)).map((one) => one.name));
  for (const { name, threshold, members } of trust.groups) {
    if (members.filter((member) => met.has(member)).length >= threshold) met.add(name);
  }
  return met.has(trust.quorum);
}
