"""Attestations are issued, change hands, cover consumption and fall (A1 to A11, C1 to C7)."""

import pytest
from energy_park import (
    CHARGING,
    DIGEST,
    EXPIRES,
    HOUR,
    LATER,
    MIDNIGHT,
    MILL,
    POTLINE,
    SMELTER,
    STORE,
    TURBINES,
    WIND,
    Park,
    action,
    allocation,
    at,
    attestation,
    consumption,
    contract,
    document,
    reversal,
    row,
    started,
)

from ledger.carbon.factors import known
from ledger.energy.records import NOBODY, Fallen, Use
from ledger.energy.shares import shares
from ledger.kernel.moments import rfc3339
from ledger.limits import FALLEN
from ledger.rules import ENERGY


def test_an_attestation_is_what_its_registered_device_delivered():
    park = Park()
    park.attest()
    made = park.attestation()
    assert (made.zone, made.wh, made.start, made.end) == ("KZ-1", 18_000_000, MIDNIGHT, MIDNIGHT + HOUR)
    assert [(one.start, one.end, one.holder, one.state) for one in made.slices] == [(0, 18_000_000, WIND, "held")]
    park.attest(name="far", device=f"{WIND}/far", meter=f"{WIND}/far-meter")
    assert park.attestation("far").zone == "KZ-2"


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"wh": 18_000_001}, "capacity", "at most 18 000 000 Wh in 3600 s, 18 000 001 Wh"),
        ({"to": at(0, 30), "wh": 9_000_001}, "capacity", "at most 9 000 000 Wh in 1800 s"),
        ({"from": at(0, 30), "to": at(1, 30)}, "interval", "lies in two UTC hours"),
        ({"to": at(2)}, "interval", "7200 s"),
        ({"to": rfc3339(MIDNIGHT + 59_000_000)}, "interval", "59 s"),
        ({"to": at(0)}, "interval", "0 s"),
        ({"from": at(1), "to": at(0)}, "interval", "ends at 2026-03-01T00:00:00Z, before it begins"),
        ({"from": at(24 * 60), "to": at(24 * 60 + 1)}, "time_ahead", "300 s"),
        ({"expires": at(1)}, "expires", "2026-03-01T01:00:00Z"),
        ({"device": f"{WIND}/none"}, "device", "no device"),
        ({"device": POTLINE}, "device", "no device"),
        ({"meter": f"{WIND}/none"}, "meter", "no meter"),
        ({"meter": f"{WIND}/far-meter"}, "meter", "not registered for device"),
        ({"device": f"{WIND}/scale", "meter": f"{WIND}/scale-meter"}, "device", "delivers no power"),
        ({"source": "solar"}, "source", "registered with source wind, not solar"),
        ({"from": "2025-05-31T23:00:00Z", "to": "2025-06-01T00:00:00Z"}, "not_commissioned", "2025-06-01"),
    ],
)  # fmt: skip
def test_a_claim_that_the_register_does_not_bear_out_is_refused(changes, code, words):
    refusal = Park().refused(WIND, "energy-attestation", attestation(**changes))
    assert (refusal.code, words in refusal.sentence) == (code, True), refusal.sentence


def test_a_device_attests_each_moment_once():
    park = Park()
    park.attest(hour=1, to=at(1, 30), wh=9_000_000)
    park.attest(name="after", **{"from": at(1, 30), "to": at(2), "wh": 9_000_000})
    overlapping = attestation("again", **{"from": at(1, 29), "to": at(1, 31), "wh": 1})
    refusal = park.refused(WIND, "energy-attestation", overlapping)
    assert refusal.code == "overlap"
    assert f"{TURBINES}: 2026-03-01T01:29:00Z to 2026-03-01T01:31:00Z is attested" in refusal.sentence
    # the meter was moved to another device: it does not measure the same hour again
    moved = [{**one, "device": f"{WIND}/far"} for one in park.profiles[WIND].profile["meters"][:1]]
    park.register(WIND, meters=moved)
    other = attestation("other", device=f"{WIND}/far", hour=1, wh=1)
    assert park.refused(WIND, "energy-attestation", other).code == "overlap"


def external(first="A1", last=None, wh=18_000_000, status="retired"):
    return {"scheme": "GO", "registry": "registry", "id": first, "status": status, "wh": wh} | (
        {"last": last} if last else {}
    )


