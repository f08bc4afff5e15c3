"""What an event did beside mass is taken back: marks, holds, words, weights, and what was packed (rule 5.6)."""

from collections.abc import Iterable

from msgspec.structs import replace

from ledger.lots.book import Book, site_key
from ledger.lots.booking import Booking, tonnes
from ledger.lots.holdings import holding_of, with_surplus
from ledger.lots.packing import holds, put_in
from ledger.lots.records import NOBODY, Contained, Effects, Hold, Lot, Site
from ledger.lots.taking import unpack
from ledger.lots.weighing import maker_gave


def take_back_marks(booking: Booking, old: Effects) -> None:
    """All but mass and what was packed, before mass is taken back."""
    book, event = booking.book, booking.event
    for lot in known_of(book, old.made):
        # A class lot that nobody will correct has what others added; nothing of it is in doubt.
        if lot.made_by == old.index and (lot.single or event.corrections):
            book.put_lot(replace(lot, doubt=event.index))
    for lot in known_of(book, old.consumed):
        if lot.consumed_by == old.index:
            book.put_lot(replace(lot, consumed_by=NOBODY))
    for lot in known_of(book, old.closed):
        book.put_lot(replace(lot, closed_by=tuple(one for one in lot.closed_by if one != old.index)))
    _take_back_holds(book, old)
    _take_back_sales(book, old)
    _take_back_words(book, old)
    _take_back_weights(book, old)
    _take_back_counts(book, old)
    site = book.site(old.opened) if old.opened else None
    if site is not None and site.opened_by == old.index:
        book.put(site_key(site.id), Site(site.id, NOBODY))


def _take_back_holds(book: Book, old: Effects) -> None:
    """Nobody holds by what was wrong; what it released is held again by what still stands."""
    for lot in known_of(book, old.held):
        book.put_lot(replace(lot, holds=tuple(one for one in lot.holds if one.entry != old.index)))
    for row in old.lifted:
        for lot in known_of(book, [row.lot] if _stands(book, row.entry) else []):
            held = sorted((*lot.holds, Hold(row.by, row.entry)), key=lambda one: one.entry)
            book.put_lot(replace(lot, holds=tuple(held)))


def _stands(book: Book, entry: int) -> bool:
    one = book.effects(entry)
    return one is not None and one.declared_by == NOBODY


def _take_back_sales(book: Book, old: Effects) -> None:
    for row in old.sold:
        for lot in known_of(book, [row.lot]):
            held = holding_of(lot, row.holder, row.delivery)
            back = (replace(one, owner=old.issuer) if one == held else one for one in lot.holdings)
            if held.owner == row.owner:
                book.put_lot(replace(lot, holdings=tuple(back)))


def _take_back_words(book: Book, old: Effects) -> None:
    """What it said of a lot that was there is as it was before, unless something else was said since.

    What it began keeps its description until another event makes it again: it is in doubt, not unknown.
    """
    for word in reversed(old.words):
        for lot in known_of(book, [word.lot]):
            if lot.made_by != old.index and lot.attributes.get(word.name) == word.after:
                rest = {name: value for name, value in lot.attributes.items() if name != word.name}
                before = {} if word.before is None else {word.name: word.before}
                book.put_lot(replace(lot, attributes=rest | before))


def _take_back_weights(book: Book, old: Effects) -> None:
    """A piece that it was the first to weigh waits for its mass again."""
    weighed = {(one.lot, one.g) for one in old.credits if one.kind == "weighed"}
    for lot in known_of(book, sorted(name for name, _ in weighed)):
        if (lot.id, lot.g) in weighed and maker_gave(book, lot, old) is None:
            book.put_lot(replace(lot, g=None))


def _take_back_counts(book: Book, old: Effects) -> None:
    """What a count found too much waits for nobody; where other counts or signatures came since, not for that part."""
    for row in old.surplus:
        for lot in known_of(book, [row.lot]):
            now = lot.surplus.get(old.issuer, 0)
            rest = max(0, now - max(0, row.after - row.before))
            book.put_lot(with_surplus(lot, old.issuer, row.before if now == row.after else rest))


def take_back_packing(booking: Booking, old: Effects) -> None:
    """Nothing is in a unit by what was wrong; what was wrongly taken out is in it again, where both are still there."""
    for row in old.packed:
        _take_out_again(booking, old, row)
    for row in old.unpacked:
        if _stands(booking.book, row.entry):
            _put_back(booking, old, row)


def _take_out_again(booking: Booking, old: Effects, row: Contained) -> None:
    unit, lot = booking.lot(row.unit), booking.lot(row.lot)
    amounts = tuple(one for one in unit.amounts if (one.lot, one.entry) == (row.lot, old.index))
    piece = (lot.inside, lot.packed_by) == (unit.id, old.index)
    if piece:
        unpack(booking, lot)
    if amounts:
        booking.unpacked += amounts
        booking.book.put_lot(replace(unit, amounts=tuple(one for one in unit.amounts if one not in amounts)))
    if (piece or amounts) and not unit.is_with(old.issuer):
        what = f"piece {lot.id}" if piece else f"{tonnes(sum(one.g for one in amounts))} of lot {lot.id}"
        says = f"{what} had moved on in {unit.id}, into which entry {old.index} did not pack it"
        booking.find("corrected_after_use", lot.id, says, packed=old.index)


def _put_back(booking: Booking, old: Effects, row: Contained) -> None:
    unit, lot = booking.lot(row.unit), booking.lot(row.lot)
    there = unit.is_with(old.issuer) and unit.consumed_by == NOBODY
    if lot.single:
        there = there and lot.is_with(old.issuer) and lot.consumed_by == NOBODY and not (lot.blocked or lot.inside)
        there = there and not holds(booking, lot.id, unit.id)
    if there:
        put_in(booking, row)
        return
    says = f"lot {lot.id} had moved on from {unit.id}, out of which entry {old.index} did not take it"
    booking.find("corrected_after_use", lot.id, says, unpacked=old.index)


def known_of(book: Book, names: Iterable[str]) -> Iterable[Lot]:
    """The lots under these names that are there, one after the other as the book has them then."""
    return (lot for lot in map(book.lot, names) if lot is not None)
