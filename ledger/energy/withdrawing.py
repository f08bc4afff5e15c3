"""A11: what was attested and is not so. All that rested on it is named, falls, and stays to be seen."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from ledger.energy import state_rules as state
from ledger.energy.allocating import drop
from ledger.energy.book import Book
from ledger.energy.issuing import take_back
from ledger.energy.records import ALLOCATED, HELD, HOUR, NOBODY, WITHDRAWN, Attestation, Hour, Row, Slice
from ledger.energy.said import Said
from ledger.energy.slices import carve, within
from ledger.kernel.errors import RuleBroken, Unauthorised


def withdraw(book: Book, said: Said, attestation: Attestation, ranges: Sequence[tuple[int, int]]) -> None:
    """Raises Unauthorised, Conflict, RuleBroken ("reversals"), the book as it may be left half written."""
    if said.issuer != attestation.issuer:
        says = f"attestation {attestation.id} was issued by {attestation.issuer}, who alone withdraws it"
        raise Unauthorised("not_yours", says, id=attestation.id)
    slices = [part for start, end in ranges for part in within(attestation.slices, start, end)]
    state.step(attestation, slices, "withdraw")
    falling = _falling(book, attestation, slices)
    _check_named(book, said.body["reversals"], falling)
    changed = attestation.slices
    for hour, row in falling.values():
        changed = carve(changed, row.start, row.end, _loose)
        _fall(book, said, hour, row)
    for start, end in ranges:
        changed = carve(changed, start, end, lambda one: Slice(one.start, one.end, one.holder, WITHDRAWN))
    attestation = replace(attestation, slices=changed)
    book.put_attestation(attestation)
    if all(one.state == WITHDRAWN for one in changed):
        take_back(book, attestation)


_Falling = dict[tuple[str, int, int, int], tuple[Hour, Row]]  # by process, hour and watt-hours


def _falling(book: Book, attestation: Attestation, slices: Sequence[Slice]) -> _Falling:
    """Every live row that has some of these watt-hours, with its hour."""
    found: _Falling = {}
    for one in slices:
        if not one.uses:
            continue
        record = book.consumption(one.consumption)
        hour = book.hour(record.process, record.start + one.hour * HOUR)
        rows = hour.rows if hour is not None else ()
        row = next(o for o in rows if o.attestation == attestation.id and o.start <= one.start and one.end <= o.end)
        if hour is not None:
            found[record.process, hour.start, row.start, row.end] = hour, row
    return found


def _check_named(book: Book, named: Sequence[Mapping[str, Any]], falling: _Falling) -> None:
    """A11: the statement names each row that falls, and no other. Raises RuleBroken ("reversals")."""
    hours = {(use.entry, use.row): hour for hour, row in falling.values() for use in row.uses}
    want, said = hours.keys(), {(one["index"], one["row"]) for one in named}
    missing, extra = sorted(want - said), sorted(said - want)
    if missing or extra or len(named) != len(want):
        says = f"{len(want)} rows fall with these slices, {len(named)} are named"
        first = "; row {1} of entry {0} is missing".format(*missing[0]) if missing else ""
        first += "; row {1} of entry {0} does not fall".format(*extra[0]) if extra else ""
        raise RuleBroken("reversals", says + first, falling=len(want), named=len(named))
    for one in named:
        record, hour = book.consumption(one["consumption"]), hours[one["index"], one["row"]]
        if record.process != hour.process or not 0 <= hour.start - record.start < record.hours * HOUR:
            says = f"row {one['row']} of entry {one['index']} covers an hour of {hour.consumption}, not of {record.id}"
            raise RuleBroken("reversals", says)


def _loose(one: Slice) -> Slice:
    """What covered consumption and does not any more: free again, unless it was retired for ever."""
    if one.state == ALLOCATED:
        return Slice(one.start, one.end, one.holder, HELD)
    return replace(one, consumption="", hour=-1, uses=())


def _fall(book: Book, said: Said, hour: Hour, row: Row) -> None:
    """The row leaves its hour; where that hour was a charge, what was given back of it is in doubt (C6)."""
    hour = book.hour(hour.process, hour.start) or hour  # another row of it may have fallen just now
    after = drop(book, hour, row, kept=(), by=said.index, reason=said.body["reason"])
    book.put_hour(after)
    uncovered = after.given_back - after.matched
    for one in reversed(after.drawn):
        if uncovered <= 0:
            break
        uncovered -= one.wh
        stored = book.attestation(one.attestation)
        if stored.doubt == NOBODY:
            book.put_attestation(replace(stored, doubt=said.index))