def test_a_certificate_used_elsewhere_is_not_used_again():
    park = Park()
    park.attest(configuration=3, external=[external("KZ-000999", "KZ-001016")])
    for one in (external("KZ-001016"), external("KZ-000001", "KZ-000999"), external("KZ-001000", "KZ-001001")):
        refusal = park.refused(WIND, "energy-attestation", attestation("w1", 1, configuration=3, external=[one]))
        assert refusal.code == "overlap"
        assert f"by attestation {WIND}/w0 already" in refusal.sentence
    park.attest(name="w1", hour=1, configuration=3, external=[external("KZ-001017")])
    park.attest(name="w2", hour=2, configuration=2, external=[external("word/٣", status="locked")])
    again = attestation("w3", 3, configuration=2, external=[external("word/٣", status="locked")])
    refusal = park.refused(WIND, "energy-attestation", again)
    assert (refusal.code, "certificate word/٣ of registry is used" in refusal.sentence) == ("overlap", True)
    ranged = attestation("w3", 3, configuration=3, external=[external("KZ-001010", "KZ-001020")])
    assert (
        "certificates KZ-001010 to KZ-001020 of registry are in part or whole used"
        in park.refused(WIND, "energy-attestation", ranged).sentence
    )


@pytest.mark.parametrize(
    ("certificate", "words"),
    [
        (external(wh=17_999_999), "certificates named are for 17 999 999 Wh"),
        (external(status="reserved"), "made from retired ones"),
        (external("A9", "A8"), "are 0 certificates"),
        (external("A1", "B2"), "no range"),
        (external("A1", "A12"), "no range"),
        (external("A", "B"), "no range"),
        (external("A0000001", "A9999999"), "a range has 1 to 10000"),
    ],
)
def test_certificates_cover_what_is_attested_and_are_out_of_use(certificate, words):
    body = attestation(configuration=3, external=[certificate])
    refusal = Park().refused(WIND, "energy-attestation", body)
    assert (refusal.code, words in refusal.sentence) == ("external", True), refusal.sentence


def test_a_factor_is_of_a_set_that_is_known():
    table = known()["scenario-kz/1"]
    for name, digest, words in (
        ("nowhere/1", table.digest, "factor set nowhere/1 is not known"),
        (table.id, DIGEST, f"has the digest {table.digest}, the statement names {DIGEST}"),
    ):
        stated = {"factor": "0", "basis": "direct", "table": {"id": name, "digest": digest}}
        refusal = Park().refused(WIND, "energy-attestation", attestation(emissions=stated))
        assert (refusal.code, words in refusal.sentence) == ("factor_set", True), refusal.sentence
    Park().attest(emissions={"factor": "0", "basis": "direct", "table": {"id": table.id, "digest": table.digest}})


def test_a_row_covers_an_hour_and_both_sides_say_so():
    park = started()
    entry = park.allocate(row(12_206_250))
    assert park.states() == [(0, 12_206_250, "allocated"), (12_206_250, 18_000_000, "held")]
    (covering,) = park.hour().rows
    assert (covering.wh, covering.matching, covering.uses) == (12_206_250, "hourly", (Use(entry, 0, "footprint"),))


def test_one_watt_hour_too_much_for_the_hour_is_refused():
    park = started()
    refusal = park.refused(SMELTER, "energy-allocation", allocation(row(12_206_251)))
    assert refusal.code == "over_consumption"
    assert "row 0: process" in refusal.sentence
    assert "drew 12 206 250 Wh in the hour" in refusal.sentence
    assert "the row covers 12 206 251 Wh more" in refusal.sentence
    # volumetric rows count for the same hour
    park.allocate(row(12_206_250), matching="volumetric")
    refusal = park.refused(SMELTER, "energy-allocation", allocation(row(1, start=12_206_250)))
    assert "12 206 250 Wh of it are covered" in refusal.sentence


def test_the_surplus_of_one_hour_does_not_cover_another_but_by_volume():
    park = started()
    surplus = row(5_793_750, start=12_206_250, hour=16)
    refusal = park.refused(SMELTER, "energy-allocation", allocation(row(12_206_250), surplus))
    assert (refusal.code, refusal.facts["row"]) == ("not_same_hour", 1)
    assert "row 1: attestation" in refusal.sentence
    assert park.hour().rows == ()  # nothing of a refused statement stays
    park.allocate(surplus, matching="volumetric")
    assert park.hour(16).covered == 5_793_750


def test_a_row_of_a_later_hour_is_not_hourly():
    park = started(hours=2)
    for attested, hour in (("w1", 0), ("w0", 1)):
        assert park.refused(SMELTER, "energy-allocation", allocation(row(1, attested, hour))).code == "not_same_hour"


