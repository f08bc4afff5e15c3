"""What must hold before something may be used, moved or taken: rules 5.3, 5.4 and 5.6 on the lot itself."""

from msgspec.structs import replace

from ledger.kernel.errors import Conflict, RuleBroken
from ledger.lots.astray import times
from ledger.lots.book import lot_key
from ledger.lots.booking import Booking, tonnes
from ledger.lots.event import Part
from ledger.lots.event_body import GRAMS_IN
from ledger.lots.holdings import holding_of, without
from ledger.lots.records import NOBODY, ON_HAND, Contained, Lot
from ledger.lots.weighing import weigh, weighed_before


def check_usable(booking: Booking, lot: Lot) -> None:
    """Rule 5.4: neither used up nor held; a correction goes through, and what it meets is found."""
    refusal = _unusable(lot, booking.event.issuer)
    if refusal is None:
        return
    if not booking.lenient:
        raise refusal
    booking.find(refusal.code, lot.id, refusal.sentence)


def _unusable(lot: Lot, holder: str) -> RuleBroken | Conflict | None:
    if lot.consumed_by != NOBODY:
        return Conflict("consumed", f"piece {lot.id} was used up by entry {lot.consumed_by}", id=lot.id)
    if lot.held_by:
        return RuleBroken("held", f"lot {lot.id} is held by {', '.join(lot.held_by)}", id=lot.id)
    if lot.blocks(holder):
        short = " and ".join(lot.blocked)
        return RuleBroken("blocked", f"lot {lot.id} is blocked until the shortage of {short} is cleared", id=lot.id)
    return None


def check_not_in_doubt(booking: Booking, lot: Lot) -> None:
    """Rule 5.6: what a declared event made may be observed and held, not used or shipped. RuleBroken ("in_doubt")."""
    if lot.doubt != NOBODY and not booking.lenient:
        raise RuleBroken(
            "in_doubt", f"lot {lot.id} is in doubt: entry {lot.doubt} declares wrong the event that made it", id=lot.id
        )


def check_holder(lot: Lot, holder: str) -> None:
    """Rule 5.3: one acts on what one has. Raises RuleBroken ("not_holder")."""
    if not lot.is_with(holder):
        raise RuleBroken("not_holder", f"lot {lot.id} is not with {holder}: {whereabouts(lot)}", id=lot.id)


def whereabouts(lot: Lot) -> str:
    """Who has it, in words."""
    said = [
        f"{one.holder} has {tonnes(one.g)}{' under way' if one.delivery != ON_HAND else ''}" for one in lot.holdings
    ]
    return " and ".join(said) or "nobody has any"


def take(booking: Booking, part: Part, *, consume: bool, kind: str = "", scrap: str = "") -> tuple[int, str]:
    """Draw an amount of a lot, or take a piece whole, from what the issuer has on hand: mass in g, and its owner.

    `kind` is where it goes, if nowhere; `scrap` the class of scrap that enters a melt.
    """
    holder = booking.event.issuer
    lot = booking.lot(part.id)
    check_usable(booking, lot)
    check_not_in_doubt(booking, lot)
    _check_taker(booking, lot)
    if lot.single:
        return _take_piece(booking, lot, part, consume=consume, kind=kind, scrap=scrap)
    g, surplus = _amount(part), lot.surplus.get(holder, 0)
    if surplus and g > lot.on_hand(holder) - surplus and not booking.lenient:
        raise RuleBroken(
            "surplus",
            f"lot {lot.id} has {tonnes(lot.on_hand(holder) - surplus)} beside {tonnes(surplus)} that a count found "
            f"with {holder} and nobody countersigned, the event takes {tonnes(g)}",
            id=lot.id,
        )
    return g, booking.debit(lot.id, g, holder=holder, role=part.role, kind=kind, scrap=scrap)


def _check_taker(booking: Booking, lot: Lot) -> None:
    """Rule 5.3; by 5.6 a correction may be short of what its issuer had. Raises RuleBroken ("not_holder").

    He had what he made, and what the events whose place it takes had taken from him. A piece that another event of his
    took is free once that one is declared wrong too; how much of a class lot he has left is balance, which is found.
    """
    if not booking.lenient or (lot.maker != booking.event.issuer and lot.id not in booking.taken):
        check_holder(lot, booking.event.issuer)


