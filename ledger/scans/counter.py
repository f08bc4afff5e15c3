"""Counts scans as they come, and writes them down now and then. What goes wrong is logged and troubles no reader."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Protocol

from ledger.scans.judging import DAYS, Counted, Tally, tally

_DAY = 86_400_000_000  # µs
_MOST_WAITING = 100_000  # codes, days and places that wait to be written: a disk that is full fills no memory
_log = logging.getLogger(__name__)

Key = tuple[str, int, int]  # piece, day since 1970 UTC, place
Waiting = dict[str, Counter[tuple[int, int]]]  # by piece: day and place


class ScanStore(Protocol):
    """Where counts are kept."""

    def add(self, counts: Iterable[tuple[Key, int]]) -> None:
        """To what was counted before; all or nothing."""
        ...

    def counted(self, piece: str, since: int) -> list[Counted]:
        """Of one piece, from a day on."""
        ...

    def forget(self, before: int) -> None:
        """Days before this one."""
        ...


class ScanCounter:
    """Thread-safe. `now` is the clock, in µs since 1970 UTC."""

    def __init__(self, store: ScanStore, now: Callable[[], int]) -> None:
        self._store = store
        self._now = now
        self._lock = Lock()
        self._waiting: Waiting = {}
        self._room = _MOST_WAITING
        self._forgotten = 0  # the day up to which days were forgotten
        self._failing = False
        self.failures = 0

    def count(self, piece: str, place: int) -> None:
        """One scan from this place."""
        with self._lock:
            counts = self._waiting.setdefault(piece, Counter())
            if counts[self._today, place] or self._room > 0:
                self._room -= not counts[self._today, place]
                counts[self._today, place] += 1

    def told(self, piece: str) -> Tally | None:
        """What is known of a piece, with what waits to be written; None where it cannot be read just now."""
        since = self._today - DAYS + 1
        with self._lock:
            sums = Counter(self._waiting.get(piece, {}))
        try:
            for day, place, count in self._store.counted(piece, since):
                sums[day, place] += count
        except Exception:  # noqa: BLE001  whatever it was, the page is shown without counts
            self._failed("read")
            return None
        return tally((day, place, count) for (day, place), count in sums.items() if day >= since)

    def flush(self) -> None:
        """Write down what waits. A crash before it loses those counts; what cannot be written waits on."""
        with self._lock:
            taken, self._waiting = self._waiting, {}
        rows = [((piece, *at), count) for piece, counts in taken.items() for at, count in counts.items() if count]
        if not rows:
            return
        try:
            self._store.add(rows)
            self._forget()
        except Exception:  # noqa: BLE001  whatever it was, the next flush tries again
            self._failed("written")
            with self._lock:
                for (piece, *at), count in rows:
                    self._waiting.setdefault(piece, Counter())[at[0], at[1]] += count
        else:
            self._failing = False
            with self._lock:
                self._room += len(rows)

    def _forget(self) -> None:
        before = self._today - DAYS + 1
        if before > self._forgotten:
            self._store.forget(before)
            self._forgotten = before

    def _failed(self, what: str) -> None:
        self.failures += 1
        if not self._failing:  # said once, until it goes well again: a page a millisecond may ask
            _log.exception("counts of scans were not %s", what)
        self._failing = True

    @property
    def _today(self) -> int:
        return self._now() // _DAY
