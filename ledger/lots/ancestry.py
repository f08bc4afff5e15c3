"""Up: from some metal to what it came from, mix by mix, in whole µg (rule 5.2).

Targets are followed from the newest entry to the oldest; within an entry the mix of a place before what the event
took, and that before the mix of a run. Each target shares its µg among the older ones it leads to, in proportion to
the g that its entry says, by largest remainder.
"""

from collections.abc import Iterable
from heapq import heappop, heappush

from ledger.lots.genealogy import (
    FOLDED_BELOW,
    Correction,
    Edge,
    End,
    Loader,
    Node,
    Start,
    Trace,
    Versions,
)
from ledger.lots.loading import Loading
from ledger.lots.records import NOBODY
from ledger.lots.sharing import share
from ledger.lots.ways import END, MADE, MIX, Target, Way, Ways, end_at

_PASSES = 8  # a correction may lead to a later entry, which may lead back: so often an entry is gone through again


def up(
    starts: Iterable[Start], load: Loader, versions: Versions, *, ahead: bool = True, ways: Ways | None = None
) -> Trace:
    """Back to where the metal came from. Contributions under 0.1 % of the whole are folded.

    `ahead`: each call of the loader costs a query, so what is likely to be asked for next is asked for with it. `ways`
    are those of walks before, and of this one when it is done.
    """
    walk = _Walk(Loading(load, versions, ahead=ahead), ways or Ways())
    for one in starts:
        walk.begin(one)
    while walk.heap:
        walk.step()
    return walk.trace()


def before_moves(
    start: Start, load: Loader, versions: Versions, ways: Ways
) -> tuple[Start, tuple[Node, ...], set[int]]:
    """Where a thing was before it was only moved, asked for as of then; the events that moved it, and what they read.

    What it rests on from there on is the same however often it was moved since.
    """
    source, nodes, reads = Loading(load, versions, ahead=False), list[Node](), set[int]()
    target = (start.mix, MIX, *start.place)
    while (moved := _moved(target, source, ways)) is not None:
        before, what, read = moved
        nodes.append(Node(target[0], what, start.ug, (Edge(before[0], before[2], start.ug),)))
        reads |= read
        target = before
    entry, _, lot, holder, delivery = target
    return Start((lot, holder, delivery), entry, start.ug, entry), tuple(nodes), reads


def _moved(target: Target, source: Loading, ways: Ways) -> tuple[Target, str, frozenset[int]] | None:
    """Where all of a thing was before an event moved it there; None where it was made or put right, or came in part."""
    entry, _, lot, *_ = target
    there, taken = ways.of(target, source, tuple), (entry, MADE, lot, "", "")
    if there.leads.keys() != {taken}:
        return None
    before, *others = ways.of(taken, source, tuple).leads
    if others or before[1] != MIX or before[0] >= entry:
        return None
    return before, there.what, there.reads


class _Walk:
    def __init__(self, source: Loading, ways: Ways) -> None:
        self.source, self.ways = source, ways
        self.total = 0
        self.heap: list[tuple[int, Target]] = []
        self.waiting: dict[Target, int] = {}
        self.passes: dict[Target, int] = {}
        self.edges: dict[int, dict[Target, int]] = {}
        self.ends: dict[Target, int] = {}
        self.folded, self.folded_ug = 0, 0
        self.corrections: dict[int, Correction] = {}
        self.inputs: set[int] = set()
        self.drawn: dict[str, int] = {}
        self.drawn_by: dict[Target, int] = {}
        self.what: dict[int, str] = {}

    def begin(self, start: Start) -> None:
        self.total += start.ug
        target = (start.mix, MIX, *start.place)
        self.drawn_by[target] = max(start.at, self.drawn_by.get(target, NOBODY))
        self._lead(NOBODY, target, start.ug)

    def _lead(self, entry: int, target: Target, ug: int) -> None:
        """So many µg of what an entry did are of this target."""
        if not ug:
            return
        if target[1] == END:
            self.ends[target] = self.ends.get(target, 0) + ug
            return
        if target in self.waiting:
            self.waiting[target] += ug
        else:
            self.waiting[target] = ug
            heappush(self.heap, (-target[0], target))
        if entry > self.drawn_by.get(target, NOBODY):
            self.drawn_by[target] = entry
        edges = self.edges.setdefault(entry, {})
        edges[target] = edges.get(target, 0) + ug

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
            self._lead(entry, end_at(entry, lot, "circular"), ug)
            return
        way = self.ways.of(target, self.source, self._followed)
        self._note(target, way)
        for older, part in share(ug, way.leads).items():
            self._lead(entry, older, part)

    def _note(self, target: Target, way: Way) -> None:
        """The lot or run it went through, up to the entry that drew from it, and what else the way says."""
        self.what[target[0]] = way.what
        self.inputs |= way.reads
        if way.name:
            self._draw(way.name, self.drawn_by[target])
        for name, by in way.used:
            self._draw(name, by)
        for one in way.corrections:
            self.corrections[one.wrong] = one

    def _draw(self, name: str, by: int) -> None:
        if by > self.drawn.get(name, NOBODY):
            self.drawn[name] = by

    def _settled(self, target: Target) -> None:
        """Rule 5.1: that a sender was heard of some of a lot is known from its history up to there, however little."""
        entry, stage, lot, *_ = target
        if stage == MADE and lot in self.drawn:
            self.drawn[lot] = max(entry, self.drawn[lot])

    def _followed(self) -> Iterable[int]:
        """The entries of what is waiting and will not be folded, as far as is known."""
        return (target[0] for target, ug in self.waiting.items() if ug * FOLDED_BELOW >= self.total)

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
        came = {entry: 0 for entry, *_ in self.passes}
        parents: dict[int, list[Edge]] = {entry: [] for entry in came}
        for entry, edges in self.edges.items():
            for target in sorted(one for one in edges if one[0] != entry and one in self.passes):
                came[target[0]] += edges[target]
                if entry != NOBODY:
                    parents[entry].append(Edge(target[0], target[2], edges[target]))
        entries = sorted(came, reverse=True)
        return tuple(Node(entry, self.what.get(entry, ""), came[entry], tuple(parents[entry])) for entry in entries)
