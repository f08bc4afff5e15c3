"""Bearer tokens in a file beside a ledger that is a file, so that no second writer ever touches the ledger's own."""

from pathlib import Path

from ledger.kernel.errors import Busy, Damaged
from ledger.store.access import Reader, Token, Tokens
from ledger.store.sqlite.driver import sqlite3

_BUSY_SECONDS = 1.0
_TABLE = """
CREATE TABLE IF NOT EXISTS token (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
    id TEXT NOT NULL UNIQUE,
    scope TEXT NOT NULL CHECK (scope IN ('party', 'auditor')),
    party TEXT NOT NULL CHECK ((scope = 'party') = (party <> '')),
    label TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT
"""


class SqliteTokens(Tokens):
    """One connection to the file."""

    def __init__(self, path: Path) -> None:
        """Open it, and create it where it is missing: a ledger without tokens has none to lose. Raises Damaged."""
        try:
            self._connection = _connect(path)
        except sqlite3.DatabaseError as error:
            raise Damaged("access", f"{path} is no token database: {error}") from error
        path.chmod(0o600)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def tokens(self) -> list[Token]:
        """All tokens, the oldest first, revoked ones too."""
        rows = self._connection.execute(
            "SELECT id, scope, party, label, created_at, revoked_at FROM token ORDER BY created_at, id"
        )
        return [Token(row[0], Reader(row[1], row[2]), *row[3:]) for row in rows]

    def _add(self, digest: bytes, token: Token) -> bool:
        try:
            self._connection.execute(
                "INSERT INTO token (digest, id, scope, party, label, created_at) VALUES (?, ?, ?, ?, ?, ?)",
                (digest, token.id, token.reader.scope, token.reader.party, token.label, token.created_at),
            )
        except sqlite3.IntegrityError:
            return False
        return True

    def _end(self, token_id: str, now: int) -> bool:
        changed = self._connection.execute(
            "UPDATE token SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?", (now, token_id)
        )
        return changed.rowcount == 1

    def _find(self, digest: bytes) -> tuple[str, str, int | None] | None:
        try:
            row: tuple[str, str, int | None] | None = self._connection.execute(
                "SELECT scope, party, revoked_at FROM token WHERE digest = ?", (digest,)
            ).fetchone()
        except sqlite3.OperationalError as error:
            raise Busy("access_busy", f"the tokens cannot be read just now: {error}", retry_after=1) from error
        return row


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=16
    )
    try:
        # A rollback journal and FULL: a revocation that was confirmed is not undone by a power cut.
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(_TABLE)
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection
