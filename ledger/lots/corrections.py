"""Errors declared and corrected: what an event did is taken back, what takes its place is booked (rule 5.6)."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from msgspec.structs import replace

from ledger.lots.astray import came, due, found, left, owing, times
from ledger.lots.book import Book, effects_key, named_key
from ledger.lots.booking import Booking, add_to_delivery, tonnes
from ledger.lots.claims import take_back
from ledger.lots.event import LotEvent
from ledger.lots.holdings import add_to, holding_of, settled, without
from ledger.lots.marks import known_of, take_back_marks, take_back_packing
from ledger.lots.records import (
    NOBODY,
    ON_HAND,
    Effects,
    Finding,
    Holding,
    Late,
    Lot,
    Moved,
    Named,
    Place,
    Posting,
    place_of_run,
)
from ledger.lots.runs import leave_run, take_back_run
from ledger.lots.weighing import REPLACED, found_again, settle_piece, weighed_by_maker


def declare(book: Book, event: LotEvent, wrong: int, sites: Mapping[str, str]) -> Effects:
    """Take back what entry `wrong` did. Never refused for what came of it since: shortages are found, and block."""
    old = book.effects(wrong)
    if old is None or old.declared_by != NOBODY:
        return _nothing(event)
    book.put(effects_key(wrong), replace(old, declared_by=event.index, awaited=bool(event.corrections)))
    for name in event.corrections:
        if book.named(event.issuer, name) is None:
            book.put(named_key(event.issuer, name), Named(replaces=wrong))
    booking = Booking(book, event, sites=sites)
    take_back_run(booking, old)
    take_back_marks(booking, old)
    under_way, no_more = tuple(_take_back_late(book, old, event.index)), tuple(_sent_again(book, old))
    gone = (*old.credits, *no_more)
    by_maker = tuple(weighed_by_maker(booking, old))
    for posting in gone:
        _withdraw(booking, posting, wrong)
    for posting in by_maker:
        _add(booking, posting)
    for posting in old.debits:
        _restore(booking, posting)
    for posting in under_way:
        _post(booking, posting, posting.g)
    back = (
        *(Moved(one.delivery, one.lot, -one.shipped, -one.received) for one in old.moved),
        *(Moved(one.delivery, one.lot, 0, -one.g) for one in under_way),
        *(Moved(one.delivery, one.lot, 0, one.g) for one in no_more),
    )
    for moved in back:
        add_to_delivery(book, moved)
    touched = dict.fromkeys(posting.lot for posting in (*gone, *old.debits))
    for lot in known_of(book, touched):
        book.put_lot(found(_unmade(booking, lot), partial(_stands, book)))
    take_back_packing(booking, old)
    return replace(
        _nothing(event), undoes=wrong, debits=gone, credits=(*old.debits, *under_way, *by_maker),
        entered=_with(old.left, (*under_way, *by_maker)), left=_with(old.entered, no_more), moved=back,
        packed=tuple(booking.packed), unpacked=tuple(booking.unpacked),
        findings=(*_shortages(book, touched), *booking.findings, *take_back(book, wrong)),
    )  # fmt: skip


def _with(kinds: dict[str, int], postings: Iterable[Posting]) -> dict[str, int]:
    for one in postings:
        kinds = {**kinds, one.kind: kinds.get(one.kind, 0) + one.g} if one.g else kinds
    return kinds


def _nothing(event: LotEvent) -> Effects:
    return Effects(event.index, event.issuer, event.time, event.start, "error declaration")


def _withdraw(booking: Booking, posting: Posting, wrong: int) -> None:
    """A credit taken back. A thing that it moved is not there any more, unless it is back by what stands.

    One that it made is, in doubt.
    """
    book, lot = booking.book, booking.lot(posting.lot)
    if _weightless(lot, posting):
        by = {one.index for one in in_turn(book, wrong)}
        if lot.made_by != wrong:
            book.put_lot(left(lot, _at(booking, posting), by))
        return
    _post(booking, posting, -posting.g)
    if lot.made_by != wrong or posting.kind == "weighed":
        _leave(book, booking.lot(posting.lot), posting)
    if posting.kind == "weighed":  # it is there without these grams, unless it moved on from there
        book.put_lot(owing(booking.lot(posting.lot), _at(booking, posting), 1))


def _add(booking: Booking, posting: Posting) -> None:
    """What a piece weighs by its maker's word, where a first weight was taken back."""
    _post(booking, posting, posting.g)
    found_again(booking, posting.lot, posting.place)
    lot = booking.lot(posting.lot)
    if len(lot.holdings) > 1:
        _leave(booking.book, lot, posting)


