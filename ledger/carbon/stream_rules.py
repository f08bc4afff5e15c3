"""What a source stream must say so that a figure can be computed from it (E4 to E7). All these rules refuse.

Traps of units are refused where a number cannot be meant as it stands: a percentage below 1, a fraction above 1.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ledger.carbon.factors import FactorSet, known, potentials, require
from ledger.carbon.state import Stretch
from ledger.kernel.errors import RuleBroken
from ledger.kernel.moments import rfc3339

AHEAD = 300_000_000  # µs that what is stated may lie ahead of its record (SPEC 8)
_NEEDS_GWP = frozenset({"CF4", "C2F6", "N2O"})
_DEFAULTS = "eu-2025-2621/defaults"
# 2023/956 Annex I: unwrought aluminium and aluminium products; alumina, anodes and scrap are no precursors.
_PRECURSORS = ("7601", "7603", "7604", "7605", "7606", "7607", "7608", "7609", "7610", "7611", "7612", "7613", "7614",
               "7616")  # fmt: skip
Body = Mapping[str, Any]


def over(period: Stretch, now: int) -> None:
    """What is measured or closed is over. Raises RuleBroken ("time_ahead")."""
    if period.end - now > AHEAD:
        says = f"it ends at {rfc3339(period.end)}, the ledger's clock says {rfc3339(now)}"
        raise RuleBroken("time_ahead", f"{says}, the most is {AHEAD // 1_000_000} s ahead")


def check_prices(prices: Sequence[Body]) -> None:
    """Of what a carbon price covers, more cannot be given back. Raises RuleBroken ("carbon_price")."""
    for row in prices:
        back = row.get("rebate", {"covered": "0", "amount": "0"})
        paid = Decimal(row["covered"]) * Decimal(row["due"])
        if Decimal(back["covered"]) > Decimal(row["covered"]) or Decimal(back["amount"]) > paid:
            says = (
                f"{row['covered']} t CO2e are covered at {row['due']} {row['currency']}, "
                f"{back['amount']} {row['currency']} for {back['covered']} t are given back"
            )
            raise RuleBroken("carbon_price", f"{says}: that is more than there was", cn=row["cn"])


def check(body: Body) -> None:
    """Everything that can be said of a stream by its own words and the factor sets. Raises RuleBroken."""
    _accounts(body)
    if body["status"] == "not-applicable":
        return
    table = require(body["table"])
    if "gwp" in body:
        potentials(body["gwp"])
    if body["kind"] in _CHECKS:
        _CHECKS[body["kind"]](body, body[body["kind"]], table)


def _accounts(body: Body) -> None:
    """E7: power is no direct emission. Raises RuleBroken ("account")."""
    if body["kind"] == "electricity" and "cbam-direct" in body["accounts"]:
        raise RuleBroken("account", "electricity is no direct emission: it does not enter the account cbam-direct")


def _published(body: Body, table: FactorSet, path: tuple[str, ...], said: str, what: str) -> None:
    """A default is the published value. Raises RuleBroken ("factor_differs")."""
    value = table.find(*path)
    if body["status"] == "default" and value is not None and value != Decimal(said):
        says = f"{what} is {said}, factor set {table.id} has {value}"
        raise RuleBroken("factor_differs", f"{says}: a default is the published value", id=table.id)


def _percent(said: str, what: str) -> None:
    """E6. Raises RuleBroken ("percent")."""
    if 0 < Decimal(said) < 1:
        raise RuleBroken("percent", f"{what} is {said} %: it looks like a fraction, and is wanted in percent")


def _fuel(body: Body, said: Body, table: FactorSet) -> None:
    _published(body, table, ("fuel", said["fuel"], "factor"), said["factor"], f"the factor of {said['fuel']}")


def _anode(_body: Body, said: Body, table: FactorSet) -> None:
    parts = [Decimal(said.get(name, "0")) for name in ("carbon", "sulphur", "ash")]
    if sum(parts) > 1:
        raise RuleBroken("carbon", f"carbon, sulphur and ash are {sum(parts)} of the anode, more than all of it")
    factor = table.find("carbon", "factor")
    if factor is not None and factor != Decimal(said["factor"]):
        says = f"carbon becomes carbon dioxide by {said['factor']}, factor set {table.id} has {factor}"
        raise RuleBroken("factor_differs", says, id=table.id)


def _pfc(body: Body, said: Body, table: FactorSet) -> None:
    """E6: technology, method, efficiencies."""
    _require_gwp(body)
    if Decimal(said["collection_efficiency"]) == 0:
        raise RuleBroken(
            "collection", "hoods that collect nothing are not what was measured: the efficiency is above 0"
        )
    if said["method"] == "measured":
        return
    if said["method"] == "overvoltage":
        _efficiency(said["current_efficiency"])
    name, factor = ("slope", "slope") if said["method"] == "slope" else ("overvoltage", "overvoltage_factor")
    technology = said["technology"]
    if body["status"] == "default" and table.find(name, technology, "factor") is None:
        says = f"factor set {table.id} has no {name} factor for {technology}"
        raise RuleBroken("technology", f"{says}: only what was determined on the cells can be used", id=table.id)
    _published(body, table, (name, technology, "factor"), said[factor], f"the {name} factor of {technology}")
    _published(body, table, (name, technology, "c2f6_ratio"), said["c2f6_ratio"], f"C2F6 to CF4 of {technology}")


def _efficiency(said: str) -> None:
    """E6, M3: in percent, and no cell makes more metal than its charge can. Raises RuleBroken."""
    _percent(said, "current efficiency")
    if Decimal(said) == 1:  # no cells run at that
        raise RuleBroken("percent", f"current efficiency is {said} %: it looks like all of it, given as a fraction")
    if not 0 < Decimal(said) <= 100:
        raise RuleBroken("current_efficiency", f"current efficiency is {said} %: it lies above 0 and is at most 100")


def _material(body: Body, said: Body, table: FactorSet) -> None:
    _published(body, table, ("material", said["name"], "factor"), said["factor"], f"the factor of {said['name']}")


def _precursor(body: Body, said: Body, table: FactorSet) -> None:
    """E4, E5."""
    if "cbam-direct" in body["accounts"] and not said["cn"].startswith(_PRECURSORS):
        says = f"{said['cn']} is no precursor of aluminium: only aluminium is (2025/2547 Annex I 3.17)"
        raise RuleBroken("no_precursor", says, cn=said["cn"])
    if said["basis"] == "exempt":
        _exempt(said)
    if "mark_up" in said:
        _percent(said["mark_up"], "the mark-up")
    if said["basis"] == "default":
        path = ("default", said["country"], said["cn"][:4])
        _published(body, table, path, said["direct"], f"the default of {said['cn'][:4]} from {said['country']}")


def _exempt(said: Body) -> None:
    """E5: where the ETS holds, goods count as 0. Raises RuleBroken ("exempt")."""
    if Decimal(said["direct"]) != 0:
        raise RuleBroken("exempt", f"what is exempt counts as 0, not {said['direct']} t CO2e/t")
    if said["country"] not in known()[_DEFAULTS].values["exempt"]["countries"]:
        raise RuleBroken("exempt", f"goods from {said['country']} are not exempt", country=said["country"])


def _electricity(body: Body, said: Body, table: FactorSet) -> None:
    _published(body, table, ("grid", said["method"]), said["factor"], f"the factor of {said['method']} power")


def _measured(body: Body, said: Body, _table: FactorSet) -> None:
    if said["gas"] in _NEEDS_GWP:
        _require_gwp(body, said["gas"])


def _require_gwp(body: Body, gas: str = "CF4") -> None:
    """F7: no figure in CO2e without its potentials. Raises RuleBroken ("gwp_set")."""
    if "gwp" not in body:
        raise RuleBroken("gwp_set", "a gas other than CO2 is weighed by a set of warming potentials: gwp names it")
    if gas not in potentials(body["gwp"]):
        raise RuleBroken("gwp_set", f"set {body['gwp']} of warming potentials has no value for {gas}", id=body["gwp"])


_CHECKS: Mapping[str, Callable[[Body, Body, FactorSet], None]] = {
    "fuel": _fuel,
    "anode": _anode,
    "pfc": _pfc,
    "material": _material,
    "precursor": _precursor,
    "electricity": _electricity,
    "measured": _measured,
}
