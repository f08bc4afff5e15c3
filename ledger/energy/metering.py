"""What an `energy-consumption` does: each hour of a process is stated once, and may be stated again in its place."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from ledger.energy.book import Book, consumption_key
from ledger.energy.issuing import not_ahead
from ledger.energy.records import HOUR, Consumption, Hour
from ledger.energy.replacing import take_place
from ledger.energy.said import Said
from ledger.energy.site_meters import read_site
from ledger.energy.slices import watt_hours
from ledger.kernel.errors import Conflict, RuleBroken
from ledger.kernel.moments import micros, rfc3339


def consume(book: Book, said: Said) -> None:
    """Raises RuleBroken, Conflict or Unauthorised, the book as it may be left half written."""
    body = said.body
    not_ahead(said, micros(body["from"]) + len(body["wh"]) * HOUR)
    _check_estimated(body)
    if "site" in body:
        read_site(book, said)
    else:
        _drawn(book, said)


def _drawn(book: Book, said: Said) -> None:
    body = said.body
    process = said.registered("processes", body["process"])
    meter = said.registered("meters", body["meter"]) if "meter" in body else None
    if meter is not None and meter.get("process") != process["id"]:
        raise RuleBroken("meter", f"meter {meter['id']} is not registered for {process['id']}", id=meter["id"])
    record = Consumption(
        id=body["id"],
        issuer=said.issuer,
        index=said.index,
        process=process["id"],
        start=micros(body["from"]),
        hours=len(body["wh"]),
        method=body["method"],
        meter=body.get("meter", ""),
        zone=said.zone(*([meter, process] if meter is not None else [process])),
    )
    if "replaces" in body:
        _replace(book, body["replaces"], record)
    for position, wh in enumerate(body["wh"]):
        _state(book, record, position, wh, body)
    book.put(consumption_key(record.id), record)


def _check_estimated(body: Mapping[str, Any]) -> None:
    estimated, hours = body.get("estimated", []), len(body["wh"])
    if estimated != sorted(estimated) or (estimated and estimated[-1] >= hours):
        says = f"estimated hours are named ascending and below {hours}, not {', '.join(map(str, estimated))}"
        raise RuleBroken("estimated", says, hours=hours)


def _replace(book: Book, name: str, new: Consumption) -> None:
    """SPEC 4.9.10: the earlier record of the same process and hours. Raises RuleBroken, Conflict, Unauthorised."""
    old = book.consumption(name)
    says = f"consumption {name} is of {old.hours} hours of {old.process} from {rfc3339(old.start)} on"
    same = (old.process, old.start, old.hours) == (new.process, new.start, new.hours)
    take_place(book, old, new, "" if same else f"{says}: what takes its place is of the same process and hours")


def _state(book: Book, record: Consumption, position: int, wh: int, body: Mapping[str, Any]) -> None:
    """One hour; what covers it goes on doing so, if it still fits (C2)."""
    start = record.start + position * HOUR
    old = book.hour(record.process, start)
    if old is not None and old.consumption != body.get("replaces"):
        says = f"process {record.process} has the hour from {rfc3339(start)} in consumption {old.consumption}"
        raise Conflict("hour_stated", f"{says} already: what takes its place names it in replaces", id=old.consumption)
    if old is not None and old.covered > wh:
        says = (
            f"{watt_hours(old.covered)} of the hour from {rfc3339(start)} are covered, {watt_hours(wh)} are "
            "stated now: rows that are too much are reversed first"
        )
        raise RuleBroken("over_consumption", says, wh=wh, covered=old.covered)
    new = Hour(
        process=record.process,
        start=start,
        consumption=record.id,
        index=record.index,
        issuer=record.issuer,
        zone=record.zone,
        wh=wh,
        measured=record.method == "meter" and position not in body.get("estimated", ()),
        documented="document" in body,
    )
    kept = (old.rows, old.fallen, old.drawn) if old is not None else ((), (), ())
    book.put_hour(replace(new, rows=kept[0], fallen=kept[1], drawn=kept[2]))
