"""Answers about whole periods: each is computed once for a state of the ledger, and by one request at a time."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar, cast

T = TypeVar("T")
_KEPT = 16  # answers


class AccountsBoard:
    """The newest answers by what was asked. A state is part of the question, so none grows old."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    def told(self, asked: Hashable, compute: Callable[[], T]) -> T:
        """The answer to a question; the same question asked meanwhile waits for it."""
        with self._lock:
            if asked not in self._kept:
                self._kept[asked] = compute()
                if len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(asked)
            return cast("T", self._kept[asked])
