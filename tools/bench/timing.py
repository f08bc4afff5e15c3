"""How the benchmarks take times: the median of a few rounds."""

import statistics
import time
from collections.abc import Callable

_ROUNDS = 7


def median_ms(work: Callable[[], object]) -> float:
    """Milliseconds."""
    taken = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1000
