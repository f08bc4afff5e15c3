"""What a standby tells from its second head: whether another server moves it on, which need not be done here then."""

_STANDS_STILL = 2  # looks
_PASSED_OVER = 4  # looks


class Watch:
    """Of one second head, which holds the size `kept` at a look, while this server shows `shown`."""

    def __init__(self) -> None:
        self._unmoved = _STANDS_STILL  # looks, one after the other, that found it where it was, and the database ahead
        self._passed_over = 0  # looks, one after the other, that did not ask the database

    def moves(self, shown: int, kept: int) -> bool:
        """Whether another server moves it on, at a look that found the database ahead of what is shown.

        One that stood still at two such looks is this server's own, or whoever moved it is gone.
        """
        self._unmoved = 0 if kept > shown else self._unmoved + 1
        return self._unmoved < _STANDS_STILL

    def passes_over(self, shown: int, kept: int) -> bool:
        """Whether another server moves it on, but not beyond what is shown: the database has nothing to show then.

        For a few looks only, since that server may be gone. So a commit that takes long to read back there is not read
        back here as well, in the middle of it.
        """
        still = kept <= shown and self._unmoved < _STANDS_STILL
        self._passed_over = self._passed_over + 1 if still and self._passed_over < _PASSED_OVER else 0
        return self._passed_over > 0
