"""Up: from some metal to what it came from, mix by mix, in whole µg (rule 5.2).

Targets are followed from the newest entry to the oldest; within an entry the mix of a place before what the event
took, and that before the mix of a run. Each target shares its µg among the older ones it leads to, in proportion to
the g that its entry says, by largest remainder.
"""

from collections.abc import Iterable, Mapping
from heapq import heappop, heappush

from ledger.kernel.gs1 import names_one_thing
from ledger.lots.genealogy import (
    FOLDED_BELOW,
    NO_ADDITION,
    Correction,
    Edge,
    End,
    Loader,
    Node,
    Start,
    Trace,
    Versions,
    run_name,
)
from ledger.lots.loading import Loading
from ledger.lots.mass_rules import PRIMARY
from ledger.lots.records import NOBODY, Effects, Place, Posting, place_of_run
from ledger.lots.sharing import share

_MIX, _MADE, _RUN, _END = range(4)
# entry, stage and a place; for what an event took: the lot that moved, or "" where all that it took is joined;
# for an end: the lot, the reason, the class of scrap.
_Target = tuple[int, int, str, str, str]
_PASSES = 8  # a correction may lead to a later entry, which may lead back: so often an entry is gone through again


def up(starts: Iterable[Start], load: Loader, versions: Versions, *, ahead: bool = True) -> Trace:
    """Back to where the metal came from. Contributions under 0.1 % of the whole are folded.

    `ahead`: each call of the loader costs a query, so what is likely to be asked for next is asked for with it.
    """
    walk = _Walk(Loading(load, versions, ahead=ahead))
    for one in starts:
        walk.begin(one)
    while walk.heap:
        walk.step()
    return walk.trace()


