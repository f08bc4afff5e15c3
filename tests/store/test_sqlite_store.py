"""The database file refuses what would rewrite history, whoever asks over the ledger's own connection."""

from contextlib import nullcontext

import pytest
from store_rows import everything_in, fill

from ledger.kernel.errors import Damaged
from ledger.store.sqlite import engine
from ledger.store.sqlite.driver import sqlite3
from ledger.store.sqlite.engine import check_version, writer
from ledger.store.sqlite.raw import reading_file
from ledger.store.store import create_store, open_store
from ledger.store.tables import SCHEMA_VERSION


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "ledger.sqlite"
    create_store(path, "https://example.org/ledger")
    return path


@pytest.fixture
def store(path):
    store = open_store(path, write=True)
    assert store.lead()
    fill(store)
    yield store
    store.close()


REFUSED = {
    "update entry": ("UPDATE entry SET jwt = x'00'", "entry is append-only"),
    "delete entry": ('DELETE FROM entry WHERE "index" = 1', "entry is append-only"),
    "replace entry": (
        'INSERT OR REPLACE INTO entry SELECT * FROM entry WHERE "index" = 1',
        "contiguous|recorded already|append-only",
    ),
    "upsert entry": (
        'INSERT INTO entry SELECT * FROM entry WHERE "index" = 1 ON CONFLICT DO UPDATE SET jwt = excluded.jwt',
        "contiguous|recorded already|append-only",
    ),
    "gap": (
        'INSERT INTO entry SELECT 9, entry, leaf, typ, zeroblob(32), jwt, seed, items FROM entry WHERE "index" = 1',
        "entry indices are contiguous",
    ),
    "same request": (
        'INSERT INTO entry SELECT 2, entry, leaf, typ, request, jwt, seed, items FROM entry WHERE "index" = 1',
        "this request is recorded already",
    ),
    "update version": ('UPDATE subject_version SET "index" = 0', "subject_version is append-only"),
    "replace version": (
        "INSERT OR REPLACE INTO subject_version SELECT subject, version, 0 FROM subject_version",
        "this version of the subject exists already|append-only",
    ),
    "delete version": ("DELETE FROM subject_version", "subject_version is append-only"),
    "replace event": ("INSERT OR REPLACE INTO event SELECT key, 1 FROM event", "this event exists already|append-only"),
    "update disclosure": ("UPDATE disclosure SET text = 'x'", "disclosure is fixed"),
    "replace disclosure": (
        "INSERT OR REPLACE INTO disclosure SELECT \"index\", position, 'x' FROM disclosure",
        "disclosure is fixed",
    ),
    "head back": ("UPDATE head SET size = 1", "the head moves forward only"),
    "delete head": ("DELETE FROM head", "never removed"),
    "second head": ("INSERT OR REPLACE INTO head VALUES (1, 9, zeroblob(32))", "there is one head|never removed"),
    "other schema": ("UPDATE stamp SET value = '2'", "stamp is append-only"),
    "short entry": (
        "INSERT INTO entry SELECT 2, x'00', leaf, typ, zeroblob(32), jwt, seed, items FROM entry WHERE \"index\" = 1",
        "CHECK constraint failed",
    ),
    "text for a number": (
        "INSERT INTO entry SELECT 'two', entry, leaf, typ, zeroblob(32), jwt, seed, items FROM entry LIMIT 1",
        "contiguous|cannot store TEXT|datatype mismatch",
    ),
}


@pytest.mark.parametrize("attack", REFUSED)
def test_history_is_append_only(store, path, attack):
    sql, sentence = REFUSED[attack]
    other = writer(path)
    before = everything_in(store)
    with other.connect() as connection, pytest.raises(Exception, match=sentence):
        connection.exec_driver_sql(sql)
    other.dispose()
    assert everything_in(store) == before


@pytest.mark.parametrize(
    "tampering",
    ["DROP TRIGGER entry_no_update", "CREATE TRIGGER extra AFTER INSERT ON entry BEGIN SELECT 1; END"],
)
def test_a_database_with_other_triggers_does_not_open(path, tampering):
    with sqlite3.connect(path) as connection:
        connection.execute(tampering)
    connection.close()
    with pytest.raises(Damaged, match="is not as this program made it; the tables may have been edited"):
        open_store(path, write=True)


