"""What every process drew in every hour, by what it did, and whose hours of wind and sun are whose."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tools.park.actors import ACTORS, Actor
from tools.park.events import KG, MIDNIGHT, Said
from tools.park.weather import HOURS

# Wh a kg of what a process makes or treats: of bauxite, alumina, metal, slab, band, coil. The smelter's is 13 230 kWh
# a t at the cells, 98 % of the rectifiers, and 450 beside.
RATES: Mapping[str, int] = {
    "pit-1": 20, "digestion": 200, "silo-1": 3, "potline-1": 13_950, "potline-2": 13_950, "potline-3": 13_950,
    "casthouse": 45, "homogeniser": 15, "scalper": 15, "preheater": 5, "hot": 280,
    "cold": 350, "annealer": 25, "leveller": 15, "slitter": 10, "shear": 5,
}  # fmt: skip
_HOUR = timedelta(hours=1)
_PLACES = {actor.own(local): (actor.word, local) for actor in ACTORS for local in actor.processes}


@dataclass(frozen=True)
class Slice:
    """Watt-hours [start, end) of an attestation, bought under a contract."""

    attestation: str
    contract: str
    start: int
    end: int

    @property
    def wh(self) -> int:
        """How many."""
        return self.end - self.start

    def cut(self, wh: int) -> tuple["Slice", "Slice"]:
        """The first so many, and the rest."""
        middle = self.start + wh
        return (
            Slice(self.attestation, self.contract, self.start, middle),
            Slice(self.attestation, self.contract, middle, self.end),
        )


@dataclass(frozen=True)
class Used:
    """One row of an allocation: where it stands, what it covers, and with what."""

    mark: str
    row: int
    consumption: str
    covers: Slice


@dataclass
class Grid:
    """Hours are counted from MIDNIGHT; processes by (party's word, local name). Wh and kg."""

    drawn: dict[tuple[str, str], dict[int, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    made: dict[tuple[str, str], dict[int, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    bought: dict[tuple[str, int], list[Slice]] = field(default_factory=lambda: defaultdict(list))
    short: dict[tuple[str, int], dict[tuple[int, str], int]] = field(default_factory=lambda: defaultdict(dict))
    spare: dict[tuple[str, int], list[Slice]] = field(default_factory=lambda: defaultdict(list))
    sows: dict[int, int] = field(default_factory=dict)  # by day
    used: dict[str, list[Used]] = field(default_factory=lambda: defaultdict(list))

    def note(self, said: Said) -> None:
        """What an event drew, spread over its window; what was told wrong and then right counts once."""
        place = _PLACES.get(said.body.get("al:process", ""))
        if place is None or said.late is not None:
            return
        kg = _treated(said.body)
        start, end = datetime.fromisoformat(said.body["al:start"]), said.time
        self.made[place][(end - timedelta(microseconds=1) - MIDNIGHT) // timedelta(days=1) + 1] += kg
        for hour, wh in _spread(kg * RATES[place[1]], start, end):
            self.drawn[place][hour] += wh

    def made_in(self, actor: Actor, local: str, days: range) -> int:
        """Kg that a process made on these days."""
        made = self.made[actor.word, local]
        return sum(made.get(number, 0) for number in days)


def _treated(event: Mapping[str, Any]) -> int:
    """Kg of what came out good, or of all where nothing changed its mass."""
    roles = {row["id"]: row["role"] for row in event.get("al:role", ())}
    rows = event.get("al:mass", ())
    return int(sum(row["g"] for row in rows if not roles or roles.get(row["id"]) == "good") // KG)


def _spread(wh: int, start: datetime, end: datetime) -> Iterator[tuple[int, int]]:
    """Evenly over [start, end), by hours; nothing is lost in rounding."""
    span, given = end - start, 0
    hour = (start - MIDNIGHT) // _HOUR
    while given < wh:
        passed = min(end, MIDNIGHT + (hour + 1) * _HOUR) - start
        reached = wh * passed // span
        yield hour, reached - given
        given, hour = reached, hour + 1


def on(number: int) -> range:
    """The hours of a day, from 1."""
    return range((number - 1) * HOURS, number * HOURS)
