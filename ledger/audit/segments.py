"""The files of an export: a manifest that names each segment's hash and the signed head, and Arrow or Parquet segments.

A segment is named by its first index; the manifest is written last, so a folder without one is no export.
"""

import json
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import ipc

from ledger.kernel.errors import Malformed
from ledger.kernel.members import elements, integer, take, text
from ledger.kernel.strict_json import MAX_INTEGER, decode
from ledger.store.raw import Row
from schemas.arrow import STATEMENTS, same_columns

MANIFEST = "manifest.json"
ARROW, PARQUET = "arrow", "parquet"
_TYPE = "coilmark.export/v1"
_MOST_ENTRIES = 65_536  # entries a file
_MOST_BYTES = 1 << 30  # of a file
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


def format_manifest(manifest: Manifest) -> bytes:
    """The one spelling of a manifest."""
    segments = [
        {"file": one.file, "first": one.first, "count": one.count, "sha256": one.sha256} for one in manifest.segments
    ]
    members = {
        "type": _TYPE,
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
    if members["type"] != _TYPE or members["format"] not in (ARROW, PARQUET):
        raise Malformed("manifest", f"the manifest is not of type {_TYPE} with format {ARROW} or {PARQUET}")
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
    first, count = integer(members, "first", MAX_INTEGER), integer(members, "count", _MOST_ENTRIES)
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
    if path.stat().st_size > _MOST_BYTES:
        raise Malformed("segment", f"{segment.file} has {path.stat().st_size} bytes, the most is {_MOST_BYTES}")
    if sha256_of(path) != segment.sha256:
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


def sha256_of(path: Path) -> str:
    """In hex."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
