"""The claims board: what was said in public of the park, each held against what plants and producers signed.

A claim is held, not held, or cannot be said. It is counted hour by hour and by volume where that makes a difference,
and what was not checked stands beside it.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources
from typing import Any, Literal

from ledger.carbon.given import Given, PowerHour
from ledger.carbon.records import Footprint, Matching
from ledger.carbon.reports.numbers import added, over, plain, rounded, times, tonnes
from ledger.carbon.reports.scrap import scrap_of
from ledger.carbon.storage import net_of
from schemas import wire_carbon as said

Verdict = Literal["held", "not held", "cannot be said"]
Comparison = Literal["at least", "more than", "at most"]
_HOURLY: tuple[Matching, Matching] = ("hourly", "volumetric")


@dataclass(frozen=True)
class Observed:
    """What the claims of one period are held against. `shipped`: the footprints of what left the park in it."""

    given: Given
    start: int
    end: int
    shipped: Sequence[Footprint]
    evidence: Mapping[str, Sequence[said.Evidence]]

    @property
    def hours(self) -> list[PowerHour]:
        """The hours of the period in which something was drawn; what stores gave back counts where it was drawn."""
        return [net_of(one) for one in self.given.hours if self.start <= one.start < self.end]

    @property
    def provisional(self) -> bool:
        """Whether a process that drew power has not been closed for all of the period."""
        return not all(self._closed(process) for process in {one.process for one in self.hours})

    def _closed(self, process: str) -> bool:
        reached = self.start
        for one in sorted(self.given.closes, key=lambda close: close.start):
            if process in one.processes and one.start <= reached:
                reached = max(reached, one.end)
        return reached >= self.end


def claims_set() -> dict[str, Any]:
    """The claims as data: id, words, source, kind, threshold and where that comes from, of each."""
    found: dict[str, Any] = json.loads(resources.files("schemas").joinpath("claims", "park-2.json").read_bytes())
    return found


def board(observed: Observed) -> list[said.Claim]:
    """Every claim of the set."""
    return [_KINDS[one["kind"]](one, observed) for one in claims_set()["claims"]]


def _renewable(claim: Mapping[str, Any], observed: Observed) -> said.Claim:
    hours = observed.hours
    drawn = sum(one.wh for one in hours)
    covered = {matching: sum(_covered(one, matching) for one in hours) for matching in _HOURLY}
    figures = [
        _figure(claim, matching, over(covered[matching], drawn) if drawn else None, "at least", _NO_POWER)
        for matching in _HOURLY
    ]
    return _claim(
        claim, observed, figures,
        rows=[_wh("drawn", drawn), *(_wh(f"covered, {name}", wh) for name, wh in covered.items()), *_by_process(hours)],
        method="Σ attested Wh that is allocated to an hour of a process, over Σ Wh that meters say it drew. Hourly: "
        "generated in that hour, and never more than was drawn in it. Volumetric: generated at any time. What a store "
        "gave back counts where it was drawn, its loss with the store.",
        not_checked=[
            "power of processes for which nobody states consumption",
            "whether producers and plants measured what they signed",
            "whether a certificate was also used in a register outside this ledger, where none was named",
        ],
    )  # fmt: skip


_NO_POWER = "nobody stated what was drawn in this period"


def _covered(hour: PowerHour, matching: Matching) -> int:
    wanted = ("hourly",) if matching == "hourly" else ("hourly", "volumetric")
    return min(hour.wh, sum(one.wh for one in hour.rows if one.matching in wanted))


def _by_process(hours: Iterable[PowerHour]) -> Iterable[said.ClaimRow]:
    sums: dict[str, list[int]] = {}
    for one in hours:
        row = sums.setdefault(one.process, [0, 0, 0])
        for place, wh in enumerate((one.wh, _covered(one, "hourly"), _covered(one, "volumetric"))):
            row[place] += wh
    for process, (drawn, hourly, volumetric) in sorted(sums.items()):
        yield _wh(f"{process}: drawn", drawn)
        yield _share(f"{process}: hourly", over(hourly, drawn))
        yield _share(f"{process}: volumetric", over(volumetric, drawn))


def _reduction(claim: Mapping[str, Any], observed: Observed) -> said.Claim:
    """Against the same chain with all its power from the grid: no other plant's figure is in the ledger."""
    pieces = observed.shipped
    mass = sum(one.g for one in pieces)
    total = {matching: added(*(one.total(matching) for one in pieces)) for matching in (*_HOURLY, _LOCATION)}
    conventional = total[_LOCATION]
    lower = {matching: added(Decimal(1), -over(total[matching], conventional)) for matching in _HOURLY}
    figures = [
        _figure(claim, matching, lower[matching] if conventional else None, "more than", _NO_PIECES, than=_GRID)
        for matching in _HOURLY
    ]
    rows = [said.ClaimRow(name="shipped", value=tonnes(mass), unit="t")]
    rows += [_per_tonne(f"footprint, {name}", t, mass) for name, t in total.items()]
    return _claim(
        claim, observed, figures, rows=rows,
        method="1 - Σ footprint of what was shipped, market-based, over Σ footprint of the same with all of its power "
        "from the grid (location-based). Cradle to gate, scrap cut off.",
        not_checked=[
            "how other plants make the same: their figures are not in this ledger",
            "the factor of the grid, which plants state and name a table for",
            f"{_gapped(pieces)} of {len(pieces)} pieces rest in part on something for which no figure stands",
        ],
    )  # fmt: skip