def test_what_is_attested_is_allocated_once_and_no_more():
    park = started(hours=2)
    park.allocate(row(12_206_250))
    refusal = park.refused(SMELTER, "energy-allocation", allocation(row(1, start=100, hour=1), matching="volumetric"))
    assert refusal.code == "over_allocated"
    assert "Wh 100 to 101 of attestation" in refusal.sentence
    assert "allocated already by row 0 of entry 5; of 18 000 000 Wh 5 793 750 Wh are free" in refusal.sentence
    beyond = allocation(row(5_793_751, start=12_206_250, hour=1), matching="volumetric")
    refusal = park.refused(SMELTER, "energy-allocation", beyond)
    assert (refusal.code, "18 000 000 Wh, from 12206250 to 18000001" in refusal.sentence) == ("slice", True)
    assert park.refused(SMELTER, "energy-allocation", allocation(row(0))).code == "slice"
    assert park.refused(SMELTER, "energy-allocation", allocation(row(-1, start=1))).code == "slice"


def test_several_purposes_only_for_the_same_consumption():
    park = started()
    first = park.allocate(row(100))
    second = park.allocate(row(100), purpose="scope-2")
    (covering,) = park.hour().rows
    assert covering.uses == (Use(first, 0, "footprint"), Use(second, 0, "scope-2"))
    assert park.hour().covered == 100
    assert park.refused(SMELTER, "energy-allocation", allocation(row(100))).code == "over_allocated"
    other = allocation(row(100, hour=1), matching="volumetric", purpose="disclosure")
    assert park.refused(SMELTER, "energy-allocation", other).code == "over_allocated"
    park.allocate(row(100, reverses={"index": first, "row": 0}))
    assert park.hour().rows[0].uses == (Use(second, 0, "scope-2"),)
    assert park.states()[0] == (0, 100, "allocated")
    park.allocate(row(100, reverses={"index": second, "row": 0}))
    assert (park.hour().rows, park.states()) == ((), [(0, 18_000_000, "held")])


def test_whose_it_is_not_does_not_allocate_it():
    park = Park()
    park.attest()
    park.consume()
    refusal = park.refused(SMELTER, "energy-allocation", allocation(row(100)))
    assert (refusal.code, f"belong to {WIND}, not to {SMELTER}" in refusal.sentence) == ("not_yours", True)
    park.give(wh=100)
    refusal = park.refused(SMELTER, "energy-allocation", allocation(row(101)))
    assert (refusal.code, "Wh 100 to 101" in refusal.sentence) == ("not_yours", True)
    refusal = park.refused(WIND, "energy-allocation", allocation(row(100, start=100), beneficiary=WIND))
    assert (refusal.code, "transfer to that party first" in refusal.sentence) == ("not_yours", True)
    refusal = park.refused(SMELTER, "energy-allocation", allocation(row(100), beneficiary=MILL))
    assert refusal.code == "beneficiary"


def test_what_has_expired_or_has_not_been_consumed_yet_is_not_allocated():
    park = started()
    park.now = MIDNIGHT + HOUR - 1
    refusal = park.refused(SMELTER, "energy-allocation", allocation(row(100)))
    assert (refusal.code, "it can be covered then" in refusal.sentence) == ("future", True)
    park.now = EXPIRES
    refusal = park.refused(SMELTER, "energy-allocation", allocation(row(100)))
    assert (refusal.code, f"expired at {rfc3339(EXPIRES)}" in refusal.sentence) == ("expired", True)
    park.now = EXPIRES - 1
    assert park.refused(MILL, "energy-action", action("expire", (0, 100))).code == "not_expired"
    park.now = EXPIRES
    park.say(MILL, "energy-action", action("expire", (0, 18_000_000)))
    assert park.states() == [(0, 18_000_000, "expired")]
    for what in ("transfer", "reserve"):
        assert park.refused(SMELTER, "energy-action", action(what, (0, 1), to=MILL)).code == "slice_state"


