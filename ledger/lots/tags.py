"""The words by which what is known of a lot can be looked up: holder, site, heat, order and the like."""

from collections.abc import Iterator
from hashlib import sha256

from ledger.lots.records import Lot, Record

_LABEL = b"coilmark/lot-tag/v1\n"
_ATTRIBUTES = ("heat", "cast", "localId", "order", "customerPart")


def tag_key(word: str, value: str) -> bytes:
    """The key of one tag."""
    return sha256(_LABEL + word.encode() + b"\n" + value.encode()).digest()


def tags_of(record: Record) -> Iterator[tuple[str, str]]:
    """(word, value) of everything that a record can be looked up by."""
    if not isinstance(record, Lot):
        return
    yield from (("holder", one.holder) for one in record.holdings)
    yield from ((word, str(record.attributes[word])) for word in _ATTRIBUTES if word in record.attributes)
