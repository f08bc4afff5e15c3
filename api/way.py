"""The way of a piece as a picture: the sites it came through, in order, and a small map of them.

No coastline, no roads: nothing is shown that the ledger does not hold.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from api.languages import Words
from api.origins import origins_of
from ledger.kernel.party import Registry

Body = Mapping[str, Any]
WIDTH, HEIGHT = 340, 190  # of the map, in its own units
_MARGIN = 24
_APART = 19  # marks of neighbours do not cover each other
_LEAST = 0.4  # degrees: a map of one works is no plan of its yard
_KM = 111.32  # kilometres of a degree of latitude
# In the order of the metal: where sites worked at the same time, as works of one park do.
_CHAIN = ("mining", "refining", "anode-making", "electrolysis", "casting", "remelting", "hot-rolling", "cold-rolling")
# Not a place's own work: what comes before or after it.
_HANDLING = frozenset({"commissioning", "shipping", "receiving", "storing"})


@dataclass(frozen=True, slots=True)
class Stop:
    """One site, what was done there, each with its dates, and masses, each with what it is the mass of."""

    number: int
    name: str
    where: str
    did: tuple[str, ...]
    masses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """A stop on the map."""

    number: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Map:
    """`line` joins the marks, `bar` is the length of `bar_km` kilometres."""

    marks: tuple[Mark, ...]
    line: str
    bar: float
    bar_km: int


@dataclass(frozen=True, slots=True)
class Way:
    """Stops in order; no map where fewer than two of them have a place."""

    stops: tuple[Stop, ...]
    map: Map | None


@dataclass(slots=True)
class _Site:
    id: str
    party: str
    country: str
    rows: list[tuple[str, str, str, int]] = field(default_factory=list)  # step, from, to, entries
    lots: dict[str, None] = field(default_factory=dict)  # pieces that were worked on, in order

    @property
    def order(self) -> tuple[int, str]:
        """Its place in the chain, then when its own work began."""
        rank = min((_CHAIN.index(step) for step, *_ in self.rows if step in _CHAIN), default=len(_CHAIN))
        own = [start for step, start, _, _ in self.rows if step not in _HANDLING]
        return rank, min(own or [start for _, start, _, _ in self.rows])


def way_of(body: Body, registry: Registry, words: Words, lots: Mapping[str, int]) -> Way:
    """From what went before, told by party, and the steps of the piece itself, told by site.

    `lots` are masses in g of pieces that it was made of, beside its own.
    """
    places = _places(registry)
    sites = sorted(_sites(body, places), key=lambda one: one.order)
    begun = origins_of(body, registry, words)
    stops = tuple(
        replace(
            _stop(number, one, places, registry, words),
            masses=(*begun.pop(one.party, ()), *_lot_masses(one, lots, words)),
        )
        for number, one in enumerate(sites, 1)
    )
    known = [(number, places[one.id]) for number, one in enumerate(sites, 1) if one.id in places]
    return Way(stops, _map([(number, _point(site)) for number, site in known]) if len(known) > 1 else None)


def _places(registry: Registry) -> dict[str, Body]:
    return {
        site["id"]: {**site, "party": party.id}
        for party in registry.parties.values()
        for site in party.profile.get("sites", ())
    }


def _sites(body: Body, places: Mapping[str, Body]) -> Iterable[_Site]:
    found: dict[str, _Site] = {}
    for one in body.get("steps", ()):
        site = _noted(found, one.get("site", one["party"]), one)
        site.rows.append((one["step"], one.get("from", one["at"]), one["at"], 1))
        if "lot" in one:
            site.lots[one["lot"]] = None
    for one in body.get("stages", ()):
        site = _noted(found, _usual_site(one["party"], found, places), one)
        site.rows.append((one["step"], one["from"], one["to"], one["entries"]))
    return found.values()


def _noted(found: dict[str, _Site], name: str, row: Body) -> _Site:
    return found.setdefault(name, _Site(name, row["party"], row.get("country", "")))


def _usual_site(party: str, found: Mapping[str, _Site], places: Mapping[str, Body]) -> str:
    """Stages name no site: where the party worked on the piece, else the first site that it has."""
    own = [one.id for one in found.values() if one.party == party]
    return own[0] if own else next((one for one in places if places[one]["party"] == party), party)


def _lot_masses(site: _Site, lots: Mapping[str, int], words: Words) -> Iterable[str]:
    for lot in site.lots:
        if lot in lots:
            yield f"{lot.partition('(21)')[2] or lot}{words('colon')}{words.mass(lots[lot])}"


def _stop(number: int, site: _Site, places: Mapping[str, Body], registry: Registry, words: Words) -> Stop:
    party = registry.parties.get(site.party)
    name = party.name if party is not None else site.party
    works = places[site.id]["name"] if site.id in places else ""
    if works.startswith(name):  # it need not be said twice
        name, works = works, ""
    where = words("comma").join(part for part in (works, site.country) if part)
    return Stop(number, name, where, tuple(_did(site.rows, words)))


def _did(rows: Sequence[tuple[str, str, str, int]], words: Words) -> Iterable[str]:
    """Each kind of step once, with its first and last day."""
    spans: dict[str, tuple[str, str, int]] = {}
    for step, start, end, entries in sorted(rows, key=lambda row: row[1]):
        first, last, many = spans.get(step, (start, end, 0))
        spans[step] = (min(first, start), max(last, end), many + entries)
    for step, (start, end, _) in spans.items():
        first, last = words.date(start), words.date(end)
        when = first if first == last else words("span", start=first, end=last)
        yield f"{words.of('step', step)}{words('colon')}{when}"


def _point(site: Body) -> tuple[float, float]:
    return float(site["longitude"]), float(site["latitude"])


def _map(points: Sequence[tuple[int, tuple[float, float]]]) -> Map:
    """Equirectangular about the middle latitude, so that a degree is as long across as it is up."""
    lons, lats = [lon for _, (lon, _) in points], [lat for _, (_, lat) in points]
    middle = (min(lats) + max(lats)) / 2
    shrink = math.cos(math.radians(middle))
    wide = max((max(lons) - min(lons)) * shrink, _LEAST)
    high = max(max(lats) - min(lats), _LEAST)
    scale = min((WIDTH - 2 * _MARGIN) / wide, (HEIGHT - 2 * _MARGIN) / high)
    centre = (min(lons) + max(lons)) / 2
    marks: list[Mark] = []
    for number, (lon, lat) in points:
        x = WIDTH / 2 + (lon - centre) * shrink * scale
        y = HEIGHT / 2 - (lat - middle) * scale
        marks.append(_clear_of(marks, number, x, y))
    line = " ".join(f"{mark.x:.1f},{mark.y:.1f}" for mark in marks)
    length, kilometres = _bar(scale)
    return Map(tuple(marks), line, length, kilometres)


def _clear_of(marks: Sequence[Mark], number: int, x: float, y: float) -> Mark:
    """Beside those that are there already: to the right, and a row lower at the edge."""
    start = x
    while any(math.hypot(x - one.x, y - one.y) < _APART for one in marks):
        x += _APART
        if x > WIDTH - _MARGIN / 2:
            x, y = start, y + _APART
    return Mark(number, round(x, 1), round(y, 1))


def _bar(scale: float) -> tuple[float, int]:
    """A round number of kilometres of at most a quarter of the map."""
    most = WIDTH / 4 / scale * _KM
    power = 10 ** max(math.floor(math.log10(most)), 0)
    kilometres = int(next((step * power for step in (5, 2) if step * power <= most), power))
    return round(kilometres / _KM * scale, 1), kilometres
