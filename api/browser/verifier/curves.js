// Ed25519 (RFC 8032 5.1) and ECDSA on P-256 (FIPS 186-5), verification only: where WebCrypto is not there, as over
// plain http and on older phones. Nothing secret is computed with, so nothing runs in constant time.

import { big, equal, hex, littleEndian } from "./bytes.js";
import { sha256, sha512 } from "./sha2.js";

const mod = (a, p) => ((a % p) + p) % p;

function inverse(a, p) {
  let [r, s, t, u] = [p, mod(a, p), 0n, 1n];
  while (s) {
    const q = r / s;
    [r, s, t, u] = [s, r - q * s, u, t - q * u];
  }
  return mod(t, p);
}

const WINDOW = 5; // bits

// a·P + b·Q (Straus), of P and Q the odd multiples.
function sum(curve, a, P, b, Q) {
  const x = digits(a), y = digits(b);
  let total = curve.zero;
  for (let i = Math.max(x.length, y.length) - 1; i >= 0; i--) {
    total = curve.double(total, x[i] || y[i] || i === 0);
    if (x[i]) total = curve.plus(total, P[Math.abs(x[i]) >> 1], x[i] < 0);
    if (y[i]) total = curve.plus(total, Q[Math.abs(y[i]) >> 1], y[i] < 0);
  }
  return total;
}

// 1·P, 3·P, 5·P … as many as a window asks for, each in the form in which `plus` adds it.
function odds(curve, P) {
  const twice = curve.row(curve.double(P, true)), points = [P];
  while (points.length < 1 << (WINDOW - 2)) points.push(curve.plus(points.at(-1), twice, false));
  return points.map(curve.row);
}

// A number in binary, the lowest digit first, each 0, or odd and less than half a window, with zeros after it (wNAF).
function digits(number) {
  const found = [];
  for (let rest = number; rest; rest >>= 1n) {
    const digit = rest & 1n ? BigInt.asIntN(WINDOW, rest) : 0n;
    rest -= digit;
    found.push(Number(digit));
  }
  return found;
}

// Ed25519: -x² + y² = 1 + d·x²·y², in extended coordinates (RFC 8032 5.1.4).
export const ED_P = 2n ** 255n - 19n;
export const ED_L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = mod(-121665n * inverse(121666n, ED_P), ED_P);
const ROOT = 0x2b8324804fc1df0b2b4d00993dfbd7a72f431806ad2fe478c4ee1b274a0ea0b0n; // of -1: 2^((p-1)/4)
const Y_BITS = 2n ** 255n - 1n;
const ED = {
  zero: [0n, 1n, 1n, 0n],
  // What an addition needs of its second point.
  row: ([x, y, z, t]) => [y - x, y + x, 2n * z, (2n * D * t) % ED_P],
  // p + q, or p - q, of the row of q.
  plus([x, y, z, t], [minus, plus, z2, t2d], negative) {
    const a = ((y - x) * (negative ? plus : minus)) % ED_P, b = ((y + x) * (negative ? minus : plus)) % ED_P;
    const c = (t * (negative ? -t2d : t2d)) % ED_P, d = (z * z2) % ED_P;
    const e = b - a, f = d - c, g = d + c, h = b + a;
    return [(e * f) % ED_P, (g * h) % ED_P, (f * g) % ED_P, (e * h) % ED_P];
  },
  // The last coordinate is for an addition alone.
  double([x, y, z], thenAdded) {
    const a = (x * x) % ED_P, b = (y * y) % ED_P, c = (2n * z * z) % ED_P;
    const h = a + b, e = h - (x + y) ** 2n, g = a - b, f = c + g;
    return [(e * f) % ED_P, (g * h) % ED_P, (f * g) % ED_P, thenAdded ? (e * h) % ED_P : 0n];
  },
};

// x to the power of (p-5)/8, which is 2^252 - 3: each step has twice as many ones, or ten more.
function edPower(x) {
  const squared = (a, times) => {
    for (let i = 0; i < times; i++) a = (a * a) % ED_P;
    return a;
  };
  const longer = (a, times, b) => (squared(a, times) * b) % ED_P;
  const two = longer(x, 1, x), four = longer(two, 2, two), five = longer(four, 1, x), ten = longer(five, 5, five);
  const twenty = longer(ten, 10, ten), forty = longer(twenty, 20, twenty), eighty = longer(forty, 40, forty);
  const many = longer(longer(eighty, 80, eighty), 80, eighty); // 240
  return longer(longer(many, 10, ten), 2, x);
}

