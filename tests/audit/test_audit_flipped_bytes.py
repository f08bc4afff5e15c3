"""Every byte of the database matters or does not: a flip is found, or what the database says is what it said."""

import random
from contextlib import closing

import pytest
from tampering import findings

from ledger.store.sqlite.driver import sqlite3

MASKS = (0x01, 0x80, 0xFF)
FEW, MANY = 300, 1_000  # `coilmark torture flips` takes every byte


def logical_content(database):
    """Schema, every row of every table, and every index as it is read through itself."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        connection.text_factory = bytes
        schema = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2").fetchall()
        tables = [name.decode() for kind, name, _, _ in schema if kind == b"table"]
        rows = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables}
        indexes = {
            name: connection.execute(sql).fetchall()
            for name, sql in {
                "request": "SELECT request FROM entry INDEXED BY sqlite_autoindex_entry_1 ORDER BY 1",
                "registry": 'SELECT typ, "index" FROM entry INDEXED BY entry_registry '
                "WHERE typ IN ('ledger', 'party', 'key', 'notice') ORDER BY 1, 2",
                "disclosure": 'SELECT "index", position FROM disclosure INDEXED BY sqlite_autoindex_disclosure_1 '
                "ORDER BY 1, 2",
                "stamp": "SELECT name FROM stamp INDEXED BY sqlite_autoindex_stamp_1 ORDER BY 1",
            }.items()
        }
        return schema, rows, indexes


def flips(whole, count):
    """Places and masks, most of them where something stands: half of a small database is empty."""
    choose = random.Random(20260105)
    filled = [at for at, byte in enumerate(whole) if byte]
    return [
        (choose.choice(filled) if choose.random() < 0.8 else choose.randrange(len(whole)), choose.choice(MASKS))
        for _ in range(count)
    ]


def unseen(database, chosen):
    """The flips that changed what the database says, and that audit did not find."""
    whole = database.read_bytes()
    before = logical_content(database)
    missed = []
    for at, mask in flips(whole, MANY)[chosen]:
        database.write_bytes(whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1 :])
        if not findings(database):
            try:
                same = logical_content(database) == before
            except sqlite3.Error:
                same = False
            if not same:
                missed.append((at, mask))
        for beside in ("-wal", "-shm"):
            database.with_name(database.name + beside).unlink(missing_ok=True)
    return missed


@pytest.mark.slow
def test_some_bytes_flipped(database):
    assert unseen(database, slice(FEW)) == []


@pytest.mark.slow
def test_many_bytes_flipped(database):
    assert unseen(database, slice(FEW, MANY)) == []
