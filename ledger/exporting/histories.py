"""The leaves of a ledger or of an export, as a tree that proves from any size it ever had."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from ledger.audit.crew import crew
from ledger.audit.segments import MANIFEST, Manifest, Segment, parse_manifest, read_segment
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
    """The signed checkpoint of an export, and the leaf hashes in its files. Raises Malformed, Damaged.

    Segments are decoded in a process of their own: a hostile one may end its reader.
    """
    manifest = parse_manifest((folder / MANIFEST).read_bytes())
    files = [_File(folder, manifest, segment) for segment in manifest.segments]
    with crew(1) as readers:
        rows = [row for some in readers.in_order(_leaves, files, _lost) for row in some]
    if [index for index, _ in rows] != list(range(len(rows))):
        raise Damaged("export", f"the entries of {folder} are not 0 to {len(rows) - 1}")
    return manifest.checkpoint, Built(pa.array([leaf for _, leaf in rows], HASH))


@dataclass(frozen=True, slots=True)
class _File:
    folder: Path
    manifest: Manifest
    segment: Segment


def _leaves(file: _File) -> list[tuple[int, bytes]]:
    return [(row.index, row.leaf) for row in read_segment(file.folder, file.manifest, file.segment)]


def _lost(file: _File) -> list[tuple[int, bytes]]:
    raise Damaged("export", f"{file.segment.file} brought down the process that read it")