// 5.1.3: x from y and its sign; null where the curve has no such point.
function edPoint(y, sign) {
  const u = mod(y * y - 1n, ED_P), v = (D * y * y + 1n) % ED_P;
  let x = (u * v ** 3n * edPower((u * v ** 7n) % ED_P)) % ED_P;
  if (mod(v * x * x + u, ED_P) === 0n) x = (x * ROOT) % ED_P;
  if (mod(v * x * x - u, ED_P) !== 0n) return null;
  if ((x & 1n) !== sign) x = mod(-x, ED_P);
  return [x, y, 1n, (x * y) % ED_P];
}

// What was made of keys: in a bundle some sign often. `odds` are those of -A.
const KEYS = new Map();
const KEPT = 200;

function edKey(bytes) {
  const name = hex(bytes);
  if (!KEYS.has(name)) {
    if (KEYS.size === KEPT) KEYS.clear();
    KEYS.set(name, { A: edPoint(littleEndian(bytes) & Y_BITS, BigInt(bytes[31] >> 7)), odds: null });
  }
  return KEYS.get(name);
}

export const onEdCurve = (bytes) => edKey(bytes).A !== null;

function edEncoded([x, y, z]) {
  const unit = inverse(z, ED_P), whole = mod(y * unit, ED_P) | ((mod(x * unit, ED_P) & 1n) << 255n);
  return Uint8Array.from({ length: 32 }, (_, i) => Number((whole >> BigInt(8 * i)) & 255n));
}

const edMinus = ([x, y, z, t]) => [-x, y, z, -t];
let edBase = null; // made when it is first needed

// 5.1.7 without the cofactor: S·B - k·A is R, byte for byte. Sound encodings are the caller's affair.
export function verifyEd25519(key, message, signature) {
  const known = edKey(key);
  if (known.A === null) return false;
  const R = signature.subarray(0, 32), S = littleEndian(signature.subarray(32));
  const k = littleEndian(sha512(R, key, message)) % ED_L;
  edBase ??= odds(ED, edPoint(mod(4n * inverse(5n, ED_P), ED_P), 0n));
  known.odds ??= odds(ED, edMinus(known.A));
  return equal(edEncoded(sum(ED, S, edBase, k, known.odds)), R);
}

// P-256: y² = x³ - 3x + b, in Jacobian coordinates.
const P_P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
export const P_N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const P_B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const P_BASE = [
  0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
  1n,
];
const P256 = {
  zero: [1n, 1n, 0n],
  row: (q) => q,
  plus: (p, [x, y, z], negative) => P256.add(p, [x, negative ? -y : y, z]),
  double([x, y, z]) {
    if (z === 0n) return P256.zero;
    const d = (z * z) % P_P, g = (y * y) % P_P, b = (x * g) % P_P, a = mod(3n * (x - d) * (x + d), P_P);
    const x3 = mod(a * a - 8n * b, P_P);
    return [x3, mod(a * (4n * b - x3) - 8n * g * g, P_P), mod((y + z) ** 2n - g - d, P_P)];
  },
  add(p, q) {
    const [x1, y1, z1] = p, [x2, y2, z2] = q;
    if (z1 === 0n) return q;
    if (z2 === 0n) return p;
    const s = (z1 * z1) % P_P, t = (z2 * z2) % P_P;
    const u1 = (x1 * t) % P_P, u2 = (x2 * s) % P_P, s1 = (y1 * z2 * t) % P_P, s2 = (y2 * z1 * s) % P_P;
    const h = mod(u2 - u1, P_P), r = mod(s2 - s1, P_P);
    if (h === 0n) return r === 0n ? P256.double(p) : P256.zero;
    const hh = (h * h) % P_P, hhh = (h * hh) % P_P, v = (u1 * hh) % P_P;
    const x3 = mod(r * r - hhh - 2n * v, P_P);
    return [x3, mod(r * (v - x3) - s1 * hhh, P_P), (((z1 * z2) % P_P) * h) % P_P];
  },
};

// Coordinates below p, and on the curve.
export function onP256(key) {
  const x = big(key.subarray(0, 32)), y = big(key.subarray(32));
  return x < P_P && y < P_P && mod(y * y - x ** 3n + 3n * x - P_B, P_P) === 0n;
}

// FIPS 186-5 6.4.2; r and s are within 1 … n-1, the caller saw to that.
export function verifyP256(key, message, signature) {
  const r = big(signature.subarray(0, 32)), w = inverse(big(signature.subarray(32)), P_N);
  const e = big(sha256(message)), Q = [big(key.subarray(0, 32)), big(key.subarray(32)), 1n];
  const [x, , z] = sum(P256, (e * w) % P_N, odds(P256, P_BASE), (r * w) % P_N, odds(P256, Q));
  return z !== 0n && mod(x * inverse(z * z, P_P), P_P) % P_N === r;
}
