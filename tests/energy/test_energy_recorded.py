"""Energy in the ledger: judged in the transaction, derived again byte for byte, audited from the statements."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations

import pytest

from api.self_check import SelfCheck
from ledger.admission.energy_records import read_energy
from ledger.audit.audit import Order, audit
from ledger.audit.sources import DatabaseSource
from ledger.energy import state_rules
from ledger.energy.book import attestation_key, hour_key
from ledger.energy.records import Attestation
from ledger.kernel.errors import Malformed, Refused, RefusedBatch, RuleBroken
from ledger.recording.log import Submission
from ledger.recording.opening import rebuild_ledger
from ledger.recording.sequencer import Sequencer
from ledger.store.store import open_store
from tests.audit.tampering import behind_its_back
from tests.energy.energy_ledger import BY_ID, attest_and_give, energy_ledger, enrol, say, signed, story
from tests.energy.energy_park import (
    LATER,
    MIDNIGHT,
    POTLINE,
    SMELTER,
    WIND,
    action,
    allocation,
    attestation,
    consumption,
    reading,
    reversal,
    row,
)
from tests.eventually import SOON
from tests.small_ledger import small_ledger


@pytest.fixture
def world(tmp_path, place):
    with energy_ledger(tmp_path, place) as world:
        yield world


def records(world, keys, before=None):
    with world.log.store.reading() as transaction:
        return read_energy(transaction, keys, before)


def attested(world, name="w0", before=None):
    key = attestation_key(f"{WIND}/{name}")
    return records(world, [key], before)[key]


def covered(world, number=0):
    key = hour_key(POTLINE, MIDNIGHT + number * 3_600_000_000)
    return records(world, [key])[key]


def rows_of(world):
    with open_store(world.places.location, write=False).reading() as transaction:
        return [tuple(one) for one in transaction._rows('SELECT "key", "index", value FROM state_record ORDER BY 1, 2')]


def test_a_story_is_recorded_audited_and_made_again_byte_for_byte(world, place):
    marks = story(world)
    assert [one.state for one in attested(world).slices] == [
        "withdrawn", "allocated", "held", "allocated", "held",
    ]  # fmt: skip
    assert attested(world, before=marks["before"]).slices[0].state == "claimed"
    assert [(one.entry, one.by) for one in covered(world).fallen] == [(marks["first"], marks["withdrawn"])] * 2
    world.close()
    before = rows_of(world)
    report = audit(Order(DatabaseSource(world.places.location)))
    assert report.findings == ()
    assert any(
        "records of power, contracts and emissions: each what its statement makes" in one for one in report.checked
    )
    rebuild_ledger(world.places, owner=place and place.owner)
    assert rows_of(world) == before


def test_of_two_who_take_the_last_watt_hour_one_gets_it(world):
    """In one commit and in two, in either order, and for two rows of one statement."""
    attest_and_give(world, 0, wh=100)
    say(world, SMELTER, "energy-consumption", consumption())
    say(world, SMELTER, "energy-allocation", allocation(row(99)))
    both = [
        signed(world, SMELTER, "energy-allocation", allocation(row(1, start=99, hour=hour), matching="volumetric"))
        for hour in (1, 2)
    ]
    for order in permutations(both):
        with world.log.store.reading() as transaction:
            submissions = [Submission((world.check(one),)) for one in order]
            view, seeds = world.log._view(transaction, submissions), world.log._seeds(submissions)
            first, second = (world.log._attempt(view, one, seeds) for one in submissions)
        assert not isinstance(first, Refused)
        assert isinstance(second, Refused)
        assert second.code == "over_allocated"
        assert "Wh 99 to 100 of attestation" in second.sentence
        assert "of 100 Wh 0 Wh are free" in second.sentence
    world.submit(both[0])
    with pytest.raises(Refused, match=r"of 100 Wh 0 Wh are free"):
        world.submit(both[1])
    twice = allocation(row(1, start=99, hour=1), row(1, start=99, hour=2), matching="volumetric")
    with pytest.raises(Refused, match="row 0"):
        say(world, SMELTER, "energy-allocation", twice)


def race(world, wires):
    """Hand them to the sequencer from as many threads at once; what each is answered."""
    sequencer, jobs = Sequencer(world.log), [Submission((world.check(wire),)) for wire in wires]
    together = threading.Barrier(len(jobs))

    def post(job):
        together.wait()
        return sequencer.submit(job).exception(SOON) or job

    sequencer.start()
    try:
        with ThreadPoolExecutor(len(jobs)) as callers:
            return list(callers.map(post, jobs))
    finally:
        sequencer.stop()


def contenders(world):
    """Twenty statements that each want the last hundred of 18 000 000 Wh, each for another hour."""
    attest_and_give(world, 0)
    say(world, SMELTER, "energy-consumption", consumption())
    say(world, SMELTER, "energy-allocation", allocation(row(12_000_000)))
    rest = row(5_999_900, start=12_000_000, hour=23)
    say(world, SMELTER, "energy-allocation", allocation(rest, matching="volumetric"))
    wanted = [allocation(row(100, start=17_999_900, hour=n), matching="volumetric") for n in range(1, 21)]
    return [signed(world, SMELTER, "energy-allocation", one) for one in wanted]


def test_many_at_once_never_allocate_more_than_there_is(world):
    answers = race(world, contenders(world))
    taken = [one for one in answers if not isinstance(one, Exception)]
    assert len(taken) == 1
    assert {one.code for one in answers if isinstance(one, Exception)} == {"over_allocated"}
    assert all(one.state == "allocated" for one in attested(world).slices)


def test_without_the_check_they_would(world, monkeypatch):
    """So the test above sees the check at work, and not some other reason for one answer."""
    monkeypatch.setattr(state_rules, "free", lambda *_: None)
    answers = race(world, contenders(world))
    assert sum(not isinstance(one, Exception) for one in answers) == 20
    world.close()
    monkeypatch.undo()
    report = audit(Order(DatabaseSource(world.places.location)))
    assert {one.code for one in report.findings} >= {"over_allocated"}


def test_statements_of_a_batch_see_each_other_and_stand_or_fall_together(world):
    attest = signed(world, WIND, "energy-attestation", attestation())
    give = signed(world, WIND, "energy-action", action("transfer", (0, 18_000_000), to=SMELTER))
    use = signed(world, SMELTER, "energy-consumption", consumption())
    size = world.size
    too_much = signed(world, SMELTER, "energy-allocation", allocation(row(12_206_251)))
    with pytest.raises(RefusedBatch, match=r"row 3: row 0: process .* drew 12 206 250 Wh"):
        world.submit(attest, give, use, too_much)
    assert (world.size, records(world, [attestation_key(f"{WIND}/w0")])) == (size, {})
    world.submit(attest, give, use, signed(world, SMELTER, "energy-allocation", allocation(row(12_206_250))))
    assert covered(world).covered == 12_206_250


def test_what_a_refused_batch_did_is_not_there_for_the_next_of_the_commit(world):
    attest = signed(world, WIND, "energy-attestation", attestation())
    too_much = signed(world, WIND, "energy-attestation", attestation("w1", 1, 18_000_001))
    again = signed(world, WIND, "energy-attestation", attestation("right"))
    both, one = (
        Submission(tuple(world.check(wire) for wire in wires)) for wires in ((attest, too_much), (again,))
    )  # fmt: skip
    refused, taken = world.log.append([both, one])
    assert isinstance(refused, RefusedBatch)
    assert taken.admitted.indices == (world.size - 1,)


def test_a_commit_asks_the_store_a_few_times_and_not_once_a_row(world, monkeypatch):
    attest_and_give(world, *range(10))
    say(world, SMELTER, "energy-consumption", consumption())
    asked = []
    counted = lambda transaction, keys: asked.append(keys) or read_energy(transaction, keys)  # noqa: E731  used once
    monkeypatch.setattr("ledger.admission.view.read_energy", counted)
    rows = [row(10, f"w{hour}", hour, 10 * n) for hour in range(10) for n in range(50)]
    say(world, SMELTER, "energy-allocation", allocation(*rows))
    assert len(asked) <= 3


def test_under_older_rules_energy_is_recorded_by_its_form_and_not_known_afterwards(tmp_path):
    with small_ledger(tmp_path, rules="coilmark-rules/2") as world:
        world.now = LATER
        enrol(world)
        say(world, WIND, "energy-attestation", attestation(wh=9_007_199_254_740_991))
        say(world, SMELTER, "energy-consumption", consumption())
        say(world, SMELTER, "energy-allocation", allocation(row(5), row(5)))
        assert records(world, [attestation_key(f"{WIND}/w0")]) == {}
        rules = {"id": "coilmark-rules/3", "digest": "A" * 43, "from_index": world.size + 1}
        world.post(world.operator, "notice", {"kind": "rules", "rules": rules})
        with pytest.raises(RuleBroken, match="was never issued under these rules"):
            say(world, SMELTER, "energy-allocation", allocation(row(5)))
        with pytest.raises(RuleBroken, match="delivers at most"):
            say(world, WIND, "energy-attestation", attestation("w1", 1, wh=18_000_001))
        world.close()
        assert audit(Order(DatabaseSource(world.places.location))).findings == ()


def test_what_a_rule_set_brought_is_not_in_form_before_it_and_old_rows_fall_as_they_did(tmp_path):
    """A ledger of coilmark-rules/3 goes on as it was, and takes the newer rules by a notice."""
    with small_ledger(tmp_path, rules="coilmark-rules/3") as world:
        world.now = LATER
        enrol(world)
        attest_and_give(world, 0)
        say(world, SMELTER, "energy-consumption", consumption())
        first = say(world, SMELTER, "energy-allocation", allocation(row(100)))
        with pytest.raises(Malformed, match="site came with coilmark-rules/4, in force is coilmark-rules/3"):
            say(world, SMELTER, "energy-consumption", reading())
        told = action("withdraw", (10, 20), reason="other", reversals=[reversal(first, 0, 10, 20)])
        with pytest.raises(Malformed, match=r"reversals/\*/from_wh came with coilmark-rules/4"):
            say(world, WIND, "energy-action", told)
        del told["reversals"][0]["from_wh"], told["reversals"][0]["to_wh"]
        say(world, WIND, "energy-action", told)
        assert covered(world).rows == ()
        rules = {"id": "coilmark-rules/4", "digest": "A" * 43, "from_index": world.size + 1}
        world.post(world.operator, "notice", {"kind": "rules", "rules": rules})
        say(world, SMELTER, "energy-consumption", reading())
        second = say(world, SMELTER, "energy-allocation", allocation(row(50, start=100)))
        told = action("withdraw", (110, 120), reason="other", reversals=[reversal(second, 0, 110, 120)])
        say(world, WIND, "energy-action", told)
        assert [one.wh for one in covered(world).rows] == [10, 30]
        world.close()
        before = rows_of(world)
        assert audit(Order(DatabaseSource(world.places.location))).findings == ()
        rebuild_ledger(world.places)
        assert rows_of(world) == before


def test_a_member_that_the_operator_let_in_too_early_is_found(tmp_path, monkeypatch):
    with small_ledger(tmp_path, rules="coilmark-rules/3") as world:
        world.now = LATER
        enrol(world)
        monkeypatch.setattr("ledger.admission.statements.check_members", lambda *_: None)
        entry = say(world, SMELTER, "energy-consumption", reading())
        world.close()
        found = audit(Order(DatabaseSource(world.places.location))).findings
        assert [(one.code, one.index) for one in found] == [("body", entry)]
        assert "site came with coilmark-rules/4" in found[0].sentence


def tampered(world, statement):
    """What an audit finds once somebody has changed a record behind the ledger's back."""
    with behind_its_back(world.places.database) as connection:
        connection.execute(*statement)
    report = audit(Order(DatabaseSource(world.places.location)))
    return {(one.code, one.index) for one in report.findings}


