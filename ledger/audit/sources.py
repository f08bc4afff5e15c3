"""Where stored entries come from: a ledger's database, opened read-only, or an export folder (see `exported`).

A source says what is there and hands out entries by range, as they rest; it judges nothing. What cannot be read is a
finding: a damaged file must name its damaged places, not end the audit.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

from ledger.audit.findings import Finding, about
from ledger.kernel.errors import Missing
from ledger.store.raw import UNREADABLE, RawReader, Row
from ledger.store.store import Location, reading_raw

__all__ = ["UNREADABLE", "DatabaseReader", "DatabaseSource", "Outline", "Reader", "Row", "Source", "check_file"]
_RANGE = 4096  # entries a task: about a second of work for one process


@dataclass(frozen=True, slots=True)
class Outline:
    """What a source says of itself: how far it goes, in which ranges it is read, and what of that is wrong already.

    `root` and `uri` are None where the source does not say; `checkpoint` is the signed note that came with it.
    `statements` is False where it was made without them.
    """

    size: int
    root: bytes | None
    uri: str | None
    ranges: tuple[tuple[int, int], ...]
    checkpoint: str | None = None
    statements: bool = True
    findings: tuple[Finding, ...] = ()


class Reader(Protocol):
    """An open source: one moment of it."""

    def rows(self, start: int, end: int) -> tuple[list[Row], list[Finding]]:
        """Entries of one range in index order, and what could not be read of it. Raises nothing."""
        ...


class Source(Protocol):
    """A place where a ledger is stored; travels between processes.

    `isolated` asks to be read in other processes only, for formats whose decoder a hostile file may bring down.
    """

    @property
    def isolated(self) -> bool: ...

    def outline(self) -> Outline:
        """What is there. Raises Missing where there is nothing."""
        ...

    def reading(self) -> AbstractContextManager[Reader]:
        """Open it. Raises what UNREADABLE lists."""
        ...


@dataclass(frozen=True, slots=True)
class DatabaseSource:
    """The database of a ledger: a file on this machine, or a PostgreSQL URL."""

    path: Location

    @property
    def isolated(self) -> bool:
        """SQLite reads damaged files without harm."""
        return False

    def outline(self) -> Outline:
        """Head, stamps and schema. Raises Missing where there is no such file."""
        if isinstance(self.path, Path) and not self.path.is_file():
            raise Missing("no_ledger", f"there is no ledger at {self.path}; `coilmark init` creates one")
        findings: list[Finding] = []
        size, root, uri = 0, None, None
        try:
            with self.reading() as database:
                findings += _schema(database.raw)
                uri = database.raw.stamps().get("uri")
                size, root = database.raw.head()
                size = _audited(database.raw, size, findings)
        except UNREADABLE as error:
            findings.append(Finding("unreadable", f"the database cannot be read: {error}"))
        if root is None:
            findings.append(Finding("no_head", "no head can be read: nothing says how far the ledger goes"))
        return Outline(size, root, uri, ranges(size), findings=tuple(findings))

    @contextmanager
    def reading(self) -> Iterator["DatabaseReader"]:
        """A read-only connection on one snapshot. Raises what UNREADABLE lists."""
        with reading_raw(self.path) as raw:
            yield DatabaseReader(raw)


class DatabaseReader:
    """One snapshot of a database. `raw` gives what else it holds, and raises what UNREADABLE lists."""

    def __init__(self, raw: RawReader) -> None:
        self.raw = raw

    def rows(self, start: int, end: int) -> tuple[list[Row], list[Finding]]:
        """Entries of one range; where it cannot be read whole, half by half down to the entry that is damaged."""
        try:
            rows, odd = self.raw.rows(start, end)
        except UNREADABLE as error:
            if end - start == 1:
                return [], [about(start, "unreadable", f"it cannot be read: {error}")]
        else:
            return rows, [_odd(index, says) for index, says in odd]
        middle = (start + end) // 2
        (left, wrong), (right, wrong_too) = self.rows(start, middle), self.rows(middle, end)
        return left + right, wrong + wrong_too


def _odd(index: int | None, says: str) -> Finding:
    return Finding("unreadable", says) if index is None else about(index, "unreadable", says)


def _audited(database: RawReader, size: int, findings: list[Finding]) -> int:
    """How many entries to go through: what the head says, unless that is far beyond what is stored."""
    stored = database.stored()
    if stored == size:
        return size
    facts = {"head": size, "stored": stored}
    findings.append(Finding("count", f"the head says {size} entries, the database holds {stored}", None, facts))
    return size if size <= 2 * stored + _RANGE else stored


def ranges(size: int) -> tuple[tuple[int, int], ...]:
    """Entries 0..size-1 in tasks, the last ones smaller: all processes are to end at about the same time."""
    large = max(0, size // _RANGE - 1) * _RANGE
    starts = [*range(0, large, _RANGE), *range(large, size, _RANGE // 4)]
    return tuple(pairwise([*starts, size]))


def check_file(path: Location) -> list[Finding]:
    """SQLite's own check of a database file, as a task of its own."""
    try:
        with reading_raw(path) as database:
            return [Finding("file", f"SQLite says of the file: {one}") for one in database.check_file()]
    except UNREADABLE as error:
        return [Finding("unreadable", f"the database cannot be read: {error}")]


def _schema(database: RawReader) -> list[Finding]:
    """Tables, indexes, triggers and schema version against those this program makes."""
    wanted, version = database.as_made()
    found = database.schema()
    findings = [
        Finding("schema", f"{key[0]} {key[1]} {_differs(found, wanted, key)}", None, {"name": key[1]})
        for key in sorted(found.keys() | wanted.keys())
        if found.get(key, "") != wanted.get(key, "")
    ]
    stamped = database.stamps().get("schema")
    if stamped != version:
        findings.append(
            Finding("schema_version", f"the database is stamped with schema version {stamped}, not {version}")
        )
    return findings


def _differs(found: Mapping[Any, str], wanted: Mapping[Any, str], key: Any) -> str:
    if key not in found:
        return "is missing from the database"
    return "is not as this program makes it" if key in wanted else "is in the database, where this program makes none"
