"""Footprints out of what pieces carry."""

from collections.abc import Iterable, Mapping

from ledger.carbon.exact import in_tonnes
from ledger.carbon.records import Footprint, Gap, Part, Power, weakest
from ledger.carbon.streams import Stream
from ledger.carbon.vectors import Key, Keys, Vector

_POWER = {"location": "location", "market-hourly": "market_hourly", "market-volumetric": "market_volumetric"}


def footprint_of(piece: str, g: int, vector: Vector, keys: Keys, streams: Iterable[Stream] = ()) -> Footprint:
    """What a piece carries, as a footprint. `streams` are those it may rest on: their tables and potentials."""
    said = keys.said(vector)
    used = tuple(streams)
    return Footprint(
        piece=piece,
        g=g,
        parts=tuple(sorted(_part(key, amount) for key, amount in said.items() if key.what == "emission")),
        power=tuple(_power(said)),
        coc_model=weakest(key.second for key in said if key.what == "wh" and key.first != "none"),
        provisional=any(key.what == "open" for key in said),
        gaps=tuple(sorted(Gap(key.stage, key.first, amount) for key, amount in said.items() if key.what == "gap")),
        gwp=",".join(sorted({one.gwp for one in used if one.gwp})),
        tables=tuple(sorted({one.table for one in used if one.table})),
    )


def _part(key: Key, amount: int) -> Part:
    return Part(key.stage, key.first, key.second, key.third, in_tonnes(amount))


def _power(said: Mapping[Key, int]) -> Iterable[Power]:
    for stage in sorted({key.stage for key in said if key.what == "wh"}):
        rows = {key: amount for key, amount in said.items() if key.stage == stage}
        wh = {how: sum(rows[key] for key in rows if key.what == "wh" and key.first == how) for how in _MATCHED}
        t = {name: in_tonnes(rows.get(Key(stage, what), 0)) for what, name in _POWER.items()}
        models = (key.second for key in rows if key.what == "wh" and key.first != "none")
        yield Power(
            stage=stage,
            wh=sum(wh.values()),
            hourly_wh=wh["hourly"],
            volumetric_wh=wh["hourly"] + wh["volumetric"],
            **t,
            coc_model=weakest(models),
        )


_MATCHED = ("hourly", "volumetric", "none")
