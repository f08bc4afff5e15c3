"""Transformations: what goes in is drawn, what comes out is made, both close in mass or over a run (rule 5.4)."""

from collections.abc import Iterable

from msgspec.structs import replace

from ledger.kernel.errors import RuleBroken
from ledger.lots import mass_rules
from ledger.lots.book import run_key
from ledger.lots.booking import Booking, introduce
from ledger.lots.event import LotEvent, Part, oxide
from ledger.lots.records import NOBODY, Lot, Run, place_of_run
from ledger.lots.taking import take

_USUAL_OXIDE = "98.5"  # % Al2O3 of smelter-grade alumina, where nobody analysed it
_WITH_OXIDE = frozenset({"bauxite", "alumina"})
_METAL = ("liquid-metal", "aluminium")
_REMADE = frozenset({"casting", "remelting"})  # where metal of several alloys becomes one


def transform(booking: Booking) -> None:
    """Draw the inputs, make the outputs, and judge what can be judged of it."""
    event = booking.event
    booking.joins = True
    _check_process(event)
    taken = [(part, *_draw(booking, part)) for part in event.inputs]
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
        _within_run(booking, total_in, total_out)
    else:
        _alone(booking, total_in, total_out)


def _check_process(event: LotEvent) -> None:
    """A step has something to work on and a process of its party. Raises RuleBroken ("process", "empty_step")."""
    if not event.inputs and not event.outputs:
        raise RuleBroken("empty_step", f"event {event.name} names nothing that goes in or comes out")
    if event.process and not event.process_kind:
        raise RuleBroken("process", f"{event.issuer} has no process {event.process}", id=event.process)


def _draw(booking: Booking, part: Part) -> tuple[int, str]:
    """M2: no more than there is, and not before it was there."""
    lot = booking.lot(part.id)
    if not part.single and part.g is None:
        raise RuleBroken("no_mass", f"the event draws from lot {part.id} and gives no mass", id=part.id)
    says = mass_rules.out_before_available(booking.event.time, lot.time, part.id)
    if says:
        booking.find("time_order", part.id, says)
    scrap = _scrap_class(lot, part) if booking.event.process_kind in _REMADE else ""
    return take(booking, part, consume=part.single, scrap=scrap)


def _scrap_class(lot: Lot, part: Part) -> str:
    """Rule 5.8: the class of scrap that enters a melt, "" for what is no scrap."""
    is_scrap = part.role == "scrap" or lot.attributes.get("material") == "scrap"
    return str(lot.attributes.get("scrapClass", "unknown" if is_scrap else ""))


def _alone(booking: Booking, total_in: int, total_out: int) -> None:
    """A step that one event tells whole."""
    event = booking.event
    kind = "unaccounted" if closes(event) else "reaction"
    booking.leave(kind, max(0, total_in - total_out))
    booking.enter(kind, max(0, total_out - total_in))
    if closes(event):
        _close(booking, total_in, total_out)
    else:
        judge_run(booking, _add(booking, Run(""), total_in))


def closes(event: LotEvent) -> bool:
    """Whether mass closes to the gram: from the casthouse on; without a process, wherever pieces are made or used."""
    if event.process_kind:
        return event.process_kind in mass_rules.CLOSING
    return any(part.single for part in (*event.inputs, *event.outputs))


def _close(booking: Booking, total_in: int, total_out: int) -> None:
    """M1. Raises RuleBroken ("output_above_input")."""
    event = booking.event
    unknown = [part.id for part in event.outputs if part.g is None]
    unknown += [part.id for part in event.inputs if booking.lot(part.id).single and booking.lot(part.id).g is None]
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
        _judge_alloys(booking)


def _judge_alloys(booking: Booking) -> None:
    used = [str(booking.lot(part.id).attributes.get("alloy", "")) for part in booking.event.inputs]
    for part in booking.event.outputs:
        says = mass_rules.one_alloy(used, str(booking.lot(part.id).attributes.get("alloy", "")))
        if says:
            booking.find("alloys_mixed", part.id, f"lot {part.id}: {says}")


def judge_product(booking: Booking, name: str) -> None:
    """M4 and M5 on what is said of a lot that was made."""
    says = mass_rules.customs_code(booking.lot(name).attributes)
    if says:
        booking.find("customs_code", name, f"lot {name}: {says}")
    said = booking.event.attributes.get(name, {})
    for one in mass_rules.analysis(str(booking.lot(name).attributes.get("alloy", "")), said.get("chemistry", ())):
        booking.find("analysis", name, f"lot {name}: {one}")


