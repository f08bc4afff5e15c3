"""The book of energy: under which keys its records stand."""

import functools
from hashlib import sha256

from ledger.book import RecordBook
from ledger.energy.records import HOUR, Attestation, Consumption, Contract, External, Hour, Record, SiteReading, Taken
from ledger.kernel.errors import RuleBroken
from ledger.kernel.subjects import subject_key

_LABEL = b"coilmark/energy/v1\n"
CERTIFICATES = 1_000  # whose numbers stand in one record


@functools.lru_cache(maxsize=16384)  # rows name the same attestation again and again
def attestation_key(name: str) -> bytes:
    """An attestation's record stands under its subject key, as those of consumption and contracts do."""
    return subject_key("attestation", name)


def consumption_key(name: str) -> bytes:
    return subject_key("consumption", name)


def contract_key(name: str) -> bytes:
    return subject_key("contract", name)


@functools.lru_cache(maxsize=16384)  # likewise
def hour_key(process: str, start: int) -> bytes:
    """What a process drew in the hour from `start` on, µs since 1970 UTC."""
    return _key(b"hour", f"{start}\n{process}")


@functools.lru_cache(maxsize=16384)  # likewise
def site_key(site: str, start: int) -> bytes:
    """What the meter of a site says of the hour from `start` on."""
    return _key(b"site", f"{start}\n{site}")


def device_key(name: str, moment: int) -> bytes:
    """The UTC hour of a device that `moment` lies in."""
    return _key(b"device", f"{moment // HOUR}\n{name}")


def meter_key(name: str, moment: int) -> bytes:
    """The UTC hour of a meter that `moment` lies in."""
    return _key(b"meter", f"{moment // HOUR}\n{name}")


def certificate_keys(external: External) -> tuple[bytes, ...]:
    """Where certificates of these numbers stand, a thousand a record."""
    first, last = external.first // CERTIFICATES, (external.end - 1) // CERTIFICATES
    name = f"{external.scheme}\n{external.registry}\n{external.prefix}"
    return tuple(_key(b"certificates", f"{number}\n{name}") for number in range(first, last + 1))


def heads_key() -> bytes:
    """The newest entry of heads."""
    return _key(b"heads", "")


def _key(kind: bytes, name: str) -> bytes:
    return sha256(_LABEL + kind + b"\n" + name.encode()).digest()


class Book(RecordBook[Record]):
    """The records of energy. Mutable: the one thing in this package that is."""

    def attestation(self, name: str) -> Attestation:
        """Raises RuleBroken ("unknown_attestation") for one that was not issued under the energy rules."""
        found = self.get(attestation_key(name))
        if not isinstance(found, Attestation):
            raise RuleBroken("unknown_attestation", f"attestation {name} was never issued under these rules", id=name)
        return found

    def consumption(self, name: str) -> Consumption:
        """Raises RuleBroken ("unknown_consumption") likewise, and ("site_meter") for the reading of a whole site."""
        found = self.get(consumption_key(name))
        if isinstance(found, SiteReading):
            says = f"consumption {name} is what the meter of site {found.site} says: power is drawn by processes"
            raise RuleBroken("site_meter", says, id=name)
        if not isinstance(found, Consumption):
            raise RuleBroken("unknown_consumption", f"no consumption {name} was stated under these rules", id=name)
        return found

    def contract(self, name: str) -> Contract:
        """Raises RuleBroken ("unknown_contract") likewise."""
        found = self.get(contract_key(name))
        if not isinstance(found, Contract):
            raise RuleBroken("unknown_contract", f"contract {name} was never stated under these rules", id=name)
        return found

    def hour(self, process: str, start: int) -> Hour | None:
        found = self.get(hour_key(process, start))
        return found if isinstance(found, Hour) else None

    def hour_of(self, consumption: Consumption, position: int) -> Hour:
        """The hour at this position of a record. Raises RuleBroken ("hour") where it has none."""
        found = self.hour(consumption.process, consumption.start + position * HOUR)
        if position >= consumption.hours or found is None:
            says = f"consumption {consumption.id} has hours 0 to {consumption.hours - 1}, not {position}"
            raise RuleBroken("hour", says, id=consumption.id, hours=consumption.hours)
        return found

    def taken(self, key: bytes) -> Taken:
        found = self.get(key)
        return found if isinstance(found, Taken) else Taken()

    def put_attestation(self, record: Attestation) -> None:
        self.put(attestation_key(record.id), record)

    def put_hour(self, record: Hour) -> None:
        self.put(hour_key(record.process, record.start), record)
