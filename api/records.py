"""What was read and rendered of passports lately, so that who looks at the same one again does not wait for it.

Whether the bytes in the database are what was recorded is found out for every reader, before anything is taken from
here: what is kept stands under the leaf hash that they were found to have, and under the disclosures beside them.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

from api.passport_record import Record
from ledger.kernel.statement import Statement
from ledger.recording.recovery import Sound
from ledger.showing.passports import Gist, gist_of

T = TypeVar("T")
_GISTS = 20_000  # of some 200 bytes
_RENDERED = 1_000  # of some 30 kB
_FRESH = 60.0  # seconds: a page tells what other parts of the ledger say, too, such as the month's mean


class Lately(Generic[T]):
    """The newest values by key, so many at most. Thread-safe."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is kept, or what `make` makes; what it raises is not kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            self._kept[key] = made
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made


class Records:
    """Of one ledger."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._gists: Lately[Gist] = Lately(_GISTS)
        self._rendered: Lately[Record] = Lately(_RENDERED)

    def gist(self, sound: Sound, read: Callable[[], Statement]) -> Gist:
        """See `passports.gist_of`; what is not kept is read."""
        return self._gists.get(_named(sound), lambda: gist_of(read()))

    def rendered(self, sound: Sound, seen_by: tuple[Hashable, ...], make: Callable[[], Record]) -> Record:
        """What a passport says to whoever sees it so (language, who he is …), no older than a minute."""
        minute = int(self._monotonic() / _FRESH)
        return self._rendered.get((_named(sound), seen_by, minute), make)


def _named(sound: Sound) -> Hashable:
    return sound.entry.leaf, sound.stored.typ, sound.stored.disclosures
