"""Opening and creating the database file, with the settings that the ledger's promises rest on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, event
from sqlmodel import SQLModel, create_engine

from ledger.kernel.errors import Conflict, Damaged, Missing
from ledger.store import tables
from ledger.store.schema_version import require_schema
from ledger.store.sqlite.driver import sqlite3

# SQLite keeps these per connection. `synchronous=FULL` is what makes a commit durable under WAL;
# `recursive_triggers` lets the append-only triggers see REPLACE; `secure_delete` makes erasure real.
# `wal_autocheckpoint` in pages of 4 KiB: keys are hashes, so a commit changes pages all over the file; the longer the
# log, the more changes of a page are written into the file at once. It stays well below the reserve (COILMARK_RESERVE),
# which it needs when a full disk is to take it in.
_WRITER: dict[str, int | str] = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "recursive_triggers": 1,
    "secure_delete": 1,
    "trusted_schema": 0,
    "wal_autocheckpoint": 8_000,
}
_READER: dict[str, int | str] = {"query_only": 1, "trusted_schema": 0}
_BUSY_MS = 30_000
# https://sqlite.org/wal.html: from 3.7.0 on a write-ahead log that two connections write or checkpoint at the same
# moment can damage the file; mended in these, and in all that are newer than the last. All of them have STRICT tables.
_MENDED = ((3, 44, 6), (3, 50, 7), (3, 51, 3))
_WRITER_CACHE_KIB = 48 * 1024
_READER_CACHE_KIB = 4 * 1024  # a connection, and there may be a dozen


def create_database(path: Path, stamps: Mapping[str, str]) -> None:
    """A new database with its tables, triggers and stamps. Raises Conflict where the file exists."""
    if path.exists():
        raise Conflict("ledger_exists", f"{path} exists already; a ledger is created once and never overwritten")
    engine = writer(path)
    SQLModel.metadata.create_all(engine)
    with engine.begin() as connection:
        for statement in tables.sqlite_triggers().values():
            connection.exec_driver_sql(statement)
        rows = {"schema": str(tables.SCHEMA_VERSION), **stamps}
        connection.exec_driver_sql("INSERT INTO stamp (name, value) VALUES (?, ?)", list(rows.items()))
    engine.dispose()


def writer(path: Path) -> Engine:
    """The engine of the one writer: each transaction begins IMMEDIATE, each commit is synced before it returns.

    It never has a second connection: nobody ever writes or checkpoints beside it.
    """
    check_version(sqlite3.sqlite_version_info)
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        module=sqlite3,
        connect_args={"timeout": _BUSY_MS / 1000, "check_same_thread": False},
        pool_size=1,
        max_overflow=0,
    )
    _configure(engine, _WRITER, _WRITER_CACHE_KIB, begin="BEGIN IMMEDIATE")
    return engine


def reader(path: Path) -> Engine:
    """An engine that cannot write, for everything but the sequencer. Raises Missing where there is no ledger.

    Opened read-only, so that a reader never checkpoints the write-ahead log beside the writer.
    """
    check_version(sqlite3.sqlite_version_info)
    require_database(path)
    engine = create_engine(
        URL.create("sqlite", database=path.resolve().as_uri(), query={"mode": "ro", "uri": "true"}),
        module=sqlite3,
        connect_args={"timeout": _BUSY_MS / 1000, "check_same_thread": False},
    )
    _configure(engine, _READER, _READER_CACHE_KIB, begin="BEGIN")
    return engine


def check_version(version: tuple[int, ...]) -> None:
    """Raises Damaged for an SQLite with the bug in its write-ahead log."""
    if version >= _MENDED[-1] or any(version[:2] == good[:2] and version >= good for good in _MENDED):
        return
    raise Damaged(
        "settings",
        f"pysqlite3 was built with SQLite {_dotted(version)}, which can damage a file that two connections write or "
        f"checkpoint at the same moment; install a pysqlite3 built with SQLite {_dotted(_MENDED[-1])} or newer",
    )


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def require_database(path: Path) -> None:
    """Opening never creates. Raises Missing with the command that does."""
    if not path.is_file():
        raise Missing("no_ledger", f"there is no ledger at {path}; `coilmark init` creates one")


def check_database(connection: Connection) -> Mapping[str, str]:
    """The stamps, once version, settings and triggers are what they must be. Raises Conflict for an older version,
    Damaged naming what is wrong, DatabaseError where the file cannot be read at all.
    """
    stamps = _pairs(connection, "SELECT name, value FROM stamp")
    require_schema(stamps.get("schema"))
    found = _pairs(connection, "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    wanted = tables.sqlite_triggers()
    for name in sorted(found.keys() | wanted.keys()):
        if found.get(name) != wanted.get(name):
            raise Damaged("triggers", f"trigger {name} is not as this program made it; the tables may have been edited")
    return stamps


def _pairs(connection: Connection, sql: str) -> dict[str, str]:
    return {name: value for name, value in connection.exec_driver_sql(sql)}  # noqa: C416  rows are not tuples to mypy


def _configure(engine: Engine, pragmas: Mapping[str, int | str], cache_kib: int, begin: str) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for name, value in pragmas.items():
            connection.execute(f"PRAGMA {name} = {value}")
            (seen,) = connection.execute(f"PRAGMA {name}").fetchone()
            if seen != value:
                raise Damaged("settings", f"SQLite keeps {name} at {seen}, the ledger needs {value}")
        connection.execute(f"PRAGMA cache_size = -{cache_kib}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)
