"""The server reads its own stored entries again, a few at a time and round and round, and says so when one is wrong."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from ledger.kernel.errors import CoilmarkError
from ledger.log import Log
from ledger.reading import show_many

_log = logging.getLogger(__name__)

PAUSE = 10.0  # seconds between two rounds
ENTRIES = 100  # a round


@dataclass(frozen=True, slots=True)
class Finding:
    """What the last round found. `start` and `end` say which entries it read; `wrong` is a sentence, or ""."""

    at: int  # µs since 1970 UTC
    start: int
    end: int
    wrong: str


class SelfCheck:
    """`last` is None until the first round is over. A round that found something wrong is repeated, not passed over."""

    def __init__(self, log: Log, clock: Callable[[], int]) -> None:
        self._ledger = log
        self._clock = clock
        self._next = 0
        self.last: Finding | None = None

    def round(self) -> Finding:
        """Read the next entries again. Does not raise for damage: that is what it is looking for."""
        size = self._ledger.state.published.checkpoint.size
        start = self._next if self._next < size else 0
        end = min(start + ENTRIES, size)
        wrong = ""
        try:
            show_many(self._ledger, start, end)
            self._next = end
        except CoilmarkError as error:
            wrong = error.sentence
            _log.error("self-check of entries %d to %d: %s", start, end - 1, wrong)
        self.last = Finding(self._clock(), start, end, wrong)
        return self.last

    async def run(self) -> None:
        """Round after round, until cancelled."""
        while True:
            await asyncio.to_thread(self.round)
            await asyncio.sleep(PAUSE)
