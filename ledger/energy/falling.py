"""How rows leave an hour: taken back by who allocated, or cut by what is withdrawn. What fell stays to be seen."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from ledger.energy.book import Book, contract_key
from ledger.energy.records import EARLIER, Fallen, Hour, Row, Use
from ledger.energy.said import Said
from ledger.limits import FALLEN
from ledger.rules import is_metered


def undo(book: Book, hour: Hour, row: Row, kept: tuple[Use, ...], said: Said) -> Hour:
    """An hour without a row, or without some of its uses; a contract has its Wh back where none is left."""
    gone = [_fallen(row, use, (row.start, row.end), said, "reversed") for use in row.uses if use not in kept]
    if not kept:
        _give_back(book, row, row.wh)
    return _without(hour, row, [replace(row, uses=kept)] if kept else [], gone, said)


def cut_off(book: Book, hour: Hour, row: Row, gone: Sequence[tuple[int, int]], said: Said) -> Hour:
    """An hour whose row is cut by these ranges; what is left of it goes on covering, for the same uses."""
    why = said.body["reason"]
    fallen = [_fallen(row, use, span, said, why) for span in gone for use in row.uses]
    _give_back(book, row, sum(end - start for start, end in gone))
    return _without(hour, row, list(_left(row, gone)), fallen, said)


def _left(row: Row, gone: Sequence[tuple[int, int]]) -> Iterator[Row]:
    start = row.start
    for first, beyond in (*gone, (row.end, row.end)):
        if start < first:
            yield replace(row, start=start, end=first)
        start = beyond


def _fallen(row: Row, use: Use, span: tuple[int, int], said: Said, reason: str) -> Fallen:
    return Fallen(row.attestation, *span, row.matching, use.entry, use.row, said.index, reason)


def _give_back(book: Book, row: Row, wh: int) -> None:
    """C5."""
    if row.contract:
        contract = book.contract(row.contract)
        book.put(contract_key(contract.id), replace(contract, used=contract.used - wh))


def _without(hour: Hour, row: Row, left: Sequence[Row], gone: Sequence[Fallen], said: Said) -> Hour:
    rows = tuple(part for one in hour.rows for part in (left if one == row else (one,)))
    fallen = (*hour.fallen, *gone)
    return replace(hour, rows=rows, fallen=_newest(fallen) if is_metered(said.rules) else fallen)


def _newest(fallen: tuple[Fallen, ...]) -> tuple[Fallen, ...]:
    """SPEC 8: the newest by name. Those before are one, the first: how many, of how many Wh, and the last of them."""
    if len(fallen) <= FALLEN:
        return fallen
    *old, last = fallen[: len(fallen) - FALLEN + 1]
    wh = last.end - last.start + sum(one.end - one.start for one in old)
    count = 1 + sum(one.row if one.reason == EARLIER else 1 for one in old)
    return (Fallen("", 0, wh, "", last.entry, count, last.by, EARLIER), *fallen[len(fallen) - FALLEN + 1 :])
