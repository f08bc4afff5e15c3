"""The book: records by key, read through a loader, and what an event changed can be undone."""

import functools
from collections.abc import Callable, Collection, Iterable, Mapping
from hashlib import sha256

from ledger.kernel.subjects import subject_key
from ledger.lots.records import Delivery, Effects, Lot, Named, Period, Record, Run, Site, Tolling

_LABEL = b"coilmark/lots/v1\n"
Loader = Callable[[Collection[bytes]], Mapping[bytes, Record]]


@functools.lru_cache(maxsize=16384)  # a commit asks several times for each of its lots
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
    return _key(b"effects", str(index))


def named_key(issuer: str, event_id: str) -> bytes:
    """What an issuer calls an event, whether it came already or is only announced as a correction."""
    return _key(b"event", f"{issuer}\n{event_id}")


@functools.lru_cache(maxsize=16384)
def _key(kind: bytes, name: str) -> bytes:
    return sha256(_LABEL + kind + b"\n" + name.encode()).digest()


class Book:
    """Records by key. Mutable: the one thing in this package that is; `mark` and `undo` take changes back."""

    def __init__(self, load: Loader | None = None) -> None:
        self._load: Loader = load or (lambda _keys: {})
        self._known: dict[bytes, Record | None] = {}
        self._old: list[tuple[bytes, bool, Record | None]] = []  # key, whether it was known, what it was

    def fetch(self, keys: Iterable[bytes]) -> None:
        """Have these at hand: one call of the loader for all that are not."""
        missing = {key for key in keys if key not in self._known}
        if missing:
            found = self._load(missing)
            self._known.update({key: found.get(key) for key in missing})

    def has(self, key: bytes) -> bool:
        """Whether it is known what stands under this key, if anything."""
        return key in self._known

    def get(self, key: bytes) -> Record | None:
        """The record under this key, or None."""
        if key not in self._known:
            self.fetch((key,))
        return self._known[key]

    def put(self, key: bytes, record: Record) -> None:
        """Write a record, in a way that `undo` can take back."""
        self._old.append((key, key in self._known, self._known.get(key)))
        self._known[key] = record

    def mark(self) -> int:
        """A point to go back to."""
        return len(self._old)

    def since(self, mark: int) -> dict[bytes, Record]:
        """What was written since `mark`, as it is now."""
        written = {key: self._known[key] for key, *_ in self._old[mark:]}
        return {key: record for key, record in written.items() if record is not None}

    def before(self, mark: int) -> dict[bytes, Record | None]:
        """What stood at `mark` where something was written since."""
        return {key: old for key, _, old in reversed(self._old[mark:])}

    def undo(self, mark: int) -> None:
        """Take back everything since `mark`."""
        while len(self._old) > mark:
            key, known, old = self._old.pop()
            if known:
                self._known[key] = old
            else:
                del self._known[key]

    def records(self) -> dict[bytes, Record]:
        """Everything written or read and there."""
        return {key: record for key, record in self._known.items() if record is not None}

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

    def effects(self, index: int) -> Effects | None:
        found = self.get(effects_key(index))
        return found if isinstance(found, Effects) else None

    def named(self, issuer: str, event_id: str) -> Named | None:
        found = self.get(named_key(issuer, event_id))
        return found if isinstance(found, Named) else None
