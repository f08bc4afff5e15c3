"""The smelter's potrooms: alumina into a silo that mixes, three potlines, each day of each one continuous run."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tools.park.actors import REFINERY, SMELTER
from tools.park.events import KG, Part, Said, bought, day, made, of_run, received, said, split, tonnes
from tools.park.plan import OFFLINE, Plan
from tools.park.refinery import SHIPMENTS, document
from tools.park.yard import Park

LINES = (1, 2, 3)
_FED = ("00:35", "08:35", "16:35")  # a shift's bins and anodes, before what comes of them is tapped
_TAPS = ("04:00", "08:00", "12:00", "16:00", "20:00", "24:00")  # of what came in the four hours before
_BRIDGE = SMELTER.own("bridge-1")
_WEEK, _SEA = 7, 6  # alumina is bought on the sixth day of a week
_POWER = Decimal("13.95")  # MWh a t of metal


def metal(line: int, number: int) -> str:
    """What one potline gives on one day."""
    return SMELTER.lot(1, f"PL{line}-{day(number):%y%m%d}")


def silo(plan: Plan, number: int) -> str:
    """What is filled on a day; an older one is drawn from until it is empty."""
    return SMELTER.lot(6, f"SILO-1{plan.since(number)}")


def burnt(out: int) -> int:
    """Kg of anodes for so many kg of metal."""
    return -(-out * 41 // 100)


def opening(park: Park) -> list[tuple[str, str, int, dict[str, str]]]:
    """Alumina for a day and a little in the silo, anodes for nine days: kind, lot, kg, attributes."""
    plan = park.plan
    need = plan.alumina * 9 // 8
    anodes = 9 * plan.anodes + len(LINES) * KG
    return [
        ("silo", silo(plan, 1), need, {"material": "alumina"}),
        ("anode", SMELTER.lot(3, "AN-7731"), anodes, {"material": "anode"}),
    ]


def take_alumina(park: Park, number: int) -> Iterator[Said]:
    """The refinery's two shipments, and each into the silo; with its origin while the refinery cannot be heard."""
    late = OFFLINE[0] <= number < OFFLINE[1]
    for clock, which in SHIPMENTS:
        paper = document(number, which)
        lost = park.plan.chance.between(1 if late else -2, 4, "alumina", paper)
        about = {"material": "alumina"} if late else {}
        parts = [
            Part(one.id, one.kg - one.kg * lost // 1_000, device=_BRIDGE, about=about)
            for one in park.yard.arrive(paper)
        ]
        for one in parts:
            park.yard.put(SMELTER, "alumina", one.id, one.kg)
        total = sum(one.kg for one in parts)
        event = received(REFINERY, SMELTER, day(number, clock, 70), paper, parts, late=late)
        unheard = ", sender not heard" if late else ""
        yield said(SMELTER, event, f"{tonnes(total)} alumina received{unheard}", notable=late and which == "A")
        yield _filled(park, number, clock)


def _filled(park: Park, number: int, clock: str) -> Said:
    drawn = park.yard.draw_all(SMELTER, "alumina")
    total = sum(kg for _, kg in drawn)
    lot = silo(park.plan, number)
    about = {"material": "alumina"} if lot != silo(park.plan, 1) else {}  # the first one said so when it was opened
    park.yard.put(SMELTER, "silo", lot, total)
    parts = [Part(one, kg, "charge") for one, kg in drawn]
    window = (day(number, clock, 90), day(number, clock, 150))
    event = made((SMELTER, "silo-1"), window, parts, [Part(lot, total, "good", "calculated", about=about)])
    return said(SMELTER, event, f"{tonnes(total)} of {len(drawn)} lots of alumina into the silo")


def buy_alumina(park: Park, number: int) -> Iterator[Said]:
    """Once a week, from outside the ledger."""
    if number % _WEEK != _SEA:
        return
    lot, kg = sea_alumina(park, number)
    park.yard.put(SMELTER, "alumina", lot, kg)
    parts = [Part(lot, kg, device=_BRIDGE, about={"material": "alumina", "al2o3": "98.5"})]
    event = bought(SMELTER, day(number, "21:40"), "Southern Sea Alumina", f"Waybill {number + 880}", parts)
    yield said(SMELTER, event, f"{tonnes(kg)} alumina bought outside", notable=number == 6)


def sea_alumina(park: Park, number: int) -> tuple[str, int]:
    """The lot that is bought outside on a day, and kg of it."""
    return SMELTER.lot(11, f"SEA-{number:03d}"), park.plan.alumina * 2 // 5


def buy_anodes(park: Park, number: int) -> Iterator[Said]:
    """Once a week, for the week after next."""
    if number % 7 != 5:
        return
    kg = 7 * park.plan.anodes + len(LINES) * KG
    lot = SMELTER.lot(3, f"AN-{7731 + number}")
    park.yard.put(SMELTER, "anode", lot, kg)
    parts = [Part(lot, kg, device=_BRIDGE, about={"material": "anode"})]
    event = bought(SMELTER, day(number, "11:15"), "Baltic Anodes", f"Delivery note {number + 60}", parts)
    yield said(SMELTER, event, f"{tonnes(kg)} anodes bought")


def work(park: Park, number: int) -> Iterator[Said]:
    """A day of all lines."""
    tapped = split(park.plan.metal, len(LINES))
    for line, out in zip(LINES, tapped, strict=True):
        yield from _line(park, number, line, out)


def _line(park: Park, number: int, line: int, out: int) -> Iterator[Said]:
    """Alumina and anodes for each shift, a tap every four hours, closed by the last."""
    run = f"potline-{line}-{number}"
    alumina, anodes = -(-out * 193 // 100), burnt(out)
    for kind, minutes, total in (("silo", 0, alumina), ("anode", 20, anodes)):
        for clock, kg in zip(_FED, split(total, len(_FED)), strict=True):
            parts = [Part(lot, part, "charge", "calculated") for lot, part in park.yard.draw(SMELTER, kind, kg)]
            window = (day(number, clock, minutes - 30), day(number, clock, minutes))
            event = made((SMELTER, f"potline-{line}"), window, parts, [], **of_run(run))
            what = "anodes set" if kind == "anode" else "alumina fed"
            yield said(SMELTER, event, f"potline {line}: {tonnes(kg)} {what}")
    for clock, kg in zip(_TAPS, split(out, len(_TAPS)), strict=True):
        part = Part(metal(line, number), kg, "good", "level", SMELTER.own("level-1"), {"material": "liquid-metal"})
        park.yard.put(SMELTER, "metal", part.id, kg)
        last = clock == _TAPS[-1]
        more = of_run(run, "closed" if last else "open") | (_power(number, out) if last else {})
        event = made((SMELTER, f"potline-{line}"), (day(number, clock, -240), day(number, clock)), [], [part], **more)
        what = f"potline {line}: {tonnes(kg)} metal tapped" + (f", {tonnes(out)} in all, closed" if last else "")
        yield said(SMELTER, event, what)


def _power(number: int, out: int) -> dict[str, Any]:
    """What the line drew, by its meter."""
    start, end = (one.isoformat(timespec="seconds") for one in (day(number), day(number + 1)))
    drawn = {"type": "Energy", "value": _POWER * out / KG, "uom": "MWH"}
    return {"sensorElementList": [{"sensorMetadata": {"startTime": start, "endTime": end}, "sensorReport": [drawn]}]}
