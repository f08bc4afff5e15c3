"""Proofs that travel as one text: index, path and signed checkpoint (C2SP tlog-proof@v1)."""

from dataclasses import dataclass

from ledger.kernel.encoding import b64_decode, b64_encode, decimal_integer
from ledger.kernel.errors import Malformed, TooLarge
from ledger.kernel.hashing import HASH_SIZE
from ledger.kernel.note import parse_note
from ledger.kernel.proofs import PATH_LIMIT, SIZE_LIMIT

HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class TlogProof:
    """`path` has the leaf's sibling first; `checkpoint` is the signed note, byte for byte.

    `extra` is not authenticated by anything; None means there is none (an empty one cannot be written).
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None


def format_tlog_proof(proof: TlogProof) -> str:
    """The text that `parse_tlog_proof` reads."""
    extra = [f"extra {b64_encode(proof.extra)}"] if proof.extra else []
    lines = [HEADER, *extra, f"index {proof.index}", *map(b64_encode, proof.path)]
    return "\n".join(lines) + "\n\n" + proof.checkpoint


def parse_tlog_proof(text: str) -> TlogProof:
    """Read a proof. Raises Malformed, or TooLarge above 63 hashes; checks no hash and no signature.

    The checkpoint must be a signed note to its last byte, so nothing can trail behind it.
    """
    head, separator, checkpoint = text.partition("\n\n")
    first, *lines = head.split("\n")
    if first != HEADER or not separator:
        raise Malformed("tlog_proof", f"a proof begins with the line {HEADER}, and an empty line ends its path")
    extra = _extra(lines.pop(0)) if lines and lines[0].startswith("extra ") else None
    if not lines or not lines[0].startswith("index "):
        raise Malformed("tlog_proof", "the index line of the proof is missing")
    index = decimal_integer(lines[0].removeprefix("index "), "the index of the proof", SIZE_LIMIT - 1)
    proof = TlogProof(index, _path(lines[1:]), checkpoint, extra)
    parse_note(checkpoint)
    if format_tlog_proof(proof) != text:
        raise Malformed("tlog_proof", "the proof is not in its one canonical spelling")
    return proof


def _extra(line: str) -> bytes:
    data = b64_decode(line.removeprefix("extra "), "the extra data of the proof")
    if not data:
        raise Malformed("tlog_proof", "the extra line of the proof is empty; without extra data there is none")
    return data


def _path(lines: list[str]) -> tuple[bytes, ...]:
    if len(lines) > PATH_LIMIT:
        raise TooLarge("path", f"a path has at most {PATH_LIMIT} hashes, this has {len(lines)}")
    return tuple(b64_decode(line, "a hash of the proof's path", HASH_SIZE) for line in lines)
