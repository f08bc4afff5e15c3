"""Bringing an older database to this program's schema: revision after revision, each in a transaction of its own.

Alembic finds and runs the revisions; the `stamp` table alone says where a database stands, so that there are never two
words on it. Both databases change tables inside transactions: a crash in the middle of a revision leaves the version
before it, and the next run goes on from there.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from ledger.kernel.errors import Unsettled
from ledger.store.protocol import Location
from ledger.store.schema_version import known_version
from ledger.store.sqlite import engine as engines
from ledger.store.tables import SCHEMA_VERSION

_REVISIONS = Path(__file__).with_name("migrations")
_STAMP = "SELECT value FROM stamp WHERE name = 'schema'"
_GUARD = "stamp_no_update"


@dataclass(frozen=True, slots=True)
class Applied:
    """A revision that was applied and committed."""

    version: int
    says: str


class Migrator(Protocol):
    """What the two databases do differently.

    `engine` connects as who may change tables; `writer` is the quoted role that shall write, "" where there are none.
    """

    @property
    def engine(self) -> Engine: ...

    @property
    def writer(self) -> str: ...

    def set_stamp(self, connection: Connection, version: int) -> None:
        """Write the schema version, past the trigger that keeps stamps as they are, and put that up again."""
        ...

    def check(self, connection: Connection) -> None:
        """Raises Damaged unless settings and triggers are those of a new ledger."""
        ...


def migrate(location: Location, owner: str | None = None) -> Iterator[Applied]:
    """Apply what is missing, one revision a step. Nobody else may write meanwhile.

    On PostgreSQL `owner` is the URL of the role that owns the tables. Raises Missing where there is no ledger, Damaged
    where it is newer than this program or not as a new one afterwards, Conflict where a server of it is running,
    Unsettled where the database did not confirm a revision.
    """
    scripts = ScriptDirectory(str(_REVISIONS))
    with _migrator(location, owner) as migrator:
        while (version := _version(migrator.engine)) != SCHEMA_VERSION:
            yield _step(migrator, scripts, version + 1)


def _step(migrator: Migrator, scripts: ScriptDirectory, version: int) -> Applied:
    revision = scripts.get_revision(f"{version:04d}")
    with _unfinished(version), migrator.engine.begin() as connection:
        with Operations.context(MigrationContext.configure(connection, opts={"writer": migrator.writer})):
            revision.module.upgrade()
        migrator.set_stamp(connection, version)
        if version == SCHEMA_VERSION:
            migrator.check(connection)
        # Crash in here: nothing happened, the next run begins with this revision again.
    # Crash here: this revision stands, whatever becomes of the next.
    return Applied(version, revision.doc)


@contextmanager
def _unfinished(version: int) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        says = str(error.orig).strip()
        raise Unsettled(
            "migration_unfinished", f"the revision to schema version {version} was not confirmed: {says}; run it again"
        ) from error


def _version(engine: Engine) -> int:
    with engine.begin() as connection:
        return known_version(connection.exec_driver_sql(_STAMP).scalar())


def _migrator(location: Location, owner: str | None) -> AbstractContextManager[Migrator]:
    if isinstance(location, str):
        from ledger.store.postgres.migrating import migrating_postgres  # noqa: PLC0415  SQLite needs no psycopg

        return migrating_postgres(location, owner or location)
    return _migrating_file(location)


@dataclass(frozen=True, slots=True)
class SqliteMigrator:
    """In a file; the caller holds the lock on its folder."""

    engine: Engine
    writer: str = ""

    def set_stamp(self, connection: Connection, version: int) -> None:
        """See Migrator, here and below."""
        guard = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = ?", (_GUARD,)).scalar_one()
        connection.exec_driver_sql(f"DROP TRIGGER {_GUARD}")
        connection.exec_driver_sql("UPDATE stamp SET value = ? WHERE name = 'schema'", (str(version),))
        connection.exec_driver_sql(guard)

    def check(self, connection: Connection) -> None:
        """Settings were checked when the engine connected."""
        engines.check_database(connection)


@contextmanager
def _migrating_file(path: Path) -> Iterator[SqliteMigrator]:
    engines.require_database(path)
    engine = engines.writer(path)
    try:
        yield SqliteMigrator(engine)
    finally:
        engine.dispose()
