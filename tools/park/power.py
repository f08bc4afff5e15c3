"""A day of the two power producers, hour by hour."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tools.park.actors import SOLAR, WIND, Actor
from tools.park.events import Said, day
from tools.park.yard import Park

DAY = 2  # that of the first heat
_WATTS = {"wind": 190_000_000, "solar": 84_000_000}
_HOURS = 24
_RISE, _SET = 6, 20  # hours of local time


def attest(park: Park, number: int) -> Iterator[Said]:
    """Each hour in which there was something."""
    if number != DAY:
        return
    for hour in range(_HOURS):
        start = day(number, f"{hour:02d}:00")
        blown = _WATTS["wind"] * park.plan.chance.between(55, 100, "wind", hour) // 100
        yield _hour(WIND, start, blown)
        if _RISE <= hour < _SET:
            # A parabola from sunrise to sunset, clouds beside.
            height = 4 * (2 * (hour - _RISE) + 1) * (2 * (_SET - hour) - 1) * 100 // (2 * (_SET - _RISE)) ** 2
            shone = _WATTS["solar"] * height * park.plan.chance.between(85, 100, "solar", hour) // 10_000
            yield _hour(SOLAR, start, shone)


def _hour(actor: Actor, start: datetime, wh: int) -> Said:
    end = start + timedelta(hours=1)
    source = actor.word
    body: dict[str, Any] = {
        "id": actor.own(f"{start.astimezone(UTC):%Y-%m-%dT%H}"),
        "device": actor.own("farm-1"),
        "meter": actor.own("meter-1"),
        "from": _utc(start),
        "to": _utc(end),
        "wh": wh,
        "source": source,
        "quality": "measured",
        "support": "none",
        "dissemination": "public-grid",
        "disclosure": True,
        "configuration": 1,
        "expires": _utc(start + timedelta(days=365)),
    }
    return Said(actor, "energy-attestation", body, end, f"{wh // 1000} kWh of {source} in one hour")


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
