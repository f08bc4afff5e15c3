"""The store in PostgreSQL 15 or newer, for several servers: one of them leads, by a lock that its session holds."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import IsolationLevel
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool, PoolTimeout

from ledger.kernel.errors import Conflict, Malformed, Unsettled
from ledger.store.postgres.checks import Connection, check_database, check_role, check_schema, check_settings
from ledger.store.postgres.lock import LEADER, give_up_lead, take_lead
from ledger.store.postgres.making import NOTICING, connected, unreachable
from ledger.store.postgres.raw import PostgresRawReader
from ledger.store.postgres.transaction import PostgresTransaction

_READERS = 8
_WAIT = 5.0  # seconds for a reader's connection
_NAMED = "coilmark "  # what the session that leads is called, followed by where its server is reached
_NAME_BYTES = 63  # PostgreSQL cuts longer ones
# Every query here takes milliseconds; while a new table has no statistics the server would compile each for a hundred.
_NO_COMPILER = "SET jit = off"
# A leader that vanished without a word (its machine lost power) is noticed by the server within three seconds; one
# that was killed, at once.
_SESSION = (
    _NO_COMPILER,
    "SET tcp_keepalives_idle = 1",
    "SET tcp_keepalives_interval = 1",
    "SET tcp_keepalives_count = 2",
    "SET tcp_user_timeout = 3000",
    "SET client_connection_check_interval = 1000",
    "SET idle_in_transaction_session_timeout = 30000",
    "SET lock_timeout = 5000",
)


class PostgresStore:
    """A `protocol.Store`. The session that writes also holds the lock: who loses one has lost the other."""

    def __init__(
        self, url: str, pool: "ConnectionPool[Connection]", stamps: Mapping[str, str], *, write: bool, address: str = ""
    ) -> None:
        self.stamps = stamps
        self._url = url
        self._pool = pool
        self._may_write = write
        self._address = address
        self._session: Connection | None = None
        self._warned: list[str] = []
        self._busy = threading.Lock()

    @property
    def leads(self) -> bool:
        """As far as we know: a session that broke since is found out by its next use."""
        return self._session is not None and not self._session.closed and not self._session.broken

    def lead(self) -> bool:
        """One try to get the lock, where nobody holds it; settings and role are looked at again. Raises Busy, Damaged.

        While another leads, one query on a reader's connection says so: a session of its own for each try would take
        the database twenty milliseconds of its processor.
        """
        if not self._may_write:
            return False
        if self.leads and self._answers():
            return True
        self._forget()
        if self._lock_holder():
            return False
        session = connected(self._url)
        try:
            for setting in _SESSION:
                session.execute(setting)
            session.execute("SELECT set_config('application_name', %s, false)", (f"{_NAMED}{self._address}",))
            check_settings(session)
            check_role(session)
            leads = take_lead(session)
            check_schema(session)  # it may have been migrated while this server stood by
            session.commit()
        except psycopg.Error as error:
            session.close()
            raise unreachable(error) from error
        except BaseException:
            session.close()
            raise
        if not leads:
            session.close()
            return False
        session.add_notice_handler(lambda notice: self._warned.append(notice.message_primary or "a warning"))
        self._session = session
        return True

    def step_down(self) -> None:
        """The lock first: it would go with its session, but a moment later."""
        with suppress(psycopg.Error):
            if self._session is not None:
                give_up_lead(self._session)
        self._forget()

    def leader(self) -> str:
        """What the session that holds the lock is named: every role sees that, and nothing is stored for it."""
        name = self._lock_holder()
        return name.removeprefix(_NAMED) if name.startswith(_NAMED) else ""

    def beat(self) -> None:
        """Ask the session; one that does not answer is over."""
        if self._session is not None and not self._answers():
            self._forget()

    @contextmanager
    def writing(self) -> Iterator[PostgresTransaction]:
        """See `protocol.Store`. A warning at COMMIT is a wait for a standby that was cut short: not success."""
        session = self._session
        if session is None or not self.leads:
            raise Conflict("not_leading", "another server writes to this ledger, this one is its standby")
        if not self._busy.acquire(blocking=False):
            raise RuntimeError("two threads write")
        try:
            self._warned.clear()
            yield PostgresTransaction(session)
            session.commit()
        except psycopg.Error as error:
            self._undo(session)
            raise _unsettled(str(error)) from error
        except BaseException:
            self._undo(session)
            raise
        finally:
            self._busy.release()
        if self._warned:
            raise _unsettled(self._warned[0])

    @contextmanager
    def reading(self) -> Iterator[PostgresTransaction]:
        """A snapshot on a connection of the pool. Raises Busy where the server does not answer."""
        with self._snapshot() as connection:
            yield PostgresTransaction(connection)

    @contextmanager
    def raw(self) -> Iterator[PostgresRawReader]:
        """See `reading`. A connection of its own would take the server fifteen milliseconds of its processor."""
        with self._snapshot() as connection:
            yield PostgresRawReader(connection)

    @contextmanager
    def _snapshot(self) -> Iterator[Connection]:
        try:
            with self._pool.connection() as connection:
                yield connection
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise unreachable(error) from error

    def forget(self) -> None:
        """Nothing that this role may do: VACUUM, which the server runs by itself, clears what was deleted."""

    def close(self) -> None:
        """Let go of the lock and of all connections."""
        self.step_down()
        self._pool.close()

    def _lock_holder(self) -> str:
        with self.reading() as transaction:
            return transaction.lock_holder(LEADER)

    def _answers(self) -> bool:
        session = self._session
        try:
            if session is None:
                return False
            session.rollback()
            session.execute("SELECT 1")
            session.commit()
        except psycopg.Error:
            return False
        return True

    def _undo(self, session: Connection) -> None:
        """Roll back; a session that cannot even do that is over, and the lead with it."""
        try:
            if session.info.transaction_status != TransactionStatus.IDLE:
                session.rollback()
        except psycopg.Error:
            self._forget()

    def _forget(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()


def open_postgres(url: str, *, write: bool, address: str = "") -> PostgresStore:
    """Open what `create_postgres` made. Raises Missing, Damaged with what to change, or Busy; never creates."""
    if len(f"{_NAMED}{address}".encode()) > _NAME_BYTES:
        most = _NAME_BYTES - len(_NAMED)
        raise Malformed("address", f"the address {address} has more than the {most} bytes that a session's name holds")
    with connected(url) as connection:
        stamps = check_database(connection)
    pool: ConnectionPool[Connection] = ConnectionPool(
        url, min_size=1, max_size=_READERS, timeout=_WAIT, configure=_for_reading, open=False,
        check=ConnectionPool.check_connection, name="coilmark-readers", kwargs=NOTICING,
    )  # fmt: skip
    try:
        pool.open(wait=True, timeout=_WAIT)
    except PoolTimeout as error:
        pool.close()
        raise unreachable(error) from None
    return PostgresStore(url, pool, stamps, write=write, address=address)


def _for_reading(connection: "psycopg.Connection[Any]") -> None:
    connection.execute(_NO_COMPILER)
    connection.commit()
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    connection.read_only = True


def _unsettled(says: str) -> Unsettled:
    return Unsettled("commit_unknown", f"the database did not confirm the commit: {says.strip()}")
