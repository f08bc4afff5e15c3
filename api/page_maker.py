"""Where the page of a piece is made: right here on the event loop, or in a thread.

Where the ledger is a file it is made here: threads that do so would spend as long again on handing the interpreter lock
to each other. A PostgreSQL server may be slow to answer, and so may a disk; that is found out by two pages in a row
that took long, and those that come in the next seconds are made in threads, so that they hold up nobody else. One alone
was held up by something of the moment: the first of a month waits for that month's mean.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LONG = 0.05  # seconds: a page takes a few milliseconds, and everybody else waits meanwhile
_AFTER = 10.0  # seconds until one is made here again


class PageMaker:
    """Of one server. `here`: whether pages are made on the event loop as long as they are quick."""

    def __init__(self, monotonic: Callable[[], float], *, here: bool) -> None:
        self._monotonic = monotonic
        self._here = here
        self._slow_until = 0.0
        self._last_took_long = False

    async def made(self, page: Callable[[], T]) -> T:
        """What `page` gives; raises what it raises."""
        began = self._monotonic()
        if not self._here or began < self._slow_until:
            return await asyncio.to_thread(page)
        try:
            return page()
        finally:
            now = self._monotonic()
            takes_long = now - began > LONG
            if takes_long and self._last_took_long:
                self._slow_until = now + _AFTER
            self._last_took_long = takes_long
