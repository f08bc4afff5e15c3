"""What a store was charged with: given back and drawn again elsewhere, lost on the way, or still in it (SPEC 12.4).

What came back is in the hours of those who used it. What was lost on the way belongs to them too, with the cover that
the charge had. Whole Wh, by largest remainder: nothing is lost but what the store lost.
"""

from collections.abc import Iterator, Mapping
from itertools import chain

from msgspec.structs import replace

from ledger.carbon.given import Covered, Loss, PowerHour, Uncovered
from ledger.lots.sharing import share

_BACK, _REST = -1, -2  # beside the numbers of losses


def parts_of(hour: PowerHour) -> Iterator[tuple[Loss | None, PowerHour]]:
    """The losses in an hour's charge, each with who bears it, and what is the process's own; not what came back."""
    if not hour.returned and not hour.losses:
        yield None, hour
        return
    whole = {_BACK: hour.returned, **{number: one.wh for number, one in enumerate(hour.losses)}}
    named = sum(whole.values())
    whole[_REST] = max(0, hour.wh - named)
    whole = share(hour.wh, whole)  # where cover was taken back since, less may have been charged than came back
    rows = _rows(hour, whole, named)
    fallen = _fallen(hour, whole)
    for number, wh in whole.items():
        if number != _BACK and wh:
            part = PowerHour(hour.process, hour.start, wh, hour.measured, rows[number], fallen[number])
            yield (hour.losses[number] if number != _REST else None), part


def net_of(hour: PowerHour) -> PowerHour:
    """An hour without what came back of it, which somebody else drew: losses and what is the process's own."""
    if not hour.returned:
        return hour
    kept = [one for _, one in parts_of(hour)]
    rows = tuple(chain.from_iterable(one.rows for one in kept))
    return replace(hour, wh=sum(one.wh for one in kept), rows=rows, returned=0, losses=())


def _rows(hour: PowerHour, whole: Mapping[int, int], named: int) -> dict[int, tuple[Covered, ...]]:
    """What comes back and what is lost is covered within the hour first (C6); each row in proportion to what is left.

    No part has more cover than Wh, and together they have all of it.
    """
    left, found = dict(whole), dict[int, list[Covered]]({number: [] for number in whole})
    hourly = [one for one in hour.rows if one.matching == "hourly"]
    other = [one for one in hour.rows if one.matching != "hourly"]
    spare = min(left[_REST], max(0, sum(one.wh for one in hourly) - named))
    room = {**left, _REST: spare}
    for rows, limits in ((hourly, room), (other, left)):
        for row in rows:
            for number, wh in share(row.wh, {one: most for one, most in limits.items() if most}).items():
                found[number].append(replace(row, wh=wh))
                left[number] -= wh
                if limits is room:
                    room[number] -= wh
    return {number: tuple(one for one in rows if one.wh) for number, rows in found.items()}


def _fallen(hour: PowerHour, whole: Mapping[int, int]) -> dict[int, tuple[Uncovered, ...]]:
    found: dict[int, list[Uncovered]] = {number: [] for number in whole}
    for one in hour.fallen:
        for number, wh in share(one.wh, {place: wh for place, wh in whole.items() if wh}).items():
            found[number] += [replace(one, wh=wh)] if wh else []
    return {number: tuple(rows) for number, rows in found.items()}
