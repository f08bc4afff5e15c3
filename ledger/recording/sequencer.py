"""Group commit: gather what has arrived, append it in one transaction, answer each caller.

One thread owns the log. Callers hand in submissions and get futures; the answer comes after publication, never before.
"""

import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from ledger.kernel.errors import Busy, CoilmarkError, RuleBroken, Unsettled
from ledger.recording.log import Admitted, Log, Recorded, Submission
from ledger.recording.pace import Handed, Job, Look, Outcome, Pace, Rehearsal

_log = logging.getLogger(__name__)
_EACH = 16 * 1024  # bytes a statement
_TIMES = 4  # its own bytes


class Sequencer:
    """Runs `log.append` on its own thread. `submit` and `rehearse` may be called from any thread."""

    def __init__(
        self,
        log: Log,
        pace: Pace | None = None,
        *,
        observe: Callable[[int, float], None] | None = None,
        require_room: Callable[[int], None] | None = None,
    ) -> None:
        self.log = log
        self._pace = pace or Pace()
        self._observe = observe or (lambda _statements, _seconds: None)
        self._require_room = require_room or (lambda _bytes: None)
        # No SimpleQueue: where its time runs out between two looks at an empty queue, CPython 3.11 goes on with what is
        # left of it, less than nothing, and waits for ever. Then nobody is answered until somebody else asks.
        self._queue: queue.Queue[Handed | None] = queue.Queue()
        self._looks: list[Look] = []
        self._waiting = 0
        self._lock = threading.Lock()
        self._broken: CoilmarkError | None = None
        self._closed = False
        self._standing_by = not log.leads
        self._next_try = 0.0  # of the lead, on the monotonic clock
        self._failures = 0  # to open again, one after the other
        self._thread = threading.Thread(target=self._run, name="sequencer", daemon=True)

    @property
    def waiting(self) -> int:
        """Statements handed in and not yet answered."""
        return self._waiting

    @property
    def broken(self) -> CoilmarkError | None:
        """Why nothing can be recorded at present, or None."""
        return self._broken

    @property
    def standing_by(self) -> bool:
        """Whether another server writes, and this one serves what is read."""
        return self._standing_by

    def start(self) -> None:
        """Begin to take submissions from the queue."""
        self._thread.start()

    def stop(self) -> None:
        """Answer what was handed in before, then end the thread."""
        with self._lock:
            self._closed = True
            self._queue.put(None)
        self._thread.join()

    def submit(self, submission: Submission) -> "Future[Recorded]":
        """Hand in a submission. The future gives its receipts, or raises Refused, Unsettled or Damaged.

        Raises Busy at once where too much is waiting.
        """
        alone: Future[Recorded] = _answer()
        self.submit_each([submission]).add_done_callback(lambda settled: _settle_alone(alone, settled))
        return alone

    def submit_each(self, submissions: Sequence[Submission]) -> "Future[list[Outcome]]":
        """Hand in several, each recorded or refused for itself: what hands over and back costs is paid once.

        Otherwise as `submit`; what is not known of one is known of none.
        """
        job = Job(submissions, _answer())
        for submission in submissions:
            refuse_founding(submission)
        self._hand_in(job)
        return job.answer

    def rehearse(self, submission: Submission) -> "Future[Admitted]":
        """What would be answered, with nothing stored; in its turn, so that it sees what was handed in before it."""
        refuse_founding(submission)
        job = Rehearsal(submission, _answer())
        self._hand_in(job)
        return job.answer

    def look(self) -> "Future[None]":
        """Look for what the server that leads has committed until now. The future ends once it can be read here.

        Where that fails, it ends all the same: what can be read is what was read before.
        """
        look = Look(_answer())
        with self._lock:
            if self._closed:
                look.answer.set_result(None)
            else:
                self._queue.put(look)
        return look.answer

    def _hand_in(self, job: Job | Rehearsal) -> None:
        count = job.count
        if self._standing_by:
            raise _stands_by()
        with self._lock:
            if self._closed:
                raise Busy("stopping", "the server is stopping; retry with the same ids", retry_after=5)
            if self._waiting + count > self._pace.waiting and self._waiting:
                raise Busy(
                    "too_busy",
                    f"{self._waiting} statements wait to be recorded, the most is {self._pace.waiting}",
                    retry_after=1,
                )
            self._waiting += count
            self._queue.put(job)

    def _run(self) -> None:
        more = True
        while more:
            jobs: list[Handed] = []
            try:
                if not self.log.leads:
                    self._stand_by()
                self._looked()
                jobs, more = self._gather()
                self._serve(jobs)
            except Exception as error:  # noqa: BLE001  nobody takes over from a thread that ended with the lead
                self._fault(jobs, error)
            with self._lock:
                self._waiting -= sum(job.count for job in jobs)
        self._looked()

    def _serve(self, jobs: list[Handed]) -> None:
        if not jobs:
            self._idle()
            return
        started = time.perf_counter()
        commits = [job for job in jobs if isinstance(job, Job)]
        if commits:
            self._commit(commits)
        for job in jobs:
            if isinstance(job, Rehearsal):
                self._rehearse(job)
        self._looks += [job for job in jobs if isinstance(job, Look)]
        if commits:
            self._observe(sum(job.count for job in jobs), time.perf_counter() - started)

    def _fault(self, jobs: list[Handed], error: Exception) -> None:
        """Something that nothing here foresees: whoever waits is told, and the ledger is opened again."""
        _log.error("a fault in the sequencer", exc_info=error)
        self._broken = _unsettled(error)
        _fail([job for job in jobs if not job.answer.done()], self._broken)
        time.sleep(self._pace.reload)

    def _looked(self) -> None:
        """Whoever asked before this thread looked last may read now."""
        looks, self._looks = self._looks, []
        for look in looks:
            look.answer.set_result(None)

    def _gather(self) -> tuple[list[Handed], bool]:
        """Wait for a first job, for a while, then for more until the time is up or the group is full."""
        try:
            first = self._queue.get(timeout=self._patience())
        except queue.Empty:
            return [], True
        if first is None:
            return [], False
        jobs: list[Handed] = [first]
        size = first.count
        until = time.monotonic() + self._pace.gather
        while size < self._pace.group:
            try:
                job = self._queue.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                break
            if job is None:
                return jobs, False
            jobs.append(job)
            size += job.count
        return jobs, True

    def _patience(self) -> float:
        """How long to wait for a job before looking around."""
        if not self.log.leads:
            return self._pace.follow
        return self._pace.election if self._broken is None else self._pace.reload

    def _idle(self) -> None:
        """Open again what cannot be written, and find out whether this server still leads."""
        if self._broken is None:
            self.log.store.beat()
        elif self.log.leads:
            self._reload()

    def _commit(self, jobs: list[Job]) -> None:
        if self._broken is not None and (self._standing_by or not self._reload()):
            _fail(jobs, self._broken)
            return
        submissions = [submission for job in jobs for submission in job.submissions]
        try:
            self._require_room(sum(map(_size, submissions)))
        except Busy as full:
            _fail(jobs, full)
            return
        try:
            outcomes = iter(self.log.append(submissions))
        except Exception as error:  # noqa: BLE001  whatever it was, the outcome of this commit is unknown
            _log.exception("a commit of %d submissions did not finish", len(submissions))
            self._broken = _unsettled(error)
            _fail(jobs, self._broken)
            self._reload()
            return
        for job in jobs:
            job.answer.set_result(list(itertools.islice(outcomes, len(job.submissions))))

    def _rehearse(self, job: Rehearsal) -> None:
        if self._broken is not None:
            job.answer.set_exception(self._broken)
            return
        try:
            job.answer.set_result(self.log.rehearse(job.submission))
        except Exception as error:  # noqa: BLE001  the caller is told whatever it was
            job.answer.set_exception(error)

    def _reload(self) -> bool:
        """Open again and read the head: until that works, nothing is known and nothing is recorded."""
        try:
            leads = self.log.lead()
        except Exception as error:  # noqa: BLE001  it stays broken until a load goes through
            _log.exception("the ledger could not be loaded again")
            self._broken = _unsettled(error)
            self._failures += 1
            if self._failures >= self._pace.tries and self.log.leads:
                self._step_down()
            return False
        self._failures = 0
        self._standing_by = not leads
        self._broken = None if leads else _stands_by()
        return leads

    def _step_down(self) -> None:
        """Whoever cannot open the ledger does not keep the others from trying."""
        _log.warning("this server steps down after %d tries to load", self._failures)
        self.log.store.step_down()
        self._failures = 0
        self._standing_by = True
        self._next_try = time.monotonic() + self._pace.aside

    def _stand_by(self) -> None:
        """Take the lead where it is free, else show what the server that leads has committed."""
        try:
            if time.monotonic() >= self._next_try:
                self._next_try = time.monotonic() + self._pace.election
                self._standing_by = not self.log.lead()
            if self._standing_by:
                self._follow()
        except Exception as error:  # noqa: BLE001  it is tried again, and said until then
            _log.warning("neither leading nor following: %s", error)
            self._broken = _unsettled(error)
            self._standing_by = self._standing_by and not self.log.leads
            return
        if self._standing_by:
            self._broken = _stands_by()
        elif self.log.leads:
            self._broken = None

    def _follow(self) -> None:
        before = self.log.state
        self.log.follow(asked=bool(self._looks))
        if self.log.state is not before:  # whoever leads is there: it has committed since
            self._next_try = max(self._next_try, time.monotonic() + self._pace.election)