def test_every_altered_missing_or_invented_record_of_energy_is_found(tmp_path):
    with energy_ledger(tmp_path) as world:
        attest_and_give(world, 0)
        say(world, SMELTER, "energy-consumption", consumption())
        last = say(world, SMELTER, "energy-allocation", allocation(row(10)))
        key = attestation_key(f"{WIND}/w0")
    assert isinstance(attested_in(world, key), Attestation)
    flipped = 'UPDATE state_record SET value = CAST(replace(value, ?, ?) AS BLOB) WHERE "key" = ? AND "index" = ?'
    assert ("state_record", last) in tampered(world, (flipped, (b"allocated", b"cancelled", key, last)))
    assert tampered(world, (flipped, (b"cancelled", b"allocated", key, last))) == set()  # as it was
    more = 'INSERT INTO state_record SELECT ?, "index", value FROM state_record WHERE "key" = ? AND "index" = ?'
    assert ("state_record", last) in tampered(world, (more, (bytes(32), key, last)))
    assert tampered(world, ('DELETE FROM state_record WHERE "key" = ?', (bytes(32),))) == set()
    gone = tampered(world, ('DELETE FROM state_record WHERE "key" = ? AND "index" = ?', (key, last)))
    assert ("state_record", last) in gone


def attested_in(world, key):
    with open_store(world.places.location, write=False).reading() as transaction:
        return read_energy(transaction, [key])[key]


def test_a_retry_of_an_allocation_is_the_same_entry(world):
    attest_and_give(world, 0)
    say(world, SMELTER, "energy-consumption", consumption())
    wire = signed(world, SMELTER, "energy-allocation", allocation(row(10)))
    (first,) = world.submit(wire)
    (again,) = world.submit(wire)
    assert first.entry == again.entry
    assert covered(world).covered == 10
    assert BY_ID[SMELTER].id == covered(world).issuer


def test_a_served_ledger_makes_its_energy_again_too(tmp_path):
    with energy_ledger(tmp_path) as world:
        story(world)
        check = SelfCheck(world.log, lambda: 0, entries=8)
        while not check.passes:
            assert check.round().wrong == ""
        key = attestation_key(f"{WIND}/w1")
        with behind_its_back(world.places.database) as connection:
            connection.execute('UPDATE state_record SET value = CAST(replace(value, ?, ?) AS BLOB) WHERE "key" = ?', (
                b"held", b"heId", key,
            ))  # fmt: skip
        wrong = [check.round().wrong for _ in range(6)]
        assert any("attestation record" in one for one in wrong), wrong
