// SHA-256 and SHA-512 (FIPS 180-4). Own, because they hash thousands of small pieces in one go, which WebCrypto
// answers one promise each, and because WebCrypto is not there over plain http.

// 4.2.2, 4.2.3: the first bits of the fractional parts of cube roots of the first primes; 5.3: of square roots.
function primes(count) {
  const found = [];
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime)) found.push(n);
  return found;
}

// floor(n^(1/degree) · 2^64) mod 2^64. A double knows it to less than 2^16, so that it is sought near there.
function fraction(n, degree) {
  const target = BigInt(n) << BigInt(64 * degree), near = BigInt(Math.round(n ** (1 / degree) * 2 ** 49)) << 15n;
  let low = near - 0x10000n, high = near + 0x10000n;
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
  let a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
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

// What a sum of lower halves carries into the upper ones; each of them is >>> 0, so that the sum is exact.
const carry = (sum) => (sum / 0x100000000) | 0;

// Written out, without functions for rotations and without destructuring: most of a check is over before an engine has
// made such a block fast, and until then each call costs as much as what it computes.
function block512(high, low, view, start) {
  for (let t = 0; t < 16; t++) {
    W[t] = view.getInt32(start + 8 * t);
    V[t] = view.getInt32(start + 8 * t + 4);
  }
  for (let t = 16; t < 80; t++) {
    const xh = W[t - 15], xl = V[t - 15], yh = W[t - 2], yl = V[t - 2];
    const s0h = ((xh >>> 1) | (xl << 31)) ^ ((xh >>> 8) | (xl << 24)) ^ (xh >>> 7);
    const s0l = ((xl >>> 1) | (xh << 31)) ^ ((xl >>> 8) | (xh << 24)) ^ ((xl >>> 7) | (xh << 25));
    const s1h = ((yh >>> 19) | (yl << 13)) ^ ((yl >>> 29) | (yh << 3)) ^ (yh >>> 6);
    const s1l = ((yl >>> 19) | (yh << 13)) ^ ((yh >>> 29) | (yl << 3)) ^ ((yl >>> 6) | (yh << 26));
    const sum = (V[t - 16] >>> 0) + (s0l >>> 0) + (V[t - 7] >>> 0) + (s1l >>> 0);
    V[t] = sum;
    W[t] = W[t - 16] + s0h + W[t - 7] + s1h + carry(sum);
  }
  let ah = high[0], bh = high[1], ch = high[2], dh = high[3], eh = high[4], fh = high[5], gh = high[6], hh = high[7];
  let al = low[0], bl = low[1], cl = low[2], dl = low[3], el = low[4], fl = low[5], gl = low[6], hl = low[7];
  for (let t = 0; t < 80; t++) {
    const s1h = ((eh >>> 14) | (el << 18)) ^ ((eh >>> 18) | (el << 14)) ^ ((el >>> 9) | (eh << 23));
    const s1l = ((el >>> 14) | (eh << 18)) ^ ((el >>> 18) | (eh << 14)) ^ ((eh >>> 9) | (el << 23));
    const t1 = (hl >>> 0) + (s1l >>> 0) + (((el & fl) ^ (~el & gl)) >>> 0) + (K_LOW[t] >>> 0) + (V[t] >>> 0);
    const t1h = (hh + s1h + ((eh & fh) ^ (~eh & gh)) + K[t] + W[t] + carry(t1)) | 0;
    const s0h = ((ah >>> 28) | (al << 4)) ^ ((al >>> 2) | (ah << 30)) ^ ((al >>> 7) | (ah << 25));
    const s0l = ((al >>> 28) | (ah << 4)) ^ ((ah >>> 2) | (al << 30)) ^ ((ah >>> 7) | (al << 25));
    const t2 = (s0l >>> 0) + (((al & bl) ^ (al & cl) ^ (bl & cl)) >>> 0);
    const t2h = (s0h + ((ah & bh) ^ (ah & ch) ^ (bh & ch)) + carry(t2)) | 0;
    const e = (dl >>> 0) + (t1 >>> 0), a = (t1 >>> 0) + (t2 >>> 0);
    hh = gh; gh = fh; fh = eh; eh = (dh + t1h + carry(e)) | 0;
    hl = gl; gl = fl; fl = el; el = e | 0;
    dh = ch; ch = bh; bh = ah; ah = (t1h + t2h + carry(a)) | 0;
    dl = cl; cl = bl; bl = al; al = a | 0;
  }
  add(high, low, 0, ah, al); add(high, low, 1, bh, bl); add(high, low, 2, ch, cl); add(high, low, 3, dh, dl);
  add(high, low, 4, eh, el); add(high, low, 5, fh, fl); add(high, low, 6, gh, gl); add(high, low, 7, hh, hl);
}

function add(high, low, i, h, l) {
  const sum = (low[i] >>> 0) + (l >>> 0);
  low[i] = sum;
  high[i] += h + carry(sum);
}
