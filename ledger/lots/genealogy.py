"""What a trace is: events joined by the metal that went from one to the next, each with its mass in µg (rule 5.2).

Perfect mixing. A place is one lot with one holder, on hand or on one delivery, or a run. What is in it changes its
proportions only when something is added, so each addition makes a mix: what was there before, of the mix before, and
what the entry added. A draw is of the newest mix.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from ledger.lots.records import NOBODY, ON_HAND, Effects, Lot, Place, Run, place_of_run

UG = 1_000_000  # in one g
FOLDED_BELOW = 1_000  # 0.1 % is one part in so many
NO_ADDITION = frozenset({"weighed", "correction"})  # kinds of credits that are more of what is there already
# The effects of these entries as they stood as of the question; what was not there then is left out.
Loader: TypeAlias = Callable[[Collection[int]], Mapping[int, Effects]]
# For each name of a lot (or `run_name`) the entries that advanced it, ascending, as of the question.
Versions: TypeAlias = Callable[[Collection[str]], Mapping[str, Sequence[int]]]


class Start(Struct, frozen=True, gc=False):
    """So many µg in one place as it was mixed by entry `mix`, asked for as of entry `at`."""

    place: Place
    mix: int
    ug: int
    at: int


class Edge(Struct, frozen=True, gc=False):
    """So many µg are of what an older event left of one lot (or, where "", of what went into a run)."""

    entry: int
    lot: str
    ug: int


class Node(Struct, frozen=True, gc=False):
    """One event that added to a place: how many µg of what is traced are of what was there after it."""

    entry: int
    what: str
    ug: int
    parents: tuple[Edge, ...]


class End(Struct, frozen=True, gc=False):
    """Where a trace stops, and why, with µg. `scrap` is the class of scrap that entered a melt."""

    entry: int
    lot: str
    reason: str
    ug: int
    scrap: str = ""


class Correction(Struct, frozen=True, gc=False):
    """An entry that was declared wrong, by which, and which took its place (or NOBODY)."""

    wrong: int
    declared_by: int
    replaced_by: int


class Trace(Struct, frozen=True, gc=False):
    """Up from some metal: nodes from the newest to the oldest. `ug` is what the ends and the folded add up to.

    `inputs` are the entries it read. `drawn` has the newest entry that drew from each lot and run. `closure` are the
    entries that determine the masses it used: those of each lot and run it went through, up to the draw, and of each
    piece that an event in it used.
    """

    ug: int
    nodes: tuple[Node, ...]
    ends: tuple[End, ...]
    folded: int
    folded_ug: int
    corrections: tuple[Correction, ...]
    lots: tuple[str, ...]
    drawn: dict[str, int]
    inputs: tuple[int, ...]
    closure: tuple[int, ...]


class Shares(Struct, frozen=True, gc=False):
    """Rule 5.8: scrap by class in what is traced, in µg; `whole` is what is traced."""

    whole: int
    internal: int
    pre_consumer: int
    post_consumer: int
    unknown: int

    @property
    def recycled(self) -> int:
        """ISO 14021 leaves internal scrap out; scrap of unknown class is not counted."""
        return self.pre_consumer + self.post_consumer


def run_name(issuer: str, run: str) -> str:
    """What a run is looked up by."""
    return f"{issuer} {run}"


def closers(runs: Iterable[Run]) -> dict[str, int]:
    """Of those that are over, by their `run_name`, the entry that closed each."""
    return {run_name(one.issuer, one.name): one.closed_by for one in runs if one.closed_by != NOBODY}


def starts_of(lot: Lot, *, at: int, load: Loader) -> tuple[Start, ...]:
    """What there is of a lot wherever it is; of a piece that was used up, what was made."""
    there = tuple(
        Start((lot.id, one.holder, one.delivery), one.mix, one.g * UG, at) for one in lot.holdings if one.g > 0
    )
    if there or lot.made_by == NOBODY:
        return there
    made = load([lot.made_by]).get(lot.made_by)
    if made is None:
        return ()
    g = lot.g or sum(one.g for one in made.credits if one.lot == lot.id and one.kind not in NO_ADDITION)
    return (Start((lot.id, made.issuer, ON_HAND), lot.made_by, g * UG, at),)


def recycled(trace: Trace) -> Shares:
    """Rule 5.8: the ends at scrap, by class."""
    found = {"internal": 0, "pre-consumer": 0, "post-consumer": 0, "unknown": 0}
    for end in trace.ends:
        if end.reason == "scrap":
            found[end.scrap] += end.ug
    return Shares(
        whole=trace.ug,
        internal=found["internal"],
        pre_consumer=found["pre-consumer"],
        post_consumer=found["post-consumer"],
        unknown=found["unknown"],
    )


def first_there(one: Effects, place: Place, load: Loader) -> int:
    """Rule 5.6: the first of the events that this one takes the place of which added there, or the event itself."""
    entry = one.index
    while one.replaces != NOBODY:
        older = load([one.replaces]).get(one.replaces)
        if older is None:
            break
        one = older
        if _adds_to(one, place):
            entry = one.index
    return entry


def _adds_to(one: Effects, place: Place) -> bool:
    """A run is added to by what it takes in."""
    into_run = bool(one.run and one.debits) and place_of_run(one.issuer, one.run) == place
    return into_run or any(posting.place == place for posting in one.credits)