def test_slices_change_hands_and_state_step_by_step():
    park = Park()
    park.attest()
    park.say(WIND, "energy-action", action("reserve", (0, 100), to=SMELTER))
    assert park.refused(WIND, "energy-action", action("transfer", (0, 100), to=MILL)).code == "reserved"
    park.say(WIND, "energy-action", action("release", (50, 100)))
    park.say(WIND, "energy-action", action("transfer", (0, 50), to=SMELTER))
    park.say(WIND, "energy-action", action("transfer", (50, 60), (70, 80), to=MILL))
    assert [(one.start, one.end, one.holder) for one in park.attestation().slices] == [
        (0, 50, SMELTER), (50, 60, MILL), (60, 70, WIND), (70, 80, MILL), (80, 18_000_000, WIND),
    ]  # fmt: skip
    refusal = park.refused(WIND, "energy-action", action("transfer", (40, 60), to=MILL))
    assert (refusal.code, "Wh 40 to 50 of attestation" in refusal.sentence) == ("not_yours", True)
    for ranges in (((0, 10), (10, 20)), ((20, 30), (0, 10)), ((0, 10), (5, 20))):
        assert park.refused(SMELTER, "energy-action", action("transfer", *ranges, to=MILL)).code == "slices"
    park.consume()
    park.allocate(row(50))
    claim = {"beneficiary": SMELTER, "purpose": "footprint"}
    assert park.refused(SMELTER, "energy-action", action("claim", (0, 50), **claim)).code == "slice_state"
    wrong = {"beneficiary": SMELTER, "purpose": "scope-2"}
    assert park.refused(SMELTER, "energy-action", action("cancel", (0, 50), **wrong)).code == "cancelled_for"
    park.say(SMELTER, "energy-action", action("cancel", (0, 50), **claim))
    assert park.refused(SMELTER, "energy-action", action("claim", (0, 50), **wrong)).code == "cancelled_for"
    park.say(SMELTER, "energy-action", action("claim", (0, 50), **claim))
    assert park.attestation().slices[0].consumption == f"{SMELTER}/c0"
    assert park.refused(SMELTER, "energy-action", action("transfer", (0, 50), to=MILL)).code == "slice_state"
    undo = row(50, reverses={"index": park.size - 3, "row": 0})
    assert park.refused(SMELTER, "energy-allocation", allocation(undo)).code == "slice_state"


def test_a_withdrawal_names_all_that_falls_and_leaves_it_to_be_seen():
    park = started(hours=2)
    first = park.allocate(row(100), row(50, start=200, hour=0))
    second = park.allocate(row(10, start=300, hour=5), matching="volumetric")
    told = action("withdraw", (0, 301), reason="wrong-meter-data", reversals=[])
    refusal = park.refused(WIND, "energy-action", told)
    assert (refusal.code, "3 rows fall with these slices, 0 are named; row 0 of entry" in refusal.sentence) == (
        "reversals", True,
    )  # fmt: skip
    named = [reversal(first, 0, 0, 100), reversal(first, 1, 200, 250), reversal(second, 0, 300, 301)]
    for wrong, words in (
        ([*named, reversal(second, 7, 300, 301)], f"row 7 of entry {second}, Wh 300 to 301, does not fall"),
        ([*named[:2], reversal(second, 0, 300, 310)], f"row 0 of entry {second}, Wh 300 to 301, is missing"),
        ([*named[:2], {name: named[2][name] for name in ("index", "row", "consumption")}], "Wh 300 to 301, is missing"),
        ([*named, named[0]], "3 rows fall with these slices, 4 are named"),
    ):
        refusal = park.refused(WIND, "energy-action", {**told, "reversals": wrong})
        assert (refusal.code, words in refusal.sentence) == ("reversals", True), refusal.sentence
    assert park.refused(SMELTER, "energy-action", {**told, "reversals": named}).code == "not_yours"
    park.consume(name="later", wh=(1,), hour=24)
    elsewhere = [*named[:2], {**named[2], "consumption": f"{SMELTER}/later"}]
    refusal = park.refused(WIND, "energy-action", {**told, "reversals": elsewhere})
    assert f"covers an hour of {SMELTER}/c0, not of {SMELTER}/later" in refusal.sentence
    entry = park.say(WIND, "energy-action", {**told, "reversals": named})
    assert park.states() == [(0, 301, "withdrawn"), (301, 310, "allocated"), (310, 18_000_000, "held")]
    assert (park.hour().rows, [(one.start, one.end) for one in park.hour(5).rows]) == ((), [(301, 310)])
    assert park.hour(5).fallen == (Fallen(f"{WIND}/w0", 300, 301, "volumetric", second, 0, entry, "wrong-meter-data"),)
    assert [one.row for one in park.hour().fallen] == [0, 1]
    refusal = park.refused(SMELTER, "energy-allocation", allocation(row(301)))
    assert (refusal.code, "are withdrawn already" in refusal.sentence) == ("over_allocated", True)
    assert park.refused(WIND, "energy-action", {**told, "reversals": []}).code == "slice_state"


