"""The rules for issuing an attestation, A1 to A5, and for its time, A9. Each raises RuleBroken with the numbers."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from ledger.carbon.factors import require
from ledger.energy.records import HOUR, Attestation, External, Span, Taken
from ledger.energy.said import Said
from ledger.energy.slices import watt_hours
from ledger.kernel.errors import RuleBroken
from ledger.kernel.moments import rfc3339
from ledger.limits import CERTIFICATES

_SHORTEST = 60_000_000  # µs
_DIGITS = 15  # at the end of a certificate's id that are read as its number


def no_overlap(taken: Taken, new: Span, says: str) -> Taken:
    """A1: of one device or meter each moment is attested once, of a registry each certificate is named once (A5).

    What was withdrawn whole is free again. Raises RuleBroken ("overlap").
    """
    for other in taken.spans:
        if other.start < new.end and new.start < other.end and not other.withdrawn:
            raise RuleBroken("overlap", f"{says} by attestation {other.attestation} already", id=other.attestation)
    return replace(taken, spans=(*taken.spans, new))


def freed(taken: Taken, attestation: str) -> Taken:
    """A1: what a withdrawn attestation takes no more, still to be seen."""
    return replace(
        taken,
        spans=tuple(replace(one, withdrawn=True) if one.attestation == attestation else one for one in taken.spans),
    )


def interval(start: int, end: int) -> None:
    """A2: 60 s to 3 600 s, within one UTC hour. Raises RuleBroken ("interval")."""
    if end < start:
        raise RuleBroken("interval", f"it ends at {rfc3339(end)}, before it begins at {rfc3339(start)}")
    if not _SHORTEST <= end - start <= HOUR:
        seconds = (end - start) / 1_000_000
        raise RuleBroken("interval", f"the interval has {seconds:g} s, an attestation has 60 s to 3 600 s")
    if start // HOUR != (end - 1) // HOUR:
        says = f"{rfc3339(start)} to {rfc3339(end)} lies in two UTC hours, an attestation in one"
        raise RuleBroken("interval", says)


def within_capacity(wh: int, device: Mapping[str, Any], start: int, end: int) -> None:
    """A3: no more than the registered capacity delivers in that time. Raises RuleBroken ("capacity")."""
    if "capacity" not in device:
        raise RuleBroken("capacity", f"device {device['id']} has no capacity registered", id=device["id"])
    most = device["capacity"] * (end - start) // HOUR
    if wh > most:
        says = (
            f"device {device['id']} of {device['capacity']} W delivers at most {watt_hours(most)} "
            f"in {(end - start) // 1_000_000} s, {watt_hours(wh)} are attested"
        )
        raise RuleBroken("capacity", says, id=device["id"], most=most, wh=wh)


def equipment(said: Said) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """A4: device and meter are the issuer's own, belong together and are what the attestation says of them.

    Raises RuleBroken ("device", "meter", "source", "not_commissioned").
    """
    body = said.body
    device, meter = said.registered("devices", body["device"]), said.registered("meters", body["meter"])
    if device["kind"] not in {"generator", "energy-storage"}:
        raise RuleBroken("device", f"device {device['id']} is a {device['kind']}: it delivers no power")
    if meter.get("device") != device["id"]:
        raise RuleBroken("meter", f"meter {meter['id']} is not registered for device {device['id']}", id=meter["id"])
    if device.get("source", body["source"]) != body["source"]:
        says = f"device {device['id']} is registered with source {device['source']}, not {body['source']}"
        raise RuleBroken("source", says, id=device["id"])
    if body["from"][:10] < device.get("commissioned", ""):
        says = f"device {device['id']} first ran on {device['commissioned']}, the interval begins {body['from']}"
        raise RuleBroken("not_commissioned", says, id=device["id"])
    return device, meter


def certificates(body: Mapping[str, Any]) -> tuple[External, ...]:
    """A5: certificates elsewhere cover what is attested, and are out of use there.

    Configuration 3 is made from cancelled certificates. Raises RuleBroken ("external").
    """
    rows = body.get("external", ())
    if rows and (named := sum(row["wh"] for row in rows)) < body["wh"]:
        says = f"{watt_hours(body['wh'])} are attested, the certificates named are for {watt_hours(named)}"
        raise RuleBroken("external", says, wh=body["wh"], named=named)
    for row in rows:
        if body["configuration"] == 3 and row["status"] != "retired":
            says = f"certificate {row['id']} is {row['status']}: configuration 3 is made from retired ones"
            raise RuleBroken("external", says, id=row["id"])
    return tuple(map(_numbered, rows))


def _numbered(row: Mapping[str, Any]) -> External:
    """Certificates by number, so that two ranges of one registry can be held against each other."""
    first, last = row["id"], row.get("last", row["id"])
    prefix = first[: max(len(first.rstrip("0123456789")), len(first) - _DIGITS)]
    scheme, registry, digits = row["scheme"], row["registry"], len(first) - len(prefix)
    if last == first and not digits:
        return External(scheme, registry, first, 0, 1)
    if not digits or len(last) != len(first) or not last.startswith(prefix) or not last[len(prefix) :].isdecimal():
        raise RuleBroken("external", f"{first} to {last} is no range of numbers", id=first)
    start, end = int(first[len(prefix) :]), int(last[len(prefix) :]) + 1
    if not 0 < end - start <= CERTIFICATES:
        says = f"{first} to {last} are {end - start} certificates, a range has 1 to {CERTIFICATES}"
        raise RuleBroken("external", says, id=first)
    return External(scheme, registry, f"{prefix}/{digits}", start, end)


def certificates_named(one: External) -> str:
    """Certificates by their ids, as they were named."""
    before, _, digits = one.prefix.rpartition("/")
    if not (digits.isascii() and digits.isdecimal()):  # one without a number
        return f"certificate {one.prefix} of {one.registry} is"
    first, last = (f"{before}{number:0{digits}d}" for number in (one.first, one.end - 1))
    if first == last:
        return f"certificate {first} of {one.registry} is"
    return f"certificates {first} to {last} of {one.registry} are in part or whole"


def factor(body: Mapping[str, Any]) -> None:
    """The factor that is stated is of a known set, by name and digest. Raises RuleBroken ("factor_set")."""
    if "emissions" in body:
        require(body["emissions"]["table"])


def expiry(end: int, expires: int) -> None:
    """A9: it expires after it was produced. Raises RuleBroken ("expires")."""
    if expires <= end:
        raise RuleBroken("expires", f"it expires at {rfc3339(expires)}, its interval ends at {rfc3339(end)}")


def not_expired(attestation: Attestation, now: int) -> None:
    """A9: nothing new is done with what has expired. Raises RuleBroken ("expired")."""
    if now >= attestation.expires:
        says = f"attestation {attestation.id} expired at {rfc3339(attestation.expires)}, it is {rfc3339(now)}"
        raise RuleBroken("expired", says, id=attestation.id)


def consumed_before(end: int, now: int) -> None:
    """A9: an hour is covered once it is over. Raises RuleBroken ("future")."""
    if end > now:
        raise RuleBroken("future", f"the hour ends at {rfc3339(end)}, it is {rfc3339(now)}: it can be covered then")
