// SHA-256 and SHA-512 (FIPS 180-4). Own, because they hash thousands of small pieces in one go, which WebCrypto
// answers one promise each, and because WebCrypto is not there over plain http.

// 4.2.2, 4.2.3: the first bits of the fractional parts of cube roots of the first primes; 5.3: of square roots.
function primes(count) {
  const found = [];
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime)) found.push(n);
  return found;
}

// floor(n^(1/degree) · 2^64) mod 2^64
function fraction(n, degree) {
  const target = BigInt(n) << BigInt(64 * degree);
  let low = 0n, high = 1n << 72n;
  while (low < high) {
    const middle = (low + high + 1n) >> 1n;
    if (middle ** BigInt(degree) > target) high = middle - 1n;
    else low = middle;
  }
  return low & ((1n << 64n) - 1n);
}

const upper = (word) => Number(word >> 32n) | 0;
const lower = (word) => Number(word & 0xffffffffn) | 0;
const CUBES = primes(80).map((prime) => fraction(prime, 3));
const SQUARES = primes(8).map((prime) => fraction(prime, 2));
const K = Int32Array.from(CUBES, upper); // the first 64 are those of SHA-256
const K_LOW = Int32Array.from(CUBES, lower);
const START = Int32Array.from(SQUARES, upper);
const START_LOW = Int32Array.from(SQUARES, lower);

// 5.1: one bit, zeros, and the length in bits.
function padded(parts, block) {
  const size = parts.reduce((total, part) => total + part.length, 0);
  const whole = new Uint8Array(Math.ceil((size + 1 + block / 8) / block) * block);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  whole[size] = 0x80;
  const view = new DataView(whole.buffer);
  view.setUint32(whole.length - 8, Math.floor(size / 0x20000000));
  view.setUint32(whole.length - 4, (size << 3) >>> 0);
  return view;
}

const W = new Int32Array(80);
const V = new Int32Array(80);

export function sha256(...parts) {
  const view = padded(parts, 64);
  const state = START.slice();
  for (let start = 0; start < view.byteLength; start += 64) block256(state, view, start);
  return packed(state);
}

function block256(state, view, start) {
  for (let t = 0; t < 16; t++) W[t] = view.getInt32(start + 4 * t);
  for (let t = 16; t < 64; t++) {
    const x = W[t - 15], y = W[t - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    W[t] = (W[t - 16] + s0 + W[t - 7] + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let t = 0; t < 64; t++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[t] + W[t]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + t1) | 0;
    d = c; c = b; b = a; a = (t1 + t2) | 0;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d;
  state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

function packed(words) {
  const view = new DataView(new ArrayBuffer(4 * words.length));
  words.forEach((word, i) => view.setInt32(4 * i, word));
  return new Uint8Array(view.buffer);
}

// 64-bit words in two halves; W holds the upper ones, V the lower.
export function sha512(...parts) {
  const view = padded(parts, 128);
  const high = START.slice(), low = START_LOW.slice();
  for (let start = 0; start < view.byteLength; start += 128) block512(high, low, view, start);
  return packed(Int32Array.from({ length: 16 }, (_, i) => (i % 2 ? low : high)[i >> 1]));
}

// Rotation of (h, l) to the right: the upper half of the result. With h and l exchanged it is the lower half.
const turn = (h, l, n) => (n < 32 ? (h >>> n) | (l << (32 - n)) : (l >>> (n - 32)) | (h << (64 - n)));
const sigma = (h, l, a, b, c) => turn(h, l, a) ^ turn(h, l, b) ^ turn(h, l, c);
const carry = (...lows) => {
  let sum = 0;
  for (const one of lows) sum += one >>> 0;
  return sum;
};

function block512(high, low, view, start) {
  for (let t = 0; t < 16; t++) {
    W[t] = view.getInt32(start + 8 * t);
    V[t] = view.getInt32(start + 8 * t + 4);
  }
  for (let t = 16; t < 80; t++) {
    const xh = W[t - 15], xl = V[t - 15], yh = W[t - 2], yl = V[t - 2];
    const s0h = turn(xh, xl, 1) ^ turn(xh, xl, 8) ^ (xh >>> 7);
    const s0l = turn(xl, xh, 1) ^ turn(xl, xh, 8) ^ ((xl >>> 7) | (xh << 25));
    const s1h = turn(yh, yl, 19) ^ turn(yh, yl, 61) ^ (yh >>> 6);
    const s1l = turn(yl, yh, 19) ^ turn(yl, yh, 61) ^ ((yl >>> 6) | (yh << 26));
    const sum = carry(V[t - 16], s0l, V[t - 7], s1l);
    V[t] = sum | 0;
    W[t] = (W[t - 16] + s0h + W[t - 7] + s1h + Math.floor(sum / 2 ** 32)) | 0;
  }
  const h = Array.from(high), l = Array.from(low);
  for (let t = 0; t < 80; t++) {
    const sum1 = carry(l[7], sigma(l[4], h[4], 14, 18, 41), (l[4] & l[5]) ^ (~l[4] & l[6]), K_LOW[t], V[t]);
    const t1l = sum1 | 0;
    const t1h = (h[7] + sigma(h[4], l[4], 14, 18, 41) + ((h[4] & h[5]) ^ (~h[4] & h[6])) + K[t] + W[t]
      + Math.floor(sum1 / 2 ** 32)) | 0;
    const sum2 = carry(sigma(l[0], h[0], 28, 34, 39), (l[0] & l[1]) ^ (l[0] & l[2]) ^ (l[1] & l[2]));
    const t2h = (sigma(h[0], l[0], 28, 34, 39) + ((h[0] & h[1]) ^ (h[0] & h[2]) ^ (h[1] & h[2]))
      + Math.floor(sum2 / 2 ** 32)) | 0;
    for (let i = 7; i > 0; i--) {
      h[i] = h[i - 1];
      l[i] = l[i - 1];
    }
    const e = carry(l[4], t1l), a = carry(t1l, sum2 | 0);
    l[4] = e | 0;
    h[4] = (h[4] + t1h + Math.floor(e / 2 ** 32)) | 0;
    l[0] = a | 0;
    h[0] = (t1h + t2h + Math.floor(a / 2 ** 32)) | 0;
  }
  for (let i = 0; i < 8; i++) {
    const sum = carry(low[i], l[i]);
    low[i] = sum | 0;
    high[i] = (high[i] + h[i] + Math.floor(sum / 2 ** 32)) | 0;
  }
}
