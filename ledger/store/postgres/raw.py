"""A PostgreSQL database as it rests, for audit and export. Types are the server's: a column holds nothing else."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from typing import Any

import psycopg
from psycopg import IsolationLevel
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from ledger.store.postgres.checks import MISSING, Connection, differing, require_ledger
from ledger.store.postgres.making import connected
from ledger.store.postgres.schema import FUNCTIONS, triggers
from ledger.store.raw import Odd, Row, UnreadableError
from ledger.store.tables import LEDGER_TABLES, SCHEMA_VERSION

_DERIVED = ("disclosure", "subject_version", "event", "state_record", "lot_tag")
_PAGE = 10_000


class PostgresRawReader:
    """On a connection with one snapshot."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _rows(self, sql: str, *parameters: object) -> list[Any]:
        try:
            return self._connection.cursor(binary=True).execute(sql, parameters).fetchall()
        except psycopg.Error as error:
            raise UnreadableError(str(error).strip()) from error

    def _count(self, sql: str, *parameters: object) -> int:
        return int(self._rows(sql, *parameters)[0][0])

    def head(self) -> tuple[int, bytes | None]:
        """See RawReader, here and below."""
        rows = self._rows("SELECT id, size, root FROM head")
        if len(rows) == 1 and rows[0][0] == 1:
            return rows[0][1], rows[0][2]
        return self._count('SELECT coalesce(max("index") + 1, 0) FROM entry'), None

    def stored(self) -> int:
        """How many entries there are."""
        return self._count("SELECT count(*) FROM entry")

    def stamps(self) -> dict[str, str]:
        """What the database says it is."""
        return dict(self._rows("SELECT name, value FROM stamp"))

    def schema(self) -> dict[tuple[str, str], str]:
        """Columns of the ledger's tables; triggers and functions that are otherwise than they were made."""
        columns = self._rows(
            "SELECT table_name::text, column_name::text, data_type::text || ' ' || is_nullable::text FROM "
            "information_schema.columns WHERE table_schema = current_schema() AND table_name::text = ANY(%s)",
            list(LEDGER_TABLES),
        )
        found = {("column", f"{table}.{name}"): kind for table, name, kind in columns} | _triggers()
        for name, how in differing(self._connection):
            found.pop(("trigger", name), None)
            if how != MISSING:
                found["trigger", name] = how
        return found

    def as_made(self) -> tuple[dict[tuple[str, str], str], str | None]:
        """What `schema` gives where nothing was changed."""
        return dict(_columns()) | _triggers(), str(SCHEMA_VERSION)

    def rows(self, start: int, end: int) -> tuple[list[Row], list[Odd]]:
        """Entries with start <= index < end, in order."""
        found = self._rows(
            'SELECT "index", e.entry, e.leaf, e.typ, e.jwt, e.seed, e.items, e.request, d.texts FROM entry e LEFT JOIN '
            '(SELECT "index", array_agg(text ORDER BY position) AS texts FROM disclosure '
            'WHERE "index" >= %s AND "index" < %s GROUP BY "index") d USING ("index") '
            'WHERE "index" >= %s AND "index" < %s ORDER BY "index"',
            start,
            end,
            start,
            end,
        )
        return [_row(one) for one in found], []

    def headers(self, start: int, end: int) -> list[bytes]:
        """The different first segments of the JWTs of a range."""
        rows = self._rows(
            "SELECT DISTINCT substring(jwt FROM 1 FOR greatest(position('\\x2e'::bytea IN jwt) - 1, 0)) FROM entry "
            'WHERE "index" >= %s AND "index" < %s',
            start,
            end,
        )
        return [bytes(header) for (header,) in rows]

    def lacks_versions(self, wanted: Iterable[tuple[bytes, int, int]]) -> list[tuple[bytes, int, int]]:
        """One query for all."""
        asked = list(wanted)
        rows = self._rows(
            'SELECT s.subject, s.version, s."index" FROM unnest(%b::bytea[], %b::int8[]) AS w(subject, version) '
            "JOIN subject_version s ON s.subject = w.subject AND s.version = w.version",
            [subject for subject, _, _ in asked],
            [version for _, version, _ in asked],
        )
        there = set(map(tuple, rows))
        return [one for one in asked if one not in there]

    def lacks_events(self, wanted: Iterable[tuple[bytes, int]]) -> list[tuple[bytes, int]]:
        """One query for all."""
        asked = list(wanted)
        rows = self._rows('SELECT key, "index" FROM event WHERE key = ANY(%b::bytea[])', [key for key, _ in asked])
        there = set(map(tuple, rows))
        return [one for one in asked if one not in there]

    def state_records(self, keys: Iterable[bytes], start: int, end: int) -> list[tuple[bytes, int, bytes]]:
        """See RawReader; one query for all, here and below."""
        rows = self._rows(
            'SELECT r.key, r."index", r.value FROM unnest(%b::bytea[]) AS want(key) CROSS JOIN LATERAL '
            '(SELECT max(m."index") AS newest FROM state_record m WHERE m.key = want.key AND m."index" < %s) n '
            'JOIN state_record r ON r.key = want.key AND r."index" < %s AND r."index" >= coalesce(n.newest, %s) '
            'ORDER BY r."index"',
            list(keys),
            start,
            end,
            start,
        )
        return [(key, index, value) for key, index, value in rows]

    def derived_rows(self, table: str) -> dict[int, int]:
        return dict(self._rows(f'SELECT "index", count(*) FROM {table} GROUP BY "index"'))

    def lot_tags(self, wanted: Iterable[tuple[bytes, bytes]]) -> dict[tuple[bytes, bytes], int]:
        asked = list(wanted)
        rows = self._rows(
            'SELECT t.tag, t.key, t."index" FROM unnest(%b::bytea[], %b::bytea[]) AS w(tag, key) '
            "JOIN lot_tag t ON t.tag = w.tag AND t.key = w.key",
            [tag for tag, _ in asked],
            [key for _, key in asked],
        )
        return {(tag, key): index for tag, key, index in rows}

    def event_entry(self, event: bytes, request: bytes) -> int | None:
        sql = 'SELECT "index" FROM event WHERE key = %s UNION ALL SELECT "index" FROM entry WHERE request = %s LIMIT 1'
        rows = self._rows(sql, event, request)
        return rows[0][0] if rows else None

    def counts(self, size: int) -> Mapping[str, int]:
        """Rows of each table that belong to entries before `size`."""
        return {name: self._count(f'SELECT count(*) FROM {name} WHERE "index" < %s', size) for name in _DERIVED}

    def beyond(self, size: int) -> Mapping[str, int]:
        """Rows of each table that belong to no entry."""
        now = max(size, self.head()[0])
        sql = 'SELECT count(*) FROM {} WHERE "index" < 0 OR "index" >= %s'
        return {name: self._count(sql.format(name), now) for name in ("entry", *_DERIVED)}

    def version_rows(self) -> Iterator[tuple[Any, Any, Any]]:
        """Every row of `subject_version`."""
        return self._all('SELECT subject, version, "index" FROM subject_version')

    def event_rows(self) -> Iterator[tuple[Any, Any]]:
        """Every row of `event`."""
        return self._all('SELECT key, "index" FROM event')

    def _all(self, sql: str) -> Iterator[Any]:
        """Page by page, so that no table is held in memory."""
        try:
            with self._connection.cursor("coilmark_all", binary=True) as cursor:
                cursor.execute(sql)
                yield from chain.from_iterable(iter(lambda: cursor.fetchmany(_PAGE), []))
        except psycopg.Error as error:
            raise UnreadableError(str(error).strip()) from error

    def check_file(self) -> list[str]:
        """Nothing: data checksums and pg_amcheck are the server's own tools for that."""
        return []


def _row(found: Any) -> Row:
    index, entry, leaf, typ, jwt, seed, items, request, texts = found
    disclosures = tuple(text.encode() for text in texts or ())
    return Row(index, entry, leaf, typ, jwt, seed, items, request, disclosures)


def _triggers() -> dict[tuple[str, str], str]:
    names = [*triggers(""), *(function.name for function in FUNCTIONS)]
    return {("trigger", name): "as made" for name in names}


def _columns() -> Iterator[tuple[tuple[str, str], str]]:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    for table in LEDGER_TABLES:
        for column in SQLModel.metadata.tables[table].columns:
            kind = str(column.type.compile(dialect=dialect)).lower()
            yield ("column", f"{table}.{column.name}"), f"{kind} {'YES' if column.nullable else 'NO'}"


@contextmanager
def reading_postgres(url: str) -> Iterator[PostgresRawReader]:
    """Raises Missing where no ledger is, Busy where no server answers, UnreadableError for all that it says later."""
    with connected(url) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        require_ledger(connection)
        yield PostgresRawReader(connection)
