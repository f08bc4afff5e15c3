"""What the fold will ask for, named beforehand, so that a commit looks it up in a few queries and not one a row."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ledger.carbon.stating import asked_by
from ledger.energy import attestation_rules as rule
from ledger.energy.book import (
    Book,
    attestation_key,
    certificate_keys,
    consumption_key,
    contract_key,
    device_key,
    hour_key,
    meter_key,
    site_key,
)
from ledger.energy.records import HOUR, Attestation, Consumption, Hour
from ledger.kernel.errors import Refused
from ledger.kernel.moments import micros

Told = tuple[str, Mapping[str, Any]]  # typ and body of a statement


def prepare(book: Book, told: Iterable[Told]) -> None:
    """Have at hand all that these statements will ask for: what they name, then what that leads to, twice."""
    told = list(told)
    book.fetch([key for typ, body in told for key in _sound(named_by(typ, body))])
    book.fetch([key for typ, body in told for key in _sound(_led_to(book, typ, body))])
    book.fetch([key for typ, body in told for key in _sound(_rested_on(book, typ, body))])


def _sound(keys: Iterator[bytes]) -> Iterator[bytes]:
    """Up to where a statement makes no sense, such as a time before 1970: the fold says why, to its issuer alone."""
    try:
        yield from keys
    except Refused:
        return


def named_by(typ: str, body: Mapping[str, Any]) -> Iterator[bytes]:
    """What a statement asks for by its own words."""
    if typ == "contract":
        yield contract_key(body["id"])
    elif typ == "energy-attestation":
        yield from _of_attestation(body)
    elif typ == "energy-consumption":
        yield from _of_consumption(body)
    elif typ == "energy-action":
        yield attestation_key(body["attestation"])
        yield from (consumption_key(one["consumption"]) for one in body.get("reversals", ()))
    elif typ in {"emission-source", "period-close"}:
        yield from asked_by(typ, body)
    elif typ == "energy-allocation":
        yield from {attestation_key(row["attestation"]) for row in body["rows"]}
        yield from {consumption_key(row["consumption"]) for row in body["rows"]}
        yield from {contract_key(row["contract"]) for row in body["rows"] if "contract" in row}


def _of_attestation(body: Mapping[str, Any]) -> Iterator[bytes]:
    moment = micros(body["from"])
    yield attestation_key(body["id"])
    yield device_key(body["device"], moment)
    yield meter_key(body["meter"], moment)
    yield from (consumption_key(row["consumption"]) for row in body.get("storage", {}).get("charges", ()))
    for one in rule.certificates(body):
        yield from certificate_keys(one)


def _of_consumption(body: Mapping[str, Any]) -> Iterator[bytes]:
    yield consumption_key(body["id"])
    if "replaces" in body:
        yield consumption_key(body["replaces"])
    name, key_of = (body["site"], site_key) if "site" in body else (body["process"], hour_key)
    start = micros(body["from"])
    yield from (key_of(name, start + position * HOUR) for position in range(len(body["wh"])))


def _led_to(book: Book, typ: str, body: Mapping[str, Any]) -> Iterator[bytes]:
    """The hours of records that are named, what a withdrawn attestation took, the contracts of rows that fall."""
    if typ == "energy-allocation":
        yield from _hours(book, {(row["consumption"], row["hour"]) for row in body["rows"]})
    elif typ == "energy-attestation":
        rows = body.get("storage", {}).get("charges", ())
        yield from _hours(book, {(row["consumption"], row["hour"]) for row in rows})
    elif typ == "energy-action" and body["action"] == "withdraw":
        yield from _of_withdrawn(book, body["attestation"])


def _hours(book: Book, named: Iterable[tuple[str, int]]) -> Iterator[bytes]:
    for name, position in named:
        record = book.get(consumption_key(name))
        if isinstance(record, Consumption):
            yield hour_key(record.process, record.start + position * HOUR)


def _of_withdrawn(book: Book, name: str) -> Iterator[bytes]:
    found = book.get(attestation_key(name))
    if not isinstance(found, Attestation):
        return
    yield device_key(found.device, found.start)
    yield meter_key(found.meter, found.start)
    yield from (key for one in found.external for key in certificate_keys(one))
    yield from (hour_key(one.process, one.start) for one in found.charges)
    yield from _hours(book, {(one.consumption, one.hour) for one in found.slices if one.uses})


def _rested_on(book: Book, typ: str, body: Mapping[str, Any]) -> Iterator[bytes]:
    """What fell with a withdrawn attestation: contracts that it was allocated under, storage that it was put into."""
    if typ == "energy-action" and body["action"] == "withdraw":
        found = book.get(attestation_key(body["attestation"]))
        for one in found.slices if isinstance(found, Attestation) else ():
            record = book.get(consumption_key(one.consumption)) if one.uses else None
            hour = (
                book.hour(record.process, record.start + one.hour * HOUR) if isinstance(record, Consumption) else None
            )
            if hour is not None:
                yield from (contract_key(row.contract) for row in hour.rows if row.contract)
                yield from (attestation_key(drawn.attestation) for drawn in hour.drawn)
    elif typ == "energy-allocation" and any("reverses" in row for row in body["rows"]):
        for key in _hours(book, {(row["consumption"], row["hour"]) for row in body["rows"] if "reverses" in row}):
            found_hour = book.get(key)
            rows = found_hour.rows if isinstance(found_hour, Hour) else ()
            yield from (contract_key(row.contract) for row in rows if row.contract)
