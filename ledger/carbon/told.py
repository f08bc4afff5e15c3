"""What a row of the CBAM says beside its figures: by gas, what flows between processes, what its goods are and cost."""

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import TypedDict

from msgspec.structs import replace

from ledger.carbon.exact import decimal128
from ledger.carbon.given import Activity, Close, Price
from ledger.carbon.streams import Stream

_NONE = Decimal(0)
_OWN = frozenset({"fuel", "anode", "material", "pfc", "measured"})  # emitted here; heat, gas and power only pass


class Gases(TypedDict):
    """T CO2e by gas; `biomass` in t CO2, which counts as nothing."""

    co2: Decimal
    n2o: Decimal
    pfcs: Decimal
    biomass: Decimal


class Flows(TypedDict):
    """T CO2e of what passes between processes; None where no stream says."""

    waste_gas: Decimal | None
    exported: Decimal | None


class Goods(TypedDict):
    """What is said of goods."""

    product: str
    non_aluminium: Decimal | None
    prices: tuple[Price, ...]


@decimal128
def by_gas(streams: Iterable[Stream]) -> Gases:
    """Of all that a process emits itself."""
    own = [one for one in streams if one.kind in _OWN]
    sums = dict.fromkeys(("CO2", "N2O", "CF4", "C2F6"), _NONE)
    for part in (part for one in own for part in one.emissions):
        sums[part.gas] += part.t
    return Gases(
        co2=sums["CO2"], n2o=sums["N2O"], pfcs=sums["CF4"] + sums["C2F6"],
        biomass=sum((one.biogenic for one in own), _NONE),
    )  # fmt: skip


@decimal128
def flows(streams: Sequence[Stream]) -> Flows:
    """F8: waste gas taken in less what was given away, and power that was made here and given away."""

    def of(kind: str) -> Decimal | None:
        found = [one.t for one in streams if one.kind == kind]
        return sum(found, _NONE) if found else None

    exported = of("power-export")
    return Flows(waste_gas=of("waste-gas"), exported=None if exported is None else -exported)


def told_of(closes: Iterable[Close], processes: Collection[str], cn: str) -> Goods:
    """What closes say of the goods of these processes under one code."""
    kept = list(closes)
    rows = [row for one in kept for row in one.activity if row.process in processes and row.cn == cn and row.produced]
    prices = [row for one in kept for row in one.prices if row.process in processes and row.cn == cn]
    names = dict.fromkeys(row.product for row in rows if row.product)
    return Goods(product="; ".join(names), non_aluminium=_mean(rows), prices=_added(prices))


@decimal128
def _mean(rows: Sequence[Activity]) -> Decimal | None:
    """By mass, of what does not go to own processes; None unless it is said of all that."""
    leaving = [(row.produced - row.used, row.non_aluminium) for row in rows if row.produced > row.used]
    if not leaving or any(part is None for _, part in leaving):
        return None
    return sum((Decimal(g) * (part or _NONE) for g, part in leaving), _NONE) / sum(g for g, _ in leaving)


@decimal128
def _added(prices: Iterable[Price]) -> tuple[Price, ...]:
    """Those under one instrument, at one price and with one kind of rebate, together."""
    found: dict[tuple[str, ...], Price] = {}
    for one in prices:
        kind = one.instrument, one.currency, f"{one.due.normalize():f}", one.rebate
        old = found.get(kind)
        found[kind] = one if old is None else replace(
            old, covered=old.covered + one.covered, rebate_covered=old.rebate_covered + one.rebate_covered,
            rebate_amount=old.rebate_amount + one.rebate_amount,
        )  # fmt: skip
    return tuple(found[kind] for kind in sorted(found))
