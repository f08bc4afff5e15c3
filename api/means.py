"""What all electrolysis of a month was matched with: what a piece's page compares a piece with.

A past month changes only where something is withdrawn or corrected, so that a mean is asked for once a minute at most.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from api.footprint_chart import Mean
from ledger.carbon.exact import ratio
from ledger.energy.shares import shares
from ledger.questions.energy import hours_of
from ledger.recording.log import Log

_FRESH = 60.0  # seconds
_KEPT = 120  # months
_STAGE = "electrolysis"


@dataclass
class Means:
    """Of one ledger. Mutable: it remembers what it was told last of each month."""

    log: Log
    monotonic: Callable[[], float]
    _told: dict[datetime, tuple[float, Mean | None]] = field(default_factory=dict)

    def of(self, passport: Mapping[str, Any]) -> Mean | None:
        """The mean of the month in which the electrolysis of a piece's metal began; None where nothing is known."""
        began = min((one["from"] for one in passport.get("stages", ()) if one["step"] == _STAGE), default=None)
        if began is None:
            return None
        month = datetime.fromisoformat(began).astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        at, mean = self._told.get(month, (-_FRESH, None))
        if self.monotonic() - at >= _FRESH:
            mean = self._asked(month)
            if len(self._told) >= _KEPT:
                self._told.clear()
            self._told[month] = self.monotonic(), mean
        return mean

    def _asked(self, month: datetime) -> Mean | None:
        state = self.log.state
        after = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
        start, end = (int(one.timestamp()) * 1_000_000 for one in (month, after))
        lines = [
            row["id"]
            for party in state.registry.parties.values()
            for row in party.profile.get("processes", ())
            if row["kind"] == _STAGE
        ]
        with self.log.store.reading() as transaction:
            size = state.published.checkpoint.size
            found = shares(hour for line in lines for hour in hours_of(transaction, line, start, end, size))
        if not found.consumed:
            return None
        return Mean(month, ratio(found.hourly_wh, found.consumed), size)
