"""The casthouse: three furnaces with their heels, a slab for each coil, and sows of what is left of the metal."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from tools.park.actors import SMELTER
from tools.park.events import Part, Said, day, made, name, observed, said, tonnes, worked
from tools.park.plan import HEEL, Coil, Heat, Plan
from tools.park.yard import Park

DROSS = SMELTER.lot(5, "DROSS-BAY")
CRANE = SMELTER.own("crane-7")
FOUND = 5  # days from a wrong weight to its correction: the slab has been rolled by then
_SLOTS = ("00:30", "08:30", "16:30")
_HOURS = 5
_INTERNAL, _SOWS = 180, 50  # thousandths of the charge, at most
_TONGS = 80  # kg


def slab(coil: Coil) -> str:
    """Its id: heat and position."""
    return SMELTER.piece(2, f"{coil.heat}-{coil.position}")


def heel(plan: Plan, furnace: str, number: int) -> str:
    """What stays in a furnace on a day."""
    return SMELTER.lot(8, f"HEEL-{furnace}{plan.since(number)}")


def work(park: Park, number: int) -> Iterator[Said]:
    """The day's heats, then what is left of yesterday's metal into sows."""
    for one in park.plan.heats_on(number):
        inputs, stays = _charge(park, one), heel(park.plan, one.furnace, number)
        park.yard.put(SMELTER, f"heel-{one.furnace}", stays, HEEL)
        park.yard.put(SMELTER, "dross", DROSS, one.dross)
        cast = partial(_cast, one, inputs, stays, analysis(park, one))
        right = cast()
        if one is park.plan.misweighed:
            yield from _corrected(one, cast(tongs=min(_TONGS, one.oxidation)), right)
        else:
            yield said(SMELTER, right, _what(one), notable=park.plan.followed in one.coils)
        yield from _homogenised(one)
    left = park.yard.draw_all(SMELTER, "metal")
    if left:
        yield _sows(park, number, left)


def _what(heat: Heat) -> str:
    return f"heat {heat.number}: {len(heat.coils)} slabs of {heat.product.designation}"


def _charge(park: Park, heat: Heat) -> list[Part]:
    """Heel, alloying metal, scrap as far as there is, and liquid metal for the rest: for a new heel too."""
    yard, need, furnace = park.yard, heat.charge, f"heel-{heat.furnace}"
    left = yard.has(SMELTER, furnace)
    wanted = [(metal, kg, "alloying") for metal, kg in heat.alloying.items()]
    wanted += [
        (kind, min(yard.has(SMELTER, kind), need * share // 1_000), role)
        for kind, share, role in (
            (f"internal-{heat.product.alloy}", _INTERNAL, "scrap"),
            ("post", heat.product.post, "scrap"),
            ("pre", heat.product.pre, "scrap"),
            ("sow", _SOWS, "charge"),
        )
    ]
    wanted.append(("metal", need + HEEL - left - sum(kg for _, kg, _ in wanted), "charge"))
    parts = [Part(lot, kg, "heel", "level") for lot, kg in yard.draw(SMELTER, furnace, left)]
    for kind, kg, role in wanted:
        measured = ("level", "") if kind == "metal" else ("scale", CRANE)
        parts += [Part(lot, part, role, *measured) for lot, part in yard.draw(SMELTER, kind, kg)]
    return parts


def _cast(
    heat: Heat, inputs: Sequence[Part], stays: str, chemistry: list[dict[str, str]], *, tongs: int = 0
) -> dict[str, Any]:
    """The heat's event. `tongs`: kg that hung on the crane's hook beside the last slab and were weighed with it."""
    about = {
        "material": "aluminium", "form": "slab", "cn": "76012030", "alloy": heat.product.designation,
        "heat": heat.number, "chemistry": chemistry,
    }  # fmt: skip
    slabs = [
        Part(slab(one), one.weights.slab + (tongs if one is heat.coils[-1] else 0), "good", device=CRANE,
             about={**about, "cast": f"{heat.number}-{one.position}"})
        for one in heat.coils
    ]  # fmt: skip
    left = {"material": "liquid-metal", "alloy": heat.product.designation, "heat": heat.number}
    outputs = [
        *slabs,
        Part(stays, HEEL, "heel", "level", about=left),
        Part(DROSS, heat.dross, "dross", device=CRANE),
    ]
    return made(
        (SMELTER, "casthouse"), (_hour(heat, 0), _hour(heat, _HOURS)), inputs, outputs,
        {"oxidation": heat.oxidation - tongs},
        al_equipment=f"Furnace {heat.furnace}", eventID=name(f"cast/{heat.number}/{tongs}"),
    )  # fmt: skip


def _hour(heat: Heat, hours: int) -> datetime:
    """So many hours after the furnace was charged."""
    return day(heat.day, _SLOTS[heat.slot], hours * 60)


def analysis(park: Park, heat: Heat) -> list[dict[str, str]]:
    """Of a sample taken at casting, in % by mass."""
    found = {
        element: usual * park.plan.chance.between(970, 1_030, element, heat.number) // 1_000
        for element, usual in heat.product.chemistry.items()
    }
    return [
        {"element": element, "value": f"{value // 1_000}.{value % 1_000:03d}", "bound": "eq"}
        for element, value in found.items()
    ]


def _corrected(heat: Heat, wrong: Mapping[str, Any], right: Mapping[str, Any]) -> Iterator[Said]:
    """The wrong weight when it was cast; days later, that it is wrong, and what is right (rule 5.6)."""
    yield said(SMELTER, wrong, f"heat {heat.number}: {len(heat.coils)} slabs, one weighed wrong", notable=True)
    found = day(heat.day + FOUND, "11:00")
    error = {
        "declarationTime": found.isoformat(timespec="seconds"),
        "reason": "incorrect_data",
        "correctiveEventIDs": [right["eventID"]],
    }
    declared = {**wrong, "errorDeclaration": error}
    when = datetime.fromisoformat(wrong["eventTime"])
    yield Said(SMELTER, "lot-event", declared, when, f"heat {heat.number} was told wrong", notable=True, late=found)
    what = f"heat {heat.number} told right"
    yield Said(SMELTER, "lot-event", right, when, what, notable=True, late=found)


def _homogenised(heat: Heat) -> Iterator[Said]:
    """Twelve hours, beginning two hours after the cast; then every slab is looked at."""
    parts = [Part(slab(one), one.weights.slab, device=CRANE) for one in heat.coils]
    window = (_hour(heat, _HOURS + 2), _hour(heat, _HOURS + 14))
    event = worked((SMELTER, "homogeniser"), window, parts, al_equipment=f"Homogenising pit {heat.furnace}")
    yield said(SMELTER, event, f"heat {heat.number}: slabs homogenised")
    for one in parts:
        event = observed(SMELTER, window[1] + timedelta(minutes=10), "inspecting", [one], disposition="conformant")
        yield said(SMELTER, event, f"slab {one.id.rpartition('/')[2]} inspected")


def _sows(park: Park, number: int, left: Sequence[tuple[str, int]]) -> Said:
    total = sum(kg for _, kg in left)
    lost = total * 4 // 1_000
    lot = SMELTER.lot(7, f"SOW-{day(number):%y%m%d}")
    park.yard.put(SMELTER, "sow", lot, total - lost)
    park.grid.sows[number] = total - lost
    outputs = [Part(lot, total - lost, "good", device=CRANE, about={"material": "aluminium", "form": "sow"})]
    inputs = [Part(one, kg, "charge", "level") for one, kg in left]
    window = (day(number, "22:00"), day(number, "23:30"))
    event = made((SMELTER, "casthouse"), window, inputs, outputs, {"oxidation": lost})
    return said(SMELTER, event, f"{tonnes(total - lost)} sows of what no furnace took")
