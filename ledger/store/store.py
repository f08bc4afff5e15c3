"""The door to the stores: a path leads to SQLite, a `postgresql://` URL to PostgreSQL."""

from ledger.kernel.errors import Malformed
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

__all__ = [
    "Link",
    "Location",
    "NewRow",
    "Store",
    "Stored",
    "StoredHead",
    "Transaction",
    "caution",
    "check_head",
    "check_location",
    "create_store",
    "is_postgres",
    "open_store",
]
_SCHEMES = ("postgresql://", "postgres://")


def create_store(location: Location, uri: str, *, owner: str | None = None) -> None:
    """A new, empty database for the ledger `uri`. Raises Conflict where there is one.

    On PostgreSQL `owner` is the URL of the role that shall own the tables: not the role of `location`, which writes.
    """
    if isinstance(location, str):
        from ledger.store.postgres_making import create_postgres  # noqa: PLC0415  SQLite needs no psycopg

        create_postgres(check_location(location), owner or location, uri)
        return
    from ledger.store.sqlite import create_sqlite  # noqa: PLC0415  as above, the other way round

    create_sqlite(location, uri)


def open_store(location: Location, *, write: bool, address: str = "") -> Store:
    """Open what `create_store` made. Raises Missing or Damaged; never creates.

    `write` opens it for a process that may come to lead (see `Store.lead`), and `address` says where others reach it.
    """
    if isinstance(location, str):
        from ledger.store.postgres import open_postgres  # noqa: PLC0415  SQLite needs no psycopg

        return open_postgres(check_location(location), write=write, address=address)
    from ledger.store.sqlite import open_sqlite  # noqa: PLC0415  as above, the other way round

    return open_sqlite(location, write=write, address=address)


def caution(location: Location) -> str:
    """What an operator must know of the database's own faults; "" where nothing is known."""
    if isinstance(location, str):
        return ""
    from ledger.store.engine import version_caution  # noqa: PLC0415  PostgreSQL needs it not

    return version_caution()


def check_location(url: str) -> str:
    """The URL of a PostgreSQL database. Raises Malformed, without repeating what may hold a password."""
    if not url.startswith(_SCHEMES):
        raise Malformed("database_url", "a database URL begins with postgresql://; without one the ledger is a file")
    return url
