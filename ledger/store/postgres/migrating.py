"""Migrating a ledger in PostgreSQL: by the owner of its tables, while its session holds the lock of the one writer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from psycopg import sql
from sqlalchemy import Connection, Engine, NullPool, create_engine

from ledger.kernel.errors import Damaged
from ledger.store.postgres.checks import Connection as Session
from ledger.store.postgres.checks import check_settings, differing, require_ledger, require_owner
from ledger.store.postgres.lock import require_lead
from ledger.store.postgres.making import connected

_GUARD = "stamp_append_only"


@dataclass(frozen=True, slots=True)
class PostgresMigrator:
    """On the owner's own connections."""

    engine: Engine
    writer: str

    def set_stamp(self, connection: Connection, version: int) -> None:
        """See `migrating.Migrator`, here and below."""
        connection.exec_driver_sql(f"ALTER TABLE stamp DISABLE TRIGGER {_GUARD}")
        connection.exec_driver_sql("UPDATE stamp SET value = %s WHERE name = 'schema'", (str(version),))
        connection.exec_driver_sql(f"ALTER TABLE stamp ENABLE ALWAYS TRIGGER {_GUARD}")

    def check(self, connection: Connection) -> None:
        """The role that will write is looked at when it opens the ledger."""
        session = cast("Session", connection.connection.driver_connection)
        check_settings(session)
        for name, how in differing(session):
            raise Damaged("triggers", f"trigger {name} {how}; the tables may have been edited, nothing was migrated")


@contextmanager
def migrating_postgres(url: str, owner: str) -> Iterator[PostgresMigrator]:
    """Raises Missing where there is no ledger, Conflict where a server of it runs.

    Raises Damaged for unsafe settings, or another role than the owner's.
    """
    with connected(url) as writing:
        role = sql.Identifier(writing.info.user).as_string(writing)
    with connected(owner) as session:
        require_ledger(session)
        require_owner(session)
        check_settings(session)
        require_lead(session, "migrate")
        engine = create_engine("postgresql+psycopg://", creator=lambda: _patient(owner), poolclass=NullPool)
        yield PostgresMigrator(engine, role)


def _patient(owner: str) -> Session:
    """A connection that gives up rather than make every reader queue behind a table lock that it waits for."""
    session = connected(owner)
    session.execute("SET lock_timeout = 5000")
    session.commit()
    return session
