"""A park that is told for months empties its class lots now and then, and goes on under new names.

A passport rests on all events of each class lot behind it, from its first (SPEC 4.6): a silo that never ends would put
its whole life into every one. The silo is filled under a new name while the old is drawn from until it is empty; heels
are tapped into ingots that are melted again as scrap; sows that no furnace took are sold. Then the old lots are closed.
"""

from collections.abc import Iterator
from datetime import datetime

from tools.park.actors import SMELTER, TRADER
from tools.park.casthouse import CRANE
from tools.park.events import Part, Said, day, made, observed, said, shipped, tonnes
from tools.park.potline import silo
from tools.park.products import Product
from tools.park.yard import Park


def empty(park: Park, number: int) -> Iterator[Said]:
    """On the morning on which class lots are renewed, before the first furnace is charged."""
    if park.plan.renews(number):
        yield from _sold(park, number)
        for furnace, product in park.plan.furnaces:
            yield from _tapped(park, number, furnace, product)


def _sold(park: Park, number: int) -> Iterator[Said]:
    parts = [Part(lot, kg, device=CRANE) for lot, kg in park.yard.draw_all(SMELTER, "sow")]
    if parts:
        event = shipped(SMELTER, TRADER, day(number, "00:05"), f"SOWS-{number:03d}", parts)
        yield said(SMELTER, event, f"{tonnes(sum(one.kg for one in parts))} of sows sold to {TRADER.word}")


def _tapped(park: Park, number: int, furnace: str, product: Product) -> Iterator[Said]:
    drawn = park.yard.draw_all(SMELTER, f"heel-{furnace}")
    if not drawn:
        return  # it has stood empty since it was last tapped
    ingots = SMELTER.lot(12, f"TAPPED-{furnace}{park.plan.since(number)}")
    kg = sum(kg for _, kg in drawn)
    park.yard.put(SMELTER, f"internal-{product.alloy}", ingots, kg)
    about = {"material": "scrap", "scrapClass": "internal", "alloy": product.designation}
    inputs = [Part(lot, part, "heel", "level") for lot, part in drawn]
    window = (day(number, "00:06"), day(number, "00:20"))
    event = made((SMELTER, "casthouse"), window, inputs, [Part(ingots, kg, "scrap", device=CRANE, about=about)])
    yield said(SMELTER, event, f"furnace {furnace} tapped empty: {kg} kg of heel")
    for lot, _ in drawn:
        yield _closed(park, day(number, "00:22"), lot)


def close(park: Park, number: int) -> Iterator[Said]:
    """In the evening: the silo before this one, once nothing is left in it."""
    old = silo(park.plan, number - park.plan.size.renewed)
    if old != silo(park.plan, number) and old not in park.closed and not park.yard.holds(SMELTER, "silo", old):
        yield _closed(park, day(number, "23:50"), old)


def _closed(park: Park, time: datetime, lot: str) -> Said:
    park.closed.add(lot)
    event = observed(SMELTER, time, "decommissioning", [], action="DELETE", quantityList=[{"epcClass": lot}])
    return said(SMELTER, event, f"{lot.rpartition('/')[2]} is closed")
