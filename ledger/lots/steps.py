"""Transformations: what goes in is drawn, what comes out is made, both close in mass or over a run (rule 5.4)."""

from ledger.kernel.errors import RuleBroken
from ledger.lots import mass_rules
from ledger.lots.booking import Booking, introduce
from ledger.lots.event import LotEvent, Part
from ledger.lots.packing import opened
from ledger.lots.records import Lot
from ledger.lots.runs import within_month, within_run
from ledger.lots.taking import take

_BY_ELEMENT = frozenset({"refining", "electrolysis"})
_REMADE = frozenset({"casting", "remelting"})  # where metal of several alloys becomes one


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
    total_in = sum(g for _, g, _ in taken)
    total_out = sum(part.g or 0 for part in event.outputs) + sum(event.loss.values())
    if event.run:
        within_run(booking, total_in, total_out)
    else:
        _alone(booking, total_in, total_out, tuple(part.id for part, _, _ in taken))


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
    scrap = _scrap_class(lot, part) if booking.event.process_kind in _REMADE else ""
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
        _close(booking, total_in, total_out, taken)
    elif event.process_kind in _BY_ELEMENT:
        within_month(booking, total_in)


def closes(event: LotEvent) -> bool:
    """Whether mass closes to the gram: from the casthouse on; without a process, wherever pieces are made or used."""
    if event.process_kind:
        return event.process_kind in mass_rules.CLOSING
    return any(part.single for part in (*event.inputs, *event.outputs))


def _close(booking: Booking, total_in: int, total_out: int, taken: tuple[str, ...]) -> None:
    """M1, of what was taken, also out of units. Raises RuleBroken ("output_above_input")."""
    event = booking.event
    unknown = [part.id for part in event.outputs if part.g is None]
    unknown += [name for name in taken if booking.lot(name).single and booking.lot(name).g is None]
    first = (*event.outputs, *event.inputs)[0].id
    if unknown:
        booking.find("mass_not_closed", unknown[0], f"the mass of {', '.join(unknown)} is not known: nothing closes")
        return
    says = mass_rules.output_above_input(total_in, total_out, event.scale)
    if says:
        raise RuleBroken("output_above_input", f"lot {first}: {says}", id=first, total_in=total_in, total_out=total_out)
    says = mass_rules.unaccounted(total_in, total_out, event.scale)
    if says:
        booking.find("unaccounted_loss", first, says, total_in=total_in, total_out=total_out)
    if event.process_kind not in _REMADE:
        _judge_alloys(booking, taken)


def _judge_alloys(booking: Booking, taken: tuple[str, ...]) -> None:
    used = [str(booking.lot(name).attributes.get("alloy", "")) for name in taken]
    for part in booking.event.outputs:
        says = mass_rules.one_alloy(used, str(booking.lot(part.id).attributes.get("alloy", "")))
        if says:
            booking.find("alloys_mixed", part.id, f"lot {part.id}: {says}")


def judge_product(booking: Booking, name: str) -> None:
    """M4 and M5 on what is said of a lot that was made."""
    lot = booking.lot(name)
    says = mass_rules.customs_code(lot.attributes)
    if says:
        booking.find("customs_code", name, f"lot {name}: {says}")
    says = mass_rules.size_of(lot.attributes, lot.g) if lot.g else ""
    if says:
        booking.find("mass_and_size", name, f"lot {name}: {says}")
    chemistry = booking.event.attributes.get(name, {}).get("chemistry", ())
    for one in mass_rules.analysis(str(lot.attributes.get("alloy", "")), chemistry) if chemistry else ():
        booking.find("analysis", name, f"lot {name}: {one}")
