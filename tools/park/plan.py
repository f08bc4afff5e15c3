"""What is to be made: orders, heats and their days, the weight of every piece. Fixed before anybody says a word."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256

from tools.park.events import day as at
from tools.park.events import split
from tools.park.products import PRODUCTS, SHARES, Product

DAYS = 21  # at least
SLABS = 4  # a heat, at most
HEATS = 3  # a furnace and day, at most
SODA = 95  # kg of caustic soda a t of alumina
HEEL = 6_000  # kg that stay in a furnace from heat to heat
OFFLINE = (7, 9)  # nothing is heard of the refinery on days 7 and 8, and on day 9 until eight
_FIRST_HEAT = 2  # day
_TO_CUSTOMER = 8  # days from the heat to the shipment
_LEAST_METAL = 40_000  # kg a day
_HEAT, _FIRST_NUMBER = "HC26", 61
_SHELF = 8  # coils of one order


@dataclass(frozen=True)
class Size:
    """How a park is built, and for how long its story is told; as it stands, that of the demo.

    `days` is 0 for as many as the coils take. Of furnaces for each product and of rolling lines there are as many as
    `halls`; `wind` and `sun` are the farms of each producer. After `renewed` days, if that is not 0, class lots that
    would go on for ever are emptied, and others begun.
    """

    days: int = 0
    halls: int = 1
    renewed: int = 0
    wind: int = 1
    sun: int = 1


@dataclass(frozen=True)
class Chance:
    """Numbers that look like chance: of one seed and of what they are about, in whatever order they are asked for."""

    seed: str

    def between(self, low: int, high: int, *about: object) -> int:
        """A whole number from low to high."""
        words = "\n".join([self.seed, *map(str, about)])
        return low + int.from_bytes(sha256(words.encode()).digest()[:8]) % (high - low + 1)


@dataclass(frozen=True)
class Weights:
    """What the pieces of one coil weigh on their way, and the scrap of each step, in kg."""

    slab: int
    scalped: int
    chips: int
    band: int
    crops: int
    rolled: int
    ends: int
    strips: tuple[int, ...]
    trim: int


@dataclass(frozen=True)
class Coil:
    """One ordered coil, from slab to what is shipped: two strips, or the coil whole."""

    number: int
    heat: str
    position: int
    product: Product
    order: str
    weights: Weights

    @property
    def serial(self) -> str:
        """What the mill calls it."""
        return f"C{4711 + self.number:07d}"

    @property
    def is_slit(self) -> bool:
        """Two strips, or one coil."""
        return len(self.weights.strips) > 1


@dataclass(frozen=True)
class Heat:
    """One charge of one furnace, cast into a slab for each of its coils. `dross` and `oxidation` in kg."""

    number: str
    product: Product
    day: int
    slot: int
    furnace: str
    coils: tuple[Coil, ...]
    dross: int
    oxidation: int

    @property
    def charge(self) -> int:
        """Kg that are put into the furnace beside the heel, which is the same before and after."""
        return sum(coil.weights.slab for coil in self.coils) + self.dross + self.oxidation

    @property
    def alloying(self) -> Mapping[str, int]:
        """Kg of each master alloy."""
        return {metal: self.charge * share // 1000 for metal, share in self.product.recipe.items()}

    @property
    def most_liquid(self) -> int:
        """Kg of liquid metal where there is no scrap at all."""
        return self.charge - sum(self.alloying.values())


@dataclass(frozen=True)
class Plan:
    """Heats by day, and what the plants before the casthouse have to bring for them, in kg a day.

    `metal` is what the potlines give every day, whatever is cast: they cannot be throttled. `followed` is the coil that
    the demo follows.
    """

    chance: Chance
    days: int
    metal: int
    heats: tuple[Heat, ...]
    on_day: Mapping[int, tuple[Heat, ...]]
    followed: Coil
    size: Size = Size()

    @property
    def furnaces(self) -> Iterator[tuple[str, Product]]:
        """Each by its name, and what is cast of it."""
        return ((_furnace(one, hall), one) for hall in range(self.size.halls) for one in PRODUCTS)

    def renews(self, day: int) -> bool:
        """Whether class lots are emptied on the morning of a day, and others begun."""
        return self.size.renewed > 0 and day > 1 and (day - 1) % self.size.renewed == 0

    def since(self, day: int) -> str:
        """What the name of a class lot ends in that is filled on a day: when it was begun, if not with the story."""
        renewed = self.size.renewed
        first = day - (day - 1) % renewed if renewed else 1
        return f"-{at(first):%y%m%d}" if first > 1 else ""

    def heats_on(self, day: int) -> tuple[Heat, ...]:
        """What is cast on a day."""
        return self.on_day.get(day, ())

    def coils_of(self, day: int) -> tuple[Coil, ...]:
        """The coils whose slabs are cast on a day."""
        return tuple(coil for heat in self.heats_on(day) for coil in heat.coils)

    def in_turn(self, day: int) -> Iterator[tuple[int, Coil]]:
        """These coils, each with its turn on its line."""
        return ((place // self.size.halls, coil) for place, coil in enumerate(self.coils_of(day)))

    @property
    def alumina(self) -> int:
        """What the potlines take: 1.93 kg a kg of metal (the least that chemistry allows is 1.8894)."""
        return self.metal * 193 // 100

    @property
    def anodes(self) -> int:
        """Carbon burnt: 0.41 kg a kg of metal."""
        return self.metal * 41 // 100

    @property
    def calcined(self) -> int:
        """Alumina made: half a percent more than is used, for what is lost under way."""
        return self.alumina * 1_005 // 1_000

    @property
    def bauxite(self) -> int:
        """What the refinery takes."""
        return self.calcined * 265 // 100

    def heat_of(self, coil: Coil) -> Heat:
        """Where its slab was cast."""
        return self.heats[int(coil.heat[len(_HEAT) :]) - _FIRST_NUMBER]

    @property
    def misweighed(self) -> Heat:
        """The heat of which one slab is weighed wrong."""
        return self.heats[min(1, len(self.heats) - 1)]

    @property
    def doubted(self) -> Heat:
        """The heat whose coils are held."""
        return self.heats[min(2, len(self.heats) - 1)]

    @property
    def returned(self) -> Coil | None:
        """The coil that comes back, where the first heat has another than the first that is slit."""
        return next((one for one in self.heats[0].coils[1:] if one.is_slit), None)


def halls_for(coils: int, days: int) -> int:
    """How many halls make so many coils in so many days."""
    most = max(-(-count // SLABS) for count in _shares(coils))
    return -(-most // (HEATS * (days - _FIRST_HEAT - _TO_CUSTOMER - 2)))


def make_plan(coils: int, seed: str, size: Size = Size()) -> Plan:
    """So many coils of three alloys, each heat on its day; longer than three weeks where they are too many for that."""
    chance = Chance(seed)
    counts = list(zip(PRODUCTS, _shares(coils), strict=True))
    most = max(-(-count // SLABS) for _, count in counts)
    days = size.days or max(DAYS, _FIRST_HEAT + _TO_CUSTOMER + -(-most // (HEATS * size.halls)) + 2)
    places = sorted(_places(counts, days, size.halls))
    on_day: dict[int, tuple[Heat, ...]] = {}
    first = 0
    for number, (day, slot, furnace, product, slabs) in enumerate(places):
        heat = _heat(chance, number, (day, slot, furnace), product, range(first, first + slabs))
        on_day[day] = (*on_day.get(day, ()), heat)
        first += slabs
    heats = tuple(heat for heats in on_day.values() for heat in heats)
    metal = max(_LEAST_METAL, *(sum(heat.most_liquid for heat in cast) for cast in on_day.values()))
    return Plan(chance, days, metal, heats, on_day, _followed(heats), size)


def _followed(heats: Sequence[Heat]) -> Coil:
    """It is slit, has scrap of every class in it where that can be, and as much behind it as there is."""
    slit = [coil for heat in heats for coil in heat.coils if coil.is_slit]
    return max(slit, key=lambda coil: (coil.product.pre > 0, coil.number))


def _shares(coils: int) -> tuple[int, ...]:
    second, third = (coils * share // 100 for share in SHARES[1:])
    return coils - second - third, second, third


def _furnace(product: Product, hall: int) -> str:
    """The name of a product's furnace in a hall."""
    return f"F{int(product.furnace[1:]) + hall * len(PRODUCTS)}"


