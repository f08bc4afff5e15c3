"""What is wrong with source streams and closes is refused at the door: code, sentence with the numbers, no entry."""

import sys
from decimal import Decimal
from pathlib import Path

import pytest
from served import serving_world
from small_ledger import PLANT, small_ledger

sys.path.append(str(Path(__file__).parents[1] / "carbon"))
from example_park import ExamplePark, changed, process, table
from signed_example import parties
from worked import example

from ledger.recording.opening import clock

PRECURSOR = {"cn": "76011090", "mass": 1, "country": "KZ", "basis": "default", "direct": "1.87", "mark_up": "10"}
JANUARY = {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}
NEVER = {"from": "2026-01-01T00:00:00Z", "to": "2190-01-01T00:00:00Z"}


@pytest.fixture(scope="module")
def said(vectors):
    """The example's streams by kind, and its close."""
    return ExamplePark(*example(vectors)).said()


@pytest.fixture(scope="module")
def server(tmp_path_factory, said):
    """Where the fuel of December is stated, and December is closed."""
    with small_ledger(tmp_path_factory.mktemp("emissions")) as world:
        parties(world)
    world.now = clock()
    with serving_world(world, open=True) as server:
        for typ, body in (("emission-source", said["fuel"]), ("period-close", said["close"])):
            answer = server.post(world.statement(PLANT, typ, body))
            assert answer.status == 201, answer.body
        yield server


def bought(said, **members):
    """A stream of a precursor, in January."""
    found = {**said["material"], "kind": "precursor", "precursor": {**PRECURSOR, **members}, "period": JANUARY,
             "table": table("eu-2025-2621/defaults"), "stream": "bought", "accounts": ["cbam-direct"]}  # fmt: skip
    return {
        name: one for name, one in found.items() if name != "material" and not (name == "precursor" and one is None)
    }


def by_voltage(said, **members):
    body = {
        "method": "overvoltage", "technology": "CWPB", "metal": 1, "collection_efficiency": "0.98",
        "c2f6_ratio": "0.121", "overvoltage": "2", "overvoltage_factor": "1.16", "current_efficiency": "95", **members,
    }  # fmt: skip
    return {**said["pfc"], "pfc": body, "period": JANUARY}


