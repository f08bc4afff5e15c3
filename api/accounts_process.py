"""The process that computes the accounts of a period: it has the ledger open to read, and nothing of the server."""

from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from ledger.checking.worker import Worker, start_worker
from ledger.issuing.carbon_source import GivenReader
from ledger.kernel.errors import Busy, CoilmarkError
from ledger.questions.asking import of_store
from ledger.questions.carbon import cbam, claims
from ledger.store.access import Reader
from ledger.store.store import Location
from schemas.wire_carbon import CbamReport, ClaimsBoard

T = TypeVar("T")
SECONDS = 3_600.0  # that an answer may take, the start of its process included
_RETRY = 10  # seconds
Report: TypeAlias = CbamReport | ClaimsBoard


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of which state, and by whom: `what` is cbam or claims.

    Of the period from `start` to `end`, where they are said; `year` is that of an import.
    """

    what: str
    size: int
    reader: Reader
    start: str | None = None
    end: str | None = None
    year: int | None = None


@dataclass(frozen=True, slots=True)
class _Work:
    location: Location
    question: Question


class AccountsProcess:
    """Started when it is first asked, and again where it died. For one thread at a time."""

    def __init__(self, location: Location, seconds: float = SECONDS) -> None:
        self._location, self._seconds = location, seconds
        self._worker: Worker | None = None

    def answer(self, question: Question, kind: type[T]) -> T:
        """The report, of this kind. Raises what the question raises; Busy where no process answers."""
        self._worker = self._worker or start_worker(_Answers(), "coilmark-accounts")
        work = _Work(self._location, question)
        said: Report | CoilmarkError | str | None = self._worker.ask(work, self._seconds) if self._worker else None
        if said is None:
            self._kill()
            raise Busy("accounts_unread", "the process that computes accounts ended; ask again", retry_after=_RETRY)
        if isinstance(said, kind):
            return said
        if isinstance(said, CoilmarkError):
            raise said
        raise RuntimeError(f"the accounts of {question.what} gave {said!r:.200}")

    def stop(self) -> None:
        """End the process, whatever it does, from any thread: who waits for its answer is told so."""
        if self._worker is not None:
            self._worker.process.kill()

    def _kill(self) -> None:
        if self._worker is not None:
            self._worker.kill()
        self._worker = None


class _Answers:
    """In the worker. What was read for one answer is there for the next, which reads what came since."""

    def __init__(self) -> None:
        self._reader = GivenReader()

    def __call__(self, work: _Work) -> Report | CoilmarkError | str:
        """Whatever a fault was, the parent must get an answer."""
        asked = work.question
        try:
            with of_store(work.location, asked.size) as state:
                seen = replace(state, reader=asked.reader)
                if asked.what == "cbam":
                    return cbam(seen, asked.start, asked.end, asked.year, read=self._reader.at)
                return claims(seen, asked.start, asked.end, read=self._reader.at)
        except CoilmarkError as error:
            return error
        except Exception as error:  # noqa: BLE001  as said
            return repr(error)
