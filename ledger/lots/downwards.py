"""Once down through the entries, from some additions on, with what was found on the way (rule 5.2).

Entries are gone through in their order. A draw takes of what is traced in a place as it takes of what is there; what
an event took goes to what it put somewhere and to what left, by mass. Where that is under 0.1 % of what the event took
it is folded: a trace up from there would fold it too. What an event puts into an earlier place, as a correction or a
sender who is heard late, is told `Ahead`: the place has it when the entries are gone through again.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from ledger.kernel.gs1 import names_one_thing
from ledger.lots.amounts import WHOLE, Weighed
from ledger.lots.genealogy import NO_ADDITION, UG, Correction, Start, first_there, run_name
from ledger.lots.mixes import Mixes
from ledger.lots.onward import Onward
from ledger.lots.records import NOBODY, ON_HAND, Effects, Place, Posting, place_of_run
from ledger.lots.ways import added_by

_PASSES = 8  # so often what an event puts into an earlier place may come back to it
_INTO_RUN = "run"  # in place of a lot: what went into the event's run


class Taken(NamedTuple):
    """What an event took of what is traced, in µg, and the share that this is of all that it took."""

    ug: int
    part: int


NONE = Taken(0, 0)


class Ahead:
    """By entry and lot the shares that events took, of those that put something into an earlier place; their places."""

    def __init__(self) -> None:
        self.parts: dict[tuple[int, str], int] = {}
        self.roots: set[int] = set()
        self.told: Counter[tuple[int, str]] = Counter()
        self.new = False

    def tell(self, entry: int, lot: str, part: int) -> None:
        """A share that is not as it was."""
        key = (entry, lot)
        if self.parts.get(key, 0) != part and self.told[key] < _PASSES:
            self.parts[key], self.new = part, True
            self.told[key] += 1


class Found:
    """What a walk found. `unweighed` are the pieces of unknown mass that were made of what is traced.

    `back` are the µg that came back to where they are traced from.
    """

    def __init__(self) -> None:
        self.took: dict[int, tuple[str, int, set[str]]] = {}
        self.places: dict[Place, int] = {}
        self.sent: dict[tuple[int, str, str], tuple[int, int]] = {}
        self.left: dict[str, int] = {}
        self.folded, self.folded_ug, self.back = 0, 0, 0
        self.corrections: dict[int, Correction] = {}
        self.unweighed: list[Start] = []

    def fold(self, ug: int) -> None:
        if ug:
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
    """From some starts."""

    def __init__(self, onward: Onward, amounts: Weighed, ahead: Ahead) -> None:
        self.found, self.onward, self.amounts, self.ahead = Found(), onward, amounts, ahead
        self.mixes = Mixes(amounts)
        self.heap: list[int] = []
        self.in_heap: set[int] = set()
        self.followed: set[str] = set()
        self.begun: dict[int, dict[Place, int]] = {}

    def go(self, starts: Iterable[Start]) -> Found:
        for start in starts:
            here = self.begun.setdefault(start.mix, {})
            here[start.place] = here.get(start.place, 0) + start.ug
        for entry in self.begun.keys() | self.ahead.roots:
            self._visit(entry)
        while self.heap:
            self._enter(heappop(self.heap))
        self.found.places = {place: pool.ug for place, pool in self.mixes.pools.items() if pool.ug}
        return self.found

    def _visit(self, entry: int) -> None:
        if entry not in self.in_heap:
            self.in_heap.add(entry)
            heappush(self.heap, entry)

    def _follow(self, place: Place, entry: int) -> None:
        lot, holder, delivery = place
        name = lot or run_name(holder, delivery)
        if name not in self.followed and place in self.mixes.pools:
            self.followed.add(name)
            for later in self.onward.later(name, entry):
                self._visit(later)

    def _enter(self, entry: int) -> None:
        one, begun = self.onward.effects(entry, self.heap), self.begun.get(entry, {})
        if one is not None and one.declared_by != NOBODY:
            self.found.corrections[entry] = Correction(entry, one.declared_by, one.replaced_by)
            self._wrong(one, begun)
        elif one is not None and one.undoes != NOBODY:
            self._undo(one)
        elif one is not None:
            self._flow(one, begun)
        for place, ug in begun.items():
            if (place, entry) not in self.mixes.parts:
                self.mixes.add(place, entry, (0, NOBODY), ug // UG, ug, WHOLE)
            self._follow(place, entry)

    def _flow(self, one: Effects, begun: dict[Place, int]) -> None:
        """From where the event took to where it put; what begins here is counted already."""
        self._weighed(one)
        taken = self._take(one)
        if one.run:
            self._through_run(one, taken.get("", NONE), begun)
        else:
            self._tell(one, {lot: some.part for lot, some in taken.items()})
            self._put(one, taken, begun)
        self._correct(one)

    def _tell(self, one: Effects, parts: Mapping[str, int]) -> None:
        """Rule 5.1, 5.6: what is put into the place of an earlier event is there from that one on."""
        if not any(parts.values()) or (one.replaces == NOBODY and not one.settles):
            return
        receipts = self.onward.load({row.entry for row in one.settles}).values()
        earlier = {old.index for event in (one, *receipts) for old in self._instead_of(event)}
        self.ahead.roots |= earlier.union(receipt.index for receipt in receipts)
        for lot, part in parts.items():
            self.ahead.tell(one.index, lot, part)

    def _instead_of(self, one: Effects) -> Iterator[Effects]:
        """The events that it takes the place of."""
        older: Effects | None = one
        while older is not None and older.replaces != NOBODY:
            older = self.onward.effects(older.replaces)
            if older is not None:
                yield older

    def _weighed(self, one: Effects) -> None:
        """What was weighed is there with its mass before it is taken."""
        for posting in one.credits:
            if posting.kind == "weighed":
                self.mixes.more(posting.place, (posting.had, posting.mix), posting.g)

    def _correct(self, one: Effects) -> None:
        """What had moved on is there with its mass after all else (5.6); that is no loss of what it was made of."""
        for posting in one.credits:
            if posting.kind == "correction":
                self.mixes.more(posting.place, (posting.had, posting.mix), posting.g)
        for posting in one.debits:
            if posting.kind == "correction":
                self.mixes.draw(posting)

    def _take(self, one: Effects) -> dict[str, Taken]:
        """What is traced of what the event took: all together, or by lot; under 0.1 % is folded."""
        ugs: dict[str, int] = {}
        rows: dict[str, list[tuple[int, int]]] = {}
        for posting in one.debits:
            if posting.kind == "correction":
                continue
            part, ug = self.mixes.part(posting.place, posting.mix), self.mixes.draw(posting)
            if posting.kind:
                self.found.left_for(posting.kind, ug)
                continue
            lot = _from(one, posting.lot)
            ugs[lot] = ugs.get(lot, 0) + ug
            rows.setdefault(lot, []).extend(_drawn(posting, part))
            if ug:
                self.found.reached(one, posting.lot, ug)
        return {lot: self._taken(one, ug, rows[lot]) for lot, ug in ugs.items()}

    def _taken(self, one: Effects, ug: int, rows: list[tuple[int, int]]) -> Taken:
        if ug and self.amounts.is_little(ug, sum(g for g, _ in rows)):
            self.found.fold(ug)
            return NONE
        unaccounted = one.entered.get("unaccounted", 0) if one.joins and not one.run else 0
        return Taken(ug, self.amounts.known(mean([*rows, (unaccounted, 0)] if unaccounted else rows), ug))

    def _put(self, one: Effects, taken: Mapping[str, Taken], begun: dict[Place, int]) -> None:
        """By mass, to what it put somewhere, what it settled that was there early, and what left."""
        shared = {lot: self._share(one, lot, some.ug) for lot, some in taken.items() if some.ug}
        for number, posting in enumerate(one.credits):
            if posting.kind in NO_ADDITION:
                continue
            lot = _from(one, posting.lot)
            some = taken.get(lot, NONE)
            if posting.kind:
                some = NONE if posting.kind != "late" else self._early(one, posting)
            else:
                some = Taken(shared.get(lot, {}).get(number, 0), some.part)
            self._credit(one, posting, some, begun)
        for moved in one.moved if not one.joins else ():
            place, some = (moved.lot, one.issuer, moved.delivery), taken.get(moved.lot, NONE)
            if some.part and all(posting.place != place for posting in one.credits):
                self.mixes.parts[place, one.index] = some.part  # all of it had arrived early

    def _share(self, one: Effects, lot: str, ug: int) -> Mapping[int, int]:
        """What goes to each credit, by its number."""
        weights = {
            (0, str(number)): posting.g
            for number, posting in enumerate(one.credits)
            if not posting.kind and _from(one, posting.lot) == lot
        }
        if one.joins:
            kinds = {posting.kind for posting in one.debits}
            weights |= {(2, kind): g for kind, g in one.left.items() if kind not in kinds}
        else:
            early = sum(row.g for row in one.settles if row.lot == lot)
            took = sum(posting.g for posting in one.debits if posting.lot == lot and not posting.kind)
            more = took - early - sum(weights.values())
            weights |= {(1, ""): early} if early else {}
            weights |= {(2, "late"): more} if early and more > 0 else {}
        found: dict[int, int] = {}
        for (where, key), part in self.amounts.shared(ug, weights or {(2, "unknown"): 1}).items():
            if where == 0:
                found[int(key)] = part
            elif where == 2:
                self.found.left_for(key, part)
        return found

    def _early(self, one: Effects, posting: Posting) -> Taken:
        """Rule 5.1: of what was there before its sender was heard, what he has sent."""
        rows = [(row.g, self._part(row.entry, row.lot)) for row in one.settled if row.lot == posting.lot]
        left = posting.g - sum(g for g, _ in rows)
        part = mean([*rows, (left, 0)] if left > 0 else rows)
        return Taken(self.amounts.of(part, posting.g), part)

    def _part(self, entry: int, lot: str) -> int:
        """The share of what is traced in what a later event took."""
        return self.ahead.parts.get((entry, lot), 0)

    def _credit(self, one: Effects, posting: Posting, some: Taken, begun: dict[Place, int]) -> None:
        place, before = posting.place, (posting.had, posting.mix)
        root = first_there(one, place, self.onward.load) if one.replaces != NOBODY else one.index
        if posting.delivery != ON_HAND and some.ug:
            self.found.sent_off(one, posting, some.ug)
        if some.part and not some.ug and not posting.g and posting.lot in one.made and names_one_thing(posting.lot):
            self.found.unweighed.append(Start(place, root, 0, one.index))
        if root != one.index:
            self.mixes.more(place, before, posting.g, root)
            if place in self.begun.get(root, {}):
                self.found.left_for("circular", some.ug)
        elif place in begun:
            self.found.back += 0 if posting.kind else some.ug
            self._begin(one, posting, begun[place], some)
        else:
            self.mixes.add(place, one.index, before, posting.g, some.ug, some.part)
        self.found.fold(self.mixes.thin(place, posting.had + posting.g))
        self._follow(place, one.index)

    def _begin(self, one: Effects, posting: Posting, ug: int, some: Taken) -> None:
        """What is traced from here on; with what was there early, where that is not traced from here."""
        if posting.kind == "late":
            ug += some.ug
        if posting.g:
            ug = min(ug, posting.g * UG)
        part = min(WHOLE, ug * WHOLE // (posting.g * UG)) if posting.g else WHOLE
        self.mixes.add(posting.place, one.index, (posting.had, posting.mix), posting.g, ug, part)

    def _through_run(self, one: Effects, some: Taken, begun: dict[Place, int]) -> None:
        """What goes into a run is in all that comes out after it, each gram as much as the run is of it."""
        run, before = place_of_run(one.issuer, one.run), (one.run_had, one.run_mix)
        g = sum(posting.g for posting in one.debits if not posting.kind)
        root = first_there(one, run, self.onward.load)
        self._tell(one, {_INTO_RUN: some.part})
        if root != one.index:
            self.mixes.more(run, before, g, root)  # what came out since that one is of it too (5.6)
        elif run in begun:
            self.mixes.add(
                run, one.index, before, g, begun[run], min(WHOLE, begun[run] * WHOLE // (g * UG)) if g else 0
            )
        elif g:
            self.mixes.add(run, one.index, before, g, some.ug, some.part)
        pool = self.mixes.there(run, *before) if not g else self.mixes.pools.get(run)
        self.found.fold(self.mixes.thin(run, one.run_had + g))
        self._follow(run, one.index)
        part = self.mixes.part(run, one.run_from)
        self._tell(one, {"": part})
        for posting in one.credits:
            if posting.kind in NO_ADDITION:
                continue
            out = self.amounts.out_of_run(posting.g, pool, part) if pool is not None and not posting.kind else 0
            if out:
                self.found.reached(one, "", out)
            self._credit(one, posting, Taken(out, part if not posting.kind else 0), begun)

    def _undo(self, one: Effects) -> None:
        """Rule 5.6: a declaration takes back what was put, and puts back what was taken; it makes no mix."""
        if self.amounts.by_mass:
            for posting in one.debits:
                self.mixes.adjust(posting.place, -posting.g, posting.mix)
            for posting in one.credits:
                self.mixes.adjust(posting.place, posting.g, posting.mix)

    def _wrong(self, one: Effects, begun: dict[Place, int]) -> None:
        """Rule 5.6: what it added is of what took its place; what it took was gone, until that was declared wrong."""
        if self.amounts.by_mass:
            self._weighed(one)
            for posting in one.debits:
                if posting.kind != "correction":
                    self.mixes.draw(posting)
        stands = self._standing(one)
        for place in dict.fromkeys(posting.place for posting in one.credits if posting.kind not in NO_ADDITION):
            self._in_place_of(one, stands, place, begun.get(place))
        if one.run:
            self._run_in_place_of(one, stands, begun)
        if self.amounts.by_mass:
            self._correct(one)

    def _standing(self, one: Effects) -> Effects | None:
        """What took its place, or None."""
        later: Effects | None = one
        while later is not None and later.declared_by != NOBODY:
            later = self.onward.effects(later.replaced_by) if later.replaced_by != NOBODY else None
        return later

    def _in_place_of(self, one: Effects, stands: Effects | None, place: Place, ug: int | None) -> None:
        added = [posting for posting in one.credits if posting.place == place and posting.kind not in NO_ADDITION]
        before, really = (added[0].had, added[0].mix), sum(posting.g for posting in added)
        root = first_there(one, place, self.onward.load)
        if root != one.index:
            self.mixes.more(place, before, really, root)
        else:
            g, part = self._stood_for(one, stands, added)
            if ug is not None:  # what a correction added is traced from where it belongs to, what none did from here
                g = g or really
                part = _of(ug, g)
            self.mixes.add(place, one.index, before, g, self.amounts.of(part, g), part, really=really)
        self.found.fold(self.mixes.thin(place, before[0] + really))
        self._follow(place, one.index)

    def _stood_for(self, one: Effects, stands: Effects | None, added: list[Posting]) -> tuple[int, int]:
        """What counts as added, in g, and the share of it that is traced."""
        place, had = added[0].place, added[0].had
        if stands is None:
            return (sum(posting.g for posting in added) if one.awaited or had <= 0 else 0), 0
        rows = [row for posting in added_by(stands, place) for row in self._came_from(stands, posting)]
        moves = not stands.joins and any(posting.lot == place[0] for posting in stands.debits)
        if not rows and had <= 0 and moves:
            return 1, self._part(stands.index, place[0])  # all that it sent had arrived early
        return sum(g for g, _ in rows), mean(rows)

    def _came_from(self, stands: Effects, posting: Posting) -> Iterator[tuple[int, int]]:
        if posting.kind in NO_ADDITION:
            return
        if posting.kind == "late":
            yield posting.g, self._early(stands, posting).part
        else:
            yield posting.g, self._part(stands.index, _from(stands, posting.lot)) if not posting.kind else 0

    def _run_in_place_of(self, one: Effects, stands: Effects | None, begun: dict[Place, int]) -> None:
        run, g = place_of_run(one.issuer, one.run), sum(posting.g for posting in one.debits if not posting.kind)
        if first_there(one, run, self.onward.load) != one.index or not one.debits:
            return
        before, part, counts = (one.run_had, one.run_mix), 0, g
        if stands is not None and place_of_run(stands.issuer, stands.run) == run:
            counts = sum(posting.g for posting in stands.debits if not posting.kind)
            part = self._part(stands.index, _INTO_RUN)
        elif not one.awaited and one.run_had > 0:
            counts = 0
        if run in begun:
            counts = counts or g
            part = _of(begun[run], counts)
        self.mixes.add(run, one.index, before, counts, self.amounts.of(part, counts), part)
        self._follow(run, one.index)


def mean(rows: Sequence[tuple[int, int]]) -> int:
    """The share of all, of so many g each with its share; where none has any mass, they count alike."""
    g = sum(row[0] for row in rows)
    if g > 0:
        return sum(row[0] * row[1] for row in rows) // g
    return sum(row[1] for row in rows) // len(rows) if rows else 0


def _drawn(posting: Posting, part: int) -> Iterator[tuple[int, int]]:
    """What was there, and what nothing explains."""
    there = max(0, min(posting.g, posting.had))
    yield there, part
    if posting.g > there:
        yield posting.g - there, 0


def _of(ug: int, g: int) -> int:
    """The share that so many µg are of so many g."""
    return min(WHOLE, ug * WHOLE // (g * UG)) if g > 0 else WHOLE


def _from(one: Effects, lot: str) -> str:
    """Rule 5.2: what it puts somewhere is of all that it took where it joins, else of the same lot."""
    return "" if one.joins or one.run else lot
