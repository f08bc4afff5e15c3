// The entry's 113 bytes (SPEC 4.3) and its lineage items (4.4). Subject keys and leaf hashes of items are hex text,
// which compares as its bytes do.

import { big, concat, equal, hex } from "./bytes.js";
import { Fault, refuse } from "./fault.js";
import { leafHash, rootFromPath } from "./merkle.js";
import { sha256 } from "./sha2.js";

export const REFERENCE = 0, CREATE = 1, TOUCH = 2, CONSUME = 3;
export const ROLES = ["reference", "create", "touch", "consume"];
export const NO_INDEX = 2n ** 64n - 1n;
export const NO_LEAF = "00".repeat(32);

export function parseEntry(bytes) {
  if (bytes.length !== 113) refuse("entry", `an entry has 113 bytes, this has ${bytes.length}`);
  if (bytes[0] !== 1) refuse("entry", `entry version ${bytes[0]} is not known`);
  return {
    packed: bytes,
    index: big(bytes.subarray(1, 9)),
    recordedAt: big(bytes.subarray(9, 17)),
    previous: bytes.subarray(17, 49),
    statement: bytes.subarray(49, 81),
    lineage: bytes.subarray(81),
    leaf: leafHash(bytes),
  };
}

export function parseItem(bytes) {
  if (bytes.length !== 81) refuse("lineage", `a lineage item has 81 bytes, this has ${bytes.length}`);
  const role = bytes[0], version = big(bytes.subarray(33, 41)), index = big(bytes.subarray(41, 49));
  if (role > CONSUME) refuse("lineage", `lineage role ${role} is not known`);
  const leaf = hex(bytes.subarray(49)), first = role !== REFERENCE && version === 1n;
  const linked = first === (index === NO_INDEX) && first === (leaf === NO_LEAF);
  if (version === 0n || (role === CREATE && version !== 1n) || !linked) {
    refuse("lineage", `a lineage item with role ${role} and version ${version} does not fit its link`);
  }
  return { packed: bytes, role, subject: hex(bytes.subarray(1, 33)), version, index, leaf };
}

// Every opened item stands at its position under the lineage digest.
export function checkOpened(opened, count, digest) {
  if (count < 1) refuse("lineage", `a lineage has at least one item, not ${count}`);
  opened.forEach((one, i) => {
    const before = opened[i - 1];
    if (before && (before.position >= one.position || before.item.subject >= one.item.subject)) {
      refuse("lineage", "opened lineage items do not strictly ascend by position and subject key");
    }
  });
  for (const one of opened) {
    if (!equal(digestOf(count, openedRoot(one, count)), digest)) {
      refuse("lineage", `the lineage item at position ${one.position} of ${count} is not what the entry commits to`);
    }
  }
}

// SHA-256(0x02 ‖ u32 count ‖ root)
const digestOf = (count, root) => sha256([2, count >>> 24, (count >>> 16) & 255, (count >>> 8) & 255, count & 255], root);

function openedRoot({ position, salt, item, path }, count) {
  try {
    return rootFromPath(BigInt(position), BigInt(count), leafHash(concat(salt, item.packed)), path);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return refuse("lineage", `opened lineage item: ${error.message}`);
  }
}