class _Walk:
    def __init__(self, source: Loading) -> None:
        self.source = source
        self.total = 0
        self.heap: list[tuple[int, _Target]] = []
        self.waiting: dict[_Target, int] = {}
        self.passes: dict[_Target, int] = {}
        self.edges: dict[tuple[int, _Target], int] = {}
        self.ends: dict[_Target, int] = {}
        self.folded, self.folded_ug = 0, 0
        self.corrections: dict[int, Correction] = {}
        self.inputs: set[int] = set()
        self.drawn: dict[str, int] = {}
        self.drawn_by: dict[_Target, int] = {}

    def begin(self, start: Start) -> None:
        self.total += start.ug
        target = (start.mix, _MIX, *start.place)
        self.drawn_by[target] = max(start.at, self.drawn_by.get(target, NOBODY))
        self._lead(NOBODY, target, start.ug)

    def _lead(self, entry: int, target: _Target, ug: int) -> None:
        """So many µg of what an entry did are of this target."""
        if not ug:
            return
        if target[1] == _END:
            self.ends[target] = self.ends.get(target, 0) + ug
            return
        if target not in self.waiting:
            heappush(self.heap, (-target[0], target))
        self.waiting[target] = self.waiting.get(target, 0) + ug
        self.drawn_by[target] = max(entry, self.drawn_by.get(target, NOBODY))
        self.edges[entry, target] = self.edges.get((entry, target), 0) + ug

    def step(self) -> None:
        """Follow the newest target, or fold it."""
        _, target = heappop(self.heap)
        ug = self.waiting.pop(target)
        if ug * FOLDED_BELOW < self.total:
            self.folded, self.folded_ug = self.folded + 1, self.folded_ug + ug
            self._settled(target)
            return
        entry, lot = target[0], target[2]
        self.passes[target] = self.passes.get(target, 0) + 1
        if self.passes[target] > _PASSES:
            self._lead(entry, _end(entry, lot, "circular"), ug)
            return
        self._draw(target)
        for older, part in share(ug, self._leads_to(target)).items():
            self._lead(entry, older, part)

    def _settled(self, target: _Target) -> None:
        """Rule 5.1: that a sender was heard of some of a lot is known from its history up to there, however little."""
        entry, stage, lot, *_ = target
        if stage == _MADE and lot in self.drawn:
            self.drawn[lot] = max(entry, self.drawn[lot])

    def _draw(self, target: _Target) -> None:
        """Note the lot or run it went through, up to the entry that drew from it."""
        _, stage, lot, holder, delivery = target
        name = run_name(holder, delivery) if stage == _RUN else lot
        if stage != _MADE:
            self.drawn[name] = max(self.drawn_by[target], self.drawn.get(name, NOBODY))

    def _leads_to(self, target: _Target) -> Mapping[_Target, int]:
        entry, stage, lot, holder, delivery = target
        name = "" if stage == _MADE else run_name(holder, delivery) if stage == _RUN else lot
        one = self.source.effects(entry, name, self._followed())
        if one is None:
            return {_end(entry, lot, "unknown"): 1}
        self.inputs.add(entry)
        if stage == _MADE:
            return self._taken(one, lot)
        stands = self._standing(one)
        place = (lot, holder, delivery)
        return self._run(one, stands, place) if stage == _RUN else self._mix(one, stands, place)

    def _followed(self) -> Iterable[int]:
        """The entries of what is waiting and will not be folded, as far as is known."""
        return (target[0] for target, ug in self.waiting.items() if ug * FOLDED_BELOW >= self.total)

    def _standing(self, one: Effects) -> Effects | None:
        """Rule 5.6: the event itself, or what took its place; None where it was declared wrong and nothing did."""
        while one.declared_by != NOBODY:
            self.corrections[one.index] = Correction(one.index, one.declared_by, one.replaced_by)
            self.inputs |= {one.declared_by}
            later = self.source.effects_of(one.replaced_by) if one.replaced_by != NOBODY else None
            if later is None:
                return None
            self.inputs.add(later.index)
            one = later
        return one

    def _mix(self, one: Effects, stands: Effects | None, place: Place) -> Mapping[_Target, int]:
        """What was there before, of the mix before, and what the entry added."""
        added = [posting for posting in one.credits if posting.place == place]
        before = next((posting for posting in added if posting.mix != one.index), None)
        found: dict[_Target, int] = {}
        if before is not None and before.had > 0:
            _more(found, (before.mix, _MIX, *place), before.had)
        if stands is None:
            if one.awaited or not found:
                _more(found, _end(one.index, place[0], "in-doubt"), sum(posting.g for posting in added))
            return found
        for posting in _added_by(stands, place):
            _came_from(found, stands, posting)
        if not found and any(posting.lot == place[0] for posting in stands.debits) and not stands.joins:
            return {(stands.index, _MADE, place[0], "", ""): 1}  # all that it sent had arrived early
        return found or {_end(one.index, place[0], "unknown" if stands is one else "in-doubt"): 1}

    def _taken(self, one: Effects, lot: str) -> Mapping[_Target, int]:
        """What an event took to put something somewhere: all together, or of one lot."""
        if one.run:
            return {_from_run(one): 1}
        found: dict[_Target, int] = {}
        self._debits(found, one, lot)
        if one.joins and one.entered.get("unaccounted"):
            _more(found, _end(one.index, "", "unaccounted"), one.entered["unaccounted"])
        return found or {_end(one.index, lot, "primary" if one.what in PRIMARY else "unknown"): 1}

    def _run(self, one: Effects, stands: Effects | None, place: Place) -> Mapping[_Target, int]:
        """What the run had taken in before, of the mix before, and what the entry put in."""
        found: dict[_Target, int] = {}
        if one.run_had > 0:
            _more(found, (one.run_mix, _RUN, *place), one.run_had)
        if stands is not None and place_of_run(stands.issuer, stands.run) == place:
            self._debits(found, stands, "")
        elif one.awaited or not found:
            _more(found, _end(one.index, "", "in-doubt"), sum(posting.g for posting in one.debits))
        return found or {_end(one.index, "", "unknown"): 1}

    def _debits(self, found: dict[_Target, int], one: Effects, lot: str) -> None:
        for posting in one.debits:
            if posting.kind or (not one.joins and posting.lot != lot):
                continue
            if names_one_thing(posting.lot):
                self.drawn[posting.lot] = max(one.index, self.drawn.get(posting.lot, NOBODY))
            there = max(0, min(posting.g, posting.had))
            _more(found, _drawn_from(one.index, posting), there)
            if posting.g > there:
                _more(found, _end(one.index, posting.lot, "unknown"), posting.g - there)

    def trace(self) -> Trace:
        ends = sorted(self.ends.items())
        return Trace(
            ug=self.total,
            nodes=self._nodes(),
            ends=tuple(End(entry, lot, why, ug, scrap) for (entry, _, lot, why, scrap), ug in ends),
            folded=self.folded,
            folded_ug=self.folded_ug,
            corrections=tuple(self.corrections[wrong] for wrong in sorted(self.corrections)),
            lots=tuple(sorted(name for name in self.drawn if name.startswith("("))),
            drawn=self.drawn,
            inputs=tuple(sorted(self.inputs)),
            closure=tuple(sorted(self.inputs | self.source.up_to(self.drawn))),
        )

    def _nodes(self) -> tuple[Node, ...]:
        """One for each entry gone through; what is folded is no parent."""
        came: dict[int, int] = {entry: 0 for entry, *_ in self.passes}
        parents: dict[int, list[Edge]] = {entry: [] for entry in came}
        for (entry, target), ug in sorted(self.edges.items()):
            if target in self.passes and target[0] != entry:
                came[target[0]] += ug
                if entry != NOBODY:
                    parents[entry].append(Edge(target[0], target[2], ug))
        entries, what = sorted(came, reverse=True), self.source.what
        return tuple(Node(entry, what(entry), came[entry], tuple(parents[entry])) for entry in entries)


