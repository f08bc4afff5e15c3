"""A served ledger as whoever reads it sees it: its checkpoint, and proofs from it. Nothing it says is believed."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ledger.kernel.checkpoint import open_checkpoint
from ledger.kernel.encoding import b64_decode
from ledger.kernel.errors import Malformed, Missing
from ledger.kernel.hashing import HASH_SIZE
from ledger.kernel.proofs import PATH_LIMIT, root_from_path
from ledger.kernel.trust import Trust

_TIMEOUT = 30.0  # seconds
_LONGEST = 64 * 1024  # bytes of an answer: a note with 64 signatures, a proof of 63 hashes


@dataclass(frozen=True)
class FarLedger:
    """The address of a ledger; redirects are not followed."""

    url: str

    def note(self) -> str:
        """The signed checkpoint it shows now. Raises Missing where it does not answer."""
        return self._get("/checkpoint").decode("utf-8", "replace")

    def history(self, trust: Trust) -> "FarHistory":
        """Its leaves as far as the checkpoint it shows reaches. Raises Unverified where that is not signed."""
        checkpoint, _ = open_checkpoint(self.note(), trust.vkeys)
        return FarHistory(self, checkpoint.size)

    def ask(self, path: str) -> Mapping[str, Any]:
        """A JSON object. Raises Missing, Malformed."""
        try:
            value = json.loads(self._get(path))
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise Malformed("answer", f"{self.url}{path} did not answer with a JSON object")
        return value

    def _get(self, path: str) -> bytes:
        place = urlsplit(self.url)
        kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
        try:
            connection = kind(place.hostname or "", place.port, timeout=_TIMEOUT)
            try:
                connection.request("GET", place.path.rstrip("/") + path)
                answer = connection.getresponse()
                body = answer.read(_LONGEST)
            finally:
                connection.close()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Missing("no_answer", f"{self.url} does not answer: {error}") from error
        if answer.status != 200:
            raise Missing("no_answer", f"{self.url}{path} answers with status {answer.status}")
        return body


@dataclass(frozen=True)
class FarHistory:
    """A `comparing.History` that asks for each proof."""

    ledger: FarLedger
    size: int

    def root(self, size: int) -> bytes:
        """As its inclusion proof of the last of `size` leaves gives it. Raises Missing, Malformed, Unverified."""
        said = self.ledger.ask(f"/v1/proofs/inclusion/{size}/{size - 1}")
        leaf = b64_decode(str(said.get("leaf")), "the leaf of an inclusion proof", HASH_SIZE)
        return root_from_path(index=size - 1, size=size, leaf=leaf, path=_path(said))

    def consistency_path(self, old: int, new: int) -> tuple[bytes, ...]:
        """As it is answered. Raises Missing, Malformed."""
        return _path(self.ledger.ask(f"/v1/proofs/consistency/{old}/{new}"))


def _path(said: Mapping[str, Any]) -> tuple[bytes, ...]:
    nodes = said.get("path")
    if not isinstance(nodes, list) or len(nodes) > PATH_LIMIT + 1:
        raise Malformed("answer", "a proof has a list of at most 64 hashes")
    return tuple(b64_decode(str(node), "a hash of a proof", HASH_SIZE) for node in nodes)
