"""What the plants' meters say: one statement a day and process, hour by hour; and whose wind and sun covers it.

A plant first covers the hours in which it drew with what was generated in the same hours. What it bought and did not
need then it uses at the end of the week for hours that stayed uncovered, and that counts by volume alone.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from tools.park.actors import AT_THE_GRID, MILL, MINE, REFINERY, SMELTER, Actor
from tools.park.events import Said, day, utc
from tools.park.grid import Slice, Used, on
from tools.park.weather import HOURS
from tools.park.yard import Park

WEEK = 7
_ROWS = 400  # a statement, to stay below the limit of its size
Row = tuple[Slice, str, int]  # what covers which process in which hour


def read_meters(park: Park, number: int) -> Iterator[Said]:
    """Of a day that is over."""
    for actor in (MINE, REFINERY, SMELTER, MILL):
        for local in actor.processes:
            drawn = park.grid.drawn[actor.word, local]
            by_hour = [drawn.get(hour, 0) for hour in on(number)]
            if any(by_hour):
                yield _meter(actor, local, number, by_hour)
        if AT_THE_GRID in actor.meters:
            yield _at_the_grid(park, actor, number)


def _at_the_grid(park: Park, actor: Actor, number: int) -> Said:
    """The site's own meter: what all its processes drew, a thousandth more or less as meters have it (C1)."""
    sums = [sum(park.grid.drawn[actor.word, local].get(hour, 0) for local in actor.processes) for hour in on(number)]
    by_hour = [wh + wh * (hour % 3 - 1) // 1_000 for hour, wh in zip(on(number), sums, strict=True)]
    body = {
        "id": actor.own(f"drawn/site/{day(number):%Y-%m-%d}"), "site": actor.site, "from": utc(day(number)),
        "wh": by_hour, "method": "meter", "meter": actor.own(AT_THE_GRID["id"]),
    }  # fmt: skip
    what = f"the {actor.word} as a whole drew {sum(by_hour) // 1_000:,} kWh".replace(",", " ")
    return Said(actor, "energy-consumption", body, day(number + 1), what)


def _meter(actor: Actor, local: str, number: int, by_hour: list[int]) -> Said:
    body = {
        "id": record(actor, local, number), "process": actor.own(local), "from": utc(day(number)), "wh": by_hour,
        "method": "meter", "meter": actor.own(f"m-{local}"),
    }  # fmt: skip
    what = f"{local} drew {sum(by_hour) // 1_000:,} kWh".replace(",", " ")
    return Said(actor, "energy-consumption", body, day(number + 1), what)


def record(actor: Actor, local: str, number: int) -> str:
    """The id of a process's day."""
    return actor.own(f"drawn/{local}/{day(number):%Y-%m-%d}")


def cover(park: Park, number: int) -> Iterator[Said]:
    """The hours of the day before, each with what was generated in it; on the last of a week, the rest by volume."""
    days = week_of(number - 1, park.plan.days)
    for actor in (REFINERY, SMELTER, MILL):
        rows = [row for hour in on(number - 1) for row in _same_hour(park, actor, hour, days.start)]
        yield from _allocated(park, actor, number, "hourly", rows)
        if number == days.stop:
            yield from _allocated(park, actor, number, "volumetric", _by_volume(park, actor, days.start))


def week_of(number: int, days: int) -> range:
    """The days of the week in which one falls; the last week ends with the story."""
    first = number - (number - 1) % WEEK
    return range(first, min(first + WEEK, days + 1))


def _same_hour(park: Park, actor: Actor, hour: int, week: int) -> Iterator[Row]:
    """Every process gets the same part of what it drew, and of each farm what that gave of all there was."""
    grid = park.grid
    wanted = {local: grid.drawn[actor.word, local].get(hour, 0) for local in actor.processes}
    have = [*grid.bought.pop((actor.word, hour), ())]
    total, given = sum(wanted.values()), min(sum(wanted.values()), sum(one.wh for one in have))
    passed = 0
    for local, wh in wanted.items():
        share = given * (passed + wh) // total - given * passed // total if total else 0
        passed += wh
        yield from ((one, local, hour) for one in _take_evenly(have, share))
        if wh > share:
            grid.short[actor.word, week][hour, local] = wh - share
    grid.spare[actor.word, week] += have


def _by_volume(park: Park, actor: Actor, week: int) -> Iterator[Row]:
    """Every uncovered hour gets the same part."""
    have, wanted = park.grid.spare.pop((actor.word, week), []), park.grid.short.pop((actor.word, week), {})
    total = sum(wanted.values())
    given, passed = min(total, sum(one.wh for one in have)), 0
    for (hour, local), wh in wanted.items():
        share = given * (passed + wh) // total - given * passed // total
        passed += wh
        yield from ((one, local, hour) for one in _take(have, share))


def _take_evenly(have: list[Slice], wh: int) -> Iterator[Slice]:
    """So much of what there is, of each in proportion; what is left stays in `have`."""
    slices, total, passed = [*have], sum(one.wh for one in have), 0
    have.clear()
    for one in slices:
        first, rest = one.cut(wh * (passed + one.wh) // total - wh * passed // total)
        passed += one.wh
        have += [rest] if rest.wh else []
        if first.wh:
            yield first


def _take(have: list[Slice], wh: int) -> Iterator[Slice]:
    """So much of what there is, first come first served; what is left stays in `have`."""
    while wh:
        first, rest = have[0].cut(min(wh, have[0].wh))
        have[:1] = [rest] if rest.wh else []
        wh -= first.wh
        yield first


def _allocated(
    park: Park, actor: Actor, number: int, matching: str, rows: Iterator[Row] | Sequence[Row]
) -> Iterator[Said]:
    told = list(rows)
    for first in range(0, len(told), _ROWS):
        part = told[first : first + _ROWS]
        mark = f"{actor.word}/{matching}/{number}/{first}"
        body = {
            "matching": matching, "purpose": "footprint", "beneficiary": actor.id,
            "rows": [_row(park, actor, mark, place, one) for place, one in enumerate(part)],
        }  # fmt: skip
        wh = sum(one.wh for one, _, _ in part)
        how = "in the same hours" if matching == "hourly" else "by volume over the week"
        what = f"{wh // 1_000_000} MWh cover what the {actor.word} drew, {how}"
        clock = "10:00" if matching == "hourly" else "11:00"
        yield Said(actor, "energy-allocation", body, day(number, clock), what, mark=mark)


def _row(park: Park, actor: Actor, mark: str, place: int, row: Row) -> dict[str, Any]:
    covers, local, hour = row
    consumption = record(actor, local, hour // HOURS + 1)
    park.grid.used[covers.attestation].append(Used(mark, place, consumption, covers))
    return {
        "attestation": covers.attestation, "from_wh": covers.start, "to_wh": covers.end, "consumption": consumption,
        "hour": hour % HOURS, "delivery": "contract", "contract": covers.contract,
    }  # fmt: skip
