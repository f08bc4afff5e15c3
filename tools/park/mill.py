"""The rolling mill: slabs in, scalped, hot and cold rolled, annealed, levelled and inspected; its scrap goes back."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from tools.park.actors import MILL, SMELTER
from tools.park.casthouse import CRANE, slab
from tools.park.events import (
    KG,
    MIDNIGHT,
    Part,
    Said,
    day,
    made,
    observed,
    opened,
    received,
    said,
    shipped,
    tonnes,
    worked,
)
from tools.park.plan import Coil
from tools.park.products import PRODUCTS, Product
from tools.park.yard import Park

SCALE = MILL.own("scale-2")
STEP = 25  # minutes from one coil to the next on every line
_TRUCK = 15  # minutes from one truck to the next
_WINDOW = 20  # minutes that a line works on a coil
_BAND = 7_000  # µm
_SCRAP_DAYS = 2
ROLLED = 5  # days from the heat


def scrap(product: Product, since: str = "") -> str:
    """The bay for the scrap of one alloy."""
    return MILL.lot(9, f"SCRAP{since}-{product.alloy}")


def _offcuts(product: Product) -> dict[str, str]:
    return {"material": "scrap", "scrapClass": "internal", "alloy": product.designation}


def _bay(park: Park, coil: Coil, time: datetime) -> str:
    """Where class lots are renewed, the bays of each line have a new name whenever they were emptied."""
    number, halls = (time - MIDNIGHT).days + 1, park.plan.size.halls
    first = number - number % _SCRAP_DAYS
    return scrap(coil.product, f"-{first:03d}-{coil.number % halls + 1}" if park.plan.size.renewed else "")


def scalped(coil: Coil) -> str:
    """The slab without its skin."""
    return MILL.piece(4, f"{coil.heat}-{coil.position}S")


def band(coil: Coil) -> str:
    """The hot band."""
    return MILL.piece(1, f"HB-{88120 + coil.number}")


def rolled(coil: Coil) -> str:
    """The cold rolled coil."""
    return MILL.piece(20 + PRODUCTS.index(coil.product), coil.serial)


def open_stock(park: Park) -> Said:
    """Scrap of each alloy."""
    parts = []
    for one in PRODUCTS:
        parts.append(Part(scrap(one), 5 * KG, about=_offcuts(one)))
        park.yard.put(MILL, f"scrap-{one.alloy}", scrap(one), 5 * KG)
    return opened(MILL, parts)


def line(number: int, place: int, clock: str = "06:00") -> tuple[datetime, datetime]:
    """When a line works on the day's coil of this place."""
    return day(number, clock, place * STEP), day(number, clock, place * STEP + _WINDOW)


def send_scrap(park: Park, number: int) -> Iterator[Said]:
    """All the scrap there was in the morning, every second day."""
    if number % _SCRAP_DAYS:
        return
    kinds = [f"scrap-{one.alloy}" for one in PRODUCTS]
    parts = [Part(lot, kg, device=SCALE) for kind in kinds for lot, kg in park.yard.draw_all(MILL, kind)]
    if parts:
        park.yard.send(f"SCRAP-{number:03d}", parts)
        event = shipped(MILL, SMELTER, day(number, "17:00"), f"SCRAP-{number:03d}", parts)
        yield said(MILL, event, f"{tonnes(sum(one.kg for one in parts))} of scrap to the smelter")


def work(park: Park, number: int) -> Iterator[Said]:
    """Each step of the coils whose turn it is, by days from their heat."""
    for place, one in park.plan.in_turn(number - 1):
        yield from _brought(park, number, place, one)
    for place, one in park.plan.in_turn(number - 2):
        yield _scalped(park, line(number, place), one)
    for place, one in park.plan.in_turn(number - 3):
        yield from _hot_rolled(park, line(number, place), one)
    for place, one in park.plan.in_turn(number - ROLLED):
        yield _cold_rolled(park, line(number, place), one)
    for place, one in park.plan.in_turn(number - 6):
        yield from _annealed(number, place, one)


def _brought(park: Park, number: int, place: int, coil: Coil) -> Iterator[Said]:
    """A truck for each slab, from noon, when the last of them is homogenised."""
    paper = f"TRUCK-{coil.number + 52:05d}"
    weighed = coil.weights.slab + 10 * park.plan.chance.between(-1, 1, "truck", coil.number)
    claim = coil.weights.slab * coil.product.claimed  # g: kg and thousandths
    left = [Part(slab(coil), coil.weights.slab, device=CRANE)]
    event = shipped(SMELTER, MILL, day(number, "12:00", place * _TRUCK), paper, left, claim=claim)
    yield said(SMELTER, event, f"slab {coil.heat}-{coil.position} to the mill")
    arrived = [Part(slab(coil), weighed, device=SCALE)]
    event = received(SMELTER, MILL, day(number, "12:40", place * _TRUCK), paper, arrived, claim=claim)
    yield said(MILL, event, f"slab {coil.heat}-{coil.position} received")


