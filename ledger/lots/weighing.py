"""What a piece weighs: the first mass that is given of it after it was made, by whatever event (rule 5.2)."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from ledger.lots.astray import owing, times
from ledger.lots.book import Book, effects_key
from ledger.lots.booking import Booking, tonnes
from ledger.lots.event import Part
from ledger.lots.holdings import holding_of, settled, without
from ledger.lots.products import judge_size
from ledger.lots.records import NOBODY, ON_HAND, Effects, Holding, Lot, Place, Posting

REPLACED = "correction"  # what a making that is corrected sets off, or adds, where it had been made
_PERCENT = 200  # one part in 200: 0.5 %


def weigh(booking: Booking, lot: Lot, part: Part, holder: str, delivery: str) -> Lot:
    """A piece that nobody had weighed gets its mass; one that weighs something else now is found, not changed."""
    if part.g is None:
        return lot
    if lot.g is not None:
        _judge_weight(booking, lot.id, lot.g, part.g)
        return lot
    booking.book.put_lot(replace(lot, g=part.g))
    owner = holding_of(lot, holder, delivery).owner
    booking.credit(lot.id, part.g, holder=holder, owner=owner, delivery=delivery, kind="weighed", mixes=False)
    judge_size(booking, lot.id)
    return booking.lot(lot.id)


def _judge_weight(booking: Booking, name: str, was: int, g: int) -> None:
    if abs(g - was) * _PERCENT > was:
        says = f"piece {name} has {tonnes(was)}, the event says {tonnes(g)}"
        booking.find("weight_differs", name, says, was=was, weighed=g)


def weighed_before(booking: Booking, lot: Lot) -> Posting | None:
    """Rule 5.6: what the newest event whose place this one takes booked, where it was the first to weigh it."""
    before = (one for one in map(booking.book.effects, booking.instead_of) if one is not None)
    return next((one for done in before for one in done.credits if (one.lot, one.kind) == (lot.id, "weighed")), None)


def weigh_named(booking: Booking) -> None:
    """Rule 5.2: an event that neither takes nor makes a piece may give its mass too, which is added where it is.

    Who made it or has it says what it weighs, as he says what it is (5.3).
    """
    event = booking.event
    for part in (*event.things, *event.children):
        if part.single and part.g is not None:
            _weigh_there(booking, booking.lot(part.id), part, part.g)


def _weigh_there(booking: Booking, lot: Lot, part: Part, g: int) -> None:
    before = weighed_before(booking, lot)
    may_weigh = booking.event.issuer == lot.maker or lot.has(booking.event.issuer) or before is not None
    if lot.g is not None:
        counted = booking.event.step == "stock_taking"  # judged by its scale (5.7)
        if may_weigh and lot.g and not counted:  # a unit has no mass of its own
            _judge_weight(booking, lot.id, lot.g, g)
        return
    place = _where(lot.holdings, before)
    if may_weigh and place is not None and lot.consumed_by == NOBODY:  # used up unweighed, nobody weighs it any more
        weigh(booking, lot, part, *place[1:])
        found_again(booking, lot.id, place)
        if place[2] != ON_HAND:
            booking.move(place[2], lot.id, shipped=g)  # it left with this mass


def _where(holdings: Sequence[Holding], before: Posting | None) -> Place | None:
    """Where a thing without mass is, or where a correction settles what it moved on with; None where neither is."""
    if len(holdings) == 1 and not holdings[0].g:
        return "", holdings[0].holder, holdings[0].delivery
    return before.place if before is not None and not sum(one.g for one in holdings) else None


def found_again(booking: Booking, name: str, place: Place) -> None:
    """Rule 5.6: it had moved on from where a first weight was taken back, which grams say again once they are there."""
    lot = booking.lot(name)
    at = holding_of(lot, *place[1:])
    if times(lot, at) > 0:
        booking.book.put_lot(owing(lot, at, -1))


def settle_piece(booking: Booking, lot: Lot, posting: Posting) -> None:
    """Rule 5.6: a piece that is made again, and had moved on, stays where it is, with the difference found."""
    elsewhere = [one for one in lot.holdings if (one.holder, one.delivery) != (posting.holder, posting.delivery)]
    awaited = any(one.holder != posting.holder for one in lot.late)  # by who received it before its maker was heard
    if awaited or (not elsewhere and lot.consumed_by == NOBODY):
        return
    left = lot.on_hand(posting.holder)
    if left > 0:
        booking.debit(lot.id, left, holder=posting.holder, kind=REPLACED)
    elif left < 0:
        booking.credit(lot.id, -left, holder=posting.holder, owner=posting.owner, kind=REPLACED)
    booking.book.put_lot(replace(lot, holdings=tuple(elsewhere)))
    unweighed = left == posting.g > 0
    if not left or (unweighed and add_where_it_is(booking, booking.lot(lot.id), left, elsewhere)):
        return
    was = sum(one.g for one in elsewhere) if unweighed else posting.g - left
    says = f"had moved on with {tonnes(was)}, it is corrected to {tonnes(posting.g)}"
    if unweighed:
        others = f", others weighed {tonnes(was)}" if was > 0 else ""
        says = f"had moved on unweighed{others}, its maker now says {tonnes(posting.g)}"
    booking.find("corrected_after_use", lot.id, f"piece {lot.id} {says}", was=was, corrected=posting.g)


def add_where_it_is(booking: Booking, lot: Lot, g: int, elsewhere: Sequence[Holding]) -> bool:
    """Rule 5.6: whether a mass that a corrected making is the first to give is that of a piece that had moved on.

    `elsewhere` is where it is beside the place where it was made.
    """
    place = _where(elsewhere, weighed_before(booking, lot))
    if place is None or place[1:] == (booking.event.issuer, ON_HAND):
        return False
    owner = holding_of(lot, *place[1:]).owner
    booking.credit(lot.id, g, holder=place[1], owner=owner, delivery=place[2], kind="weighed", mixes=False)
    found_again(booking, lot.id, place)
    lot = booking.lot(lot.id)
    if not holding_of(lot, *place[1:]).g:
        lot = replace(lot, holdings=without(lot, *place[1:]))
    booking.book.put_lot(settled(lot, place[1]))
    return True


def maker_gave(book: Book, lot: Lot, weighing: Effects) -> Effects | None:
    """Rule 5.6: the corrected making, if it stands, that gave its mass after this event was the first to."""
    made = book.effects(lot.made_by)
    if made is None or made.declared_by != NOBODY or made.index <= weighing.index:
        return None
    given = any(one.lot == lot.id and one.g and one.kind not in {"weighed", REPLACED} for one in made.credits)
    return made if given else None


def weighed_by_maker(booking: Booking, old: Effects) -> Iterator[Posting]:
    """Rule 5.6: without its first weight a piece has where it was weighed what its maker has said since that it weighs.

    The making had set off what was weighed: against that, where it was made, or else what it added there itself.
    """
    for posting in old.credits:
        lot = booking.book.lot(posting.lot)
        made = maker_gave(booking.book, lot, old) if lot is not None and posting.kind == "weighed" else None
        if made is None:
            continue
        set_off = [one for one in made.debits if (one.lot, one.kind) == (posting.lot, REPLACED) and one.g]
        if set_off:
            where_made = all(one.place == posting.place for one in set_off)
            added = replace(posting, g=sum(one.g for one in set_off), kind=REPLACED if where_made else "weighed")
            changed = _not_set_off(made, set_off) if where_made else _adding(made, added)
            booking.book.put(effects_key(made.index), changed)
            yield added


def _not_set_off(made: Effects, set_off: Sequence[Posting]) -> Effects:
    """The debits stay, with nothing in them: others are known by their place in the list."""
    left = {**made.left, REPLACED: made.left.get(REPLACED, 0) - sum(one.g for one in set_off)}
    return replace(made, debits=tuple(replace(one, g=0) if one in set_off else one for one in made.debits), left=left)


def _adding(made: Effects, more: Posting) -> Effects:
    entered = {**made.entered, more.kind: made.entered.get(more.kind, 0) + more.g}
    return replace(made, credits=(*made.credits, more), entered=entered)
