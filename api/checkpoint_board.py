"""The published checkpoint: what `/checkpoint` and witnesses see, moved at most once a second (SPEC 4.6)."""

from collections.abc import Callable

from ledger.recording.receipts import Published

PERIOD = 1.0  # seconds


class CheckpointBoard:
    """Shows the newest checkpoint of `newest()`, but keeps showing the same one for at least a second."""

    def __init__(self, newest: Callable[[], Published], monotonic: Callable[[], float]) -> None:
        self._newest = newest
        self._monotonic = monotonic
        self._shown: Published | None = None
        self._since = 0.0

    def shown(self) -> Published:
        """What everyone is shown now."""
        now = self._monotonic()
        if self._shown is None or now - self._since >= PERIOD:
            newest = self._newest()
            if newest is not self._shown:
                self._shown, self._since = newest, now
        return self._shown
