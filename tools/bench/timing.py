"""How the benchmarks take times: the median of a few rounds, and processor time of processes."""

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

_ROUNDS = 7


def median_ms(work: Callable[[], object]) -> float:
    """Milliseconds."""
    taken = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1000


def processor_seconds(pid: int) -> float:
    """User and system time of a process, of all that it started, and of those among them that have ended.

    Linux: proc(5). One that ends while it is looked at counts nothing here, and what it took with its parent's.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
        lists = Path(f"/proc/{pid}/task").glob("*/children")
        children = [int(one) for each in lists for one in each.read_text("ascii").split()]
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK") + sum(map(processor_seconds, children))
