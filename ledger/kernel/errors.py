"""One family of errors, by whose fault it is.

    CoilmarkError
    ├── Refused            what was sent cannot be taken; nothing changed
    │   ├── Malformed      the bytes are not in the form that SPEC gives
    │   ├── TooLarge       over a limit of SPEC 8; the sentence names the limit and the value seen
    │   ├── Unauthorised   signature, key, role, prefix or token does not allow it
    │   ├── Missing        the thing named is not there (or is not yours to see)
    │   ├── Conflict       something else already stands where this wants to stand
    │   ├── RuleBroken     well formed and well signed, but a rule of the ledger forbids it
    │   └── RefusedBatch   one or more rows of a batch, each with its own reason
    ├── Unverified         what was verified does not hold; `step` is the number in SPEC's list
    ├── Damaged            our own stored data does not say what was signed
    ├── Unsettled          the outcome of a write is unknown: retry with the same id
    └── Busy               too much at once: retry later

Misuse by our own code is a RuntimeError or a ValueError and never crosses a door.
"""

from collections.abc import Sequence


class CoilmarkError(Exception):
    """`code` is a stable word for machines, `sentence` for people, `facts` the numbers in the sentence."""

    def __init__(self, code: str, sentence: str, **facts: object) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.facts = facts

    def __reduce__(self) -> tuple[object, ...]:
        """Travel between processes with code and facts (the default would keep the sentence alone)."""
        return (_rebuild, (type(self), self.__dict__.copy()))


def _rebuild(kind: type[CoilmarkError], state: dict[str, object]) -> CoilmarkError:
    error = kind.__new__(kind)
    error.__dict__.update(state)
    error.args = (state["sentence"],)
    return error


class Refused(CoilmarkError):
    """What was sent cannot be taken; nothing changed."""


class Malformed(Refused):
    """The bytes are not in the form that SPEC gives."""


class TooLarge(Refused):
    """Over a limit of SPEC 8."""


class Unauthorised(Refused):
    """Signature, key, role, prefix or token does not allow it."""


class Missing(Refused):
    """The thing named is not there, or is not yours to see."""


class Conflict(Refused):
    """Something else already stands where this wants to stand."""


class RuleBroken(Refused):
    """Well formed and well signed, but a rule of the ledger forbids it."""


class RefusedBatch(Refused):
    """One or more rows of a batch, each with its own reason; nothing of the batch was stored."""

    def __init__(self, rows: Sequence[tuple[int, Refused]], total: int) -> None:
        first_row, first = rows[0]
        many = "1 row is" if len(rows) == 1 else f"{len(rows)} rows are"
        sentence = f"{many} refused of {total}, nothing was stored; row {first_row}: {first.sentence}"
        super().__init__("batch_refused", sentence, total=total)
        self.rows = tuple(rows)


class Unverified(CoilmarkError):
    """What was verified does not hold; `step` is the number in SPEC's verification list (0: no step of it)."""

    def __init__(self, code: str, sentence: str, *, step: int = 0, **facts: object) -> None:
        super().__init__(code, sentence, **facts)
        self.step = step


class Damaged(CoilmarkError):
    """Our own stored data does not say what was signed."""


class Unsettled(CoilmarkError):
    """The outcome of a write is unknown: retry with the same id."""


class Busy(CoilmarkError):
    """Too much at once: retry later. `retry_after` is in seconds."""

    def __init__(self, code: str, sentence: str, *, retry_after: int, **facts: object) -> None:
        super().__init__(code, sentence, **facts)
        self.retry_after = retry_after
