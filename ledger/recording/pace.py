"""What is handed to the sequencer, and at what pace it is taken."""

from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeAlias

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


@dataclass(frozen=True, slots=True)
class Job:
    """To be recorded."""

    submission: Submission
    answer: Future[Recorded]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """To be judged, with nothing stored."""

    submission: Submission
    answer: Future[Admitted]


_NOTHING = Submission(())


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody waits for what others have committed."""

    answer: Future[None]
    submission: Submission = _NOTHING


Handed: TypeAlias = Job | Rehearsal | Look
