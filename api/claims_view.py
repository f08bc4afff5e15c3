"""The claims board in words for people, in their language: rows that the page's template writes, and escapes.

The board itself speaks English, for machines and for who computes it again. What has no words here stands as it says.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from api.assets import assets
from api.languages import LANGUAGES, Words, words
from api.pages import template
from api.passport_view import Row
from schemas import wire_carbon as board

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
    evidence: tuple[board.Evidence, ...]


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


def claims_view(shown: board.ClaimsBoard, said: Words) -> BoardView:
    """A board as a page shows it."""
    period = shown.period
    return BoardView(
        ledger=shown.ledger,
        period=said("span", start=said.moment(period.start), end=said.moment(period.end)),
        rules=shown.rules.id,
        size=shown.as_of.size,
        provisional=shown.provisional,
        json=f"/v1/claims?from={period.start}&to={period.end}",
        claims=tuple(_claim(one, said) for one in shown.claims),
    )


def claims_page(view: BoardView, language: str, told: Mapping[str, str]) -> str:
    """The page; `told` is what was asked for, which goes with the reader into another language."""
    return template("claims.html").render(
        view=view,
        w=words(language),
        language=language,
        languages=LANGUAGES,
        links={tag: f"?{urlencode({**told, 'lang': tag})}" for tag in LANGUAGES},
        version=assets().version,
    )


def _claim(one: board.Claim, said: Words) -> ClaimView:
    return ClaimView(
        says=said.told(f"cl.says.{one.id}", one.says),
        source=said.told(f"cl.source.{one.id}", one.source),
        verdicts=tuple(_verdict(one.id, figure, said) for figure in one.figures),
        rows=tuple(Row(_row_name(row.name, said), _value(row, said)) for row in one.rows),
        method=said.told(f"cl.method.{one.id}", one.method),
        not_checked=tuple(_not_checked(one, said)),
        evidence=tuple(one.evidence),
    )


def _verdict(claim: str, figure: board.ClaimFigure, said: Words) -> Verdict:
    how = "" if figure.matching == "none" else said(f"cl.{figure.matching}")
    return Verdict(how, said(f"cl.{figure.verdict}"), _MARK[figure.verdict], _why(claim, figure, said))


def _why(claim: str, figure: board.ClaimFigure, said: Words) -> str:
    if figure.value is None:
        return said.told(f"cl.missing.{claim}", figure.why)
    value = said.told(f"cl.value.{claim}", "{value}", value=_percent(figure.value, said))
    told = {"value": value, "threshold": _percent(figure.threshold, said)}
    return said(f"cl.why.{figure.comparison}.{figure.threshold_from}", **told)


def _percent(share: str, said: Words) -> str:
    return said.amount(Decimal(f"{Decimal(share) * 100:.2f}"), "%")


def _not_checked(one: board.Claim, said: Words) -> Iterable[str]:
    """What stands in English with two counts in it has them in every language."""
    for place, text in enumerate(one.not_checked, 1):
        counts = dict(zip(("some", "all"), re.findall(r"\d+", text), strict=False))
        yield said.told(f"cl.open.{one.id}.{place}", text, **counts)


def _row_name(name: str, said: Words) -> str:
    """Of the whole, or of a process: `<its id>: <what>`."""
    of, colon, what = name.rpartition(": ")
    return of + colon + said.told(f"cl.row.{what}", what)


def _value(row: board.ClaimRow, said: Words) -> str:
    if row.unit == "Wh":
        return said.amount(int(row.value) // 1_000, "kWh")
    return said.percent(row.value) if row.unit == "1" else said.amount(Decimal(row.value), row.unit)
