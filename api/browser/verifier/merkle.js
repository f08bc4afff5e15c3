// Merkle trees of RFC 6962 2.1 and proofs in them (RFC 9162 2.1.3, 2.1.4; SPEC 4.6). Sizes and indices are BigInts.
// The shape of a proof follows from them and never from the proof: hashes are counted before any is computed.

import { equal } from "./bytes.js";
import { refuse } from "./fault.js";
import { sha256 } from "./sha2.js";

export const SIZE_LIMIT = 2n ** 63n - 1n;
export const leafHash = (...parts) => sha256([0], ...parts);
const nodeHash = (left, right) => sha256([1], left, right);

// An odd node moves up unchanged: the same tree as splitting at the largest power of two below the size.
export function treeRoot(leaves) {
  if (!leaves.length) return sha256();
  let level = leaves;
  while (level.length > 1) {
    const above = [];
    for (let i = 0; i < level.length; i += 2) {
      above.push(i + 1 < level.length ? nodeHash(level[i], level[i + 1]) : level[i]);
    }
    level = above;
  }
  return level[0];
}

// The root that `path` (the leaf's sibling first) leads to. RFC 9162 2.1.3.2.
export function rootFromPath(index, size, leaf, path) {
  if (index >= size || size > SIZE_LIMIT) refuse("inclusion", `there is no leaf ${index} in a tree of ${size}`);
  const sides = []; // for each hash of the path, whether it stands on the left
  for (let i = index, last = size - 1n; last > 0n; i >>= 1n, last >>= 1n) {
    if (i & 1n) sides.push(true);
    else if (i < last) sides.push(false);
  }
  if (path.length !== sides.length) refuse("inclusion", `a path has ${path.length} hashes, want ${sides.length}`);
  return path.reduce((root, node, i) => (sides[i] ? nodeHash(node, root) : nodeHash(root, node)), leaf);
}

export function verifyInclusion(index, size, leaf, path, root) {
  if (!equal(rootFromPath(index, size, leaf, path), root)) {
    refuse("inclusion", `the path of leaf ${index} of ${size} does not lead to the root`);
  }
}

// SPEC 4.6, multi-proof, 1 to 4. `leaves` are [index, leaf hash].
export function verifyMultiproof(size, leaves, path, root) {
  if (!leaves.length) refuse("inclusion", "a multi-proof of no leaves proves nothing");
  const indices = leaves.map(([index]) => index);
  if (indices.some((index, i) => i && indices[i - 1] >= index)) refuse("inclusion", "leaves do not ascend by index");
  if (indices.at(-1) >= size || size > SIZE_LIMIT) refuse("inclusion", `a leaf is beyond the tree of ${size}`);
  // The same walk twice: counting first, so that a proof of another length costs no hash.
  const wanted = climb(size, leaves, (_left, _right) => null, () => null).used;
  if (path.length !== wanted) refuse("inclusion", `the multi-proof has ${path.length} hashes, want ${wanted}`);
  const { node } = climb(size, leaves, nodeHash, (i) => path[i]);
  if (!equal(node, root)) refuse("inclusion", `the multi-proof of ${leaves.length} leaves does not lead to the root`);
}

function climb(size, leaves, join, hash) {
  let nodes = leaves, used = 0;
  for (let width = size; width > 1n; width = (width + 1n) >> 1n) {
    const above = [];
    for (let at = 0; at < nodes.length; at++) {
      const [index, node] = nodes[at];
      let parent = node; // (d) the lone rightmost node
      if (index & 1n) parent = join(hash(used++), node); // (a)
      else if (nodes[at + 1]?.[0] === index + 1n) parent = join(node, nodes[++at][1]); // (b)
      else if (index + 1n < width) parent = join(node, hash(used++)); // (c)
      above.push([index >> 1n, parent]);
    }
    nodes = above;
  }
  return { node: nodes[0][1], used };
}

// The first leaves of the newer tree, as many as the older one counts, have the older root. RFC 9162 2.1.4.2.
export function verifyConsistency(older, newer, path) {
  if (older.size < 1n || older.size > newer.size) refuse("consistency", `size ${newer.size} does not continue size ${older.size}`);
  const { seeded, sides } = consistencyShape(older.size, newer.size), wanted = sides.length + (seeded ? 0 : 1);
  if (path.length !== wanted) refuse("consistency", `the path has ${path.length} hashes, want ${wanted}`);
  const [seed, ...rest] = seeded ? [older.root, ...path] : path;
  let first = seed, second = seed;
  rest.forEach((node, i) => {
    if (sides[i]) first = nodeHash(node, first);
    second = sides[i] ? nodeHash(node, second) : nodeHash(second, node);
  });
  if (!equal(first, older.root)) refuse("consistency", "the path does not lead to the earlier root");
  if (!equal(second, newer.root)) refuse("consistency", "the path does not lead to the later root");
}

// Whether the older tree is one node of the newer, with whose root the walk begins and not with a hash of the path; and
// for each hash after that whether it stands on the left.
function consistencyShape(older, newer) {
  let first = older - 1n, last = newer - 1n;
  const up = () => { first >>= 1n; last >>= 1n; };
  while (first & 1n || (first > 0n && older === newer)) up();
  const seeded = first === 0n, sides = [];
  if (older === newer) return { seeded, sides };
  for (; last > 0n; up()) {
    const left = Boolean(first & 1n) || first === last;
    sides.push(left);
    while (left && first > 0n && !(first & 1n)) up();
  }
  return { seeded, sides };
}
