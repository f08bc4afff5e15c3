"""The units that amounts of class lots were packed in: what happens to a unit happens to them, and names it alone.

So the history of such a lot is its own events and those of each unit from the one that packed some of it there up to
the one that took the last of it out, or up to the draw that is asked about (SPEC 4.6). What a unit did before and after
is no part of it: a returnable frame is used for years.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from ledger.kernel.gs1 import names_one_thing
from ledger.lots.records import NOBODY, Contained, Effects


class History(Protocol):
    """What is asked of a source."""

    def effects(self, entries: Collection[int]) -> Mapping[int, Effects]:
        """What these entries did."""
        ...

    def versions(self, names: Collection[str]) -> Mapping[str, Sequence[int]]:
        """The entries of each lot, ascending."""
        ...

    def at_hand_since(self, name: str, entry: int, /) -> int:
        """From which entry on all versions of a lot up to this one are at hand."""
        ...


class Span(Struct, frozen=True, gc=False):
    """So much of the history of a unit: the entries from `first` to `last`, in which it was around something."""

    unit: str
    first: int
    last: int


class Around(Struct, frozen=True, gc=False):
    """What units add to the history of lots.

    `entries` are events of units, `next` the first event after it of each lot or unit whose last one before a draw does
    not say itself that it was the last. Where there is none, the lot or unit is `unmoved` since.
    """

    entries: frozenset[int]
    next: frozenset[int]
    unmoved: tuple[str, ...]


def around(upto: Mapping[str, int], effects: Mapping[int, Effects], source: History, size: int) -> Around:
    """Of class lots, each up to an entry; `effects` are those of all their own events among others."""
    entries, later, unmoved = set[int](), set[int](), set[str]()
    for lot, own in packings(effects).items():
        last = upto.get(lot, NOBODY)
        spans = list(spans_of(lot, last, {entry: one for entry, one in own.items() if entry <= last}, source))
        ends = {(span.unit, span.last) for span in spans} | ({(lot, last)} if spans else set())
        versions = source.versions({name for name, _ in ends})
        entries |= {entry for span in spans for entry in within(span, source)} | taken_off(spans, source)
        for name, end in ends:
            after = next((entry for entry in versions[name] if entry >= end), size)
            unmoved |= {name} if after >= size else set()
            later |= {after} if end < after < size else set()
    return Around(frozenset(entries), frozenset(later), tuple(sorted(unmoved)))


def within(span: Span, source: History) -> Sequence[int]:
    """The events of the unit in there."""
    return [entry for entry in source.versions([span.unit])[span.unit] if span.first <= entry <= span.last]


def taken_off(spans: Collection[Span], source: History) -> set[int]:
    """What was in a unit that was used as a whole, and had been taken off it by events that do not name the unit.

    Their events up to the one that took them off: the unit's own leave it open whether they were used with it.
    """
    events = {span: source.effects(within(span, source)) for span in spans}
    used = {name for own in events.values() for one in own.values() for name in one.consumed}
    return {
        entry
        for span, own in events.items()
        for row in (row for one in own.values() for row in one.packed)
        if row.unit == span.unit and row.unit in used and names_one_thing(row.lot)
        for entry in _until_off(row, span, own, source)
    }


def _until_off(row: Contained, span: Span, own: Collection[int], source: History) -> Iterator[int]:
    entries = [entry for entry in source.versions([row.lot])[row.lot] if row.entry < entry <= span.last]
    for entry, one in sorted(source.effects(entries).items()):
        if any(_rows(one.unpacked, row.lot, row.unit)):
            yield from (each for each in entries if entry not in own and each <= max(entry, one.declared_by))
            return


def packings(effects: Mapping[int, Effects]) -> Mapping[str, dict[int, Effects]]:
    """The events that packed some of a class lot, by lot."""
    found: dict[str, dict[int, Effects]] = {}
    for entry, one in effects.items():
        for row in one.packed:
            if one.undoes == NOBODY and not names_one_thing(row.lot):
                found.setdefault(row.lot, {})[entry] = one
    return found


def spans_of(name: str, upto: int, own: Mapping[int, Effects], source: History, since: int = 0) -> Iterator[Span]:
    """The units that something was in, since and up to an entry, and those that they were in; `own` are its events."""
    for stay in _stays(name, upto, own, source):
        if stay.last < since:
            continue
        since_then = source.at_hand_since(stay.unit, stay.first)
        entries = [entry for entry in source.versions([stay.unit])[stay.unit] if since_then <= entry <= stay.last]
        events = source.effects(entries)
        outer = [one for one in _stays(stay.unit, stay.last, events, source) if one.last >= stay.first]
        yield Span(stay.unit, min([stay.first, *(one.first for one in outer)]), stay.last)
        yield from spans_of(stay.unit, stay.last, events, source, stay.first)


def _stays(name: str, upto: int, own: Mapping[int, Effects], source: History) -> Iterator[Span]:
    first: dict[str, int] = {}
    for entry, unit in sorted((entry, row.unit) for entry, one in own.items() for row in one.packed if row.lot == name):
        first.setdefault(unit, entry)
    for unit, since in first.items():
        entries = [entry for entry in source.versions([unit])[unit] if since <= entry <= upto]
        yield from _in_unit(name, unit, upto, {**own, **source.effects(entries)})


def in_since(unit: str, entry: int, events: Mapping[int, Effects]) -> int:
    """The event that put a unit where it was at an entry, of its own events; the entry itself where it was in none."""
    inside: dict[str, int] = {}
    for index, one in sorted(events.items()):
        if index < entry:
            for row in one.unpacked:
                inside.pop(row.unit if row.lot == unit else "", None)
            inside |= {row.unit: index for row in one.packed if row.lot == unit}
    return min([entry, *inside.values()])


def _in_unit(name: str, unit: str, upto: int, events: Mapping[int, Effects]) -> Iterator[Span]:
    """Each time that some of it was in this unit, from the event that put it there to the one that took it out.

    Where that is declared wrong, what became of the unit until then says whether it is in again.
    """
    inside: dict[int, int] = {}
    first = last = NOBODY
    for entry, one in sorted(events.items()):
        if first != NOBODY and not inside and entry > last:
            yield Span(unit, first, last)
            first = NOBODY
        before = bool(inside)
        _book(inside, one, name, unit)
        if inside and first == NOBODY:
            first = last = entry
        if before and any(_rows(one.unpacked, name, unit)):
            last = min(upto, max(last, entry, one.declared_by))
    if first != NOBODY:
        yield Span(unit, first, upto if inside else last)


def _book(inside: dict[int, int], one: Effects, name: str, unit: str) -> None:
    """What is in it by which packing, in g; a piece is in it with none."""
    for entry, g in _rows(one.unpacked, name, unit):
        left = inside.pop(entry, 0) - g
        if left > 0:
            inside[entry] = left
    for entry, g in _rows(one.packed, name, unit):
        inside[entry] = inside.get(entry, 0) + g


def _rows(rows: Iterable[Contained], name: str, unit: str) -> Iterator[tuple[int, int]]:
    return ((row.entry, row.g) for row in rows if (row.lot, row.unit) == (name, unit))
