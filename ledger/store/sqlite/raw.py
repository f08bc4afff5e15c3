"""A SQLite database as it rests, for audit and export. A column of a file that was edited may hold anything."""

import functools
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any

from ledger.store.raw import Odd, Row
from ledger.store.sqlite.driver import sqlite3

_CACHE_KIB = 16 * 1024  # a worker goes through its range once
_ROWS = (
    'SELECT "index", entry, leaf, CAST(typ AS BLOB), jwt, seed, items, request FROM entry '
    'WHERE "index" >= ? AND "index" < ? ORDER BY "index"'
)
_HEADERS = (
    "SELECT DISTINCT CAST(substr(jwt, 1, instr(jwt, x'2e') - 1) AS BLOB) FROM entry "
    'WHERE "index" >= ? AND "index" < ?'
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
    "state_record": 'SELECT count(*) FROM state_record WHERE "index" < ?',
    "lot_tag": 'SELECT count(*) FROM lot_tag WHERE "index" < ?',
}
_DERIVED_ROWS = {name: f'SELECT "index", count(*) FROM {name} GROUP BY "index"' for name in ("state_record", "lot_tag")}
_BEYOND = {
    "entry": 'SELECT count(*) FROM entry NOT INDEXED WHERE "index" < 0 OR "index" >= ?',
    "disclosure": 'SELECT count(*) FROM disclosure NOT INDEXED WHERE "index" < 0 OR "index" >= ?',
    "subject_version": 'SELECT count(*) FROM subject_version WHERE "index" < 0 OR "index" >= ?',
    "event": 'SELECT count(*) FROM event WHERE "index" < 0 OR "index" >= ?',
    "state_record": 'SELECT count(*) FROM state_record WHERE "index" < 0 OR "index" >= ?',
    "lot_tag": 'SELECT count(*) FROM lot_tag WHERE "index" < 0 OR "index" >= ?',
}
_CHUNK = 300  # rows looked for in one query


