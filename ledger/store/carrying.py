"""A whole ledger table by table: read from one snapshot of a store, or put into a new store that is there in the end
as a whole or not at all.

The tables are those that this program makes, so a table of a later schema is carried without a word here.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeAlias, cast

from sqlmodel import SQLModel

from ledger.kernel.errors import Conflict
from ledger.store import engine as engines
from ledger.store.postgres_schema import LEDGER_TABLES
from ledger.store.protocol import Location

Row: TypeAlias = tuple[Any, ...]
STAMP = "stamp"
# Stamps are written when the tables are made. Entries come before what refers to them.
CARRIED = tuple(name for name in LEDGER_TABLES if name != STAMP)
_BESIDE = ("-wal", "-shm")  # what SQLite keeps beside a file
BATCH = 5_000  # rows that are added at once


class Shelf(Protocol):
    """A store that is read whole: one snapshot."""

    def rows(self, table: str) -> Iterator[Row]:
        """All rows, columns in the order of `columns`, in the order of the primary key, bytewise."""
        ...


class NewShelf(Shelf, Protocol):
    """A store that is being made. `rows` gives what was really stored."""

    def add(self, table: str, rows: Sequence[Row]) -> None:
        """The next rows, in the order in which `rows` gives them."""
        ...

    def settle(self) -> None:
        """Bring all that was added to where `rows` reads it from."""
        ...


def reading(location: Location) -> AbstractContextManager[Shelf]:
    """One snapshot of a ledger. Raises Missing where there is none, Conflict where it is to be migrated, Damaged."""
    if isinstance(location, str):
        from ledger.store.postgres_carrying import reading_postgres  # noqa: PLC0415  SQLite needs no psycopg

        return reading_postgres(location)
    return _reading_file(location)


def making(location: Location, stamps: Mapping[str, str], owner: str | None = None) -> AbstractContextManager[NewShelf]:
    """A new ledger, there when the block ends and not at all when it raises. Raises Conflict where there is one."""
    if isinstance(location, str):
        from ledger.store.postgres_carrying import making_postgres  # noqa: PLC0415  SQLite needs no psycopg

        return making_postgres(location, owner or location, stamps)
    return _making_file(location, stamps)


def columns(table: str) -> list[str]:
    """Quoted column names."""
    return [f'"{column.name}"' for column in SQLModel.metadata.tables[table].columns]


def key(table: str) -> list[str]:
    """Quoted names of the primary key."""
    return [f'"{column.name}"' for column in SQLModel.metadata.tables[table].primary_key.columns]


class _File:
    """A database file, as it rests."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, table: str) -> Iterator[Row]:
        """See Shelf."""
        sql = f"SELECT {', '.join(columns(table))} FROM {table} ORDER BY {', '.join(key(table))}"
        return self._connection.execute(sql)


@contextmanager
def _reading_file(path: Path) -> Iterator[_File]:
    engines.require_database(path)
    engine = engines.reader(path)
    try:
        with engine.connect() as connection:  # which begins the snapshot
            engines.check_database(connection)
            yield _File(cast("sqlite3.Connection", connection.connection.driver_connection))
    finally:
        engine.dispose()


class _Draft:
    """A database file that has not got its name yet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._engine = engines.writer(path)

    def add(self, table: str, rows: Sequence[Row]) -> None:
        """See NewShelf, here and below."""
        marks = ", ".join("?" * len(rows[0]))
        sql = f"INSERT INTO {table} ({', '.join(columns(table))}) VALUES ({marks})"
        with self._engine.begin() as connection:
            connection.exec_driver_sql(sql, [tuple(row) for row in rows])

    def rows(self, table: str) -> Iterator[Row]:
        """From the file itself."""
        with closing(sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            yield from _File(connection).rows(table)

    def settle(self) -> None:
        """Out of the write-ahead log and onto the disk."""
        with closing(self._engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._engine.dispose()
        _sync(self._path)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()


@contextmanager
def _making_file(path: Path, stamps: Mapping[str, str]) -> Iterator[_Draft]:
    # A write-ahead log that another database left would be applied to this one.
    for there in (path, *(path.with_name(path.name + suffix) for suffix in _BESIDE)):
        if there.exists():
            raise Conflict("ledger_exists", f"{there} exists already; a ledger is never written over something")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".draft")
    _remove(draft)  # what a run before this one left when it was interrupted
    engines.create_database(draft, stamps)
    shelf = _Draft(draft)
    try:
        yield shelf
        shelf.close()
        # Crash before: a draft, which nothing opens and the next run removes. After: the ledger, whole.
        draft.rename(path)
        _sync(path.parent)
    finally:
        shelf.close()
        _remove(draft)


def _remove(draft: Path) -> None:
    for suffix in ("", *_BESIDE):
        draft.with_name(draft.name + suffix).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def in_batches(rows: Iterator[Row]) -> Iterator[Sequence[Row]]:
    """As many at once as `NewShelf.add` takes."""
    while batch := tuple(islice(rows, BATCH)):
        yield batch
