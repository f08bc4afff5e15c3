"""Which entries the footprint of a piece follows from: computed from these alone, it is the same (SPEC 12.9).

What a piece carries was charged to the steps that made it and to those before, by the hours and streams that met their
windows. An hour is shared among all windows that it meets, so they are in it too, but not what was charged to them.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
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


class Part(NamedTuple):
    """Some of what is found: entries, and lots whose weight was put right, which takes what they were before."""

    entries: frozenset[int]
    corrected: frozenset[str]


class Visit(NamedTuple):
    """A step as something that happened at a place, by its moment; whether it gave to it."""

    time: int
    entry: int
    gives: bool
    step: Step


class Evidence:
    """Of every piece of one state. `charges` are what it was charged with, whatever their amounts.

    Pieces share most of their ancestors: what a step and what a charge bring with them is found out once for all.
    """

    def __init__(self, given: Given, charges: Iterable[Charge]) -> None:
        self.of_thing = _by(given.steps, _things)
        self.taken_in = {one.index: self._taken_in(one) for one in given.steps}
        self.at_place = _at_places(given.steps)
        self.senders = _by(given.steps, lambda step: [(row.entry, row.lot) for row in step.settles])
        self.described_by = given.described_by
        self.sharing = Sharing(given, charges)
        self._given, self._factors = given, Factors(given.streams)
        self._power = _by(given.hours, lambda hour: (hour.entry,))
        self._closes = _by(given.closes, lambda close: close.processes)
        self._balanced = _by(filter(is_balanced, given.steps), lambda step: (step.process,))
        self._in_spans: dict[str, list[tuple[Span, int, Step]]] = {}
        self._charged: dict[int, Part | None] = {}

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

    def closes(self, process: str) -> Iterator[int]:
        """The entries that close periods of a process."""
        return (one.entry for one in self._closes.get(process, ()))

    def _taken_in(self, step: Step) -> Part:
        """A step, and what says how much of a thing it worked on."""
        corrected = frozenset(one.place[0] for one in step.credits if one.kind == _CORRECTION)
        return Part(frozenset({step.index, *self._makers(step)}), corrected)

    def _makers(self, step: Step) -> Iterator[int]:
        for one in step.worked:
            made = [other.index for other in self.of_thing.get(one.place[0], ()) if other.index < step.index]
            if made:
                yield max(made)

    def charged_by(self, entry: int) -> Part | None:
        """All that one statement charges, with all that it is shared among; None where that is out of reach."""
        if entry not in self._charged:
            self._charged[entry] = self._charged_by(entry)
        return self._charged[entry]

    def _charged_by(self, entry: int) -> Part | None:
        hours = self._power.get(entry, ())
        factors = {factor for hour in hours for factor in self._factors.looked_at(hour.process, hour.start)}
        parts = [self.charged_by(factor) for factor in factors - {entry}]
        found = {entry, *_chain(self._given.in_place_of, entry)}
        for hour in hours:
            if hour.entries is None:
                return None
            found.update(hour.entries)
        charges = self.sharing.of_entry.get(entry, ())
        for process in {charge.process for charge in charges}:
            found.update(self.closes(process))
        shared = {index for charge in charges for index in self.sharing.over(charge)}
        parts += [self.taken_in[index] for index in shared]
        return _joined(found, parts)


class Sharing:
    """Which charges meet which steps, process by process, as it is asked for."""

    def __init__(self, given: Given, charges: Iterable[Charge]) -> None:
        kept = list(charges)
        self.spans, self._windows = Spans(closed_periods(given.closes)), windows_of(given.steps)
        self.of_entry = _by(kept, lambda charge: (charge.entry,))
        self._of_process = _by(kept, lambda charge: (charge.process,))
        self._to_step: dict[str, dict[int, set[int]]] = {}

    def over(self, one: Charge) -> Collection[int]:
        """The steps that it is shared out among, as `charge` does."""
        windows = self._windows.get(one.process, _NONE)
        over = windows.overlapping(one.start, one.end)
        return over or waited_for(self.spans.of(one.process, one.end - 1), windows)

    def with_step(self, step: Step) -> AbstractSet[int]:
        """The entries that a step has a share of; of what met no window all that waited with it: the sum is shared."""
        if step.process not in self._to_step:
            found = self._to_step.setdefault(step.process, {})
            for one in self._of_process.get(step.process, ()):
                for entry in self.over(one):
                    found.setdefault(entry, set()).add(one.entry)
        return self._to_step[step.process].get(step.index, frozenset())


class _Search:
    def __init__(self, evidence: Evidence, most: int) -> None:
        self.of, self.most = evidence, most
        self.found: set[int] = set()
        self._followed: set[tuple[int, str]] = set()
        self._charges: set[int] = set()
        self._corrected: set[str] = set()
        self._reached: dict[Place, int] = {}  # how many of the steps of a place were gone through
        self._joined: dict[str, int] = {}  # how many of the balanced steps of a process
        self._next: list[tuple[Step, str]] = []

    @property
    def lots(self) -> Iterator[str]:
        """Whose places were come to, or whose weight was put right."""
        yield from (place[0] for place in self._reached)
        yield from self._corrected

    def all(self) -> None:
        """Back until nothing new comes up; then what all that was charged with, which leads no further back."""
        while self._next:
            self._go_back(*self._next.pop())
        for entry in self._charges:
            part = self.of.charged_by(entry)
            if part is None:
                raise OutOfReach
            self._take(part)

    def take_in(self, step: Step) -> None:
        """A step, and what says how much of a thing it worked on."""
        self._take(self.of.taken_in[step.index])

    def follow(self, step: Step, lot: str) -> None:
        """A step as one that gives some of a lot: what it is charged with, and where it has it from."""
        name = (step.index, "" if step.joins else lot)
        if name not in self._followed:
            self._followed.add(name)
            self._next.append((step, name[1]))

    def _go_back(self, step: Step, lot: str) -> None:
        for one in step.debits:
            if not lot or lot == one.place[0]:
                self._come_to(one.place, step)
        for sender in self.of.senders.get((step.index, lot), ()):
            self.take_in(sender)
            self.follow(sender, lot)
        if step.process:
            self._charges |= self.of.sharing.with_step(step)
        if is_balanced(step):
            self._balance(step)

    def _come_to(self, place: Place, last: Step) -> None:
        """Everything that happened at a place up to a step; what gave to it, back to where that was from."""
        rows, first = self.of.at_place[place], self._reached.get(place, 0)
        beyond = bisect_left(rows, (last.time, last.index + 1), first)
        if beyond <= first:
            return
        self._reached[place] = beyond
        for row in rows[first:beyond]:
            self.take_in(row.step)
            if row.gives:
                self.follow(row.step, place[0])

    def _balance(self, step: Step) -> None:
        """12.4: what went in and came out in its span and in those before."""
        span, steps = self.of.sharing.spans.of(step.process, step.time), self.of.balanced(step.process)
        number = self._joined.get(step.process, 0)
        self._add(() if number else self.of.closes(step.process))
        while number < len(steps) and steps[number][0] <= span:
            one = steps[number][2]
            number += 1
            self._add((one.index,))
            for moved in one.debits:
                self._add((self.of.described_by.get(moved.place[0], one.index),))
                self._come_to(moved.place, one)
        self._joined[step.process] = number

    def _take(self, part: Part) -> None:
        if part.corrected:
            self._corrected |= part.corrected
        self._add(part.entries)

    def _add(self, entries: Iterable[int]) -> None:
        self.found.update(entries)
        if len(self.found) > self.most:
            raise OutOfReach


def _joined(entries: Iterable[int], parts: Iterable[Part | None]) -> Part | None:
    """All of it; None where a part is out of reach."""
    found, corrected = set(entries), set[str]()
    for part in parts:
        if part is None:
            return None
        found |= part.entries
        corrected |= part.corrected
    return Part(frozenset(found), frozenset(corrected))


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


def _at_places(steps: Iterable[Step]) -> dict[Place, list[Visit]]:
    """What happened at each place, by moment."""
    found: dict[Place, list[Visit]] = {}
    for step in sorted(steps, key=lambda one: (one.time, one.index)):
        given = {one.place for one in (*step.credits, *step.worked)}
        for place in given.union(one.place for one in step.debits):
            found.setdefault(place, []).append(Visit(step.time, step.index, place in given, step))
    return found


def _things(step: Step) -> Iterator[str]:
    lots = dict.fromkeys(one.place[0] for one in (*step.credits, *step.worked))
    yield from filter(names_one_thing, lots)
