"""The words by which records can be looked up: who has a lot and where, what plants and customers call it."""

import functools
from hashlib import sha256

from ledger.lots.genealogy import run_name
from ledger.lots.records import ON_HAND, Delivery, Effects, Lot, Record, Run

_LABEL = b"coilmark/lot-tag/v1\n"
_ATTRIBUTES = ("heat", "cast", "localId", "order", "customerPart")


@functools.lru_cache(maxsize=16384)  # the same few holders, sites and deliveries come again and again
def tag_key(word: str, value: str) -> bytes:
    """The key of one tag."""
    return sha256(_LABEL + word.encode() + b"\n" + value.encode()).digest()


def tags_of(record: Record | None) -> list[tuple[str, str]]:
    """(word, value) of everything that a record can be looked up by.

    A run is found by its party and site under "run"; under "run-entry" and its `run_name` the effects of its events,
    of which it took part in as many versions.
    """
    if isinstance(record, Lot):
        return _of_lot(record)
    if isinstance(record, Delivery):
        return [("sender", record.sender), ("receiver", record.receiver)]
    if isinstance(record, Run) and not record.monthly:
        return [("run", one) for one in (record.issuer, record.site) if one]
    if isinstance(record, Effects) and record.run:
        return [("run-entry", run_name(record.issuer, record.run))]
    return []


def _of_lot(lot: Lot) -> list[tuple[str, str]]:
    tags = [(word, str(lot.attributes[word])) for word in _ATTRIBUTES if word in lot.attributes]
    for one in lot.holdings:
        tags.append(("holder", one.holder))
        if one.site:
            tags.append(("site", one.site))
        if one.delivery != ON_HAND:
            tags.append(("delivery", one.delivery))
    return tags
