"""The hashes of many entries at once, by the Merkle core; each as `ledger.kernel` would make it."""

from array import array
from collections.abc import Sequence
from itertools import accumulate

from ledger.kernel.hashing import EMPTY_ROOT, HASH_SIZE
from ledger.kernel.lineage import ITEM_SIZE, SEED_SIZE, packed_digest
from ledger.merkle import kernel


def leaf_hashes(entries: Sequence[bytes]) -> list[bytes]:
    """SHA-256(0x00 ‖ entry) of each entry, however long it is."""
    bounds = array("q", accumulate(map(len, entries), initial=0))
    hashes = bytearray(HASH_SIZE * len(entries))
    kernel.leaf_hashes_var(b"".join(entries), bounds, bounds.itemsize, hashes)
    return _apart(hashes)


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 root over leaf hashes, level by level; an odd node moves up unchanged."""
    nodes = b"".join(leaves)
    while len(nodes) > HASH_SIZE:
        paired = len(nodes) // (2 * HASH_SIZE) * (2 * HASH_SIZE)
        above = bytearray(paired // 2)
        kernel.node_hashes(nodes[:paired], above)
        nodes = bytes(above) + nodes[paired:]
    return nodes or EMPTY_ROOT


def lineage_digests(lineages: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
    """The lineage digest that each seed makes with its packed items, also where they make no sense (SPEC 4.4)."""
    whole = [len(seed) == SEED_SIZE and len(items) % ITEM_SIZE == 0 for seed, items in lineages]
    some = [one for one, good in zip(lineages, whole, strict=True) if good]
    bounds = array("i", accumulate((len(items) // ITEM_SIZE for _, items in some), initial=0))
    digests = bytearray(HASH_SIZE * len(some))
    seeds, items = b"".join([seed for seed, _ in some]), b"".join([items for _, items in some])
    kernel.lineage_digests(items, bounds, seeds, digests)
    found = iter(_apart(digests))
    return [next(found) if good else _alone(*one) for one, good in zip(lineages, whole, strict=True)]


def lineage_digest(seed: bytes, items: bytes) -> bytes:
    """That of one entry, whose seed has 32 bytes and whose items are whole."""
    digest = bytearray(HASH_SIZE)
    kernel.lineage_digests(items, array("i", (0, len(items) // ITEM_SIZE)), seed, digest)
    return bytes(digest)


def _alone(seed: bytes, items: bytes) -> bytes:
    return packed_digest(seed, [items[at : at + ITEM_SIZE] for at in range(0, len(items), ITEM_SIZE)])


def _apart(hashes: bytearray) -> list[bytes]:
    run = bytes(hashes)
    return [run[at : at + HASH_SIZE] for at in range(0, len(run), HASH_SIZE)]
