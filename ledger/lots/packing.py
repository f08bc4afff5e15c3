"""Units and returnable frames: what happens to one happens to what is packed in it (rule 5.3)."""

from collections.abc import Iterator

from msgspec.structs import replace

from ledger.kernel.errors import RuleBroken
from ledger.lots.booking import Booking
from ledger.lots.event import Part
from ledger.lots.records import Contained, Lot
from ledger.lots.taking import check_holder, check_not_in_doubt, check_usable, unpack


def with_contents(booking: Booking, parts: tuple[Part, ...]) -> Iterator[Part]:
    """Each part and, below it, everything packed in it, at any depth; each once, of a class lot all of it."""
    waiting, named = list(reversed(parts)), {part.id: part for part in parts}
    found, amounts = dict[str, Part](), dict[str, int]()
    while waiting:
        part = waiting.pop()
        if part.id in found:
            continue
        found[part.id] = part
        lot = booking.lot(part.id)
        waiting += [named.get(one, Part(one, True, None)) for one in reversed(lot.contents)]
        waiting += [named.get(one.lot, Part(one.lot, False, None)) for one in lot.amounts]
        for one in lot.amounts:
            amounts[one.lot] = amounts.get(one.lot, 0) + one.g
    # What the event itself says of a lot counts before what is in its units.
    yield from (part if part.g is not None else replace(part, g=amounts.get(part.id)) for part in found.values())


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
    if lot.inside:
        if lot.inside != unit:
            booking.find("taken_from_unit", lot.id, f"{lot.id} was in {lot.inside} and is packed in {unit} now")
        lot = unpack(booking, lot)
    if holds(booking, part.id, unit):
        raise RuleBroken("packed_in_itself", f"{unit} is packed in {part.id}, which cannot be packed in it", id=unit)
    put_in(booking, Contained(unit, part.id, 0 if lot.single else part.g or 0, event.index))


def put_in(booking: Booking, what: Contained) -> None:
    """Written, in the unit and in the piece."""
    unit, lot = booking.lot(what.unit), booking.lot(what.lot)
    if lot.single:
        booking.book.put_lot(replace(lot, inside=unit.id, packed_by=what.entry))
        booking.book.put_lot(replace(unit, contents=tuple(sorted({*unit.contents, lot.id}))))
    else:
        before = sum(one.g for one in unit.amounts if (one.lot, one.entry) == (lot.id, what.entry))
        others = (one for one in unit.amounts if (one.lot, one.entry) != (lot.id, what.entry))
        rows = sorted((*others, replace(what, g=before + what.g)), key=lambda one: (one.entry, one.lot))
        booking.book.put_lot(replace(unit, amounts=tuple(rows)))
    booking.packed.append(what)


def holds(booking: Booking, name: str, wanted: str) -> bool:
    """Whether one thing is another, or is somewhere in it."""
    return name == wanted or any(part.id == wanted for part in with_contents(booking, (Part(name, True, None),)))


def take_out(booking: Booking) -> None:
    """Unpack some, or all where nothing is named."""
    event = booking.event
    if not event.parent:
        return
    unit = booking.lot(event.parent)
    check_holder(unit, event.issuer)
    inside = [Part(name, True, None) for name in unit.contents] + [Part(one.lot, False, None) for one in unit.amounts]
    for part in event.children or inside:
        if not part.single:
            _pour_out(booking, unit.id, part)
        elif (lot := booking.lot(part.id)).inside == unit.id:
            unpack(booking, lot)


def _pour_out(booking: Booking, unit: str, part: Part) -> None:
    """An amount of a class lot, or all of it: what was put in first is taken out first."""
    box, kept, left = booking.lot(unit), list[Contained](), part.g
    for one in box.amounts:
        g = (one.g if left is None else min(left, one.g)) if one.lot == part.id else 0
        left = left - g if left is not None else None
        if g < one.g or one.lot != part.id:
            kept.append(replace(one, g=one.g - g))
        if g or (one.lot == part.id and not one.g):
            booking.unpacked.append(replace(one, g=g))
    booking.book.put_lot(replace(box, amounts=tuple(kept)))
