"""Shares of attested energy in what was consumed, as exact fractions (C7), and the model of custody they rest on."""

from collections.abc import Iterable
from fractions import Fraction

from msgspec import Struct

from ledger.energy.records import Hour

# ISO 22095: power of the same hour is in known proportion in what was made with it; over other hours only on average.
_MODELS = {"hourly": "controlled-blending", "volumetric": "mass-balance"}


class HourShare(Struct, frozen=True):
    """One hour in Wh: drawn, covered within the hour, and covered from other hours."""

    start: int
    consumed: int
    hourly: int
    volumetric: int


class Shares(Struct, frozen=True):
    """Of all hours, in Wh: drawn, covered within the hour, covered in any way; and the two shares."""

    consumed: int
    hourly_wh: int
    any_wh: int
    volumetric: Fraction
    hourly: Fraction
    hours: tuple[HourShare, ...]


def allocated(hour: Hour, matching: str | None = None) -> int:
    """Wh that live rows cover, of one kind of matching or of all."""
    return sum(row.wh for row in hour.rows if matching is None or row.matching == matching)


def shares(hours: Iterable[Hour]) -> Shares:
    """C7: volumetric = min(1, Σ all / E), hourly = Σ min(hourly of h, E of h) / E; hourly is never more.

    0 where nothing was consumed.
    """
    each = tuple(HourShare(one.start, one.wh, allocated(one, "hourly"), allocated(one, "volumetric")) for one in hours)
    consumed = sum(one.consumed for one in each)
    hourly = sum(min(one.hourly, one.consumed) for one in each)
    total = sum(one.hourly + one.volumetric for one in each)
    return Shares(
        consumed=consumed,
        hourly_wh=hourly,
        any_wh=total,
        volumetric=min(Fraction(1), Fraction(total, consumed)) if consumed else Fraction(0),
        hourly=Fraction(hourly, consumed) if consumed else Fraction(0),
        hours=each,
    )


def coc_model(matching: str) -> str:
    """The chain-of-custody model (ISO 22095) of what was matched in this way."""
    return _MODELS[matching]
