"""What the accounts say, as frozen records. g, Wh and µs are whole numbers, emissions are decimals in t CO2e.

The footprint of a coil and the account of a process share no type: what is voluntary cannot be declared (SPEC 12).
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from ledger.carbon.embedded import declared, whole_tonnes
from ledger.carbon.exact import decimal128, per_tonne, ratio
from ledger.carbon.given import Price

Matching: TypeAlias = Literal["location", "hourly", "volumetric"]
# ISO 22095, the strongest first: along a chain the weakest counts (P6).
MODELS = ("identity-preserved", "segregated", "controlled-blending", "mass-balance", "book-and-claim")


def weakest(models: Iterable[str]) -> str:
    """P6: the model of a claim that rests on all of these; of none, that of metal which is mixed and weighed."""
    return max(models, key=MODELS.index, default="controlled-blending")


@decimal128
def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, Decimal(0))


class Part(Struct, frozen=True, order=True):
    """Some of a footprint but electricity: where in the chain, of which source and gas, on what it rests; t CO2e."""

    stage: str
    source: str
    gas: str
    basis: str
    t: Decimal


class Power(Struct, frozen=True, order=True):
    """The electricity of one stage: 0 <= hourly_wh <= volumetric_wh <= wh; its emissions three ways, in t CO2e.

    `sources` has the Wh that attestations cover, in the hour or not, by what they come from.
    """

    stage: str
    wh: int
    hourly_wh: int
    volumetric_wh: int
    location: Decimal
    market_hourly: Decimal
    market_volumetric: Decimal
    coc_model: str
    sources: tuple[tuple[str, int], ...] = ()


class Gap(Struct, frozen=True, order=True):
    """What no figure stands for: power without a factor (Wh); metal from outside, late or opening stock (g)."""

    stage: str
    what: str
    amount: int


class Restated(Struct, frozen=True, order=True):
    """An entry that took something back or replaced it; the Wh of the piece that lost their cover by it."""

    entry: int
    reason: str
    wh: int


class Footprint(Struct, frozen=True):
    """Cradle to gate, of one piece of `g` grams. Voluntary: it never enters a CBAM declaration."""

    piece: str
    g: int
    parts: tuple[Part, ...]
    power: tuple[Power, ...]
    coc_model: str
    provisional: bool
    gaps: tuple[Gap, ...] = ()
    gwp: str = ""
    tables: tuple[str, ...] = ()
    restated: tuple[Restated, ...] = ()

    @property
    def stated(self) -> bool:
        """Whether anything at all is known of it."""
        return bool(self.parts or self.power)

    @property
    def direct(self) -> Decimal:
        """All but electricity, in t CO2e."""
        return _sum(part.t for part in self.parts)

    @property
    def wh(self) -> int:
        return sum(one.wh for one in self.power)

    @property
    def hourly_wh(self) -> int:
        return sum(one.hourly_wh for one in self.power)

    @property
    def volumetric_wh(self) -> int:
        return sum(one.volumetric_wh for one in self.power)

    @property
    def hourly_share(self) -> Decimal:
        """C7, P3: a ratio of sums, never a mean of ratios."""
        return ratio(self.hourly_wh, self.wh)

    @property
    def volumetric_share(self) -> Decimal:
        """C7: at least the hourly share."""
        return ratio(self.volumetric_wh, self.wh)

    def electricity(self, matching: Matching) -> Decimal:
        """C8: t CO2e of its power, by location, or by market with power matched this way."""
        name = "location" if matching == "location" else f"market_{matching}"
        return _sum(getattr(one, name) for one in self.power)

    def total(self, matching: Matching) -> Decimal:
        """All of it, in t CO2e."""
        return _sum((self.direct, self.electricity(matching)))

    def per_t(self, matching: Matching) -> Decimal:
        """How many t CO2e a t of the piece."""
        return per_tonne(self.total(matching), self.g)

    @property
    @decimal128
    def coverage(self) -> Decimal:
        """How much of the whole, power by location, rests on own data and not on defaults or others' claims."""
        other = _sum(abs(part.t) for part in self.parts if part.basis != "measured")
        return ratio(_sum((self._gross, -other)), self._gross)

    @property
    @decimal128
    def _gross(self) -> Decimal:
        return _sum((*(abs(part.t) for part in self.parts), self.electricity("location")))


class Precursor(Struct, frozen=True):
    """What went into goods of a process and carries emissions: from outside, or of an own process (basis own).

    `g` was used; `bought` and `other` are what was purchased and went elsewhere, where that is stated.
    """

    cn: str
    g: int
    country: str
    basis: str
    see_direct: Decimal
    installation: str = ""
    producer: str = ""
    report: str = ""
    produced: tuple[int, int] | None = None
    name: str = ""
    route: str = ""
    dated: str = ""
    verifier: str = ""
    bought: int | None = None
    other: int | None = None


class CbamRow(Struct, frozen=True):
    """One process of the CBAM, one CN code, one period [start, end). Direct emissions alone: these are Annex II goods.

    `direct` is what the whole process is charged with (F8) and `activity` its activity level, over all its codes, in g.
    By gas, `co2`, `n2o` and `pfcs` are of all that is burnt, made or measured; `biomass` counts as nothing. `waste_gas`
    and `exported` are parts of `direct`, None where no stream of that kind is stated.
    """

    installation: str
    good: str
    route: str
    processes: tuple[str, ...]
    cn: str
    start: int
    end: int
    produced: int
    sold: int
    used: int
    other: int
    activity: int
    direct: Decimal
    calculated: Decimal
    pfc: Decimal
    measured: Decimal
    heat: Decimal
    default_share: Decimal
    precursors: tuple[Precursor, ...]
    see_direct: Decimal
    power_wh: int
    scrap_g: int
    pre_consumer_g: int
    provisional: bool
    tables: tuple[str, ...]
    gwp: str
    co2: Decimal = Decimal(0)
    n2o: Decimal = Decimal(0)
    pfcs: Decimal = Decimal(0)
    biomass: Decimal = Decimal(0)
    waste_gas: Decimal | None = None
    exported: Decimal | None = None
    product: str = ""
    non_aluminium: Decimal | None = None
    prices: tuple[Price, ...] = ()

    @property
    def indirect(self) -> None:
        """Not applicable to goods of Annex II (2023/956 Art 7(1)): no number, not even 0."""
        return

    @property
    def see_declared(self) -> Decimal:
        """Five decimals, half up."""
        return declared(self.see_direct)

    @property
    def total_t(self) -> int:
        """Emissions of the process in the period, in full t (2547 II A.1(7))."""
        return whole_tonnes(self.direct)
