"""The head's second place: a small file, or an object on another machine, never restored together with the database.

It holds the unsigned text of the last checkpoint. A database that is behind it has lost entries (a restored backup);
a database ahead of it was stopped between its commit and this file, and catches up when opened.
"""

import fcntl
import os
from pathlib import Path
from typing import Protocol, TypeAlias

from ledger.failpoints import Reached, Step, unwatched
from ledger.kernel.checkpoint import Checkpoint, format_checkpoint, parse_checkpoint
from ledger.kernel.errors import Conflict, Missing

AUTHORIZATION = "head.authorization"  # in the folder: the value of that header, for a place by URL
HeadPlace: TypeAlias = Path | str  # a file, or the http(s) URL of an object (OPERATING: the second head by URL)


class SecondHead(Protocol):
    """Any place that can compare and swap. Each method raises Busy where it cannot be reached."""

    def require_free(self) -> None:
        """Raises Conflict where a head is kept already."""
        ...

    def create(self, head: Checkpoint) -> None:
        """The first head. Raises Conflict where there is one."""
        ...

    def text(self) -> str:
        """What is kept here, whatever it is. Raises Missing."""
        ...

    def read(self) -> Checkpoint:
        """The head kept here. Raises Missing or Malformed."""
        ...

    def swap(self, old: Checkpoint, new: Checkpoint) -> None:
        """Durable once it returns. Raises Conflict where another head than `old` is kept here.

        Where it is `new` already, a standby that shares the place has seen the commit first.
        """
        ...


def head_place(said: str) -> HeadPlace:
    """A place as people write it."""
    return said if said.startswith(("http://", "https://")) else Path(said)


def second_head_at(place: HeadPlace, authorization: str = "", reached: Reached = unwatched) -> SecondHead:
    """The second head in a place; `authorization` is the header's value that a URL may want."""
    if isinstance(place, Path):
        return FileHead(place, reached)
    from ledger.recording.second_head_url import UrlHead  # noqa: PLC0415  a file needs no HTTP

    return UrlHead(place, authorization)


class FileHead:
    """A file on a path of the operator's choosing, best on another disk or machine than the database."""

    def __init__(self, path: Path, reached: Reached = unwatched) -> None:
        self._path = path
        self._reached = reached

    def require_free(self) -> None:
        """Raises Conflict where a head is kept already."""
        if self._path.exists():
            raise taken(self._path)

    def create(self, head: Checkpoint) -> None:
        """The first head. Raises Conflict where the file exists."""
        self.require_free()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._write(head)

    def text(self) -> str:
        """See SecondHead, here and below."""
        if not self._path.is_file():
            raise not_there(self._path)
        return self._path.read_bytes().decode("utf-8", "replace")

    def read(self) -> Checkpoint:
        return parse_checkpoint(self.text())

    def swap(self, old: Checkpoint, new: Checkpoint) -> None:
        with open(self._path.with_name(self._path.name + ".lock"), "w") as lock:  # noqa: PTH123  flock needs a file
            fcntl.flock(lock, fcntl.LOCK_EX)
            held = self.read()
            if held == new:
                return
            if held != old:
                raise moved(held, old)
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


class BehindHead:
    """The second head of a ledger that was put back to an earlier state: it moves on from where it is (SPEC 4.5)."""

    def __init__(self, second: SecondHead, kept: Checkpoint) -> None:
        self._second = second
        self._kept = kept
        self.require_free, self.create, self.text, self.read = (
            second.require_free, second.create, second.text, second.read,
        )  # fmt: skip

    def swap(self, old: Checkpoint, new: Checkpoint) -> None:
        """From the head that the restored database does not reach. Raises Conflict where another is kept."""
        del old
        self._second.swap(self._kept, new)


def not_there(place: HeadPlace) -> Missing:
    """For whoever raises it."""
    return Missing("no_second_head", f"the second head {place} is not there; without it a rollback is unseen")


def taken(place: HeadPlace) -> Conflict:
    """Likewise."""
    return Conflict("head_exists", f"{place} exists already: another ledger keeps its head there")


def moved(held: Checkpoint, old: Checkpoint) -> Conflict:
    """Likewise."""
    return Conflict("head_moved", f"the second head is at size {held.size}, not {old.size}: another server is writing")
