"""Energy at the HTTP door: what must fail is refused with code and numbers and changes nothing; and what is asked."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from urllib.parse import quote

import pytest
from served import serving_world
from small_ledger import small_ledger

from ledger.kernel.verify import verify_bundle
from ledger.recording.opening import clock
from tests.energy.energy_ledger import enrol, signed
from tests.energy.energy_park import (
    CHARGING,
    DIGEST,
    MILL,
    POTLINE,
    SMELTER,
    TURBINES,
    WIND,
    action,
    allocation,
    at,
    consumption,
    contract,
    reading,
    reversal,
    row,
)
from tests.energy.energy_park import attestation as body_of_attestation

NEVER = "2199-01-01T00:00:00Z"


def attestation(*name_and_hour, **changes):
    return body_of_attestation(*name_and_hour, **{"expires": NEVER, **changes})


@contextmanager
def served_park(folder):
    """24 hours of wind given to the smelter, its day of consumption, a store's charge; hour 0 is covered in full."""
    with small_ledger(folder) as world:
        enrol(world)
    world.now = clock()
    with serving_world(world, open=True) as server:
        for who, typ, body in _opening():
            answer = server.post(signed(world, who, typ, body))
            assert answer.status == 201, answer.body
        yield server


def _opening():
    offered = [18_000_000] * 8 + [9_000_000] * 8 + [2_295_000] * 8
    yield WIND, "contract", contract(max_wh=1_000)
    for hour, wh in enumerate(offered):
        yield WIND, "energy-attestation", attestation(f"w{hour}", hour, wh)
        yield WIND, "energy-action", action("transfer", (0, wh), attested=f"w{hour}", to=SMELTER)
    yield WIND, "energy-attestation", attestation("mine", 24)
    yield WIND, "energy-attestation", attestation("old", 25, expires=at(27))
    yield SMELTER, "energy-consumption", consumption()
    yield SMELTER, "energy-consumption", consumption("s0", (500,) * 24, process=CHARGING)
    yield SMELTER, "energy-consumption", reading()
    yield (
        SMELTER,
        "energy-attestation",
        attestation(
            "sun", 12, 1_000, expires=at(27), source="solar", device=f"{SMELTER}/roof", meter=f"{SMELTER}/roof-meter"
        )
        | {"id": f"{SMELTER}/sun"},
    )
    yield SMELTER, "energy-allocation", allocation(row(12_206_250))
    yield WIND, "energy-attestation", attestation("far", 1, device=f"{WIND}/far", meter=f"{WIND}/far-meter")
    yield WIND, "energy-action", action("transfer", (0, 18_000_000), attested="far", to=SMELTER)


