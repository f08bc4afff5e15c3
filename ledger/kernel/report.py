"""What a verification found, step by step: the numbers are those of SPEC 7."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ledger.kernel.errors import CoilmarkError

TITLES = (
    "limits and strict decoding",
    "checkpoint",
    "inclusion",
    "index 0",
    "statement digest",
    "header, type and audience",
    "party history, key and signature",
    "disclosures",
    "lineage",
    "what was expected",
    "inputs and figures",
    "time",
    "what remains open",
)
LOST = "lost"  # the code of a failure that is no fault of the file: it holds, and its entry is gone (SPEC 4.5)


class Outcome(StrEnum):
    """NOT_CHECKED is no failure: the sentence says what would be needed."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class Step:
    """One numbered step of SPEC 7, and in a sentence what it found."""

    number: int
    outcome: Outcome
    sentence: str

    @property
    def title(self) -> str:
        """What the step is about."""
        return TITLES[self.number - 1]


@dataclass(frozen=True, slots=True)
class Report:
    """All thirteen steps in order. `of` is what was verified: "receipt", "bundle" or "misbehaviour".

    `open_points` are the sentences of step 13, one a thing that a reader should know although nothing failed; `code`
    tells a failure apart; `proven` is what a proof of misbehaviour proves, in a sentence.
    """

    of: str
    steps: tuple[Step, ...]
    open_points: tuple[str, ...] = ()
    code: str = ""
    proven: str = ""

    @property
    def failed(self) -> Step | None:
        """The step that failed: what would come after it was not checked."""
        return next((step for step in self.steps if step.outcome is Outcome.FAILED), None)

    @property
    def verified(self) -> bool:
        """Nothing failed. What was not checked is not part of it: read the steps."""
        return self.failed is None

    @property
    def verdict(self) -> str:
        """The whole in one sentence."""
        if self.failed is not None and self.code == LOST:
            return f"LOST: {self.failed.sentence}."
        if self.failed is not None:
            return f"NOT VERIFIED: step {self.failed.number} failed. {self.failed.sentence}."
        if self.proven:
            return f"PROVEN: {self.proven}."
        skipped = [str(step.number) for step in self.steps if step.outcome is Outcome.NOT_CHECKED]
        rest = f"; not checked: {'step' if len(skipped) == 1 else 'steps'} {', '.join(skipped)}" if skipped else ""
        return f"verified: everything that was checked holds{rest}."


def report_json(report: Report) -> dict[str, Any]:
    """The report for machines."""
    return {
        "type": "coilmark.report/v1",
        "of": report.of,
        "verified": report.verified,
        "verdict": report.verdict,
        **({"code": report.code} if report.code else {}),
        "steps": [
            {"number": step.number, "title": step.title, "outcome": step.outcome.value, "sentence": step.sentence}
            for step in report.steps
        ],
        "open_points": list(report.open_points),
    }


class Steps:
    """Where a verification writes down what it finds. An error raised between `begin` and `passed` is a failed step.

    Everything after a failed step is left unchecked: it would be said of data that are not what they claim to be.
    """

    def __init__(self, of: str) -> None:
        self._of = of
        self._current = 0
        self._done: dict[int, Step] = {}
        self._code = ""
        self._open: tuple[str, ...] = ()
        self._proven = ""

    def begin(self, number: int) -> None:
        """What is raised from here on counts for this step."""
        self._current = number

    def passed(self, sentence: str) -> None:
        """The step that was begun holds."""
        self._done[self._current] = Step(self._current, Outcome.PASSED, sentence)

    def not_checked(self, number: int, sentence: str) -> None:
        """A step that could not be taken with what was given."""
        self._done[number] = Step(number, Outcome.NOT_CHECKED, sentence)

    def leave_open(self, points: tuple[str, ...]) -> None:
        """The sentences of step 13."""
        self._open = points

    def proves(self, sentence: str) -> None:
        """What the whole proves, if no step fails."""
        self._proven = sentence

    def report(self, procedure: Callable[[], None]) -> Report:
        """Run the procedure and report: its first error is the failed step, and ends it."""
        try:
            procedure()
        except CoilmarkError as error:
            self._done[self._current] = Step(self._current, Outcome.FAILED, error.sentence)
            self._code = error.code
        because = f"not reached: step {self._current} failed"
        steps = (
            self._done.get(number) or Step(number, Outcome.NOT_CHECKED, because) for number in range(1, len(TITLES) + 1)
        )
        return Report(self._of, tuple(steps), self._open, self._code, self._proven)
