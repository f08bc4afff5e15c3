"""The database that a benchmark runs on: yours, or a PostgreSQL server of its own, on the disk of its other files."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ledger.kernel.errors import Missing
from tools.own_postgres import WRITER, Place, Server, running, why_not


@dataclass(frozen=True)
class Database:
    """URLs of an empty PostgreSQL database, as who writes and as who owns the tables; without `writer` it is a file.

    `replica` has the URL of a standby of it for as long as its block lasts.
    """

    writer: str | None = None
    owner: str | None = None
    replica: Callable[[], AbstractContextManager[str]] | None = None


@contextmanager
def own_server() -> Iterator[Server]:
    """On the disk of temporary files (TMPDIR), where SQLite's are: both stores sync to one disk.

    A memory disk, where tests have theirs, would make syncs free for one of the two. Raises Missing where no server can
    be had.
    """
    if reason := why_not():
        raise Missing("no_postgres", reason)
    with running(Path(tempfile.gettempdir())) as server:
        yield server


@contextmanager
def own_database() -> Iterator[Database]:
    """In such a server; its standby is made of it when it is asked for."""
    with own_server() as server:
        place = server.place()
        yield Database(place.writer, place.owner, partial(_standby_of, place))


@contextmanager
def _standby_of(place: Place) -> Iterator[str]:
    with place.server.standby() as standby:
        yield standby.url(WRITER, place.schema)
