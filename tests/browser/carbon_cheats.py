"""Full bundles that name their evidence, by an operator who cheats: what a footprint follows from was another before it
was signed, or the passport says of it what it does not give.

told = park(vectors); for source in cheated(Random(7), told, 100): ...
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from cheats import OUT_OF_FORM, SIGNERS, bundled, changed, replayed
from forged_ledger import ForgedLedger
from forged_passports import accounted, committed, passport_of
from small_ledger import OPERATOR, PLANT, URI

sys.path.append(str(Path(__file__).parents[1] / "carbon"))
from example_park import PERIOD, coil_of, process, table
from signed_example import POWER, Signed, parties
from worked import example

from ledger.kernel.errors import CoilmarkError
from ledger.kernel.party import REGISTRY_TYPES
from ledger.kernel.statement import parse
from ledger.passport.evidence import in_ranges
from ledger.rules import rule_set

COIL = coil_of("A")
SIGNING = {**SIGNERS, POWER.id: POWER.signer}


@dataclass(frozen=True)
class Told:
    """What was recorded, each statement with its time; `own` are inputs of the passport for its masses' sake."""

    statements: tuple[tuple[bytes, int], ...]
    own: tuple[int, ...]

    @property
    def evidence(self):
        """All else that is no statement of the registry."""
        typs = ((index, parse(wire).typ) for index, (wire, _) in enumerate(self.statements))
        return [index for index, typ in typs if typ not in REGISTRY_TYPES and index not in self.own]


def park(vectors):
    """Two coils: power by the hour and by volume, some taken back; a stream of each kind; a close with stocks."""
    ledger, said = ForgedLedger(), Signed(*example(vectors))
    parties(SimpleNamespace(post=ledger.add, operator=OPERATOR, uri=URI))
    for day, tag, covering in ((1, "A", said.by_the_hour(1)), (3, "B", said.covered(3, 80))):
        for statement in (*said.chain(tag, day), *said.consumption(day), *covering):
            if statement[1] != "energy-action":  # who owns what is no evidence
                ledger.add(*statement)
    for statement in (*_taken_back(ledger), *_streams(said)):
        ledger.add(*statement)
    _, inputs = passport_of(ledger, COIL, rule_set())
    recorded = (entry.recorded_at for entry in ledger.entries)
    return Told(tuple(zip(ledger.wires, recorded, strict=True)), tuple(inputs))


def _of(ledger, typ):
    said = ((index, parse(wire)) for index, wire in enumerate(ledger.wires))
    return [(index, one.body) for index, one in said if one.typ == typ]


def _taken_back(ledger):
    """A row reversed, part of one withdrawn, and hours stated anew."""
    (first, hourly), (_, by_volume), *_ = _of(ledger, "energy-allocation")
    reversed_ = {**hourly["rows"][3], "reverses": {"index": first, "row": 3}}
    yield PLANT, "energy-allocation", {**hourly, "rows": [reversed_]}
    row = hourly["rows"][5]
    yield POWER, "energy-action", {
        "attestation": row["attestation"], "action": "withdraw", "slices": [{"from_wh": 0, "to_wh": 700}],
        "reason": "wrong-meter-data",
        "reversals": [{"index": first, "row": 5, "consumption": row["consumption"], "from_wh": 100, "to_wh": 700}],
    }  # fmt: skip
    yield PLANT, "energy-allocation", {**by_volume, "purpose": "disclosure"}
    again = next(body for _, body in _of(ledger, "energy-consumption") if body["process"] == process("casting"))
    yield PLANT, "energy-consumption", {**again, "id": f"{again['id']}-2", "replaces": again["id"],
                                        "wh": [wh + 1 for wh in again["wh"]]}  # fmt: skip


