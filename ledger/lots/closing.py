"""M1: from the casthouse on, no more comes out than went in, of one event or over a run (rule 5.4)."""

from ledger.kernel.errors import RuleBroken
from ledger.lots import mass_rules
from ledger.lots.booking import Booking
from ledger.lots.event import LotEvent
from ledger.lots.products import judge_alloys
from ledger.lots.records import Run


def closes(event: LotEvent) -> bool:
    """Whether mass closes to the gram: from the casthouse on; without a process, wherever pieces are made or used."""
    if event.process_kind:
        return event.process_kind in mass_rules.CLOSING
    return any(part.single for part in (*event.inputs, *event.outputs))


def unweighed(booking: Booking, taken: tuple[str, ...]) -> list[str]:
    """What was made without a mass, and the pieces taken, also out of units, that nobody has weighed."""
    found = [part.id for part in booking.event.outputs if part.g is None]
    return found + [name for name in taken if booking.lot(name).single and booking.lot(name).g is None]


def close_step(booking: Booking, total_in: int, total_out: int, taken: tuple[str, ...]) -> None:
    """M1, of what was taken, also out of units. Raises RuleBroken ("output_above_input")."""
    event = booking.event
    first, unknown = (*event.outputs, *event.inputs)[0].id, unweighed(booking, taken)
    if unknown:
        booking.find("mass_not_closed", unknown[0], f"the mass of {', '.join(unknown)} is not known: nothing closes")
        return
    says = mass_rules.output_above_input(total_in, total_out, event.scale)
    if says:
        raise RuleBroken("output_above_input", f"lot {first}: {says}", id=first, total_in=total_in, total_out=total_out)
    says = mass_rules.unaccounted(total_in, total_out, event.scale)
    if says:
        booking.find("unaccounted_loss", first, says, total_in=total_in, total_out=total_out)
    judge_alloys(booking, [str(booking.lot(name).attributes.get("alloy", "")) for name in taken])


def close_run(booking: Booking, run: Run, first: str, *, refuses: bool) -> None:
    """M1 over a run, as over one event of its kind; `first` is the lot that a finding names.

    Raises RuleBroken ("output_above_input") where it refuses; what was closed before is found (5.6).
    """
    sums = run.sums
    if not sums.closing:
        return
    if sums.unweighed:
        says = f"{run.name}: the mass of {sums.unweighed} of its pieces is not known: nothing closes"
        booking.find("mass_not_closed", first, says)
        return
    facts = {"total_in": sums.took, "total_out": sums.gave}
    says = above_input(run)
    if says and refuses:
        raise RuleBroken("output_above_input", f"run {says}", id=run.name, **facts)
    if says:
        booking.find("output_above_input", first, says, **facts)
    whole = sums.closing == sum(sums.kinds.values())  # else some of it went into a reaction
    says = mass_rules.unaccounted(sums.took, sums.gave, sums.scale) if whole else ""
    if says:
        booking.find("unaccounted_loss", first, f"{run.name}: {says}", **facts)


def above_input(run: Run) -> str:
    """M1 on a run as it stands, where any of its events has to close: that more came out than went in; "" if not."""
    sums = run.sums
    if not sums.closing or sums.unweighed:
        return ""
    says = mass_rules.output_above_input(sums.took, sums.gave, sums.scale)
    return f"{run.name}: {says}" if says else ""
