"""The store in one SQLite file: the default. Obligations are in `protocol`, settings in `engine`."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError, DBAPIError

from ledger.kernel.errors import Busy, CoilmarkError, Conflict, Damaged, Unsettled
from ledger.store.sqlite import engine as engines
from ledger.store.sqlite.driver import sqlite3
from ledger.store.sqlite.file_lock import LEAD, FileLock
from ledger.store.sqlite.raw import SqliteRawReader, reading_file
from ledger.store.sqlite.transaction import SqliteTransaction

_FAULTS = (DBAPIError, sqlite3.Error)  # of the transaction's ends, and of what is done in it


class SqliteStore:
    """A `protocol.Store` on one file: an engine that only reads and, while it holds the lock, one that writes."""

    def __init__(self, path: Path, reader: Engine, stamps: Mapping[str, str], lock: FileLock | None) -> None:
        self.path = path
        self.stamps = stamps
        self._lock = lock
        self._reader = reader
        self._writer: Engine | None = None

    @property
    def leads(self) -> bool:
        """Whether this process holds the lock beside the database."""
        return self._writer is not None

    def lead(self) -> bool:
        """One try to get the lock; the database is looked at again, as when it was opened."""
        if self._lock is not None and self._writer is None and self._lock.take():
            writer = engines.writer(self.path)
            try:
                _stamps(writer)
            except BaseException:
                writer.dispose()
                self._lock.release()
                raise
            self._writer = writer
        return self.leads

    def step_down(self) -> None:
        """The engine first: whoever gets the lock is alone."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.dispose()
        if self._lock is not None:
            self._lock.release()

    def leader(self) -> str:
        """What the lock's file says."""
        return self._lock.said() if self._lock is not None else ""

    def beat(self) -> None:
        """A lock on a file is not lost."""

    @contextmanager
    def writing(self) -> Iterator[SqliteTransaction]:
        """The write transaction: committed and synced when the block ends, rolled back when it raises.

        Raises Unsettled for any error of the database: a commit that failed may yet be there after a restart.
        """
        if self._writer is None:
            raise Conflict("not_leading", "another process writes to this ledger, this one is its standby")
        try:
            with self._writer.begin() as connection:
                yield SqliteTransaction(connection)
        except _FAULTS as error:
            raise Unsettled("commit_unknown", f"the database did not confirm the commit: {_driver(error)}") from error

    @contextmanager
    def reading(self) -> Iterator[SqliteTransaction]:
        """A snapshot: everything read in the block is of one moment. Raises Damaged where the file cannot be read."""
        try:
            with self._reader.begin() as connection:
                yield SqliteTransaction(connection)
        except _FAULTS as error:
            raise _unreadable(_driver(error)) from error

    def raw(self) -> AbstractContextManager[SqliteRawReader]:
        """On a connection of its own, which takes whatever bytes a column holds."""
        return reading_file(self.path)

    def forget(self) -> None:
        """Fold the write-ahead log into the database, so that what was erased stands in neither.

        A reader in the middle of a snapshot puts it off to the next commit that erases, or to closing.
        """
        if self._writer is None:
            return
        connection = self._writer.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()

    def close(self) -> None:
        """Let go of the file, and of the lock."""
        self._reader.dispose()
        self.step_down()


def create_sqlite(path: Path, uri: str) -> None:
    """A new, empty database for the ledger `uri`."""
    engines.create_database(path, {"uri": uri})


def open_sqlite(path: Path, *, write: bool, address: str = "") -> SqliteStore:
    """Open what `create_sqlite` made. Raises Missing or Damaged; never creates."""
    reader = engines.reader(path)
    lock = FileLock(path.with_name(LEAD), address) if write else None
    return SqliteStore(path, reader, _stamps(reader), lock)


def _stamps(engine: Engine) -> Mapping[str, str]:
    try:
        with engine.connect() as connection:
            return engines.check_database(connection)
    except DatabaseError as error:
        raise Damaged("database", f"this file is no coilmark database: {error.orig}") from error


def _driver(error: Exception) -> BaseException | None:
    """What SQLite said, also where SQLAlchemy says it."""
    return error.orig if isinstance(error, DBAPIError) else error


def _unreadable(error: BaseException | None) -> CoilmarkError:
    """A page that is damaged, or a disk that does not give it: the server must not call this a fault of its own."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return Busy("database_busy", f"the database is busy: {error}", retry_after=1)
    return Damaged("database", f"the database cannot be read: {error}")
