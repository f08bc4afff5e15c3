"""As `remaking`, in PostgreSQL, where only the owner of the tables may empty them."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql

from ledger.store.postgres.checks import check_settings, require_ledger, require_owner
from ledger.store.postgres.lock import require_lead
from ledger.store.postgres.making import connected
from ledger.store.postgres.transaction import PostgresTransaction
from ledger.store.protocol import Transaction
from ledger.store.tables import DERIVED_TABLES


@contextmanager
def remaking_postgres(owner: str) -> Iterator[Transaction]:
    """The triggers rest for as long as the tables are emptied, in the same transaction. Raises Conflict too."""
    with connected(owner) as connection:
        check_settings(connection)
        require_ledger(connection)
        require_owner(connection)
        require_lead(connection, "rebuild")
        with connection.transaction():
            for table in DERIVED_TABLES:
                name, trigger = sql.Identifier(table), sql.Identifier(f"{table}_append_only")
                connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER {}").format(name, trigger))
                connection.execute(sql.SQL("TRUNCATE {}").format(name))
                connection.execute(sql.SQL("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}").format(name, trigger))
            yield PostgresTransaction(connection)
