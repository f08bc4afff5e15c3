"""The claims board in words for people: rows that the page's template writes, and escapes."""

from dataclasses import dataclass

from api.languages import words
from api.passport_view import Row
from schemas import wire_carbon as said

_HOW = {"hourly": "hour by hour", "volumetric": "by volume", "none": ""}
_MARK = {"held": "good", "not held": "bad", "cannot be said": "open"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One way to count a claim."""

    how: str
    verdict: str
    mark: str
    why: str


@dataclass(frozen=True, slots=True)
class ClaimView:
    """One claim."""

    says: str
    source: str
    verdicts: tuple[Verdict, ...]
    rows: tuple[Row, ...]
    method: str
    not_checked: tuple[str, ...]
    evidence: tuple[said.Evidence, ...]


@dataclass(frozen=True, slots=True)
class BoardView:
    """All that the page writes."""

    ledger: str
    period: str
    rules: str
    size: int
    provisional: bool
    json: str
    claims: tuple[ClaimView, ...]


def claims_view(board: said.ClaimsBoard) -> BoardView:
    """A board as a page shows it."""
    said_in = words("en")
    return BoardView(
        ledger=board.ledger,
        period=f"{said_in.moment(board.period.start)} to {said_in.moment(board.period.end)}",
        rules=board.rules.id,
        size=board.as_of.size,
        provisional=board.provisional,
        json=f"/v1/claims?from={board.period.start}&to={board.period.end}",
        claims=tuple(map(_claim, board.claims)),
    )


def _claim(one: said.Claim) -> ClaimView:
    return ClaimView(
        says=one.says,
        source=one.source,
        verdicts=tuple(Verdict(_HOW[f.matching], f.verdict, _MARK[f.verdict], f.why) for f in one.figures),
        rows=tuple(Row(row.name, _value(row)) for row in one.rows),
        method=one.method,
        not_checked=tuple(one.not_checked),
        evidence=tuple(one.evidence),
    )


def _value(row: said.ClaimRow) -> str:
    if row.unit == "Wh":
        return f"{int(row.value) // 1_000:,} kWh".replace(",", " ")
    return row.value if row.unit == "1" else f"{row.value} {row.unit}"