class SqliteRawReader:
    """On a connection with one snapshot."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute

    def head(self) -> tuple[int, bytes | None]:
        """Size and root of the head row; without a good one, one more than the last index, and no root."""
        rows = self._execute("SELECT id, size, root FROM head").fetchall()
        if len(rows) == 1:
            ((name, size, root),) = rows
            if name == 1 and isinstance(size, int) and isinstance(root, bytes) and size >= 0:
                return size, root
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

    def schema(self) -> dict[tuple[str, str], str]:
        """The text of every table, index and trigger by kind and name."""
        rows = self._execute(_SCHEMA)
        return {
            (_text(kind), _text(name)): f"{_text(table)}: {_text(sql)} ({types})"
            for kind, name, table, sql, types in rows
        }

    def rows(self, start: int, end: int) -> tuple[list[Row], list[Odd]]:
        """Entries with start <= index < end, in order, and rows that are none. Raises where a page is damaged."""
        texts: dict[int, list[bytes]] = {}
        for index, text in self._execute(_DISCLOSURES, (start, end)):
            texts.setdefault(index, []).append(text if isinstance(text, bytes) else b"")
        rows: list[Row] = []
        odd: list[Odd] = []
        for index, entry, leaf, typ, jwt, seed, items, request in self._execute(_ROWS, (start, end)):
            if not start <= index < end or (rows and index <= rows[-1].index):
                odd.append((None, f"a row with index {index} stands where entry {start} is read"))
            elif (
                bytes
                is type(entry)
                is type(leaf)
                is type(typ)
                is type(jwt)
                is type(seed)
                is type(items)
                is type(request)
            ):
                disclosures = tuple(texts[index]) if index in texts else ()
                rows.append(Row(index, entry, leaf, _text(typ), jwt, seed, items, request, disclosures))
            else:
                odd.append((index, "a column of its row is not of the type it must have"))
        return rows, odd

    def headers(self, start: int, end: int) -> list[bytes]:
        """The different first segments of the JWTs of a range."""
        rows = self._execute(_HEADERS, (start, end))
        return [header if isinstance(header, bytes) else b"" for (header,) in rows]

    def lacks_versions(self, wanted: Iterable[tuple[bytes, int, int]]) -> list[tuple[bytes, int, int]]:
        """Those (subject, version, index) that `subject_version` does not hold."""
        sql = (
            "WITH want(subject, version, place) AS (VALUES {}) SELECT subject, version, place FROM want "
            "WHERE NOT EXISTS (SELECT 1 FROM subject_version x "
            'WHERE x.subject = want.subject AND x.version = want.version AND x."index" = want.place)'
        )
        return self._about(sql, 3, _flat(wanted))

    def lacks_events(self, wanted: Iterable[tuple[bytes, int]]) -> list[tuple[bytes, int]]:
        """Those (event key, index) that `event` does not hold."""
        sql = (
            "WITH want(name, place) AS (VALUES {}) SELECT name, place FROM want WHERE NOT EXISTS "
            '(SELECT 1 FROM event x WHERE x."key" = want.name AND x."index" = want.place)'
        )
        return self._about(sql, 2, _flat(wanted))

    def state_records(self, keys: Iterable[bytes], start: int, end: int) -> list[tuple[bytes, int, bytes]]:
        """See RawReader, here and below."""
        sql = (
            'WITH want("key") AS (VALUES {}) SELECT r."key", r."index", CAST(r.value AS BLOB) FROM want '
            f'CROSS JOIN state_record r ON r."key" = want."key" AND r."index" < {end:d} AND r."index" >= '
            'coalesce((SELECT max(n."index") FROM state_record n '
            f'WHERE n."key" = want."key" AND n."index" < {start:d}), {start:d})'
        )
        rows = self._about(sql, 1, sorted(keys))
        sound = [row for row in rows if type(row[1]) is int and type(row[2]) is bytes]  # else missing, and found so
        return sorted(sound, key=itemgetter(1))

    def lot_tags(self, wanted: Iterable[tuple[bytes, bytes]]) -> dict[tuple[bytes, bytes], int]:
        sql = (
            'WITH want(tag, "key") AS (VALUES {}) SELECT t.tag, t."key", t."index" FROM want '
            'CROSS JOIN lot_tag t ON t.tag = want.tag AND t."key" = want."key"'
        )
        rows = self._about(sql, 2, _flat(wanted))
        return {(tag, key): index for tag, key, index in rows if isinstance(index, int)}

    def event_entry(self, event: bytes, request: bytes) -> int | None:
        sql = 'SELECT "index" FROM event WHERE "key" = ? UNION ALL SELECT "index" FROM entry WHERE request = ? LIMIT 1'
        row = self._execute(sql, (event, request)).fetchone()
        return None if row is None else row[0]

    def derived_rows(self, table: str) -> dict[Any, int]:
        return dict(self._execute(_DERIVED_ROWS[table]).fetchall())

    def _about(self, sql: str, width: int, wanted: Sequence[Any]) -> list[Any]:
        """The rows of a query about many, `width` values of `wanted` each, a chunk of them at a time.

        CROSS JOIN, in these and in `transaction`, has each wanted row looked up: SQLite would else read the whole table
        once it is asked for some hundreds (https://sqlite.org/optoverview.html, on CROSS JOIN).
        """
        mark, step = f"({', '.join('?' * width)})", width * _CHUNK
        found: list[Any] = []
        for start in range(0, len(wanted), step):
            values = wanted[start : start + step]
            marks = ",".join([mark] * (len(values) // width))
            found += self._execute(sql.format(marks), values).fetchall()
        return found

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

    def as_made(self) -> tuple[dict[tuple[str, str], str], str | None]:
        """See RawReader."""
        return _as_made()

    def check_file(self) -> list[str]:
        """What SQLite itself finds wrong: pages, indexes against their tables, types and constraints."""
        said = [_text(row[0]) for row in self._execute("PRAGMA integrity_check")]
        return [one for one in said if one != "ok"]


@contextmanager
def reading_file(path: Path) -> Iterator[SqliteRawReader]:
    """A read-only connection. Raises what UNREADABLE lists."""
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        for pragma in ("query_only = 1", "trusted_schema = 0", f"cache_size = -{_CACHE_KIB}"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        yield SqliteRawReader(connection)
    finally:
        connection.close()


@functools.cache  # a constant of this program, made by making a database
def _as_made() -> tuple[dict[tuple[str, str], str], str | None]:
    """Schema and schema version of a database that this program makes now."""
    from ledger.store.sqlite.engine import create_database  # noqa: PLC0415  SQLModel is slow to load and workers need it not

    with tempfile.TemporaryDirectory(prefix="coilmark-schema-") as folder:
        path = Path(folder) / "empty.sqlite"
        create_database(path, {})
        with reading_file(path) as database:
            return database.schema(), database.stamps().get("schema")


def _flat(wanted: Iterable[tuple[Any, ...]]) -> list[Any]:
    """Their values one after the other, in order: neighbours in the index are read together."""
    return list(chain.from_iterable(sorted(wanted)))


def _text(value: Any) -> str:
    """Text that may be anything once a file was edited."""
    if isinstance(value, str):
        return value
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else repr(value)
