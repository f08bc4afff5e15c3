"""What is to be called back: where the metal of a lot or of one event went, by customer."""

from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from ledger.kernel.gs1 import names_one_thing
from ledger.lots.descent import Descent
from ledger.lots.genealogy import NO_ADDITION, UG, Loader, Start, Versions, first_there
from ledger.lots.records import NOBODY, Delivery, Effects, Posting, place_of_run


class Recall(Struct, frozen=True, gc=False):
    """One line of a recall list: what went to whom on which delivery; `g` in all, `traced_ug` of what is traced.

    `more`: and some of unknown mass, by a piece that nobody had weighed.
    """

    lot: str
    delivery: str
    customer: str
    g: int
    traced_ug: int
    more: bool = False


def recall(descent: Descent, deliveries: Mapping[str, Delivery]) -> tuple[Recall, ...]:
    """What is to be called back, by customer; `deliveries` has those that the descent names."""
    rows = (
        Recall(one.lot, one.delivery, deliveries[one.delivery].receiver, one.g, one.ug, one.more)
        for one in descent.sent
        if one.delivery in deliveries
    )
    return tuple(sorted(rows, key=lambda one: (one.customer, one.delivery, one.lot)))


def starts_from_entry(one: Effects, load: Loader, *, weighed: int = 0) -> tuple[Start, ...]:
    """All that one event put somewhere, into a run too; what was corrected, from where it was.

    `weighed` is what others found, in g, where it gave no mass. A piece that nobody weighed is there with 0 µg.
    """
    added = [(posting.place, posting.g or weighed) for posting in one.credits if posting.kind not in NO_ADDITION]
    if one.run and one.debits:
        added.append((place_of_run(one.issuer, one.run), sum(posting.g for posting in one.debits if not posting.kind)))
    return tuple(
        Start(place, first_there(one, place, load), g * UG, one.index)
        for place, g in added
        if g or not place[0] or names_one_thing(place[0])
    )


def starts_from_lot(name: str, load: Loader, versions: Versions) -> tuple[Start, ...]:
    """All that was made of a lot or entered as it; what came early and was sent since is of what its sender had."""
    entries = load(versions([name]).get(name, ()))
    made = (one for one in entries.values() if name in one.made and one.declared_by == NOBODY)
    weighed = sum(posting.g for one in entries.values() for posting in _weighed(one) if posting.lot == name)
    starts = (
        (start, start.ug - _settled(one, name) * UG)
        for one in made
        for start in starts_from_entry(one, load, weighed=weighed)
        if start.place[0] == name
    )
    return tuple(replace(start, ug=left) for start, left in starts if left or not start.ug)


def _settled(one: Effects, name: str) -> int:
    """Rule 5.1: what an event had early and a sender was heard of since, in g."""
    late = any(posting.kind == "late" for posting in one.credits if posting.lot == name)
    return sum(row.g for row in one.settled if row.lot == name) if late else 0


def _weighed(one: Effects) -> Iterator[Posting]:
    """The first mass of pieces that were made without one, where that stands."""
    return (posting for posting in one.credits if posting.kind == "weighed" and one.declared_by == NOBODY)
