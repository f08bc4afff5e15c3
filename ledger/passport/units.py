"""The units that things and amounts were packed in: what happens to a unit happens to them, and names it alone.

So the history of a lot is its own events and those of each unit from the one that packed some of it there up to the one
that took the last of it out, or up to the draw that is asked about (SPEC 4.6). What a unit did before and after is no
part of it, and is not read: a returnable frame is used for years.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from ledger.kernel.gs1 import names_one_thing
from ledger.lots.records import NOBODY, Contained, Effects

_AT_ONCE = 32  # events that are read together


class History(Protocol):
    """What is asked of a source."""

    def effects(self, entries: Collection[int]) -> Mapping[int, Effects]:
        """What these entries did."""
        ...

    def versions(self, names: Collection[str]) -> Mapping[str, Sequence[int]]:
        """The entries of each lot, ascending."""
        ...

    def packed_since(self, name: str, entry: int, /) -> int:
        """The event that had put a thing into the unit that it was in before an entry; in none: the entry itself."""
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
    unmoved: frozenset[str]


def around(upto: Mapping[str, int], effects: Mapping[int, Effects], source: History, size: int) -> Around:
    """Of class lots, each up to an entry; `effects` are those of all their own events among others."""
    spans, ends = set[Span](), set[Span]()
    for lot, own in packings(effects).items():
        last = upto.get(lot, NOBODY)
        found = set(spans_of(lot, last, {entry: one for entry, one in own.items() if entry <= last}, source))
        spans |= found
        ends |= {Span(lot, last, last)} if found else set()
    return of_spans(spans, ends, source, size)


def of_spans(spans: Collection[Span], others: Collection[Span], source: History, size: int) -> Around:
    """What these add; it is shown that none was left out at their ends, and at the ends of others."""
    entries = {entry for span in spans for entry in within(span, source)} | taken_off(spans, source)
    later, unmoved = set[int](), set[str]()
    for span in {*spans, *others}:
        after = next((entry for entry in source.versions([span.unit])[span.unit] if entry >= span.last), size)
        unmoved |= {span.unit} if after >= size else set()
        later |= {after} if span.last < after < size else set()
    return Around(frozenset(entries), frozenset(later), frozenset(unmoved))


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
        if stay.last >= since:
            span = Span(stay.unit, source.packed_since(stay.unit, stay.first), stay.last)
            yield span
            yield from spans_of(span.unit, span.last, source.effects(within(span, source)), source, stay.first)


def _stays(name: str, upto: int, own: Mapping[int, Effects], source: History) -> Iterator[Span]:
    """Each time that some of it was in a unit, from the event that put it there to the one that took it out."""
    ended: dict[str, int] = {}
    for entry, unit in sorted((entry, row.unit) for entry, one in own.items() for row in one.packed if row.lot == name):
        if entry > ended.get(unit, NOBODY):
            ended[unit] = _out_of(name, Span(unit, entry, upto), own, source)
            yield Span(unit, entry, ended[unit])


def _out_of(name: str, most: Span, own: Mapping[int, Effects], source: History) -> int:
    """The event that took the last of it out of the unit that the first one put it in, or the last of all.

    Where that is declared wrong, what became of the unit until then says whether it is in again.
    """
    inside: dict[int, int] = {}
    last = most.first
    for entry, one in _events(most, own, source):
        if not inside and entry > last:
            return last
        before = bool(inside)
        _book(inside, one, name, most.unit)
        if before and any(_rows(one.unpacked, name, most.unit)):
            last = min(most.last, max(last, entry, one.declared_by))
    return most.last if inside else last


def _events(span: Span, own: Mapping[int, Effects], source: History) -> Iterator[tuple[int, Effects]]:
    """Those of the unit and these, in their order, as far as they are asked for: it may have gone on for years."""
    waiting = sorted({*within(span, source), *(entry for entry in own if span.first <= entry <= span.last)})
    while waiting:
        known = source.effects([entry for entry in waiting[:_AT_ONCE] if entry not in own])
        yield from ((entry, one) for entry in waiting[:_AT_ONCE] if (one := own.get(entry) or known.get(entry)))
        waiting = waiting[_AT_ONCE:]


def packed_after(since: int, name: str, entry: int, effects: Mapping[int, Effects]) -> int:
    """What `packed_since` says of an entry, where it said this before events that came before that entry."""
    for _, one in sorted(effects.items()):
        since = entry if any(row.lot == name for row in one.unpacked) else since
        since = next((row.entry for row in one.packed if row.lot == name), since)
    return since


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