def test_another_schema_version_does_not_open(path):
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER stamp_no_update")
        connection.execute("UPDATE stamp SET value = '99' WHERE name = 'schema'")
    connection.close()
    with pytest.raises(Damaged, match=f"the database has schema version 99, this program needs {SCHEMA_VERSION}"):
        open_store(path, write=False)


def test_another_file_does_not_open(tmp_path):
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(Damaged, match="this file is no coilmark database: file is not a database"):
        open_store(path, write=True)


def test_a_setting_that_sqlite_does_not_take_is_refused(path, monkeypatch):
    """A build of SQLite may ignore what it is told: what was set is read back."""
    monkeypatch.setitem(engine._WRITER, "synchronous", 7)
    store = open_store(path, write=True)
    with pytest.raises(Damaged, match=r"SQLite keeps synchronous at \d, the ledger needs 7"):
        store.lead()
    assert not store.leads
    store.close()


@pytest.mark.parametrize(
    ("version", "bad"),
    [
        ((3, 36, 9), True), ((3, 40, 1), True), ((3, 44, 5), True), ((3, 44, 6), False), ((3, 45, 0), True),
        ((3, 50, 6), True), ((3, 50, 7), False), ((3, 51, 2), True), ((3, 51, 3), False), ((3, 52, 0), False),
    ],
)  # fmt: skip
def test_an_sqlite_with_the_bug_in_its_write_ahead_log_is_refused(version, bad):
    said = pytest.raises(Damaged, match=r"SQLite [\d.]+, which can damage a file.* SQLite 3\.51\.3 or newer")
    with said if bad else nullcontext():
        check_version(version)


@pytest.mark.parametrize("write", [True, False])
def test_with_such_an_sqlite_no_ledger_is_opened_or_made(path, monkeypatch, write):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 40, 1))
    with pytest.raises(Damaged, match=r"pysqlite3 was built with SQLite 3\.40\.1") as caught:
        open_store(path, write=write)
    assert caught.value.code == "settings"
    new = path.with_name("new.sqlite")
    with pytest.raises(Damaged, match=r"pysqlite3 was built with SQLite 3\.40\.1"):
        create_store(new, "https://example.org/ledger")
    assert not new.exists()


def test_the_sqlite_that_is_used_is_the_one_that_was_looked_at(path):
    """SQLAlchemy takes the standard library's unless it is told."""
    for one in (writer(path), engine.reader(path)):
        with one.connect() as connection:
            (version,) = connection.exec_driver_sql("SELECT sqlite_version()").one()
        one.dispose()
        assert tuple(map(int, version.split("."))) == sqlite3.sqlite_version_info
        check_version(tuple(map(int, version.split("."))))


def test_the_writer_never_has_a_second_connection(path):
    """Which is what such a bug needs."""
    one = writer(path)
    one.pool._timeout = 0.01
    with one.connect(), pytest.raises(Exception, match="QueuePool limit of size 1 overflow 0"):
        one.connect()
    one.dispose()


MANY = [b"%032d" % number for number in range(900)]


def steps(connection, ask):
    """How SQLite goes about what is asked."""
    asked = []
    connection.set_trace_callback(asked.append)
    ask()
    connection.set_trace_callback(None)
    return [row[3] for sql in asked for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda one: one.newest(MANY), id="newest"),
        pytest.param(lambda one: one.state_records(MANY), id="records"),
    ],
)
def test_many_rows_are_looked_up_and_no_table_is_read_whole(store, ask):
    with store.reading() as transaction:
        found = steps(transaction._cursor.connection, lambda: ask(transaction))
    assert any("SEARCH" in step for step in found)
    assert [step for step in found if step.startswith("SCAN") and "want" not in step and "CONSTANT" not in step] == []


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda one: one.state_records(MANY, 0, 9), id="records"),
        pytest.param(lambda one: one.lot_tags([(key, key) for key in MANY]), id="tags"),
        pytest.param(lambda one: one.lacks_versions([(key, 1, 1) for key in MANY]), id="versions"),
        pytest.param(lambda one: one.lacks_events([(key, 1) for key in MANY]), id="events"),
    ],
)
def test_an_audit_looks_up_many_rows_and_reads_no_table_whole(path, ask):
    with reading_file(path) as raw:
        found = steps(raw._execute.__self__, lambda: ask(raw))
    assert any("SEARCH" in step for step in found)
    assert [step for step in found if step.startswith("SCAN") and "want" not in step and "CONSTANT" not in step] == []
