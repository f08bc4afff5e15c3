"""Where stored entries come from: a ledger's database, opened read-only, or an export folder.

A source says what is there and hands out entries by range, as they rest; it judges nothing. What cannot be read is a
finding: a damaged file must name its damaged places, not end the audit. The SQL here is constant text on a plain
SQLite connection, because millions of look-ups by primary key are what an audit does most.
"""

import functools
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ledger.audit.findings import Finding, about
from ledger.kernel.errors import Missing

# What SQLite raises over a damaged file, whose words its messages repeat.
UNREADABLE = (sqlite3.Error, OverflowError, MemoryError, UnicodeDecodeError)
_RANGE = 4096  # entries a task: about a second of work for one process
_CACHE_KIB = 16 * 1024  # a worker goes through its range once
_ROWS = (
    'SELECT "index", entry, leaf, CAST(typ AS BLOB), jwt, seed, items, request FROM entry '
    'WHERE "index" >= ? AND "index" < ? ORDER BY "index"'
)
_DISCLOSURES = (
    'SELECT "index", CAST(text AS BLOB) FROM disclosure WHERE "index" >= ? AND "index" < ? ORDER BY "index", position'
)
_SCHEMA = (
    "SELECT CAST(type AS BLOB), CAST(name AS BLOB), CAST(tbl_name AS BLOB), CAST(sql AS BLOB), "
    "typeof(type) || typeof(name) || typeof(tbl_name) || typeof(sql) FROM sqlite_master"
)
_COUNTS = {
    "disclosure": 'SELECT count(*) FROM disclosure NOT INDEXED WHERE "index" < ?',
    "subject_version": 'SELECT count(*) FROM subject_version WHERE "index" < ?',
    "event": 'SELECT count(*) FROM event WHERE "index" < ?',
}
_BEYOND = {
    "entry": 'SELECT count(*) FROM entry NOT INDEXED WHERE "index" < 0 OR "index" >= ?',
    "disclosure": 'SELECT count(*) FROM disclosure NOT INDEXED WHERE "index" < 0 OR "index" >= ?',
    "subject_version": 'SELECT count(*) FROM subject_version WHERE "index" < 0 OR "index" >= ?',
    "event": 'SELECT count(*) FROM event WHERE "index" < 0 OR "index" >= ?',
}


@dataclass(frozen=True, slots=True)
class Row:
    """One entry as it rests. `request` is None where the source keeps none; disclosures are texts in wire order."""

    index: int
    entry: bytes
    leaf: bytes
    typ: str
    jwt: bytes
    seed: bytes
    items: bytes
    request: bytes | None
    disclosures: tuple[bytes, ...]

    @property
    def wire(self) -> bytes:
        """The statement with the disclosures that are still there."""
        return b"~".join((self.jwt, *self.disclosures, b""))


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
    """The database file of a ledger on this machine."""

    path: Path

    @property
    def isolated(self) -> bool:
        """SQLite reads damaged files without harm."""
        return False

    def outline(self) -> Outline:
        """Head, stamps and schema. Raises Missing where there is no such file."""
        if not self.path.is_file():
            raise Missing("no_ledger", f"there is no ledger at {self.path}; `coilmark init` creates one")
        findings: list[Finding] = []
        size, root, uri = 0, None, None
        try:
            with self.reading() as database:
                findings += database.schema_findings()
                uri = database.stamps().get("uri")
                size, root = database.head()
                size = _audited(database, size, findings)
        except UNREADABLE as error:
            findings.append(Finding("unreadable", f"the database cannot be read: {error}"))
        if root is None:
            findings.append(Finding("no_head", "no head can be read: nothing says how far the ledger goes"))
        return Outline(size, root, uri, ranges(size), findings=tuple(findings))

    @contextmanager
    def reading(self) -> Iterator["DatabaseReader"]:
        """A read-only connection on one snapshot. Raises what UNREADABLE lists."""
        connection = sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
        try:
            for pragma in ("query_only = 1", "trusted_schema = 0", f"cache_size = -{_CACHE_KIB}"):
                connection.execute(f"PRAGMA {pragma}")
            connection.execute("BEGIN")
            yield DatabaseReader(connection)
        finally:
            connection.close()


