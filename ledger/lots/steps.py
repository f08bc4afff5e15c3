"""Transformations: what goes in is drawn, what comes out is made, both close in mass or over a run (rule 5.4)."""

from ledger.kernel.errors import RuleBroken
from ledger.lots import mass_rules
from ledger.lots.booking import Booking, introduce
from ledger.lots.closing import close_step, closes
from ledger.lots.event import LotEvent, Part
from ledger.lots.packing import opened
from ledger.lots.products import REMADE, judge_product
from ledger.lots.records import Lot
from ledger.lots.runs import within_month, within_run
from ledger.lots.taking import take

_BY_ELEMENT = frozenset({"refining", "electrolysis"})


def transform(booking: Booking) -> None:
    """Draw the inputs, make the outputs, and judge what can be judged of it."""
    event = booking.event
    booking.joins = True
    _check_process(event)
    taken = [(part, *_draw(booking, part)) for part in opened(booking, event.inputs)]
    owners = {owner for _, _, owner in taken}
    booking.check_owners(owners, event.inputs[0].id if event.inputs else "")
    owner = owners.pop() if len(owners) == 1 else event.issuer
    for part in event.outputs:
        introduce(booking, part, "made", event.issuer)
        booking.credit(part.id, part.g or 0, holder=event.issuer, owner=owner, role=part.role)
        judge_product(booking, part.id)
    for kind, g in event.loss.items():
        booking.leave(kind, g)
    total_out = sum(part.g or 0 for part in event.outputs) + sum(event.loss.values())
    names = tuple(part.id for part, _, _ in taken)
    if event.run:
        within_run(booking, total_out, names)
    else:
        _alone(booking, sum(g for _, g, _ in taken), total_out, names)


def _check_process(event: LotEvent) -> None:
    """A step has something to work on and a process of its party. Raises RuleBroken ("process", "empty_step")."""
    if not event.inputs and not event.outputs:
        raise RuleBroken("empty_step", f"event {event.name} names nothing that goes in or comes out")
    if event.process and not event.process_kind:
        raise RuleBroken("process", f"{event.issuer} has no process {event.process}", id=event.process)


def _draw(booking: Booking, part: Part) -> tuple[int, str]:
    """M2: no more than there is, and not before it was there."""
    lot = booking.lot(part.id)
    says = mass_rules.out_before_available(booking.event.time, lot.time, part.id)
    if says:
        booking.find("time_order", part.id, says)
    scrap = _scrap_class(lot, part) if booking.event.process_kind in REMADE else ""
    return take(booking, part, consume=part.single, scrap=scrap)


def _scrap_class(lot: Lot, part: Part) -> str:
    """Rule 5.8: the class of scrap that enters a melt, "" for what is no scrap."""
    is_scrap = part.role == "scrap" or lot.attributes.get("material") == "scrap"
    return str(lot.attributes.get("scrapClass", "unknown" if is_scrap else ""))


def _alone(booking: Booking, total_in: int, total_out: int, taken: tuple[str, ...]) -> None:
    """A step that one event tells whole."""
    event = booking.event
    kind = "unaccounted" if closes(event) else "reaction"
    booking.leave(kind, max(0, total_in - total_out))
    booking.enter(kind, max(0, total_out - total_in))
    if closes(event):
        close_step(booking, total_in, total_out, taken)
    elif event.process_kind in _BY_ELEMENT:
        within_month(booking, total_out, taken)