def _leave(book: Book, lot: Lot, posting: Posting) -> None:
    """Where a single thing has nothing any more, it is not."""
    if lot.single and not holding_of(lot, posting.holder, posting.delivery).g:
        book.put_lot(replace(lot, holdings=without(lot, posting.holder, posting.delivery)))


def _restore(booking: Booking, posting: Posting) -> None:
    """A debit taken back. A thing is in one place: what was short of it there is made good where it is elsewhere."""
    book, lot = booking.book, booking.lot(posting.lot)
    if posting.kind == REPLACED and not posting.g:
        return
    if _weightless(lot, posting):
        book.put_lot(came(lot, _at(booking, posting)))
        return
    _post(booking, posting, posting.g)
    lot = booking.lot(posting.lot)
    if lot.consumed_by != NOBODY or len(lot.holdings) > 1 or due(lot):
        _leave(book, lot, posting)


def _unmade(booking: Booking, lot: Lot) -> Lot:
    """A thing in doubt of which nothing is anywhere is where it was made, whichever move of it was taken back last."""
    weighed = lot.single and lot.g and lot.consumed_by == NOBODY
    made = booking.book.effects(lot.made_by) if weighed and lot.doubt != NOBODY else None
    if made is None or any(one.g for one in lot.holdings):
        return lot
    posting = next((one for one in made.credits if one.lot == lot.id), None)
    if posting is None:
        return lot
    at = replace(_at(booking, posting), mix=places_of(booking.book, made.index)[posting.place])
    return replace(lot, holdings=(at,))


def _weightless(lot: Lot, posting: Posting) -> bool:
    return lot.single and not posting.g


def _stands(book: Book, entry: int) -> bool:
    """Also what a bundle does not show, and no entry stands for: it is where it has to be (SPEC 7)."""
    one = book.effects(entry)
    return entry < NOBODY or (one is not None and one.declared_by == NOBODY)


def _at(booking: Booking, posting: Posting) -> Holding:
    """The place of a posting, with nothing there yet."""
    empty = Holding(posting.holder, posting.delivery, posting.owner, 0, posting.mix)
    return replace(empty, site=booking.site_at(empty))


def _post(booking: Booking, posting: Posting, g: int) -> None:
    lot = _set_aside(booking.lot(posting.lot))
    held = holding_of(lot, posting.holder, posting.delivery)
    mix = posting.mix if held.mix == NOBODY else held.mix  # rule 5.6: undoing makes no mix
    owner = held.owner if held.g else posting.owner  # who bought it since has it
    more = Holding(posting.holder, posting.delivery, owner, g, mix, booking.site_at(held))
    booking.book.put_lot(settled(add_to(lot, more), posting.holder))


def _set_aside(lot: Lot) -> Lot:
    """A thing that nobody weighs any more and that is somewhere without grams is owed to there, while grams move."""
    here = [one for one in lot.holdings if lot.single and lot.g is None and not one.g]
    for one in here:
        lot = owing(replace(lot, holdings=without(lot, one.holder, one.delivery)), one, 1)
    return lot


def _shortages(book: Book, names: Iterable[str]) -> Iterable[Finding]:
    for lot in known_of(book, names):
        for one in (one for one in lot.holdings if one.g < 0):
            says = f"{one.holder} has used {tonnes(-one.g)} of lot {lot.id} more than there was, with the correction"
            yield Finding("shortage", lot.id, says, {"short": -one.g})


def _take_back_late(book: Book, old: Effects, declared_by: int) -> Iterator[Posting]:
    """What was received before its sender was heard was not, or its sender is waited for again.

    Yields what a sender sent off and nobody has received, now that the early receipt is none; his event remembers it.
    """
    for lot in known_of(book, dict.fromkeys(posting.lot for posting in old.credits)):
        book.put_lot(replace(lot, late=tuple(one for one in lot.late if one.entry != old.index)))
    for row in old.settles:
        known, receipt = book.lot(row.lot), book.effects(row.entry)
        if known is not None and receipt is not None:
            more = row.g + sum(one.g for one in known.late if one.entry == row.entry)
            others = (one for one in known.late if one.entry != row.entry)
            waiting = sorted((*others, Late(receipt.issuer, row.entry, more, row.sender)), key=lambda one: one.entry)
            book.put_lot(replace(known, late=tuple(waiting)))
            left = tuple(one for one in receipt.settled if one.entry != old.index)
            book.put(effects_key(row.entry), replace(receipt, settled=left))
    for row in old.settled:
        sent = book.effects(row.entry)
        if sent is not None and sent.declared_by == sent.undoes == NOBODY:
            left = tuple(one for one in sent.settles if (one.lot, one.entry) != (row.lot, old.index))
            again = (*sent.settled, replace(row, entry=declared_by))
            book.put(effects_key(row.entry), replace(sent, settles=left, settled=again))
            delivery = next((one.delivery for one in sent.moved if one.lot == row.lot), "")
            if delivery:
                yield Posting(row.lot, sent.issuer, delivery, old.issuer, row.g, mix=row.entry, kind="late")


