"""What does not go by plan: a hold and its release, two counts, a delivery that comes back. (Two more are told where
they happen: a wrong weight in `casthouse`, the refinery's silence in `refinery` and `story`.)
"""

from collections.abc import Iterator

from tools.park.actors import MILL, MINE, SMELTER
from tools.park.events import Part, Said, day, handed_over, made, observed, packed, said
from tools.park.finishing import pallet, pieces
from tools.park.mill import SCALE, offcut, rolled
from tools.park.plan import Coil
from tools.park.yard import Park

COUNTED = 16  # day
_ANNEALED, _SLIT, _BACK = 6, 7, 11  # days from the heat


def count(park: Park, number: int) -> Iterator[Said]:
    """Shortly after midnight: the silo has a little less than the books say, the stockpile a little more."""
    if number != COUNTED:
        return
    lot, have = park.yard.oldest(SMELTER, "silo")
    less = have * 3 // 1_000
    park.yard.draw(SMELTER, "silo", less)
    event = observed(SMELTER, day(number, "00:05"), "stock_taking", [Part(lot, have - less, method="level")])
    yield said(SMELTER, event, f"the silo counted: {less} kg short", notable=True)
    lot, have = park.yard.newest(MINE, "bauxite")
    more = have * 2 // 1_000
    park.yard.put(MINE, "bauxite", lot, more)
    parts = [Part(lot, have + more, method="level", device=MINE.own("survey"))]
    event = observed(MINE, day(number, "00:05"), "stock_taking", parts)
    yield said(MINE, event, f"the stockpile surveyed: {more} kg over", notable=True)


def hold(park: Park, number: int) -> Iterator[Said]:
    """The coils of one heat wait a night for a second test."""
    heat = park.plan.doubted
    parts = [Part(rolled(one), one.weights.rolled, device=SCALE) for one in heat.coils]
    if number == heat.day + _ANNEALED:
        event = observed(MILL, day(number, "23:00"), "holding", parts, disposition="unavailable")
        yield said(MILL, event, f"heat {heat.number} held: blisters on a sample", notable=True)
    if number == heat.day + _SLIT:
        event = observed(
            MILL, day(number, "05:20"), "inspecting", parts, disposition="conformant",
            persistentDisposition={"unset": ["unavailable"]},
        )  # fmt: skip
        yield said(MILL, event, f"heat {heat.number} released: second test conformant", notable=True)


def take_back(park: Park, number: int) -> Iterator[Said]:
    """A pallet comes back: one strip is scrapped, the other sold as second grade one day."""
    coil = park.plan.returned
    if coil is None or number != park.plan.heat_of(coil).day + _BACK:
        return
    over = handed_over(coil.product.customer, MILL, "RMA-17", "rma", owner=MILL.id)
    event = observed(
        MILL, day(number, "13:00"), "receiving", [], epcList=[pallet(coil)], disposition="returned", **over
    )
    yield said(MILL, event, f"{coil.serial} came back from {coil.product.customer.word}", notable=True)
    yield said(MILL, packed(MILL, day(number, "13:30"), pallet(coil), pieces(coil), "DELETE"), "pallet unpacked")
    yield from _judged(park, number, coil)


def _judged(park: Park, number: int, coil: Coil) -> Iterator[Said]:
    (bad, bad_kg), (good, good_kg) = zip(pieces(coil), coil.weights.strips, strict=True)
    second = [Part(good, good_kg, device=SCALE, about={"grade": "second"})]
    event = observed(MILL, day(number, "14:10"), "inspecting", second, disposition="conformant")
    yield said(MILL, event, f"strip {good[-9:]} downgraded to second", notable=True)
    window = (day(number, "14:30"), day(number, "14:50"))
    whole = [Part(bad, bad_kg, "scrap", device=SCALE)]
    event = made((MILL, "shear"), window, whole, [offcut(park, coil, bad_kg, window[0])])
    yield said(MILL, event, f"strip {bad[-9:]} scrapped", notable=True)
