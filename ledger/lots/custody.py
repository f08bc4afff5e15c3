"""Who has what: shipping, receiving, shipments that did not happen, sales (rule 5.3)."""

from msgspec.structs import replace

from ledger.kernel.errors import RuleBroken
from ledger.lots.astray import due
from ledger.lots.book import delivery_key, effects_key
from ledger.lots.booking import Booking, attributes_of, introduce, made_instead, tonnes
from ledger.lots.event import LotEvent, Part
from ledger.lots.holdings import without
from ledger.lots.packing import with_contents
from ledger.lots.products import judge_told
from ledger.lots.records import NOBODY, ON_HAND, Delivery, Late, Line, Lot, Settled, Sold
from ledger.lots.taking import check_holder, take
from ledger.lots.weighing import weigh, weighed_before

_NORMAL, _WET = 200, 50  # one part in 200 is 0.5 %, one in 50 is 2 %
_BULK = frozenset({"bauxite", "alumina", "residue"})


def delivery_name(event: LotEvent) -> str:
    """A delivery is one sender's paper; without paper, what is under way from one party to another."""
    return f"{event.sender or event.issuer} {event.document or f'to {event.receiver}'}"


def ship(booking: Booking) -> None:
    """Rule 5.3: mass and pieces leave the holder for a delivery; a unit goes with all that is packed in it."""
    event = booking.event
    if event.sender and event.sender != event.issuer:
        raise RuleBroken("not_holder", f"{event.issuer} cannot ship what {event.sender} has", id=event.sender)
    _open_delivery(booking)
    going = tuple(with_contents(booking, event.things))
    for part in going:
        _send(booking, part, {one.id for one in going})


def _open_delivery(booking: Booking) -> None:
    """One paper goes to one receiver, as long as anything is on it. Raises RuleBroken ("delivery")."""
    event, name = booking.event, delivery_name(booking.event)
    known = booking.book.delivery(name)
    if known is None:
        booking.book.put(delivery_key(name), Delivery(name, event.issuer, event.receiver))
    elif known.receiver != event.receiver and not any(line.shipped or line.received for line in known.lines):
        booking.book.put(delivery_key(name), replace(known, receiver=event.receiver))  # all taken back (5.6)
    elif known.receiver != event.receiver:
        raise RuleBroken("delivery", f"delivery {name} goes to {known.receiver or 'nobody named'}", id=name)


def _send(booking: Booking, part: Part, going: set[str]) -> None:
    name, event = delivery_name(booking.event), booking.event
    lot = booking.lot(part.id)
    if lot.single and _came_early(lot, event):
        _send_late(booking, lot)
        return
    inside = lot.inside if lot.inside in going else ""
    if inside:
        booking.book.put_lot(replace(lot, inside=""))  # it goes with its unit and stays in it
    g, owner = take(booking, part, consume=False)
    if inside:
        booking.book.put_lot(replace(booking.lot(part.id), inside=inside))
    known = 0 if lot.single else min(g, lot.late_from(event.issuer, event.receiver))
    new_owner = _owner_after(event, owner)
    booking.credit(part.id, g - known, holder=event.issuer, owner=new_owner, delivery=name)
    wet = booking.lot(part.id).attributes.get("material") in _BULK
    booking.move(name, part.id, shipped=g, wet=wet)
    if known:
        _settle_late(booking, part.id, known, known)


def _came_early(lot: Lot, event: LotEvent) -> bool:
    """Rule 5.1: a piece that is elsewhere too, or used up. What is here alone is what came early, going back."""
    elsewhere = any((one.holder, one.delivery) != (event.issuer, ON_HAND) for one in lot.holdings)
    return bool(lot.late_from(event.issuer, event.receiver)) and (elsewhere or lot.consumed_by != NOBODY)


def _send_late(booking: Booking, lot: Lot) -> None:
    """A piece whose receiver was heard first: it is there already, and may have been used up since."""
    issuer = booking.event.issuer
    check_holder(lot, issuer)
    g, arrived = lot.on_hand(issuer), lot.late_from(issuer, booking.event.receiver)
    booking.debit(lot.id, g, holder=issuer)
    lot = booking.lot(lot.id)
    booking.book.put_lot(replace(lot, holdings=without(lot, issuer, ON_HAND)))
    booking.move(delivery_name(booking.event), lot.id, shipped=g)
    _settle_late(booking, lot.id, g, arrived)
    _judge(booking, delivery_name(booking.event), lot.id, whole=True)


def _settle_late(booking: Booking, name: str, g: int, arrived: int) -> None:
    """Rule 5.1: what was received before its sender was heard is what has now been sent, the oldest first."""
    lot, waiting, left = booking.lot(name), [], arrived
    for one in lot.late:
        now = min(left, one.g) if one.is_from(booking.event.issuer, booking.event.receiver) else 0
        left -= now
        if now < one.g:
            waiting.append(replace(one, g=one.g - now))
        if now:
            _settle_receipt(booking, Settled(name, one.entry, now, one.sender))
    booking.book.put_lot(replace(lot, late=tuple(waiting)))
    booking.leave("late", g)
    booking.move(delivery_name(booking.event), name, received=arrived)


