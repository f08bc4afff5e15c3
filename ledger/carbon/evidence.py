"""Which entries the footprint of a piece follows from: computed from these alone, it is the same (SPEC 12.9).

What a piece carries was charged to the steps that made it and to those before, by the hours and streams that met their
windows. An hour is shared among all windows that it meets, so they are in it too, but not what was charged to them.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from ledger.carbon.charges import Factors
from ledger.carbon.given import Given, Step, closed_periods
from ledger.carbon.network import is_balanced
from ledger.carbon.windows import Charge, Span, Spans, Windows, waited_for, windows_of
from ledger.kernel.gs1 import names_one_thing
from ledger.lots.records import Place

One = TypeVar("One")
Name = TypeVar("Name")
_NONE = Windows(())
_CORRECTION = "correction"  # kind of a posting


class OutOfReach(Exception):
    """The footprint follows from more entries than were asked for, or from some that are not told, as a store's."""


class Found(NamedTuple):
    """The entries, and the lots that it goes through, of which every version is to be at hand to book them again."""

    entries: frozenset[int]
    lots: frozenset[str]


class Evidence:
    """Of every piece of one state. `charges` are what it was charged with, whatever their amounts."""

    def __init__(self, given: Given, charges: Iterable[Charge]) -> None:
        self.power = _by(given.hours, lambda hour: (hour.entry,))
        self.closes = _by(given.closes, lambda close: close.processes)
        self.factors, self.described_by = Factors(given.streams), given.described_by
        self.in_place_of = given.in_place_of
        self.steps = {one.index: one for one in given.steps}
        self.at_place = _by(sorted(given.steps, key=_moment), _places)
        self.of_thing = _by(given.steps, _things)
        self.senders = _by(given.steps, lambda step: [(row.entry, row.lot) for row in step.settles])
        self.sharing = Sharing(given, charges)
        self._balanced = _by(filter(is_balanced, given.steps), lambda step: (step.process,))
        self._in_spans: dict[str, list[tuple[Span, int, Step]]] = {}

    def of(self, piece: str, most: int) -> Found:
        """Of at most `most` entries. Raises OutOfReach."""
        search = _Search(self, most)
        for step in self.of_thing.get(piece, ()):
            search.take_in(step)
            if step.joins or step.worked:
                search.follow(step, piece)
        search.all()
        return Found(frozenset(search.found), frozenset({piece, *search.lots}))

    def balanced(self, process: str) -> list[tuple[Span, int, Step]]:
        """The steps that are joined over spans, by their spans and indices."""
        if process not in self._in_spans:
            steps = self._balanced[process]
            spans = ((self.sharing.spans.of(process, one.time), one.index, one) for one in steps)
            self._in_spans[process] = sorted(spans, key=lambda row: row[:2])
        return self._in_spans[process]


class Sharing:
    """Which charges meet which steps, process by process, as it is asked for."""

    def __init__(self, given: Given, charges: Iterable[Charge]) -> None:
        kept = list(charges)
        self.spans, self._windows = Spans(closed_periods(given.closes)), windows_of(given.steps)
        self.of_entry = _by(kept, lambda charge: (charge.entry,))
        self._of_process = _by(kept, lambda charge: (charge.process,))
        self._to_step: dict[str, dict[int, list[Charge]]] = {}

    def over(self, one: Charge) -> Collection[int]:
        """The steps that it is shared out among, as `charge` does."""
        windows = self._windows.get(one.process, _NONE)
        over = windows.overlapping(one.start, one.end)
        return over or waited_for(self.spans.of(one.process, one.end - 1), windows)

    def with_step(self, step: Step) -> Collection[Charge]:
        """What a step has a share of; of what met no window all that waited with it, as remainders are of the sum."""
        if step.process not in self._to_step:
            found = self._to_step.setdefault(step.process, {})
            for one in self._of_process.get(step.process, ()):
                for entry in self.over(one):
                    found.setdefault(entry, []).append(one)
        return self._to_step[step.process].get(step.index, ())


