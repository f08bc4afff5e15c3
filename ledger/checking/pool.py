"""Checks the statements of batches in worker processes, and has their answers made there: each core can do some.

The parent reads no more of a statement than its header, to send along the one key that it names; everything else is
`check` on the other side. A worker that dies or does not answer is replaced and its work is tried
once more; rows that no worker answers for are refused as Busy, for the client to send again.
"""

import itertools
import json
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from ledger.checking.statements import Verdict, check_all
from ledger.checking.worker import Worker, start_worker
from ledger.kernel.encoding import b64url_decode
from ledger.kernel.errors import Busy, CoilmarkError
from ledger.kernel.keys import PublicKey

FindKey: TypeAlias = Callable[[str], PublicKey | None]
_Made = TypeVar("_Made")

CHUNK = 256  # statements that travel to a worker together, at most
_MAKE, _CHECK, _END = range(3)  # in this order: what is recorded is answered before more is taken
_FEWEST = 8  # for which a way to a worker and back is worth while
_TRIES = 2
_HEADERS_KEPT = 4_096  # header text -> kid; a party's header is the same in all its statements


@dataclass(frozen=True, slots=True)
class _Work:
    make: Callable[..., Any]
    given: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Fault:
    """The work itself raised this."""

    says: str


@dataclass(frozen=True, slots=True)
class _Job:
    work: _Work
    answer: "Future[Any]"
    checks: int = 0  # statements


class CheckingPool:
    """`checkers` processes, each with a thread here that hands it chunks. `submit` may be called from one thread."""

    def __init__(self, checkers: int, *, seconds: float = 30.0, waiting: int = 20_000) -> None:
        """A chunk is answered within `seconds`; while `waiting` statements wait, new ones are refused as Busy."""
        self._seconds = seconds
        self._most = waiting
        self._waiting = 0
        self._started = False
        self._stopped = False
        self._lock = threading.Lock()
        self._jobs: queue.PriorityQueue[tuple[int, int, _Job | None]] = queue.PriorityQueue()
        self._number = itertools.count()
        self._kids: dict[bytes, str] = {}
        self._threads = [
            threading.Thread(target=self._serve, name=f"checking-{n}", daemon=True) for n in range(checkers)
        ]

    def start(self) -> None:
        """Begin: each worker takes about half a second to be ready. What is handed in before makes it begin too."""
        if not self._started:
            self._started = True
            for thread in self._threads:
                thread.start()

    def stop(self) -> None:
        """Answer what was handed in before, then end the workers."""
        with self._lock:
            self._stopped = True
        if not self._started:
            return
        for _ in self._threads:
            self._jobs.put((_END, next(self._number), None))
        for thread in self._threads:
            thread.join()

    def submit(self, wires: Sequence[bytes], audience: str, find_key: FindKey) -> list["Future[list[Verdict]]"]:
        """Futures of the verdicts, a chunk each, in order. Raises Busy where too much is waiting.

        A future raises Busy for a chunk that no worker answered for, RuntimeError for a fault in the checks themselves.
        """
        with self._lock:
            if self._waiting and self._waiting + len(wires) > self._most:
                raise Busy("too_busy", f"{self._waiting} statements wait to be checked", retry_after=1)
            self._waiting += len(wires)
        self.start()
        # A few are shared out too: somebody waits for each.
        size = max(_FEWEST, min(CHUNK, len(wires) // (len(self._threads) or 1) + 1))
        return [self._hand_in(wires[i : i + size], audience, find_key) for i in range(0, len(wires), size)]

    def _hand_in(self, wires: Sequence[bytes], audience: str, find_key: FindKey) -> "Future[list[Verdict]]":
        found = {kid: find_key(kid) for kid in {self._kid(wire) for wire in wires}}
        keys = {kid: key for kid, key in found.items() if key is not None}
        return self._put(_Job(_Work(check_all, (wires, audience, keys)), Future(), len(wires)))

    def make(self, make: Callable[..., _Made], *given: Any) -> "Future[_Made]":
        """What `make`, a function of a module, makes of what is given, in a worker; any thread may ask.

        The future raises Busy where no worker answers, RuntimeError for whatever `make` raises.
        """
        self.start()
        return self._put(_Job(_Work(make, given), Future()))

    def _put(self, job: _Job) -> "Future[Any]":
        with self._lock:
            if self._stopped:  # nobody would take it
                job.answer.set_exception(_not_answered())
            else:
                self._jobs.put((_CHECK if job.checks else _MAKE, next(self._number), job))
        return job.answer

    def _kid(self, wire: bytes) -> str:
        """Which key the header names, "" where it cannot be read: the check will say why not."""
        header = wire[:1024].partition(b".")[0]
        kid = self._kids.get(header)
        if kid is None:
            if len(self._kids) >= _HEADERS_KEPT:
                self._kids.clear()
            kid = self._kids[header] = _read_kid(header)
        return kid

    def _serve(self) -> None:
        """One thread: keep one worker alive, give it one chunk after another."""
        worker = start_worker(_answer, "coilmark-checking")
        while (job := self._jobs.get()[-1]) is not None:
            worker, answer = self._ask(worker, job.work)
            _settle(job, answer)
            with self._lock:
                self._waiting -= job.checks
        if worker is not None:
            worker.end()

    def _ask(self, worker: Worker | None, work: _Work) -> tuple[Worker | None, Any]:
        """The answer of this worker, or of a new one in its place; None from neither."""
        for _ in range(_TRIES):
            worker = worker or start_worker(_answer, "coilmark-checking")
            answer = worker.ask(work, self._seconds) if worker is not None else None
            if answer is not None or worker is None:
                return worker, answer
            worker.kill()
            worker = None
        return None, None


def _settle(job: _Job, answer: Any) -> None:
    if answer is None:
        job.answer.set_exception(_not_answered())
    elif isinstance(answer, _Fault):
        job.answer.set_exception(RuntimeError(f"a worker raised {answer.says}"))
    else:
        job.answer.set_result(answer)


def _not_answered() -> Busy:
    return Busy("check_failed", "the statements could not be checked; retry with the same ids", retry_after=1)


def _read_kid(header: bytes) -> str:
    try:
        kid = json.loads(b64url_decode(header.decode("ascii")))["kid"]
    except (CoilmarkError, ValueError, LookupError, TypeError, RecursionError):
        return ""
    return kid if isinstance(kid, str) else ""


def _answer(work: _Work) -> Any:
    """In the worker. Whatever a fault in the work was, the parent must get an answer."""
    try:
        return work.make(*work.given)
    except Exception as error:  # noqa: BLE001  as said
        return _Fault(repr(error))
