"""What a passport says of its piece's footprint: figures, each rounded once, and where they come from (SPEC 12.5)."""

from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from msgspec import Struct

from ledger.carbon.evidence import Found
from ledger.carbon.exact import scaled
from ledger.carbon.factors import known
from ledger.carbon.records import Footprint, Matching

METHOD = "cradle-to-gate"
_PLACES = Decimal("0.000001")
_GRAM = Decimal("0.001")  # kg
_FIGURES: tuple[tuple[str, Matching, str], ...] = (
    ("product-footprint", "hourly", "hourly"),
    ("product-footprint", "volumetric", "volumetric"),
    ("product-footprint-location", "location", "none"),
)
# The most of each (SPEC 4.9.5).
_PARTS, _POWER, _GAPS, _RESTATED = 200, 50, 100, 100
FULL: Mapping[str, int] = {"breakdown": _PARTS, "power": _POWER}  # what figures are made of: so long it may be cut
MEMBERS = ("breakdown", "power", "gaps", "tables", "restated", "accounts", "evidence")


def out_of_reach() -> None:
    """Nothing is known of what a footprint follows from."""


class Accounted(Struct, frozen=True):
    """The footprint of a piece, the state of the ledger that it was computed from, and what it follows from there."""

    footprint: Footprint
    size: int
    root: str
    followed_back: Callable[[], Found | None] = out_of_reach


def figures_of(footprint: Footprint, rules: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Emissions a t of the piece, three ways; the two shares, side by side."""
    about = {"scope": "voluntary", "rules": dict(rules), "method": METHOD, "rounding": "half-up"}
    about |= {"coc_model": footprint.coc_model}
    late = {"provisional": True} if footprint.provisional else {}
    coverage = {"coverage": _share(footprint.coverage)}
    gwp = {"gwp": footprint.gwp} if footprint.gwp else {}
    for name, how, matching in _FIGURES:
        value = _rounded(footprint.per_t(how), _PLACES)
        yield {"name": name, "value": value, "unit": "t/t", **about, "matching": matching, **gwp, **coverage, **late}
    for matching, share in (("hourly", footprint.hourly_share), ("volumetric", footprint.volumetric_share)):
        name = f"renewable-share-{matching}"
        yield {"name": name, "value": _share(share), "unit": "1", **about, "matching": matching, **late}


def members_of(one: Accounted) -> dict[str, Any]:
    """What stands beside the figures."""
    footprint = one.footprint
    lists = {
        "breakdown": [
            {"stage": part.stage, "source": part.source, "gas": part.gas, "basis": part.basis, "kg": _kg(part.t)}
            for part in footprint.parts[:_PARTS]
        ],
        "power": [_power(footprint, place) for place in range(len(footprint.power[:_POWER]))],
        "gaps": [
            {"stage": gap.stage or "material", "what": gap.what, "amount": gap.amount} for gap in footprint.gaps[:_GAPS]
        ],
        "tables": [{"id": name, "digest": known()[name].digest} for name in footprint.tables],
        "restated": [
            {"entry": row.entry, "reason": row.reason, **({"wh": row.wh} if row.wh else {})}
            for row in footprint.restated[-_RESTATED:]
        ],
    }
    return {
        **{name: rows for name, rows in lists.items() if rows},
        "accounts": {"size": one.size, "root": one.root},
    }


def _power(footprint: Footprint, place: int) -> dict[str, Any]:
    one = footprint.power[place]
    sources = [{"source": source or "other", "wh": wh} for source, wh in one.sources if wh]
    return {
        "stage": one.stage,
        "wh": one.wh,
        "hourly_wh": one.hourly_wh,
        "volumetric_wh": one.volumetric_wh,
        "location": _kg(one.location),
        "market_hourly": _kg(one.market_hourly),
        "market_volumetric": _kg(one.market_volumetric),
        "coc_model": one.coc_model,
        **({"sources": sources} if sources else {}),
    }


def _kg(t: Decimal) -> str:
    return _rounded(scaled(t, 3), _GRAM)


def _share(value: Decimal) -> str:
    return _rounded(min(max(value, Decimal(0)), Decimal(1)), _PLACES)


def _rounded(value: Decimal, places: Decimal) -> str:
    rounded = value.quantize(places, ROUND_HALF_UP)
    return f"{rounded or abs(rounded):f}"


def of_mass(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """A passport's body without what it says of the footprint."""
    figures = [one for one in said.get("figures", ()) if one.get("scope") != "voluntary"]
    rest = {name: one for name, one in said.items() if name not in MEMBERS}
    return {**rest, "figures": figures}
