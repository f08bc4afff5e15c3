"""The advisory lock that makes one session the one that writes: whoever loses the session has lost the lock."""

import time

from ledger.kernel.errors import Conflict
from ledger.store.postgres.checks import Connection

LEADER = 0x636F696C  # "coil"
_TRIES, _PAUSE = 20, 0.1  # s: a session that was ended keeps its lock until PostgreSQL has noticed


def take_lead(session: Connection) -> bool:
    """One try, without waiting. The lock is of the database and the ledger's schema, for as long as the session is.

    On a standby of the database nobody leads: it knows nothing of the locks of the server that it follows.
    """
    row = session.execute(
        "SELECT CASE WHEN pg_is_in_recovery() THEN false "
        "ELSE pg_try_advisory_lock(%s, hashtext(current_schema()::text)) END",
        (LEADER,),
    ).fetchone()
    session.commit()
    return row is not None and bool(row[0])


def give_up_lead(session: Connection) -> None:
    """Let the next server lead at once: a session that was closed keeps its lock until PostgreSQL has noticed."""
    session.rollback()
    session.execute("SELECT pg_advisory_unlock(%s, hashtext(current_schema()::text))", (LEADER,))
    session.commit()


def require_lead(session: Connection, then: str) -> None:
    """For who changes tables: no server may write meanwhile, on whatever machine. Raises Conflict after two seconds."""
    for _ in range(_TRIES):
        if take_lead(session):
            return
        time.sleep(_PAUSE)
    raise Conflict("already_open", f"a server writes to this ledger; stop all of its servers, then {then}")
