"""Which plant has what of which farm under contract."""

from dataclasses import dataclass

from tools.park import weather
from tools.park.actors import MILL, REFINERY, SMELTER, SOLAR, WIND, Actor
from tools.park.plan import Plan

# Thousandths of what a plant draws in the whole story that its contract brings, if not always when it is needed.
_WIND_FOR_SMELTER, _SUN_FOR_REFINERY, _SUN_FOR_MILL = 860, 350, 900
# Wh a kg: of metal with what casts it and fills the silo; of alumina; of slabs until they are coils.
_SMELTER, _REFINERY, _MILL = 14_020, 200, 660


@dataclass(frozen=True)
class Supply:
    """What a plant takes of a farm: so many W of its capacity, and in every hour what these give."""

    seller: Actor
    buyer: Actor
    watts: int

    @property
    def contract(self) -> str:
        """Its id."""
        return self.seller.own(f"ppa-{self.buyer.word}")


def capacity(actor: Actor) -> int:
    """W of its farm, as registered."""
    return int(actor.devices[0]["capacity"])


def supplies_of(plan: Plan) -> tuple[Supply, ...]:
    """What the plants have under contract, by what they will draw."""
    days = plan.days - 1
    slabs = sum(coil.weights.slab for heat in plan.heats for coil in heat.coils)
    wind, sun = (weather.mean(one, plan.chance, plan.days) for one in (weather.wind, weather.sun))
    hours = weather.HOURS * plan.days
    wanted = (
        (WIND, SMELTER, days * plan.metal * _SMELTER * _WIND_FOR_SMELTER // wind),
        (SOLAR, REFINERY, days * plan.calcined * _REFINERY * _SUN_FOR_REFINERY // sun),
        (SOLAR, MILL, slabs * _MILL * _SUN_FOR_MILL // sun),
    )
    return tuple(Supply(seller, buyer, min(wh // hours, capacity(seller) * 2 // 3)) for seller, buyer, wh in wanted)
