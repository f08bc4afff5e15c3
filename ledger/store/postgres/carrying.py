"""A ledger in PostgreSQL read whole, or made whole in one transaction of its owner."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import IsolationLevel
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from ledger.store.carrying import BATCH, Row, columns, key
from ledger.store.postgres.checks import Connection, check_schema, require_ledger
from ledger.store.postgres.making import connected, making, unreachable


class PostgresShelf:
    """On a connection inside a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rows(self, table: str) -> Iterator[Row]:
        """Page by page, so that no table is held in memory. Text keys are ordered bytewise, as SQLite orders them."""
        text = [f'"{one.name}"' for one in SQLModel.metadata.tables[table].columns if one.type.python_type is str]
        order = [f'{name} COLLATE "C"' if name in text else name for name in key(table)]
        with self._connection.cursor(f"coilmark_{table}", binary=True) as cursor:
            cursor.itersize = BATCH
            cursor.execute(f"SELECT {', '.join(columns(table))} FROM {table} ORDER BY {', '.join(order)}")
            yield from cursor

    def add(self, table: str, rows: Sequence[Row]) -> None:
        """By COPY, under the eyes of every trigger."""
        sql = f"COPY {table} ({', '.join(columns(table))}) FROM STDIN (FORMAT BINARY)"
        with self._connection.cursor() as cursor, cursor.copy(sql) as copy:
            copy.set_types(_types(table))
            for row in rows:
                copy.write_row(row)

    def settle(self) -> None:
        """A transaction reads what it wrote."""


def _types(table: str) -> list[str]:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return [str(one.type.compile(dialect=dialect)).lower() for one in SQLModel.metadata.tables[table].columns]


@contextmanager
def reading_postgres(url: str) -> Iterator[PostgresShelf]:
    """Of a server or a standby of it: nothing is written. Raises Missing, Conflict, Damaged, Busy."""
    try:
        with connected(url) as connection:
            connection.isolation_level = IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            require_ledger(connection)
            check_schema(connection)
            yield PostgresShelf(connection)
    except psycopg.OperationalError as error:
        raise unreachable(error) from error


@contextmanager
def making_postgres(url: str, owner: str, stamps: Mapping[str, str]) -> Iterator[PostgresShelf]:
    """Tables and rows in one transaction. Crash in it: nothing happened. Raises Conflict, Damaged, Busy."""
    try:
        with making(url, owner, stamps) as connection:
            yield PostgresShelf(connection)
    except psycopg.OperationalError as error:
        raise unreachable(error) from error