def check_worker(booking: Booking, lot: Lot) -> None:
    """Rule 5.3: who works on a lot has it; by 5.6 he had, where he did so wrongly. Raises RuleBroken ("not_holder")."""
    if lot.id not in booking.told and weighed_before(booking, lot) is None:
        _check_taker(booking, lot)


def check_some_here(booking: Booking, lot: Lot) -> None:
    """Rule 5.3: who had some of a class lot once works on it no more; by 5.6 he may. RuleBroken ("not_holder")."""
    holder = booking.event.issuer
    if not lot.single and lot.on_hand(holder) <= 0 and not booking.lenient:
        says = f"{holder} has nothing of lot {lot.id} here to work on: {whereabouts(lot)}"
        raise RuleBroken("not_holder", says, id=lot.id)


def _amount(part: Part) -> int:
    """Of a class lot so much is taken, and no event says "some". Raises RuleBroken ("no_mass")."""
    if part.g is None:
        says = f"the event takes of lot {part.id} and gives no mass in {', '.join(sorted(GRAMS_IN))}"
        raise RuleBroken("no_mass", says, id=part.id)
    return part.g


def _take_piece(booking: Booking, lot: Lot, part: Part, *, consume: bool, kind: str, scrap: str) -> tuple[int, str]:
    holder = booking.event.issuer
    if lot.consumed_by != NOBODY or not lot.is_with(holder):
        return _take_again(booking, lot, part, kind=kind, scrap=scrap)
    lot = weigh(booking, lot, part, holder, ON_HAND)
    if lot.inside:
        booking.find("taken_from_unit", lot.id, f"piece {lot.id} was taken out of {lot.inside} without unpacking it")
        lot = unpack(booking, lot)
    have = lot.on_hand(holder)
    g = _mass_of(booking, lot, have)
    owner = booking.debit(lot.id, g, holder=holder, role=part.role, kind=kind, scrap=scrap)
    lot = booking.lot(lot.id)
    kept = without(lot, holder, ON_HAND) if g == have else lot.holdings
    booking.book.put_lot(replace(lot, holdings=kept, consumed_by=booking.event.index if consume else NOBODY))
    if consume:
        booking.mark("consumed", lot.id)
    return g, owner


def _mass_of(booking: Booking, lot: Lot, have: int) -> int:
    """The mass of a piece that is here, in g. By 5.6 one in doubt is short of it until its own correction comes.

    One that came back here from a place that it is short of now is here once, however often it came.
    """
    if lot.doubt != NOBODY:
        return max(have, lot.g or 0)
    whole = sum(one.g for one in lot.holdings)
    return whole if booking.lenient and 0 < whole < have else have


def _take_again(booking: Booking, lot: Lot, part: Part, *, kind: str, scrap: str) -> tuple[int, str]:
    """Rule 5.6: a corrective event takes what another used up or sent away meanwhile, and finds it so.

    The piece stays what and where it is, short of its mass, and blocked.
    """
    here = holding_of(lot, booking.event.issuer)
    g = 0 if times(lot, here) > 0 else lot.g or 0  # it left unweighed, and is sent so again
    weighs = lot.g is None and lot.consumed_by == NOBODY  # what was used up unweighed, nobody weighs any more
    if weighs and part.g is not None and weighed_before(booking, lot) is not None:
        weigh(booking, lot, part, booking.event.issuer, ON_HAND)
        g = part.g
    elif weighs and lot.holdings:
        weigh(booking, lot, part, lot.holdings[0].holder, lot.holdings[0].delivery)
    return g, booking.debit(lot.id, g, holder=booking.event.issuer, role=part.role, kind=kind, scrap=scrap)


def unpack(booking: Booking, lot: Lot) -> Lot:
    """Take a thing out of the unit it is in."""
    unit = booking.book.lot(lot.inside)
    if unit is not None:
        booking.book.put_lot(replace(unit, contents=tuple(one for one in unit.contents if one != lot.id)))
    booking.unpacked.append(Contained(lot.inside, lot.id, 0, lot.packed_by))
    free = replace(lot, inside="", packed_by=NOBODY)
    booking.book.put(lot_key(lot.id), free)
    return free
