"""What an audit says: findings (something is wrong) and notes (nothing is, but a reader should know)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it must be.

    `code` is a stable word for machines, `sentence` for people; `index` is the entry it is about, None for the ledger
    as a whole; `facts` are the numbers in the sentence.
    """

    code: str
    sentence: str
    index: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return {"code": self.code, "sentence": self.sentence, "index": self.index, "facts": dict(self.facts)}


def about(index: int, code: str, says: str, **facts: Any) -> Finding:
    """A finding about one entry: `entry 12: the stored statement does not hash to …`."""
    return Finding(code, f"entry {index}: {says}", index, facts)


def in_order(finding: Finding) -> tuple[bool, int, str, str]:
    """The order they are listed in: the ledger as a whole, then by entry."""
    return (finding.index is not None, finding.index or 0, finding.code, finding.sentence)