def test_a_row_is_cut_by_what_is_withdrawn_of_it_and_what_is_left_goes_on():
    park = started()
    park.say(WIND, "contract", contract(max_wh=100))
    by_contract = {"delivery": "contract", "contract": f"{WIND}/ppa"}
    first = park.allocate(row(100, **by_contract))
    second = park.allocate(row(100, **by_contract), purpose="scope-2")
    told = action("withdraw", (10, 20), (50, 60), reason="wrong-meter-data", reversals=[
        reversal(entry, 0, start, start + 10) for entry in (first, second) for start in (10, 50)
    ])  # fmt: skip
    entry = park.say(WIND, "energy-action", told)
    left = [(one.start, one.end, one.uses) for one in park.hour().rows]
    uses = (Use(first, 0, "footprint"), Use(second, 0, "scope-2"))
    assert left == [(0, 10, uses), (20, 50, uses), (60, 100, uses)]
    assert park.hour().covered == 80
    assert [(one.start, one.end, one.entry, one.by) for one in park.hour().fallen] == [
        (10, 20, first, entry), (10, 20, second, entry), (50, 60, first, entry), (50, 60, second, entry),
    ]  # fmt: skip
    kept, gone = "allocated", "withdrawn"
    assert park.states()[:5] == [(0, 10, kept), (10, 20, gone), (20, 50, kept), (50, 60, gone), (60, 100, kept)]
    # the contract has its 20 Wh back; a part that is left is taken back by itself
    assert (
        "80 Wh are allocated"
        in park.refused(SMELTER, "energy-allocation", allocation(row(21, start=100, **by_contract))).sentence
    )
    whole = row(100, **by_contract, reverses={"index": first, "row": 0})
    assert park.refused(SMELTER, "energy-allocation", allocation(whole)).code == "no_such_row"
    for entry_of in (first, second):
        part = row(30, start=20, **by_contract, reverses={"index": entry_of, "row": 0})
        park.allocate(part)
    assert [(one.start, one.end) for one in park.hour().rows] == [(0, 10), (60, 100)]
    # a second withdrawal meets two parts of one row, and names each
    again = action("withdraw", (5, 10), (60, 61), reason="other", reversals=[
        reversal(entry, 0, start, end) for entry in (first, second) for start, end in ((5, 10), (60, 61))
    ])  # fmt: skip
    park.say(WIND, "energy-action", again)
    assert [(one.start, one.end) for one in park.hour().rows] == [(0, 5), (61, 100)]


def test_under_older_rules_a_row_falls_whole():
    park = started(rules=ENERGY)
    entry = park.allocate(row(100))
    named = [{"index": entry, "row": 0, "consumption": f"{SMELTER}/c0"}]
    park.say(WIND, "energy-action", action("withdraw", (10, 20), reason="other", reversals=named))
    assert park.states()[:3] == [(0, 10, "held"), (10, 20, "withdrawn"), (20, 18_000_000, "held")]
    assert (park.hour().rows, [(one.start, one.end) for one in park.hour().fallen]) == ((), [(0, 100)])


def test_an_hour_names_so_many_rows_that_fell_and_adds_up_those_before():
    park, hour = started(), None
    for number in range(FALLEN + 30):
        entry = park.allocate(row(7))
        park.allocate(row(7, reverses={"index": entry, "row": 0}))
        hour = park.hour()
        assert sum(one.row if one.reason == "earlier" else 1 for one in hour.fallen) == number + 1
        assert sum(one.end - one.start for one in hour.fallen) == 7 * (number + 1)
    first, *named = hour.fallen
    assert (len(hour.fallen), first.reason, first.row, first.end) == (FALLEN, "earlier", 31, 217)
    assert (first.entry + 2, first.by + 2) == (named[0].entry, named[0].by)  # of the last that is not told by name
    older = started(rules=ENERGY)
    for _ in range(FALLEN + 3):
        entry = older.allocate(row(7))
        older.allocate(row(7, reverses={"index": entry, "row": 0}))
    assert len(older.hour().fallen) == FALLEN + 3


def test_what_was_claimed_and_falls_is_never_used_again():
    park = started()
    entry = park.allocate(row(100))
    claim = {"beneficiary": SMELTER, "purpose": "footprint"}
    park.say(SMELTER, "energy-action", action("cancel", (0, 60), **claim))
    named = [reversal(entry, 0, 0, 10)]
    park.say(WIND, "energy-action", action("withdraw", (0, 10), reason="other", reversals=named))
    assert park.states()[:3] == [(0, 10, "withdrawn"), (10, 60, "cancelled"), (60, 100, "allocated")]
    assert park.attestation().slices[1].uses == (Use(entry, 0, "footprint"),)
    older = started(rules=ENERGY)
    entry = older.allocate(row(100))
    older.say(SMELTER, "energy-action", action("cancel", (0, 60), **claim))
    named = [{"index": entry, "row": 0, "consumption": f"{SMELTER}/c0"}]
    older.say(WIND, "energy-action", action("withdraw", (0, 10), reason="other", reversals=named))
    assert older.states()[:3] == [(0, 10, "withdrawn"), (10, 60, "cancelled"), (60, 18_000_000, "held")]
    assert older.attestation().slices[1].uses == ()


