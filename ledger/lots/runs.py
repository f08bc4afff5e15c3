"""Continuous processes: refining and electrolysis balance over a closed run or a month, never per tap (rule 5.4)."""

from collections.abc import Iterable
from datetime import UTC, datetime

from msgspec.structs import replace

from ledger.kernel.errors import RuleBroken
from ledger.lots import mass_rules
from ledger.lots.book import period_key, run_key
from ledger.lots.booking import Booking
from ledger.lots.event import LotEvent, Part, oxide
from ledger.lots.records import NOBODY, Lot, Period, Posting, Run, place_of_run

_USUAL_OXIDE = "98.5"  # % Al2O3 of smelter-grade alumina, where nobody analysed it
_WITH_OXIDE = frozenset({"bauxite", "alumina"})
_METAL = ("liquid-metal", "aluminium")


def within_run(booking: Booking, total_in: int, total_out: int) -> None:
    """Rule 5.4: a run is balanced when it is closed, never per tap. Raises RuleBroken ("run_closed")."""
    event = booking.event
    booking.leave("run", total_in)
    booking.enter("run", total_out)
    run = booking.book.run(event.issuer, event.run) or _new_run(booking)
    booking.run, booking.run_had, booking.run_mix = event.run, run.g, run.mix
    if run.closed_by != NOBODY:
        _meet_closed(booking, f"run {event.run} was closed by entry {run.closed_by}")
    run = _add(booking, run, total_in)
    booking.run_from = run.mix
    if event.run_state == "closed":
        run = replace(run, closed_by=event.index)
        judge_run(booking, run)
    booking.book.put(run_key(event.issuer, event.run), run)


def _meet_closed(booking: Booking, says: str) -> None:
    """Rule 5.6: a closed run never refuses a correction; that it was closed is found."""
    if not booking.lenient:
        raise RuleBroken("run_closed", says, id=booking.event.run)
    booking.find("run_closed", "", says)


def month_of(event: LotEvent) -> str:
    """The name of the balance of its process for its month, by event time in UTC."""
    return f"{event.process} {datetime.fromtimestamp(event.time // 1_000_000, UTC):%Y-%m}"


def within_month(booking: Booking, total_in: int) -> None:
    """Rule 5.4: without a run the month is what is balanced, once the next begins; again for what comes late."""
    event = booking.event
    booking.period = month_of(event)
    newest = booking.book.period(event.process)
    run = booking.book.run(event.issuer, booking.period) or replace(
        _new_run(booking), name=booking.period, monthly=True
    )
    run = _add(booking, run, total_in)
    if newest is None or newest.month < booking.period:
        booking.book.put(period_key(event.process), Period(event.process, booking.period))
        before = booking.book.run(event.issuer, newest.month) if newest is not None else None
        if before is not None:
            judge_run(booking, before)
            booking.book.put(run_key(event.issuer, before.name), replace(before, closed_by=event.index))
    elif newest.month > booking.period:
        judge_run(booking, run)
    booking.book.put(run_key(event.issuer, booking.period), run)


def _new_run(booking: Booking) -> Run:
    event = booking.event
    return Run(event.run, issuer=event.issuer, kind=event.process_kind, site=booking.site_of(event.issuer))


def _add(booking: Booking, run: Run, total_in: int) -> Run:
    event = booking.event
    inputs = [(booking.lot(part.id), part) for part in event.inputs]
    outputs = [(booking.lot(part.id), part) for part in event.outputs]
    oxide_in, oxide_out = _oxide(run.oxide_in, inputs), _oxide(run.oxide_out, outputs)
    booking.oxide = ((oxide_in or 0) - (run.oxide_in or 0), (oxide_out or 0) - (run.oxide_out or 0))
    return replace(
        run,
        inputs=_by_material(run.inputs, booking, booking.debits),
        outputs=_by_material(run.outputs, booking, booking.credits),
        oxide_in=oxide_in,
        oxide_out=oxide_out,
        g=run.g + total_in,
        mix=_run_mix(booking, run) if total_in else run.mix,
    )


def _run_mix(booking: Booking, run: Run) -> int:
    """Rule 5.2: what goes in is a new mix; what takes the place of another input is in that one's."""
    first = booking.standing.get(place_of_run(booking.event.issuer, run.name))
    return booking.event.index if first is None else max(first, run.mix)


def _by_material(before: dict[str, int], booking: Booking, postings: Iterable[Posting]) -> dict[str, int]:
    """What was drawn and what was made, also out of units; what was weighed meanwhile is neither."""
    sums = dict(before)
    for one in postings:
        if not one.kind:
            material = str(booking.lot(one.lot).attributes.get("material", ""))
            sums[material] = sums.get(material, 0) + one.g
    return sums


def _oxide(before: int | None, parts: Iterable[tuple[Lot, Part]]) -> int | None:
    """Millionths of a g of Al2O3 more, also in stock that is handed on; None once bauxite came without its analysis.

    What is in the residue is lost with it.
    """
    for lot, part in parts:
        material, percent = lot.attributes.get("material"), lot.attributes.get("al2o3")
        if before is None or material == "residue" or (percent is None and material not in _WITH_OXIDE):
            continue
        percent = percent or (_USUAL_OXIDE if material == "alumina" else None)
        before = before + oxide(part.g or 0, str(percent)) if percent is not None else None
    return before


def judge_run(booking: Booking, run: Run) -> None:
    """M1 in refining, M3 in electrolysis, over what went in and came out of the whole run."""
    event = booking.event
    for kind in dict.fromkeys((run.kind, event.process_kind)):  # also where an event of another process closes it
        for rule, says in run_findings(kind, run):
            booking.find(rule, (*event.outputs, *event.inputs)[0].id, f"{run.name}: {says}")


def run_findings(kind: str, run: Run) -> Iterable[tuple[str, str]]:
    """The findings on a whole run of a process of this kind: (rule, sentence)."""
    if kind == "refining" and run.oxide_in is not None and run.oxide_out is not None:
        yield from _said(("oxide_balance", mass_rules.oxide_balance(run.oxide_in, run.oxide_out)))
    metal = -_used(run, *_METAL)
    if kind != "electrolysis" or metal <= 0:
        return
    alumina, carbon = _used(run, "alumina"), _used(run, "anode")
    yield from _said(
        ("alumina_floor", mass_rules.alumina_floor(alumina, metal)),
        ("carbon_floor", mass_rules.carbon_floor(carbon, metal)),
        ("alumina_band", mass_rules.outside_band("alumina", alumina, metal)),
        ("carbon_band", mass_rules.outside_band("carbon", carbon, metal)),
    )


def _used(run: Run, *materials: str) -> int:
    """What went in and did not come out again: opening stock goes in, closing stock comes out."""
    return sum(run.inputs.get(one, 0) - run.outputs.get(one, 0) for one in materials)


def _said(*found: tuple[str, str]) -> Iterable[tuple[str, str]]:
    return (one for one in found if one[1])
