"""Once down through the entries, from some additions on, with what was found on the way (rule 5.2).

Entries are gone through in their order. A draw takes of what is traced in a place as it takes of what is there; what
an event took goes to what it put somewhere and to what left, by mass. Where that is under 0.1 % of what the event took
it is folded: a trace up from there would fold it too. What a correction or a late sender puts into an earlier place is
left for another walk, from there on.
"""

from bisect import bisect_right
from collections.abc import Iterable
from heapq import heappop, heappush
from itertools import chain

from ledger.kernel.gs1 import names_one_thing
from ledger.lots.amounts import Weighed
from ledger.lots.genealogy import NO_ADDITION, Correction, Loader, Start, Versions, first_there, run_name
from ledger.lots.records import NOBODY, ON_HAND, Effects, Place, Posting, place_of_run

_MOST_WAVES = 16  # generations that are loaded before they are asked for


class Found:
    """What all walks found. `unweighed` are the pieces of unknown mass that were made of what is traced."""

    def __init__(self) -> None:
        self.took: dict[int, tuple[str, int, set[str]]] = {}
        self.places: dict[Place, int] = {}
        self.sent: dict[tuple[int, str, str], tuple[int, int]] = {}
        self.left: dict[str, int] = {}
        self.folded, self.folded_ug = 0, 0
        self.corrections: dict[int, Correction] = {}
        self.unweighed: list[Start] = []

    def fold(self, ug: int) -> None:
        self.folded, self.folded_ug = self.folded + 1, self.folded_ug + ug

    def left_for(self, kind: str, ug: int) -> None:
        if ug:
            self.left[kind] = self.left.get(kind, 0) + ug

    def reached(self, one: Effects, lot: str, ug: int) -> None:
        _, before, lots = self.took.get(one.index, ("", 0, set()))
        self.took[one.index] = (one.what, before + ug, lots | {lot})

    def sent_off(self, one: Effects, posting: Posting, ug: int) -> None:
        key = (one.index, posting.lot, posting.delivery)
        self.sent[key] = (self.sent.get(key, (0, 0))[0] + ug, posting.g)