class DatabaseReader:
    """One snapshot of a database. All but `rows` raise what UNREADABLE lists."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute

    def head(self) -> tuple[int, bytes | None]:
        """Size and root of the head row; without a good one, one more than the last index, and no root."""
        row = self._execute("SELECT size, root FROM head").fetchone()
        if row is not None and isinstance(row[0], int) and isinstance(row[1], bytes) and row[0] >= 0:
            return row[0], row[1]
        (last,) = self._execute('SELECT max("index") FROM entry').fetchone()
        return (-1 if last is None else last) + 1, None

    def stored(self) -> int:
        """How many entries there are."""
        (count,) = self._execute("SELECT count(*) FROM entry NOT INDEXED").fetchone()
        return int(count)

    def stamps(self) -> dict[str, str]:
        """What the database says it is."""
        rows = self._execute("SELECT CAST(name AS BLOB), CAST(value AS BLOB) FROM stamp")
        return {_text(name): _text(value) for name, value in rows}

    def schema_findings(self) -> list[Finding]:
        """Tables, indexes, triggers and schema version against those this program makes."""
        wanted, version = as_made()
        found = self.schema()
        findings = [
            Finding("schema", f"{key[0]} {key[1]} {_differs(found, wanted, key)}", None, {"name": key[1]})
            for key in sorted(found.keys() | wanted.keys())
            if found.get(key, "") != wanted.get(key, "")
        ]
        stamped = self.stamps().get("schema")
        if stamped != version:
            findings.append(
                Finding("schema_version", f"the database is stamped with schema version {stamped}, not {version}")
            )
        return findings

    def schema(self) -> dict[tuple[str, str], str]:
        """The text of every table, index and trigger by kind and name."""
        rows = self._execute(_SCHEMA)
        return {
            (_text(kind), _text(name)): f"{_text(table)}: {_text(sql)} ({types})"
            for kind, name, table, sql, types in rows
        }

    def rows(self, start: int, end: int) -> tuple[list[Row], list[Finding]]:
        """Entries of one range; where it cannot be read whole, half by half down to the entry that is damaged."""
        try:
            return self._rows(start, end)
        except UNREADABLE as error:
            if end - start == 1:
                return [], [about(start, "unreadable", f"it cannot be read: {error}")]
        middle = (start + end) // 2
        (left, wrong), (right, wrong_too) = self.rows(start, middle), self.rows(middle, end)
        return left + right, wrong + wrong_too

    def _rows(self, start: int, end: int) -> tuple[list[Row], list[Finding]]:
        texts: dict[int, list[bytes]] = {}
        for index, text in self._execute(_DISCLOSURES, (start, end)):
            texts.setdefault(index, []).append(text if isinstance(text, bytes) else b"")
        rows: list[Row] = []
        findings: list[Finding] = []
        for index, entry, leaf, typ, jwt, seed, items, request in self._execute(_ROWS, (start, end)):
            values = (entry, leaf, typ, jwt, seed, items, request)
            if not start <= index < end or (rows and index <= rows[-1].index):
                findings.append(Finding("unreadable", f"a row with index {index} stands where entry {start} is read"))
            elif all(type(value) is bytes for value in values):
                disclosures = tuple(texts.get(index, ()))
                rows.append(Row(index, entry, leaf, _text(typ), jwt, seed, items, request, disclosures))
            else:
                findings.append(about(index, "unreadable", "a column of its row is not of the type it must have"))
        return rows, findings

    def lacks_versions(self, wanted: Iterable[tuple[bytes, int, int]]) -> list[tuple[bytes, int, int]]:
        """Those (subject, version, index) that `subject_version` does not hold."""
        sql = 'SELECT "index" FROM subject_version WHERE subject = ? AND version = ?'
        execute = self._execute
        return [one for one in wanted if execute(sql, one[:2]).fetchall() != [one[2:]]]

    def lacks_events(self, wanted: Iterable[tuple[bytes, int]]) -> list[tuple[bytes, int]]:
        """Those (event key, index) that `event` does not hold."""
        sql = 'SELECT "index" FROM event WHERE "key" = ?'
        execute = self._execute
        return [one for one in wanted if execute(sql, one[:1]).fetchall() != [one[1:]]]

    def counts(self, size: int) -> Mapping[str, int]:
        """Rows of each table that belong to entries before `size`."""
        return {name: self._execute(sql, (size,)).fetchone()[0] for name, sql in _COUNTS.items()}

    def beyond(self, size: int) -> Mapping[str, int]:
        """Rows of each table that belong to no entry of the ledger as it now is, `size` entries at least."""
        now = max(size, self.head()[0])  # a server may have gone on since
        return {name: self._execute(sql, (now,)).fetchone()[0] for name, sql in _BEYOND.items()}

    def version_rows(self) -> Iterator[tuple[Any, Any, Any]]:
        """Every row of `subject_version`."""
        return self._execute('SELECT subject, version, "index" FROM subject_version')

    def event_rows(self) -> Iterator[tuple[Any, Any]]:
        """Every row of `event`."""
        return self._execute('SELECT "key", "index" FROM event')

    def file_findings(self) -> list[Finding]:
        """What SQLite itself finds: pages, indexes against their tables, types and constraints."""
        said = [_text(row[0]) for row in self._execute("PRAGMA integrity_check")]
        return [Finding("file", f"SQLite says of the file: {one}") for one in said if one != "ok"]


def _audited(database: DatabaseReader, size: int, findings: list[Finding]) -> int:
    """How many entries to go through: what the head says, unless that is far beyond what is stored."""
    stored = database.stored()
    if stored == size:
        return size
    facts = {"head": size, "stored": stored}
    findings.append(Finding("count", f"the head says {size} entries, the database holds {stored}", None, facts))
    return size if size <= 2 * stored + _RANGE else stored


def ranges(size: int) -> tuple[tuple[int, int], ...]:
    """Entries 0..size-1 in tasks."""
    return tuple((start, min(start + _RANGE, size)) for start in range(0, size, _RANGE))


def check_file(path: Path) -> list[Finding]:
    """SQLite's own check of a database file, as a task of its own."""
    try:
        with DatabaseSource(path).reading() as database:
            return database.file_findings()
    except UNREADABLE as error:
        return [Finding("unreadable", f"the database cannot be read: {error}")]


@functools.cache  # a constant of this program, made by making a database
def as_made() -> tuple[dict[tuple[str, str], str], str | None]:
    """Schema and schema version of a database that this program makes now."""
    from ledger.store.engine import create_database  # noqa: PLC0415  SQLModel is slow to load and workers need it not

    with tempfile.TemporaryDirectory(prefix="coilmark-audit-") as folder:
        path = Path(folder) / "empty.sqlite"
        create_database(path, {})
        with DatabaseSource(path).reading() as database:
            return database.schema(), database.stamps().get("schema")


def _text(value: Any) -> str:
    """Text that may be anything once a file was edited."""
    if isinstance(value, str):
        return value
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else repr(value)


def _differs(found: Mapping[Any, str], wanted: Mapping[Any, str], key: Any) -> str:
    if key not in found:
        return "is missing from the database"
    return "is not as this program makes it" if key in wanted else "is in the database, where this program makes none"