def _settle_receipt(booking: Booking, row: Settled) -> None:
    """Both entries say of each other that one had early what the other sent."""
    receipt = booking.book.effects(row.entry)
    if receipt is not None:
        sent = replace(row, entry=booking.event.index)
        booking.book.put(effects_key(row.entry), replace(receipt, settled=(*receipt.settled, sent)))
    booking.settles.append(row)


def receive(booking: Booking) -> None:
    """Rule 5.3: the receiver books its own weight, the difference stays on the delivery.

    Rule 5.1: what this ledger saw nobody send needs al:origin. Raises RuleBroken ("not_sent").
    """
    event = booking.event
    outside = tuple(part for part in event.things if part.id in event.origins and not _met(booking, part))
    for part in outside:
        enter_from_outside(booking, part)
    for part in with_contents(booking, tuple(part for part in event.things if part not in outside)):
        _take_in(booking, part)


def _met(booking: Booking, part: Part) -> bool:
    """Called late, but its sender was heard in the meantime: it is received like anything else.

    What the receiver himself has sent off is no such thing.
    """
    lot = booking.book.lot(part.id)
    sent = _sent_to(booking, lot) if lot is not None else None
    if sent is None or booking.event.origins[part.id].kind != "late":
        return False
    delivery = booking.book.delivery(sent[0])
    return booking.event.issuer != sent[1] or (delivery is not None and delivery.receiver == sent[1])


def enter_from_outside(booking: Booking, part: Part) -> None:
    """Rule 5.1: received from outside, or from a party that has not yet been heard. Raises RuleBroken ("not_sent")."""
    event, origin = booking.event, booking.event.origins[part.id]
    g = part.g if part.g is not None else origin.g
    known = booking.book.lot(part.id)
    if known is None or not known.single or made_instead(booking, known):
        introduce(booking, Part(part.id, part.single, g, part.role, part.wet), origin.kind, "")
    elif _late_before(booking, known):
        booking.book.put_lot(booking.describe(known))  # its maker was heard since
    else:
        says = f"piece {part.id} is known: it cannot come from {origin.supplier} once more"
        raise RuleBroken("not_sent", says, id=part.id)
    booking.credit(part.id, g, holder=event.issuer, owner=event.owner or event.issuer, kind=origin.kind)
    if origin.kind == "late":
        lot = booking.lot(part.id)
        sender = "" if lot.single else event.sender  # whoever sends a piece that is here already sends this one
        booking.book.put_lot(replace(lot, late=(*lot.late, Late(event.issuer, event.index, g, sender))))


def _late_before(booking: Booking, lot: Lot) -> bool:
    """Rule 5.6: the event whose place is taken had it before its sender was heard, and that goes for this one."""
    before = (one for one in map(booking.book.effects, booking.instead_of) if one is not None)
    late = booking.event.origins[lot.id].kind == "late"
    return late and any((one.lot, one.kind) == (lot.id, "late") for done in before for one in done.credits)


def _take_in(booking: Booking, part: Part) -> None:
    event, lot = booking.event, booking.lot(part.id)
    sent = _sent_to(booking, lot)
    if sent is None:
        raise RuleBroken(
            "not_sent",
            f"lot {part.id} is on no delivery to {event.issuer}: it is shipped, or has its al:origin",
            id=part.id,
        )
    delivery, holder, under_way, owner = sent
    here = any((one.holder, one.delivery) == (holder, delivery) for one in lot.holdings)
    if lot.single and lot.g is None and part.g is not None and (here or weighed_before(booking, lot) is not None):
        lot = weigh(booking, lot, part, holder, delivery)
        under_way = part.g
    elif not here:
        lot = weigh(booking, lot, part, lot.holdings[0].holder, lot.holdings[0].delivery) if lot.holdings else lot
    g = part.g if part.g is not None else under_way
    arrived = min(g, under_way) if not lot.single else under_way
    booking.debit(part.id, arrived, holder=holder, delivery=delivery)
    if lot.single:
        lot = booking.lot(part.id)
        booking.book.put_lot(replace(lot, holdings=without(lot, holder, delivery)))
    g = under_way if lot.single else g  # a piece keeps its mass; another weight is a finding
    owner = event.owner or _owner_here(booking, delivery, owner)
    booking.credit(part.id, arrived, holder=event.issuer, owner=owner)
    if g > arrived:
        booking.credit(part.id, g - arrived, holder=event.issuer, owner=owner, kind="delivery difference")
    booking.move(delivery, part.id, received=g if not lot.single else part.g or g)
    _judge(booking, delivery, part.id)


def _owner_after(event: LotEvent, owner: str) -> str:
    """Where nobody speaks of owners, ownership goes with possession."""
    return event.owner or (event.receiver if owner == event.issuer and event.receiver else owner)


