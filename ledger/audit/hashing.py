"""The hashes of many entries at once, by the Merkle core; each as `ledger.kernel` would make it."""

from array import array
from collections.abc import Sequence
from itertools import accumulate

from ledger.audit.sources import Row
from ledger.kernel.hashing import HASH_SIZE
from ledger.kernel.lineage import ITEM_SIZE, SEED_SIZE, packed_digest
from ledger.merkle import kernel


def leaf_hashes(rows: Sequence[Row]) -> list[bytes]:
    """SHA-256(0x00 ‖ entry) of each entry, however long it is."""
    entries = [row.entry for row in rows]
    bounds = array("q", accumulate(map(len, entries), initial=0))
    hashes = bytearray(HASH_SIZE * len(rows))
    kernel.leaf_hashes_var(b"".join(entries), bounds, bounds.itemsize, hashes)
    return _apart(hashes)


def lineage_digests(rows: Sequence[Row]) -> list[bytes]:
    """The lineage digest that seed and items of each entry make, also where the items make no sense (SPEC 4.4)."""
    whole = [len(row.seed) == SEED_SIZE and len(row.items) % ITEM_SIZE == 0 for row in rows]
    some = [row for row, good in zip(rows, whole, strict=True) if good]
    bounds = array("i", accumulate((len(row.items) // ITEM_SIZE for row in some), initial=0))
    digests = bytearray(HASH_SIZE * len(some))
    items, seeds = b"".join([row.items for row in some]), b"".join([row.seed for row in some])
    kernel.lineage_digests(items, bounds, seeds, digests)
    found = iter(_apart(digests))
    return [next(found) if good else _alone(row) for row, good in zip(rows, whole, strict=True)]


def _alone(row: Row) -> bytes:
    packed = [row.items[at : at + ITEM_SIZE] for at in range(0, len(row.items), ITEM_SIZE)]
    return packed_digest(row.seed, packed)


def _apart(hashes: bytearray) -> list[bytes]:
    run = bytes(hashes)
    return [run[at : at + HASH_SIZE] for at in range(0, len(run), HASH_SIZE)]
