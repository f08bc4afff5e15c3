"""The restater at work in a server: once a second it looks at what came, and makes passports that have changed."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ledger.upkeep.restating import Restater

PAUSE = 1.0  # seconds: changes of one piece within it make one passport

_log = logging.getLogger(__name__)


class Restatement:
    """Runs a restater until told to stop. How far it is, stands in `file`: after a restart it goes on from there."""

    def __init__(self, restater: Restater, file: Path, now: Callable[[], int]) -> None:
        self._restater = restater
        self._file = file
        self._now = now
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        """One round after the other; what goes wrong in one is logged, and tried again in the next."""
        while not self._stopped.is_set():
            try:
                await asyncio.to_thread(self._round)
            except Exception:  # noqa: BLE001  whatever it was, the next round begins where this one did
                _log.exception("passports were not looked after")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), PAUSE)

    def stop(self) -> None:
        """No further round is begun."""
        self._stopped.set()

    def _round(self) -> None:
        before = self._restater.done
        self._restater.round(now=self._now())
        if self._restater.done != before and self._restater.leads:
            # Crash before this is on disk: what was looked at is looked at again, and found to be said already.
            self._file.write_text(f"{self._restater.done}\n", "ascii")


def begun_at(file: Path) -> int:
    """Where to begin: what the file says, or the beginning of the ledger where there is none that can be read."""
    try:
        return int(file.read_text("ascii"))
    except (OSError, ValueError):
        return 0
