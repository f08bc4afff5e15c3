"""The fold: one lot event, in ledger order, over the book (SPEC 5)."""

from collections.abc import Mapping

from msgspec.structs import replace

from ledger.kernel.errors import Refused, RuleBroken
from ledger.lots import custody, observations, packing
from ledger.lots.book import Book, effects_key
from ledger.lots.booking import Booking
from ledger.lots.claims import Scopes, book_claims
from ledger.lots.corrections import declare, in_turn, places_of, replaced, settle, taken_before, told_before
from ledger.lots.event import LotEvent, lots_of
from ledger.lots.records import NOBODY, Effects
from ledger.lots.steps import transform
from ledger.lots.taking import check_some_here, check_worker
from ledger.lots.weighing import weigh_named

LATE = 24 * 3600 * 1_000_000  # µs from the event to its record: later is found, never refused


def apply(
    book: Book,
    event: LotEvent,
    *,
    operator: str,
    sites: Mapping[str, str],
    wrong: int = NOBODY,
    scopes: Scopes | None = None,
    in_part: bool = False,
) -> Effects:
    """Write what the event does into the book; what it did. `sites` has the party of each registered site.

    `wrong` is the entry that a declaration of error is about; `scopes` are those of the issuer, None where claims are
    not judged (5.9); `in_part`: not all events of a run need be there, as in a bundle (5.4). Raises RuleBroken or
    Conflict, the book as it was.
    """
    mark = book.mark()
    try:
        if event.declares:
            effects = declare(book, event, wrong, sites)
        else:
            replaces = replaced(book, event)
            effects = _effects(_booking(book, event, sites, replaces, in_part=in_part), replaces, operator, scopes)
    except Refused:
        book.undo(mark)
        raise
    book.put(effects_key(event.index), effects)
    return effects


def _effects(booking: Booking, replaces: int, operator: str, scopes: Scopes | None) -> Effects:
    event = booking.event
    _check_sites(event, booking.sites)
    _act(booking, operator)
    if scopes is not None:
        book_claims(booking, scopes)
    if event.recorded_at - event.time > LATE:
        hours = (event.recorded_at - event.time) // 3_600_000_000
        booking.find("late_statement", "", f"it was recorded {hours} h after it happened")
    if replaces == NOBODY:
        return booking.effects()
    settle(booking, replaces)
    return replace(booking.effects(), replaces=replaces)


def _booking(book: Book, event: LotEvent, sites: Mapping[str, str], replaces: int, *, in_part: bool) -> Booking:
    if replaces == NOBODY:
        return Booking(book, event, sites=sites, in_part=in_part)
    return Booking(
        book, event, sites=sites, in_part=in_part, lenient=True, standing=places_of(book, replaces),
        taken=taken_before(book, replaces), told=told_before(book, replaces),
        instead_of=tuple(old.index for old in in_turn(book, replaces)),
    )  # fmt: skip


def _check_sites(event: LotEvent, sites: Mapping[str, str]) -> None:
    """A place that is written as a site is a registered one. Raises RuleBroken ("site")."""
    for name in event.sites:
        if name.startswith("(414)") and name not in sites:
            raise RuleBroken("site", f"site {name} is registered by no party", id=name)


def _act(booking: Booking, operator: str) -> None:
    kind = booking.event.type
    if kind == "TransformationEvent":
        transform(booking)
    elif kind == "ObjectEvent":
        _on_objects(booking, operator)
    else:
        _on_units(booking)
        weigh_named(booking)


def _on_units(booking: Booking) -> None:
    packs = booking.event.type in {"AggregationEvent", "AssociationEvent"}
    if packs and booking.event.action == "ADD":
        packing.pack(booking)
    elif packs and booking.event.action == "DELETE":
        packing.take_out(booking)
    else:
        _check_known(booking)


def _on_objects(booking: Booking, operator: str) -> None:
    event = booking.event
    if event.action == "ADD":
        observations.commission(booking)
        return
    if event.action == "DELETE":
        observations.end(booking)
        return
    movement = {"shipping": custody.ship, "receiving": custody.receive, "void_shipping": custody.call_back}
    if event.step in movement:
        movement[event.step](booking)
    else:
        _look(booking, operator)
        custody.check_described(booking)
        custody.sell(booking)
    custody.note_attributes(booking)
    if event.step not in {"shipping", "receiving"}:  # which weigh what they take
        weigh_named(booking)


def _look(booking: Booking, operator: str) -> None:
    event = booking.event
    _check_known(booking)
    _check_worked_on(booking)
    if event.step == "holding":
        observations.hold(booking, operator)
    elif event.step == "stock_taking":
        observations.count(booking)
    else:
        observations.release(booking, operator)


def _check_known(booking: Booking) -> None:
    for name in lots_of(booking.event):
        booking.lot(name)


def _check_worked_on(booking: Booking) -> None:
    """Rule 5.3: who runs a process step on a lot has it. Raises RuleBroken ("not_holder", "process")."""
    event = booking.event
    if event.process and not event.process_kind:
        raise RuleBroken("process", f"{event.issuer} has no process {event.process}", id=event.process)
    if event.process:
        for part in event.things:
            check_worker(booking, booking.lot(part.id))
            check_some_here(booking, booking.lot(part.id))
