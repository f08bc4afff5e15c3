"""What all electrolysis of a month was matched with: what a piece's page compares a piece with.

A past month changes only where something is withdrawn or corrected, so that a mean is asked for once a minute at most.
That reads every hour of the month, tens of milliseconds: a thread of its own does it, and pages say meanwhile what was
known last. The first page of a month compares with nothing.
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
    """Of one ledger. `ask` reads the mean of the month that begins then. Thread-safe, and no page waits for it."""

    def __init__(self, ask: Callable[[datetime], Mean | None], monotonic: Callable[[], float]) -> None:
        self._ask = ask
        self._monotonic = monotonic
        self._lock = Lock()
        self._asked: dict[datetime, float] = {}
        self._told: dict[datetime, Mean] = {}
        self._line = ThreadPoolExecutor(1, thread_name_prefix="means")
        self.learned = 0  # how often a month's mean came to be known: what was made without it is to be made again

    def of(self, passport: Mapping[str, Any]) -> Mean | None:
        """The mean of the month in which the electrolysis of a piece's metal began; None where nothing is known yet."""
        began = min((one["from"] for one in passport.get("stages", ()) if one["step"] == _STAGE), default=None)
        if began is None:
            return None
        month = datetime.fromisoformat(began).astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        with self._lock:
            now = self._monotonic()
            if now - self._asked.get(month, now - _FRESH) >= _FRESH:
                if len(self._asked) >= _KEPT:
                    self._asked.clear()
                    self._told.clear()
                self._asked[month] = now
                self._line.submit(self._learn, month)
            return self._told.get(month)

    def stop(self) -> None:
        """Ask no more; what is being asked is waited for."""
        self._line.shutdown(cancel_futures=True)

    def _learn(self, month: datetime) -> None:
        try:
            mean = self._ask(month)
        except Exception:  # noqa: BLE001  whatever it was, pages go on with what was known, and it is asked again in a minute
            _log.exception("the mean of %s was not read", month.strftime("%Y-%m"))
            return
        with self._lock:
            self.learned += (mean is None) != (month not in self._told)
            self._told.pop(month, None)
            if mean is not None:
                self._told[month] = mean


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
