"""A whole ledger out of a database file, or into a new one."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import cast

from ledger.kernel.errors import Conflict
from ledger.store.carrying import Row, columns, key
from ledger.store.sqlite import engine as engines
from ledger.store.sqlite.driver import sqlite3

_BESIDE = ("-wal", "-shm")  # what SQLite keeps beside a file


class _File:
    """A database file, as it rests."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, table: str) -> Iterator[Row]:
        """See Shelf."""
        sql = f"SELECT {', '.join(columns(table))} FROM {table} ORDER BY {', '.join(key(table))}"
        return self._connection.execute(sql)


@contextmanager
def reading_file(path: Path) -> Iterator[_File]:
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
def making_file(path: Path, stamps: Mapping[str, str]) -> Iterator[_Draft]:
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