def _sent_again(book: Book, old: Effects) -> Iterator[Posting]:
    """What declarations of early receipts put under way again, of a shipment that is declared wrong itself."""
    for row in old.settled:
        one = book.effects(row.entry)
        if one is not None and one.undoes != NOBODY:
            yield from (
                part for part in one.credits if part.kind == "late" and (part.lot, part.mix) == (row.lot, old.index)
            )


def replaced(book: Book, event: LotEvent) -> int:
    """The entry whose place this event takes, or NOBODY."""
    named = book.named(event.issuer, event.name)
    return named.replaces if named is not None else NOBODY


def places_of(book: Book, wrong: int) -> Mapping[Place, int]:
    """Where the events added whose place is taken, each with the first of them that did: to these mixes is added."""
    places: dict[Place, int] = {}
    for old in in_turn(book, wrong):
        places |= dict.fromkeys((one.place for one in old.credits), old.index)
        if old.run and old.debits:
            places[place_of_run(old.issuer, old.run)] = old.index
    return places


def taken_before(book: Book, wrong: int) -> frozenset[str]:
    """The lots that the events whose place is taken had taken of what their issuer had on hand."""
    return frozenset(
        one.lot
        for old in in_turn(book, wrong)
        for one in old.debits
        if (one.holder, one.delivery) == (old.issuer, ON_HAND)
    )


def told_before(book: Book, wrong: int) -> frozenset[str]:
    """The lots that the events whose place is taken had said something new of."""
    return frozenset(word.lot for old in in_turn(book, wrong) for word in old.words)


def in_turn(book: Book, wrong: int) -> Iterator[Effects]:
    """The event whose place is taken, and those whose place it had taken in turn."""
    old = book.effects(wrong)
    while old is not None:
        yield old
        old = book.effects(old.replaces) if old.replaces != NOBODY else None


def settle(booking: Booking, wrong: int) -> None:
    """After a corrective event: pieces that had moved on stay where they are, with the difference found."""
    book, event = booking.book, booking.event
    old = book.effects(wrong)
    if old is not None:
        book.put(effects_key(wrong), replace(old, replaced_by=event.index))
        leave_run(booking, old)
    for posting in [*booking.credits]:
        lot = booking.lot(posting.lot)
        if lot.single and lot.made_by == event.index:
            settle_piece(booking, lot, posting)
        elif posting.g:
            _leave(book, lot, posting)  # it had moved on from there: what was short of it is made good
        book.put_lot(settled(booking.lot(posting.lot), posting.holder))
    for posting in booking.debits:
        lot = booking.lot(posting.lot)
        if lot.consumed_by not in {NOBODY, event.index}:
            _leave(book, lot, posting)  # another has used it up since: nothing of it is where it was taken from
    _settle_moves(booking)


def _settle_moves(booking: Booking) -> None:
    """What has no mass and had moved on is where it was: the correction took it from where it was owed to."""
    book = booking.book
    for posting in booking.debits:
        lot = booking.lot(posting.lot)
        at = _at(booking, posting)
        if lot.single and posting.mix == NOBODY and (not posting.g or times(lot, at) > 0):
            _leave(book, lot, posting)
            book.put_lot(left(booking.lot(posting.lot), at, ()))
    for posting in booking.credits:
        lot = booking.lot(posting.lot)
        at, others = holding_of(lot, *posting.place[1:]), without(lot, *posting.place[1:])
        elsewhere = others or lot.consumed_by != NOBODY
        moved = _weightless(lot, posting) and lot.made_by != booking.event.index and not posting.kind
        if moved and elsewhere:
            book.put_lot(owing(lot if at.g else replace(lot, holdings=others), replace(at, g=0), 1))
    for lot in known_of(book, {posting.lot: 0 for posting in (*booking.debits, *booking.credits)}):
        book.put_lot(found(lot, partial(_stands, book)))
