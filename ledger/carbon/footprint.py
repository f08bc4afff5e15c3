"""Footprints out of what pieces carry."""

from collections.abc import Iterable, Iterator

from ledger.carbon.exact import in_tonnes
from ledger.carbon.records import Footprint, Gap, Part, Power, Restated, weakest
from ledger.carbon.vectors import Key, Keys, Vector

_POWER = frozenset({"wh", "location", "market-hourly", "market-volumetric"})
_UNCOVERED = "none"
_Row = tuple[Key, int]


def footprint_of(piece: str, g: int, vector: Vector, keys: Keys) -> Footprint:
    """What a piece carries, as a footprint."""
    said: dict[str, list[_Row]] = {}
    power: dict[str, list[_Row]] = {}
    for key, amount in keys.said(vector).items():
        said.setdefault(key.what, []).append((key, amount))
        if key.what in _POWER:
            power.setdefault(key.stage, []).append((key, amount))
    return Footprint(
        piece=piece,
        g=g,
        parts=tuple(sorted(_part(key, amount) for key, amount in said.get("emission", ()))),
        power=tuple(_power_of(stage, rows) for stage, rows in sorted(power.items()) if _is_drawn(rows)),
        coc_model=weakest(key.second for key, _ in said.get("wh", ()) if key.first != _UNCOVERED),
        provisional="open" in said,
        gaps=tuple(sorted(Gap(key.stage, key.first, amount) for key, amount in said.get("gap", ()))),
        gwp=",".join(sorted(key.first for key, _ in said.get("gwp", ()))),
        tables=tuple(sorted(key.first for key, _ in said.get("table", ()))),
        restated=tuple(_restated(said.get("restated", ()))),
    )


def _restated(rows: Iterable[_Row]) -> Iterator[Restated]:
    """By entry and reason; of what was replaced no Wh are told."""
    found: dict[tuple[int, str], int] = {}
    for key, amount in rows:
        row = int(key.first), key.second
        found[row] = found.get(row, 0) + (0 if key.second == "replaced" else amount)
    return (Restated(entry, reason, wh) for (entry, reason), wh in sorted(found.items()))


def _part(key: Key, amount: int) -> Part:
    return Part(key.stage, key.first, key.second, key.third, in_tonnes(amount))


def _is_drawn(rows: list[_Row]) -> bool:
    return any(key.what == "wh" for key, _ in rows)


def _power_of(stage: str, rows: list[_Row]) -> Power:
    """The electricity of one stage."""
    wh = dict.fromkeys(("hourly", "volumetric", _UNCOVERED), 0)
    sources, models, parts = dict[str, int](), set[str](), dict[str, int]()
    for key, amount in rows:
        if key.what != "wh":
            parts[key.what] = amount
            continue
        wh[key.first] += amount
        if key.first != _UNCOVERED:
            sources[key.third] = sources.get(key.third, 0) + amount
            models.add(key.second)
    return Power(
        stage=stage,
        wh=sum(wh.values()),
        hourly_wh=wh["hourly"],
        volumetric_wh=wh["hourly"] + wh["volumetric"],
        location=in_tonnes(parts.get("location", 0)),
        market_hourly=in_tonnes(parts.get("market-hourly", 0)),
        market_volumetric=in_tonnes(parts.get("market-volumetric", 0)),
        coc_model=weakest(models),
        sources=tuple(sorted(sources.items())),
    )
