"""A `protocol.Transaction` on SQLite."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection

from ledger.kernel.errors import Conflict, Damaged, Missing
from ledger.store.protocol import END, Link, NewRow, Stored, StoredHead
from ledger.store.rows import disclosure_rows, entry_rows, event_rows, record_rows, tag_rows, version_rows

_CHUNK = 900  # parameters a query; SQLite takes many more, the query planner does not gain by them
_COLUMNS = '"index", entry, leaf, typ, jwt, seed, items'


class SqliteTransaction:
    """On a connection that is inside a transaction. Raises sqlite3.Error: on the driver's own cursor a query of a few
    rows takes 1 µs, through SQLAlchemy 30, and a commit has twenty.
    """

    def __init__(self, connection: Connection) -> None:
        self._cursor = connection.connection.cursor()

    def _rows(self, sql: str, parameters: Sequence[Any] = ()) -> Sequence[Any]:
        self._cursor.execute(sql, tuple(parameters))
        return self._cursor.fetchall()

    def head(self) -> StoredHead | None:
        """The head, or None before index 0."""
        rows = self._rows("SELECT size, root FROM head")
        return StoredHead(*rows[0]) if rows else None

    def requests(self, keys: Collection[bytes]) -> dict[bytes, tuple[int, bytes]]:
        """For each request key recorded: its index and the issuer-signed JWT."""
        found: dict[bytes, tuple[int, bytes]] = {}
        for chunk in _chunks(keys):
            marks = ",".join("?" * len(chunk))
            rows = self._rows(f'SELECT request, "index", jwt FROM entry WHERE request IN ({marks})', chunk)
            found.update({request: (index, jwt) for request, index, jwt in rows})
        return found

    def newest(self, subjects: Collection[bytes]) -> dict[bytes, Link]:
        """For each subject that has a history: its newest version."""
        found: dict[bytes, Link] = {}
        for chunk in _chunks(subjects):
            values = ",".join(["(?)"] * len(chunk))
            rows = self._rows(
                f"WITH want(subject) AS (VALUES {values}) "
                'SELECT s.subject, s.version, s."index", e.leaf FROM want '
                "CROSS JOIN subject_version s ON s.subject = want.subject AND s.version = "
                "(SELECT max(version) FROM subject_version n WHERE n.subject = want.subject) "
                'CROSS JOIN entry e ON e."index" = s."index"',
                chunk,
            )
            found.update({subject: Link(version, index, leaf) for subject, version, index, leaf in rows})
        return found

    def everything(self) -> dict[bytes, Link]:
        """The newest version of every subject there is."""
        rows = self._rows(
            'SELECT s.subject, s.version, s."index", e.leaf FROM '
            "(SELECT subject, max(version) AS version FROM subject_version GROUP BY subject) n "
            "CROSS JOIN subject_version s ON s.subject = n.subject AND s.version = n.version "
            'CROSS JOIN entry e ON e."index" = s."index"'
        )
        return {subject: Link(version, index, leaf) for subject, version, index, leaf in rows}

    def versions(self, subject: bytes) -> list[int]:
        """The index of each version of a subject, from version 1 on."""
        rows = self._rows('SELECT "index" FROM subject_version WHERE subject = ? ORDER BY version', (subject,))
        return [index for (index,) in rows]

    def events(self, keys: Collection[bytes]) -> dict[bytes, int]:
        """For each event key known: the index of its event."""
        found: dict[bytes, int] = {}
        for chunk in _chunks(keys):
            marks = ",".join("?" * len(chunk))
            found.update(self._rows(f'SELECT "key", "index" FROM event WHERE "key" IN ({marks})', chunk))
        return found

    def state_records(self, keys: Collection[bytes], before: int | None = None) -> dict[bytes, bytes]:
        """For each key that has a record: its newest one, or the newest of an entry < `before`."""
        found: dict[bytes, bytes] = {}
        for chunk in _chunks(keys):
            values = ",".join(["(?)"] * len(chunk))
            rows = self._rows(
                f'WITH want("key") AS (VALUES {values}) SELECT r."key", r.value FROM want '
                'CROSS JOIN state_record r ON r."key" = want."key" AND r."index" = '
                '(SELECT max(n."index") FROM state_record n WHERE n."key" = want."key" AND n."index" < ?)',
                (*chunk, END if before is None else before),
            )
            found.update(rows)
        return found

    def record_entries(self, keys: Collection[bytes], before: int) -> dict[bytes, list[int]]:
        """For each key that has records: the entries < `before` that they are of, ascending."""
        found: dict[bytes, list[int]] = {}
        for chunk in _chunks(keys):
            marks = ",".join("?" * len(chunk))
            rows = self._rows(
                f'SELECT "key", "index" FROM state_record WHERE "key" IN ({marks}) AND "index" < ? ORDER BY 1, 2',
                (*chunk, before),
            )
            for key, index in rows:
                found.setdefault(key, []).append(index)
        return found

    def tagged(self, tag: bytes, before: int | None = None) -> list[bytes]:
        """The keys of all records that can be looked up by this tag, or could before entry `before`."""
        rows = self._rows(
            'SELECT "key" FROM lot_tag WHERE tag = ? AND "index" < ?', (tag, END if before is None else before)
        )
        return [key for (key,) in rows]

    def lacks_records(self, since: int, first: bytes, last: bytes) -> bool:
        """The records first: where there is one, no entry is looked for."""
        rows = self._rows(
            'SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM state_record WHERE "key" BETWEEN ? AND ?) AND EXISTS '
            """(SELECT 1 FROM entry WHERE typ = 'lot-event' AND "index" >= ?)""",
            (first, last, since),
        )
        return bool(rows)

    def entry(self, index: int) -> Stored:
        """One entry. Raises Missing."""
        found = self.entries(index, index + 1)
        if not found:
            raise Missing("no_entry", f"there is no entry {index} in this ledger", index=index)
        return found[0]

    def entries(self, start: int, end: int) -> list[Stored]:
        """Entries with start <= index < end, with their disclosures, in order."""
        texts: dict[int, list[str]] = {}
        for index, text in self._rows(
            'SELECT "index", text FROM disclosure WHERE "index" >= ? AND "index" < ? ORDER BY "index", position',
            (start, end),
        ):
            texts.setdefault(index, []).append(text)
        rows = self._rows(
            f'SELECT {_COLUMNS} FROM entry WHERE "index" >= ? AND "index" < ? ORDER BY "index"',
            (start, end),
        )
        return [_stored(row, texts.get(row[0], ())) for row in rows]

    def leaves(self, start: int, end: int) -> list[bytes]:
        """Leaf hashes with start <= index < end."""
        rows = self._rows(
            'SELECT leaf FROM entry WHERE "index" >= ? AND "index" < ? ORDER BY "index"',
            (start, end),
        )
        return [leaf for (leaf,) in rows]

    def registry_indices(self) -> list[int]:
        """Where the `ledger`, `party`, `key` and `notice` statements stand."""
        rows = self._rows(
            """SELECT "index" FROM entry WHERE typ IN ('ledger', 'party', 'key', 'notice') ORDER BY "index" """
        )
        return [index for (index,) in rows]

    def insert(self, rows: Sequence[NewRow]) -> None:
        """Add entries and what is derived from them; a database error where a trigger or constraint refuses."""
        self._add(
            'entry ("index", entry, leaf, typ, request, jwt, seed, items) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
            list(entry_rows(rows)),
        )
        self._add('disclosure ("index", position, text) VALUES (?, ?, ?)', disclosure_rows(rows))
        self._add('subject_version (subject, version, "index") VALUES (?, ?, ?)', version_rows(rows))
        self._add('event ("key", "index") VALUES (?, ?)', event_rows(rows))
        self.insert_derived(rows)

    def insert_derived(self, rows: Sequence[NewRow]) -> None:
        """The records and tags of these entries."""
        self._add('state_record ("key", "index", value) VALUES (?, ?, ?)', record_rows(rows))
        self._add('lot_tag (tag, "key", "index") VALUES (?, ?, ?) ON CONFLICT DO NOTHING', tag_rows(rows))

    def _add(self, target: str, rows: Sequence[tuple[object, ...]]) -> None:
        if rows:
            self._cursor.executemany(f"INSERT INTO {target}", rows)

    def erase(self, index: int, texts: Collection[str]) -> None:
        """Remove these disclosures of one entry (SPEC 4.2); its proofs stay as they are."""
        for text in texts:
            self._cursor.execute('DELETE FROM disclosure WHERE "index" = ? AND text = ?', (index, text))

    def move_head(self, old: StoredHead | None, new: StoredHead) -> None:
        """Compare-and-swap. Raises Conflict where the head is not the one we read."""
        if old is None:
            self._cursor.execute("INSERT INTO head (id, size, root) VALUES (1, ?, ?)", (new.size, new.root))
            return
        self._cursor.execute(
            "UPDATE head SET size = ?, root = ? WHERE id = 1 AND size = ? AND root = ?",
            (new.size, new.root, old.size, old.root),
        )
        if self._cursor.rowcount != 1:
            raise Conflict("head_moved", f"the head is no longer at size {old.size}: another server is writing")


def _stored(row: Any, disclosures: Sequence[str]) -> Stored:
    index, entry, leaf, typ, jwt, seed, items = row
    if {type(entry), type(leaf), type(jwt), type(seed), type(items)} != {bytes}:
        raise Damaged("database", f"entry {index} is stored in another form than it was written", index=index)
    return Stored(index, entry, leaf, typ, jwt, seed, items, tuple(disclosures))


def _chunks(values: Iterable[bytes]) -> Iterator[tuple[bytes, ...]]:
    rest = iter(values)
    while chunk := tuple(islice(rest, _CHUNK)):
        yield chunk
