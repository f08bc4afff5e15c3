"""A piece's footprint for people: a sentence, two small charts drawn as SVG, and what the figures rest on.

Everything comes from the passport, but the mean that the sentence compares with. No script and no style of its own:
shapes take the page's ink.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from api.pages import template

Body = Mapping[str, Any]

WIDTH = 300  # of the longest bar, in the SVG's own units
_ROW = 26
_CHAIN = (
    "mining", "refining", "anode-making", "electrolysis", "casting", "remelting", "homogenising", "scalping",
    "hot-rolling", "cold-rolling", "annealing",
)  # fmt: skip
_SHOWN = 7  # stages, at most; the others together
_MATCHED = {"hourly": "matched hour by hour", "volumetric": "matched by volume", "none": "location-based"}
_MODELS = {
    "identity-preserved": "identity preserved", "segregated": "segregated",
    "controlled-blending": "controlled blending", "mass-balance": "mass balance", "book-and-claim": "book and claim",
}  # fmt: skip
_GAPS = {
    "no-consumption": "no meter reading", "no-emissions": "no emissions stated", "no-factor": "no factor stated",
    "opening": "stock from before the ledger began", "outside": "bought from outside, nothing stated",
    "unattributed": "nothing it could be charged to", "late": "its maker has not reported",
}  # fmt: skip
_NEAR = 3  # points of a percent: as good as the mean


@dataclass(frozen=True, slots=True)
class Mean:
    """What all electrolysis of a time was matched with, hour by hour; from 0 to 1."""

    when: str
    share: Decimal


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a chart: two parts, `first` and `second` wide, one after the other, and what stands beside them."""

    name: str
    y: int
    first: int
    second: int
    says: str


@dataclass(frozen=True, slots=True)
class Line:
    """A name and what stands beside it."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """All that the template writes."""

    sentence: str
    provisional: bool
    figures: tuple[Line, ...]
    stages: tuple[Bar, ...]
    shares: tuple[Bar, ...]
    rests: tuple[Line, ...]
    gaps: tuple[Line, ...]
    method: str

    @property
    def height(self) -> int:
        """Of the chart of stages."""
        return _ROW * len(self.stages)


def footprint_of(body: Body, mean: Mean | None = None) -> Markup:
    """The section of a passport's page; nothing where it says no footprint."""
    chart = chart_of(body, mean)
    return Markup(template("footprint.html").render(chart=chart, width=WIDTH)) if chart else Markup("")  # noqa: S704  the template escapes


def chart_of(body: Body, mean: Mean | None = None) -> Chart | None:
    """What the section says, or None."""
    figures = [one for one in body["figures"] if one["name"].startswith("product-footprint")]
    if not figures:
        return None
    power, parts = body.get("power", ()), body.get("breakdown", ())
    return Chart(
        sentence=_sentence(power, mean),
        provisional=any(one.get("provisional") for one in body["figures"]),
        figures=tuple(map(_figure, figures)),
        stages=tuple(_stages(parts, power, body["facts"].get("mass", 0))),
        shares=tuple(_shares(body["figures"])),
        rests=tuple(_rests(parts, figures)),
        gaps=tuple(_gap(one) for one in body.get("gaps", ())),
        method=_method(figures[0]),
    )


def _figure(one: Body) -> Line:
    matching = one.get("matching", "none")
    how = "" if matching == "none" else "market-based, "
    model = f", {_MODELS[one['coc_model']]} (ISO 22095)" if matching != "none" and "coc_model" in one else ""
    return Line(f"{_rounded(Decimal(one['value']))} t CO2e a t", f"{how}{_MATCHED[matching]}{model}")


def _rounded(value: Decimal) -> str:
    return f"{value:.2f}"


def _percent(share: Decimal) -> str:
    return f"{share * 100:.0f} %"


def _sentence(power: Iterable[Body], mean: Mean | None) -> str:
    """Why it is greener than another, or not: electrolysis takes nine tenths of the power."""
    row = next((one for one in power if one["stage"] == "electrolysis" and one["wh"]), None)
    if row is None:
        return ""
    share = Decimal(row["hourly_wh"]) / row["wh"]
    says = f"The electrolysis of its metal was matched {_percent(share)} hour by hour with {_sources(row)}"
    if mean is None:
        return f"{says}."
    off = (share - mean.share) * 100
    judged = "about as much" if abs(off) <= _NEAR else "more" if off > 0 else "less"
    than = f"as that of all metal in {mean.when}" if judged.startswith("about") else f"than all metal in {mean.when}"
    return f"{says}: {judged} {than}, which was matched {_percent(mean.share)}."


