"""The block of perfluorocarbons of a CBAM report: each potline's formula with all it takes (F3 to F7)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ledger.carbon.factors import potentials
from ledger.carbon.formulas import collected, warming
from ledger.carbon.reports.numbers import plain
from ledger.carbon.streams import in_duct
from ledger.kernel.moments import micros, rfc3339
from schemas import wire_carbon as said

_OF_A_METHOD = ("frequency", "duration", "slope", "overvoltage", "overvoltage_factor", "current_efficiency")


def pfc_of(body: Mapping[str, Any], entry: int) -> said.CbamPfc:
    """One row, of the body of an `emission-source` of kind pfc and the entry that holds it."""
    pfc, period = body["pfc"], body["period"]
    cf4, c2f6 = in_duct(pfc)
    gwp, collection = potentials(body["gwp"]), Decimal(pfc["collection_efficiency"])
    duct = [warming([(cf4, gwp["CF4"])]), warming([(c2f6, gwp["C2F6"])])]
    return said.CbamPfc(
        entry=entry, process=body["process"],
        period=said.Span(start=rfc3339(micros(period["from"])), end=rfc3339(micros(period["to"]))),
        method=pfc["method"], technology=pfc["technology"], metal=plain(Decimal(pfc["metal"]).scaleb(-6)),
        **{name: pfc.get(name, said.NOT_APPLICABLE) for name in _OF_A_METHOD}, c2f6_ratio=pfc["c2f6_ratio"],
        cf4=plain(cf4), c2f6=plain(c2f6), gwp=body["gwp"], gwp_cf4=plain(gwp["CF4"]), gwp_c2f6=plain(gwp["C2F6"]),
        cf4_co2e=plain(duct[0]), c2f6_co2e=plain(duct[1]), collection_efficiency=plain(collection),
        total=plain(collected(warming([(cf4, gwp["CF4"]), (c2f6, gwp["C2F6"])]), collection)),
    )  # fmt: skip
