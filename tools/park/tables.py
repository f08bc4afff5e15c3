"""The factor tables that the park's plants name in their statements."""

from dataclasses import dataclass
from hashlib import sha256

from ledger.kernel.encoding import b64url_encode


@dataclass(frozen=True)
class Table:
    """One table, by name and version."""

    id: str

    @property
    def named(self) -> dict[str, str]:
        """As a statement names it."""
        return {"id": self.id, "digest": b64url_encode(sha256(self.id.encode()).digest())}


EU = Table("eu-2025-2547/annex-ii")
SCENARIO = Table("scenario-kz/1")
