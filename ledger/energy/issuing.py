"""What an `energy-attestation` does: its watt-hours come into being, once (A1 to A5, C6)."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from ledger.energy import attestation_rules as rule
from ledger.energy import matching_rules as matching
from ledger.energy.book import Book, certificate_keys, device_key, meter_key
from ledger.energy.records import Attestation, Charge, Drawn, External, Factor, Slice, Span
from ledger.energy.said import AHEAD, Said
from ledger.kernel.errors import RuleBroken
from ledger.kernel.moments import micros, rfc3339


def issue(book: Book, said: Said) -> None:
    """Raises RuleBroken, the book as it may be left half written."""
    body = said.body
    start, end, expires = micros(body["from"]), micros(body["to"]), micros(body["expires"])
    device, meter = rule.equipment(said)
    rule.interval(start, end)
    not_ahead(said, end)
    rule.within_capacity(body["wh"], device, start, end)
    rule.expiry(end, expires)
    external = rule.certificates(body)
    rule.factor(body)
    charges = _charges(book, said, device, start)
    attestation = replace(attestation_of(said), zone=said.zone(meter, device), charges=charges, external=external)
    _take(book, attestation)
    book.put_attestation(attestation)


def attestation_of(said: Said) -> Attestation:
    """As its statement has it; zone, charges and certificates follow from what else is known."""
    body = said.body
    return Attestation(
        id=body["id"],
        issuer=said.issuer,
        index=said.index,
        device=body["device"],
        meter=body["meter"],
        zone="",
        start=micros(body["from"]),
        end=micros(body["to"]),
        wh=body["wh"],
        source=body["source"],
        quality=body["quality"],
        expires=micros(body["expires"]),
        configuration=body["configuration"],
        disclosure=body["disclosure"],
        documented="document" in body,
        factor=_factor(body),
        slices=(Slice(0, body["wh"], said.issuer),),
    )


def not_ahead(said: Said, end: int) -> None:
    """SPEC 8: what is metered has happened. Raises RuleBroken ("time_ahead")."""
    if (ahead := end - said.recorded_at) > AHEAD:  # perhaps beyond the year 9999, which has no date
        says = f"it ends {ahead // 1_000_000} s ahead of the ledger's clock, the most is {AHEAD // 1_000_000} s"
        raise RuleBroken("time_ahead", says)


def _factor(body: Mapping[str, Any]) -> Factor | None:
    if "emissions" not in body:
        return None
    said = body["emissions"]
    return Factor(said["factor"], said["basis"], said["table"]["id"], said["table"]["digest"])


def _take(book: Book, attestation: Attestation) -> None:
    """A1, A5: device, meter and certificates are not attested twice."""
    name, start, end = attestation.id, attestation.start, attestation.end
    until = f"{rfc3339(start)} to {rfc3339(end)} is attested"
    span = Span(start, end, name)
    for key, what in (
        (device_key(attestation.device, start), f"device {attestation.device}"),
        (meter_key(attestation.meter, start), f"meter {attestation.meter}"),
    ):
        book.put(key, rule.no_overlap(book.taken(key), span, f"{what}: {until}"))
    for one in attestation.external:
        _take_certificates(book, one, name)


def _take_certificates(book: Book, external: External, name: str) -> None:
    """A5: a certificate that is used elsewhere is not used here."""
    says = f"{rule.certificates_named(external)} used"
    for key in certificate_keys(external):
        book.put(key, rule.no_overlap(book.taken(key), Span(external.first, external.end, name), says))


def _charges(book: Book, said: Said, device: Mapping[str, Any], start: int) -> tuple[Charge, ...]:
    """C6: what a storage device gives back, noted with the hours in which it was charged."""
    rows = said.body.get("storage", {}).get("charges", ())
    if not rows:
        if device["kind"] == "energy-storage":
            raise RuleBroken("storage", f"device {device['id']} stores: its charges are to be named", id=device["id"])
        return ()
    charges, left, sources = [], [], set[str]()
    for row in rows:
        record = book.consumption(row["consumption"])
        if said.registered("processes", record.process)["kind"] != "energy-storage":
            raise RuleBroken("storage", f"process {record.process} is no charging of storage", id=record.process)
        hour = book.hour_of(record, row["hour"])
        matching.drawn(hour, row["wh"], start)
        left.append(hour.matched - hour.given_back)
        sources |= {row.source for row in hour.rows if row.matching == "hourly"}
        charges.append(Charge(hour.process, hour.start, row["wh"]))
        book.put_hour(replace(hour, drawn=(*hour.drawn, Drawn(said.body["id"], row["wh"]))))
    matching.oldest_first(charges, left)
    matching.given_back(said, device, charges)
    matching.one_source(said.body["source"], sources)
    return tuple(charges)


def take_back(book: Book, attestation: Attestation) -> None:
    """A11: what a wholly withdrawn attestation took is free again: its time, its certificates, its charges."""
    name = attestation.id
    keys = [device_key(attestation.device, attestation.start), meter_key(attestation.meter, attestation.start)]
    keys += [key for one in attestation.external for key in certificate_keys(one)]
    for key in keys:
        book.put(key, rule.freed(book.taken(key), name))
    for charge in attestation.charges:
        hour = book.hour(charge.process, charge.start)
        if hour is not None:
            book.put_hour(replace(hour, drawn=tuple(one for one in hour.drawn if one.attestation != name)))
