"""Two programs compute a footprint from what was signed: the same, to the last digit; cheats fail in both."""

import os
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest
from both import agreed
from carbon_cheats import COIL, cheated, honest, park, replaced
from cheats import bundled
from engine import Given, run, verdicts
from forged_passports import committed
from msgspec.structs import replace

sys.path.append(str(Path(__file__).parents[1] / "carbon"))
from test_footprint_on_passport import STATED, full_bundle, stated_as
from test_footprint_recomputed import FORGED, LEFT_OUT, forge, shipped, the_first
from test_random_parks_carbon import random_given

from api.assets import rules
from ledger.carbon import exact
from ledger.carbon.recompute import recompute
from ledger.kernel.statement import parse
from ledger.kernel.trust import format_trust
from ledger.passport.evidence import in_ranges
from ledger.passport.footprint import Accounted, figures_of, members_of

PARKS = 60
CHEATS = int(os.environ.get("COILMARK_DAMAGED", "10000")) // 50
RULES = {"id": "r", "digest": "d"}


@pytest.fixture(scope="module")
def told(vectors):
    return park(vectors)


def given(file):
    return Given(file.file, file.trust, COIL, rules=rules())


def test_both_compute_what_was_signed(told):
    ledger, body, inputs = honest(told)
    assert len(body["breakdown"]) > 12
    _, eleventh = agreed([given(bundled(ledger, COIL, body, inputs))])
    assert eleventh == {("passed", ""): 1}


@pytest.fixture(scope="module")
def office(tmp_path_factory, vectors):
    with shipped(tmp_path_factory.mktemp("office"), vectors) as office:
        yield office


@pytest.mark.slow
def test_a_footprint_that_does_not_follow_fails_in_both(office):
    """Each adds up; an hour, a row, a stream, a factor or a share is another, or a statement is left out."""
    trust, files = format_trust(office.world.trust).encode(), [full_bundle(office)]
    for change in FORGED:
        forge(office, change)
        files.append(full_bundle(office))
    for wanted, _, _ in LEFT_OUT:
        forge(office, without=the_first(wanted))
        files.append(full_bundle(office))
    _, eleventh = agreed([Given(file, trust, COIL) for file in files])
    figures = len(FORGED) + sum(code == "figure" for _, code, _ in LEFT_OUT)
    assert eleventh == {("passed", ""): 1, ("failed", "figure"): figures, ("failed", "inputs"): 2}


@pytest.mark.slow
def test_a_footprint_that_does_not_add_up_fails_in_both(office):
    trust, files = format_trust(office.world.trust).encode(), []
    forge(office)
    true = office.passport()
    for change in STATED.values():
        stated_as(office, true, change)
        files.append(full_bundle(office))
    _, eleventh = agreed([Given(file, trust, COIL) for file in files])
    assert eleventh == {("failed", "figure"): len(STATED)}


def first(told, typ, wanted=lambda _body: True):
    said = ((index, parse(wire)) for index, (wire, _) in enumerate(told.statements))
    return next((index, one.body) for index, one in said if one.typ == typ and wanted(one.body))


@pytest.mark.slow
def test_power_that_cannot_be_fails_in_both(told):
    """What no ledger takes, an operator can sign; each passport has the footprint of the true statements."""
    hours, drawn = first(told, "energy-consumption", lambda body: "electrolysis" in body["process"])
    mining, mined = first(told, "energy-consumption", lambda body: "mining" in body["process"])
    allocation, rows = first(told, "energy-allocation")
    attestation, attested = first(told, "energy-attestation")
    row, second, *others = rows["rows"]
    beyond = {**row, "hour": 99}
    volume, spread = first(told, "energy-allocation", lambda body: body["matching"] == "volumetric")
    again = {**spread["rows"][0], "to_wh": spread["rows"][0]["from_wh"] + 1, "hour": 23}  # of which half is covered
    forged = {
        "more than was drawn": {hours: {**drawn, "wh": [1] * len(drawn["wh"])}},
        "used twice": {volume: {**spread, "rows": [*spread["rows"], again]}},
        "beyond what was attested": {attestation: {**attested, "wh": row["to_wh"] - 1}},
        "another hour": {attestation: {**attested, "from": attested["to"], "to": "2025-12-31T23:59:59Z"}},
        "an hour that is none": {allocation: {**rows, "rows": [beyond, second, *others]}},
        "nothing to take back": {allocation: {**rows, "rows": [{**row, "reverses": {"index": 0, "row": 0}}, second]}},
        "emissions that are none": {attestation: {**attested, "emissions": None}},
        "hours stated twice": {mining: {**mined, "process": drawn["process"], "from": drawn["from"]}},
    }
    _, body, inputs = honest(told)
    files = [given(replaced(told, other, body, inputs)) for other in forged.values()]
    _, eleventh = agreed(files)
    assert eleventh == {("failed", "inputs"): len(forged)}
    assert [said["code"] for said in verdicts(files)] == ["inputs"] * len(forged)  # whatever figures would follow