_LOCATION: Matching = "location"
_GRID = " below the same chain on power from the grid"
_NO_PIECES = "nothing with a footprint was shipped in this period"


def _gapped(pieces: Iterable[Footprint]) -> int:
    return sum(1 for one in pieces if one.gaps)


def _per_tonne(name: str, t: Decimal, g: int) -> said.ClaimRow:
    return said.ClaimRow(name=name, value=plain(rounded(over(times(t, Decimal(1_000_000)), g), 6)), unit="t CO2e/t")


def _loop(claim: Mapping[str, Any], observed: Observed) -> said.Claim:
    found = scrap_of(observed.given, observed.start, observed.end)
    figure = _figure(
        claim, "none", over(max(0, found.away), found.arose) if found.arose else None, "at most", _NO_SCRAP
    )
    rows = [
        said.ClaimRow(name=name, value=tonnes(g), unit="t")
        for name, g in (("arose", found.arose), ("melted again", found.melted), ("left or under way", found.away))
    ]
    return _claim(
        claim, observed, [figure], rows=rows,
        method="Mass of internal scrap that was sent off and that nobody in the park took in, over the mass of all "
        "that arose. What lies in the park's bays is in the loop.",
        not_checked=["scrap of which no event speaks", "whether dross and residues are used"],
    )  # fmt: skip


_NO_SCRAP = "no internal scrap arose in this period"


def _wh(name: str, wh: int) -> said.ClaimRow:
    return said.ClaimRow(name=name, value=str(wh), unit="Wh")


def _share(name: str, share: Decimal) -> said.ClaimRow:
    return said.ClaimRow(name=name, value=plain(rounded(share, 6)), unit="1")


def _figure(
    claim: Mapping[str, Any],
    matching: str,
    value: Decimal | None,
    comparison: Comparison,
    missing: str,
    *,
    than: str = "",
) -> said.ClaimFigure:
    threshold = Decimal(claim["threshold"])
    if value is None:
        return said.ClaimFigure(
            matching=matching, value=None, comparison=comparison, threshold=plain(threshold),
            threshold_from=claim["threshold_from"], verdict="cannot be said", why=missing,
        )  # fmt: skip
    held = {"at least": value >= threshold, "more than": value > threshold, "at most": value <= threshold}[comparison]
    verdict: Verdict = "held" if held else "not held"
    why = f"{_percent(value)}{than}, where {comparison} {_percent(threshold)} {_TOLD[claim['threshold_from']]}"
    return said.ClaimFigure(
        matching=matching, value=plain(rounded(value, 6)), comparison=comparison, threshold=plain(threshold),
        threshold_from=claim["threshold_from"], verdict=verdict, why=why,
    )  # fmt: skip


_TOLD = {"said": "was said", "chosen": "is counted as held here: no number was said"}


def _percent(value: Decimal) -> str:
    return f"{rounded(value * 100, 2):f} %"


def _claim(
    claim: Mapping[str, Any], observed: Observed, figures: list[said.ClaimFigure], *, rows: Sequence[said.ClaimRow],
    method: str, not_checked: list[str],
) -> said.Claim:  # fmt: skip
    return said.Claim(
        id=claim["id"], says=claim["says"], source=claim["source"], figures=figures, rows=[*rows], method=method,
        not_checked=not_checked, evidence=[*observed.evidence.get(claim["id"], ())],
    )  # fmt: skip


_KINDS: Mapping[str, Callable[[Mapping[str, Any], Observed], said.Claim]] = {
    "renewable-share": _renewable, "reduction": _reduction, "scrap-loop": _loop,
}  # fmt: skip
