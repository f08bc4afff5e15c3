// Statements: an SD-JWT over exact bytes, and its disclosures (SPEC 4.1, 4.2; RFC 9901). No signature is checked here.

import { base64url, unbase64url, utf8 } from "./bytes.js";
import { brief, refuse } from "./fault.js";
import { sha256 } from "./sha2.js";
import { ALGORITHMS } from "./signatures.js";
import { decode } from "./strict_json.js";

const TYPES = [
  "ledger", "party", "key", "lot-event", "certificate", "passport", "heads", "notice", "contract", "energy-attestation",
  "energy-consumption", "energy-action", "energy-allocation", "emission-source", "period-close", "verification",
];
const SUFFIX = "+sd-jwt";
const MEMBERS = ["iss", "jti", "aud", "iat", "_sd_alg"];
const ID = /^[!-~]{1,200}$/;
const URI = /^[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+$/;
const LAST_SECOND = 253402300799; // of the year 9999

export const isObject = (value) => value !== null && typeof value === "object" && Object.getPrototypeOf(value) === null;

// The part that is signed, and hashed into the entry.
export const signedPart = (wire) => wire.split("~", 1)[0];

// `body` is the member that `typ` names, disclosures put in place; `withheld` counts digests that none of them opens.
export function parseStatement(wire) {
  const { jwt, texts } = split(wire);
  const segments = jwt.split(".");
  if (segments.length !== 3) refuse("wire", `the signed part has ${segments.length} segments, want 3`);
  const header = parseHeader(unbase64url(segments[0], "the header"));
  const payload = parsePayload(unbase64url(segments[1], "the payload"), header.typ);
  const signature = unbase64url(segments[2], "the signature");
  if (signature.length !== 64) refuse("signature_size", "a signature has 64 bytes");
  const { iss, jti, aud, iat } = payload;
  const signingInput = utf8(`${segments[0]}.${segments[1]}`);
  return opened({ ...header, iss, jti, aud, iat, signature, signingInput, signedBody: payload[header.typ] }, texts);
}

// A statement whose signed part was parsed, with the disclosures of its wire form: as if the whole were parsed.
export const withDisclosures = (statement, wire) => opened(statement, split(wire).texts);

function opened(statement, texts) {
  const disclosures = texts.map(parseDisclosure);
  return { ...statement, ...openBody(statement.signedBody, disclosures), disclosures };
}

function split(wire) {
  if (wire.length > 262144) refuse("statement_size", `the statement has ${wire.length} bytes, the limit is 262144`);
  const [jwt, ...texts] = wire.split("~");
  if (texts.length > 101) refuse("disclosures", `the statement has ${texts.length - 1} disclosures, the limit is 100`);
  if (!/^[\u0000-\u007f]*$/.test(wire)) refuse("wire", "a statement in wire form is ASCII");
  if (!texts.length) refuse("wire", 'a statement in wire form ends in "~"');
  if (texts.pop()) refuse("key_binding", 'something follows the last "~"; key binding is not taken');
  return { jwt, texts };
}

const sameMembers = (value, names) => isObject(value) && Object.keys(value).sort().join("\n") === [...names].sort().join("\n");

function parseHeader(bytes) {
  const header = decode(bytes, "the header");
  if (!sameMembers(header, ["alg", "kid", "typ"])) refuse("header_members", "the header has exactly alg, kid and typ");
  const { alg, kid, typ } = header;
  if (!ALGORITHMS.includes(alg)) refuse("alg", "alg is Ed25519, EdDSA or ES256");
  if (typeof kid !== "string" || unbase64url(kid, "kid").length !== 32) refuse("kid", "kid is an RFC 7638 thumbprint");
  const name = typeof typ === "string" && typ.endsWith(SUFFIX) ? typ.slice(0, -SUFFIX.length) : "";
  if (!TYPES.includes(name)) refuse("typ_unknown", `typ ${brief(typ)} is not known`);
  return { alg, kid, typ: name };
}

function parsePayload(bytes, typ) {
  const payload = decode(bytes, "the payload", { plain: true });
  if (!sameMembers(payload, [...MEMBERS, typ])) refuse("payload_members", `the payload has exactly ${MEMBERS} and ${typ}`);
  checkForm("iss", payload.iss, ID);
  checkForm("jti", payload.jti, URI);
  checkForm("aud", payload.aud, URI);
  if (typeof payload.iat !== "number" || payload.iat < 0 || payload.iat > LAST_SECOND) refuse("iat", "iat is whole seconds");
  if (payload._sd_alg !== "sha-256") refuse("sd_alg", "_sd_alg is sha-256");
  if (!isObject(payload[typ])) refuse("body", `the member ${typ} is an object`);
  return payload;
}

function checkForm(name, value, form) {
  if (typeof value !== "string" || value.length > 200 || !form.test(value)) refuse(name, `${name} is not in its form`);
}

// Base64url of [salt, name, value], or of [salt, value] for an array's element. The digest is over the text itself.
function parseDisclosure(text) {
  const parts = decode(unbase64url(text, "a disclosure"), "a disclosure", { plain: true });
  if (!Array.isArray(parts) || (parts.length !== 2 && parts.length !== 3)) refuse("disclosure", "a disclosure is an array");
  const salt = parts[0], name = parts.length === 3 ? parts[1] : null, value = parts.at(-1);
  if (typeof salt !== "string" || (parts.length === 3 && typeof name !== "string")) {
    refuse("disclosure", "salt and name of a disclosure are strings");
  }
  const saltSize = unbase64url(salt, "the salt of a disclosure").length;
  if (name === "_sd" || name === "...") refuse("disclosure", `a disclosure may not be named ${name}`);
  return { digest: base64url(sha256(utf8(text))), salt, saltSize, name, value };
}

// Salts of at least 16 bytes, no two alike.
export function checkSalts(disclosures) {
  if (disclosures.some((one) => one.saltSize < 16)) refuse("salt", "a salt has at least 16 bytes");
  if (new Set(disclosures.map((one) => one.salt)).size !== disclosures.length) refuse("salt", "two salts are alike");
}

function openBody(body, disclosures) {
  const opening = new Opening(disclosures);
  if (opening.given.size !== disclosures.length) refuse("disclosure", "the same disclosure is given twice");
  const opened = opening.members(body, 30); // of 32 levels the payload is one and the body another
  const unused = disclosures.find((one) => !opening.seen.has(one.digest));
  if (unused) refuse("disclosure", `no digest names the disclosure ${unused.digest}`);
  return { body: opened, withheld: opening.seen.size - disclosures.length };
}

// One pass over a body: which digests were met, and which disclosures are at hand (RFC 9901 7.1).
class Opening {
  constructor(disclosures) {
    this.given = new Map(disclosures.map((one) => [one.digest, one]));
    this.seen = new Set();
  }

  value(value, depth) {
    const array = Array.isArray(value);
    if (!array && !isObject(value)) return value;
    if (depth === 0) refuse("depth", "the disclosed body is nested more than 32 deep");
    return array ? this.elements(value, depth - 1) : this.members(value, depth - 1);
  }

  members(members, depth) {
    if ("..." in members) refuse("digest", '"..." stands alone in an array element or nowhere');
    const opened = Object.create(null);
    for (const name of Object.keys(members)) if (name !== "_sd") opened[name] = this.value(members[name], depth);
    if (!("_sd" in members)) return opened;
    if (!Array.isArray(members._sd) || !members._sd.length) refuse("digest", '"_sd" is an array of one or more digests');
    for (const digest of members._sd) this.openMember(this.meet(digest), opened, depth);
    return opened;
  }

  openMember(found, opened, depth) {
    if (!found) return;
    if (found.name === null) refuse("disclosure", 'a disclosure without a name is named in "_sd"');
    if (found.name in opened) refuse("disclosure", `${brief(found.name)} is disclosed where it already stands`);
    opened[found.name] = this.value(found.value, depth);
  }

  elements(elements, depth) {
    const opened = [];
    for (const element of elements) {
      if (!isObject(element) || Object.keys(element).join("\n") !== "...") {
        opened.push(this.value(element, depth));
        continue;
      }
      const found = this.meet(element["..."]);
      if (found && found.name !== null) refuse("disclosure", "a disclosure with a name stands for an array element");
      if (found) opened.push(this.value(found.value, depth));
    }
    return opened;
  }

  meet(digest) {
    if (typeof digest !== "string" || unbase64url(digest, "a digest").length !== 32) refuse("digest", "a digest is 32 bytes");
    if (this.seen.has(digest)) refuse("digest", `the digest ${digest} stands more than once`);
    this.seen.add(digest);
    return this.given.get(digest);
  }
}
