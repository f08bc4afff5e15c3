"""From the sequencer's futures to the event loop's: one wake-up for all answers of a commit.

`asyncio.wrap_future` wakes the loop once for each; at a thousand statements a second the two threads would spend a
fifth of the time handing the interpreter lock to each other.
"""

import asyncio
from collections import deque
from concurrent.futures import Future
from typing import Any, TypeVar

from api.settling import settle

_T = TypeVar("_T")


class Bridge:
    """`wait` is called on the event loop; the futures may be settled by any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._settled: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()
        self._woken = False

    def wait(self, theirs: Future[_T]) -> asyncio.Future[_T]:
        """A future of the loop that ends as `theirs` ends. Cancelling it leaves `theirs` alone."""
        ours: asyncio.Future[_T] = self._loop.create_future()
        theirs.add_done_callback(lambda settled: self._tell(ours, settled))
        return ours

    def _tell(self, ours: asyncio.Future[Any], settled: Future[Any]) -> None:
        # Append before looking: a delivery that has not begun to drain will find it.
        self._settled.append((ours, settled))
        if not self._woken:
            self._woken = True
            self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._woken = False
        while self._settled:
            ours, settled = self._settled.popleft()
            settle(ours, settled.exception() or settled.result())
