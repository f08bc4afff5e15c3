"""Derived records as they are stored, for who makes them again from the statements of one range."""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable
from typing import Generic, TypeVar

from ledger.store.raw import RawReader

R = TypeVar("R")


class StoredRecords(Generic[R]):
    """What is stored for some keys: the newest record before the range, and all of the range."""

    def __init__(self, database: RawReader, span: tuple[int, int], decode: Callable[[bytes], R]) -> None:
        self._database, self._span, self._decode = database, span, decode
        self._known: dict[bytes, list[tuple[int, bytes]] | None] = {}  # None: there is nothing

    def fetch(self, keys: Iterable[bytes]) -> None:
        """Have the rows of these keys at hand."""
        known = self._known
        wanted = {key for key in keys if key not in known}
        if not wanted:
            return
        known.update(dict.fromkeys(wanted))
        for key, index, value in self._database.state_records(wanted, *self._span):
            rows = known.get(key)  # a damaged index leads to keys nobody asked for
            if rows is None:
                known[key] = [(index, value)]
            else:
                rows.append((index, value))

    def before(self, keys: Collection[bytes], index: int) -> dict[bytes, R]:
        """The newest record of each key before an entry. Raises Damaged."""
        found: dict[bytes, R] = {}
        for key in keys:
            if key not in self._known:
                self.fetch(keys)
            rows = self._known[key]
            place = bisect_left(rows, (index,)) if rows is not None else 0
            if rows is not None and place:
                found[key] = self._decode(rows[place - 1][1])
        return found

    def at(self, key: bytes, index: int) -> bytes | None:
        """The record of a key that stands at an entry."""
        if key not in self._known:
            self.fetch((key,))
        rows = self._known[key] or ()
        place = bisect_left(rows, (index,))
        return rows[place][1] if place < len(rows) and rows[place][0] == index else None
