"""Work on rows in parts, one thread a part: the hash kernel works without the interpreter's lock."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")

WORTH_A_THREAD = 1 << 15  # rows of one or two hashes: a millisecond, some times what a thread costs to start
_ALIGNED = 64  # rows: two threads never write to the same cache line


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_parts(rows: int, threads: int | None, work: Callable[[int, int], None], *, worth: int = WORTH_A_THREAD) -> None:
    """Call `work(start, end)` so that every row is in one part; by one thread a processor if `threads` is None.

    With fewer than `worth` rows for each, there are fewer threads. What any part raises is raised here.
    """
    wanted = processors() if threads is None else threads
    parts = max(1, min(wanted, rows // worth))
    if parts == 1:
        return work(0, rows)
    bounds = [rows * part // parts // _ALIGNED * _ALIGNED for part in range(parts)] + [rows]
    with ThreadPoolExecutor(parts) as pool:
        for _ in pool.map(work, bounds[:-1], bounds[1:]):
            pass
    return None


def ahead(make: Callable[[_T], _R], things: Iterable[_T], threads: int | None) -> Iterator[_R]:
    """`make` of each thing, in order, each thread working on another; only a few wait to be taken."""
    wanted = processors() if threads is None else threads
    if wanted == 1:
        yield from map(make, things)
        return
    with ThreadPoolExecutor(wanted) as pool:
        waiting: deque[Future[_R]] = deque()
        for thing in things:
            waiting.append(pool.submit(make, thing))
            if len(waiting) > wanted:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
