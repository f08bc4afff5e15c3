"""What the plants state of their emissions at the end of a week, and that the week is closed.

One statement a stream, process and week. Figures per t are those of a modern plant; each names the table of its factor.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from ledger.kernel.encoding import b64url_encode
from ledger.kernel.gs1 import canonical_id
from tools.park.actors import MILL, MINE, REFINERY, SMELTER, Actor
from tools.park.events import KG, Said, day, utc
from tools.park.finishing import SLIT
from tools.park.grid import on
from tools.park.metering import WEEK, week_of
from tools.park.mill import ROLLED
from tools.park.plan import SODA, Coil
from tools.park.potline import LINES, burnt, sea_alumina
from tools.park.tables import Table
from tools.park.yard import Park

_BOTH, _OURS = ("cbam-direct", "footprint"), ("footprint",)
_GAS, _DIESEL = "56.1", "74.1"  # t CO2/TJ
_KJ = {"pit-1": 108, "digestion": 10_000, "casthouse": 1_500, "hot": 1_200, "annealer": 800}  # a kg of product
_ALLOYS = {"ALMG50": "76012080", "ALSI50": "76012080", "ALMN60": "76012080", "ALCU50": "76012080", "ZINC": "79011100"}
_GRID = "0.80"  # t CO2/MWh


@dataclass(frozen=True)
class Stream:
    """What one `emission-source` says beside process, period and status."""

    name: str
    kind: str
    says: Mapping[str, Any]
    accounts: tuple[str, ...]
    table: Table
    status: str = "measured"
    runs: bool = True


def close_week(park: Park, number: int) -> Iterator[Said]:
    """On the day after a week: every stream of every process, then that all is said."""
    days = week_of(number - 1, park.plan.days)
    if number != days.stop:
        return
    for actor in (MINE, REFINERY, SMELTER, MILL):
        for local in actor.processes:
            for one in _streams(park, actor, local, days):
                yield _source(actor, local, days, one)
        yield _closed(park, actor, days)


def _source(actor: Actor, local: str, days: range, stream: Stream) -> Said:
    says = {stream.kind: stream.says, "table": stream.table.named, "gwp": "AR5"} if stream.runs else {}
    body = {
        "process": actor.own(local), "period": _period(days), "stream": stream.name, "kind": stream.kind,
        "status": stream.status if stream.runs else "not-applicable", "accounts": list(stream.accounts), **says,
    }  # fmt: skip
    return Said(actor, "emission-source", body, day(days.stop, "15:00"), f"{local}: {stream.name} of the week")


def _period(days: range) -> dict[str, str]:
    return {"from": utc(day(days.start)), "to": utc(day(days.stop))}


def _streams(park: Park, actor: Actor, local: str, days: range) -> Iterator[Stream]:
    drawn = park.grid.drawn[actor.word, local]
    wh = sum(drawn.get(hour, 0) for number in days for hour in on(number))
    says = {"energy": wh, "method": "grid", "factor": _GRID}
    yield Stream("electricity", "electricity", says, _OURS, Table.SCENARIO, "default", runs=wh > 0)
    if local in _KJ:
        yield _fuel(park, actor, local, days)
    if local.startswith("potline"):
        yield from _cells(park.grid.made_in(actor, local, days))
    if local in {"casthouse", "digestion", "silo-1"}:
        yield from _bought(park, local, days)


def _fuel(park: Park, actor: Actor, local: str, days: range) -> Stream:
    name, factor = ("diesel", _DIESEL) if actor is MINE else ("natural-gas", _GAS)
    kj = park.grid.made_in(actor, local, days) * _KJ[local]
    says = {"fuel": name, "quantity": kj, "unit": "kJ", "factor": factor, "oxidation": "1", "biomass": "0"}
    return Stream(name, "fuel", says, _BOTH if actor in (SMELTER, MILL) else _OURS, Table.FUELS, runs=kj > 0)


def _cells(kg: int) -> Iterator[Stream]:
    """Of one potline, and what making its anodes emitted elsewhere."""
    carbon = burnt(kg) * KG
    says = {
        "kind": "prebake", "net_consumed": carbon, "carbon": "0.976", "factor": "3.664", "sulphur": "0.020",
        "ash": "0.004",
    }  # fmt: skip
    yield Stream("anodes", "anode", says, _BOTH, Table.METHODS, runs=kg > 0)
    says_pfc = {
        "method": "slope", "technology": "PFPB-M", "metal": kg * KG, "collection_efficiency": "0.98",
        "c2f6_ratio": "0.057", "frequency": "0.10", "duration": "1.5", "slope": "0.104",
    }  # fmt: skip
    yield Stream("pfc", "pfc", says_pfc, _BOTH, Table.METHODS, runs=kg > 0)
    yield _precursor("anode-making", "85451100", carbon, "LT", "0.5")


def _precursor(name: str, cn: str, g: int, country: str, direct: str, **more: Any) -> Stream:
    says = {"cn": cn, "mass": g, "country": country, "basis": "default", "direct": direct, "mark_up": "0", **more}
    return Stream(name, "precursor", says, _OURS, Table.SCENARIO, "default", runs=g > 0)


def _bought(park: Park, local: str, days: range) -> Iterator[Stream]:
    """Of what was bought outside and used in the week: soda, alumina, alloying metal (Swiss: CBAM counts it as 0)."""
    if local == "digestion":
        soda = park.grid.made_in(REFINERY, local, days) * SODA
        yield _precursor("caustic-soda", "28151200", soda, "KZ", "1.1")
    elif local == "silo-1":
        lot, kg = sea_alumina(park, days.stop - 2)  # bought on the last day but one, in the silo on the last
        used = len(days) == WEEK and days.stop <= park.plan.days
        yield _precursor(
            "alumina", "28182000", kg * KG * used, "IN", "1.2", **({"lot": canonical_id(lot)} if used else {})
        )
    else:
        for metal, cn in _ALLOYS.items():
            kg = sum(heat.alloying.get(metal, 0) for number in days for heat in park.plan.heats_on(number))
            yield _precursor(metal, cn, kg * KG, "KZ" if metal == "ZINC" else "CH", "10")
            if metal != "ZINC":
                says = {"cn": cn, "mass": kg * KG, "country": "CH", "basis": "exempt", "direct": "0"}
                yield Stream(
                    f"{metal}-cbam", "precursor", says, ("cbam-direct",), Table.DEFAULTS, "default", runs=kg > 0
                )


def _closed(park: Park, actor: Actor, days: range) -> Said:
    body: dict[str, Any] = {"processes": [actor.own(local) for local in actor.processes], "period": _period(days)}
    activity = [
        {
            "process": actor.own(local), "cn": cn, "produced": (sold + used) * KG, "sold": sold * KG,
            "used": used * KG, "other": 0, **_NAMED.get((local, cn), {}),
        }
        for local, cn, sold, used in _goods(park, actor, days)
    ]  # fmt: skip
    if activity:
        body |= {"activity": activity, "quality": _QUALITY, "monitoring_plan": _PLAN}
    if actor is SMELTER:
        body["stocks"] = [
            {"process": actor.own(f"potline-{line}"), "material": "metal", "opening": _IN_CELLS, "closing": _IN_CELLS}
            for line in LINES
        ]
    first, last = day(days.start), day(days[-1])
    what = f"{actor.word}: {first:%d %b} to {last:%d %b} is closed"
    return Said(actor, "period-close", body, day(days.stop, "16:00"), what, notable=actor is SMELTER)


_NAMED = {
    ("casthouse", "76012030"): {"product": "Rolling slab, EN AW-5xxx and 6xxx", "non_aluminium": "0.04"},
    ("casthouse", "76011090"): {"product": "Sow"},
    ("cold", "76061292"): {"product": "Coil, EN AW-5xxx and 6xxx", "non_aluminium": "0.04"},
    ("slitter", "76061292"): {"product": "Strip, EN AW-5xxx and 6xxx", "non_aluminium": "0.04"},
}
_QUALITY = {
    "data": "Masses by scales of class 0.1, power by meters of class 0.5, gas by the supplier's meter.",
    "defaults": "Alloying metals and alumina are bought: their suppliers gave no verified report.",
    "assurance": "Monthly comparison of scales, meters and invoices.",
}
_PLAN = {
    "digest": b64url_encode(sha256(b"A monitoring plan that exists in the demo alone.\n").digest()),
    "media_type": "application/pdf", "kind": "monitoring-plan",
}  # fmt: skip
_IN_CELLS = 900_000_000  # g of metal that always lie in a line's cells


def _goods(park: Park, actor: Actor, days: range) -> Iterator[tuple[str, str, int, int]]:
    """Process, customs code, and kg of what a plant made in a week for others and for the next process."""
    if actor is SMELTER:
        yield "casthouse", "76012030", 0, _kg(park, days, 0, lambda coil: coil.weights.slab)
        yield "casthouse", "76011090", 0, sum(park.grid.sows.get(number, 0) for number in days)
    if actor is MILL:
        whole = _kg(park, days, ROLLED, lambda coil: 0 if coil.is_slit else coil.weights.rolled)
        yield "cold", "76061292", whole, _kg(park, days, ROLLED, lambda coil: coil.weights.rolled) - whole
        yield "slitter", "76061292", _kg(park, days, SLIT, lambda coil: sum(coil.weights.strips) * coil.is_slit), 0


def _kg(park: Park, days: range, later: int, weight: Callable[[Coil], int]) -> int:
    """Of the coils that were cast so many days before these."""
    return sum(weight(coil) for number in days for coil in park.plan.coils_of(number - later))