def _marks(coil: Coil) -> dict[str, Any]:
    """What every piece of a coil says of itself."""
    return {"material": "aluminium", "alloy": coil.product.designation, "heat": coil.heat}


def ordered(coil: Coil) -> dict[str, Any]:
    """And for whom it is."""
    return {**_marks(coil), "order": coil.order, "customerPart": coil.product.part, "cn": "76061292"}


def offcut(park: Park, coil: Coil, kg: int, time: datetime) -> Part:
    """Internal scrap of a step, into the bay of its alloy."""
    lot = _bay(park, coil, time)
    park.yard.put(MILL, f"scrap-{coil.product.alloy}", lot, kg)
    return Part(lot, kg, "scrap", device=SCALE, about=_offcuts(coil.product) if park.plan.size.renewed else {})


def _scalped(park: Park, window: tuple[datetime, datetime], coil: Coil) -> Said:
    weights = coil.weights
    outputs = [
        Part(scalped(coil), weights.scalped, "good", device=SCALE, about={**_marks(coil), "form": "slab"}),
        offcut(park, coil, weights.chips, window[0]),
    ]
    inputs = [Part(slab(coil), weights.slab, "charge", device=SCALE)]
    return said(MILL, made((MILL, "scalper"), window, inputs, outputs), f"slab {coil.heat}-{coil.position} scalped")


def _hot_rolled(park: Park, window: tuple[datetime, datetime], coil: Coil) -> Iterator[Said]:
    """Preheated for five hours, rolled, put by to cool."""
    weights = coil.weights
    warmed = (window[0] - timedelta(hours=5), window[0] - timedelta(minutes=5))
    event = worked((MILL, "preheater"), warmed, [Part(scalped(coil), weights.scalped, device=SCALE)])
    yield said(MILL, event, f"slab {coil.heat}-{coil.position} preheated")
    size = {"form": "hot-band", "thickness": _BAND, "width": coil.product.width + 10_000}
    outputs = [
        Part(band(coil), weights.band, "good", device=SCALE, about={**_marks(coil), **size}),
        offcut(park, coil, weights.crops, window[0]),
    ]
    inputs = [Part(scalped(coil), weights.scalped, "charge", device=SCALE)]
    losses = {"oxidation": weights.scalped - weights.band - weights.crops}
    event = made((MILL, "hot"), window, inputs, outputs, losses)
    yield said(MILL, event, f"hot band of {weights.band} kg", notable=coil is park.plan.followed)
    event = observed(MILL, window[1] + timedelta(hours=1), "storing", [Part(band(coil), weights.band, device=SCALE)])
    yield said(MILL, event, "hot band put by to cool")


def _cold_rolled(park: Park, window: tuple[datetime, datetime], coil: Coil) -> Said:
    weights, product = coil.weights, coil.product
    size = {"form": "coil", "thickness": product.thickness, "width": product.width, "localId": coil.serial}
    outputs = [
        Part(rolled(coil), weights.rolled, "good", device=SCALE, about={**ordered(coil), **size}),
        offcut(park, coil, weights.ends, window[0]),
    ]
    inputs = [Part(band(coil), weights.band, "charge", device=SCALE)]
    losses = {"dust": weights.band - weights.rolled - weights.ends}
    event = made((MILL, "cold"), window, inputs, outputs, losses)
    what = f"coil {coil.serial}: {product.thickness} µm, {weights.rolled} kg"
    return said(MILL, event, what, notable=coil is park.plan.followed)


def _annealed(number: int, place: int, coil: Coil) -> Iterator[Said]:
    """Annealed, levelled, sampled, inspected, one after the other."""
    part = Part(rolled(coil), coil.weights.rolled, device=SCALE)
    tempered = Part(part.id, part.kg, device=SCALE, about={"temper": coil.product.temper})
    event = worked((MILL, "annealer"), line(number, place), [tempered])
    yield said(MILL, event, f"coil {coil.serial} annealed to {coil.product.temper}")
    levelled = line(number, place, "06:30")
    yield said(MILL, worked((MILL, "leveller"), levelled, [part]), f"coil {coil.serial} levelled")
    yield said(MILL, observed(MILL, levelled[1], "sampling", [part]), f"coil {coil.serial} sampled")
    graded = Part(part.id, part.kg, device=SCALE, about={"grade": "prime"})
    event = observed(MILL, line(number, place, "07:00")[1], "inspecting", [graded], disposition="conformant")
    yield said(MILL, event, f"coil {coil.serial} inspected: prime")
