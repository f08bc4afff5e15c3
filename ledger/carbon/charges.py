"""What processes are charged with: streams of emissions over their period, and power hour by hour (F10, C8)."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from ledger.carbon.exact import in_parts, parts_per_wh
from ledger.carbon.given import Covered, PowerHour, Process
from ledger.carbon.storage import parts_of
from ledger.carbon.streams import Stream
from ledger.carbon.vectors import Key, Keys, Vector
from ledger.carbon.windows import Charge, Spans

HOUR = 3_600_000_000  # µs
_MARK = 10**30  # of what is no amount, so that a share of it is seen as far as it is followed
_LOCATION = frozenset({"grid", "other-public", "own-generation", "chp"})
_UNBUNDLED = 3  # EnergyTag configuration: from a cancelled certificate
_NO_FACTOR = "no-factor"


class Factor(NamedTuple):
    """In t CO2e/MWh, the factor set that it is of, if it is of one, and the entry that states it for a period."""

    t: Decimal
    table: str
    entry: int
    end: int


class Factors:
    """The factors of each process's power by period: of its grid, and of what no attestation covers."""

    def __init__(self, streams: Iterable[Stream]) -> None:
        self._of: dict[tuple[str, bool], list[tuple[int, int, Factor]]] = {}
        for one in streams:
            if one.power is not None and (one.power.method in _LOCATION or one.power.method == "residual"):
                residual = one.power.method == "residual"
                row = (one.start, one.end, Factor(one.power.factor, one.table, one.entry, one.end))
                self._of.setdefault((one.process, residual), []).append(row)
        for rows in self._of.values():
            rows.sort()

    def at(self, process: str, moment: int) -> tuple[Factor | None, Factor | None]:
        """(grid, residual); one of them stated serves for both, none is None."""
        last = [self._last(process, moment, residual=which) for which in (False, True)]
        grid, residual = (one if one is not None and moment < one.end else None for one in last)
        return grid if grid is not None else residual, residual if residual is not None else grid

    def looked_at(self, process: str, moment: int) -> set[int]:
        """The entries of those that could hold then."""
        last = (self._last(process, moment, residual=which) for which in (False, True))
        return {one.entry for one in last if one is not None}

    def _last(self, process: str, moment: int, *, residual: bool) -> Factor | None:
        rows = self._of.get((process, residual), [])
        place = bisect_left(rows, (moment + 1,)) - 1
        return rows[place][2] if place >= 0 else None


def charges_of(
    streams: Iterable[Stream], hours: Iterable[PowerHour], processes: Mapping[str, Process], spans: Spans, keys: Keys
) -> Iterator[Charge]:
    """Of the footprint: what streams for it emit, and power with its factors; what is not closed is marked as open."""
    kept = tuple(streams)
    factors = Factors(kept)
    for one in kept:
        stage = _stage(processes, one.process)
        amounts = _emitted(one, stage, keys) if "footprint" in one.accounts else {}
        if amounts:
            _mark_open(amounts, one.process, one.end - 1, spans, keys)
            yield Charge(one.process, one.start, one.end, amounts, one.entry)
    for hour in hours:
        for loss, part in parts_of(hour) if hour.wh else ():
            of = loss or hour  # a store's loss is borne by who used what came back
            stage = _stage(processes, hour.process)
            amounts = _drawn(part, stage, factors.at(hour.process, hour.start), keys)
            _mark_open(amounts, of.process, of.start, spans, keys)
            yield Charge(of.process, of.start, of.start + HOUR, amounts, hour.entry)


def _stage(processes: Mapping[str, Process], process: str) -> str:
    found = processes.get(process)
    return found.kind if found is not None else "other"


def _emitted(one: Stream, stage: str, keys: Keys) -> Vector:
    found: Vector = {}
    for part in one.emissions:
        number = keys.number(Key(stage, "emission", one.kind, part.gas, part.basis))
        found[number] = found.get(number, 0) + in_parts(part.t)
    if found and one.replaces >= 0:
        found[keys.number(Key(stage, "restated", str(one.entry), "replaced"))] = _MARK
    for what, name in (("table", one.table), ("gwp", one.gwp)):
        if found and name:
            found[keys.number(Key("", what, name))] = _MARK
    return {number: amount for number, amount in found.items() if amount}


def _mark_open(amounts: Vector, process: str, moment: int, spans: Spans, keys: Keys) -> None:
    if not spans.of(process, moment).closed:
        amounts[keys.number(Key("", "open"))] = _MARK


def _drawn(hour: PowerHour, stage: str, factors: tuple[Factor | None, Factor | None], keys: Keys) -> Vector:
    """Wh by how they are covered, and their emissions by location and by market, both ways of matching."""
    found: Vector = {}

    def put(key: Key, amount: int) -> None:
        number = keys.number(key)
        found[number] = found.get(number, 0) + amount

    for row in hour.rows:
        put(Key(stage, "wh", row.matching, model_of(row), row.source), row.wh)
    put(Key(stage, "wh", "none"), hour.wh - sum(row.wh for row in hour.rows))
    for one in hour.fallen:
        put(Key(stage, "restated", str(one.entry), one.reason), one.wh)
    if None in factors or any(row.factor is None for row in hour.rows):
        put(Key(stage, "gap", _NO_FACTOR), hour.wh)
    grid, residual = (one.t if one is not None else Decimal(0) for one in factors)
    for table in {one.table for one in factors if one is not None and one.table}:
        put(Key("", "table", table), _MARK)
    put(Key(stage, "location"), hour.wh * parts_per_wh(grid))
    put(Key(stage, "market-hourly"), _market(hour, residual, "hourly"))
    put(Key(stage, "market-volumetric"), _market(hour, residual, "volumetric"))
    return {number: amount for number, amount in found.items() if amount}


def _market(hour: PowerHour, residual: Decimal, matching: str) -> int:
    """C8: covered Wh at their attestation's factor, the rest at the residual one, never 0 by being left out."""
    rows = [row for row in hour.rows if row.matching == "hourly" or matching == "volumetric"]
    rest = hour.wh - sum(row.wh for row in rows)
    covered = (row.wh * parts_per_wh(residual if row.factor is None else row.factor) for row in rows)
    return sum(covered, rest * parts_per_wh(residual))


def model_of(row: Covered) -> str:
    """ISO 22095 of a claim on power: blended where the hour matches, balanced by volume, booked from a certificate."""
    if row.configuration == _UNBUNDLED:
        return "book-and-claim"
    return "controlled-blending" if row.matching == "hourly" else "mass-balance"