def _end(entry: int, lot: str, reason: str, scrap: str = "") -> _Target:
    return entry, _END, lot, reason, scrap


def _more(found: dict[_Target, int], target: _Target, g: int) -> None:
    found[target] = found.get(target, 0) + g


def _added_by(stands: Effects, place: Place) -> list[Posting]:
    """What the event put there; where a correction put it elsewhere, that."""
    there = [posting for posting in stands.credits if posting.place == place]
    return there or [posting for posting in stands.credits if posting.lot == place[0]]


def _came_from(found: dict[_Target, int], one: Effects, posting: Posting) -> None:
    """One addition: of what the event took, of what a sender said later, or from outside of what was recorded."""
    if posting.kind in NO_ADDITION:
        return
    if posting.kind and posting.kind != "late":
        _more(found, _end(one.index, posting.lot, posting.kind), posting.g)
        return
    settled = [row for row in one.settled if row.lot == posting.lot and posting.kind]
    for row in settled:
        _more(found, (row.entry, _MADE, row.lot, "", ""), row.g)
    left = posting.g - sum(row.g for row in settled)
    taken = (one.index, _MADE, "" if one.joins else posting.lot, "", "")
    if left or not settled:
        _more(found, _end(one.index, posting.lot, "late") if posting.kind else taken, max(0, left))


def _drawn_from(entry: int, posting: Posting) -> _Target:
    """Scrap that enters a melt is where a trace stops; else the mix that it is drawn from."""
    if posting.scrap:
        return _end(entry, posting.lot, "scrap", posting.scrap)
    return (posting.mix, _MIX, *posting.place) if posting.mix != NOBODY else _end(entry, posting.lot, "unknown")


def _from_run(one: Effects) -> _Target:
    """What comes out of a run is of all that went in up to it."""
    if one.run_from == NOBODY:
        return _end(one.index, "", "primary" if one.what in PRIMARY else "unknown")
    return (one.run_from, _RUN, *place_of_run(one.issuer, one.run))
