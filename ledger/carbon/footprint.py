"""Footprints out of what pieces carry."""

from collections.abc import Iterable, Mapping

from ledger.carbon.exact import in_tonnes
from ledger.carbon.records import Footprint, Gap, Part, Power, Restated, weakest
from ledger.carbon.vectors import Key, Keys, Vector

_POWER = {"location": "location", "market-hourly": "market_hourly", "market-volumetric": "market_volumetric"}


def footprint_of(piece: str, g: int, vector: Vector, keys: Keys) -> Footprint:
    """What a piece carries, as a footprint."""
    said = keys.said(vector)
    return Footprint(
        piece=piece,
        g=g,
        parts=tuple(sorted(_part(key, amount) for key, amount in said.items() if key.what == "emission")),
        power=tuple(_power(said)),
        coc_model=weakest(key.second for key in said if key.what == "wh" and key.first != "none"),
        provisional=any(key.what == "open" for key in said),
        gaps=tuple(sorted(Gap(key.stage, key.first, amount) for key, amount in said.items() if key.what == "gap")),
        gwp=",".join(sorted(key.first for key in said if key.what == "gwp")),
        tables=tuple(sorted(key.first for key in said if key.what == "table")),
        restated=tuple(_restated(said)),
    )


def _restated(said: Mapping[Key, int]) -> Iterable[Restated]:
    """By entry and reason; of what was replaced no Wh are told."""
    found: dict[tuple[int, str], int] = {}
    for key, amount in said.items():
        if key.what == "restated":
            row = int(key.first), key.second
            found[row] = found.get(row, 0) + (0 if key.second == "replaced" else amount)
    return (Restated(entry, reason, wh) for (entry, reason), wh in sorted(found.items()))


def _part(key: Key, amount: int) -> Part:
    return Part(key.stage, key.first, key.second, key.third, in_tonnes(amount))


def _power(said: Mapping[Key, int]) -> Iterable[Power]:
    for stage in sorted({key.stage for key in said if key.what == "wh"}):
        rows = {key: amount for key, amount in said.items() if key.stage == stage}
        wh = {how: sum(rows[key] for key in rows if key.what == "wh" and key.first == how) for how in _MATCHED}
        t = {name: in_tonnes(rows.get(Key(stage, what), 0)) for what, name in _POWER.items()}
        covered = {key: amount for key, amount in rows.items() if key.what == "wh" and key.first != "none"}
        sources = {key.third: 0 for key in covered}
        for key, amount in covered.items():
            sources[key.third] += amount
        yield Power(
            stage=stage,
            wh=sum(wh.values()),
            hourly_wh=wh["hourly"],
            volumetric_wh=wh["hourly"] + wh["volumetric"],
            **t,
            coc_model=weakest(key.second for key in covered),
            sources=tuple(sorted(sources.items())),
        )


_MATCHED = ("hourly", "volumetric", "none")
