"""What the accounts of carbon are computed from, out of the store: everything that was signed below a size."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ledger.admission.energy_records import read_energy
from ledger.admission.lot_records import read_records
from ledger.carbon.given import Given, PowerHour, SiteHour
from ledger.carbon.reading import READ, Reading, hours_in
from ledger.checking.quick_json import parse_quickly
from ledger.energy.book import consumption_key
from ledger.energy.records import HOUR, Consumption
from ledger.issuing.power_source import Power
from ledger.kernel.party import Registry
from ledger.lots.book import effects_key
from ledger.lots.records import NOBODY, Effects
from ledger.rules import judges_energy, judges_lots
from ledger.store.store import Stored, Transaction

_BATCH = 2_000  # entries asked for together
_COVERING = frozenset({"energy-allocation", "energy-action", "energy-attestation"})
Tell = Callable[[], None]
Read = Callable[[Transaction, Registry, int, Tell], Given]
_Place = tuple[str, int]  # a process or a site, and where its hour begins


def given_of(transaction: Transaction, registry: Registry, size: int, tell: Tell = lambda: None) -> Given:
    """All of it, as of `size` entries; `tell` is called for every batch of them. Raises Damaged."""
    return GivenReader().at(transaction, registry, size, tell)


def batches_in(size: int) -> int:
    """How many batches of entries are read of a ledger."""
    return -(-size // _BATCH)


class GivenReader:
    """Reads state after state, each from where the one before ended. For one thread at a time.

    It begins anew where an entry changed what an earlier one did, as a declaration of error does, and where it was told
    of a later state before.
    """

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._size, self._reading = 0, Reading()
        self._hours: dict[_Place, PowerHour] = {}
        self._sites: dict[_Place, SiteHour] = {}

    def at(self, transaction: Transaction, registry: Registry, size: int, tell: Tell = lambda: None) -> Given:
        """All of it, as of `size` entries. Raises Damaged."""
        if size < self._size or (self._size and _changes(transaction, self._size, size)):
            self._begin()
        try:
            return self._go_on(transaction, registry, size, tell)
        except BaseException:
            self._begin()  # what was read in part would be read twice
            raise

    def _go_on(self, transaction: Transaction, registry: Registry, size: int, tell: Tell) -> Given:
        reading, touched = self._reading, set[_Place]()
        for start in range(self._size, size, _BATCH):
            entries = transaction.entries(start, min(start + _BATCH, size))
            _read(reading, registry, transaction, entries, size)
            touched.update(_touched(transaction, entries, size) if self._size else ())
            tell()
        touched.update(place for place, hour in self._hours.items() if hour.entries is None)  # what stores have part in
        power = Power(transaction, registry, size)
        drawn = [one for one in reading.drawn if one in touched or one not in self._hours]
        read = [one for one in reading.read_sites if one in touched or one not in self._sites]
        self._hours.update(((one.process, one.start), one) for one in power.hours(drawn))
        self._sites.update(((one.site, one.start), one) for one in power.sites(read))
        self._size = size
        return reading.given(registry, tuple(self._hours.values()), tuple(self._sites.values()), power.discharges)


def _changes(transaction: Transaction, start: int, end: int) -> bool:
    """Whether an entry in between changes what an earlier one did: a declaration, a correction, a sender heard late."""
    for first in range(start, end, _BATCH):
        effects = _effects(transaction, range(first, min(first + _BATCH, end)), end)
        if any(one.undoes != NOBODY or one.replaces != NOBODY or one.settles for one in effects.values()):
            return True
    return False


def _touched(transaction: Transaction, entries: Iterable[Stored], size: int) -> Iterator[_Place]:
    """The hours that statements are about, be it that they cover one: all of the record that they name."""
    names = set[str]()
    for stored in entries:
        if stored.typ == "energy-consumption":
            yield from hours_in(parse_quickly(stored.wire).body)
        elif stored.typ in _COVERING:
            names.update(_named(parse_quickly(stored.wire).body))
    for one in read_energy(transaction, [consumption_key(name) for name in names], size).values():
        if isinstance(one, Consumption):
            yield from ((one.process, one.start + hour * HOUR) for hour in range(one.hours))


def _named(body: Mapping[str, Any]) -> Iterator[str]:
    """The records of consumption that an allocation, an action or an attestation names."""
    rows = (*body.get("rows", ()), *body.get("reversals", ()), *body.get("storage", {}).get("charges", ()))
    return (row["consumption"] for row in rows)


def _read(reading: Reading, registry: Registry, transaction: Transaction, entries: Sequence[Stored], size: int) -> None:
    """A batch more. What was recorded by its form alone is not counted."""
    judged = [one for one in entries if one.typ in READ and judges_lots(registry.rules_at(one.index))]
    effects = _effects(transaction, (one.index for one in judged if one.typ == "lot-event"), size)
    for stored in judged:
        statement = parse_quickly(stored.wire)
        if stored.typ == "lot-event":
            reading.event(statement, effects.get(stored.index))
        elif judges_energy(registry.rules_at(stored.index)):
            reading.other(statement, stored.index)


def _effects(transaction: Transaction, entries: Iterable[int], size: int) -> Mapping[int, Effects]:
    found = read_records(transaction, [effects_key(entry) for entry in entries], size)
    return {one.index: one for one in found.values() if isinstance(one, Effects)}
