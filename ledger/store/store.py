"""The door to the stores: a path leads to SQLite, a `postgresql://` URL to PostgreSQL."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.kernel.errors import Malformed
from ledger.store.access import Tokens, access_file
from ledger.store.protocol import (
    Link,
    Location,
    NewRow,
    Store,
    Stored,
    StoredHead,
    Transaction,
    check_head,
    is_postgres,
)
from ledger.store.raw import RawReader

if TYPE_CHECKING:
    from ledger.store.carrying import NewShelf, Shelf  # which take SQLModel, slow to load

__all__ = [
    "Link",
    "Location",
    "NewRow",
    "Store",
    "Stored",
    "StoredHead",
    "Transaction",
    "check_head",
    "check_location",
    "create_store",
    "is_postgres",
    "making_shelf",
    "open_store",
    "open_tokens",
    "reading_raw",
    "reading_shelf",
    "remaking_derived",
]
_SCHEMES = ("postgresql://", "postgres://")


def create_store(location: Location, uri: str, *, owner: str | None = None) -> None:
    """A new, empty database for the ledger `uri`. Raises Conflict where there is one.

    On PostgreSQL `owner` is the URL of the role that shall own the tables: not the role of `location`, which writes.
    """
    if isinstance(location, str):
        from ledger.store.postgres.making import create_postgres  # noqa: PLC0415  SQLite needs no psycopg

        create_postgres(check_location(location), owner or location, uri)
        return
    from ledger.store.sqlite.store import create_sqlite  # noqa: PLC0415  as above, the other way round

    create_sqlite(location, uri)


def open_store(location: Location, *, write: bool, address: str = "") -> Store:
    """Open what `create_store` made. Raises Missing or Damaged; never creates.

    `write` opens it for a process that may come to lead (see `Store.lead`), and `address` says where others reach it.
    """
    if isinstance(location, str):
        from ledger.store.postgres.store import open_postgres  # noqa: PLC0415  SQLite needs no psycopg

        return open_postgres(check_location(location), write=write, address=address)
    from ledger.store.sqlite.store import open_sqlite  # noqa: PLC0415  as above, the other way round

    return open_sqlite(location, write=write, address=address)


def reading_raw(location: Location) -> AbstractContextManager[RawReader]:
    """A read-only connection on one snapshot. Raises what UNREADABLE lists; Busy where a server does not answer."""
    if isinstance(location, str):
        from ledger.store.postgres.raw import reading_postgres  # noqa: PLC0415  SQLite needs no psycopg

        return reading_postgres(location)
    from ledger.store.sqlite.raw import reading_file  # noqa: PLC0415  as above, the other way round

    return reading_file(location)


def reading_shelf(location: Location) -> "AbstractContextManager[Shelf]":
    """One snapshot of a ledger. Raises Missing where there is none, Conflict where it is to be migrated, Damaged."""
    if isinstance(location, str):
        from ledger.store.postgres.carrying import reading_postgres  # noqa: PLC0415  SQLite needs no psycopg

        return reading_postgres(location)
    from ledger.store.sqlite.carrying import reading_file  # noqa: PLC0415  as above, the other way round

    return reading_file(location)


def making_shelf(
    location: Location, stamps: Mapping[str, str], owner: str | None = None
) -> "AbstractContextManager[NewShelf]":
    """A new ledger, there when the block ends and not at all when it raises. Raises Conflict where there is one."""
    if isinstance(location, str):
        from ledger.store.postgres.carrying import making_postgres  # noqa: PLC0415  SQLite needs no psycopg

        return making_postgres(location, owner or location, stamps)
    from ledger.store.sqlite.carrying import making_file  # noqa: PLC0415  as above, the other way round

    return making_file(location, stamps)


def remaking_derived(location: Location, owner: str | None) -> AbstractContextManager[Transaction]:
    """A transaction in which the derived tables are empty. What the block adds is there when it ends, or all is as
    before.

    On PostgreSQL `owner` is the URL of the role that owns the tables. Raises Missing, Damaged.
    """
    if isinstance(location, str):
        from ledger.store.postgres.remaking import remaking_postgres  # noqa: PLC0415  SQLite needs no psycopg

        return remaking_postgres(owner or location)
    from ledger.store.sqlite.remaking import remaking_file  # noqa: PLC0415  as above, the other way round

    return remaking_file(location)


def open_tokens(folder: Path, url: str | None) -> Tokens:
    """The tokens of the ledger in `folder`, or in the PostgreSQL database `url`. Raises Damaged, Missing, Busy."""
    if url is not None:
        from ledger.store.postgres.access import PostgresTokens  # noqa: PLC0415  SQLite needs no psycopg

        return PostgresTokens(url)
    from ledger.store.sqlite.access import SqliteTokens  # noqa: PLC0415  as above, the other way round

    return SqliteTokens(access_file(folder))


def check_location(url: str) -> str:
    """The URL of a PostgreSQL database. Raises Malformed, without repeating what may hold a password."""
    if not url.startswith(_SCHEMES):
        raise Malformed("database_url", "a database URL begins with postgresql://; without one the ledger is a file")
    return url
