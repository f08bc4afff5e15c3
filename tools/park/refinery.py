"""The refinery: one continuous run a week, alumina by the day, its statements two days late once."""

from collections.abc import Iterator

from tools.park.actors import MINE, REFINERY, SMELTER
from tools.park.events import KG, Part, Said, bought, day, made, of_run, opened, received, said, shipped, split, tonnes
from tools.park.mine import barge
from tools.park.plan import OFFLINE, SODA
from tools.park.yard import Park

RESIDUE = REFINERY.lot(2, "RED-MUD-4")
SHORT = 5  # the barge that leaves on this day arrives with 2.6 % less
SHIFTS = ("08:00", "16:00", "24:00")
SHIPMENTS = (("12:00", "A"), ("18:00", "B"))
_BRIDGE = REFINERY.own("bridge-3")
_WEEK = 7


def alumina(number: int) -> str:
    """The lot of a day's calcination."""
    return REFINERY.lot(1, f"AL-{day(number):%y%m%d}")


def document(number: int, which: str) -> str:
    """The paper of a day's first (A) or second (B) shipment."""
    return f"ALU-{number:03d}{which}"


def open_stock(park: Park) -> Said:
    """Bauxite for two days and a little, soda for a week, and the alumina of the day before."""
    plan = park.plan
    ore = plan.bauxite * 21 // 10
    parts = [
        ("bauxite", REFINERY.lot(4, "BX-YARD"), ore, {"material": "bauxite", "al2o3": "44.8", "moisture": "6.0"}),
        ("soda", REFINERY.lot(3, "SODA-260428"), _soda(park), {"material": "caustic-soda"}),
        ("alumina", alumina(0), plan.calcined, {"material": "alumina", "al2o3": "98.6"}),
        ("residue", RESIDUE, 90_000 * KG, {"material": "residue"}),
    ]
    for kind, lot, kg, _ in parts:
        park.yard.put(REFINERY, kind, lot, kg)
    return opened(REFINERY, [Part(lot, kg, about=about) for _, lot, kg, about in parts])


def _soda(park: Park) -> int:
    """For eight days."""
    return (_WEEK + 1) * park.plan.calcined * SODA // 1_000


def buy(park: Park, number: int) -> Iterator[Said]:
    """Soda for the coming week, the day before it begins."""
    if number % _WEEK:
        return
    lot, kg = REFINERY.lot(3, f"SODA-{day(number):%y%m%d}"), _soda(park)
    park.yard.put(REFINERY, "soda", lot, kg)
    parts = [Part(lot, kg, device=_BRIDGE, about={"material": "caustic-soda"})]
    event = bought(REFINERY, day(number, "10:20"), "Caspian Soda", f"Delivery note {number + 4100}", parts)
    yield said(REFINERY, event, f"{tonnes(kg)} caustic soda bought")


def ship(park: Park, number: int) -> Iterator[Said]:
    """All the alumina there is, in two shipments."""
    total = park.yard.has(REFINERY, "alumina")
    for (clock, which), kg in zip(SHIPMENTS, split(total, len(SHIPMENTS)), strict=True):
        parts = [Part(lot, part, device=_BRIDGE) for lot, part in park.yard.draw(REFINERY, "alumina", kg)]
        park.yard.send(document(number, which), parts)
        event = shipped(REFINERY, SMELTER, day(number, clock), document(number, which), parts)
        silent = OFFLINE[0] <= number < OFFLINE[1]
        what = f"{tonnes(kg)} alumina to the smelter" + (", heard late" if silent else "")
        yield said(REFINERY, event, what, notable=silent and which == "A")


def work(park: Park, number: int) -> Iterator[Said]:
    """Three shifts of the week's run: bauxite and soda in, alumina and residue out; closed at the end of the week."""
    last = number % _WEEK == 0 or number == park.plan.days - 1
    run = f"digestion-{(number - 1) // _WEEK + 1}"
    out = list(split(park.plan.calcined, len(SHIFTS)))
    ore = list(split(park.plan.bauxite, len(SHIFTS)))
    for shift, clock in enumerate(SHIFTS):
        closed = last and shift == len(SHIFTS) - 1
        yield _charged(park, (number, clock), run, ore[shift], out[shift] * SODA // 1_000)
        yield _calcined(park, (number, clock), run, (out[shift], ore[shift]), closed=closed)


def _charged(park: Park, when: tuple[int, str], run: str, ore: int, soda: int) -> Said:
    drawn = [*park.yard.draw(REFINERY, "bauxite", ore), *park.yard.draw(REFINERY, "soda", soda)]
    parts = [Part(lot, kg, "charge") for lot, kg in drawn]
    window = (day(*when, minutes=-8 * 60), day(*when, minutes=-20))
    event = made((REFINERY, "digestion"), window, parts, [], **of_run(run))
    return said(REFINERY, event, f"{tonnes(ore)} bauxite charged")


def _calcined(park: Park, when: tuple[int, str], run: str, kg: tuple[int, int], *, closed: bool) -> Said:
    out, ore = kg
    residue = ore * park.plan.chance.between(560, 600, "residue", *when) // 1_000
    content = park.plan.chance.between(984, 988, "alumina", when[0])
    about = {"material": "alumina", "al2o3": f"{content // 10}.{content % 10}"}
    parts = [Part(alumina(when[0]), out, "good", about=about), Part(RESIDUE, residue, "residue", "calculated")]
    park.yard.put(REFINERY, "alumina", alumina(when[0]), out)
    park.yard.put(REFINERY, "residue", RESIDUE, residue)
    window = (day(*when, minutes=-8 * 60), day(*when))
    losses = {"moisture": ore * 6 // 100}
    state = of_run(run, "closed" if closed else "open")
    event = made((REFINERY, "digestion"), window, [], parts, losses, **state)
    return said(REFINERY, event, f"{tonnes(out)} alumina" + (f", {run} closed" if closed else ""), notable=closed)


def unload(park: Park, number: int) -> Iterator[Said]:
    """Yesterday's barge, where there was one, by the refinery's own draft survey."""
    sent = park.yard.arrive(barge(number - 1))
    if not sent:
        return
    lost = 260 if number - 1 == SHORT else park.plan.chance.between(-60, 140, "draft", number)
    parts = [
        Part(one.id, one.kg - one.kg * lost // 10_000, method="draft", device=REFINERY.own("draft")) for one in sent
    ]
    for one in parts:
        park.yard.put(REFINERY, "bauxite", one.id, one.kg)
    left, arrived = sum(one.kg for one in sent), sum(one.kg for one in parts)
    event = received(MINE, REFINERY, day(number, "14:00"), barge(number - 1), parts)
    says = f"{tonnes(arrived)} off {barge(number - 1)} (the mine: {tonnes(left)})"
    yield said(REFINERY, event, says, notable=number - 1 in {SHORT, 1})
