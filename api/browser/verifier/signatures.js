// Public keys and signatures by them (SPEC 4.1): the policy first, then WebCrypto where it is there, else our own.

import { base64url, big, concat, littleEndian, unbase64url, utf8 } from "./bytes.js";
import { ED_L, ED_P, P_N, onEdCurve, onP256, verifyEd25519, verifyP256 } from "./curves.js";
import { refuse } from "./fault.js";
import { sha256 } from "./sha2.js";

export const ALGORITHMS = ["Ed25519", "EdDSA", "ES256"];
const KINDS = new Map([["OKP", ["Ed25519", "Ed25519", ["x"]]], ["EC", ["P-256", "ES256", ["x", "y"]]]]);
const OF_ORDER_8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
const LOW_ORDER = [0n, 1n, ED_P - 1n, OF_ORDER_8, ED_P - OF_ORDER_8]; // y of the eight points of order 1, 2, 4, 8
const Y_BITS = 2n ** 255n - 1n;

// A or R: canonical (y below p) and not of low order.
function soundPoint(bytes) {
  const y = littleEndian(bytes) & Y_BITS;
  return bytes.length === 32 && y < ED_P && !LOW_ORDER.includes(y);
}

export const soundEdKey = (raw) => soundPoint(raw) && onEdCurve(raw);

// The key of a JWK with exactly the members of SPEC 4.9.3. Its `kid` is the RFC 7638 thumbprint.
export function parseJwk(jwk) {
  const [curve, alg, names] = KINDS.get(jwk.kty) ?? [];
  if (curve === undefined || jwk.crv !== curve) refuse("key", "a key is Ed25519 or P-256");
  if (Object.keys(jwk).sort().join() !== ["crv", "kty", ...names].join()) refuse("key", "a key has no other members");
  const parts = names.map((name) => {
    if (typeof jwk[name] !== "string") refuse("key", `key member ${name} is no string`);
    return unbase64url(jwk[name], `key member ${name}`);
  });
  if (parts.some((part) => part.length !== 32)) refuse("key", "a coordinate has 32 bytes");
  const raw = concat(...parts);
  if (!(alg === "Ed25519" ? soundEdKey(raw) : onP256(raw))) refuse("key", "the key is no point that may sign");
  // RFC 7638 3: members in order, no white space.
  const members = ["crv", "kty", ...names].map((name) => `"${name}":"${jwk[name]}"`);
  return { alg, raw, kid: base64url(sha256(utf8(`{${members.join()}}`))) };
}

// Ed25519 signatures that could have a second spelling are refused before anybody looks at them.
const soundEd = (sig) => sig.length === 64 && soundPoint(sig.subarray(0, 32)) && littleEndian(sig.subarray(32)) < ED_L;

function soundP256(sig) {
  const numbers = [sig.subarray(0, 32), sig.subarray(32)].map(big);
  return sig.length === 64 && numbers.every((one) => one > 0n && one < P_N);
}

// Whether `signature` is by the key over the message, under an `alg` that is the key's own.
export async function verifySignature(key, alg, message, signature) {
  if ((alg === "EdDSA" ? "Ed25519" : alg) !== key.alg) return false;
  if (key.alg === "Ed25519") {
    if (!soundPoint(key.raw) || !soundEd(signature)) return false;
    return (await native("Ed25519", "Ed25519", key.raw, message, signature)) ?? verifyEd25519(key.raw, message, signature);
  }
  if (!onP256(key.raw) || !soundP256(signature)) return false;
  const ecdsa = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const point = concat([4], key.raw);
  return (await native(ecdsa, ecdsa, point, message, signature)) ?? verifyP256(key.raw, message, signature);
}

// What WebCrypto says; null where it is not there or does not know the curve.
async function native(importing, verifying, raw, message, signature) {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) return null;
  try {
    const key = await subtle.importKey("raw", raw, importing, false, ["verify"]);
    return await subtle.verify(verifying, key, signature, message);
  } catch {
    return null;
  }
}
