"""Answers about whole periods: each is computed once for a state of the ledger, one at a time, by a process aside.

It reads the whole ledger. In the process that serves, it would hold up whoever asks for something else meanwhile.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")
_KEPT = 16  # answers


class AccountsBoard:
    """The newest answers by what was asked. A state is part of the question, so none grows old."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        # A thread of its own: those of the server are not kept waiting by questions that stand in a line.
        self._line = ThreadPoolExecutor(1, thread_name_prefix="accounts")

    def told(self, asked: Hashable, compute: Callable[[], T]) -> "Future[T]":
        """The answer to a question, at once where it is known; the same question asked meanwhile gets the same.

        An answer that is an error is not kept.
        """
        with self._lock:
            found = self._kept.get(asked)
            if found is None or (found.done() and found.exception() is not None):
                found = self._kept[asked] = self._line.submit(compute)
                if len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(asked)
            return found

    def stop(self, interrupt: Callable[[], None]) -> None:
        """Compute nothing that waits, and `interrupt` what is being computed."""
        self._line.shutdown(wait=False, cancel_futures=True)
        interrupt()
        self._line.shutdown()
