"""The mine: three shifts a day onto the week's stockpile, and a barge every evening."""

from collections.abc import Iterator

from tools.park.actors import MINE, REFINERY
from tools.park.events import Part, Said, day, made_new, opened, said, shipped, split, tonnes
from tools.park.yard import Park

_BELT = MINE.own("belt-1")
_SHIFTS = ("00:00", "08:00", "16:00")


def _pile(number: int) -> str:
    """The stockpile of the week in which a day falls."""
    year, week, _ = day(number).isocalendar()
    return MINE.lot(1, f"BX-{year % 100}W{week:02d}")


def barge(number: int) -> str:
    """The paper of the barge that leaves on a day."""
    return f"BARGE-{number:03d}"


def open_stock(park: Park) -> Said:
    """Last week's stockpile."""
    lot, kg = _pile(0), _cargo(park) * 5 // 4
    park.yard.put(MINE, "bauxite", lot, kg)
    about = {"material": "bauxite", "al2o3": "44.9", "moisture": "6.1"}
    return opened(MINE, [Part(lot, kg, about=about)])


def _cargo(park: Park) -> int:
    """What the refinery takes in a day, and a fiftieth more."""
    return park.plan.bauxite * 51 // 50


def ship(park: Park, number: int) -> Iterator[Said]:
    """The barge of the day, weighed by its draught."""
    drawn = park.yard.draw(MINE, "bauxite", _cargo(park))
    parts = [Part(lot, kg, method="draft", device=MINE.own("draft")) for lot, kg in drawn]
    park.yard.send(barge(number), parts)
    event = shipped(MINE, REFINERY, day(number, "22:00"), barge(number), parts)
    total = sum(kg for _, kg in drawn)
    yield said(MINE, event, f"{tonnes(total)} bauxite on {barge(number)}", notable=number == 1)


def work(park: Park, number: int) -> Iterator[Said]:
    """Three shifts."""
    lot = _pile(number)
    week = lot.rpartition("/")[2]
    content = park.plan.chance.between(442, 455, "al2o3", week)
    moisture = park.plan.chance.between(56, 66, "moisture", week)
    about = {"material": "bauxite", "al2o3": _tenths(content), "moisture": _tenths(moisture)}
    per_day = park.plan.bauxite * 103 // 100
    for start, usual in zip(_SHIFTS, split(per_day, len(_SHIFTS)), strict=True):
        kg = usual * park.plan.chance.between(970, 1_030, "mined", number, start) // 1_000
        park.yard.put(MINE, "bauxite", lot, kg)
        window = (day(number, start, 30), day(number, start, 8 * 60))
        event = made_new((MINE, "pit-1"), window, [Part(lot, kg, device=_BELT, about=about)])
        yield said(MINE, event, f"{tonnes(kg)} bauxite mined")


def _tenths(value: int) -> str:
    return f"{value // 10}.{value % 10}"
