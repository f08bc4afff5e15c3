"""Checks the statements of batches in worker processes: signatures are most of the work, and each core can do some.

The parent reads no more of a statement than its header, to send along the one key that it names; everything else is
`check` on the other side. A worker that dies or does not answer is replaced and its rows are tried
once more; rows that no worker answers for are refused as Busy, for the client to send again.
"""

import json
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeAlias

from ledger.checking.statements import Verdict, check_all
from ledger.checking.worker import Worker, start_worker
from ledger.kernel.encoding import b64url_decode
from ledger.kernel.errors import Busy, CoilmarkError
from ledger.kernel.keys import PublicKey

FindKey: TypeAlias = Callable[[str], PublicKey | None]
_Answer: TypeAlias = list[Verdict] | str | None  # a string tells of a fault in the checks, None of no answer

CHUNK = 64  # statements that travel to a worker together, at most
_FEWEST = 8  # for which a way to a worker and back is worth while
_TRIES = 2
_HEADERS_KEPT = 4_096  # header text -> kid; a party's header is the same in all its statements


@dataclass(frozen=True, slots=True)
class _Work:
    wires: Sequence[bytes]
    audience: str
    keys: Mapping[str, PublicKey]


@dataclass(frozen=True, slots=True)
class _Job:
    work: _Work
    answer: "Future[list[Verdict]]"


class CheckingPool:
    """`checkers` processes, each with a thread here that hands it chunks. `submit` may be called from one thread."""

    def __init__(self, checkers: int, *, seconds: float = 30.0, waiting: int = 20_000) -> None:
        """A chunk is answered within `seconds`; while `waiting` statements wait, new ones are refused as Busy."""
        self._seconds = seconds
        self._most = waiting
        self._waiting = 0
        self._started = False
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
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
        if not self._started:
            return
        for _ in self._threads:
            self._jobs.put(None)
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
        job = _Job(_Work(wires, audience, keys), Future())
        self._jobs.put(job)
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
        while (job := self._jobs.get()) is not None:
            worker, answer = self._ask(worker, job.work)
            _settle(job, answer)
            with self._lock:
                self._waiting -= len(job.work.wires)
        if worker is not None:
            worker.end()

    def _ask(self, worker: Worker | None, work: _Work) -> tuple[Worker | None, _Answer]:
        """The answer of this worker, or of a new one in its place; None from neither."""
        for _ in range(_TRIES):
            worker = worker or start_worker(_answer, "coilmark-checking")
            answer: _Answer = worker.ask(work, self._seconds) if worker is not None else None
            if answer is not None or worker is None:
                return worker, answer
            worker.kill()
            worker = None
        return None, None


def _settle(job: _Job, answer: _Answer) -> None:
    if isinstance(answer, list):
        job.answer.set_result(answer)
    elif answer is None:
        job.answer.set_exception(
            Busy("check_failed", "the statements could not be checked; retry with the same ids", retry_after=1)
        )
    else:
        job.answer.set_exception(RuntimeError(f"a check raised {answer}"))


def _read_kid(header: bytes) -> str:
    try:
        kid = json.loads(b64url_decode(header.decode("ascii")))["kid"]
    except (CoilmarkError, ValueError, LookupError, TypeError, RecursionError):
        return ""
    return kid if isinstance(kid, str) else ""


def _answer(work: _Work) -> list[Verdict] | str:
    """In the worker. Whatever a fault in the checks was, the parent must get an answer."""
    try:
        return check_all(work.wires, work.audience, work.keys)
    except Exception as error:  # noqa: BLE001  as said
        return repr(error)