def _within_run(booking: Booking, total_in: int, total_out: int) -> None:
    """Rule 5.4: a run is balanced when it is closed, never per tap. Raises RuleBroken ("run_closed")."""
    event = booking.event
    booking.leave("run", total_in)
    booking.enter("run", total_out)
    run = booking.book.run(event.issuer, event.run) or _new_run(booking)
    booking.run, booking.run_had, booking.run_mix = event.run, run.g, run.mix
    if run.closed_by != NOBODY and not booking.lenient:
        raise RuleBroken("run_closed", f"run {event.run} was closed by entry {run.closed_by}", id=event.run)
    run = _add(booking, run, total_in)
    booking.run_from = run.mix
    if event.run_state == "closed":
        run = replace(run, closed_by=event.index)
        judge_run(booking, run)
    booking.book.put(run_key(event.issuer, event.run), run)


def _new_run(booking: Booking) -> Run:
    event = booking.event
    return Run(event.run, issuer=event.issuer, kind=event.process_kind, site=booking.site_of(event.issuer))


def _add(booking: Booking, run: Run, total_in: int) -> Run:
    event = booking.event
    inputs = [(booking.lot(part.id), part) for part in event.inputs]
    outputs = [(booking.lot(part.id), part) for part in event.outputs]
    return replace(
        run,
        inputs=_by_material(run.inputs, inputs),
        outputs=_by_material(run.outputs, outputs),
        losses=run.losses + sum(event.loss.values()),
        oxide_in=_oxide(run.oxide_in, inputs),
        oxide_out=_oxide(run.oxide_out, [one for one in outputs if one[0].attributes.get("material") == "alumina"]),
        g=run.g + total_in,
        mix=_run_mix(booking, run) if total_in else run.mix,
    )


def _run_mix(booking: Booking, run: Run) -> int:
    """Rule 5.2: what goes in is a new mix; what takes the place of another input is in that one's."""
    first = booking.standing.get(place_of_run(booking.event.issuer, run.name))
    return booking.event.index if first is None else max(first, run.mix)


def _by_material(before: dict[str, int], parts: Iterable[tuple[Lot, Part]]) -> dict[str, int]:
    sums = dict(before)
    for lot, part in parts:
        material = str(lot.attributes.get("material", ""))
        sums[material] = sums.get(material, 0) + (part.g if part.g is not None else lot.g or 0)
    return sums


def _oxide(before: int | None, parts: Iterable[tuple[Lot, Part]]) -> int | None:
    """Millionths of a g of Al2O3 more; None once some bauxite came without its analysis."""
    for lot, part in parts:
        material = lot.attributes.get("material")
        if material not in _WITH_OXIDE or before is None:
            continue
        percent = lot.attributes.get("al2o3") or (_USUAL_OXIDE if material == "alumina" else None)
        before = before + oxide(part.g or 0, str(percent)) if percent is not None else None
    return before


def judge_run(booking: Booking, run: Run) -> None:
    """M1 in refining, M3 in electrolysis, over what went in and came out of the whole run."""
    for rule, says in run_findings(booking.event.process_kind, run):
        booking.find(rule, (*booking.event.outputs, *booking.event.inputs)[0].id, says)


def run_findings(kind: str, run: Run) -> Iterable[tuple[str, str]]:
    """The findings on a whole run of a process of this kind: (rule, sentence)."""
    if kind == "refining" and run.oxide_in is not None and run.oxide_out is not None:
        yield from _said(("oxide_balance", mass_rules.oxide_balance(run.oxide_in, run.oxide_out)))
    metal = sum(run.outputs.get(one, 0) for one in _METAL)
    if kind != "electrolysis" or not metal:
        return
    alumina, carbon = run.inputs.get("alumina", 0), run.inputs.get("anode", 0)
    yield from _said(
        ("alumina_floor", mass_rules.alumina_floor(alumina, metal)),
        ("carbon_floor", mass_rules.carbon_floor(carbon, metal)),
        ("alumina_band", mass_rules.outside_band("alumina", alumina, metal)),
        ("carbon_band", mass_rules.outside_band("carbon", carbon, metal)),
    )


def _said(*found: tuple[str, str]) -> Iterable[tuple[str, str]]:
    return (one for one in found if one[1])