def _places(
    counts: Sequence[tuple[Product, int]], days: int, halls: int
) -> Iterator[tuple[int, int, str, Product, int]]:
    """Day, slot, furnace, product and number of slabs of each heat, spread over the days that leave time."""
    heats = sorted(heat for product, coils in counts for heat in _spaced(product, coils))
    last, taken = days - _TO_CUSTOMER - _FIRST_HEAT - 1, Counter[tuple[int, str]]()
    for number, (_, furnace, product, size) in enumerate(heats):
        day = _FIRST_HEAT + number * last // max(1, len(heats) - 1)
        while taken[day, furnace] == HEATS * halls:
            day += 1
        slot, hall = divmod(taken[day, furnace], halls)
        yield day, slot, _furnace(product, hall), product, size
        taken[day, furnace] += 1


def _spaced(product: Product, coils: int) -> Iterator[tuple[Fraction, str, Product, int]]:
    """The heats of one product, each with its place up to 1 between those of the others."""
    heats = -(-coils // SLABS)
    for number, size in enumerate(split(coils, heats) if heats else ()):
        yield Fraction(number + 1, heats), product.furnace, product, size


def _heat(chance: Chance, number: int, place: tuple[int, int, str], product: Product, coils: range) -> Heat:
    """`place` is day, slot and furnace."""
    name = f"{_HEAT}{_FIRST_NUMBER + number:03d}"
    made = tuple(
        Coil(
            one, name, position, product, f"PO-{product.customer.prefix[-2:]}-{300 + one // _SHELF}",
            _weights(chance, one, slit=one % 3 != 2),
        )
        for position, one in enumerate(coils, 1)
    )  # fmt: skip
    slabs = sum(coil.weights.slab for coil in made)
    dross = slabs * chance.between(7, 10, "dross", name) // 1000
    return Heat(name, product, *place, made, dross, slabs * chance.between(30, 45, "oxidation", name) // 10_000)


def _weights(chance: Chance, coil: int, *, slit: bool) -> Weights:
    """Each step gives back all it took but some kg of oxide and dust."""

    def off(kg: int, low: int, high: int, what: str) -> int:
        return kg * chance.between(low, high, what, coil) // 1000

    slab = 20_600 + 10 * chance.between(0, 70, "slab", coil)
    chips = off(slab, 34, 42, "chips")
    crops = off(slab - chips, 22, 30, "crops")
    ends = off(slab - chips, 14, 20, "ends")
    trim = off(slab - chips, 10, 16, "trim") if slit else 0
    scalped = slab - chips
    band = scalped - crops - chance.between(8, 16, "scale", coil)
    rolled = band - ends - chance.between(2, 9, "dust", coil)
    left = rolled - trim
    half = left * chance.between(490, 510, "half", coil) // 1000
    strips = (half, left - half) if slit else (left,)
    return Weights(slab, scalped, chips, band, crops, rolled, ends, strips, trim)
