"""A `protocol.Transaction` on PostgreSQL: plain SQL with constant text, binary both ways, COPY for what is added.

Arrays are asked for as `%b`: left to choose, psycopg writes them as text, which takes seven times as long a key.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from ledger.kernel.errors import Conflict, Missing
from ledger.store.postgres.checks import Connection
from ledger.store.postgres.schema import ERASE
from ledger.store.protocol import END, Link, NewRow, Stored, StoredHead
from ledger.store.rows import disclosure_rows, entry_rows, event_rows, record_rows, tag_rows, version_rows

_ENTRY = '"index", entry, leaf, typ, request, jwt, seed, items'
_ENTRY_TYPES = ("int8", "bytea", "bytea", "text", "bytea", "bytea", "bytea", "bytea")


class PostgresTransaction:
    """On a connection that is inside a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._cursor = connection.cursor(binary=True)

    def _rows(self, sql: str, *parameters: object) -> list[Any]:
        return self._cursor.execute(sql, parameters).fetchall()

    def head(self) -> StoredHead | None:
        """See `protocol.Transaction`, here and below."""
        rows = self._rows("SELECT size, root FROM head")
        return StoredHead(*rows[0]) if rows else None

    def requests(self, keys: Collection[bytes]) -> dict[bytes, tuple[int, bytes]]:
        """One query, whatever the number of keys."""
        rows = self._rows('SELECT request, "index", jwt FROM entry WHERE request = ANY(%b)', list(keys)) if keys else ()
        return {request: (index, jwt) for request, index, jwt in rows}

    def newest(self, subjects: Collection[bytes]) -> dict[bytes, Link]:
        """One step down the primary key for each subject."""
        if not subjects:
            return {}
        rows = self._rows(
            'SELECT n.subject, n.version, n."index", e.leaf FROM unnest(%b::bytea[]) AS want(subject) '
            'CROSS JOIN LATERAL (SELECT s.subject, s.version, s."index" FROM subject_version s '
            "WHERE s.subject = want.subject ORDER BY s.version DESC LIMIT 1) n "
            'JOIN entry e ON e."index" = n."index"',
            list(subjects),
        )
        return {subject: Link(version, index, leaf) for subject, version, index, leaf in rows}

    def everything(self) -> dict[bytes, Link]:
        """In the order of the primary key."""
        rows = self._rows(
            'SELECT n.subject, n.version, n."index", e.leaf FROM (SELECT DISTINCT ON (subject) subject, version, '
            '"index" FROM subject_version ORDER BY subject, version DESC) n JOIN entry e ON e."index" = n."index"'
        )
        return {subject: Link(version, index, leaf) for subject, version, index, leaf in rows}

    def versions(self, subject: bytes) -> list[int]:
        """From version 1 on."""
        rows = self._rows('SELECT "index" FROM subject_version WHERE subject = %s ORDER BY version', subject)
        return [index for (index,) in rows]

    def events(self, keys: Collection[bytes]) -> dict[bytes, int]:
        """One query, whatever the number of keys."""
        return dict(self._rows('SELECT key, "index" FROM event WHERE key = ANY(%b)', list(keys)) if keys else ())

    def state_records(self, keys: Collection[bytes], before: int | None = None) -> dict[bytes, bytes]:
        """One step down the primary key for each."""
        if not keys:
            return {}
        rows = self._rows(
            "SELECT n.key, n.value FROM unnest(%b::bytea[]) AS want(key) CROSS JOIN LATERAL "
            '(SELECT r.key, r.value FROM state_record r WHERE r.key = want.key AND r."index" < %s '
            'ORDER BY r."index" DESC LIMIT 1) n',
            list(keys),
            END if before is None else before,
        )
        return {key: value for key, value in rows}  # noqa: C416  rows are not tuples to mypy

    def record_entries(self, keys: Collection[bytes], before: int) -> dict[bytes, list[int]]:
        """A range of the primary key for each."""
        found: dict[bytes, list[int]] = {}
        said = 'SELECT key, "index" FROM state_record WHERE key = ANY(%b) AND "index" < %s ORDER BY 1, 2'
        for key, index in self._rows(said, list(keys), before) if keys else ():
            found.setdefault(key, []).append(index)
        return found

    def tagged(self, tag: bytes, before: int | None = None) -> list[bytes]:
        """A range of the primary key."""
        end = END if before is None else before
        return [key for (key,) in self._rows('SELECT key FROM lot_tag WHERE tag = %s AND "index" < %s', tag, end)]

    def lacks_records(self, since: int, first: bytes, last: bytes) -> bool:
        """The records first: where there is one, no entry is looked for."""
        rows = self._rows(
            "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM state_record WHERE key BETWEEN %s AND %s) AND EXISTS "
            """(SELECT 1 FROM entry WHERE typ = 'lot-event' AND "index" >= %s)""",
            first,
            last,
            since,
        )
        return bool(rows)

    def entry(self, index: int) -> Stored:
        """Raises Missing."""
        found = self.entries(index, index + 1)
        if not found:
            raise Missing("no_entry", f"there is no entry {index} in this ledger", index=index)
        return found[0]

    def entries(self, start: int, end: int) -> list[Stored]:
        """With their disclosures, which one look at the range finds: one for each entry takes nearly twice as long."""
        rows = self._rows(
            'SELECT "index", e.entry, e.leaf, e.typ, e.jwt, e.seed, e.items, d.texts FROM entry e LEFT JOIN '
            '(SELECT "index", array_agg(text ORDER BY position) AS texts FROM disclosure '
            'WHERE "index" >= %s AND "index" < %s GROUP BY "index") d USING ("index") '
            'WHERE "index" >= %s AND "index" < %s ORDER BY "index"',
            start,
            end,
            start,
            end,
        )
        return [_stored(row) for row in rows]

    def leaves(self, start: int, end: int) -> list[bytes]:
        """In order."""
        rows = self._rows('SELECT leaf FROM entry WHERE "index" >= %s AND "index" < %s ORDER BY "index"', start, end)
        return [leaf for (leaf,) in rows]

    def registry_indices(self) -> list[int]:
        """In order."""
        rows = self._rows(
            """SELECT "index" FROM entry WHERE typ IN ('ledger', 'party', 'key', 'notice') ORDER BY "index" """
        )
        return [index for (index,) in rows]

    def lock_holder(self, key: int) -> str:
        """The name of the session that holds the lock `key` of this ledger's schema, "" where none does."""
        rows = self._rows(
            "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
            "WHERE l.locktype = 'advisory' AND l.granted AND l.database = a.datid AND a.datname = current_database() "
            "AND l.classid::bigint = %s AND l.objsubid = 2 "
            "AND l.objid::bigint = hashtext(current_schema()::text)::bigint & 4294967295",
            key,
        )
        return str(rows[0][0] or "") if rows else ""

    def insert(self, rows: Sequence[NewRow]) -> None:
        """COPY through this very transaction; a psycopg error where a trigger, key or check refuses."""
        self._copy(f"entry ({_ENTRY})", _ENTRY_TYPES, entry_rows(rows))
        self._copy('disclosure ("index", position, text)', ("int8", "int4", "text"), disclosure_rows(rows))
        self._copy('subject_version (subject, version, "index")', ("bytea", "int8", "int8"), version_rows(rows))
        self._copy('event (key, "index")', ("bytea", "int8"), event_rows(rows))
        self.insert_derived(rows)

    def insert_derived(self, rows: Sequence[NewRow]) -> None:
        """The records and tags of these entries."""
        self._copy('state_record (key, "index", value)', ("bytea", "int8", "bytea"), record_rows(rows))
        tags = tag_rows(rows)
        if tags:  # COPY knows no conflict
            self._cursor.execute(
                'INSERT INTO lot_tag (tag, key, "index") SELECT * FROM unnest(%b::bytea[], %b::bytea[], %b::int8[]) '
                "ON CONFLICT DO NOTHING",
                [list(column) for column in zip(*tags, strict=True)],
            )

    def _copy(self, target: str, types: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        if isinstance(rows, list) and not rows:
            return
        with self._cursor.copy(f"COPY {target} FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)

    def erase(self, index: int, texts: Collection[str]) -> None:
        """By the owner's function: this role may delete nothing itself."""
        for text in texts:
            self._cursor.execute(f"SELECT {ERASE}(%s, %s)", (index, text))

    def move_head(self, old: StoredHead | None, new: StoredHead) -> None:
        """Compare-and-swap. Raises Conflict."""
        if old is None:
            self._cursor.execute("INSERT INTO head (id, size, root) VALUES (1, %s, %s)", (new.size, new.root))
            return
        self._cursor.execute(
            "UPDATE head SET size = %s, root = %s WHERE id = 1 AND size = %s AND root = %s",
            (new.size, new.root, old.size, old.root),
        )
        if self._cursor.rowcount != 1:
            raise Conflict("head_moved", f"the head is no longer at size {old.size}: another server is writing")


def _stored(row: Any) -> Stored:
    index, entry, leaf, typ, jwt, seed, items, texts = row
    return Stored(index, entry, leaf, typ, jwt, seed, items, tuple(texts or ()))
