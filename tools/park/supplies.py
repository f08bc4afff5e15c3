"""What the smelter begins with and buys: master alloys, scrap from outside; and the mill's scrap that comes back."""

from collections.abc import Iterator, Mapping

from tools.park.actors import MILL, SMELTER
from tools.park.casthouse import DROSS, heel
from tools.park.events import KG, Part, Said, bought, day, opened, received, said, tonnes
from tools.park.plan import HEEL
from tools.park.potline import opening
from tools.park.products import PRODUCTS
from tools.park.yard import Park

BRIDGE = SMELTER.own("bridge-1")
SCRAP_CLASS = {"post": "post-consumer", "pre": "pre-consumer"}
_SUPPLIERS = {
    "ALMG50": "Alpine Master Alloys", "ALSI50": "Alpine Master Alloys", "ALMN60": "Alpine Master Alloys",
    "ALCU50": "Alpine Master Alloys", "ZINC": "Oskemen Zinc", "post": "Steppe Recycling", "pre": "Neckar Car Bodies",
}  # fmt: skip
_SPARE = 2 * KG  # kg of each master alloy more than is needed


def open_stock(park: Park) -> Said:
    """Alumina and anodes, master alloys for nine days, heels and sows."""
    stocks = opening(park)
    stocks += [
        (metal, SMELTER.lot(4, f"{metal}-OPEN"), kg + _SPARE, {"material": "alloying"})
        for metal, kg in _needed(park, 1, 9).items()
    ]
    stocks += [
        (f"heel-{one}", heel(park.plan, one, 1), HEEL, {"material": "liquid-metal", "alloy": product.designation})
        for one, product in park.plan.furnaces
    ]
    stocks.append(("sow", SMELTER.lot(7, "SOW-OPEN"), 40 * KG, {"material": "aluminium", "form": "sow"}))
    stocks.append(("dross", DROSS, 3 * KG, {"material": "dross"}))
    for kind, lot, kg, _ in stocks:
        park.yard.put(SMELTER, kind, lot, kg)
    return opened(SMELTER, [Part(lot, kg, about=about) for _, lot, kg, about in stocks])


def _needed(park: Park, first: int, last: int) -> Mapping[str, int]:
    """Kg of each master alloy for the heats of these days."""
    need = {metal: 0 for product in PRODUCTS for metal in product.recipe}
    for number in range(first, last + 1):
        for one in park.plan.heats_on(number):
            for metal, kg in one.alloying.items():
                need[metal] += kg
    return need


def buy(park: Park, number: int) -> Iterator[Said]:
    """Master alloys once a week, for the week after next; scrap from outside every third day."""
    if number % 7 == 6:
        for metal, kg in _needed(park, number + 4, number + 10).items():
            if kg:
                yield _bought(park, number, metal, SMELTER.lot(4, f"{metal}-{number:03d}"), kg)
    if number % 3 == 1:
        for item, kind in enumerate(SCRAP_CLASS, 9):
            kg = _scrap_needed(park, number, kind)
            if kg:
                yield _bought(park, number, kind, SMELTER.lot(item, f"{kind.upper()}-{number:03d}"), kg)


def _scrap_needed(park: Park, number: int, kind: str) -> int:
    """For the heats of the next three days."""
    shares = {one.alloy: one.post if kind == "post" else one.pre for one in PRODUCTS}
    heats = (heat for later in (1, 2, 3) for heat in park.plan.heats_on(number + later))
    return sum(heat.charge * shares[heat.product.alloy] // 1_000 for heat in heats)


def _bought(park: Park, number: int, kind: str, lot: str, kg: int) -> Said:
    park.yard.put(SMELTER, kind, lot, kg)
    is_scrap = kind in SCRAP_CLASS
    about = {"material": "scrap", "scrapClass": SCRAP_CLASS[kind]} if is_scrap else {"material": "alloying"}
    parts = [Part(lot, kg, device=BRIDGE, about=about)]
    claim = kg * KG if kind == "post" else 0
    note = f"Delivery note {number + 2_200}"
    event = bought(SMELTER, day(number, "09:00"), _SUPPLIERS[kind], note, parts, claim=claim)
    what = f"{SCRAP_CLASS[kind]} scrap" if is_scrap else kind
    how = "bought, claimed as recycled by mass balance" if claim else "bought"
    return said(SMELTER, event, f"{tonnes(kg)} {what} {how}", notable=is_scrap and number == 1)


def take_scrap(park: Park, number: int) -> Iterator[Said]:
    """The mill's scrap, by the smelter's own weight; its lots keep the mill's ids."""
    paper = f"SCRAP-{number:03d}"
    parts = []
    for one in park.yard.arrive(paper):
        kg = one.kg - one.kg * park.plan.chance.between(-2, 3, "scrap", paper, one.id) // 1_000
        parts.append(Part(one.id, kg, device=BRIDGE))
        park.yard.put(SMELTER, f"internal-{one.id.rpartition('-')[2]}", one.id, kg)
    if parts:
        event = received(MILL, SMELTER, day(number, "18:30"), paper, parts)
        yield said(SMELTER, event, f"{tonnes(sum(one.kg for one in parts))} of the mill's scrap back")
