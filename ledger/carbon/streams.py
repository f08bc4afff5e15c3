"""What one emission-source statement says (SPEC 4.9.13), as emissions: by gas, with what they rest on."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct

from ledger.carbon import formulas
from ledger.carbon.embedded import default_value
from ledger.carbon.exact import decimal128, negative, scaled
from ledger.carbon.factors import potentials
from ledger.form import number, rows, text, whole
from ledger.kernel.moments import micros

_TONNE = 1_000_000  # g; and dm³ in 1 000 m³
_TERAJOULE = 1_000_000_000  # kJ
_ONE, _NONE = Decimal(1), Decimal(0)


class Emission(Struct, frozen=True):
    """t CO2e of one gas. `basis`: measured, default (published values), claimed (somebody else's report)."""

    gas: str
    basis: str
    t: Decimal


class Purchased(Struct, frozen=True):
    """A precursor from outside, with what it carries in t CO2e/t, the mark-up in it.

    `g` was used; `bought` and `other` are what was purchased of it and went elsewhere, where that is stated.
    """

    cn: str
    g: int
    country: str
    basis: str
    direct: Decimal
    indirect: Decimal | None
    lot: str
    producer: str
    installation: str
    produced: tuple[int, int] | None
    report: str
    name: str = ""
    route: str = ""
    bought: int | None = None
    other: int | None = None
    dated: str = ""
    verifier: str = ""
    mark_up: Decimal = _NONE


class Power(Struct, frozen=True):
    """The factor that a process's electricity is charged with, in t CO2e/MWh, by method; of how many Wh it is said."""

    method: str
    factor: Decimal
    wh: int


class Stream(Struct, frozen=True):
    """One source stream of one process in one period [start, end), in µs. `cf4` and `c2f6` are t in the duct.

    `biogenic` is t CO2 of biomass, which counts as nothing.
    """

    entry: int
    process: str
    start: int
    end: int
    name: str
    kind: str
    status: str
    accounts: frozenset[str]
    emissions: tuple[Emission, ...] = ()
    purchased: Purchased | None = None
    power: Power | None = None
    cf4: Decimal = _NONE
    c2f6: Decimal = _NONE
    table: str = ""
    gwp: str = ""
    replaces: int = -1
    biogenic: Decimal = _NONE

    @property
    def t(self) -> Decimal:
        """All of it, in t CO2e."""
        return _sum(one.t for one in self.emissions)


def read_stream(body: Mapping[str, Any], entry: int) -> Stream:
    """The stream of a body in form. Raises RuleBroken ("gwp_set") for potentials that are not known."""
    kind, period = body["kind"], body["period"]
    stream = Stream(
        entry,
        text(body["process"]),
        micros(period["from"]),
        micros(period["to"]),
        text(body["stream"]),
        kind,
        text(body["status"]),
        frozenset(map(text, rows(body["accounts"]))),
        table=text(body["table"]["id"]) if "table" in body else "",
        gwp=text(body.get("gwp", "")),
        replaces=whole(body["replaces"]) if "replaces" in body else -1,
    )
    member = kind.replace("-", "_")
    return stream if member not in body else _READ[kind](stream, body[member])


def _with(stream: Stream, **more: Any) -> Stream:
    return Stream(**{name: getattr(stream, name) for name in stream.__struct_fields__} | more)


def _emitting(stream: Stream, *rows: tuple[str, Decimal], basis: str = "") -> Stream:
    said = tuple(Emission(gas, basis or stream.status, t) for gas, t in rows)
    return _with(stream, emissions=said)


def _fuel(stream: Stream, said: Mapping[str, Any]) -> Stream:
    factor, oxidation, biomass = (number(said[name]) for name in ("factor", "oxidation", "biomass"))
    if said["unit"] == "kJ":
        energy = number(said["quantity"]) / _TERAJOULE
        fossil, grown = (formulas.heat_of_fuel(energy, factor, oxidation, part) for part in (biomass, _ONE - biomass))
    else:
        quantity, value = number(said["quantity"]) / _TONNE, number(said["net_calorific_value"])
        fossil, grown = (
            formulas.combustion(quantity, value, factor, oxidation, part) for part in (biomass, _ONE - biomass)
        )
    return _with(_emitting(stream, ("CO2", fossil)), biogenic=grown)


def _anode(stream: Stream, said: Mapping[str, Any]) -> Stream:
    mass = number(said["net_consumed"]) / _TONNE
    co2 = formulas.carbon_balance(mass, number(said["carbon"]), number(said["factor"]))
    return _emitting(stream, ("CO2", co2))


def _pfc(stream: Stream, said: Mapping[str, Any]) -> Stream:
    cf4, c2f6 = in_duct(said)
    gwp, collection = potentials(stream.gwp), number(said["collection_efficiency"])
    emitted = formulas.collected(formulas.warming([(cf4, gwp["CF4"]), (c2f6, gwp["C2F6"])]), collection)
    of_cf4 = formulas.collected(formulas.warming([(cf4, gwp["CF4"])]), collection)
    made = _emitting(stream, ("CF4", of_cf4), ("C2F6", _difference(emitted, of_cf4)))
    return _with(made, cf4=cf4, c2f6=c2f6)


def in_duct(said: Mapping[str, Any]) -> tuple[Decimal, Decimal]:
    """CF4 and C2F6 in the duct, in t, by the method that a pfc stream names."""
    if said["method"] == "measured":
        return scaled(number(said["cf4"]), -3), scaled(number(said["c2f6"]), -3)
    metal = number(said["metal"]) / _TONNE
    if said["method"] == "slope":
        minutes = formulas.anode_effect_minutes(number(said["frequency"]), number(said["duration"]))
        cf4 = formulas.slope(minutes, number(said["slope"]), metal)
    else:
        cf4 = formulas.overvoltage(
            number(said["overvoltage_factor"]),
            number(said["overvoltage"]),
            number(said["current_efficiency"]),
            metal,
        )
    return cf4, formulas.hexafluoroethane(cf4, number(said["c2f6_ratio"]))


def _material(stream: Stream, said: Mapping[str, Any]) -> Stream:
    mass = number(said["mass"]) / _TONNE
    return _emitting(stream, ("CO2", formulas.carbon_balance(mass, number(said["conversion"]), number(said["factor"]))))


def _precursor(stream: Stream, said: Mapping[str, Any]) -> Stream:
    """E4, E5: a default with its mark-up; what is exempt counts as 0; another's report is his claim."""
    mark_up = number(said.get("mark_up", "0"))
    direct = default_value(number(said["direct"]), mark_up) if said["basis"] != "exempt" else _NONE
    indirect = default_value(number(said["indirect"]), mark_up) if "indirect" in said else None
    bought = Purchased(
        said["cn"],
        said["mass"],
        said["country"],
        said["basis"],
        direct,
        indirect,
        text(said.get("lot", "")),
        said.get("producer", ""),
        said.get("installation", ""),
        (micros(said["produced"]["from"]), micros(said["produced"]["to"])) if "produced" in said else None,
        said.get("report", {}).get("digest", ""),
        said.get("name", ""),
        said.get("route", ""),
        whole(said["purchased"]) if "purchased" in said else None,
        whole(said["other"]) if "other" in said else None,
        said.get("dated", ""),
        said.get("verifier", ""),
        mark_up,
    )
    carried = formulas.carbon_balance(number(said["mass"]) / _TONNE, _ONE, _both(direct, indirect))
    basis = "default" if said["basis"] == "default" else "claimed"
    return _with(_emitting(stream, ("CO2e", carried), basis=basis), purchased=bought)


def _electricity(stream: Stream, said: Mapping[str, Any]) -> Stream:
    return _with(stream, power=Power(said["method"], number(said["factor"]), said["energy"]))


def _heat(stream: Stream, said: Mapping[str, Any]) -> Stream:
    """F8: what is given away counts against the process."""
    t = formulas.heat_of_fuel(number(said["energy"]) / _TERAJOULE, number(said["factor"]), _ONE, _NONE)
    return _emitting(stream, ("CO2e", t if said["direction"] == "in" else negative(t)))


def _exported(stream: Stream, said: Mapping[str, Any]) -> Stream:
    """F8: power that was made in the process and given away counts against it."""
    t = formulas.carbon_balance(number(said["energy"]) / _TONNE, _ONE, number(said["factor"]))  # MWh
    return _emitting(stream, ("CO2e", negative(t)))


def _measured(stream: Stream, said: Mapping[str, Any]) -> Stream:
    gas, mass = text(said["gas"]), number(said["mass"]) / _TONNE
    potential = _ONE if gas == "CO2" else potentials(stream.gwp)[gas]
    return _emitting(stream, (gas, formulas.warming([(mass, potential)])))


@decimal128
def _difference(one: Decimal, other: Decimal) -> Decimal:
    return one - other


@decimal128
def _both(one: Decimal, other: Decimal | None) -> Decimal:
    return one + (other or _NONE)


@decimal128
def _sum(values: Iterator[Decimal]) -> Decimal:
    return sum(values, _NONE)


_READ: Mapping[str, Callable[[Stream, Mapping[str, Any]], Stream]] = {
    "fuel": _fuel,
    "anode": _anode,
    "pfc": _pfc,
    "material": _material,
    "precursor": _precursor,
    "electricity": _electricity,
    "heat": _heat,
    "waste-gas": _heat,
    "power-export": _exported,
    "measured": _measured,
}