def _owner_here(booking: Booking, delivery: str, owner: str) -> str:
    """What comes back to its sender is his again, where the sending had made it the receiver's."""
    found = booking.book.delivery(delivery)
    back = found is not None and found.sender == booking.event.issuer and found.receiver == owner
    return booking.event.issuer if back else owner


def _sent_to(booking: Booking, lot: Lot) -> tuple[str, str, int, str] | None:
    """The delivery this receipt is about: the one it names, else the first to this receiver, or its own come back."""
    event = booking.event
    there = (*(due(lot) if booking.lenient else ()), *lot.holdings)
    named = [one for one in there if one.delivery == delivery_name(event)]
    fitting = named or [one for one in there if one.delivery != ON_HAND]
    for one in fitting:
        delivery = booking.book.delivery(one.delivery)
        if delivery is None:
            continue
        open_to_all = not delivery.receiver and one in named
        if open_to_all or event.issuer in {delivery.receiver, delivery.sender}:
            return one.delivery, one.holder, one.g, one.owner
    return None


def _judge(booking: Booking, name: str, lot: str, *, whole: bool = False) -> None:
    """More than was sent is found at once; less only once all of it has come."""
    delivery = booking.book.delivery(name)
    line = next(one for one in delivery.lines if one.lot == lot) if delivery is not None else None
    if line is not None and (whole or line.received > line.shipped):
        says = difference(line)
        if says:
            booking.find("delivery_difference", lot, f"{name}: {says}", shipped=line.shipped, received=line.received)


def difference(line: Line) -> str:
    """Rule 5.4: what arrived and what left differ by more than 0.5 %, wet bulk 2 %: a sentence, or "" where not."""
    limit = _WET if line.wet else _NORMAL
    if abs(line.shipped - line.received) * limit <= line.shipped:
        return ""
    return f"{tonnes(line.shipped)} of lot {line.lot} left and {tonnes(line.received)} arrived"


def call_back(booking: Booking) -> None:
    """A shipment that did not happen: what is still under way is with its sender again."""
    event = booking.event
    for part in with_contents(booking, event.things):
        lot = booking.lot(part.id)
        there = (*(due(lot) if booking.lenient else ()), *lot.holdings)
        mine = [one for one in there if one.holder == event.issuer and one.delivery != ON_HAND]
        if not mine:
            raise RuleBroken("not_sent", f"{event.issuer} has nothing of lot {part.id} under way", id=part.id)
        one = next((one for one in mine if one.delivery == delivery_name(event)), mine[0])
        g = one.g if lot.single or part.g is None else part.g
        booking.debit(part.id, g, holder=event.issuer, delivery=one.delivery)
        if lot.single:
            lot = booking.lot(part.id)
            booking.book.put_lot(replace(lot, holdings=without(lot, one.holder, one.delivery)))
        owner = _owner_here(booking, one.delivery, one.owner)
        booking.credit(part.id, g, holder=event.issuer, owner=owner)
        booking.move(one.delivery, part.id, shipped=-g)


def sell(booking: Booking) -> None:
    """Rule 5.3: who owns what stays where it is may give it to another owner, whole. RuleBroken ("owners")."""
    event = booking.event
    if not event.owner or event.seller != event.issuer:
        return
    for part in with_contents(booking, event.things):
        lot = booking.lot(part.id)
        mine = [one for one in lot.holdings if one.owner == event.issuer and (lot.single or one.g > 0)]
        if not mine or (part.g is not None and not lot.single and part.g != sum(one.g for one in mine)):
            owned = tonnes(sum(one.g for one in mine))
            raise RuleBroken("owners", f"{event.issuer} owns {owned} of lot {lot.id}, which is sold whole", id=lot.id)
        new = tuple(replace(one, owner=event.owner) if one in mine else one for one in lot.holdings)
        booking.book.put_lot(replace(lot, holdings=new))
        booking.sold += [Sold(lot.id, one.holder, one.delivery, event.owner) for one in mine]


def check_described(booking: Booking) -> None:
    """Rule 5.3: what a lot is, say its maker and who has it; others repeat it. Raises RuleBroken ("not_holder")."""
    event = booking.event
    for part in event.things:
        lot = booking.lot(part.id)
        new = attributes_of(event, part.id).items() - lot.attributes.items()
        his = event.issuer == lot.maker or lot.has(event.issuer)
        his = his or lot.id in booking.told  # rule 5.6: or it was, as he spoke of it
        if new and not his:
            words = ", ".join(sorted(name for name, _ in new))
            raise RuleBroken(
                "not_holder",
                f"{event.issuer} neither made nor has lot {lot.id}, and cannot say its {words}",
                id=lot.id,
            )


def note_attributes(booking: Booking) -> None:
    """What an event says of things it only looks at: a new grade is a downgrade, the piece stays what it is (5.7)."""
    for part in booking.event.things:
        if part.id in booking.event.attributes:
            booking.book.put_lot(booking.describe(booking.lot(part.id)))
            judge_told(booking, part.id)