def _sources(row: Body) -> str:
    told = sorted(row.get("sources", ()), key=lambda one: -one["wh"])
    names = [one["source"] for one in told if one["wh"] * 100 >= row["wh"]]
    return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else (*names, "attested power")[0]


def _stages(parts: Sequence[Body], power: Sequence[Body], mass: int) -> Iterable[Bar]:
    """Each stage: what it emitted but by its power, then its power matched hour by hour."""
    other, electric = _by_stage(parts, "kg"), _by_stage(power, "market_hourly")
    sums = {stage: (other.get(stage, Decimal(0)), electric.get(stage, Decimal(0))) for stage in {*other, *electric}}
    rows = _shortened(sums)
    most = max((first + second for _, first, second in rows), default=Decimal(0))
    tonnes = Decimal(mass or 1) / 1_000_000
    for place, (name, first, second) in enumerate(rows):
        yield Bar(
            name=name, y=place * _ROW, first=_wide(first, most), second=_wide(second, most),
            says=f"{_rounded((first + second) / 1_000 / tonnes)} t",
        )  # fmt: skip


def _by_stage(rows: Iterable[Body], member: str) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for one in rows:
        sums[one["stage"]] = sums.get(one["stage"], Decimal(0)) + Decimal(one[member])
    return sums


def _shortened(sums: Mapping[str, tuple[Decimal, Decimal]]) -> list[tuple[str, Decimal, Decimal]]:
    """The greatest, in the order of the chain, and the others together."""
    kept = sorted(sums, key=lambda stage: -sum(sums[stage]))[:_SHOWN]
    order = {stage: place for place, stage in enumerate(_CHAIN)}
    rows = [(one.replace("-", " "), *sums[one]) for one in sorted(kept, key=lambda one: (order.get(one, 99), one))]
    rest = [sums[one] for one in sums if one not in kept]
    if rest:
        rows.append(
            ("other steps", sum((one for one, _ in rest), Decimal(0)), sum((one for _, one in rest), Decimal(0)))
        )
    return rows


def _wide(value: Decimal, most: Decimal) -> int:
    return int(max(value, Decimal(0)) * WIDTH / most) if most else 0


def _shares(figures: Iterable[Body]) -> Iterable[Bar]:
    """The two renewable shares, side by side."""
    said = {one["name"]: Decimal(one["value"]) for one in figures}
    for place, (name, label) in enumerate(
        (("renewable-share-hourly", "hour by hour"), ("renewable-share-volumetric", "by volume"))
    ):
        if name in said:
            yield Bar(label, place * _ROW, int(said[name] * WIDTH), WIDTH, f"{said[name] * 100:.1f} %")


def _rests(parts: Iterable[Body], figures: Sequence[Body]) -> Iterable[Line]:
    """How much of what is not power was measured, taken from published values, or claimed by somebody else."""
    sums: dict[str, Decimal] = {}
    for one in parts:
        sums[one["basis"]] = sums.get(one["basis"], Decimal(0)) + Decimal(one["kg"])
    total = sum(sums.values())
    words = {"measured": "own data", "default": "published or chosen values", "claimed": "suppliers' reports"}
    if total:
        for basis in ("measured", "default", "claimed"):
            if basis in sums:
                yield Line(words[basis], _percent(sums[basis] / total), "of what is not electricity")
    coverage = next((one["coverage"] for one in figures if "coverage" in one), None)
    if coverage is not None:
        yield Line("own data, electricity included", _percent(Decimal(coverage)))


def _gap(one: Body) -> Line:
    is_power = one["what"] in {"no-consumption", "no-factor"}
    amount = Decimal(one["amount"]) / 1_000
    size = f"{amount:,.0f} {'kWh' if is_power else 'kg'}".replace(",", " ")
    stage = f"{one['stage'].replace('-', ' ')}: " if one["stage"] not in {"", "material"} else ""
    return Line(f"{stage}{_GAPS.get(one['what'], one['what'])}", size)


def _method(one: Body) -> str:
    words = [f"rule set {one['rules']['id']}"]
    words += [f"method {one['method']}"] if "method" in one else []
    words += [f"warming potentials {one['gwp']}"] if "gwp" in one else []
    return ", ".join(words)