def test_an_attestation_withdrawn_whole_makes_room_for_the_right_one():
    park = Park()
    park.attest(configuration=3, external=[external()])
    park.say(WIND, "energy-action", action("withdraw", (0, 17_000_000), reason="other", reversals=[]))
    again = attestation("right", configuration=3, external=[external()], wh=10)
    assert park.refused(WIND, "energy-attestation", again).code == "overlap"
    park.say(WIND, "energy-action", action("withdraw", (17_000_000, 18_000_000), reason="other", reversals=[]))
    park.say(WIND, "energy-attestation", again)


def test_an_hour_is_stated_once_and_again_only_in_its_place():
    park = Park()
    park.consume()
    refusal = park.refused(SMELTER, "energy-consumption", consumption("c1", (1,), hour=23))
    assert (refusal.code, f"in consumption {SMELTER}/c0 already" in refusal.sentence) == ("hour_stated", True)
    short = consumption("c1", (1,) * 23, replaces=f"{SMELTER}/c0")
    assert park.refused(SMELTER, "energy-consumption", short).code == "replaces"
    park.attest()
    park.give()
    entry = park.allocate(row(100))
    low = consumption("c1", (99,) * 24, replaces=f"{SMELTER}/c0")
    refusal = park.refused(SMELTER, "energy-consumption", low)
    assert (refusal.code, "100 Wh of the hour" in refusal.sentence) == ("over_consumption", True)
    park.consume(name="c1", wh=(100,) * 24, replaces=f"{SMELTER}/c0")
    assert (park.hour().wh, park.hour().covered, park.hour().consumption) == (100, 100, f"{SMELTER}/c1")
    assert park.refused(SMELTER, "energy-allocation", allocation(row(1, start=200))).code == "replaced"
    assert park.refused(SMELTER, "energy-consumption", consumption("c2", replaces=f"{SMELTER}/c0")).code == "replaced"
    park.allocate(row(100, reverses={"index": entry, "row": 0}))
    assert park.hour().rows == ()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"process": f"{MILL}/mill"}, "process"),
        ({"meter": f"{SMELTER}/charge-meter"}, "meter"),
        ({"meter": f"{WIND}/meter"}, "meter"),
        ({"estimated": [3, 2]}, "estimated"),
        ({"estimated": [24]}, "estimated"),
        ({"from": rfc3339(LATER)}, "time_ahead"),
    ],
)
def test_consumption_that_the_register_does_not_bear_out_is_refused(changes, code):
    assert Park().refused(SMELTER, "energy-consumption", {**consumption(), **changes}).code == code


def far(park, **members):
    park.attest(name="far", device=f"{WIND}/far", meter=f"{WIND}/far-meter", **members)
    park.give(attested="far")


def test_power_of_another_zone_comes_over_a_line_or_by_contract():
    park = started()
    far(park)
    refusal = park.refused(SMELTER, "energy-allocation", allocation(row(10, "far")))
    assert (refusal.code, "feeds zone KZ-2" in refusal.sentence) == ("not_delivered", True)
    named = {"contract": f"{WIND}/ppa"}
    by_contract = row(10, "far", delivery="contract", **named)
    assert park.refused(SMELTER, "energy-allocation", allocation(by_contract)).code == "unknown_contract"
    park.say(WIND, "contract", contract(max_wh=15))
    entry = park.allocate(by_contract)
    more = row(6, "far", start=10, delivery="contract", **named)
    refusal = park.refused(SMELTER, "energy-allocation", allocation(more))
    assert (refusal.code, "is for 15 Wh, 10 Wh are allocated" in refusal.sentence) == ("contract_limit", True)
    park.allocate({**by_contract, "reverses": {"index": entry, "row": 0}})
    park.allocate(more)
    assert park.refused(SMELTER, "contract", contract()).code == "not_yours"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "supply"}, "is of kind supply"),
        ({"kind": "direct-line"}, "is of kind direct-line"),
        ({"status": "ended"}, "has ended"),
        ({"from": MILL}, "the device is of"),
        ({"to": MILL}, "the process is of"),
        ({"devices": [TURBINES]}, "does not name device"),
        ({"processes": [CHARGING]}, "does not name process"),
        ({"valid": {"from": at(0, 1), "to": at(24)}}, "is valid from 2026-03-01T00:01:00Z"),
        ({"valid": {"from": at(0), "to": at(0, 59)}}, "is valid from 2026-03-01T00:00:00Z to 2026-03-01T00:59:00Z"),
        ({"documents": [document("contract")]}, "has no document of kind grid-connection"),
    ],
)
def test_a_contract_that_does_not_cover_the_row_is_named_with_the_reason(changes, words):
    park = started()
    far(park)
    park.say(WIND, "contract", contract(**changes))
    by_contract = row(10, "far", delivery="contract", contract=f"{WIND}/ppa")
    refusal = park.refused(SMELTER, "energy-allocation", allocation(by_contract))
    assert (refusal.code, words in refusal.sentence) == ("contract", True), refusal.sentence


