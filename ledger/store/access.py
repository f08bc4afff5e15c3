"""Bearer tokens: who may read statements, kept beside the ledger in a small database of their own.

Beside SQLite its own file, so that no second writer ever touches the ledger's database: `coilmark token` writes here
while the server runs and looks a token up on each request that carries one, so that a revocation holds at once. A
token is shown once, when it is made; what is stored is its SHA-256, which is enough to recognise it and useless to a
thief.
"""

import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ledger.kernel.errors import Conflict, Missing, RuleBroken, Unauthorised

Randomness = Callable[[int], bytes]

PREFIX = "coilmark_"  # so that a scanner of leaked secrets can find one
AUDITOR = "auditor"
PARTY = "party"
_TOKEN = re.compile(PREFIX + "[0-9a-f]{64}")


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


def _digest(secret: str) -> bytes:
    return sha256(secret.encode("ascii")).digest()
