"""What all electrolysis of a month was matched with: what a piece's page compares a piece with.

A past month changes only where something is withdrawn or corrected, so that a mean is asked for once a minute at most.
That reads every hour of the month, tens of milliseconds: only the first page of a month waits for it. Later a thread
of its own does it, and pages say meanwhile what was known last.
"""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from api.footprint_chart import Mean
from ledger.carbon.exact import ratio
from ledger.energy.shares import shares
from ledger.questions.energy import hours_of
from ledger.recording.log import Log

_FRESH = 60.0  # seconds
_KEPT = 120  # months
_STAGE = "electrolysis"
_log = logging.getLogger(__name__)


class Means:
    """Of one ledger. `ask` reads the mean of the month that begins then. Thread-safe."""

    def __init__(self, ask: Callable[[datetime], Mean | None], monotonic: Callable[[], float]) -> None:
        self._ask = ask
        self._monotonic = monotonic
        self._lock = Lock()
        self._told: dict[datetime, tuple[float, Mean | None]] = {}  # when it was asked for last, and what it was
        self._line = ThreadPoolExecutor(1, thread_name_prefix="means")

    def of(self, passport: Mapping[str, Any]) -> Mean | None:
        """The mean of the month in which the electrolysis of a piece's metal began; None where nothing was drawn."""
        began = min((one["from"] for one in passport.get("stages", ()) if one["step"] == _STAGE), default=None)
        if began is None:
            return None
        month = datetime.fromisoformat(began).astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        with self._lock:
            asked, mean = self._told.get(month, (None, None))
            now = self._monotonic()
            if asked is not None and now - asked >= _FRESH:
                self._told[month] = now, mean
                self._line.submit(self._learn_again, month)
        return self._learn(month) if asked is None else mean

    def stop(self) -> None:
        """Ask no more; what is being asked is waited for."""
        self._line.shutdown(cancel_futures=True)

    def _learn(self, month: datetime) -> Mean | None:
        mean = self._ask(month)
        with self._lock:
            if month not in self._told and len(self._told) >= _KEPT:
                self._told.clear()
            self._told[month] = self._monotonic(), mean
        return mean

    def _learn_again(self, month: datetime) -> None:
        try:
            self._learn(month)
        except Exception:  # noqa: BLE001  whatever it was, pages go on with what was known, and it is asked again in a minute
            _log.exception("the mean of %s was not read", month.strftime("%Y-%m"))


def mean_of(log: Log, month: datetime) -> Mean | None:
    """Over all lines of electrolysis, as of now; None where they drew nothing."""
    state = log.state
    after = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
    start, end = (int(one.timestamp()) * 1_000_000 for one in (month, after))
    lines = [
        row["id"]
        for party in state.registry.parties.values()
        for row in party.profile.get("processes", ())
        if row["kind"] == _STAGE
    ]
    with log.store.reading() as transaction:
        size = state.published.checkpoint.size
        found = shares(hour for line in lines for hour in hours_of(transaction, line, start, end, size))
    if not found.consumed:
        return None
    return Mean(month, ratio(found.hourly_wh, found.consumed), size)
