"""Creating a ledger in PostgreSQL: once, by its owner, in one transaction."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from ledger.kernel.errors import Busy, Conflict, Damaged
from ledger.store.postgres import schema as postgres_schema
from ledger.store.postgres.checks import Connection, check_before, check_made, check_settings, has_ledger
from ledger.store.tables import SCHEMA_VERSION


def create_postgres(url: str, owner: str, uri: str) -> None:
    """Tables, triggers and grants, and nothing in them. Raises what `making` raises."""
    with making(url, owner, {"uri": uri}):
        pass


@contextmanager
def making(url: str, owner: str, stamps: Mapping[str, str]) -> Iterator[Connection]:
    """The owner's transaction: tables, triggers, grants for the role of `url`, stamps, and what the block adds.

    Raises Conflict where a ledger is there, Damaged where settings are unsafe, both URLs are of one role, or the role
    of `url` could undo what keeps history: told now, it leaves no tables, which would be in the way of the next try.
    """
    with connected(owner) as connection, connection.transaction():
        role = _writing_role(url, connection.info.user)
        check_settings(connection)
        if has_ledger(connection):
            raise Conflict(
                "ledger_exists",
                f"there is a ledger in database {connection.info.dbname} already; a ledger is created once and never "
                "overwritten",
            )
        _make(connection, role, {"schema": str(SCHEMA_VERSION), **stamps})
        yield connection


def _writing_role(url: str, owner: str) -> str:
    with connected(url) as writing:
        role = writing.info.user
        if role == owner:
            raise Damaged(
                "role",
                f"the role {role} would own the tables that it writes and could drop their triggers; name another role "
                "to own them with --owner-database",
            )
        check_before(writing)
    return role


def _make(connection: Connection, role: str, stamps: Mapping[str, str]) -> None:
    row = connection.execute("SELECT quote_ident(current_schema())").fetchone()
    if row is None or row[0] is None:
        raise Damaged("schema", "the search path of this connection names no schema that is there")
    for statement in postgres_schema.making(row[0], sql.Identifier(role).as_string(connection)):
        connection.execute(statement)
    check_made(connection, role)
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO stamp (name, value) VALUES (%s, %s)", list(stamps.items()))


# A server that vanished without a word is noticed within some seconds, not by the system's hours: what waits for it is
# then answered with 503.
NOTICING: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 4,
    "tcp_user_timeout": 6_000,
}


def connected(url: str) -> Connection:
    """A connection. Raises Busy where the server cannot be reached or does not let this role in."""
    try:
        return psycopg.connect(url, **NOTICING)
    except psycopg.Error as error:
        raise unreachable(error) from None  # the cause may repeat the URL, and with it a password


def unreachable(error: Exception) -> Busy:
    """The server does not answer."""
    return Busy("database_away", f"the PostgreSQL server cannot be reached: {str(error).strip()}", retry_after=1)
