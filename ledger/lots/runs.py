"""Continuous processes: what went in and came out balances over a closed run or a month, never per tap (rule 5.4)."""

from collections.abc import Iterable
from datetime import UTC, datetime

from msgspec.structs import replace

from ledger.kernel.errors import RuleBroken
from ledger.lots import mass_rules
from ledger.lots.book import period_key, run_key
from ledger.lots.booking import Booking
from ledger.lots.closing import close_run, closes, unweighed
from ledger.lots.event import LotEvent, oxide
from ledger.lots.products import judge_alloys
from ledger.lots.records import NOBODY, Effects, Period, Posting, Run, place_of_run
from ledger.lots.sums import Sums

_USUAL_OXIDE = "98.5"  # % Al2O3 of smelter-grade alumina, where nobody analysed it
_WITH_OXIDE = frozenset({"bauxite", "alumina"})
_METAL = ("liquid-metal", "aluminium")


def within_run(booking: Booking, total_out: int, taken: tuple[str, ...]) -> None:
    """Rule 5.4: a run is balanced when it is closed, never per tap.

    Raises RuleBroken ("run_closed", "output_above_input").
    """
    event, sums = booking.event, _sums_of(booking, total_out, taken)
    booking.leave("run", sums.took)
    booking.enter("run", total_out)
    run = booking.book.run(event.issuer, event.run) or _new_run(booking)
    booking.run, booking.run_had, booking.run_mix = event.run, run.sums.took, run.mix
    if _opened_again(booking, run):
        run = replace(run, closed_by=NOBODY)
    over = run.closed_by != NOBODY
    if over:
        _meet_closed(booking, f"run {event.run} was closed by entry {run.closed_by}")
    run = _add(booking, run, sums)
    booking.run_from = run.mix
    if closes(event):
        judge_alloys(booking, run.sums.alloys)
    if event.run_state == "closed" and not over:  # what is taken back of a correction leaves it closed
        run = replace(run, closed_by=event.index)
    if run.closed_by != NOBODY:
        judge_run(booking, run, (*event.outputs, *event.inputs)[0].id, refuses=not over and not booking.in_part)
    booking.book.put(run_key(event.issuer, event.run), run)


def _opened_again(booking: Booking, run: Run) -> bool:
    """A bundle shows it by an event after a correction that says closed: what closed it first is not there (5.6)."""
    if not booking.in_part or booking.lenient:
        return False
    closed = booking.book.effects(run.closed_by)
    return closed is not None and closed.replaces != NOBODY


def _meet_closed(booking: Booking, says: str) -> None:
    """Rule 5.6: a closed run never refuses a correction; that it was closed is found."""
    if not booking.lenient:
        raise RuleBroken("run_closed", says, id=booking.event.run)
    booking.find("run_closed", "", says)


def month_of(event: LotEvent) -> str:
    """The name of the balance of its process for its month, by event time in UTC.

    No run has such a name, though both stand under one kind of key: a run's is a URI, which has no blank (SPEC 4.8).
    """
    return f"{event.process} {datetime.fromtimestamp(event.time // 1_000_000, UTC):%Y-%m}"


def within_month(booking: Booking, total_out: int, taken: tuple[str, ...]) -> None:
    """Rule 5.4: without a run the month is what is balanced, once the next begins; again for what comes late."""
    event, first = booking.event, (*booking.event.outputs, *booking.event.inputs)[0].id
    booking.period = month_of(event)
    newest = booking.book.period(event.process)
    run = booking.book.run(event.issuer, booking.period) or replace(
        _new_run(booking), name=booking.period, monthly=True
    )
    run = _add(booking, run, _sums_of(booking, total_out, taken))
    if newest is None or newest.month < booking.period:
        booking.book.put(period_key(event.process), Period(event.process, booking.period))
        before = booking.book.run(event.issuer, newest.month) if newest is not None else None
        if before is not None:
            judge_run(booking, before, first)
            booking.book.put(run_key(event.issuer, before.name), replace(before, closed_by=event.index))
    elif newest.month > booking.period:
        judge_run(booking, run, first)
    booking.book.put(run_key(event.issuer, booking.period), run)


def _new_run(booking: Booking) -> Run:
    event = booking.event
    return Run(event.run, issuer=event.issuer, kind=event.process_kind, site=booking.site_of(event.issuer))


def _add(booking: Booking, run: Run, sums: Sums) -> Run:
    booking.sums = sums
    return replace(run, sums=run.sums.plus(sums), mix=_run_mix(booking, run) if sums.took else run.mix)


def _run_mix(booking: Booking, run: Run) -> int:
    """Rule 5.2: what goes in is a new mix; what takes the place of another input is in that one's."""
    first = booking.standing.get(place_of_run(booking.event.issuer, run.name))
    return booking.event.index if first is None else max(first, run.mix)


