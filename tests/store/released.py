"""A ledger of every released schema version, as that version made it: `fixtures/schema-N/`.

    python -m tests.store.released        # writes the fixture of the schema version of this program

It is how the demo's story begins, with a key rotated and a note erased. `sqlite.sql` and `postgres.sql` hold the same
rows as SQL text; `receipts.jsonl` is what the ledger answered, which must verify for ever. Never make an old one again:
a change in it would be a change of history.
"""

import gzip
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path

from ledger.kernel.keys import load_signer
from ledger.kernel.receipt import encode_receipt
from ledger.kernel.statement import parse
from ledger.kernel.trust import parse_trust
from ledger.opening import layout, open_log
from ledger.store import postgres_schema
from ledger.store.tables import SCHEMA_VERSION
from tools.demo_keys import demo_key
from tools.demo_ledger import Stage, found, post, tell
from tools.park.actors import ACTORS, MILL, PARK, URI
from tools.park.events import Said
from tools.park.plan import make_plan
from tools.park.story import Post, story
from tools.party import prove

FIXTURES = Path(__file__).parent / "fixtures"
SEED = "released"
PLAN = make_plan(1, SEED)
BEGUN = len(ACTORS) + 12  # posts: the enrolments and a day
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
        places.log_key.write_bytes(demo_key(SEED, "log"))
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


def _story(stage, log):
    """The demo's beginning and a certificate, then a key rotated and the certificate's note erased."""
    told = [receipt for one in islice(tell(stage, log), BEGUN) for _, receipt in one.receipts]
    certificate = next(said for one in story(PLAN) for said in one.statements if said.typ == "certificate")
    told += _posted(stage, log, certificate)
    (digest,) = (disclosure.digest for disclosure in parse(told[-1].statement).disclosures)
    second = {"party": MILL.id, "add": [prove(load_signer(demo_key(SEED, "second key")), URI, MILL.id)]}
    erasure = {"index": told[-1].entry.index, "disclosures": [digest], "ground": "personal-data"}
    time = certificate.time + timedelta(hours=1)
    told += _posted(stage, log, Said(MILL, "key", second, time, "a second key"))
    notice = {"kind": "erasure", "erasure": erasure}
    return told + _posted(stage, log, Said(PARK, "notice", notice, time, "the note is erased"))


def _posted(stage, log, said):
    return [receipt for _, receipt in post(stage, log, Post(said.signed, (said,))).receipts]


def _write(folder, name, text):
    (folder / f"{name}.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


def _sqlite_text(path):
    with closing(sqlite3.connect(path)) as connection:
        return "\n".join(connection.iterdump())


def _postgres_text(path):
    """What makes the tables there, and the rows of the SQLite database as INSERT statements."""
    statements = postgres_schema.making(SCHEMA, WRITER)
    with closing(sqlite3.connect(path)) as connection:
        for table in postgres_schema.LEDGER_TABLES:
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
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder) / "ledger", PLAN)
        found(stage)
        with open_log(stage.places, clock=stage.clock, randomness=stage.randomness) as log:
            told = _story(stage, log)
        _write(fixture.folder, "sqlite.sql", _sqlite_text(stage.places.database))
        _write(fixture.folder, "postgres.sql", _postgres_text(stage.places.database))
        _write(fixture.folder, "receipts.jsonl", "\n".join(encode_receipt(one).decode() for one in told))
        for name, path in (("head", stage.places.head), ("trust.txt", stage.folder / "trust.txt")):
            (fixture.folder / name).write_bytes(path.read_bytes())


if __name__ == "__main__":
    make()
