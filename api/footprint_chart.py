"""A piece's footprint for people: a sentence, two small charts drawn as SVG, and what the figures rest on.

Everything comes from the passport, but the mean that the sentence compares with. No script and no style of its own:
shapes take the page's ink.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from api.languages import Words
from api.pages import template

Body = Mapping[str, Any]

LABELS, WIDTH = 165, 128  # of the names, and of the longest bar, in the SVG's own units: a phone's pixels
_SAYS = 70  # of what stands beside a bar
_ROW = 26
_CHAIN = (
    "mining", "refining", "anode-making", "electrolysis", "casting", "remelting", "homogenising", "scalping",
    "hot-rolling", "cold-rolling", "annealing",
)  # fmt: skip
_SHOWN = 7  # stages, at most; the others together
_POWER_GAPS = frozenset({"no-consumption", "no-factor"})  # in Wh; all else is in g
_NEAR = 3  # points of a percent: as good as the mean


@dataclass(frozen=True, slots=True)
class Mean:
    """What all electrolysis of a month was matched with, hour by hour, from 0 to 1; as of `size` entries."""

    month: datetime
    share: Decimal
    size: int


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
    month_as_of: str
    provisional: bool
    figures: tuple[Line, ...]
    stages: tuple[Bar, ...]
    shares: tuple[Bar, ...]
    rests: tuple[Line, ...]
    method: str

    @property
    def height(self) -> int:
        """Of the chart of stages."""
        return _ROW * len(self.stages)


def footprint_of(body: Body, said: Words, mean: Mean | None = None) -> Markup:
    """The section of a passport's page; nothing where it says no footprint."""
    chart = chart_of(body, said, mean)
    if chart is None:
        return Markup("")
    page = template("footprint.html").render(
        chart=chart, width=WIDTH, labels=LABELS, across=LABELS + WIDTH + _SAYS, w=said
    )
    return Markup(page)  # noqa: S704  the template escapes


def chart_of(body: Body, said: Words, mean: Mean | None = None) -> Chart | None:
    """What the section says, or None."""
    figures = [one for one in body["figures"] if one["name"].startswith("product-footprint")]
    if not figures:
        return None
    power, parts = body.get("power", ()), body.get("breakdown", ())
    return Chart(
        sentence=_sentence(power, said, mean),
        month_as_of=said("fp.month_as_of", size=said.number(mean.size)) if mean is not None else "",
        provisional=any(one.get("provisional") for one in body["figures"]),
        figures=tuple(_figure(one, said) for one in figures),
        stages=tuple(_stages(parts, power, body["facts"].get("mass", 0), said)),
        shares=tuple(_shares(body["figures"], said)),
        rests=(*_rests(parts, figures, said), *_gaps(body, said), *_restated(body, said)),
        method=_method(figures[0], said),
    )


def _figure(one: Body, said: Words) -> Line:
    matching = one.get("matching", "none")
    how = [said(f"fp.{matching}")]
    if matching != "none" and "coc_model" in one:
        how.append(f"{said.of('coc', one['coc_model'])} (ISO 22095)")
    return Line(said("fp.per_t", value=said.number(_rounded(Decimal(one["value"])))), said("comma").join(how))


def _rounded(value: Decimal) -> Decimal:
    return Decimal(f"{value:.2f}")


def _percent(share: Decimal, said: Words) -> str:
    return said.amount(Decimal(f"{share * 100:.0f}"), "%")


def _sentence(power: Iterable[Body], said: Words, mean: Mean | None) -> str:
    """Why it is greener than another, or not: electrolysis takes nine tenths of the power."""
    row = next((one for one in power if one["stage"] == "electrolysis" and one["wh"]), None)
    if row is None:
        return ""
    share = Decimal(row["hourly_wh"]) / row["wh"]
    told = {"share": _percent(share, said), "sources": _sources(row, said)}
    if mean is None:
        return said("fp.why", **told)
    off = (share - mean.share) * 100
    judged = "same" if abs(off) <= _NEAR else "more" if off > 0 else "less"
    return said(f"fp.why_{judged}", **told, when=said.month(mean.month), mean=_percent(mean.share, said))


def _sources(row: Body, said: Words) -> str:
    told = sorted(row.get("sources", ()), key=lambda one: -one["wh"])
    names = [said.of("source", one["source"]) for one in told if one["wh"] * 100 >= row["wh"]]
    return said("list").join(names) or said("source.attested")


