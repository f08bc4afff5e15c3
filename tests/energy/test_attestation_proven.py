"""An attestation's bundle proves what was done with it, and says up to where; every dishonest one is found."""

import json
from dataclasses import replace

import pytest

from ledger.energy import state_rules
from ledger.kernel.bundle import encode_bundle
from ledger.kernel.receipt import encode_receipt
from ledger.kernel.verify import verify_bundle, verify_receipt
from ledger.questions.energy import newest_heads
from ledger.showing.bundles import Shelf, attestation_bundle
from tests.energy.energy_ledger import attest_and_give, energy_ledger, say, story
from tests.energy.energy_park import CHARGING, SMELTER, WIND, action, allocation, consumption, reversal, row

W0 = f"{WIND}/w0"


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The story; heads after its withdrawal; then one statement more about another attestation."""
    with energy_ledger(tmp_path_factory.mktemp("energy")) as world:
        world.marks = story(world)
        world.post(world.operator, "heads", {})
        world.heads = world.size - 1
        say(
            world,
            SMELTER,
            "energy-allocation",
            allocation(row(9, "w2", 9, start=100, stated="c1"), matching="volumetric"),
        )
        yield world


def bundle(world, name=W0, *, heads=True, may_see=lambda _party: True):
    state = world.log.state
    with world.log.store.reading() as transaction:
        shelf = Shelf(transaction, world.log.tree, state.published)
        index = newest_heads(transaction, state.published.checkpoint.size) if heads else None
        return attestation_bundle(shelf, name, index, may_see=may_see)


def verified(world, made):
    return verify_bundle(encode_bundle(made), world.trust)


def eleven(report):
    return report.steps[10]


def test_single_use_is_proven_as_of_an_entry_of_heads(told):
    report = verified(told, bundle(told))
    assert report.verified, report.verdict
    says = (
        f"all 7 statements about attestation {W0} up to entry {told.marks['withdrawn']} are here: 1250 of its 18000000"
    )
    assert says in eleven(report).sentence
    assert any(f"single use of attestation {W0} proven as of index {told.heads};" in one for one in report.open_points)


def test_without_heads_it_says_what_is_not_excluded(told):
    report = verified(told, bundle(told, heads=False))
    assert report.verified
    assert any(
        "other statements that allocate, transfer or withdraw it are not excluded" in o for o in report.open_points
    )
    assert not any("proven as of" in one for one in report.open_points)
    after = verified(told, bundle(told, f"{WIND}/w2"))
    assert any(f"proven as of index {told.heads}; what came after" in one for one in after.open_points)


def test_a_receipt_of_one_statement_excludes_nothing(told):
    for index, words in (
        (told.marks["first"], "is not excluded by one statement about an attestation"),
        (told.marks["withdrawn"], "is not excluded by one statement about an attestation"),
    ):
        report = verify_receipt(encode_receipt(told.receipt(index)), told.trust)
        assert any(words in one for one in report.open_points), report.open_points
        assert any(words in one for one in verified(told, told.bundle(index)).open_points)


def test_what_others_signed_may_be_withheld_and_is_then_not_proven(told):
    report = verified(told, bundle(told, may_see=lambda party: party == WIND))
    assert report.verified
    assert "4 of the 7 statements" in eleven(report).sentence
    assert eleven(report).outcome == "not_checked"
    assert any("statements about it are not shown whole" in one for one in report.open_points)


def test_heads_in_a_bundle_tell_of_nobody_else(told):
    entries = json.loads(encode_bundle(bundle(told)))["entries"]
    last = max(entries, key=lambda one: one["lineage"]["count"])
    assert (last["lineage"]["count"] > 20, len(last["lineage"]["opened"])) == (True, 2)


def left_out(world, index, *, heads):
    """The bundle as a dishonest operator would make it, its multi-proof fitting what he left in."""
    made = bundle(world, heads=heads)
    entries = tuple(one for one in made.entries if one.entry.index != index)
    indices, size = [one.entry.index for one in entries], world.log.state.published.checkpoint.size
    return replace(made, entries=entries, proof=tuple(world.log.tree.multi_path(indices, size)))


def test_a_use_in_the_middle_that_is_left_out_is_missed(told):
    report = verified(told, left_out(told, told.marks["first"], heads=False))
    assert (report.code, report.failed.number) == ("attestation_history", 11)


def test_the_newest_use_that_is_left_out_is_missed_where_there_are_heads(told):
    report = verified(told, left_out(told, told.marks["withdrawn"], heads=True))
    assert (report.code, "names version 7 of the attestation, version 6 is" in report.verdict) == (
        "attestation_history", True,
    )  # fmt: skip


def test_watt_hours_that_an_operator_let_be_used_twice_are_found(tmp_path, monkeypatch):
    with energy_ledger(tmp_path) as world:
        attest_and_give(world, 0)
        say(world, SMELTER, "energy-consumption", consumption())
        say(world, SMELTER, "energy-consumption", consumption("s0", (1_000,), process=CHARGING))
        first = say(world, SMELTER, "energy-allocation", allocation(row(10)))
        monkeypatch.setattr(state_rules, "free", lambda *_: None)
        say(world, SMELTER, "energy-allocation", allocation(row(10, start=9, stated="s0")))
        world.post(world.operator, "heads", {})
        report = verified(world, bundle(world))
    assert report.code == "used_twice"
    assert f"Wh 9 to 19 are used by row 0 of entry {first} too" in report.verdict


def test_what_is_left_of_a_cut_row_is_still_used(tmp_path, monkeypatch):
    with energy_ledger(tmp_path) as world:
        attest_and_give(world, 0)
        say(world, SMELTER, "energy-consumption", consumption())
        first = say(world, SMELTER, "energy-allocation", allocation(row(10)))
        told = action("withdraw", (4, 6), reason="other", reversals=[reversal(first, 0, 4, 6)])
        say(world, WIND, "energy-action", told)
        report = verified(world, bundle(world))
        assert "8 of its 18000000 Wh cover consumption" in eleven(report).sentence
        say(world, SMELTER, "energy-allocation", allocation(row(4, reverses={"index": first, "row": 0})))
        say(world, SMELTER, "energy-allocation", allocation(row(4, start=0, hour=1), matching="volumetric"))
        assert verified(world, bundle(world)).verified
        monkeypatch.setattr(state_rules, "free", lambda *_: None)
        say(world, SMELTER, "energy-allocation", allocation(row(1, start=9, hour=1), matching="volumetric"))
        world.post(world.operator, "heads", {})
        report = verified(world, bundle(world))
    assert report.code == "used_twice"
    assert f"Wh 9 to 10 are used by row 0 of entry {first} too" in report.verdict


def test_another_purpose_of_the_same_hour_is_no_second_use(tmp_path):
    with energy_ledger(tmp_path) as world:
        attest_and_give(world, 0)
        say(world, SMELTER, "energy-consumption", consumption())
        say(world, SMELTER, "energy-allocation", allocation(row(10)))
        say(world, SMELTER, "energy-allocation", allocation(row(10), purpose="scope-2"))
        report = verified(world, bundle(world))
    assert "10 of its 18000000 Wh cover consumption" in eleven(report).sentence