def size_of(server):
    """How many entries there are at this moment: the published checkpoint may lag by a second."""
    return server.ask("GET", "/v1/parties").json["size"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with served_park(tmp_path_factory.mktemp("park")) as server:
        yield server


FACTOR = {"factor": "0", "basis": "direct"}
FULL = row(1, start=17_000_000)
ALLOCATED = 64  # the entry that covers hour 0
MUST_FAIL = {
    "one watt-hour more than the hour drew": (
        SMELTER, "energy-allocation", allocation(row(12_206_251, "w1", 1)),
        "over_consumption", "0 Wh of it are covered, the row covers 12 206 251 Wh more"),
    "an hour that is full": (
        SMELTER, "energy-allocation", allocation(FULL), "over_consumption", "12 206 250 Wh of it are covered"),
    "the surplus of hour 0 to hour 16": (
        SMELTER, "energy-allocation", allocation(row(5_793_750, start=12_206_250, hour=16)),
        "not_same_hour", "2026-03-01T00:00:00Z to 2026-03-01T01:00:00Z, the hour begins at 2026-03-01T16:00:00Z"),
    "power of the hour before a heat to the heat's hour": (
        SMELTER, "energy-allocation", allocation(row(1, "w7", 8, 17_999_999)),
        "not_same_hour", "2026-03-01T07:00:00Z to 2026-03-01T08:00:00Z, the hour begins at 2026-03-01T08:00:00Z"),
    "an allocation after expiry": (
        SMELTER, "energy-allocation", allocation(row(1, f"{SMELTER}/sun", 12)),
        "expired", "sun expired at 2026-03-02T03:00:00Z"),
    "an allocation to the meter of a whole site": (
        SMELTER, "energy-allocation", allocation(row(1, "w1", 1, stated="site0")),
        "site_meter", "power is drawn by processes"),
    "a site's hour that was read before": (
        SMELTER, "energy-consumption", reading("again", (1,), 5), "hour_stated", "2026-03-01T05:00:00Z"),
    "a site's hour at the meter of a process": (
        SMELTER, "energy-consumption", reading("wrong", (1,), 30, meter=f"{SMELTER}/meter"),
        "meter", "is not registered for site"),
    "a site and a process in one": (
        SMELTER, "energy-consumption", {**reading("both", (1,), 30), "process": POTLINE}, "body", "/process"),
    "a withdrawal that names a part of what falls": (
        WIND, "energy-action",
        action("withdraw", (0, 2), reason="fraud", reversals=[reversal(ALLOCATED, 0, 0, 1)]),
        "reversals", f"row 0 of entry {ALLOCATED}, Wh 0 to 2, is missing"),
    "a withdrawal that does not say what falls": (
        WIND, "energy-action",
        action("withdraw", (0, 2), reason="fraud", reversals=[
            {"index": ALLOCATED, "row": 0, "consumption": f"{SMELTER}/c0"},
        ]),
        "reversals", f"row 0 of entry {ALLOCATED} does not fall"),
    "more than was attested": (
        SMELTER, "energy-allocation", allocation(row(18_000_001, hour=1), matching="volumetric"),
        "slice", "has 18 000 000 Wh, from 0 to 18000001 is no slice of it"),
    "what is allocated already": (
        SMELTER, "energy-allocation", allocation(row(1, hour=5), matching="volumetric"),
        "over_allocated", "of 18 000 000 Wh 5 793 750 Wh are free"),
    "a slice of somebody else": (
        SMELTER, "energy-allocation", allocation(row(1, "mine", 0), matching="volumetric"),
        "not_yours", f"belong to {WIND}, not to {SMELTER}"),
    "consumption of somebody else": (
        WIND, "energy-allocation", allocation(row(1, "mine", 0), matching="volumetric", beneficiary=WIND),
        "not_yours", "transfer to that party first"),
    "for somebody else": (
        SMELTER, "energy-allocation", allocation(row(1, "w1", 1), beneficiary=MILL), "beneficiary", MILL),
    "what has expired": (
        WIND, "energy-action", action("transfer", (0, 1), attested="old", to=SMELTER),
        "expired", "expired at 2026-03-02T03:00:00Z"),
    "a contract that is for less": (
        SMELTER, "energy-allocation",
        allocation(row(1_001, "w1", 1, delivery="contract", contract=f"{WIND}/ppa")),
        "contract_limit", "is for 1 000 Wh, 0 Wh are allocated under it, the row takes 1 001 Wh more"),
    "power of another zone without a contract": (
        SMELTER, "energy-allocation", allocation(row(1, "far", 1)),
        "not_delivered", f"far feeds zone KZ-2, process {POTLINE} is in KZ-1: over a direct line or by contract"),
    "a factor of a set that nobody knows": (
        WIND, "energy-attestation",
        attestation("scored", 30, emissions={**FACTOR, "table": {"id": "nowhere/1", "digest": DIGEST}}),
        "factor_set", "factor set nowhere/1 is not known"),
    "a factor of another file under the name of a set": (
        WIND, "energy-attestation",
        attestation("scored", 30, emissions={**FACTOR, "table": {"id": "scenario-kz/1", "digest": DIGEST}}),
        "factor_set", f"the statement names {DIGEST}"),
    "evidence for CBAM without a line or a contract": (
        SMELTER, "energy-allocation", allocation(row(1, "w1", 1), purpose="cbam-evidence"),
        "evidence", "one grid zone is not enough"),
    "overlapping intervals": (
        WIND, "energy-attestation", attestation("again", **{"from": at(0, 30), "to": at(1), "wh": 1}),
        "overlap", f"device {TURBINES}: 2026-03-01T00:30:00Z to 2026-03-01T01:00:00Z is attested by attestation"),
    "an interval of two hours": (
        WIND, "energy-attestation", attestation("long", 30, to=at(32)), "interval", "the interval has 7200 s"),
    "an interval over the full hour": (
        WIND, "energy-attestation", attestation("astride", **{"from": at(30, 30), "to": at(31, 30)}),
        "interval", "lies in two UTC hours"),
    "an interval of 59 s": (
        WIND, "energy-attestation", attestation("short", **{"from": at(30), "to": "2026-03-02T06:00:59Z", "wh": 1}),
        "interval", "the interval has 59 s"),
    "more than the capacity": (
        WIND, "energy-attestation", attestation("much", 30, 18_000_001),
        "capacity", "of 18000000 W delivers at most 18 000 000 Wh in 3600 s, 18 000 001 Wh are attested"),
    "a local time": (
        WIND, "energy-attestation", attestation("local", **{"from": "2026-03-29T02:30:00", "to": at(31)}),
        "body", '/from: "2026-03-29T02:30:00" is not what is wanted: A moment. Unit: RFC 3339 in UTC, ending in Z'),
    "an interval that ends before it begins": (
        WIND, "energy-attestation", attestation("back", 30, to=at(29)),
        "interval", "it ends at 2026-03-02T05:00:00Z, before it begins at 2026-03-02T06:00:00Z"),
    "a time with an offset": (
        WIND, "energy-attestation", attestation("offset", **{"from": "2026-03-02T11:00:00+05:00", "to": at(31)}),
        "body", "ending in Z"),
    "a day of 25 hours": (
        SMELTER, "energy-consumption", consumption("dst", (1,) * 25, hour=48), "body", "/energy-consumption"[:1]),
    "a day that begins between hours": (
        SMELTER, "energy-consumption", {**consumption("half", (1,)), "from": "2026-03-03T00:30:00Z"},
        "body", '"2026-03-03T00:30:00Z" is not what is wanted: A full hour'),
    "the hour that a clock shows twice": (
        SMELTER, "energy-consumption", consumption("twice", (1, 1), hour=23), "hour_stated", "2026-03-01T23:00:00Z"),
    "fractional watt-hours": (
        WIND, "energy-attestation", attestation("half", 30, Decimal("0.5")), "body", "0.5"),
    "whole watt-hours with a point": (
        SMELTER, "energy-consumption", consumption("point", (Decimal("1.0"),), hour=48),
        "body", "written with a point"),
    "a percentage for a fraction": (
        SMELTER, "energy-attestation",
        attestation("stored", 30, 1, device=f"{SMELTER}/battery", meter=f"{SMELTER}/store-meter", storage={
            "method": "fifo", "efficiency": "85", "charges": [{"consumption": f"{SMELTER}/s0", "hour": 0, "wh": 1}],
        }) | {"id": f"{SMELTER}/stored"},
        "body", '/storage/efficiency: "85" is not what is wanted: A decimal number from 0 to 1'),
    "what was not charged with wind": (
        SMELTER, "energy-attestation",
        attestation("stored", 30, 1, device=f"{SMELTER}/battery", meter=f"{SMELTER}/store-meter", storage={
            "method": "fifo", "efficiency": "0.85", "charges": [{"consumption": f"{SMELTER}/s0", "hour": 0, "wh": 2}],
        }) | {"id": f"{SMELTER}/stored"},
        "storage", "0 Wh of it are covered within the hour, 0 Wh given back, 2 Wh more are named"),
    "a withdrawal that does not name what falls": (
        WIND, "energy-action", action("withdraw", (0, 1), reason="fraud", reversals=[]),
        "reversals", "1 rows fall with these slices, 0 are named"),
    "a withdrawal by another than the issuer": (
        SMELTER, "energy-action", action("withdraw", (17_000_000, 17_000_001), reason="fraud", reversals=[]),
        "not_yours", f"was issued by {WIND}"),
    "consumption to come": (
        SMELTER, "energy-consumption", {**consumption("soon", (1,)), "from": "2190-01-01T00:00:00Z"},
        "time_ahead", "s ahead of the ledger's clock, the most is 300 s"),
    "consumption after the last date there is": (
        SMELTER, "energy-consumption", {**consumption("last", (1,) * 24), "from": "9999-12-31T23:00:00Z"},
        "time_ahead", "s ahead of the ledger's clock"),
    "generation before 1970": (
        WIND, "energy-attestation", attestation("first", **{"from": "1969-12-31T23:00:00Z", "to": at(0)}),
        "time", "1969-12-31T23:00:00Z is before 1970"),
    "consumption before 1970": (
        SMELTER, "energy-consumption", {**consumption("first", (1,)), "from": "1969-12-31T23:00:00Z"},
        "time", "before 1970"),
    "a day that no calendar has": (
        WIND, "energy-attestation", attestation("leap", **{"from": "2026-02-29T00:00:00Z", "to": at(0)}),
        "body", "2026-02-29"),
}  # fmt: skip


@pytest.mark.parametrize("name", MUST_FAIL)
def test_what_must_fail_is_refused_with_its_numbers_and_changes_nothing(server, name):
    who, typ, body, code, words = MUST_FAIL[name]
    size = size_of(server)
    answer = server.post(signed(server.world, who, typ, body))
    assert (answer.status in {403, 409, 422, 400}, answer.code) == (True, code), answer.body
    assert words in answer.json["detail"]
    assert size_of(server) == size


def test_a_certificate_used_elsewhere_is_refused(server):
    used = {"scheme": "I-REC", "registry": "registry", "id": "KZ-1", "status": "retired", "wh": 18_000_000}
    first, second = (
        attestation(f"c{hour}", hour, configuration=3, external=[used], device=f"{WIND}/far", meter=f"{WIND}/far-meter")
        for hour in (40, 41)
    )
    assert server.post(signed(server.world, WIND, "energy-attestation", first)).status == 201
    answer = server.post(signed(server.world, WIND, "energy-attestation", second))
    assert (answer.status, answer.code) == (422, "overlap")
    assert f"certificate KZ-1 of registry is used by attestation {WIND}/c40 already" in answer.json["detail"]


def test_after_a_withdrawal_nothing_of_it_is_allocated(server):
    gone = action("withdraw", (0, 2_295_000), attested="w23", reason="issued-twice", reversals=[])
    assert server.post(signed(server.world, WIND, "energy-action", gone)).status == 201
    answer = server.post(signed(server.world, SMELTER, "energy-allocation", allocation(row(1, "w23", 23))))
    assert (answer.status, answer.code) == (409, "over_allocated")
    assert "are withdrawn already" in answer.json["detail"]


def test_a_bad_row_of_a_batch_is_named_and_the_batch_not_stored(server):
    size, world = size_of(server), server.world
    good = signed(world, SMELTER, "energy-allocation", allocation(row(10, "w2", 2)))
    bad = signed(world, SMELTER, "energy-allocation", allocation(row(10, "w2", 2, 20), row(10, "w2", 2, 5)))
    answer = server.post_batch(good, bad)
    assert (answer.status, answer.code) == (422, "batch_refused")
    (refused,) = answer.json["rows"]
    assert (refused["row"], refused["code"]) == (1, "over_allocated")
    assert "row 1: Wh 5 to 10 of attestation" in refused["detail"]
    assert size_of(server) == size


def test_of_clients_that_want_the_last_watt_hours_at_one_moment_one_gets_them(server):
    """18 000 001 Wh are never allocated of 18 000 000, whoever is first."""
    world = server.world
    most = allocation(row(12_000_000, "w3", 3))
    assert server.post(signed(world, SMELTER, "energy-allocation", most)).status == 201
    wires = [
        signed(world, SMELTER, "energy-allocation", allocation(
            row(6_000_000, "w3", hour, 12_000_000), matching="volumetric"
        ))
        for hour in range(8, 16)
    ]  # fmt: skip
    together = threading.Barrier(len(wires))

    def post(wire):
        together.wait()
        return server.post(wire)

    with ThreadPoolExecutor(len(wires)) as clients:
        answers = list(clients.map(post, wires))
    assert sorted(one.status for one in answers) == [201] + [409] * 7
    assert {one.code for one in answers if one.status == 409} == {"over_allocated"}
    path = f"/v1/attestations/417/{WIND.removeprefix('(417)')}/w3"
    assert server.ask("GET", path).json["by_state"] == {"allocated": 18_000_000}


def test_one_watt_hour_more_than_there_is_by_two_at_one_moment(server):
    """9 000 000 and 9 000 001 of 18 000 000 Wh: whoever comes second is refused, and told which are taken."""
    world = server.world
    wires = [
        signed(world, SMELTER, "energy-allocation", allocation(row(wh, "w6", hour, start), matching="volumetric"))
        for wh, hour, start in ((9_000_000, 16, 0), (9_000_001, 17, 8_999_999))
    ]
    together = threading.Barrier(2)

    def post(wire):
        together.wait()
        return server.post(wire)

    with ThreadPoolExecutor(2) as clients:
        answers = list(clients.map(post, wires))
    assert sorted(one.status for one in answers) == [201, 409]
    (refused,) = (one for one in answers if one.status == 409)
    assert (refused.code, "Wh are free" in refused.json["detail"]) == ("over_allocated", True)
    found = server.ask("GET", f"/v1/attestations/417/{WIND.removeprefix('(417)')}/w6").json["by_state"]
    assert found in ({"allocated": 9_000_000, "held": 9_000_000}, {"allocated": 9_000_001, "held": 8_999_999})


def test_all_that_was_done_with_an_attestation_in_one_file(server):
    path = f"/v1/attestations/417/{WIND.removeprefix('(417)')}/w4?form=bundle"
    before = verify_bundle(server.ask("GET", path).body, server.world.trust)
    assert any("it are not excluded without an entry of heads" in one for one in before.open_points)
    assert server.post(server.world.statement(server.world.operator, "heads", {})).status == 201
    report = verify_bundle(server.ask("GET", path).body, server.world.trust)
    assert report.verified, report.verdict
    assert any(f"proven as of index {size_of(server) - 1}" in one for one in report.open_points)
    for query in ("?form=bundle&as_of=3", "?form=cake"):
        assert server.ask("GET", path.partition("?")[0] + query).code == "query"


def test_attestations_devices_and_processes_are_asked_for(server):
    named = WIND.removeprefix("(417)")
    found = server.ask("GET", f"/v1/attestations/417/{named}/w0").json
    assert (found["wh"], found["slices"][0]["state"]) == (18_000_000, "allocated")
    assert [step["what"] for step in found["history"]] == ["allocate hourly", "transfer", "issue"]
    early = server.ask("GET", f"/v1/attestations/417/{named}/w0?as_of={found['entry'] + 1}").json
    assert early["by_state"] == {"held": 18_000_000}
    listed = server.ask("GET", f"/v1/attestations?device={quote(TURBINES)}&from={at(0)}&to={quote(at(2))}").json
    assert [one["id"] for one in listed["attestations"]] == [f"{WIND}/w0", f"{WIND}/w1"]
    path = f"/v1/consumption/417/{POTLINE.removeprefix('(417)')}?from={at(0)}&to={at(1)}"
    drawn = server.ask("GET", path).json
    assert (drawn["hourly"], drawn["missing"]) == ({"exact": "1", "percent": "100.0000"}, 0)
    assert drawn["hours"][0]["rows"][0]["attestation"] == f"{WIND}/w0"


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        ("/v1/attestations/417/none/x", "no_attestation", "no attestation (417)none/x"),
        ("/v1/attestations/x", "no_such_path", "/417/{gln}/{local name}"),
        ("/v1/attestations?device=x", "query", "lacks from, to"),
        ("/v1/attestations?device=x&from=2026-03-01T00:00:00Z&to=2026-03-01T01:00:00Z", "no_attestation", "device x"),
        ("/v1/consumption/417/1/x?from=2026&to=2027", "time", "no RFC 3339 time"),
        ("/v1/attestations/417/none/x?as_of=999999", "as_of", "not 999999"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(server, path, code, words):
    answer = server.ask("GET", path)
    assert (answer.code, words in answer.json["detail"]) == (code, True), answer.body


def test_who_has_no_token_is_not_answered(tmp_path):
    with small_ledger(tmp_path) as world:
        enrol(world)
    with serving_world(world) as server:
        answer = server.ask("GET", f"/v1/attestations/417/{WIND.removeprefix('(417)')}/w0")
        assert (answer.status, answer.code) == (403, "token_needed")
