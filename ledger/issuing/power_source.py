"""Hours of power out of the store, with what covers them and what stores lost of them; and what sites' meters say."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import TypeVar

from ledger.admission.energy_records import read_energy
from ledger.carbon.given import Discharge, PowerHour, SiteHour
from ledger.carbon.power import power_hour
from ledger.carbon.site_balance import TOLERANCE
from ledger.energy import records
from ledger.energy.book import attestation_key, consumption_key, hour_key, site_key
from ledger.energy.records import HOUR, WITHDRAWN, Attestation, Consumption, Hour, Slice
from ledger.kernel.party import Registry
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


def _standing(attestation: Attestation) -> Iterator[Slice]:
    return (one for one in attestation.slices if one.state != WITHDRAWN)


def _tolerance(accuracy: str) -> Fraction:
    """Of a reading; accuracy in %."""
    return Fraction(accuracy) / 100 if accuracy else TOLERANCE


def _sites_of_devices(registry: Registry) -> Mapping[str, str]:
    parties = registry.parties.values()
    return {one["id"]: one["site"] for party in parties for one in party.profile.get("devices", ())}
