"""What passports are computed from, remembered between them: pieces of one ledger share most of their history.

For an audit, and for passports that are made again one after the other.

An event that has one record in the whole ledger did the same as of every state that has it. What has several, because
it was declared wrong or settled later, is looked up as of each state. A trace is the same as of every state in which
what it met of those did the same.
"""

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from ledger.issuing.passport_source import StoreSource
from ledger.kernel.gs1 import names_one_thing
from ledger.kernel.hashing import HASH_SIZE
from ledger.kernel.party import Registry
from ledger.lots.ancestry import before_moves, up
from ledger.lots.book import effects_key
from ledger.lots.genealogy import Start, Trace
from ledger.lots.records import Effects, Lot
from ledger.lots.ways import Ways
from ledger.passport.body import shown
from ledger.passport.footprint import of_mass
from ledger.passport.issue import Basis, body_from
from ledger.passport.story import Certificate, Source, Told, story_of
from ledger.store.store import Transaction

_KEPT = 200_000  # events, and lots: some hundred MiB
_TRACES = 64  # of the pieces asked for last
_PAGE = 4_096  # leaves read together
_BESIDE = 64  # events likewise: what happened together is asked for together


@dataclass(slots=True)
class Memory:
    """Of one transaction, up to `size`, the newest state that is asked for."""

    transaction: Transaction
    size: int
    told: dict[int, Told] = field(default_factory=dict)
    effects: dict[int, Effects | None] = field(default_factory=dict)  # None: it is no event, or has several records
    changed: set[int] = field(default_factory=set)  # those with several
    entries: dict[str, Sequence[int]] = field(default_factory=dict)  # of lots and runs
    traces: dict[Start, "Traced"] = field(default_factory=dict)
    ways: Ways = field(init=False)  # of those that have one
    _leaves: dict[int, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ways = Ways(lambda reads: bool(reads) and self.changed.isdisjoint(reads))

    def as_of(self, size: int) -> "Remembered":
        """A source of an earlier state, or of the newest. Forgets events and lots once there are too many."""
        if len(self.effects) > _KEPT or len(self.entries) > _KEPT:
            self.effects.clear()
            self.entries.clear()
        return Remembered(self, StoreSource(self.transaction, size, self.told))

    def leaf(self, entry: int) -> bytes:
        """The leaf hash of an entry."""
        page, place = divmod(entry, _PAGE)
        if page not in self._leaves:
            self._leaves[page] = b"".join(self.transaction.leaves(page * _PAGE, (page + 1) * _PAGE))
        return self._leaves[page][place * HASH_SIZE : (place + 1) * HASH_SIZE]

    def learn_effects(self, entries: Collection[int]) -> None:
        """Read what events did, and which of them have several records."""
        known = self.transaction.record_entries([effects_key(entry) for entry in entries], self.size)
        changed = {entry for entry in entries if len(known.get(effects_key(entry), ())) > 1}
        found = StoreSource(self.transaction, self.size).effects(set(entries) - changed)
        self.effects.update((entry, found.get(entry)) for entry in entries)
        self.changed |= changed

    def learn_entries(self, names: Collection[str]) -> None:
        """Read which entries are of lots and runs."""
        self.entries |= StoreSource(self.transaction, self.size).versions(names)


@dataclass(frozen=True, slots=True)
class Traced:
    """A trace, and what those with several records did that it met."""

    trace: Trace
    met: Mapping[int, Effects]


@dataclass(frozen=True, slots=True)
class Remembered:
    """A `Source` as of a size, out of a memory."""

    memory: Memory
    stored: StoreSource

    @property
    def size(self) -> int:
        """Entries below this index are taken into account."""
        return self.stored.size

    def lot(self, name: str) -> Lot | None:
        """What was known of a lot."""
        return self.stored.lot(name)

    def trace(self, starts: Sequence[Start]) -> Trace:
        """Up from there: a piece has several passports, and its metal one history, however often it is moved."""
        if len(starts) != 1 or not names_one_thing(starts[0].place[0]):
            return self._traced(starts).trace
        start, moves, reads = before_moves(starts[0], self.effects, self.versions, self.memory.ways)
        trace, lot = self._known(start).trace, start.place[0]
        own = self.versions([lot])[lot]
        return replace(
            trace,
            nodes=(*moves, *trace.nodes),
            inputs=tuple(sorted(reads.union(trace.inputs))),
            drawn={**trace.drawn, lot: max(own[-1:], default=start.at)},
            closure=tuple(sorted(reads.union(trace.closure, own))),
        )

    def _known(self, start: Start) -> "Traced":
        """Of a piece before it was moved, as it stands in this state."""
        traces = self.memory.traces
        known = traces.get(start)
        if known is None or self.effects(known.met) != known.met:
            if len(traces) >= _TRACES:
                traces.clear()
            known = traces[start] = self._traced([start])
        return known

    def _traced(self, starts: Sequence[Start]) -> Traced:
        met: dict[int, Effects] = {}

        def load(entries: Collection[int]) -> Mapping[int, Effects]:
            found = self.effects(entries)
            met.update((entry, found[entry]) for entry in self.memory.changed.intersection(found))
            return found

        return Traced(up(starts, load, self.versions, ahead=False, ways=self.memory.ways), met)

    def effects(self, entries: Collection[int]) -> Mapping[int, Effects]:
        """What these entries did, as it stood."""
        known, size = self.memory.effects, self.size
        there = [entry for entry in entries if entry < size]
        if unread := [entry for entry in there if entry not in known]:
            self.memory.learn_effects(unread if len(unread) > 1 else _beside(unread[0]))
        found = {entry: one for entry in there if (one := known[entry]) is not None}
        changed = self.memory.changed.intersection(there)
        if changed:
            found.update(self.stored.effects(changed))
        return found

    def versions(self, names: Collection[str]) -> Mapping[str, Sequence[int]]:
        """The entries of lots and runs."""
        known = self.memory.entries
        if unread := [name for name in names if name not in known]:
            self.memory.learn_entries(unread)
        return {name: known[name][: bisect_left(known[name], self.size)] for name in names}

    def closed(self, runs: Collection[str]) -> Mapping[str, int]:
        """By which event each of them that is over was closed."""
        return self.stored.closed(runs)

    def packed_since(self, name: str, entry: int, /) -> int:
        """As the lot was known then."""
        return self.stored.packed_since(name, entry)

    def told(self, entry: int) -> Told:
        """What the statement says beside."""
        return self.stored.told(entry)

    def certificate(self, entry: int) -> Certificate | None:
        """What the statement says of a certificate."""
        return self.stored.certificate(entry)


@dataclass(slots=True)
class Bodies:
    """What passports say but for their footprints, under one rule set, asked for piece by piece.

    A passport that was made again says the same as the one before where its piece has the same story.
    """

    rules: Mapping[str, str]
    _from: tuple[Registry, tuple[object, ...]] | None = None
    _made: Mapping[str, Any] = field(default_factory=dict)

    def of(self, piece: str, source: Source, state: Basis, evidence: Sequence[int]) -> Mapping[str, Any]:
        """As of a state; `evidence` are inputs for the footprint's sake. Raises Missing for what nobody heard of."""
        story = story_of(piece, source)
        made_from = (story, [source.lot(name) for name in story.line], [*evidence])
        if self._from is None or self._from[0] is not state.registry or self._from[1] != made_from:
            self._from = None
            self._made = of_mass(shown(body_from(story, source, state, self.rules, evidence=evidence)))
            self._from = state.registry, made_from
        return {**self._made, "as_of": state.as_of}


def _beside(entry: int) -> range:
    first = entry // _BESIDE * _BESIDE
    return range(first, first + _BESIDE)
