"""Which of the processes on one folder leads: the one that holds a lock on a file."""

import fcntl
import os
from pathlib import Path

LEAD = "lock"  # the file, beside the database, of the process that writes


class FileLock:
    """A lock that goes with the process that holds it. The file's text is what its holder says of itself."""

    def __init__(self, path: Path, says: str = "") -> None:
        self._path = path
        self._says = says
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether it is ours."""
        return self._descriptor is not None

    def take(self) -> bool:
        """One try, without waiting; True where it is ours."""
        if self.held:
            return True
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, self._says.encode(), 0)
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Let another take it. The text stays: it is a hint, and whoever follows it finds out."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def said(self) -> str:
        """The text of the last holder, "" where there was none."""
        try:
            return self._path.read_text("utf-8", "replace")
        except FileNotFoundError:
            return ""
