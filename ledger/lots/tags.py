"""The words by which records can be looked up: who has a lot and where, what plants and customers call it."""

import functools
from collections.abc import Iterator
from hashlib import sha256

from ledger.lots.genealogy import run_name
from ledger.lots.records import ON_HAND, Delivery, Effects, Lot, Record, Run

_LABEL = b"coilmark/lot-tag/v1\n"
_ATTRIBUTES = ("heat", "cast", "localId", "order", "customerPart")


@functools.lru_cache(maxsize=16384)  # the same few holders, sites and deliveries come again and again
def tag_key(word: str, value: str) -> bytes:
    """The key of one tag."""
    return sha256(_LABEL + word.encode() + b"\n" + value.encode()).digest()


def tags_of(record: Record | None) -> Iterator[tuple[str, str]]:
    """(word, value) of everything that a record can be looked up by.

    A run is found by its party and site under "run"; under "run-entry" and its `run_name` the effects of its events,
    of which it took part in as many versions.
    """
    if isinstance(record, Lot):
        yield from _of_lot(record)
    elif isinstance(record, Delivery):
        yield from (("sender", record.sender), ("receiver", record.receiver))
    elif isinstance(record, Run) and not record.monthly:
        yield from (("run", one) for one in (record.issuer, record.site) if one)
    elif isinstance(record, Effects) and record.run:
        yield "run-entry", run_name(record.issuer, record.run)


def _of_lot(lot: Lot) -> Iterator[tuple[str, str]]:
    for one in lot.holdings:
        yield "holder", one.holder
        if one.site:
            yield "site", one.site
        if one.delivery != ON_HAND:
            yield "delivery", one.delivery
    yield from ((word, str(lot.attributes[word])) for word in _ATTRIBUTES if word in lot.attributes)
