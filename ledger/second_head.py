"""The head's second place: a small file that is never restored together with the database.

It holds the unsigned text of the last checkpoint. A database that is behind it has lost entries (a restored backup);
a database ahead of it was stopped between its commit and this file, and catches up when opened.
"""

import fcntl
import os
from pathlib import Path

from ledger.failpoints import Reached, Step, unwatched
from ledger.kernel.checkpoint import Checkpoint, format_checkpoint, parse_checkpoint
from ledger.kernel.errors import Conflict, Missing


class SecondHead:
    """A file on a path of the operator's choosing, best on another disk or machine than the database."""

    def __init__(self, path: Path, reached: Reached = unwatched) -> None:
        self._path = path
        self._reached = reached

    def require_free(self) -> None:
        """Raises Conflict where a head is kept already."""
        if self._path.exists():
            raise Conflict("head_exists", f"{self._path} exists already: another ledger keeps its head there")

    def create(self, head: Checkpoint) -> None:
        """The first head. Raises Conflict where the file exists."""
        self.require_free()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._write(head)

    def read(self) -> Checkpoint:
        """The head kept here. Raises Missing or Malformed."""
        if not self._path.is_file():
            raise Missing(
                "no_second_head", f"the second head {self._path} is not there; without it a rollback is unseen"
            )
        return parse_checkpoint(self._path.read_bytes().decode("utf-8", "replace"))

    def swap(self, old: Checkpoint, new: Checkpoint) -> None:
        """Durable once it returns. Raises Conflict where the file holds another head than `old`.

        Where it holds `new` already, a standby that shares the file has seen the commit first.
        """
        with open(self._path.with_name(self._path.name + ".lock"), "w") as lock:  # noqa: PTH123  flock needs a file
            fcntl.flock(lock, fcntl.LOCK_EX)
            held = self.read()
            if held == new:
                return
            if held != old:
                raise Conflict(
                    "head_moved", f"the second head is at size {held.size}, not {old.size}: another server is writing"
                )
            self._write(new)

    def _write(self, head: Checkpoint) -> None:
        draft = self._path.with_name(self._path.name + ".draft")
        with open(draft, "w", encoding="utf-8") as file:  # noqa: PTH123  fsync needs the descriptor
            file.write(format_checkpoint(head))
            file.flush()
            os.fsync(file.fileno())
        # Crash here: the old head stands, the draft is overwritten by the next write.
        self._reached(Step.DRAFTED)
        draft.replace(self._path)
        self._reached(Step.RENAMED)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # Crash before: either head stands, both were true.
        finally:
            os.close(folder)


class BehindHead(SecondHead):
    """The second head of a ledger that was put back to an earlier state: it moves on from where it is (SPEC 4.5)."""

    def __init__(self, path: Path, kept: Checkpoint, reached: Reached = unwatched) -> None:
        super().__init__(path, reached)
        self._kept = kept

    def swap(self, old: Checkpoint, new: Checkpoint) -> None:
        """From the head that the restored database does not reach. Raises Conflict where the file holds another."""
        del old
        super().swap(self._kept, new)