def _sums_of(booking: Booking, total_out: int, taken: tuple[str, ...]) -> Sums:
    """What was drawn and what was made, also out of units; what was weighed meanwhile is neither."""
    event = booking.event
    inputs = [one for one in booking.debits if not one.kind]
    outputs = [one for one in booking.credits if not one.kind]
    oxides = [[_oxide(booking, one) for one in side] for side in (inputs, outputs)]
    alloys = [str(booking.lot(one.lot).attributes.get("alloy", "")) for one in inputs]
    return Sums(
        took=sum(one.g for one in inputs),
        gave=total_out,
        inputs=_by_material(booking, inputs),
        outputs=_by_material(booking, outputs),
        oxide_in=sum(one or 0 for one in oxides[0]),
        oxide_out=sum(one or 0 for one in oxides[1]),
        unanalysed=sum(one is None for side in oxides for one in side),
        unweighed=len(unweighed(booking, taken)),
        scale=event.scale,
        kinds={event.process_kind: 1},
        closing=int(closes(event)),
        alloys={one: alloys.count(one) for one in alloys if one},
    )


def _by_material(booking: Booking, postings: Iterable[Posting]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for one in postings:
        material = str(booking.lot(one.lot).attributes.get("material", ""))
        sums[material] = sums.get(material, 0) + one.g
    return sums


def _oxide(booking: Booking, posting: Posting) -> int | None:
    """Millionths of a g of Al2O3, also in stock that is handed on; None for bauxite without its analysis.

    What is in the residue is lost with it.
    """
    attributes = booking.lot(posting.lot).attributes
    material, percent = attributes.get("material"), attributes.get("al2o3")
    if material == "residue" or (percent is None and material not in _WITH_OXIDE):
        return 0
    percent = percent or (_USUAL_OXIDE if material == "alumina" else None)
    return oxide(posting.g, str(percent)) if percent is not None else None


def judge_run(booking: Booking, run: Run, first: str, *, refuses: bool = False) -> None:
    """M1, in electrolysis M3, over what went in and came out of the whole run; `first` is the lot that is named."""
    close_run(booking, run, first, refuses=refuses)
    for rule, says in run_findings(run.sums):
        booking.find(rule, first, f"{run.name}: {says}")


def run_findings(sums: Sums) -> Iterable[tuple[str, str]]:
    """The findings by element on a whole run, by each kind of process that an event of it is of: (rule, sentence)."""
    if "refining" in sums.kinds and not sums.unanalysed:
        yield from _said(("oxide_balance", mass_rules.oxide_balance(sums.oxide_in, sums.oxide_out)))
    metal = -_used(sums, *_METAL)
    if "electrolysis" not in sums.kinds or metal <= 0:
        return
    alumina, carbon = _used(sums, "alumina"), _used(sums, "anode")
    yield from _said(
        ("alumina_floor", mass_rules.alumina_floor(alumina, metal)),
        ("carbon_floor", mass_rules.carbon_floor(carbon, metal)),
        ("alumina_band", mass_rules.outside_band("alumina", alumina, metal)),
        ("carbon_band", mass_rules.outside_band("carbon", carbon, metal)),
    )


def _used(sums: Sums, *materials: str) -> int:
    """What went in and did not come out again: opening stock goes in, closing stock comes out."""
    return sum(sums.inputs.get(one, 0) - sums.outputs.get(one, 0) for one in materials)


def _said(*found: tuple[str, str]) -> Iterable[tuple[str, str]]:
    return (one for one in found if one[1])


def take_back_run(booking: Booking, old: Effects) -> None:
    """Rule 5.6: a run goes on without what was wrong, and is judged again where it is over.

    Where a correction is announced, that judges it.
    """
    run = _run_of(booking, old)
    if run is None or old.sums is None:
        return
    closed = NOBODY if run.closed_by == old.index else run.closed_by
    run = replace(run, closed_by=closed, sums=run.sums.plus(old.sums, -1))
    booking.book.put(run_key(old.issuer, run.name), run)
    if not booking.event.corrections:
        _judge_again(booking, run, old)


def leave_run(booking: Booking, old: Effects) -> None:
    """Rule 5.6: a correction that counts elsewhere leaves a run without what was wrong for good."""
    run = _run_of(booking, old)
    if run is not None and run.name not in {booking.run, booking.period}:
        _judge_again(booking, run, old)


def _run_of(booking: Booking, old: Effects) -> Run | None:
    name = old.run or old.period
    return booking.book.run(old.issuer, name) if name else None


def _judge_again(booking: Booking, run: Run, old: Effects) -> None:
    if run.closed_by != NOBODY:
        judge_run(booking, run, (*old.credits, *old.debits)[0].lot)
