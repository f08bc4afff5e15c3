"""Tasks in worker processes, answered in order; a worker that dies costs the task that killed it and no other."""

import gc
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

_Task = TypeVar("_Task")
_Answer = TypeVar("_Answer")
_AHEAD = 3  # tasks in flight for each worker: enough to keep it busy, few enough to hold in memory


class Crew:
    """`jobs` processes, or this process alone where `jobs` is 0."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._pool = _pool(jobs) if jobs else None

    def in_order(
        self, work: Callable[[_Task], _Answer], tasks: Sequence[_Task], lost: Callable[[_Task], _Answer]
    ) -> Iterator[_Answer]:
        """The answer to each task. `lost` answers for one that brought its process down."""
        if self._pool is None:
            yield from map(work, tasks)
            return
        done = 0
        while done < len(tasks):
            for answer in self._until_broken(work, tasks[done:]):
                done += 1
                yield answer
            if done < len(tasks):
                yield _alone(work, tasks[done], lost)
                done += 1

    def aside(self, work: Callable[[_Task], _Answer], task: _Task) -> "Future[_Answer]":
        """One task beside the others; done at once where there are no workers."""
        if self._pool is not None:
            return self._pool.submit(work, task)
        future: Future[_Answer] = Future()
        future.set_result(work(task))
        return future

    def answer(
        self,
        future: "Future[_Answer]",
        work: Callable[[_Task], _Answer],
        task: _Task,
        lost: Callable[[_Task], _Answer],
    ) -> _Answer:
        """The answer to a task given aside; it is done alone where its process was brought down, be it by another."""
        try:
            return future.result()
        except BrokenProcessPool:
            return _alone(work, task, lost)

    def close(self) -> None:
        """End the workers."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _until_broken(self, work: Callable[[_Task], _Answer], tasks: Sequence[_Task]) -> Iterator[_Answer]:
        pool = self._pool or _pool(self._jobs)
        futures: deque[Future[_Answer]] = deque()
        try:
            for task in tasks:
                futures.append(pool.submit(work, task))
                if len(futures) > _AHEAD * self._jobs:
                    yield futures.popleft().result()
            while futures:
                yield futures.popleft().result()
        except BrokenProcessPool:
            pool.shutdown()
            self._pool = _pool(self._jobs)


@contextmanager
def crew(jobs: int) -> Iterator[Crew]:
    """A crew for as long as the block lasts."""
    made = Crew(jobs)
    try:
        yield made
    finally:
        made.close()


def answer_or(future: "Future[_Answer]", lost: _Answer) -> _Answer:
    """The answer to a task given aside, `lost` where its process was brought down."""
    try:
        return future.result()
    except BrokenProcessPool:
        return lost


def _pool(jobs: int) -> ProcessPoolExecutor:
    # spawn: a fork of a process that has threads (a progress bar has one) may inherit a lock nobody will open.
    # Statements are trees without cycles, and a worker lives for one audit: looking for cycles is time lost.
    return ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"), initializer=gc.disable)


def _alone(work: Callable[[_Task], _Answer], task: _Task, lost: Callable[[_Task], _Answer]) -> _Answer:
    with _pool(1) as pool:
        try:
            return pool.submit(work, task).result()
        except BrokenProcessPool:
            return lost(task)