def _stages(parts: Sequence[Body], power: Sequence[Body], mass: int, said: Words) -> Iterable[Bar]:
    """Each stage: what it emitted but by its power, then its power matched hour by hour."""
    other, electric = _by_stage(parts, "kg"), _by_stage(power, "market_hourly")
    sums = {stage: (other.get(stage, Decimal(0)), electric.get(stage, Decimal(0))) for stage in {*other, *electric}}
    rows = _shortened(sums, said)
    most = max((first + second for _, first, second in rows), default=Decimal(0))
    tonnes = Decimal(mass or 1) / 1_000_000
    for place, (name, first, second) in enumerate(rows):
        yield Bar(
            name=name, y=place * _ROW, first=_wide(first, most), second=_wide(second, most),
            says=said.amount(_rounded((first + second) / 1_000 / tonnes), "t"),
        )  # fmt: skip


def _by_stage(rows: Iterable[Body], member: str) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for one in rows:
        sums[one["stage"]] = sums.get(one["stage"], Decimal(0)) + Decimal(one[member])
    return sums


def _shortened(sums: Mapping[str, tuple[Decimal, Decimal]], said: Words) -> list[tuple[str, Decimal, Decimal]]:
    """The greatest, in the order of the chain, and the others together."""
    kept = sorted(sums, key=lambda stage: -sum(sums[stage]))[:_SHOWN]
    order = {stage: place for place, stage in enumerate(_CHAIN)}
    rows = [(said.of("step", one), *sums[one]) for one in sorted(kept, key=lambda one: (order.get(one, 99), one))]
    rest = [sums[one] for one in sums if one not in kept]
    if rest:
        first, second = (sum(column, Decimal(0)) for column in zip(*rest, strict=True))
        rows.append((said("fp.other"), first, second))
    return rows


def _wide(value: Decimal, most: Decimal) -> int:
    return int(max(value, Decimal(0)) * WIDTH / most) if most else 0


def _shares(figures: Iterable[Body], said: Words) -> Iterable[Bar]:
    """The two renewable shares, side by side."""
    told = {one["name"]: Decimal(one["value"]) for one in figures}
    names = (("renewable-share-hourly", "fp.by_hour"), ("renewable-share-volumetric", "fp.by_volume"))
    for place, (name, label) in enumerate(names):
        if name in told:
            says = said.amount(Decimal(f"{told[name] * 100:.1f}"), "%")
            yield Bar(said(label), place * _ROW, int(told[name] * WIDTH), WIDTH, says)


def _rests(parts: Iterable[Body], figures: Sequence[Body], said: Words) -> Iterable[Line]:
    """How much of what is not power was measured, taken from published values, or claimed by somebody else."""
    sums: dict[str, Decimal] = {}
    for one in parts:
        sums[one["basis"]] = sums.get(one["basis"], Decimal(0)) + Decimal(one["kg"])
    total = sum(sums.values())
    if total:
        for basis in ("measured", "default", "claimed"):
            if basis in sums:
                yield Line(said(f"fp.{basis}"), _percent(sums[basis] / total, said), said("fp.of_rest"))
    coverage = next((one["coverage"] for one in figures if "coverage" in one), None)
    if coverage is not None:
        yield Line(said("fp.coverage"), _percent(Decimal(coverage), said))


def _gaps(body: Body, said: Words) -> Iterable[Line]:
    for one in body.get("gaps", ()):
        unit = "kWh" if one["what"] in _POWER_GAPS else "kg"
        amount = said.amount(Decimal(f"{Decimal(one['amount']) / 1_000:.0f}"), unit)
        stage = f"{said.of('step', one['stage'])}{said('colon')}" if one["stage"] not in {"", "material"} else ""
        yield Line(said("fp.gap"), f"{stage}{said.of('gap', one['what'])}{said('comma')}{amount}")


def _restated(body: Body, said: Words) -> Iterable[Line]:
    """What was taken back since: a withdrawn attestation, a source stream that was replaced."""
    for one in body.get("restated", ()):
        lost = said("fp.lost", kwh=said.number(one["wh"] // 1_000)) if "wh" in one else ""
        reason = one["reason"].replace("-", " ")
        yield Line(said("fp.restated"), said("fp.restated_says", entry=one["entry"], reason=reason), lost)


def _method(one: Body, said: Words) -> str:
    return said("fp.method", rules=one["rules"]["id"], method=one.get("method", "-"), gwp=one.get("gwp", "-"))