def test_evidence_for_cbam_has_each_thing_that_is_asked_for():
    park = Park()
    record = {"document": document("meter-record")}
    park.say(WIND, "contract", contract("line", "direct-line"))
    park.say(WIND, "contract", contract("poor", "ppa", documents=[document("grid-connection")]))
    park.attest(**record)
    park.attest(name="guess", hour=1, quality="estimated", **record)
    park.attest(name="bare", hour=2)
    for name in ("w0", "guess", "bare"):
        park.give(attested=name)
    park.consume(wh=(100,) * 20, **record)
    park.consume(name="c1", wh=(100,), hour=20, estimated=[0], **record)
    line = {"delivery": "direct-line", "contract": f"{WIND}/line"}
    poor = {"delivery": "contract", "contract": f"{WIND}/poor"}
    for rows, matching, words in (
        (row(1), "hourly", "one grid zone is not enough"),
        (row(1, hour=3, **line), "volumetric", "matching within the hour"),
        (row(1, "guess", 1, **line), "hourly", "what was delivered"),
        (row(1, "bare", 2, **line), "hourly", "what was delivered"),
        (row(1, **poor), "hourly", "documents of kind contract"),
    ):
        told = allocation(rows, matching=matching, purpose="cbam-evidence")
        refusal = park.refused(SMELTER, "energy-allocation", told)
        assert (refusal.code, words in refusal.sentence) == ("evidence", True), refusal.sentence
    park.attest(name="w20", hour=20, **record)
    park.give(attested="w20")
    told = allocation(row(1, "w20", 0, stated="c1", **line), purpose="cbam-evidence")
    assert "what was consumed" in park.refused(SMELTER, "energy-allocation", told).sentence
    park.allocate(row(1, **line), purpose="cbam-evidence")


def test_what_may_not_disclose_does_not():
    park = Park()
    park.attest(disclosure=False)
    park.give()
    park.consume()
    assert park.refused(SMELTER, "energy-allocation", allocation(row(1), purpose="disclosure")).code == "no_disclosure"
    park.allocate(row(1))


def discharge(hour, wh, *charges, efficiency="0.85", **changes):
    rows = [{"consumption": f"{SMELTER}/{name}", "hour": number, "wh": taken} for name, number, taken in charges]
    return attestation(
        hour=hour, wh=wh, id=f"{SMELTER}/d{hour}", device=STORE, meter=f"{SMELTER}/store-meter", source="wind",
        storage={"method": "fifo", "efficiency": efficiency, "charges": rows}, **changes,
    )  # fmt: skip


def charged():
    """Hours 0 and 1 charged with 1 000 Wh each, covered by wind."""
    park = started(hours=2)
    park.consume(name="s0", wh=(1_000, 1_000, 1_000), process=CHARGING)
    for hour in (0, 1):
        park.allocate(row(1_000, f"w{hour}", hour, stated="s0"))
    return park


def test_storage_gives_back_what_it_was_charged_with_less_its_losses():
    park = charged()
    park.say(SMELTER, "energy-attestation", discharge(5, 1_275, ("s0", 0, 1_000), ("s0", 1, 500)))
    assert park.hour(1, CHARGING).given_back == 500
    refusal = park.refused(SMELTER, "energy-attestation", discharge(6, 1, ("s0", 1, 501)))
    assert (refusal.code, "500 Wh given back, 501 Wh more are named" in refusal.sentence) == ("storage", True)
    park.allocate(row(1_275, f"{SMELTER}/d5", 5))
    assert park.hour(5).covered == 1_275
    undo = row(1_000, "w0", 0, stated="s0", reverses={"index": 6, "row": 0})
    assert park.refused(SMELTER, "energy-allocation", allocation(undo)).code == "storage"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (discharge(5, 851, ("s0", 0, 1_000)), "at 0.85 850 Wh come back, 851 Wh are attested"),
        (discharge(5, 1, ("s0", 0, 1_000), efficiency="0.9"), "an efficiency of 0.85, 0.9 is claimed"),
        (discharge(0, 1, ("s0", 0, 1_000)), "still charging"),
        (discharge(5, 1, ("s0", 2, 1_000)), "0 Wh of it are covered within the hour"),
        (discharge(5, 1, ("s0", 1, 1), ("s0", 0, 1_000)), "the oldest first"),
        (discharge(5, 1, ("s0", 0, 999), ("s0", 1, 1)), "the oldest charge goes first"),
        (discharge(5, 1, ("c0", 0, 1)), "no charging of storage"),
        (discharge(5, 1) | {"storage": None}, "its charges are to be named"),
    ],
)  # fmt: skip
def test_storage_that_gives_back_more_than_it_has_is_refused(told, words):
    told = {name: value for name, value in told.items() if value is not None}
    refusal = charged().refused(SMELTER, "energy-attestation", told)
    assert (refusal.code, words in refusal.sentence) == ("storage", True), refusal.sentence


