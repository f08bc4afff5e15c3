"""What Prometheus is told. One registry an application: nothing is global."""

from collections.abc import Callable
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest

_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
_PAGE_SECONDS = (0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.008, 0.01, 0.015, 0.02, 0.05, 0.1, 0.5, 2.0)
_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Metrics:
    """The counters that handlers and the sequencer move, and gauges that ask when they are read."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        self.refused = Counter("coilmark_refused", "Answers that were no success, by code", ["code"], registry=registry)
        self._commit_size = Histogram(
            "coilmark_commit_statements", "Statements a group commit", buckets=_SIZES, registry=registry
        )
        self._commit_seconds = Histogram(
            "coilmark_commit_seconds", "From the first statement of a commit to its answers", buckets=_SECONDS,
            registry=registry,
        )  # fmt: skip
        self._page_seconds = Histogram(
            "coilmark_page_seconds", "Pages of pieces, from a request's arrival to its last byte",
            buckets=_PAGE_SECONDS, registry=registry,
        )  # fmt: skip
        Info("coilmark_build", "What is running", registry=registry).info({"version": version("coilmark")})

    def watch(self, name: str, says: str, value: Callable[[], float]) -> None:
        """A gauge that calls `value` whenever it is read."""
        Gauge(f"coilmark_{name}", says, registry=self._registry).set_function(value)

    def committed(self, statements: int, seconds: float) -> None:
        """One group commit. Called by the sequencer's thread."""
        self._commit_size.observe(statements)
        self._commit_seconds.observe(seconds)

    def page_sent(self, seconds: float) -> None:
        """One page of a piece."""
        self._page_seconds.observe(seconds)

    def page(self) -> bytes:
        """Prometheus' text format."""
        return generate_latest(self._registry)
