"""The code a piece: 80 bits that follow from a secret of the ledger, so that nothing is stored for any piece.

Whoever has the label may read the passport; who only guesses ids may not. A code is no signature and proves nothing.
"""

import hmac
import re
from base64 import b32encode
from collections.abc import Collection
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import quote

from ledger.kernel.errors import Damaged, Malformed
from ledger.kernel.gs1 import canonical_id

SECRET_SIZE = 32  # bytes
CODE_SIZE = 10  # bytes: 80 bits, 16 characters of base32 without padding
_LABEL = b"coilmark/label-code/v1\n"
_PIECE = re.compile(r"\(01\)([0-9]{14})\(21\)(.+)")


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of one ledger. `blocked` are pieces whose code leaked: it opens nothing any more."""

    secret: bytes = field(repr=False)
    blocked: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Raises Damaged for a secret of another length."""
        if len(self.secret) != SECRET_SIZE:
            raise Damaged("label_key", f"the secret of the label codes has {len(self.secret)} bytes, not {SECRET_SIZE}")

    def code(self, piece: str) -> str:
        """The code of a piece, by its canonical id: 16 of A-Z and 2-7."""
        return b32encode(hmac.digest(self.secret, _LABEL + piece.encode("ascii"), "sha256")[:CODE_SIZE]).decode("ascii")

    def opens(self, piece: str, said: str) -> bool:
        """Whether this is the code of the piece, in either case; in the same time whatever is wrong with it."""
        # Hashed, so that neither length nor place of a difference shows in the time it takes.
        right = sha256(self.code(piece).encode()).digest()
        same = hmac.compare_digest(right, sha256(said.upper().encode()).digest())
        return same and piece not in self.blocked


def blocked_pieces(lines: Collection[str]) -> frozenset[str]:
    """Pieces named one a line in any GS1 spelling; empty lines and lines that begin with # mean nothing."""
    named = (line.strip() for line in lines)
    return frozenset(canonical_id(one) for one in named if one and not one.startswith("#"))


def piece_of(gtin: str, serial: str) -> str:
    """The canonical id of a serialised item. Raises Malformed ("gs1_id")."""
    return canonical_id(f"(01){gtin}(21){serial}")


def path_of(piece: str) -> str:
    """The path of its GS1 Digital Link: /01/{gtin}/21/{serial}. Raises Malformed for what is no serialised item."""
    found = _PIECE.fullmatch(piece)
    if found is None:
        raise Malformed("gs1_id", f"{piece[:80]!a} is no piece: (01), a GTIN, (21) and a serial are wanted")
    return f"/01/{found[1]}/21/{quote(found[2], safe='')}"


def link_of(base: str, piece: str, codes: Codes | None) -> str:
    """What stands in the symbol: the Digital Link below `base`, with the code where there is one."""
    code = f"?c={codes.code(piece)}" if codes is not None else ""
    return f"{base.rstrip('/')}{path_of(piece)}{code}"