def test_what_comes_back_is_no_more_and_nothing_else_than_what_was_charged():
    park = charged()
    park.attest(name="far", hour=3, device=f"{WIND}/far", meter=f"{WIND}/far-meter", source="hydro", to=at(3, 30), wh=9)
    park.give(attested="far")
    park.say(WIND, "contract", contract())
    by_contract = {"delivery": "contract", "contract": f"{WIND}/ppa"}
    park.allocate(row(9, "far", 2, stated="s0", **by_contract), matching="volumetric")
    refusal = park.refused(SMELTER, "energy-attestation", discharge(5, 1, ("s0", 2, 9)))
    assert (refusal.code, "0 Wh of it are covered within the hour" in refusal.sentence) == ("storage", True)
    park.attest(name="river", hour=2, device=f"{WIND}/far", meter=f"{WIND}/far-meter", source="hydro", wh=9)
    park.give(attested="river")
    park.allocate(row(9, "river", 2, stated="s0", **by_contract))
    refusal = park.refused(SMELTER, "energy-attestation", discharge(5, 1, ("s0", 2, 9)))
    assert (refusal.code, "charged with hydro: what comes back is hydro, not wind" in refusal.sentence) == (
        "source",
        True,
    )
    both = discharge(5, 1, ("s0", 1, 1_000), ("s0", 2, 9))
    assert park.refused(SMELTER, "energy-attestation", both).code == "source"
    park.say(SMELTER, "energy-attestation", {**both, "source": "mixed"})


def test_what_was_charged_with_power_that_is_withdrawn_is_in_doubt():
    park = charged()
    park.say(SMELTER, "energy-attestation", discharge(5, 850, ("s0", 0, 1_000)))
    named = [reversal(6, 0, 0, 1_000, "s0")]
    entry = park.say(WIND, "energy-action", action("withdraw", (0, 18_000_000), reason="fraud", reversals=named))
    assert park.attestation(f"{SMELTER}/d5").doubt == entry
    assert park.attestation("w1").doubt == NOBODY
    refusal = park.refused(SMELTER, "energy-allocation", allocation(row(1, f"{SMELTER}/d5", 5)))
    assert (refusal.code, f"entry {entry} took away" in refusal.sentence) == ("in_doubt", True)
    park.say(SMELTER, "energy-action", action("withdraw", (0, 850), attested=f"{SMELTER}/d5", reason="other",
                                              reversals=[]))  # fmt: skip
    assert park.hour(0, CHARGING).drawn == ()


@pytest.mark.parametrize(
    ("typ", "body", "code"),
    [
        ("energy-allocation", allocation(row(1, "none")), "unknown_attestation"),
        ("energy-allocation", allocation(row(1, stated="none")), "unknown_consumption"),
        ("energy-allocation", allocation(row(1, hour=24)), "hour"),
        ("energy-action", action("transfer", (0, 1), attested="none", to=MILL), "unknown_attestation"),
        ("energy-action", action("transfer", (0, 18_000_001), to=MILL), "slice"),
        ("energy-allocation", allocation(row(1, reverses={"index": 0, "row": 0})), "no_such_row"),
        ("contract", contract(valid={"from": at(1), "to": at(1)}), "contract"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_named(typ, body, code):
    assert started().refused(SMELTER, typ, body).code == code


def test_a_year_by_volume_is_not_a_year_by_hours():
    """The 24 hours of one heat: 80 % by volume, 64.18 % within the hours."""
    park = Park()
    offered = [18_000_000] * 8 + [9_000_000] * 8 + [2_295_000] * 8
    for hour, wh in enumerate(offered):
        park.attest(name=f"w{hour}", hour=hour, wh=wh)
        park.give(attested=f"w{hour}")
    park.consume()
    matched = [min(wh, 12_206_250) for wh in offered]
    park.allocate(*(row(wh, f"w{hour}", hour) for hour, wh in enumerate(matched)))
    surplus = [row(2_897_000, f"w{n}", 16 + n, start=12_206_250) for n in range(8)]
    more = [row(2_896_750, f"w{n}", 8 + n, start=15_103_250) for n in range(8)]
    park.allocate(*surplus, *more, matching="volumetric")
    told = shares([park.hour(n) for n in range(24)])
    assert (told.consumed, told.hourly_wh, told.any_wh) == (292_950_000, 188_010_000, 234_360_000)
    assert (f"{float(told.hourly):.6f}", f"{float(told.volumetric):.5f}") == ("0.641782", "0.80000")
