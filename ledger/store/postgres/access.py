"""Bearer tokens in the ledger's own PostgreSQL database, so that all servers see a revocation at once."""

from typing import Any

import psycopg

from ledger.kernel.errors import Busy
from ledger.store.access import Reader, Token, Tokens
from ledger.store.postgres.checks import Connection, require_ledger
from ledger.store.postgres.making import connected
from ledger.store.postgres.schema import TOKEN_TABLE

_PATIENCE = "SET statement_timeout = 1000"  # ms: a look-up holds up every other request


class PostgresTokens(Tokens):
    """One connection, made again when it was lost."""

    def __init__(self, url: str) -> None:
        """Raises Busy where the server does not answer, Missing where it holds no ledger."""
        self._url = url
        self._connection = self._connected()
        require_ledger(self._connection)

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def tokens(self) -> list[Token]:
        """All tokens, the oldest first, revoked ones too."""
        rows, _ = self._ask(
            f"SELECT id, scope, party, label, created_at, revoked_at FROM {TOKEN_TABLE} ORDER BY created_at, id"
        )
        return [Token(row[0], Reader(row[1], row[2]), *row[3:]) for row in rows]

    def _add(self, digest: bytes, token: Token) -> bool:
        _, count = self._ask(
            f"INSERT INTO {TOKEN_TABLE} (digest, id, scope, party, label, created_at) VALUES (%s, %s, %s, %s, %s, %s) "
            "ON CONFLICT DO NOTHING",
            digest, token.id, token.reader.scope, token.reader.party, token.label, token.created_at,
        )  # fmt: skip
        return count == 1

    def _end(self, token_id: str, now: int) -> bool:
        sql = f"UPDATE {TOKEN_TABLE} SET revoked_at = coalesce(revoked_at, %s) WHERE id = %s"
        return self._ask(sql, now, token_id)[1] == 1

    def _find(self, digest: bytes) -> tuple[str, str, int | None] | None:
        rows, _ = self._ask(f"SELECT scope, party, revoked_at FROM {TOKEN_TABLE} WHERE digest = %s", digest)
        return rows[0] if rows else None

    def _ask(self, sql: str, *parameters: object) -> tuple[list[Any], int]:
        """Rows and row count. A connection that was lost since is made again, once: each of these may be repeated."""
        try:
            return self._once(sql, parameters)
        except psycopg.OperationalError as error:
            if not (self._connection.closed or self._connection.broken):
                raise _busy(error) from error
        self._connection.close()
        self._connection = self._connected()
        try:
            return self._once(sql, parameters)
        except psycopg.OperationalError as error:
            raise _busy(error) from error

    def _once(self, sql: str, parameters: tuple[object, ...]) -> tuple[list[Any], int]:
        cursor = self._connection.execute(sql, parameters)
        return (cursor.fetchall() if cursor.description else []), cursor.rowcount

    def _connected(self) -> Connection:
        connection = connected(self._url)
        connection.autocommit = True
        connection.execute(_PATIENCE)
        return connection


def _busy(error: Exception) -> Busy:
    return Busy("access_busy", f"the tokens cannot be read just now: {error}", retry_after=1)