def test_a_stream_that_was_another_or_an_allocation_left_out_fails_in_both(told):
    index, stream = first(told, "emission-source", lambda body: "anode" in body)
    less = {index: {**stream, "anode": {**stream["anode"], "net_consumed": stream["anode"]["net_consumed"] - 1}}}
    ledger, body, inputs = honest(told)
    # what it covers a later one covers too, so that nothing but the history of the hours tells
    allocation, _ = first(told, "energy-allocation", lambda body: body["matching"] == "volumetric")
    kept = [one for one in inputs if one != allocation]
    evidence = in_ranges([one for one in kept if one not in told.own])
    left_out = bundled(ledger, COIL, committed(ledger, {**body, "evidence": evidence}, kept), kept)
    _, eleventh = agreed([given(replaced(told, less, body, inputs)), given(left_out)])
    assert eleventh == {("failed", "figure"): 1, ("failed", "inputs"): 1}


@pytest.mark.slow
def test_they_agree_on_whatever_else_was_signed(told):
    _, eleventh = agreed([given(one) for one in cheated(Random(20_261_127), told, CHEATS)])
    assert all(eleventh[one] > CHEATS / 100 for one in (("passed", ""), ("failed", "figure"), ("failed", "inputs")))


def a_sum(random):
    def number(digits, places):
        return f"{Decimal(random.randrange(1, 10 ** random.randint(1, digits))).scaleb(-random.randint(0, places)):f}"

    return {"one": number(30, 15), "other": number(34, 34), "exact": number(90, 90)}


def test_formulas_give_the_same_to_the_last_digit():
    sums = [a_sum(Random(seed)) for seed in range(300)]
    for said, there in zip(sums, run("accounting.mjs", sums), strict=True):
        here = [Fraction(value) for value in computed_here(*map(Decimal, said.values()))]
        assert [Fraction(int(top), int(under)) for top, under in there] == here, said


@exact.decimal128
def computed_here(one, other, long):
    return (
        one * other, one / other, one + other, +long, exact.in_tonnes(exact.in_parts(long)), exact.in_parts(one),
    )  # fmt: skip


def moved(rows):
    return [
        {"lot": one.place[0], "holder": one.place[1], "delivery": one.place[2], "g": one.g, "carries": one.carries,
         "kind": one.kind, "scrap": one.scrap}
        for one in rows
    ]  # fmt: skip


def settled(rows):
    return [{"lot": one.lot, "entry": one.entry, "g": one.g} for one in rows]


def step_there(one):
    return {
        "index": one.index, "time": one.time, "start": one.start, "process": one.process, "kind": one.kind,
        "joins": one.joins, "debits": moved(one.debits), "credits": moved(one.credits), "worked": moved(one.worked),
        "settled": settled(one.settled), "settles": settled(one.settles),
    }  # fmt: skip


def hour_there(one):
    rows = [
        {"wh": row.wh, "matching": row.matching, "factor": text(row.factor), "configuration": row.configuration,
         "source": row.source}
        for row in one.rows
    ]  # fmt: skip
    return {"process": one.process, "start": one.start, "wh": one.wh, "rows": rows, "fallen": []}


def stream_there(one):
    emissions = [{"gas": part.gas, "basis": part.basis, "t": text(part.t)} for part in one.emissions]
    power = None if one.power is None else {"method": one.power.method, "factor": text(one.power.factor)}
    names = ("entry", "process", "start", "end", "kind", "table", "gwp", "replaces")
    plain = {name: getattr(one, name) for name in names}
    return {**plain, "accounts": sorted(one.accounts), "emissions": emissions, "power": power}


def close_there(one):
    stocks = [
        {"process": row.process, "material": row.material, "opening": row.opening, "closing": row.closing}
        for row in one.stocks
    ]
    return {"start": one.start, "end": one.end, "processes": list(one.processes), "stocks": stocks}


def text(value):
    return None if value is None else f"{value:f}"


def park_there(one, pieces):
    return {
        "steps": list(map(step_there, one.steps)), "hours": list(map(hour_there, one.hours)),
        "streams": list(map(stream_there, one.streams)), "closes": list(map(close_there, one.closes)),
        "materials": [[lot, said["material"]] for lot, said in one.described.items()],
        "kinds": [[process.id, process.kind] for process in one.processes.values()], "pieces": pieces,
    }  # fmt: skip


def a_park(seed):
    """Without a store: of what one gave back no passport names evidence (12.9)."""
    random = Random(seed)
    found = random_given(random, random.randint(5, 60))
    return replace(found, hours=tuple(one for one in found.hours if not one.returned and not one.losses))


def test_accounts_of_random_parks_are_the_same():
    parks = [a_park(seed) for seed in range(PARKS)]
    here = [{piece: said_here(found) for piece, found in recompute(one).footprint.pieces.items()} for one in parks]
    there = run("accounting.mjs", [park_there(one, list(said)) for one, said in zip(parks, here, strict=True)])
    assert sum(map(len, here)) > PARKS
    for seed, (ours, theirs) in enumerate(zip(here, there, strict=True)):
        assert theirs == list(ours.values()), seed


def said_here(found):
    made = members_of(Accounted(found, 1, ""))
    del made["accounts"]
    return {**made, "figures": list(figures_of(found, RULES))}