# what is wrong: the body made of what is right, the code, and words of the sentence
WRONG = {
    "a factor set that nobody knows": (
        lambda s: {**s["pfc"], "period": JANUARY, "table": {**table("scenario-kz/1"), "id": "eu-2023-1773/annex-iii"}},
        "factor_set", "factor set eu-2023-1773/annex-iii is not known"),
    "another file under the name of a factor set": (
        lambda s: {**s["pfc"], "period": JANUARY, "table": {**table("scenario-kz/1"), "id": "ipcc-2006/combustion"}},
        "factor_set", f"the statement names {table('scenario-kz/1')['digest']}"),
    "potentials that nobody knows": (
        lambda s: {**s["pfc"], "period": JANUARY, "gwp": "AR9"}, "gwp_set", "set AR9 of warming potentials"),
    "a percentage given as a fraction": (
        lambda s: by_voltage(s, current_efficiency="0.95"), "percent", "current efficiency is 0.95 %: it looks like"),
    "all of it given as a fraction": (
        lambda s: by_voltage(s, current_efficiency="1"),
        "percent", "current efficiency is 1 %: it looks like all of it"),
    "a mark-up given as a fraction": (
        lambda s: bought(s, mark_up="0.10"), "percent", "the mark-up is 0.10 %: it looks like a fraction"),
    "a fraction given as a percentage": (
        lambda s: changed(s["pfc"], "pfc", "collection_efficiency", to="98", period=JANUARY),
        "body", '/pfc/collection_efficiency: "98" is not what is wanted: A decimal number from 0 to 1'),
    "more metal than the current can make": (
        lambda s: by_voltage(s, current_efficiency="101"), "current_efficiency", "current efficiency is 101 %"),
    "hoods that collect nothing": (
        lambda s: changed(s["pfc"], "pfc", "collection_efficiency", to="0", period=JANUARY), "collection", "above 0"),
    "carbon by 44/12 under the rules of the CBAM": (
        lambda s: changed(s["anode"], "anode", "factor", to="3.666666666666667", period=JANUARY),
        "factor_differs", "3.666666666666667, factor set eu-2025-2547/annex-ii has 3.664"),
    "a default that is not the published one": (
        lambda s: bought(s, direct="1.5"), "factor_differs", "is 1.5, factor set eu-2025-2621/defaults has 1.87"),
    "a technology without a default": (
        lambda s: changed(s["pfc"], "pfc", "technology", to="PFPB-MW", period=JANUARY, status="default"),
        "technology", "has no slope factor for PFPB-MW"),
    "power as a direct emission": (
        lambda s: {**s["electricity"], "period": JANUARY, "accounts": ["cbam-direct"]}, "account", "electricity"),
    "alumina as a precursor": (
        lambda s: bought(s, cn="28182000"), "no_precursor", "28182000 is no precursor of aluminium"),
    "exempt goods from where nothing is": (
        lambda s: {**bought(s), "precursor": {
            "cn": "76011090", "mass": 1, "country": "KZ", "basis": "exempt", "direct": "0",
        }}, "exempt", "goods from KZ are not exempt"),
    "a stream that is stated already": (
        lambda s: {**s["fuel"], "replaces": 0}, "replaces", "entry 0 is not in force for stream gas"),
    "a stream of another kind": (
        lambda s: {**s["material"], "period": JANUARY, "stream": s["fuel"]["stream"], "process": s["fuel"]["process"]},
        "stream_kind", "is of kind fuel, not material"),
    "a stream in a period that is closed": (
        lambda s: s["pfc"], "period_closed", "only what takes the place of an earlier statement is taken"),
    "what has not been measured yet": (
        lambda s: {**s["pfc"], "period": NEVER}, "time_ahead", "it ends at 2190-01-01T00:00:00Z"),
    "a period that ends before it begins": (
        lambda s: {**s["pfc"], "period": {"from": JANUARY["to"], "to": JANUARY["from"]}},
        "period", "ends at 2026-01-01T00:00:00Z, before it begins at 2026-02-01T00:00:00Z"),
    "a process of somebody else": (
        lambda s: {**s["pfc"], "process": "(417)9521141000038/mill"}, "unknown_subject", "(417)9521141000038/mill"),
    "a period that is closed already": (
        lambda s: s["close"], "period_closed", "is closed from 2025-12-01T00:00:00Z to 2026-01-01T00:00:00Z by entry"),
    "a close before the period is over": (
        lambda s: {**s["close"], "period": NEVER}, "time_ahead", "it ends at 2190-01-01T00:00:00Z"),
    "activity of a process that is not closed": (
        lambda s: {**s["close"], "processes": [process("mining")], "period": JANUARY},
        "process", f"process {process('electrolysis')} is none of those that are closed"),
    "half a gram": (
        lambda s: changed(s["pfc"], "pfc", "metal", to=Decimal("0.5"), period=JANUARY), "body", "0.5"),
}  # fmt: skip


def size_of(server):
    return server.ask("GET", "/v1/parties").json["size"]


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused_with_its_numbers_and_changes_nothing(server, said, name):
    make, code, words = WRONG[name]
    body, size = make(said), size_of(server)
    typ = "period-close" if "processes" in body else "emission-source"
    answer = server.post(server.world.statement(PLANT, typ, body))
    assert (answer.status in {400, 403, 409, 422}, answer.code) == (True, code), answer.body
    assert words in answer.json["detail"]
    assert size_of(server) == size


def test_what_is_right_is_taken(server, said):
    """So each case above is refused for what is wrong in it."""
    for body in (by_voltage(said), bought(said), {**said["anode"], "period": JANUARY}):
        answer = server.post(server.world.statement(PLANT, "emission-source", body))
        assert answer.status == 201, answer.body
