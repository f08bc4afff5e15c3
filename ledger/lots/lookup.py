"""What the fold will ask for, named beforehand, so that a commit looks it up in a few queries and not one an event."""

from collections.abc import Collection, Iterable, Iterator

from ledger.lots.book import (
    Book,
    accompanied_key,
    claimed_key,
    claims_key,
    contract_key,
    delivery_key,
    effects_key,
    lot_key,
    named_key,
    period_key,
    run_key,
    site_key,
)
from ledger.lots.custody import delivery_name
from ledger.lots.event import LotEvent, lots_of
from ledger.lots.records import NOBODY, Lot
from ledger.lots.runs import month_of


def prepare(book: Book, events: Collection[tuple[LotEvent, int]]) -> None:
    """Have at hand all that these events will ask for, each with the entry that it declares wrong, if any.

    A call of the loader for what they name, then one for each step on from there: what is packed in what, deliveries,
    what a correction takes the place of.
    """
    keys = {key for event, wrong in events for key in named_by(event, wrong)}
    while keys:
        book.fetch(keys)
        found = {key for event, wrong in events for key in _led_to(book, event, wrong)}
        keys = {key for key in found if not book.has(key)}


def named_by(event: LotEvent, wrong: int) -> Iterator[bytes]:
    """What an event asks for by its own words; `wrong` is the entry that it declares wrong, NOBODY for none."""
    yield from map(lot_key, lots_of(event))
    yield named_key(event.issuer, event.name)
    yield from (named_key(event.issuer, name) for name in event.corrections)
    if event.step in {"shipping", "receiving", "void_shipping"}:
        yield delivery_key(delivery_name(event))
    if event.claims or event.step == "void_shipping":
        yield accompanied_key(delivery_name(event))
        yield from (claims_key(scope) for scope, _ in event.claims)
    if event.run:
        yield run_key(event.issuer, event.run)
    if _counts_by_month(event):
        yield period_key(event.process)
        yield run_key(event.issuer, month_of(event))
    if event.contract:
        yield contract_key(event.contract)
    if event.opening:
        yield from map(site_key, event.sites)
    if wrong != NOBODY:
        yield effects_key(wrong)
        yield claimed_key(wrong)


def _counts_by_month(event: LotEvent) -> bool:
    """Whether it may; which processes do, is known once it is read against what is registered."""
    return bool(event.process) and not event.run and event.type == "TransformationEvent"


def _led_to(book: Book, event: LotEvent, wrong: int) -> Iterator[bytes]:
    for part in _with_contents(book, lots_of(event)):
        yield from _around(part)
    newest = book.period(event.process) if _counts_by_month(event) else None
    if newest is not None:
        yield run_key(event.issuer, newest.month)
    replaces = book.named(event.issuer, event.name)
    if replaces is not None and replaces.replaces != NOBODY:
        yield from _effects_led_to(book, replaces.replaces)
    if wrong != NOBODY:
        yield from _effects_led_to(book, wrong)


def _with_contents(book: Book, names: Iterable[str]) -> Iterator[Lot]:
    """The lots that are at hand so far, and what is in them."""
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop()
        lot = book.lot(name) if name not in seen and book.has(lot_key(name)) else None
        seen.add(name)
        if lot is not None:
            yield lot
            waiting += (*lot.contents, *(one.lot for one in lot.amounts))


def _around(lot: Lot) -> Iterator[bytes]:
    yield from map(lot_key, lot.contents)
    yield from (lot_key(one.lot) for one in lot.amounts)
    if lot.inside:
        yield lot_key(lot.inside)
    yield from (delivery_key(one.delivery) for one in lot.holdings if one.delivery)
    yield from (effects_key(one.entry) for one in lot.late)


def _effects_led_to(book: Book, entry: int) -> Iterator[bytes]:
    """What an event that is taken back, or whose place is taken, had to do with."""
    yield effects_key(entry)
    old = book.effects(entry) if book.has(effects_key(entry)) else None
    if old is None:
        return
    lots = [one.lot for one in (*old.debits, *old.credits)] + [one.lot for one in old.words]
    lots += [*old.made, *old.consumed, *old.held, *old.closed]
    lots += [name for one in (*old.packed, *old.unpacked) for name in (one.unit, one.lot)]
    lots += [one.lot for one in old.lifted] + [one.lot for one in old.surplus] + [one.lot for one in old.sold]
    yield from map(lot_key, lots)
    for lot in _with_contents(book, lots):
        yield from _around(lot)
    yield from (delivery_key(one.delivery) for one in old.moved)
    yield from (effects_key(one.entry) for one in (*old.settled, *old.settles))
    yield from map(effects_key, (*(one.entry for one in old.unpacked), *(one.entry for one in old.lifted)))
    if old.opened:
        yield site_key(old.opened)
    if old.run or old.period:
        yield run_key(old.issuer, old.run or old.period)
    if old.replaces != NOBODY:
        yield effects_key(old.replaces)