def _streams(said):
    *streams, (who, typ, close) = said.rest(2)
    yield from streams
    annex, scenario = table("eu-2025-2547/annex-ii"), table("scenario-kz/1")

    def stream(kind, name, what, body, **more):
        return PLANT, "emission-source", {
            "process": process(kind), "period": PERIOD, "stream": name, "kind": what, "status": "measured",
            "accounts": ["footprint"], what.replace("-", "_"): body, "table": annex, **more,
        }  # fmt: skip

    cell = {"technology": "PFPB-M", "metal": 4_000_003, "collection_efficiency": "0.97", "c2f6_ratio": "0.121"}
    volts = {"method": "overvoltage", "overvoltage": "3.7", "overvoltage_factor": "1.16", "current_efficiency": "93.1"}
    gas = {"fuel": "diesel", "quantity": 77_001, "factor": "74.1", "oxidation": "0.99", "biomass": "0.07"}
    bought = {"cn": "76011010", "mass": 999_999, "country": "IN", "direct": "1.777", "indirect": "7.1"}
    heat = {"energy": 123_457, "factor": "56.17"}
    yield stream("electrolysis", "pfc-2", "pfc", {**cell, **volts}, gwp="AR4")
    yield stream(
        "electrolysis", "pfc-3", "pfc", {**cell, "method": "measured", "cf4": "0.37", "c2f6": "0.05"}, gwp="AR6"
    )
    yield stream("casting", "diesel", "fuel", {**gas, "unit": "g", "net_calorific_value": "42.97"})
    yield stream("casting", "lpg", "fuel", {**gas, "unit": "dm3", "net_calorific_value": "95.7"}, status="default")
    yield stream("casting", "steam", "heat", {**heat, "direction": "in"})
    yield stream("casting", "warm-water", "heat", {**heat, "direction": "out"})
    yield stream("hot-rolling", "off-gas", "waste-gas", {**heat, "direction": "out"})
    yield stream("hot-rolling", "turbine", "power-export", {"energy": 7_001, "factor": "0.777"})
    yield stream("hot-rolling", "laughing-gas", "measured", {"gas": "N2O", "mass": 31, "method": "stack"}, gwp="AR5")
    yield stream("cold-rolling", "coils-in", "precursor", {**bought, "basis": "actual"})
    yield stream(
        "cold-rolling", "more-in", "precursor", {**bought, "basis": "default", "mark_up": "10"}, status="default"
    )
    yield stream("cold-rolling", "free-in", "precursor", {**bought, "basis": "exempt"})
    idle = stream("mining", "idle", "fuel", None, status="not-applicable")
    yield *idle[:2], {name: value for name, value in idle[2].items() if name not in {"fuel", "table"}}
    power = {"energy": 0, "factor": "0.94"}
    yield stream("electrolysis", "rest", "electricity", {**power, "method": "residual"}, table=scenario)
    yield stream("casting", "line", "electricity", {**power, "method": "direct-line"}, table=scenario)
    stocks = [("alumina", 70_000, 30_001), ("anode", 0, 1_000)]
    held = [{"process": process("electrolysis"), "material": name, "opening": a, "closing": b} for name, a, b in stocks]
    open_ = [one for one in close["processes"] if one != process("annealing")]
    yield who, typ, {**close, "processes": open_, "stocks": held}


def honest(told, changes=()):
    """Of the ledger with these bodies: it, the passport and its inputs."""
    ledger = replayed(told.statements, dict(changes), SIGNING)
    body, own = passport_of(ledger, COIL, rule_set())
    evidence = [one for one in told.evidence if one not in own]
    inputs = sorted({*own, *evidence})
    body = accounted(ledger, {**body, "evidence": in_ranges(evidence)}, inputs, rule_set())
    return ledger, committed(ledger, body, inputs), inputs


def replaced(told, changes, body, inputs):
    """The bundle of a passport that says what it did say, in a ledger with these bodies."""
    ledger = replayed(told.statements, changes, SIGNING)
    as_of = {"size": len(ledger.entries), "root": body["as_of"]["root"]}
    return bundled(ledger, COIL, committed(ledger, {**body, "as_of": as_of, "accounts": as_of}, inputs), inputs)


def cheated(random, told, number):
    """As many as asked for: a statement is another, and the passport says what follows from it or from what it was."""
    _, true, inputs = honest(told)
    made = iter(lambda: _cheat(random, told, true, inputs), "never")
    found = []
    while len(found) < number:
        one = next(made)
        found += [one] if one is not None else []
    return found


def _cheat(random, told, true, inputs):
    index = random.choice(told.evidence if random.random() < 0.9 else inputs)
    try:
        other = {index: changed(random, parse(told.statements[index][0]).body)}
        ledger = replayed(told.statements, other, SIGNING)
    except (CoilmarkError, ValueError):
        return None
    body, of = committed(ledger, true, inputs), inputs
    if random.random() < 0.7:
        try:
            ledger, body, of = honest(told, other)
        except (CoilmarkError, *OUT_OF_FORM):
            pass
    return bundled(ledger, COIL, body, of)
