"""What is known of stated emissions and closed periods, as frozen records: the state that new statements are held to.

Time is in µs since 1970 UTC, periods are half-open. Records travel as msgpack arrays: the order of members is part of
the form.
"""

from hashlib import sha256

from msgspec import Struct

from ledger.kernel.subjects import subject_key

_LABEL = b"coilmark/carbon/v1\n"


class Stretch(Struct, frozen=True, array_like=True, gc=False):
    """[start, end), and the entry that says something of it."""

    start: int
    end: int
    entry: int

    def overlaps(self, other: "Stretch") -> bool:
        """Whether they have a moment in common."""
        return self.start < other.end and other.start < self.end


class Stated(Struct, frozen=True, array_like=True, tag="stream"):
    """One source stream of a process: the periods that it is stated for, ascending, each by the entry in force."""

    process: str
    stream: str
    kind: str
    periods: tuple[Stretch, ...] = ()


class Closed(Struct, frozen=True, array_like=True, tag="closed"):
    """The closed periods of a process, ascending, each with the newest close."""

    process: str
    periods: tuple[Stretch, ...] = ()


def stream_key(process: str, stream: str) -> bytes:
    """Where a stream's record stands."""
    return sha256(_LABEL + b"stream\n" + process.encode() + b"\n" + stream.encode()).digest()


def closed_key(process: str) -> bytes:
    """Where the closed periods of a process stand."""
    return sha256(_LABEL + b"closed\n" + subject_key("process", process)).digest()
