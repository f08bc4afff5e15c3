"""Bearer tokens: who may read statements, kept beside the ledger in a small database of their own.

Beside SQLite its own file, so that no second writer ever touches the ledger's database: `coilmark token` writes here
while the server runs and looks a token up on each request that carries one, so that a revocation holds at once. A
token is shown once, when it is made; what is stored is its SHA-256, which is enough to recognise it and useless to a
thief.
"""

import re
import secrets
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ledger.kernel.errors import Busy, Conflict, Damaged, Missing, RuleBroken, Unauthorised

Randomness = Callable[[int], bytes]

PREFIX = "coilmark_"  # so that a scanner of leaked secrets can find one
AUDITOR = "auditor"
PARTY = "party"
_TOKEN = re.compile(PREFIX + "[0-9a-f]{64}")
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


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks. `scope` is "party" (sees what `party` signed), "auditor" (sees all) or "" (nobody in particular)."""

    scope: str = ""
    party: str = ""

    @property
    def known(self) -> bool:
        """Whether it is anybody in particular: an auditor, or a party of the ledger."""
        return bool(self.scope)

    def may_see(self, iss: str) -> bool:
        """Whether statements of this issuer, and their lineage, are shown."""
        return self.scope == AUDITOR or (self.scope == PARTY and self.party == iss)


ANYONE = Reader()
EVERYTHING = Reader(AUDITOR)  # what everyone is where the ledger is served open


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is listed: never the token itself. Times are µs since 1970 UTC."""

    id: str
    reader: Reader
    label: str
    created_at: int
    revoked_at: int | None


def access_file(folder: Path) -> Path:
    """Where the tokens of the ledger in `folder` are kept."""
    return folder / "access.sqlite"


class Tokens(ABC):
    """An open token database. For one thread at a time; the server's event loop is that thread."""

    @abstractmethod
    def close(self) -> None:
        """Let go of it."""

    @abstractmethod
    def tokens(self) -> list[Token]:
        """All tokens, the oldest first, revoked ones too."""

    @abstractmethod
    def _add(self, digest: bytes, token: Token) -> bool:
        """Whether it was added: not where its digest or id is there already."""

    @abstractmethod
    def _end(self, token_id: str, now: int) -> bool:
        """Whether there is such a token; it is revoked, if it was not before."""

    @abstractmethod
    def _find(self, digest: bytes) -> tuple[str, str, int | None] | None:
        """Scope, party and revocation. Raises Busy."""

    def issue(
        self, reader: Reader, label: str, *, now: int, randomness: Randomness = secrets.token_bytes
    ) -> tuple[Token, str]:
        """A new token and the secret that is shown this once. `now` is µs since 1970 UTC. Raises RuleBroken."""
        if (reader.scope, bool(reader.party)) not in {(AUDITOR, False), (PARTY, True)}:
            raise RuleBroken("token_scope", "a token is for one party, or for an auditor")
        secret = PREFIX + randomness(32).hex()
        digest = _digest(secret)
        token = Token(digest.hex()[:16], reader, label, now, None)
        if not self._add(digest, token):
            raise Conflict("token_exists", f"a token {token.id} exists already")
        return token, secret

    def revoke(self, token_id: str, *, now: int) -> None:
        """From now on the token opens nothing. Raises Missing; a token revoked before stays revoked as it was."""
        if not self._end(token_id, now):
            raise Missing("no_token", f"there is no token {token_id}; `coilmark token list` shows them", id=token_id)

    def reader(self, secret: str) -> Reader:
        """Whose token this is. Raises Unauthorised where it was never issued or is revoked, Busy while locked."""
        found = self._find(_digest(secret)) if _TOKEN.fullmatch(secret) else None
        if found is None:
            raise Unauthorised("token", "this bearer token was never issued by this ledger")
        scope, party, revoked_at = found
        if revoked_at is not None:
            raise Unauthorised("token_revoked", "this bearer token was revoked")
        return Reader(scope, party)


class Access(Tokens):
    """In a file beside a ledger that is a file."""

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


def open_tokens(folder: Path, url: str | None) -> Tokens:
    """The tokens of the ledger in `folder`, or in the PostgreSQL database `url`. Raises Damaged, Missing, Busy."""
    if url is None:
        return Access(access_file(folder))
    from ledger.store.access_postgres import PostgresTokens  # noqa: PLC0415  SQLite needs no psycopg

    return PostgresTokens(url)


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


def _digest(secret: str) -> bytes:
    return sha256(secret.encode("ascii")).digest()
