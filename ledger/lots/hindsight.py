"""Judged again once the whole story is known: in the order in which things happened, and delivery by delivery.

By event time, nobody takes what he does not have yet (rule 5.5); additions come before draws of one moment. What is in
one place depends on no other, so each place is judged by itself: every posting is a row, made so that rows sort into
places and within a place as they are judged.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import chain
from struct import Struct
from typing import NamedTuple

from ledger.lots.booking import tonnes
from ledger.lots.custody import difference
from ledger.lots.records import Delivery, Effects, Finding

# Digest of the place, event time, whether it takes, entry, which of the entry's debits, and g.
_ROW = Struct(">32sQBQIq")
ROW_SIZE = _ROW.size
_EPOCH = 1 << 63  # times before 1970 sort before those after
_NO_ENTRY = (1 << 64) - 1  # which nobody declares wrong


class Short(NamedTuple):
    """A draw of more than there was by event time: which of the entry's debits it is, and how much is short, in g."""

    time: int
    entry: int
    debit: int
    g: int


def rows_of(effects: Effects) -> Iterator[bytes]:
    """What one event adds and takes, a row of ROW_SIZE bytes for each posting.

    Nobody took what a correction sets off. What a declaration leaves of a weight, by its maker's word, stands.
    """
    time, entry = effects.time + _EPOCH, effects.index
    for number, posting in enumerate(effects.credits):
        stands = effects.undoes >= 0 and posting.kind == "weighed"
        yield _ROW.pack(_digest(posting.place), time, 0, _NO_ENTRY if stands else entry, number, posting.g)
    for number, posting in enumerate(effects.debits):
        if posting.kind != "correction":
            yield _ROW.pack(_digest(posting.place), time, 1, entry, number, posting.g)


def _digest(place: Iterable[str]) -> bytes:
    return sha256("\n".join(place).encode()).digest()


def short_of(rows: bytes | bytearray, undone: frozenset[int]) -> list[Short]:
    """What is short in some places, of which these are all rows, in any order; entries that are `undone` left out."""
    found: list[Short] = []
    here, have = b"", 0
    ordered = sorted(rows[at : at + ROW_SIZE] for at in range(0, len(rows), ROW_SIZE))
    for place, time, takes, entry, number, g in map(_ROW.unpack, ordered):
        if entry in undone:
            continue
        if place != here:
            here, have = place, 0
        have += -g if takes else g
        if takes and have < 0:
            found.append(Short(time - _EPOCH, entry, number, -have))
    return found


def undone_by(events: Iterable[Effects]) -> Iterator[int]:
    """The entries that stand no more in the order of time: events declared wrong, and the declarations."""
    return chain.from_iterable((one.undoes, one.index) for one in events if one.undoes >= 0)


def time_order(effects: Effects, short: Short) -> Finding:
    """What is said of one draw of an event."""
    posting = effects.debits[short.debit]
    says = f"it takes {tonnes(posting.g)} of lot {posting.lot} before {posting.holder} has it"
    return Finding("time_order", posting.lot, says, {"entry": short.entry, "short": short.g})


def delivery_findings(delivery: Delivery) -> Iterator[Finding]:
    """Rule 5.4: what arrived differs from what left by more than 0.5 % (wet bulk 2 %); nothing arrived says nothing."""
    for line in delivery.lines:
        says = difference(line) if line.received else ""
        if says:
            yield Finding("delivery_difference", line.lot, f"{delivery.name}: {says}", {"delivery": delivery.name})
