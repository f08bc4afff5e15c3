"""Room on the disks where a ledger grows: statements are refused before the last of it is touched.

A disk that is full to the last byte is how one public log lost entries it had promised.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ledger.kernel.errors import Busy

LOW = 0.1  # of a disk: below this an operator should know
_RETRY = 10  # seconds


@dataclass(frozen=True, slots=True)
class Disk:
    """Bytes that are free to this process, and bytes in all."""

    free: int
    total: int


def disk_of(path: Path) -> Disk:
    """The disk that a file or folder is on. Raises OSError."""
    found = os.statvfs(path)
    return Disk(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)


@dataclass(frozen=True, slots=True)
class Room:
    """`reserve` bytes stay free on each disk; `look` says how a disk stands. Raises OSError where it cannot."""

    places: Sequence[Path]
    reserve: int
    look: Callable[[Path], Disk] = disk_of

    @property
    def free(self) -> int:
        """Bytes on the fullest of the disks."""
        return min(self.look(place).free for place in self.places)

    @property
    def low(self) -> bool:
        """Whether a disk has less than a tenth left, or less than twice the reserve."""
        disks = [self.look(place) for place in self.places]
        return any(disk.free < max(LOW * disk.total, 2 * self.reserve) for disk in disks)

    @property
    def full(self) -> bool:
        """Whether nothing more is recorded."""
        return self.free < self.reserve

    def require(self, wanted: int) -> None:
        """Raises Busy where `wanted` more bytes would not leave the reserve untouched."""
        for place in self.places:
            free = self.look(place).free
            if free - wanted < self.reserve:
                raise Busy(
                    "storage_full",
                    f"{free >> 20} MiB are free where the ledger grows, of which {self.reserve >> 20} MiB stay free: "
                    "nothing is recorded until there is room; what is recorded can be read",
                    retry_after=_RETRY,
                )
