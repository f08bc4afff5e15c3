"""What one holder has of a lot, and the lot with more or less of it."""

from msgspec.structs import replace

from ledger.lots.records import ON_HAND, Holding, Lot


def holding_of(lot: Lot, holder: str, delivery: str = ON_HAND) -> Holding:
    """What is there; where nothing is, an empty one of the holder's own."""
    for one in lot.holdings:
        if one.holder == holder and one.delivery == delivery:
            return one
    return Holding(holder, delivery, holder, 0)


def add_to(lot: Lot, more: Holding) -> Lot:
    """The lot with so much more (or less) in one holding. What is sent off and gone leaves no holding behind."""
    g = holding_of(lot, more.holder, more.delivery).g + more.g
    rest = without(lot, more.holder, more.delivery)
    if not g and more.delivery != ON_HAND and not lot.single:
        return replace(lot, holdings=rest)
    here = Holding(more.holder, more.delivery, more.owner, g, more.mix, more.site)
    holdings = tuple(sorted((*rest, here), key=_by_place)) if rest else (here,)
    return replace(lot, holdings=holdings)


def settled(lot: Lot, holder: str) -> Lot:
    """Rule 5.6: blocked for this holder where he is short of it anywhere, and not any more where he is not."""
    others = {one for one in lot.blocked if one != holder}
    short = {one.holder for one in lot.holdings if one.holder == holder and one.g < 0}
    return replace(lot, blocked=tuple(sorted(others | short)))


def with_surplus(lot: Lot, holder: str, g: int) -> Lot:
    """The lot with so much that a count found too much with one holder."""
    others = {one: more for one, more in lot.surplus.items() if one != holder}
    return replace(lot, surplus=others | {holder: g} if g else others)


def _by_place(one: Holding) -> tuple[str, str]:
    return one.holder, one.delivery


def without(lot: Lot, holder: str, delivery: str) -> tuple[Holding, ...]:
    """The lot's other holdings."""
    return tuple(one for one in lot.holdings if one.holder != holder or one.delivery != delivery)
