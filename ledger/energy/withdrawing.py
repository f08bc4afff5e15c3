"""A11: what was attested and is not so. What rested on it is named, falls as far as it did, and stays to be seen."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from ledger.energy import state_rules as state
from ledger.energy.book import Book
from ledger.energy.falling import cut_off
from ledger.energy.issuing import take_back
from ledger.energy.records import ALLOCATED, HELD, HOUR, NOBODY, WITHDRAWN, Attestation, Hour, Row, Slice
from ledger.energy.said import Said
from ledger.energy.slices import carve, within
from ledger.kernel.errors import RuleBroken, Unauthorised
from ledger.rules import is_metered


def withdraw(book: Book, said: Said, attestation: Attestation, ranges: Sequence[tuple[int, int]]) -> None:
    """Raises Unauthorised, Conflict, RuleBroken ("reversals"), the book as it may be left half written."""
    if said.issuer != attestation.issuer:
        says = f"attestation {attestation.id} was issued by {attestation.issuer}, who alone withdraws it"
        raise Unauthorised("not_yours", says, id=attestation.id)
    slices = [part for start, end in ranges for part in within(attestation.slices, start, end)]
    state.step(attestation, slices, "withdraw")
    falling = _falling(book, attestation, slices, whole=not is_metered(said.rules))
    _check_named(book, said, falling)
    changed = attestation.slices
    for hour, row, gone in falling:
        for start, end in gone:
            changed = carve(changed, start, end, _loose)
        _fall(book, said, hour, row, gone)
    for start, end in ranges:
        changed = carve(changed, start, end, lambda one: Slice(one.start, one.end, one.holder, WITHDRAWN))
    attestation = replace(attestation, slices=changed)
    book.put_attestation(attestation)
    if all(one.state == WITHDRAWN for one in changed):
        take_back(book, attestation)


_Range = tuple[int, int]
_Falling = list[tuple[Hour, Row, list[_Range]]]  # a live row, its hour, and what of it falls, ascending


def _falling(book: Book, attestation: Attestation, slices: Sequence[Slice], *, whole: bool) -> _Falling:
    """Every live row that has some of these watt-hours: by those that are withdrawn, or `whole` (coilmark-rules/3)."""
    found: dict[tuple[str, int, int, int], tuple[Hour, Row, list[_Range]]] = {}
    for one in slices:
        if not one.uses:
            continue
        record = book.consumption(one.consumption)
        hour = book.hour(record.process, record.start + one.hour * HOUR)
        rows = hour.rows if hour is not None else ()
        row = next(o for o in rows if o.attestation == attestation.id and o.start <= one.start and one.end <= o.end)
        if hour is not None:
            _, _, gone = found.setdefault((record.process, hour.start, row.start, row.end), (hour, row, []))
            gone[:] = [(row.start, row.end)] if whole else _joined([*gone, (one.start, one.end)])
    return [*found.values()]


def _joined(ranges: Sequence[_Range]) -> list[_Range]:
    """Ascending, those that touch as one."""
    found = [ranges[0]]
    for start, end in ranges[1:]:
        if start == found[-1][1]:
            found[-1] = found[-1][0], end
        else:
            found.append((start, end))
    return found


def _check_named(book: Book, said: Said, falling: _Falling) -> None:
    """A11: the statement names each row that falls, what of it does, and no other. Raises RuleBroken ("reversals")."""
    named: Sequence[Mapping[str, Any]] = said.body["reversals"]
    whole = not is_metered(said.rules)
    hours = {
        (use.entry, use.row, *((0, 0) if whole else span)): hour
        for hour, row, gone in falling for use in row.uses for span in gone
    }  # fmt: skip
    places = [(one["index"], one["row"], one.get("from_wh", 0), one.get("to_wh", 0)) for one in named]
    missing, extra = sorted(hours.keys() - set(places)), sorted(set(places) - hours.keys())
    if missing or extra or len(named) != len(hours):
        says = f"{len(hours)} rows fall with these slices, {len(named)} are named"
        first = f"; {_told(missing[0])} is missing" if missing else ""
        first += f"; {_told(extra[0])} does not fall" if extra else ""
        raise RuleBroken("reversals", says + first, falling=len(hours), named=len(named))
    for one, place in zip(named, places, strict=True):
        record, hour = book.consumption(one["consumption"]), hours[place]
        if record.process != hour.process or not 0 <= hour.start - record.start < record.hours * HOUR:
            says = f"row {one['row']} of entry {one['index']} covers an hour of {hour.consumption}, not of {record.id}"
            raise RuleBroken("reversals", says)


def _told(place: tuple[int, int, int, int]) -> str:
    entry, row, start, end = place
    return f"row {row} of entry {entry}" + (f", Wh {start} to {end}," if end else "")


def _loose(one: Slice) -> Slice:
    """What covered consumption and does not any more: free again, unless it was retired for ever."""
    if one.state == ALLOCATED:
        return Slice(one.start, one.end, one.holder, HELD)
    return replace(one, consumption="", hour=-1, uses=())


def _fall(book: Book, said: Said, hour: Hour, row: Row, gone: Sequence[_Range]) -> None:
    """What falls leaves its hour; where that hour was a charge, what was given back of it is in doubt (C6)."""
    hour = book.hour(hour.process, hour.start) or hour  # another row of it may have fallen just now
    after = cut_off(book, hour, row, gone, said)
    book.put_hour(after)
    uncovered = after.given_back - after.matched
    for one in reversed(after.drawn):
        if uncovered <= 0:
            break
        uncovered -= one.wh
        stored = book.attestation(one.attestation)
        if stored.doubt == NOBODY:
            book.put_attestation(replace(stored, doubt=said.index))
