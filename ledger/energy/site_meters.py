"""What an `energy-consumption` of a whole site does: its meter's hours, for the sum of its processes (C1)."""

from ledger.energy.book import Book, consumption_key, site_key
from ledger.energy.records import HOUR, SiteHour, SiteReading
from ledger.energy.replacing import take_place
from ledger.energy.said import Said
from ledger.kernel.errors import Conflict, RuleBroken
from ledger.kernel.moments import micros, rfc3339


def read_site(book: Book, said: Said) -> None:
    """Raises RuleBroken, Conflict or Unauthorised, the book as it may be left half written."""
    body = said.body
    site, meter = said.registered("sites", body["site"]), said.registered("meters", body["meter"])
    if meter["site"] != site["id"] or "process" in meter or "device" in meter:
        raise RuleBroken("meter", f"meter {meter['id']} is not registered for site {site['id']} whole", id=meter["id"])
    new = SiteReading(
        id=body["id"],
        issuer=said.issuer,
        index=said.index,
        site=site["id"],
        start=micros(body["from"]),
        hours=len(body["wh"]),
        meter=meter["id"],
    )
    if "replaces" in body:
        _replace(book, body["replaces"], new)
    for position, wh in enumerate(body["wh"]):
        start = new.start + position * HOUR
        _check_free(book, new.site, start, body.get("replaces"))
        hour = SiteHour(new.site, start, new.id, new.index, wh, meter.get("accuracy", ""))
        book.put(site_key(new.site, start), hour)
    book.put(consumption_key(new.id), new)


def _replace(book: Book, name: str, new: SiteReading) -> None:
    """SPEC 4.9.10: the earlier record of the same site and hours. Raises RuleBroken, Conflict, Unauthorised."""
    old = book.get(consumption_key(name))
    says = f"consumption {name} is of other hours, or not of the meter of site {new.site}"
    misfit = f"{says}: what takes its place is of the same"
    if not isinstance(old, SiteReading):
        raise RuleBroken("replaces", misfit, id=name)
    same = (old.site, old.start, old.hours) == (new.site, new.start, new.hours)
    take_place(book, old, new, "" if same else misfit)


def _check_free(book: Book, site: str, start: int, replaced: str | None) -> None:
    old = book.get(site_key(site, start))
    if isinstance(old, SiteHour) and old.reading != replaced:
        says = f"site {site} has the hour from {rfc3339(start)} in consumption {old.reading}"
        raise Conflict("hour_stated", f"{says} already: what takes its place names it in replaces", id=old.reading)
