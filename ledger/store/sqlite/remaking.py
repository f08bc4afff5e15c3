"""The derived tables of a database file made anew."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlmodel import SQLModel

from ledger.store import tables
from ledger.store.protocol import Transaction
from ledger.store.sqlite import engine as engines
from ledger.store.sqlite.transaction import SqliteTransaction


@contextmanager
def remaking_file(path: Path) -> Iterator[Transaction]:
    """The triggers go with their tables and are made again with them."""
    engines.require_database(path)
    engine = engines.writer(path)
    try:
        with engine.begin() as connection:
            engines.check_database(connection)
            for name in tables.DERIVED_TABLES:
                connection.exec_driver_sql(f"DROP TABLE {name}")
                SQLModel.metadata.tables[name].create(connection)
            for name, statement in tables.sqlite_triggers().items():
                if name.startswith(tables.DERIVED_TABLES):
                    connection.exec_driver_sql(statement)
            yield SqliteTransaction(connection)
        # Crash before here: the tables are as they were. After: they are new and whole.
    finally:
        engine.dispose()
