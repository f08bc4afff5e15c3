"""What POST /v1/proofs is asked for: a tree size, and entries of it by index or by leaf hash, as JSON or Arrow."""

from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET

from ledger.checking.arrow_reader import ArrowReader
from ledger.kernel import strict_json
from ledger.kernel.encoding import b64_decode, decimal_integer
from ledger.kernel.errors import Malformed, TooLarge
from ledger.kernel.hashing import HASH_SIZE
from ledger.limits import PROOFS
from ledger.recording.log import Log
from ledger.showing import reading
from schemas import wire


@dataclass(frozen=True, slots=True)
class Wanted:
    """Entries below `size`, a size that was reached: their indices as a list, or as an Arrow array of uint64."""

    size: int
    indices: Any

    def listed(self) -> list[int]:
        """The indices as Python's own numbers."""
        found: list[int] = self.indices if isinstance(self.indices, list) else self.indices.to_pylist()
        return found


def read_json(log: Log, body: bytes) -> Wanted:
    """Raises Malformed, TooLarge, Missing."""
    value = strict_json.decode(body)
    try:
        asked = msgspec.convert(value, wire.ProofsWanted)
    except msgspec.ValidationError as error:
        raise Malformed("members", f"the body is not as it must be: {error}") from None
    reading.require_size(log, asked.size)
    if asked.leaves is UNSET and asked.indices is not UNSET:
        _check_count(len(asked.indices))
        reading.require_below(max(asked.indices, default=0), asked.size)
        return Wanted(asked.size, asked.indices)
    if asked.leaves is not UNSET and asked.indices is UNSET:
        return _of_leaves(log, asked.leaves, asked.size)
    raise Malformed("members", "the body is not as it must be: it has either `indices` or `leaves`")


def _of_leaves(log: Log, texts: list[str], size: int) -> Wanted:
    from api.arrow_proofs import find_leaves  # noqa: PLC0415  as in `read_arrow`

    _check_count(len(texts))
    leaves = [b64_decode(text, f"leaf hash {row}", HASH_SIZE) for row, text in enumerate(texts)]
    return Wanted(size, find_leaves(log, leaves, size))


def read_arrow(log: Log, reader: ArrowReader, body: bytes, said: str) -> Wanted:
    """`said` is the tree size, from the query. Raises Malformed, TooLarge, Missing, Busy."""
    from api import arrow_proofs  # noqa: PLC0415  pyarrow takes 0.2 s to import, for those who ask for it

    size = decimal_integer(said, "the tree size")
    reading.require_size(log, size)
    return Wanted(size, arrow_proofs.indices_of(log, reader.wanted(body), size))


def _check_count(count: int) -> None:
    if count > PROOFS:
        raise TooLarge("proofs_size", f"{count} proofs are asked for, the most is {PROOFS}")
