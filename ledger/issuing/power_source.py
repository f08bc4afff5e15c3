"""Hours of power out of the store, with what covers them and what stores lost of them; and what sites' meters say."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from ledger.admission.energy_records import read_energy
from ledger.carbon.given import Covered, Discharge, Loss, PowerHour, SiteHour, Uncovered
from ledger.carbon.site_balance import TOLERANCE
from ledger.energy import records
from ledger.energy.book import attestation_key, consumption_key, hour_key, site_key
from ledger.energy.records import HOUR, WITHDRAWN, Attestation, Consumption, Factor, Hour, Slice
from ledger.kernel.party import Registry
from ledger.lots.sharing import share
from ledger.store.store import Transaction

_BATCH = 2_000  # records asked for together
One = TypeVar("One")
_Place = tuple[str, int]  # a process or a site, and where its hour begins


class Power:
    """As of a size. Mutable: it keeps what stores gave back of the hours that were read."""

    def __init__(self, transaction: Transaction, registry: Registry, size: int) -> None:
        self._transaction, self._size = transaction, size
        self._sites = _sites_of_devices(registry)
        self._back: dict[str, Attestation] = {}

    def hours(self, drawn: Iterable[_Place]) -> Iterator[PowerHour]:
        """Each hour that somebody stated. Raises Damaged."""
        for hours in self._records([hour_key(process, start) for process, start in drawn], Hour):
            rows = {row.attestation for hour in hours for row in hour.rows}
            back = {one.attestation for hour in hours for one in hour.drawn}
            attested = self._attested(rows | back)
            self._back |= {name: attested[name] for name in back}
            users = self._users([attested[name] for name in back])
            yield from (power_hour(hour, attested, users) for hour in hours)

    def sites(self, read: Iterable[_Place]) -> Iterator[SiteHour]:
        """Each hour of a site's own meter. Raises Damaged."""
        for hours in self._records([site_key(site, start) for site, start in read], records.SiteHour):
            yield from (SiteHour(one.site, one.start, one.wh, _tolerance(one.accuracy)) for one in hours)

    @property
    def discharges(self) -> tuple[Discharge, ...]:
        """What stores gave back of the hours that were read."""
        found = sorted(self._back.values(), key=lambda one: (one.start, one.id))
        return tuple(
            Discharge(self._sites[one.device], one.start // HOUR * HOUR, sum(o.end - o.start for o in _standing(one)))
            for one in found
            if one.device in self._sites
        )

    def _records(self, keys: list[bytes], kind: type[One]) -> Iterator[list[One]]:
        for start in range(0, len(keys), _BATCH):
            found = read_energy(self._transaction, keys[start : start + _BATCH], self._size).values()
            yield [one for one in found if isinstance(one, kind)]

    def _attested(self, names: Collection[str]) -> Mapping[str, Attestation]:
        found = read_energy(self._transaction, [attestation_key(name) for name in names], self._size).values()
        return {one.id: one for one in found if isinstance(one, Attestation)}

    def _users(self, back: Iterable[Attestation]) -> Mapping[str, Consumption]:
        """The records of consumption that discharges cover."""
        named = {one.consumption for attestation in back for one in attestation.slices if one.uses}
        found = read_energy(self._transaction, [consumption_key(name) for name in named], self._size).values()
        return {one.id: one for one in found if isinstance(one, Consumption)}


def power_hour(
    hour: Hour, attested: Mapping[str, Attestation], users: Mapping[str, Consumption] | None = None
) -> PowerHour:
    """An hour with what covers it: rows that are alike, together. `users`: the records that discharges cover."""
    covered: dict[tuple[str, Decimal | None, int, str], int] = {}
    for row in hour.rows:
        by = attested[row.attestation]
        alike = row.matching, _factor(by.factor), by.configuration, by.source
        covered[alike] = covered.get(alike, 0) + row.wh
    rows = (Covered(wh, *alike) for alike, wh in covered.items())
    fallen = (Uncovered(one.by, one.reason, one.end - one.start) for one in hour.fallen)
    found = PowerHour(hour.process, hour.start, hour.wh, hour.measured, tuple(rows), tuple(fallen))
    if not hour.drawn:
        return found
    returned, losses = _given_back(hour, attested, users or {})
    return PowerHour(found.process, found.start, found.wh, found.measured, found.rows, found.fallen, returned, losses)


def _given_back(
    hour: Hour, attested: Mapping[str, Attestation], users: Mapping[str, Consumption]
) -> tuple[int, tuple[Loss, ...]]:
    """Of a charge: Wh that came back, and Wh that were lost for each hour that used what came back (SPEC 12.4)."""
    returned, lost = 0, dict[_Place, int]()
    taken: dict[str, int] = {}
    for one in hour.drawn:
        taken[one.attestation] = taken.get(one.attestation, 0) + one.wh
    for name, wh in taken.items():
        by = attested[name]
        charges: dict[_Place, int] = {}
        for charge in by.charges:
            charges[charge.process, charge.start] = charges.get((charge.process, charge.start), 0) + charge.wh
        came = share(by.wh, charges)[hour.process, hour.start]
        returned += came
        for place, loss in share(wh - came, _used(by, users)).items():
            if place[0]:
                lost[place] = lost.get(place, 0) + loss
    return returned, tuple(Loss(*place, wh) for place, wh in sorted(lost.items()) if wh)


def _used(attestation: Attestation, users: Mapping[str, Consumption]) -> dict[_Place, int]:
    """Wh of a discharge by the hour that they cover; what covers none stands under no process."""
    found: dict[_Place, int] = {}
    for one in attestation.slices:
        by = users.get(one.consumption) if one.uses else None
        place = (by.process, by.start + one.hour * HOUR) if by is not None else ("", 0)
        found[place] = found.get(place, 0) + one.end - one.start
    return found


def _standing(attestation: Attestation) -> Iterator[Slice]:
    return (one for one in attestation.slices if one.state != WITHDRAWN)


def _tolerance(accuracy: str) -> Fraction:
    """Of a reading; accuracy in %."""
    return Fraction(accuracy) / 100 if accuracy else TOLERANCE


def _factor(factor: Factor | None) -> Decimal | None:
    """G CO2e/kWh as t CO2e/MWh."""
    return None if factor is None else Decimal(factor.factor).scaleb(-3)


def _sites_of_devices(registry: Registry) -> Mapping[str, str]:
    parties = registry.parties.values()
    return {one["id"]: one["site"] for party in parties for one in party.profile.get("devices", ())}
