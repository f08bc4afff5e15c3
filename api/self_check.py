"""The server reads its own ledger again, a few entries at a time and round and round, and alarms when one is wrong.

What is wrong is said in the log, by /readyz and in /metrics until a later round finds it right.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from ledger.kernel.errors import CoilmarkError
from ledger.recording.log import Log
from ledger.upkeep.scrub import scrub
from ledger.upkeep.scrub_lots import LotScrub

_log = logging.getLogger(__name__)

PAUSE = 1.0  # seconds between two rounds
STANDBY_PAUSE = 3.0  # of a standby, whose database the server that leads reads as well
# A round: five to ten milliseconds, about a hundredth of a core, and a million entries in fourteen hours. What is asked
# or posted while one runs shares the interpreter with it: so one of a hundred waits, and not long.
ENTRIES = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """What the last round found. `start` and `end` say which entries it read; `wrong` is a sentence, or ""."""

    at: int  # µs since 1970 UTC
    start: int
    end: int
    wrong: str


class SelfCheck:
    """`last` is None until the first round is over. A round that found something wrong is repeated, not passed over.

    `passes` counts how often the whole ledger, as it was then, has been gone through without a fault.
    """

    def __init__(
        self,
        log: Log,
        clock: Callable[[], int],
        entries: int = ENTRIES,
        pause: Callable[[], float] = lambda: PAUSE,
    ) -> None:
        self._ledger = log
        self._pause = pause
        self._lots = LotScrub(log.store)
        self._clock = clock
        self._entries = entries
        self._next = 0
        self._stopped = asyncio.Event()
        self.last: Finding | None = None
        self.passes = 0

    @property
    def wrong(self) -> bool:
        """Whether the last round found something wrong."""
        return bool(self.last and self.last.wrong)

    def round(self) -> Finding:
        """Read the next entries again. Does not raise for damage: that is what it is looking for."""
        size = self._ledger.state.published.checkpoint.size
        start = self._next if self._next < size else 0
        end = min(start + self._entries, size)
        wrong = ""
        try:
            self._lots.book(scrub(self._ledger, start, end), start)
            if end == size:
                self._lots.whole(size)
        except CoilmarkError as error:
            wrong = error.sentence
        except Exception as error:  # noqa: BLE001  damage that nobody thought of is damage
            wrong = f"entries {start} to {end - 1} cannot be checked: {type(error).__name__}: {error}"
        if wrong and (self.last is None or wrong != self.last.wrong):  # said once, not each second
            _log.error("self-check of entries %d to %d: %s", start, end - 1, wrong)
        if not wrong:
            self._next = end
            self.passes += end == size
        self.last = Finding(self._clock(), start, end, wrong)
        return self.last

    async def run(self) -> None:
        """Round after round, until told to stop; the round under way is finished: it reads what will be closed."""
        while not self._stopped.is_set():
            await asyncio.to_thread(self.round)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), self._pause())

    def stop(self) -> None:
        """No further round is begun."""
        self._stopped.set()
