"""A ledger of every released schema version, as that version made it: `fixtures/schema-N/`.

    python -m tests.store.released        # writes the fixture of the schema version of this program

It is a small ledger with a key added, statements of several kinds and a note erased. `sqlite.sql` and `postgres.sql`
hold the same rows as SQL text; `receipts.jsonl` is what the ledger answered, which must verify for ever. Never make an
old one again: a change in it would be a change of history.
"""

import gzip
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from sqlite3.dump import _iterdump  # pysqlite3 has none; it runs on any connection

from ledger.kernel.disclosure import Hidden
from ledger.kernel.receipt import encode_receipt
from ledger.kernel.statement import parse
from ledger.kernel.trust import parse_trust
from ledger.recording.opening import layout
from ledger.store.postgres import schema as postgres_schema
from ledger.store.sqlite.driver import sqlite3
from ledger.store.tables import LEDGER_TABLES, SCHEMA_VERSION
from tests.small_ledger import coil, pem, small_ledger

FIXTURES = Path(__file__).parent / "fixtures"
SCHEMA, WRITER = "fixture_schema", "fixture_writer"  # put in place of by whoever loads it


@dataclass(frozen=True)
class Released:
    """The fixture of one schema version."""

    version: int

    @property
    def folder(self):
        return FIXTURES / f"schema-{self.version}"

    def read(self, name):
        return gzip.decompress((self.folder / f"{name}.gz").read_bytes()).decode()

    @property
    def receipts(self):
        return [line.encode() for line in self.read("receipts.jsonl").splitlines()]

    @property
    def trust(self):
        return parse_trust((self.folder / "trust.txt").read_text("ascii"))

    def lay(self, folder, place=None):
        """Where it lives, once it is laid out in `folder` and, with a place, in that PostgreSQL schema."""
        places = layout(folder / "ledger", None, place and place.writer)
        places.folder.mkdir(parents=True)
        places.log_key.write_bytes(pem("log"))
        places.head.write_text((self.folder / "head").read_text("utf-8"), "utf-8")
        if place is None:
            with closing(sqlite3.connect(places.database)) as connection:
                connection.executescript("PRAGMA journal_mode = wal; " + self.read("sqlite.sql"))
        else:
            writer = place.writer.partition("://")[2].partition("@")[0]
            for statement in self.read("postgres.sql").split("\n--\n"):
                place.execute(statement.replace(SCHEMA, place.schema).replace(WRITER, writer), None)
        return places


def released():
    """All there are, the oldest first."""
    return [Released(int(path.name.partition("-")[2])) for path in sorted(FIXTURES.glob("schema-*"))]


def _story(world):
    """What is recorded, and answered, after index 0."""
    note = {
        "id": f"{world.plant.id}/supply-1", "kind": "supply", "status": "in-force",
        "from": world.plant.id, "to": world.operator.id, "parties": [world.plant.id, world.operator.id],
        "valid": {"from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}, "note": Hidden("a note, erased later"),
    }  # fmt: skip
    yield world.receipt(1)
    yield world.receipt(2)
    world.enrol(world.rolling, "lot-event")
    yield from (world.receipt(index) for index in (3, 4))
    yield world.post(world.plant, "lot-event", coil("C-1", "C-2", eventID="urn:example:event-1"))
    yield from world.submit(
        *(
            world.statement(world.plant, "lot-event", coil(f"C-{number}", disposition=Hidden("active")))
            for number in (3, 4)
        )
    )
    contract = world.post(world.plant, "contract", note)
    yield contract
    yield world.add_key(world.plant, world.plant.with_key("plant-2"))
    (digest,) = (disclosure.digest for disclosure in parse(contract.statement).disclosures)
    erasure = {"index": contract.entry.index, "disclosures": [digest], "ground": "personal-data"}
    yield world.post(world.operator, "notice", {"kind": "erasure", "erasure": erasure})
    yield world.post(world.operator, "heads", {})


def _write(folder, name, text):
    (folder / f"{name}.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


def _sqlite_text(path):
    with closing(sqlite3.connect(path)) as connection:
        return "\n".join(_iterdump(connection))


def _postgres_text(path):
    """What makes the tables there, and the rows of the SQLite database as INSERT statements."""
    statements = postgres_schema.making(SCHEMA, WRITER)
    with closing(sqlite3.connect(path)) as connection:
        for table in LEDGER_TABLES:
            for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2"):
                statements.append(f"INSERT INTO {table} VALUES ({', '.join(map(_literal, row))})")
    return "\n--\n".join(statements)


def _literal(value):
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def make():
    """The fixture of this program's own schema version."""
    fixture = Released(SCHEMA_VERSION)
    fixture.folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder, small_ledger(Path(folder)) as world:
        receipts = [encode_receipt(one).decode() for one in _story(world)]
        world.close()
        _write(fixture.folder, "sqlite.sql", _sqlite_text(world.places.database))
        _write(fixture.folder, "postgres.sql", _postgres_text(world.places.database))
        _write(fixture.folder, "receipts.jsonl", "\n".join(receipts))
        (fixture.folder / "head").write_bytes(world.places.head.read_bytes())
        (fixture.folder / "trust.txt").write_text(world.trust_text, "ascii")


if __name__ == "__main__":
    make()
