"""Heat, waste gas and power that pass between processes, as rows of a CBAM report (F8)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, cast

from ledger.carbon.reports.numbers import plain
from ledger.carbon.streams import read_stream
from ledger.kernel.moments import micros, rfc3339
from schemas import wire_carbon as said

KINDS = frozenset({"heat", "waste-gas", "power-export"})
_TERAJOULE, _MEGAWATT_HOUR = -9, -6  # of kJ, of Wh


def flow_of(body: Mapping[str, Any], entry: int) -> said.CbamFlow:
    """One row, of the body of an `emission-source` of one of these kinds and the entry that holds it."""
    kind, period = body["kind"], body["period"]
    flow, power = body[kind.replace("-", "_")], kind == "power-export"
    return said.CbamFlow(
        entry=entry, process=body["process"],
        period=said.Span(start=rfc3339(micros(period["from"])), end=rfc3339(micros(period["to"]))),
        kind=cast("Literal['heat', 'waste-gas', 'power-export']", kind), direction=flow.get("direction", "out"),
        energy=plain(Decimal(flow["energy"]).scaleb(_MEGAWATT_HOUR if power else _TERAJOULE)),
        unit="MWh" if power else "TJ", factor=flow["factor"], emissions=plain(read_stream(body, entry).t),
    )  # fmt: skip
