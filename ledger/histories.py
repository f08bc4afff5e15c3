"""The leaves of a ledger or of an export, as a tree that proves from any size it ever had."""

from contextlib import closing
from pathlib import Path

import pyarrow as pa

from ledger.export import MANIFEST, parse_manifest, read_segment
from ledger.kernel.errors import Damaged
from ledger.merkle.built import Built
from ledger.store.store import Location, check_head, open_store
from schemas.arrow import HASH


def of_ledger(location: Location) -> Built:
    """The leaf hashes that a database holds now, up to its head. Raises Missing, Damaged."""
    with closing(open_store(location, write=False)) as store, store.reading() as transaction:
        leaves = transaction.leaves(0, check_head(transaction.head()).size)
    return Built(pa.array(leaves, HASH))


def of_export(folder: Path) -> tuple[str, Built]:
    """The signed checkpoint of an export, and the leaf hashes in its files. Raises Malformed, Damaged."""
    manifest = parse_manifest((folder / MANIFEST).read_bytes())
    rows = [row for segment in manifest.segments for row in read_segment(folder, manifest, segment)]
    if [row.index for row in rows] != list(range(len(rows))):
        raise Damaged("export", f"the entries of {folder} are not 0 to {len(rows) - 1}")
    return manifest.checkpoint, Built(pa.array([row.leaf for row in rows], HASH))
