"""Arrow from outside, read in a process that may die of it alone: a decoder is the likeliest thing to be brought down.

What comes back is as plain as bytes can be: which column it was, and its values one after the other.
"""

import threading
from dataclasses import dataclass
from typing import TypeAlias

from ledger.checking.worker import Worker, confine, start_worker
from ledger.kernel.errors import Busy, Refused
from ledger.limits import DECOMPRESSED, MIB

SECONDS = 20.0  # that a stream may take to be read, the start of its reader included
_MEMORY = 768 * MIB  # of its own that the process may have: a stream has 32 MiB and is read in a few copies
_RETRY = 1  # seconds


@dataclass(frozen=True, slots=True)
class Column:
    """A column without nulls: its name in the schemas of `schemas.arrow`, and its values, each of the same width."""

    name: str
    values: bytes


_Answer: TypeAlias = Column | Refused


class ArrowReader:
    """One process, started when it is first asked. `wanted` may be called from any thread; one is served at a time."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._one = threading.Lock()
        self._worker: Worker | None = None

    def wanted(self, data: bytes) -> Column:
        """What a stream of indices or of leaf hashes asks for. Raises Malformed, TooLarge; Busy where nobody can say.

        A stream that ends its reader is not tried again: the next one gets a new reader.
        """
        if not self._one.acquire(timeout=self._seconds):
            raise Busy("arrow_unread", "other Arrow streams are being read; ask again, or in JSON", retry_after=_RETRY)
        try:
            answer = self._ask(data)
        finally:
            self._one.release()
        if answer is None:
            says = "the process that read the Arrow stream ended, or took too long; ask again, or in JSON"
            raise Busy("arrow_unread", says, retry_after=_RETRY)
        if isinstance(answer, Refused):
            raise answer
        return answer

    def stop(self) -> None:
        """End the process, where there is one."""
        with self._one:
            if self._worker is not None:
                self._worker.end()
            self._worker = None

    def _ask(self, data: bytes) -> _Answer | None:
        if self._worker is not None and not self._worker.process.is_alive():  # of something else than a stream
            self._end()
        self._worker = self._worker or start_worker(_read_wanted, "coilmark-arrow")
        answer: _Answer | None = None if self._worker is None else self._worker.ask(data, self._seconds)
        if answer is None:
            self._end()
        return answer

    def _end(self) -> None:
        if self._worker is not None:
            self._worker.kill()
        self._worker = None


def _read_wanted(data: bytes) -> _Answer:
    """In the worker."""
    confine(_MEMORY)
    from ledger.merkle.hostile import read_stream  # noqa: PLC0415  pyarrow is for this process alone
    from schemas.arrow import WANTED_INDICES, WANTED_LEAVES  # noqa: PLC0415  likewise

    try:
        batch = read_stream(data, WANTED_INDICES, WANTED_LEAVES, most_bytes=DECOMPRESSED)
    except Refused as refusal:
        return refusal
    column, name = batch.column(0), batch.schema.names[0]
    values = column.buffers()[1]
    width = column.type.bit_width // 8
    return Column(name, values.slice(0, width * batch.num_rows).to_pybytes() if batch.num_rows else b"")
