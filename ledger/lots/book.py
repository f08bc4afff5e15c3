"""The book of lots: under which keys their records stand."""

import functools
from hashlib import sha256

from ledger.book import RecordBook
from ledger.kernel.subjects import subject_key
from ledger.lots.claim_records import Accompanied, Claimed, Claims
from ledger.lots.records import Delivery, Effects, Lot, Named, Period, Record, Run, Site, Tolling

_LABEL = b"coilmark/lots/v1\n"
_KIND, _INDEX = 16, 16  # bytes of a key of one entry: what it is, and the index, whatever a statement says is one


def lot_key(name: str) -> bytes:
    """A lot's record stands under its subject key."""
    return subject_key("lot", name)


def delivery_key(name: str) -> bytes:
    return _key(b"delivery", name)


def run_key(issuer: str, name: str) -> bytes:
    return _key(b"run", f"{issuer}\n{name}")


def period_key(process: str) -> bytes:
    return _key(b"period", process)


def site_key(name: str) -> bytes:
    return _key(b"site", name)


def contract_key(name: str) -> bytes:
    return _key(b"contract", name)


def effects_key(index: int) -> bytes:
    """The form of these records is part of their keys: a ledger that has others is not rebuilt yet, and says so."""
    return _entry_key(b"effects of form 4", index)


def entry_of(key: bytes) -> int:
    """Of which entry the effects are that stand under this key."""
    return int.from_bytes(key[_KIND:], "big", signed=True)


def effects_span() -> tuple[bytes, bytes]:
    """The first and the last key under which effects can stand."""
    kind = effects_key(0)[:_KIND]
    return kind + bytes(_INDEX), kind + b"\xff" * _INDEX


def named_key(issuer: str, event_id: str) -> bytes:
    """What an issuer calls an event, whether it came already or is only announced as a correction."""
    return _key(b"event", f"{issuer}\n{event_id}")


def claims_key(scope: str) -> bytes:
    return _key(b"claims", scope)


def accompanied_key(delivery: str) -> bytes:
    return _key(b"claims under way", delivery)


def claimed_key(index: int) -> bytes:
    return _entry_key(b"claimed", index)


def _entry_key(kind: bytes, index: int) -> bytes:
    """Keys of one kind stand in the order of their entries: a commit adds at one end, hashes would go everywhere."""
    return _key(kind, "")[:_KIND] + index.to_bytes(_INDEX, "big", signed=True)


@functools.lru_cache(maxsize=16384)
def _key(kind: bytes, name: str) -> bytes:
    return sha256(_LABEL + kind + b"\n" + name.encode()).digest()


class Book(RecordBook[Record]):
    """The records of lots. Mutable: the one thing in this package that is."""

    def lot(self, name: str) -> Lot | None:
        found = self.get(lot_key(name))
        return found if isinstance(found, Lot) else None

    def put_lot(self, lot: Lot) -> None:
        self.put(lot_key(lot.id), lot)

    def delivery(self, name: str) -> Delivery | None:
        found = self.get(delivery_key(name))
        return found if isinstance(found, Delivery) else None

    def run(self, issuer: str, name: str) -> Run | None:
        found = self.get(run_key(issuer, name))
        return found if isinstance(found, Run) else None

    def period(self, process: str) -> Period | None:
        found = self.get(period_key(process))
        return found if isinstance(found, Period) else None

    def site(self, name: str) -> Site | None:
        found = self.get(site_key(name))
        return found if isinstance(found, Site) else None

    def contract(self, name: str) -> Tolling | None:
        found = self.get(contract_key(name))
        return found if isinstance(found, Tolling) else None

    def claims(self, scope: str) -> Claims | None:
        found = self.get(claims_key(scope))
        return found if isinstance(found, Claims) else None

    def accompanied(self, delivery: str) -> Accompanied | None:
        found = self.get(accompanied_key(delivery))
        return found if isinstance(found, Accompanied) else None

    def claimed(self, index: int) -> Claimed | None:
        found = self.get(claimed_key(index))
        return found if isinstance(found, Claimed) else None

    def effects(self, index: int) -> Effects | None:
        found = self.get(effects_key(index))
        return found if isinstance(found, Effects) else None

    def named(self, issuer: str, event_id: str) -> Named | None:
        found = self.get(named_key(issuer, event_id))
        return found if isinstance(found, Named) else None
