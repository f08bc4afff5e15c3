"""Exports: the ledger as Arrow or Parquet segments, with a manifest that names each file's hash and the signed head.

`coilmark audit` reads an export as it reads a database, so an auditor can take it away and needs nothing of ours but
this program. A segment is named by its first index; the manifest is written last, so a folder without one is no export.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import ipc

from ledger.audit.sources import DatabaseSource
from ledger.kernel.checkpoint import Checkpoint
from ledger.kernel.errors import Conflict, Damaged, Malformed
from ledger.kernel.hashing import HASH_SIZE
from ledger.kernel.members import elements, integer, take, text
from ledger.kernel.strict_json import MAX_INTEGER, decode
from ledger.merkle.batches import leaf_hashes, tree_root
from ledger.merkle.columns import hashes, run_of
from ledger.store.raw import Row
from ledger.store.store import Location, reading_raw
from schemas.arrow import STATEMENTS, same_columns

MANIFEST = "manifest.json"
TYPE = "coilmark.export/v1"
ARROW, PARQUET = "arrow", "parquet"
SEGMENT = 8192  # entries a file
MOST_ENTRIES = 65_536  # entries a file that is read
MOST_BYTES = 1 << 30  # of a file that is read
_MEMBERS = {"type", "uri", "format", "statements", "checkpoint", "segments"}
_LONGEST = 1 << 20  # characters of the signed checkpoint


@dataclass(frozen=True, slots=True)
class Segment:
    """One file: `count` entries from `first` on; `sha256` of its bytes in hex."""

    file: str
    first: int
    count: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an export holds. `checkpoint` is the signed note that covers exactly its entries.

    `statements` is False where statements, disclosures and typ were left out, for an auditor who may not read them.
    """

    uri: str
    format: str
    statements: bool
    checkpoint: str
    segments: tuple[Segment, ...]


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
    return Segment(path.name, first, batch.num_rows, _sha256(path))


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


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def format_manifest(manifest: Manifest) -> bytes:
    """The one spelling of a manifest."""
    segments = [
        {"file": one.file, "first": one.first, "count": one.count, "sha256": one.sha256} for one in manifest.segments
    ]
    members = {
        "type": TYPE,
        "uri": manifest.uri,
        "format": manifest.format,
        "statements": manifest.statements,
        "checkpoint": manifest.checkpoint,
        "segments": segments,
    }
    return json.dumps(members, indent=1, ensure_ascii=False).encode() + b"\n"


def parse_manifest(data: bytes) -> Manifest:
    """Read a manifest. Raises Malformed; reads no segment and checks no signature."""
    members = take(decode(data, "manifest", max_string=_LONGEST), "manifest", _MEMBERS)
    if members["type"] != TYPE or members["format"] not in (ARROW, PARQUET):
        raise Malformed("manifest", f"the manifest is not of type {TYPE} with format {ARROW} or {PARQUET}")
    manifest = Manifest(
        uri=text(members, "uri"),
        format=text(members, "format"),
        statements=members["statements"] is True,
        checkpoint=text(members, "checkpoint"),
        segments=tuple(_parse_segment(one) for one in elements(members, "segments")),
    )
    if format_manifest(manifest) != data:
        raise Malformed("manifest", "the manifest is not in its one canonical spelling")
    _check_contiguous(manifest)
    return manifest


def _parse_segment(value: Any) -> Segment:
    members = take(value, "segment", {"file", "first", "count", "sha256"})
    first, count = integer(members, "first", MAX_INTEGER), integer(members, "count", MOST_ENTRIES)
    return Segment(text(members, "file"), first, count, text(members, "sha256"))


def _check_contiguous(manifest: Manifest) -> None:
    """Each segment begins where the one before ends, and is named by its first index: no name leaves the folder."""
    at = 0
    for one in manifest.segments:
        if one.count < 1 or one.first != at or one.file != f"{at:012d}.{manifest.format}":
            raise Malformed(
                "manifest", f"segment {one.file!a} with first index {one.first} is not the one from {at} on"
            )
        at += one.count


def read_segment(folder: Path, manifest: Manifest, segment: Segment) -> list[Row]:
    """The entries of one segment, whose bytes are those the manifest names. Raises Malformed or OSError.

    A decoder may be brought down by a hostile file: read foreign exports in a process of their own.
    """
    path = folder / segment.file
    if path.stat().st_size > MOST_BYTES:
        raise Malformed("segment", f"{segment.file} has {path.stat().st_size} bytes, the most is {MOST_BYTES}")
    if _sha256(path) != segment.sha256:
        raise Malformed("segment", f"{segment.file} is not the file that the manifest names: its SHA-256 differs")
    try:
        table = pq.read_table(path) if manifest.format == PARQUET else ipc.open_file(path).read_all()
        table.validate(full=True)
        if not same_columns(table.schema, STATEMENTS) or table.num_rows != segment.count:
            raise Malformed("segment", f"{segment.file} has other columns or rows than its export says")
        if any(column.null_count for column in table.columns):
            raise Malformed("segment", f"{segment.file} has empty places")
        return _rows(table.to_pydict())
    except (pa.ArrowException, ValueError, MemoryError) as error:
        raise Malformed("segment", f"{segment.file} cannot be read: {error}") from None


def _rows(columns: dict[str, list[Any]]) -> list[Row]:
    texts = (tuple(text.encode("ascii", "replace") for text in one) for one in columns["disclosures"])
    names = ("index", "entry", "leaf", "typ", "jwt", "seed", "items")
    together = zip(*(columns[name] for name in names), texts, strict=True)
    return [
        Row(index, entry, leaf, typ, jwt, seed, items, None, disclosures)
        for index, entry, leaf, typ, jwt, seed, items, disclosures in together
    ]
