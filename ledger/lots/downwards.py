"""Once down through the entries, from some additions on (rule 5.2).

Entries are gone through in their order. A draw takes of what is traced in a place as it takes of what is there; what
an event took goes to what it put somewhere and to what left, by mass. Where that is under 0.1 % of what the event took
it is folded: a trace up from there would fold it too. What an event puts into an earlier place, as a correction or as a
sender who is heard late, it tells ahead: the place has it when the entries are gone through again.
"""

from collections.abc import Iterable, Mapping
from heapq import heappop, heappush

from ledger.kernel.gs1 import names_one_thing
from ledger.lots.amounts import WHOLE, Weighed
from ledger.lots.descent_records import NONE, Ahead, Found, Taken
from ledger.lots.genealogy import NO_ADDITION, UG, Correction, Start, first_there, run_name
from ledger.lots.instead import (
    INTO_RUN,
    drawn,
    fed,
    fed_instead,
    instead_of,
    mean,
    sent_early,
    source_of,
    standing,
    stood_for,
)  # fmt: skip
from ledger.lots.mixes import Mixes
from ledger.lots.onward import Onward
from ledger.lots.put_right import PutRight
from ledger.lots.records import NOBODY, ON_HAND, Effects, Moved, Place, Posting, place_of_run


class Walk:
    """From some starts."""

    def __init__(self, onward: Onward, amounts: Weighed, ahead: Ahead) -> None:
        self.found, self.onward, self.amounts, self.ahead = Found(), onward, amounts, ahead
        self.mixes = Mixes(amounts)
        self.right = PutRight(self.mixes)
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
        """The later entries of a lot or run, as soon as some of it is traced."""
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
            self.right.undo(one)
        elif one is not None:
            self._flow(one, begun)
        for place, ug in begun.items():
            if (place, entry) not in self.mixes.parts:
                self.mixes.add(place, entry, (0, NOBODY), ug // UG, Taken(ug, WHOLE))
            self._follow(place, entry)

    def _flow(self, one: Effects, begun: Mapping[Place, int]) -> None:
        """From where the event took to where it put; what begins here is counted already."""
        self.right.weigh(one)
        taken = self._take(one)
        if one.run:
            self._through_run(one, taken.get("", NONE), begun)
        else:
            self._tell(one, {lot: some.part for lot, some in taken.items()})
            self._put(one, taken, begun)
        self.right.correct(one)

    def _tell(self, one: Effects, parts: Mapping[str, int]) -> None:
        """Rules 5.1, 5.6: what is put into the place of an earlier event is there from that one on."""
        if not any(parts.values()) or (one.replaces == NOBODY and not one.settles):
            return
        receipts = self.onward.load({row.entry for row in one.settles})
        roots = {
            *receipts,
            *(root for event in (one, *receipts.values()) for root in instead_of(event, self.onward.load)),
        }
        for lot, part in parts.items():
            self.ahead.tell(one.index, lot, self.amounts.told(part), roots)

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
            lot = source_of(one, posting.lot)
            ugs[lot] = ugs.get(lot, 0) + ug
            rows.setdefault(lot, []).extend(drawn(posting, part))
            self.found.reached(one, posting.lot, ug)
        return {lot: self._taken(one, ug, rows[lot]) for lot, ug in ugs.items()}

    def _taken(self, one: Effects, ug: int, rows: list[tuple[int, int]]) -> Taken:
        if ug and self.amounts.is_little(ug, sum(g for g, _ in rows)):
            self.found.fold(ug)
            return NONE
        unaccounted = one.entered.get("unaccounted", 0) if one.joins and not one.run else 0
        return Taken(ug, self.amounts.known(mean([*rows, (unaccounted, 0)] if unaccounted else rows), ug))

    def _put(self, one: Effects, taken: Mapping[str, Taken], begun: Mapping[Place, int]) -> None:
        """By mass, to what it put somewhere, what it settled that was there early, and what left."""
        shared = {lot: self._share(one, lot, some.ug) for lot, some in taken.items() if some.ug}
        for number, posting in enumerate(one.credits):
            lot = source_of(one, posting.lot)
            if posting.kind == "late":
                rows = (row for row in one.settled if row.lot == posting.lot)
                ug = sum(self.ahead.settled(row.entry, row.lot, one.index) for row in rows)
                self._credit(one, posting, Taken(ug, sent_early(one, posting, self.ahead)), begun)
            elif posting.kind:
                self._credit(one, posting, NONE, begun)
            else:
                ug = shared.get(lot, {}).get(number, 0)
                self._credit(one, posting, Taken(ug, taken.get(lot, NONE).part), begun)
        for moved in one.moved if not one.joins else ():
            self._sent_early(one, moved, taken.get(moved.lot, NONE))

    def _share(self, one: Effects, lot: str, ug: int) -> Mapping[int, int]:
        """What goes to each credit, by its number."""
        weights = {
            (0, str(number)): posting.g
            for number, posting in enumerate(one.credits)
            if not posting.kind and source_of(one, posting.lot) == lot
        }
        if one.joins:
            kinds = {posting.kind for posting in one.debits}
            weights |= {(2, kind): g for kind, g in one.left.items() if kind not in kinds}
        else:
            early = {(1, str(row.entry)): row.g for row in (*one.settles, *one.settled) if row.lot == lot}
            took = sum(posting.g for posting in one.debits if posting.lot == lot and not posting.kind)
            weights |= early
            more = took - sum(weights.values())
            weights |= {(2, "late"): more} if more > 0 else {}
        found: dict[int, int] = {}
        for (where, key), part in self.amounts.shared(ug, weights or {(2, "unknown"): 1}).items():
            if where == 0:
                found[int(key)] = part
            elif where == 1:
                self.ahead.settle(one.index, lot, int(key), part)
            else:
                self.found.left_for(key, part)
        return found

    def _sent_early(self, one: Effects, moved: Moved, some: Taken) -> None:
        """Rule 5.1: what had arrived before it was sent went to that receiver all the same."""
        early = sum(row.g for row in one.settles if row.lot == moved.lot)
        if early and moved.shipped:
            self.found.sent_off(one, moved.lot, moved.delivery, self.amounts.of(some.part, early), moved.shipped)
        place = (moved.lot, one.issuer, moved.delivery)
        if all(posting.place != place for posting in one.credits):
            self._arrived(place, one.index, some.part)

    def _arrived(self, place: Place, entry: int, part: int) -> None:
        """All of it had arrived before it was sent; what a declaration puts back to there is of it."""
        if part:
            self.mixes.empty(place, entry, part)
            self._follow(place, entry)

    def _credit(self, one: Effects, posting: Posting, some: Taken, begun: Mapping[Place, int]) -> None:
        if posting.kind in NO_ADDITION:
            return
        place, before = posting.place, (posting.had, posting.mix)
        root = first_there(one, place, self.onward.load)
        if posting.delivery != ON_HAND:
            self.found.sent_off(one, posting.lot, posting.delivery, some.ug, posting.g)
        if some.part and not some.ug and not posting.g and posting.lot in one.made and names_one_thing(posting.lot):
            self.found.unweighed.append(Start(place, root, 0, one.index))
        starts = begun if root == one.index else self.begun.get(root, {})
        if place in starts and not posting.kind:
            self.found.back += some.ug
        if root != one.index:
            rows = [(max(0, posting.had), self.mixes.part(place, posting.mix)), (posting.g, some.part)]
            self.mixes.parts[place, one.index] = mean(rows)  # of what a declaration puts back there (5.6)
            self.mixes.more(place, before, posting.g, root)
        else:
            some = self._begins(posting, begun[place], some) if place in begun else some
            self.mixes.add(place, one.index, before, posting.g, some)
        self.found.fold(self.mixes.thin(place, posting.had + posting.g))
        self._follow(place, one.index)

    def _begins(self, posting: Posting, ug: int, some: Taken) -> Taken:
        """What is traced from here on; of what came early also what its sender took, if not of it."""
        if posting.kind == "late":
            ug += some.ug
            self.found.left_for("circular", ug - min(ug, posting.g * UG))
        return Taken(min(ug, posting.g * UG) if posting.g else ug, _part_of(ug, posting.g))

    def _through_run(self, one: Effects, some: Taken, begun: Mapping[Place, int]) -> None:
        """What goes into a run is in all that comes out after it, each gram as much as the run is of it."""
        run, before, g = place_of_run(one.issuer, one.run), (one.run_had, one.run_mix), fed(one)
        self._tell(one, {INTO_RUN: some.part})
        if g:
            some = Taken(begun[run], _part_of(begun[run], g)) if run in begun else some
            self.mixes.add(run, one.index, before, g, some)
        pool = self.mixes.there(run, one.run_had + g, one.run_from)  # of what it took the place of, if any (5.6)
        self.found.fold(self.mixes.thin(run, one.run_had + g))
        part = self.mixes.part(run, one.run_from)
        self._follow(run, one.index)
        self._tell(one, {"": part})
        for posting in one.credits:
            out = self.amounts.out_of_run(posting.g, pool, part) if pool is not None and not posting.kind else 0
            self.found.reached(one, "", out)
            self._credit(one, posting, Taken(out, 0 if posting.kind else part), begun)

    def _wrong(self, one: Effects, begun: Mapping[Place, int]) -> None:
        """Rule 5.6: what it added is of what took its place; what it took was gone, until it was declared wrong."""
        if self.amounts.by_mass:
            self.right.weigh(one)
            for posting in one.debits:
                if posting.kind != "correction":
                    self.mixes.draw(posting)
        stands = standing(one, self.onward)
        for place in dict.fromkeys(posting.place for posting in one.credits if posting.kind not in NO_ADDITION):
            self._instead(one, stands, place, begun.get(place))
        for place in {(moved.lot, one.issuer, moved.delivery) for moved in one.moved} - {p.place for p in one.credits}:
            self._arrived(place, one.index, stood_for(one, stands, place, 0, self.ahead)[1])
        if one.run and one.debits:
            self._run_instead(one, stands, begun)
        if self.amounts.by_mass:
            self.right.correct(one)

    def _instead(self, one: Effects, stands: Effects | None, place: Place, ug: int | None) -> None:
        """A start is of what a correction added, where it belongs to, or of what none was made for."""
        added = [posting for posting in one.credits if posting.place == place and posting.kind not in NO_ADDITION]
        before, really = (added[0].had, added[0].mix), sum(posting.g for posting in added)
        root = first_there(one, place, self.onward.load)
        if root != one.index:
            self.mixes.more(place, before, really, root)
        else:
            g, part = stood_for(one, stands, place, before[0], self.ahead)
            if ug is not None:
                g, part = g or really, _part_of(ug, g or really)
            self.mixes.add(place, one.index, before, g, Taken(self.amounts.of(part, g), part), really=really)
        self.found.fold(self.mixes.thin(place, before[0] + really))
        self._follow(place, one.index)

    def _run_instead(self, one: Effects, stands: Effects | None, begun: Mapping[Place, int]) -> None:
        run = place_of_run(one.issuer, one.run)
        if first_there(one, run, self.onward.load) == one.index:
            g, part = fed_instead(one, stands, self.ahead)
            if run in begun:
                g, part = g or fed(one), _part_of(begun[run], g or fed(one))
            self.mixes.add(run, one.index, (one.run_had, one.run_mix), g, Taken(self.amounts.of(part, g), part))
            self._follow(run, one.index)


def _part_of(ug: int, g: int) -> int:
    """The share that so many µg are of so many g; all of what nobody weighed."""
    return min(WHOLE, ug * WHOLE // (g * UG)) if g > 0 else WHOLE