class _Search:
    def __init__(self, evidence: Evidence, most: int) -> None:
        self.of, self.most = evidence, most
        self.found: set[int] = set()
        self._followed: set[tuple[int, str]] = set()
        self._charges: set[int] = set()
        self._closed: set[str] = set()
        self._corrected: set[str] = set()
        self._reached: dict[Place, int] = {}  # how many of the steps of a place were gone through
        self._joined: dict[str, int] = {}  # how many of the balanced steps of a process
        self._next: list[tuple[Step, str]] = []
        self._due: list[int] = []

    @property
    def lots(self) -> Iterator[str]:
        """Whose places were come to, or whose weight was put right: that takes what it was before."""
        yield from (place[0] for place in self._reached)
        yield from self._corrected

    def all(self) -> None:
        """Until nothing new comes up."""
        while self._next or self._due:
            if self._due:
                self._share(self._due.pop())
            else:
                self._go_back(*self._next.pop())

    def take_in(self, step: Step) -> None:
        """A step, and what says how much of a thing it worked on."""
        self._add(step.index)
        self._corrected.update(one.place[0] for one in step.credits if one.kind == _CORRECTION)
        for one in step.worked:
            made = [other.index for other in self.of.of_thing.get(one.place[0], ()) if other.index < step.index]
            if made:
                self._add(max(made))

    def follow(self, step: Step, lot: str) -> None:
        """A step as one that gives some of a lot: what it is charged with, and where it has it from."""
        name = (step.index, "" if step.joins else lot)
        if name not in self._followed:
            self._followed.add(name)
            self._next.append((step, name[1]))

    def _go_back(self, step: Step, lot: str) -> None:
        self.take_in(step)
        for one in step.debits:
            if lot in {"", one.place[0]}:
                self._come_to(one.place, step)
        for sender in self.of.senders.get((step.index, lot), ()):
            self.follow(sender, lot)
        if step.process:
            self._due += (charge.entry for charge in self.of.sharing.with_step(step))
        if is_balanced(step):
            self._balance(step)

    def _come_to(self, place: Place, last: Step) -> None:
        """Everything that happened at a place up to a step; what gave to it, back to where that was from."""
        steps = self.of.at_place[place]
        number = self._reached.get(place, 0)
        while number < len(steps) and _moment(steps[number]) <= _moment(last):
            step = steps[number]
            number += 1
            self._reached[place] = number
            self.take_in(step)
            if any(one.place == place for one in (*step.credits, *step.worked)):
                self.follow(step, place[0])

    def _balance(self, step: Step) -> None:
        """12.4: what went in and came out in its span and in those before."""
        span, steps = self.of.sharing.spans.of(step.process, step.time), self.of.balanced(step.process)
        self._close(step.process)
        number = self._joined.get(step.process, 0)
        while number < len(steps) and steps[number][0] <= span:
            one = steps[number][2]
            number += 1
            self._add(one.index)
            for moved in one.debits:
                self._add(self.of.described_by.get(moved.place[0], one.index))
                self._come_to(moved.place, one)
        self._joined[step.process] = number

    def _share(self, entry: int) -> None:
        """All that one statement charges, with all that it is shared among."""
        if entry in self._charges:
            return
        self._charges.add(entry)
        self._add(entry, *_chain(self.of.in_place_of, entry))
        for hour in self.of.power.get(entry, ()):
            if hour.entries is None:
                raise OutOfReach
            self._add(*hour.entries)
            self._due += self.of.factors.looked_at(hour.process, hour.start)
        for charge in self.of.sharing.of_entry.get(entry, ()):
            self._close(charge.process)
            for index in self.of.sharing.over(charge):
                self.take_in(self.of.steps[index])

    def _close(self, process: str) -> None:
        if process not in self._closed:
            self._closed.add(process)
            self._add(*(one.entry for one in self.of.closes.get(process, ())))

    def _add(self, *entries: int) -> None:
        self.found.update(entries)
        if len(self.found) > self.most:
            raise OutOfReach


def _by(rows: Iterable[One], names: Callable[[One], Iterable[Name]]) -> dict[Name, list[One]]:
    found: dict[Name, list[One]] = {}
    for row in rows:
        for name in names(row):
            found.setdefault(name, []).append(row)
    return found


def _chain(before: Mapping[int, int], entry: int) -> Iterator[int]:
    while entry in before:
        entry = before[entry]
        yield entry


def _moment(step: Step) -> tuple[int, int]:
    return step.time, step.index


def _places(step: Step) -> Iterator[Place]:
    yield from dict.fromkeys(one.place for one in (*step.debits, *step.credits, *step.worked))


def _things(step: Step) -> Iterator[str]:
    lots = dict.fromkeys(one.place[0] for one in (*step.credits, *step.worked))
    yield from filter(names_one_thing, lots)