class Walk:
    """From some starts; what belongs earlier is left for the next."""

    def __init__(self, found: Found, load: Loader, versions: Versions, amounts: Weighed) -> None:
        self.found, self.load, self.versions, self.amounts = found, load, versions, amounts
        self.there: dict[Place, int] = {}
        self.heap: list[int] = []
        self.in_heap: set[int] = set()
        self.known: dict[int, Effects | None] = {}
        self.entries: dict[str, tuple[int, ...]] = {}
        self.followed: set[str] = set()
        self.misses = 0
        self.starts: dict[int, list[Start]] = {}
        self.next: list[Start] = []

    def go(self, starts: Iterable[Start]) -> list[Start]:
        for start in starts:
            self.starts.setdefault(start.mix, []).append(start)
            self._visit(start.mix)
        while self.heap:
            self._enter(heappop(self.heap))
        for place, ug in self.there.items():
            self.found.places[place] = self.found.places.get(place, 0) + ug
        return self.next

    def _visit(self, entry: int) -> None:
        if entry not in self.in_heap:
            self.in_heap.add(entry)
            heappush(self.heap, entry)

    def _effects(self, entry: int) -> Effects | None:
        """Loads all that is waiting, and what comes of it: one more generation with every miss."""
        if entry not in self.known:
            self.misses += 1
            wave = {entry, *self.heap}
            for _ in range(min(self.misses, _MOST_WAVES)):
                wave = self._fetch(wave)
        return self.known[entry]

    def _fetch(self, entries: set[int]) -> set[int]:
        """The later entries of the lots and runs that these put something into."""
        missing = entries - self.known.keys()
        loaded = self.load(missing) if missing else {}
        self.known.update({one: loaded.get(one) for one in missing})
        first: dict[str, int] = {}
        for one in loaded.values():
            for name in _names_of(one):
                first[name] = min(one.index, first.get(name, one.index))
        names = first.keys() - self.entries.keys()
        found = self.versions(names) if names else {}
        self.entries.update({name: tuple(found.get(name, ())) for name in names})
        later = (self.entries[name][bisect_right(self.entries[name], entry) :] for name, entry in first.items())
        return set(chain.from_iterable(later))

    def _put(self, place: Place, entry: int, ug: int) -> None:
        if not ug:
            return
        self.there[place] = self.there.get(place, 0) + ug
        lot, holder, delivery = place
        name = lot or run_name(holder, delivery)
        if name not in self.followed:
            self.followed.add(name)
            if name not in self.entries:
                self.entries[name] = tuple(self.versions([name]).get(name, ()))
            for later in self.entries[name]:
                if later > entry:
                    self._visit(later)

    def _enter(self, entry: int) -> None:
        one, begun = self._effects(entry), self.starts.get(entry, [])
        if one is not None and one.declared_by != NOBODY:
            self.found.corrections[entry] = Correction(entry, one.declared_by, one.replaced_by)
        elif one is not None and one.undoes == NOBODY:
            self._flow(one, {start.place for start in begun})
        for start in begun:
            self._put(start.place, entry, start.ug)

    def _flow(self, one: Effects, begun: set[Place]) -> None:
        """From where the event took to where it put; what begins here is counted already."""
        taken = self._take(one)
        if one.run:
            self._through_run(one, taken.get("", 0))
        else:
            for lot, ug in taken.items():
                self._share(one, lot, ug, begun)
        for posting in one.credits:
            if posting.kind not in NO_ADDITION:
                self._thin(posting.place, posting.had + posting.g)

    def _take(self, one: Effects) -> dict[str, int]:
        """What is traced of what the event took: all together, or by lot; under 0.1 % is folded."""
        taken: dict[str, int] = {}
        whole: dict[str, int] = {}
        for posting in one.debits:
            ug = self._draw(posting)
            if posting.kind:
                self.found.left_for(posting.kind, ug)
                continue
            lot = "" if one.joins else posting.lot
            whole[lot] = whole.get(lot, 0) + posting.g
            taken[lot] = taken.get(lot, 0) + ug
            if ug:
                self.found.reached(one, posting.lot, ug)
        for lot, ug in taken.items():
            if ug and self.amounts.is_little(ug, whole[lot]):
                self.found.fold(ug)
                taken[lot] = 0
        return {lot: ug for lot, ug in taken.items() if ug}

    def _draw(self, posting: Posting) -> int:
        traced = self.there.get(posting.place, 0)
        if traced:
            traced, self.there[posting.place] = self.amounts.drawn(traced, posting)
        return traced

    def _share(self, one: Effects, lot: str, ug: int, begun: set[Place]) -> None:
        """By mass, to what it put somewhere, what it settled that was there early, and what left."""
        added = [p for p in one.credits if not p.kind and (one.joins or p.lot == lot)]
        settles = [row for row in one.settles if not one.joins and row.lot == lot]
        weights = {(0, str(number)): posting.g for number, posting in enumerate(added)}
        weights |= {(1, str(number)): row.g for number, row in enumerate(settles)}
        if one.joins:
            kinds = {posting.kind for posting in one.debits}
            weights |= {(2, kind): g for kind, g in one.left.items() if kind not in kinds}
        for (where, key), part in self.amounts.shared(ug, weights or {(2, "unknown"): 1}).items():
            if where == 0:
                self._credit(one, added[int(key)], part, begun)
            elif where == 1:
                self._settle(one, lot, settles[int(key)].entry, part)
            else:
                self.found.left_for(key, part)

    def _credit(self, one: Effects, posting: Posting, ug: int, begun: set[Place]) -> None:
        root = first_there(one, posting.place, self.load) if one.replaces != NOBODY else one.index
        if posting.delivery != ON_HAND and ug:
            self.found.sent_off(one, posting, ug)
        if not ug and not posting.g and names_one_thing(posting.lot):
            self.found.unweighed.append(Start(posting.place, root, 0, one.index))
        if root != one.index:
            self.next.append(Start(posting.place, root, ug, one.index))
        elif posting.place not in begun:
            self._put(posting.place, one.index, ug)

    def _settle(self, one: Effects, lot: str, receipt: int, ug: int) -> None:
        early = self.load([receipt]).get(receipt)
        if early is not None and ug:
            self.next.append(Start((lot, early.issuer, ON_HAND), receipt, ug, one.index))

    def _through_run(self, one: Effects, ug: int) -> None:
        """What goes into a run is in all that comes out after it, each gram as much as the run is of it."""
        run = place_of_run(one.issuer, one.run)
        root = first_there(one, run, self.load)
        if root != one.index and ug:
            self.next.append(Start(run, root, ug, one.index))  # what came out since that one is of it too (5.6)
        else:
            self._put(run, one.index, ug)
        whole = one.run_had + sum(posting.g for posting in one.debits)
        traced = self._thin(run, whole)
        for posting in one.credits if traced else ():
            part = self.amounts.out_of_run(posting.g, traced, whole)
            self.found.reached(one, "", part)
            self._credit(one, posting, part, set())

    def _thin(self, place: Place, whole: int) -> int:
        """Where what is traced has become under 0.1 % of what is there, it is followed no further."""
        traced = self.there.get(place, 0)
        if traced and self.amounts.is_little(traced, whole):
            self.found.fold(traced)
            self.there[place] = traced = 0
        return traced


def _names_of(one: Effects) -> Iterable[str]:
    yield from (posting.lot for posting in one.credits)
    if one.run:
        yield run_name(one.issuer, one.run)
