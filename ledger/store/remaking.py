"""The tables of lots made anew: emptied and filled in one transaction, by whoever may change tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlmodel import SQLModel

from ledger.store import engine as engines
from ledger.store import tables
from ledger.store.protocol import Location, Transaction
from ledger.store.sqlite_transaction import SqliteTransaction

DERIVED_TABLES = ("state_record", "lot_tag")


@contextmanager
def remaking_derived(location: Location, owner: str | None) -> Iterator[Transaction]:
    """A transaction in which these tables are empty. What the block adds is there when it ends, or all is as before.

    On PostgreSQL `owner` is the URL of the role that owns the tables. Raises Missing, Damaged.
    """
    if isinstance(location, str):
        from ledger.store.postgres_remaking import remaking_postgres  # noqa: PLC0415  SQLite needs no psycopg

        with remaking_postgres(owner or location) as transaction:
            yield transaction
        return
    with _remaking_file(location) as file:
        yield file


@contextmanager
def _remaking_file(path: Path) -> Iterator[Transaction]:
    """The triggers go with their tables and are made again with them."""
    engines.require_database(path)
    engine = engines.writer(path)
    try:
        with engine.begin() as connection:
            engines.check_database(connection)
            for name in DERIVED_TABLES:
                connection.exec_driver_sql(f"DROP TABLE {name}")
                SQLModel.metadata.tables[name].create(connection)
            for name, statement in tables.sqlite_triggers().items():
                if name.startswith(DERIVED_TABLES):
                    connection.exec_driver_sql(statement)
            yield SqliteTransaction(connection)
        # Crash before here: the tables are as they were. After: they are new and whole.
    finally:
        engine.dispose()
