"""Where a thing without mass is, once moves before its last are declared wrong (rule 5.6).

Grams say of all else where it is: what is taken back from a place that it has left makes that place short. Here moves
without grams are counted likewise, and a first weight that was taken back, which leaves the thing where it was weighed.
So both are sums, in whatever order they are told. The thing stays in one place; what is owed to other places, or by
them, tells where it is when its last move is taken back too.
"""

from collections.abc import Callable, Collection

from msgspec.structs import replace

from ledger.lots.holdings import without
from ledger.lots.records import NOBODY, Holding, Lot, Owed


def left(lot: Lot, at: Holding, by: Collection[int]) -> Lot:
    """It did not come here by these entries, or was taken from here: it is here no more, or one move of it is."""
    if any(not one.g and _same(one, at) and one.mix in by for one in lot.holdings):
        return replace(lot, holdings=without(lot, at.holder, at.delivery))
    return owing(lot, at, -1)


def came(lot: Lot, at: Holding) -> Lot:
    """It did not leave, or was put here: it is here, unless it is somewhere else or used up."""
    if lot.holdings or lot.consumed_by != NOBODY:
        return owing(lot, at, 1)
    return replace(lot, holdings=(at,))


def found(lot: Lot, stands: Callable[[int], bool]) -> Lot:
    """Where it is nowhere, or where it came by no entry that stands, it is where the newest that stands owes it to."""
    to = max(due(lot), key=lambda one: (stands(one.mix), one.mix), default=None)
    if to is None or lot.consumed_by != NOBODY:
        return lot
    if any(one.g or times(lot, one) >= 0 or stands(one.mix) for one in lot.holdings):
        return lot
    for one in lot.holdings:
        lot = owing(lot, one, 1)
    return replace(owing(lot, to, -1), holdings=(to,))


def due(lot: Lot) -> tuple[Holding, ...]:
    """Where a correction takes it from that has moved on since."""
    return tuple(one.at for one in lot.owed if one.times > 0)


def owing(lot: Lot, at: Holding, more: int) -> Lot:
    """With so many moves to here more, or fewer, that its grams do not tell."""
    now = times(lot, at) + more
    owed = [one for one in lot.owed if not _same(one.at, at)] + ([Owed(at, now)] if now else [])
    return replace(lot, owed=tuple(sorted(owed, key=lambda one: (one.at.holder, one.at.delivery))))


def times(lot: Lot, at: Holding) -> int:
    """How often it would be here, and is not."""
    return sum(one.times for one in lot.owed if _same(one.at, at))


def _same(one: Holding, other: Holding) -> bool:
    return (one.holder, one.delivery) == (other.holder, other.delivery)
