"""Exports: the ledger as Arrow or Parquet segments, with a manifest that names each file's hash and the signed head.

`coilmark audit` reads an export as it reads a database, so an auditor can take it away and needs nothing of ours but
this program.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import ipc

from ledger.audit.segments import ARROW, MANIFEST, PARQUET, Manifest, Segment, format_manifest, sha256_of
from ledger.audit.sources import DatabaseSource
from ledger.kernel.checkpoint import Checkpoint
from ledger.kernel.errors import Conflict, Damaged
from ledger.kernel.hashing import HASH_SIZE
from ledger.merkle.batches import leaf_hashes, tree_root
from ledger.merkle.columns import hashes, run_of
from ledger.store.raw import Row
from ledger.store.store import Location, reading_raw
from schemas.arrow import STATEMENTS

SEGMENT = 8192  # entries a file


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write, and where. `folder` must be empty or not there."""

    database: Location
    folder: Path
    format: str = ARROW
    segment: int = SEGMENT
    statements: bool = True


def write_export(
    plan: Plan,
    head: Checkpoint,
    sign: Callable[[Checkpoint], str],
    *,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Manifest:
    """Write the entries that `head` covers, and sign it once they lead to its root. Raises Conflict or Damaged."""
    if plan.folder.exists() and any(plan.folder.iterdir()):
        raise Conflict("export_exists", f"{plan.folder} is not empty; an export is never written over something")
    plan.folder.mkdir(parents=True, exist_ok=True)
    leaves = bytearray()
    segments = []
    for rows in _segments(plan, head.size):
        batch = _batch(rows, statements=plan.statements)
        leaves += run_of(leaf_hashes(batch.column("entry")))
        segments.append(_write_segment(plan, batch))
        progress(len(leaves) // HASH_SIZE, head.size)
    root = tree_root(hashes(pa.py_buffer(leaves)))
    if root != head.root:
        says = f"the {head.size} entries stored lead to root {root.hex()}, the head says {head.root.hex()}"
        raise Damaged("root", f"{says}; run `coilmark audit`")
    with reading_raw(plan.database) as database:
        uri = database.stamps().get("uri", "")
    manifest = Manifest(uri, plan.format, plan.statements, sign(head), tuple(segments))
    # Crash here: segments without a manifest, which nothing reads.
    (plan.folder / MANIFEST).write_bytes(format_manifest(manifest))
    return manifest


def _segments(plan: Plan, size: int) -> Iterator[list[Row]]:
    for start in range(0, size, plan.segment):
        end = min(start + plan.segment, size)
        with DatabaseSource(plan.database).reading() as database:
            rows, unread = database.rows(start, end)
        if unread:
            raise Damaged("entry", f"{unread[0].sentence}; run `coilmark audit`")
        if len(rows) != end - start:
            raise Damaged("entry", f"of entries {start} to {end - 1} only {len(rows)} are stored; run `coilmark audit`")
        yield rows


def _write_segment(plan: Plan, batch: pa.RecordBatch) -> Segment:
    first = batch.column("index")[0].as_py()
    path = plan.folder / f"{first:012d}.{plan.format}"
    if plan.format == PARQUET:
        pq.write_table(pa.Table.from_batches([batch]), path, compression="zstd")
    else:
        with ipc.new_file(path, STATEMENTS) as writer:
            writer.write_batch(batch)
    return Segment(path.name, first, batch.num_rows, sha256_of(path))


def _batch(rows: Sequence[Row], *, statements: bool) -> pa.RecordBatch:
    columns = {
        "index": [row.index for row in rows],
        "entry": [row.entry for row in rows],
        "leaf": [row.leaf for row in rows],
        "typ": [row.typ if statements else "" for row in rows],
        "jwt": [row.jwt if statements else b"" for row in rows],
        "disclosures": [_texts(row) if statements else [] for row in rows],
        "seed": [row.seed for row in rows],
        "items": [row.items for row in rows],
    }
    try:
        return pa.record_batch(columns, schema=STATEMENTS)
    except pa.ArrowException as error:
        raise Damaged("entry", f"entries from {rows[0].index} on do not fit the schema: {error}") from error


def _texts(row: Row) -> list[str]:
    try:
        return [text.decode("ascii") for text in row.disclosures]
    except UnicodeDecodeError:
        raise Damaged("disclosure", f"entry {row.index}: a disclosure is not ASCII; run `coilmark audit`") from None