def _size(submission: Submission) -> int:
    """Bytes that recording it may take at most: rows, indexes and level files, first in the log and then in place."""
    return sum(_EACH + _TIMES * len(checked.statement.jwt) for checked in submission.statements)


def _stands_by() -> Busy:
    return Busy("standby", "another server writes to this ledger, this one is its standby; retry there", retry_after=1)


def refuse_founding(submission: Submission) -> None:
    """A new incarnation names what was lost and brings another log key: it is not begun by posting (SPEC 4.5).

    Raises RuleBroken.
    """
    if any(checked.statement.typ == "ledger" for checked in submission.statements):
        raise RuleBroken("ledger_statement", "a ledger statement founds or restores a ledger, it cannot be posted")


def _unsettled(error: Exception) -> CoilmarkError:
    reason = error.sentence if isinstance(error, CoilmarkError) else f"{type(error).__name__}: {error}"
    return Unsettled("outcome_unknown", f"it is not known whether this was recorded ({reason}); retry with the same id")


def _answer() -> "Future[Any]":
    """One that who waits for it cannot cancel: this thread gives every answer, and giving one never fails."""
    answer: Future[Any] = Future()
    answer.set_running_or_notify_cancel()
    return answer


def _settle_alone(alone: "Future[Recorded]", settled: "Future[list[Outcome]]") -> None:
    error = settled.exception()
    outcome = error or settled.result()[0]
    if isinstance(outcome, BaseException):
        alone.set_exception(outcome)
    else:
        alone.set_result(outcome)


def _fail(jobs: Sequence[Handed], error: CoilmarkError) -> None:
    for job in jobs:
        job.answer.set_exception(error)
