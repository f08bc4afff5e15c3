"""The database refuses what would rewrite history, whoever asks over the ledger's own connection."""

import sqlite3

import pytest

from ledger.kernel.errors import Conflict, Damaged, Missing
from ledger.store.engine import writer
from ledger.store.store import Link, NewRow, Stored, StoredHead, create_store, open_store


def _row(index, *, subject=b"s" * 32, version=1, event=None, disclosures=()):
    leaf = bytes([index]) * 32
    stored = Stored(index, bytes(113), leaf, "lot-event", b"jwt%d" % index, bytes(32), b"", disclosures)
    return NewRow(stored, request=b"r%031d" % index, advanced=[(subject, version)], event=event)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "ledger.sqlite"
    create_store(path, "https://example.org/ledger")
    return path


@pytest.fixture
def store(path):
    store = open_store(path, write=True)
    with store.writing() as transaction:
        transaction.insert([_row(0, event=b"e" * 32, disclosures=("one", "two")), _row(1, version=2)])
        transaction.move_head(None, StoredHead(2, b"r" * 32))
    yield store
    store.close()


def test_creating_never_overwrites(path):
    with pytest.raises(Conflict, match="exists already; a ledger is created once and never overwritten"):
        create_store(path, "https://example.org/other")


def test_opening_never_creates(tmp_path):
    with pytest.raises(Missing, match=r"there is no ledger at .*; `coilmark init` creates one"):
        open_store(tmp_path / "none.sqlite", write=True)
    assert not (tmp_path / "none.sqlite").exists()


def test_what_is_inserted_is_found(store):
    with store.reading() as transaction:
        assert transaction.head() == StoredHead(2, b"r" * 32)
        assert transaction.entry(0).disclosures == ("one", "two")
        assert transaction.entry(0).wire == b"jwt0~one~two~"
        assert [stored.index for stored in transaction.entries(0, 9)] == [0, 1]
        assert transaction.leaves(0, 2) == [bytes(32), bytes([1]) * 32]
        assert transaction.newest([b"s" * 32, b"t" * 32]) == {b"s" * 32: Link(2, 1, bytes([1]) * 32)}
        assert transaction.everything() == transaction.newest([b"s" * 32])
        assert transaction.versions(b"s" * 32) == [0, 1]
        assert transaction.requests([b"r%031d" % 1, b"nobody"]) == {b"r%031d" % 1: (1, b"jwt1")}
        assert transaction.events([b"e" * 32]) == {b"e" * 32: 0}
        with pytest.raises(Missing, match="there is no entry 7 in this ledger"):
            transaction.entry(7)


def test_lookups_of_many_keys_are_split(store):
    with store.reading() as transaction:
        many = [b"%032d" % n for n in range(2_500)] + [b"s" * 32]
        assert list(transaction.newest(many)) == [b"s" * 32]


def test_a_transaction_that_raises_leaves_nothing(store):
    with pytest.raises(RuntimeError), store.writing() as transaction:  # noqa: PT012  the point is where it stops
        transaction.insert([_row(2, version=3)])
        raise RuntimeError
    with store.reading() as transaction:
        assert transaction.entries(2, 3) == []


def test_the_head_moves_only_from_where_it_was_read(store):
    with (
        pytest.raises(Conflict, match="the head is no longer at size 1: another server is writing"),
        store.writing() as t,
    ):
        t.move_head(StoredHead(1, b"x" * 32), StoredHead(3, b"y" * 32))


def test_erasure_removes_one_disclosure_and_nothing_else(store):
    with store.writing() as transaction:
        transaction.erase(0, ["one"])
    with store.reading() as transaction:
        assert transaction.entry(0).disclosures == ("two",)


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
    engine = writer(path)
    with store.reading() as transaction:
        before = transaction.entries(0, 9), transaction.head(), transaction.everything()
    with engine.connect() as connection, pytest.raises(Exception, match=sentence):
        connection.exec_driver_sql(sql)
    engine.dispose()
    with store.reading() as transaction:
        assert (transaction.entries(0, 9), transaction.head(), transaction.everything()) == before


def test_a_reader_cannot_write(store):
    with store.reading() as transaction, pytest.raises(Exception, match=r"readonly|query_only"):
        transaction.insert([_row(2, version=3)])


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
    with pytest.raises(Damaged, match="the database has schema version 99, this program needs 1"):
        open_store(path, write=False)


def test_another_file_does_not_open(tmp_path):
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(Damaged, match="this file is no coilmark database: file is not a database"):
        open_store(path, write=True)
