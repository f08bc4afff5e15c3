"""Units and returnable frames: what happens to one happens to what is packed in it (rule 5.3)."""

from collections.abc import Iterator

from msgspec.structs import replace

from ledger.kernel.errors import RuleBroken
from ledger.lots.booking import Booking
from ledger.lots.event import Part
from ledger.lots.records import Lot
from ledger.lots.taking import check_holder, check_not_in_doubt, check_usable, unpack


def with_contents(booking: Booking, parts: tuple[Part, ...]) -> Iterator[Part]:
    """Each part and, below it, everything packed in it, at any depth; each once."""
    waiting, seen = list(reversed(parts)), set()
    while waiting:
        part = waiting.pop()
        if part.id in seen:
            continue
        seen.add(part.id)
        yield part
        lot = booking.lot(part.id)
        waiting += [Part(one, True, None) for one in reversed(lot.contents)]
        waiting += [Part(one, False, g) for one, g in lot.amounts]


def opened(booking: Booking, parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The parts and what is packed in them, taken out: what ends a unit ends that too."""
    found = tuple(with_contents(booking, parts))
    going = {part.id for part in found}
    for part in found:
        lot = booking.lot(part.id)
        if lot.inside in going:
            unpack(booking, lot)
    return found


def pack(booking: Booking) -> None:
    """Rule 5.3: a unit or frame holds what its holder puts in it; what happens to it happens to that."""
    event = booking.event
    if not event.parent:
        return
    known = booking.book.lot(event.parent)
    unit = known or Lot(event.parent, True, event.issuer, event.index, "made", event.time, 0)
    if known is None:
        booking.book.put_lot(unit)
        booking.credit(unit.id, 0, holder=event.issuer, owner=event.issuer)
    check_holder(booking.lot(unit.id), event.issuer)
    for part in event.children:
        _put_in(booking, event.parent, part)


def _put_in(booking: Booking, unit: str, part: Part) -> None:
    lot, event = booking.lot(part.id), booking.event
    check_usable(booking, lot)
    check_not_in_doubt(booking, lot)
    check_holder(lot, event.issuer)
    if lot.inside and lot.inside != unit:
        booking.find("taken_from_unit", lot.id, f"{lot.id} was in {lot.inside} and is packed in {unit} now")
        lot = unpack(booking, lot)
    if _holds(booking, part.id, unit):
        raise RuleBroken("packed_in_itself", f"{unit} is packed in {part.id}, which cannot be packed in it", id=unit)
    box = booking.lot(unit)
    if lot.single:
        booking.book.put_lot(replace(lot, inside=unit))
        booking.book.put_lot(replace(box, contents=tuple(sorted({*box.contents, part.id}))))
        booking.mark("packed", part.id)
    else:
        booking.book.put_lot(replace(box, amounts=(*box.amounts, (part.id, part.g or 0))))


def _holds(booking: Booking, name: str, wanted: str) -> bool:
    return name == wanted or any(part.id == wanted for part in with_contents(booking, (Part(name, True, None),)))


def take_out(booking: Booking) -> None:
    """Unpack some, or all where nothing is named."""
    event = booking.event
    if not event.parent:
        return
    unit = booking.lot(event.parent)
    check_holder(unit, event.issuer)
    for name in [part.id for part in event.children if part.single] or unit.contents:
        lot = booking.lot(name)
        if lot.inside == unit.id:
            unpack(booking, lot)
    amounts = {part.id for part in event.children if not part.single}
    kept = tuple(one for one in unit.amounts if amounts and one[0] not in amounts)
    booking.book.put_lot(replace(booking.lot(unit.id), amounts=kept if amounts or not event.children else unit.amounts))
