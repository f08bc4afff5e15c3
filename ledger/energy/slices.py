"""An attestation's watt-hours as slices: ascending, disjoint, exhaustive after any number of cuts (A6)."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from operator import attrgetter

from msgspec.structs import replace

from ledger.energy.records import Slice

_start = attrgetter("start")


def watt_hours(wh: int) -> str:
    """Wh with thin groups, as sentences of this package give them."""
    return f"{wh:,} Wh".replace(",", " ")


def within(slices: tuple[Slice, ...], start: int, end: int) -> Iterator[Slice]:
    """The parts of slices that lie in [start, end), ascending."""
    first, beyond = _overlapping(slices, start, end)
    for one in slices[first:beyond]:
        yield one if start <= one.start and one.end <= end else cut(one, max(start, one.start), min(end, one.end))


def cut(one: Slice, start: int, end: int) -> Slice:
    """The part [start, end) of a slice."""
    return replace(one, start=start, end=end)


def carve(slices: tuple[Slice, ...], start: int, end: int, change: Callable[[Slice], Slice]) -> tuple[Slice, ...]:
    """A6: the slices cut at `start` and `end`, what lies between changed; equal neighbours are one slice.

    The children of a slice have its watt-hours, all of them and no others: end - start is the length of each.
    """
    first, beyond = _overlapping(slices, start, end)
    parts: list[Slice] = list(slices[max(0, first - 1) : first])
    for one in slices[first:beyond]:
        if one.start < start:
            parts.append(cut(one, one.start, start))
        parts.append(change(cut(one, max(start, one.start), min(end, one.end))))
        if end < one.end:
            parts.append(cut(one, end, one.end))
    parts += slices[beyond : beyond + 1]
    return (*slices[: max(0, first - 1)], *_joined(parts), *slices[beyond + 1 :])


def _overlapping(slices: tuple[Slice, ...], start: int, end: int) -> tuple[int, int]:
    return bisect_right(slices, start, key=_start) - 1, bisect_left(slices, end, key=_start)


def _joined(parts: list[Slice]) -> list[Slice]:
    joined = parts[:1]
    for one in parts[1:]:
        last = joined[-1]
        if replace(last, start=one.start, end=one.end) == one:
            joined[-1] = replace(last, end=one.end)
        else:
            joined.append(one)
    return joined
