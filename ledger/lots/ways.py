"""Where what is traced came from, one event back: the same for all metal that goes there (rule 5.2)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from ledger.kernel.gs1 import names_one_thing
from ledger.lots.genealogy import NO_ADDITION, Correction, run_name
from ledger.lots.loading import Loading
from ledger.lots.mass_rules import PRIMARY
from ledger.lots.records import NOBODY, Effects, Place, Posting, place_of_run

MIX, MADE, RUN, END = range(4)
# entry, stage and a place; for what an event took: the lot that moved, or "" where all that it took is joined;
# for an end: the lot, the reason, the class of scrap.
Target: TypeAlias = tuple[int, int, str, str, str]


class Way(NamedTuple):
    """The older targets that one leads to, each with the g that its entry says.

    `name` is the lot or run that was drawn from, "" where the target is what an event took. `what` kind of event that
    was, and `reads` all entries that say so. Things that were `used`, each by an entry, and `corrections` that were
    gone round.
    """

    leads: Mapping[Target, int]
    name: str
    what: str
    reads: frozenset[int]
    used: tuple[tuple[str, int], ...]
    corrections: tuple[Correction, ...]


def _read(reads: frozenset[int]) -> bool:
    return bool(reads)  # what is not there may yet come


@dataclass(slots=True)
class Ways:
    """What was found before: pieces share most of their ancestors. Forgets all once there are too many.

    `lasting` tells of the entries that say so whether they will say the same whenever it is asked for again.
    """

    lasting: Callable[[frozenset[int]], bool] = _read
    most: int = 50_000  # some 50 MiB
    found: dict[Target, Way] = field(default_factory=dict)

    def of(self, target: Target, source: Loading, waiting: Callable[[], Iterable[int]]) -> Way:
        """That of a target; `waiting` gives the entries that are asked for next."""
        known = self.found.get(target)
        if known is None:
            known = _Look(source).way(target, waiting())
            if len(self.found) >= self.most:
                self.found.clear()
            if self.lasting(known.reads):
                self.found[target] = known
        return known


class _Look:
    def __init__(self, source: Loading) -> None:
        self.source = source
        self.reads: set[int] = set()
        self.used: list[tuple[str, int]] = []
        self.corrections: list[Correction] = []

    def way(self, target: Target, waiting: Iterable[int]) -> Way:
        entry, stage, lot, holder, delivery = target
        name = "" if stage == MADE else run_name(holder, delivery) if stage == RUN else lot
        one = self.source.effects(entry, name, waiting)
        leads = self._leads_to(one, target) if one is not None else {end_at(entry, lot, "unknown"): 1}
        what = one.what if one is not None else ""
        return Way(leads, name, what, frozenset(self.reads), tuple(self.used), tuple(self.corrections))

    def _leads_to(self, one: Effects, target: Target) -> Mapping[Target, int]:
        _, stage, lot, holder, delivery = target
        self.reads.add(one.index)
        if stage == MADE:
            return self._taken(one, lot)
        stands = self._standing(one)
        place = (lot, holder, delivery)
        return self._run(one, stands, place) if stage == RUN else self._mix(one, stands, place)

    def _standing(self, one: Effects) -> Effects | None:
        """Rule 5.6: the event itself, or what took its place; None where it was declared wrong and nothing did."""
        while one.declared_by != NOBODY:
            self.corrections.append(Correction(one.index, one.declared_by, one.replaced_by))
            self.reads.add(one.declared_by)
            later = self.source.effects_of(one.replaced_by) if one.replaced_by != NOBODY else None
            if later is None:
                return None
            self.reads.add(later.index)
            one = later
        return one

    def _mix(self, one: Effects, stands: Effects | None, place: Place) -> Mapping[Target, int]:
        """What was there before, of the mix before, and what the entry added."""
        added = [posting for posting in one.credits if posting.place == place]
        before = next((posting for posting in added if posting.mix != one.index), None)
        found: dict[Target, int] = {}
        if before is not None and before.had > 0:
            _more(found, (before.mix, MIX, *place), before.had)
        if stands is None:
            if one.awaited or not found:
                _more(found, end_at(one.index, place[0], "in-doubt"), sum(posting.g for posting in added))
            return found
        for posting in added_by(stands, place):
            _came_from(found, stands, posting)
        if not found and any(posting.lot == place[0] for posting in stands.debits) and not stands.joins:
            return {(stands.index, MADE, place[0], "", ""): 1}  # all that it sent had arrived early
        return found or {end_at(one.index, place[0], "unknown" if stands is one else "in-doubt"): 1}

    def _taken(self, one: Effects, lot: str) -> Mapping[Target, int]:
        """What an event took to put something somewhere: all together, or of one lot."""
        if one.run:
            return {_from_run(one): 1}
        found: dict[Target, int] = {}
        self._debits(found, one, lot)
        if one.joins and one.entered.get("unaccounted"):
            _more(found, end_at(one.index, "", "unaccounted"), one.entered["unaccounted"])
        return found or {end_at(one.index, lot, "primary" if one.what in PRIMARY else "unknown"): 1}

    def _run(self, one: Effects, stands: Effects | None, place: Place) -> Mapping[Target, int]:
        """What the run had taken in before, of the mix before, and what the entry put in."""
        found: dict[Target, int] = {}
        if one.run_had > 0:
            _more(found, (one.run_mix, RUN, *place), one.run_had)
        if stands is not None and place_of_run(stands.issuer, stands.run) == place:
            self._debits(found, stands, "")
        elif one.awaited or not found:
            _more(found, end_at(one.index, "", "in-doubt"), sum(posting.g for posting in one.debits))
        return found or {end_at(one.index, "", "unknown"): 1}

    def _debits(self, found: dict[Target, int], one: Effects, lot: str) -> None:
        for posting in one.debits:
            if posting.kind or (not one.joins and posting.lot != lot):
                continue
            if names_one_thing(posting.lot):
                self.used.append((posting.lot, one.index))
            there = max(0, min(posting.g, posting.had))
            _more(found, _drawn_from(one.index, posting), there)
            if posting.g > there:
                _more(found, end_at(one.index, posting.lot, "unknown"), posting.g - there)


def end_at(entry: int, lot: str, reason: str, scrap: str = "") -> Target:
    """Where a trace stops, and why."""
    return entry, END, lot, reason, scrap


def _more(found: dict[Target, int], target: Target, g: int) -> None:
    found[target] = found.get(target, 0) + g


def added_by(stands: Effects, place: Place) -> list[Posting]:
    """What the event put there; where a correction put it elsewhere, that."""
    there = [posting for posting in stands.credits if posting.place == place]
    return there or [posting for posting in stands.credits if posting.lot == place[0]]


def _came_from(found: dict[Target, int], one: Effects, posting: Posting) -> None:
    """One addition: of what the event took, of what a sender said later, or from outside of what was recorded."""
    if posting.kind in NO_ADDITION:
        return
    if posting.kind and posting.kind != "late":
        _more(found, end_at(one.index, posting.lot, posting.kind), posting.g)
        return
    settled = [row for row in one.settled if row.lot == posting.lot and posting.kind]
    for row in settled:
        _more(found, (row.entry, MADE, row.lot, "", ""), row.g)
    left = posting.g - sum(row.g for row in settled)
    taken = (one.index, MADE, "" if one.joins else posting.lot, "", "")
    if left or not settled:
        _more(found, end_at(one.index, posting.lot, "late") if posting.kind else taken, max(0, left))


def _drawn_from(entry: int, posting: Posting) -> Target:
    """Scrap that enters a melt is where a trace stops; else the mix that it is drawn from."""
    if posting.scrap:
        return end_at(entry, posting.lot, "scrap", posting.scrap)
    return (posting.mix, MIX, *posting.place) if posting.mix != NOBODY else end_at(entry, posting.lot, "unknown")


def _from_run(one: Effects) -> Target:
    """What comes out of a run is of all that went in up to it."""
    if one.run_from == NOBODY:
        return end_at(one.index, "", "primary" if one.what in PRIMARY else "unknown")
    return (one.run_from, RUN, *place_of_run(one.issuer, one.run))
