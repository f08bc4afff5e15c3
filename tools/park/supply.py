"""Which plant has what of which farm under contract."""

from dataclasses import dataclass, replace

from tools.park import weather
from tools.park.actors import MILL, REFINERY, SMELTER, SOLAR, WIND, Actor
from tools.park.plan import Plan

# Thousandths of what a plant draws in the whole story that its contract brings, if not always when it is needed.
_WIND_FOR_SMELTER, _SUN_FOR_REFINERY, _SUN_FOR_MILL = 860, 350, 900
_WIND_FOR_MILL, _SUN_FOR_SMELTER = 300, 30  # where there are several farms
# Wh a kg: of metal with what casts it and fills the silo; of alumina; of slabs until they are coils.
_SMELTER, _REFINERY, _MILL = 14_020, 200, 660


@dataclass(frozen=True)
class Supply:
    """What a plant takes of each farm of a seller: so many W of its capacity, and in every hour what these give."""

    seller: Actor
    buyer: Actor
    watts: int
    farms: int = 1

    @property
    def contract(self) -> str:
        """Its id."""
        return self.seller.own(f"ppa-{self.buyer.word}")


def capacity(actor: Actor) -> int:
    """W of its farm, as registered."""
    return int(actor.devices[0]["capacity"])


def farms(plan: Plan, seller: Actor) -> int:
    """How many a producer has."""
    return plan.size.wind if seller is WIND else plan.size.sun


def registered(plan: Plan, actor: Actor) -> Actor:
    """A party as it is enrolled: a producer with a device and a meter for each of its farms."""
    if actor not in (WIND, SOLAR):
        return actor
    ((farm,), (meter,)) = actor.devices, actor.meters
    numbers = range(1, farms(plan, actor) + 1)
    devices = tuple({**farm, "id": f"farm-{one}", "name": f"{farm['name'][:-1]}{one}"} for one in numbers)
    meters = tuple({**meter, "id": f"meter-{one}", "device": f"farm-{one}"} for one in numbers)
    return replace(actor, devices=devices, meters=meters)


def supplies_of(plan: Plan) -> tuple[Supply, ...]:
    """What the plants have under contract, by what they will draw."""
    days = plan.days - 1
    slabs = sum(coil.weights.slab for heat in plan.heats for coil in heat.coils)
    wind, sun = (weather.mean(one, plan.chance, plan.days) for one in (weather.wind, weather.sun))
    hours = weather.HOURS * plan.days
    wanted = [
        (WIND, SMELTER, days * plan.metal * _SMELTER * _WIND_FOR_SMELTER // wind),
        (SOLAR, REFINERY, days * plan.calcined * _REFINERY * _SUN_FOR_REFINERY // sun),
        (SOLAR, MILL, slabs * _MILL * _SUN_FOR_MILL // sun),
    ]
    if plan.size.wind > 1:
        wanted.append((WIND, MILL, slabs * _MILL * _WIND_FOR_MILL // wind))
    if plan.size.sun > 1:
        wanted.append((SOLAR, SMELTER, days * plan.metal * _SMELTER * _SUN_FOR_SMELTER // sun))
    return tuple(_supply(seller, buyer, wh // hours, farms(plan, seller)) for seller, buyer, wh in wanted)


def _supply(seller: Actor, buyer: Actor, watts: int, many: int) -> Supply:
    return Supply(seller, buyer, min(watts // many, capacity(seller) * 2 // 3), many)
