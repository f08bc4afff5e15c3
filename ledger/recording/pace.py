"""What is handed to the sequencer, and at what pace it is taken."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeAlias

from ledger.kernel.errors import Refused
from ledger.recording.log import Admitted, Recorded, Submission


@dataclass(frozen=True, slots=True)
class Pace:
    """How a commit is gathered, and when callers are asked to come back later.

    A commit takes what has arrived within `gather` seconds of its first statement, or `group` statements; while
    `waiting` statements wait, new ones are refused as Busy. `reload` is the pause between tries to open again.

    Where another server leads, this one looks for its commits every `follow` seconds, and tries to take the lead every
    `election`; a server that leads and has nothing to do makes sure that it still does as often. One that could not
    open again in `tries` tries steps down, and leaves the lead to others for `aside` seconds.
    """

    gather: float = 0.002
    group: int = 2_000
    waiting: int = 20_000
    reload: float = 1.0
    follow: float = 0.2
    election: float = 0.2
    tries: int = 3
    aside: float = 5.0


Outcome: TypeAlias = Recorded | Refused


@dataclass(frozen=True, slots=True)
class Job:
    """To be recorded, each for itself; answered together."""

    submissions: Sequence[Submission]
    answer: Future[list[Outcome]]

    @property
    def count(self) -> int:
        """Statements, here and below."""
        return sum(len(one.statements) for one in self.submissions)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """To be judged, with nothing stored."""

    submission: Submission
    answer: Future[Admitted]

    @property
    def count(self) -> int:
        return len(self.submission.statements)


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody waits for what others have committed."""

    answer: Future[None]
    count: int = 0


Handed: TypeAlias = Job | Rehearsal | Look
