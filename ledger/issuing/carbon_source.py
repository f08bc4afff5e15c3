"""What the accounts of carbon are computed from, out of the store: everything that was signed below a size."""

from collections.abc import Iterable, Mapping, Sequence

from ledger.admission.lot_records import read_records
from ledger.carbon.given import Given
from ledger.carbon.reading import READ, Reading
from ledger.issuing.power_source import Power
from ledger.kernel.party import Registry
from ledger.kernel.statement import parse
from ledger.lots.book import effects_key
from ledger.lots.records import Effects
from ledger.rules import judges_energy, judges_lots
from ledger.store.store import Stored, Transaction

_BATCH = 2_000  # entries asked for together


def given_of(transaction: Transaction, registry: Registry, size: int) -> Given:
    """All of it, as of `size` entries. Raises Damaged."""
    reading = Reading()
    for start in range(0, size, _BATCH):
        _read(reading, registry, transaction, transaction.entries(start, min(start + _BATCH, size)), size)
    power = Power(transaction, registry, size)
    hours, sites = tuple(power.hours(reading.drawn)), tuple(power.sites(reading.read_sites))
    return reading.given(registry, hours, sites, power.discharges)


def _read(reading: Reading, registry: Registry, transaction: Transaction, entries: Sequence[Stored], size: int) -> None:
    """A batch more. What was recorded by its form alone is not counted."""
    judged = [one for one in entries if one.typ in READ and judges_lots(registry.rules_at(one.index))]
    effects = _effects(transaction, (one.index for one in judged if one.typ == "lot-event"), size)
    for stored in judged:
        statement = parse(stored.wire)
        if stored.typ == "lot-event":
            reading.event(statement, effects.get(stored.index))
        elif judges_energy(registry.rules_at(stored.index)):
            reading.other(statement, stored.index)


def _effects(transaction: Transaction, entries: Iterable[int], size: int) -> Mapping[int, Effects]:
    found = read_records(transaction, [effects_key(entry) for entry in entries], size)
    return {one.index: one for one in found.values() if isinstance(one, Effects)}
