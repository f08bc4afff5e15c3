"""What verification says of files that are what they claim to be, and that no byte of them can be changed."""

import json

import pytest
from forged_ledger import ForgedLedger, with_a_coil, witness
from small_ledger import (
    OPERATOR,
    ORIGIN,
    PLANT,
    ROLLING,
    SECOND,
    START,
    coil,
    link,
    piece,
    signer,
    small_ledger,
)
from verdicts import is_not_open, is_open, says, skipped

from ledger.kernel.bundle import encode_bundle
from ledger.kernel.encoding import b64url_encode
from ledger.kernel.note import format_vkey, vkey_of
from ledger.kernel.receipt import encode_receipt
from ledger.kernel.report import Outcome, report_json
from ledger.kernel.statement import parse
from ledger.kernel.subjects import Want
from ledger.kernel.verify import Expected, verify_bundle, verify_receipt

PASSED, NOT_CHECKED = Outcome.PASSED, Outcome.NOT_CHECKED


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with small_ledger(tmp_path_factory.mktemp("verify")) as world:
        world.post(world.plant, "lot-event", coil("C-1", "C-2"))
        yield world


def test_a_receipt_proves_inclusion_and_says_what_it_cannot(world):
    report = verify_receipt(encode_receipt(world.receipt(3)), world.trust)
    assert (report.verified, report.failed, skipped(report)) == (True, None, [4, 7, 10, 11])
    assert report.verdict == "verified: everything that was checked holds; not checked: steps 4, 7, 10, 11."
    says(report, 3, "entry 3 is included in the 4 entries of the checkpoint")
    says(report, 4, "the bundle of entry 3 does")
    says(report, 5, "the signed bytes of the statement have the SHA-256 that its entry commits to")
    says(report, 7, "the bundle of entry 3 does")
    says(report, 12, "recorded by the ledger's clock 2026-01-05T04:00:03Z")


def test_a_bundle_proves_who_signed(world):
    report = verify_bundle(encode_bundle(world.bundle(3)), world.trust, expected=Expected(link("C-1"), 3))
    assert (report.verified, skipped(report)) == (True, [11])
    says(report, 4, "names the trust file's log key, the ledger https://ledger.example/park")
    says(report, 7, f"entry 3 is signed by key {PLANT.signer.key.kid} of plant, {PLANT.id}: good at entry 3")
    says(report, 5, "the signed bytes of 4 statements have the SHA-256 that their entries commit to")
    says(report, 7, "2 versions of the party, none missing up to entry 3")
    says(report, 9, "3 of 3 lineage items")
    says(report, 10, f"about entry 3 and piece {piece('C-1')}, as expected")


@pytest.mark.parametrize("index", range(4))
def test_every_entry_has_a_bundle_that_verifies(world, index):
    report = verify_bundle(encode_bundle(world.bundle(index)), world.trust)
    assert report.verified, report.verdict


@pytest.mark.parametrize("index", range(4))
def test_every_entry_has_a_receipt_that_verifies(world, index):
    report = verify_receipt(encode_receipt(world.receipt(index)), world.trust)
    assert report.verified, report.verdict


def test_the_steps_are_thirteen_in_order(world):
    for data in (encode_receipt(world.receipt(3)), b"junk"):
        report = verify_receipt(data, world.trust)
        assert [step.number for step in report.steps] == list(range(1, 14))


def test_the_report_for_machines_says_the_same(world):
    report = verify_receipt(encode_receipt(world.receipt(3)), world.trust)
    value = json.loads(json.dumps(report_json(report)))
    assert (value["of"], value["verified"], len(value["steps"])) == ("receipt", True, 13)
    assert value["steps"][2] == {
        "number": 3, "title": "inclusion", "outcome": "passed", "sentence": report.steps[2].sentence,
    }  # fmt: skip


def test_a_receipt_without_the_statement_proves_the_entry_alone(world):
    report = verify_receipt(encode_receipt(world.receipt(3, may_see=False)), world.trust)
    assert (report.verified, skipped(report)) == (True, [4, 5, 6, 7, 8, 9, 10, 11])
    says(report, 5, world.receipt(3).entry.statement.hex())
    is_open(report, "the file shows no statement of entry 3")


def test_a_bundle_without_the_statement_proves_the_entry_alone(world):
    report = verify_bundle(encode_bundle(world.bundle(3, may_see=False)), world.trust)
    assert (report.verified, skipped(report)) == (True, [5, 6, 7, 8, 9, 10, 11])


def test_the_reader_s_own_statement_goes_with_a_receipt_that_keeps_it_back(world):
    full = world.receipt(3)
    short = encode_receipt(world.receipt(3, may_see=False))
    report = verify_receipt(short, world.trust, statement=full.statement)
    assert (report.verified, report.steps[4].outcome, report.steps[5].outcome) == (True, PASSED, PASSED)


def test_a_statement_of_an_unknown_typ_is_included_not_interpreted():
    forged = ForgedLedger()
    header = json.dumps({"alg": "Ed25519", "kid": PLANT.signer.key.kid, "typ": "recipe+sd-jwt"}).encode()
    wire = ".".join(map(b64url_encode, (header, b"{}", bytes(64)))).encode() + b"~"
    forged.record(wire, items=[forged.item(bytes(32), Want.TOUCH)])
    for report in (verify_receipt(forged.receipt(3), forged.trust()), verify_bundle(forged.bundle(3), forged.trust())):
        assert report.verified
        for step in (6, 7, 8, 9):
            assert report.steps[step - 1].outcome is NOT_CHECKED
        says(report, 6, 'typ "recipe+sd-jwt" is not known: entry 3 is included, not interpreted')
        is_open(report, "entry 3 is included, not interpreted")


def test_a_key_that_only_the_operator_vouches_for_is_reported():
    forged = with_a_coil()
    report = verify_bundle(forged.bundle(3), forged.trust())
    is_open(report, "is vouched for by the operator alone: he enrolled it as its first key")


def test_a_pinned_key_is_not_vouched_for_by_the_operator_alone():
    forged = with_a_coil()
    pinned = forged.trust(f"party {PLANT.id} {PLANT.signer.key.kid}")
    is_not_open(verify_bundle(forged.bundle(3), pinned), "vouched for")


def test_a_key_that_a_pinned_key_enrolled_is_vouched_for_by_the_party():
    forged = with_a_coil()
    second = PLANT.with_key("plant-2")
    forged.add(PLANT, "key", {"party": PLANT.id, "add": [second.addition()]})
    forged.add(second, "lot-event", coil("C-2"))
    pinned = forged.trust(f"party {PLANT.id} {PLANT.signer.key.kid}")
    is_not_open(verify_bundle(forged.bundle(5), pinned), "vouched for")
    is_open(verify_bundle(forged.bundle(5), forged.trust()), f"that key {PLANT.signer.key.kid}, through which key")


def test_a_recovered_key_is_vouched_for_by_the_operator_alone_although_another_is_pinned():
    forged = with_a_coil()
    second = PLANT.with_key("plant-2")
    forged.add(OPERATOR, "key", {"party": PLANT.id, "add": [second.addition()], "recovery": True})
    forged.add(second, "lot-event", coil("C-2"))
    pinned = forged.trust(f"party {PLANT.id} {PLANT.signer.key.kid}")
    is_open(verify_bundle(forged.bundle(5), pinned), "vouched for by the operator alone: he enrolled it as a recovery")


def test_a_disputed_signature_is_reported():
    forged = with_a_coil()
    second = PLANT.with_key("plant-2")
    forged.add(PLANT, "key", {"party": PLANT.id, "add": [second.addition()]})
    ending = {"kid": PLANT.signer.key.kid, "reason": "compromised", "disputed_from": 3}
    forged.add(second, "key", {"party": PLANT.id, "end": [ending]})
    report = verify_bundle(forged.bundle(3), forged.trust())
    assert report.verified
    says(report, 7, "ended at entry 5 (compromised), and DISPUTED from entry 3 on")
    is_open(report, "disputed: the key was compromised at entry 5, and from entry 3 on somebody else may have signed")


def test_a_key_that_ended_later_is_reported_and_still_good():
    forged = with_a_coil()
    second = PLANT.with_key("plant-2")
    forged.add(PLANT, "key", {"party": PLANT.id, "add": [second.addition()]})
    forged.add(second, "key", {"party": PLANT.id, "end": [{"kid": PLANT.signer.key.kid, "reason": "rotated"}]})
    report = verify_bundle(forged.bundle(3), forged.trust())
    assert report.verified
    is_open(report, "the key ended at entry 5 (rotated), after this entry")


def test_witnesses_bound_the_time_and_are_named():
    forged = with_a_coil()
    seconds = START // SECOND + 60
    trust = forged.trust(witness("w1"), witness("w2"), "group both 2 w1 w2", quorum="both")
    report = verify_bundle(forged.bundle(3, ("w1", seconds), ("w2", seconds + 9)), trust)
    assert report.verified, report.verdict
    says(report, 2, "quorum both is met")
    says(report, 12, "a witness had seen it by 2026-01-05T04:01:00Z")
    is_open(report, "witnessed by w1, w2")
    is_not_open(report, "unwitnessed")


def test_without_witnesses_that_is_said():
    forged = with_a_coil()
    is_open(verify_receipt(forged.receipt(3), forged.trust()), "unwitnessed: no witness cosigned the checkpoint")


def test_cosignatures_of_witnesses_the_reader_does_not_know_count_for_nothing():
    forged = with_a_coil()
    report = verify_receipt(forged.receipt(3, ("w1", 1)), forged.trust())
    assert report.verified
    is_open(report, "unwitnessed")


def test_a_new_incarnation_is_shown_and_its_log_key_is_the_one_that_counts():
    forged = with_a_coil()
    old = forged.trust()
    new_log = format_vkey(vkey_of(f"{ORIGIN}/2", signer("log-2").key))
    body = dict(parse(forged.wires[0]).body)
    body.update(incarnation=1, origin=f"{ORIGIN}/2", log_keys=[new_log], keys=[])
    forged.add(OPERATOR, "ledger", body)
    forged.origin, forged.log = f"{ORIGIN}/2", "log-2"
    report = verify_bundle(forged.bundle(3), forged.trust())
    assert report.verified, report.verdict
    says(report, 4, "index 0, continued by entry 4, names the trust file's log key")
    is_open(report, "the ledger is in incarnation 1: entries were lost before")
    assert verify_bundle(forged.bundle(3), old).failed.number == 2


def test_a_second_party_s_history_does_not_disturb():
    forged = with_a_coil()
    forged.add(OPERATOR, "party", ROLLING.profile("lot-event"))
    forged.add(OPERATOR, "key", {"party": ROLLING.id, "add": [ROLLING.addition()]})
    forged.add(ROLLING, "lot-event", coil("C-1", action="OBSERVE"))
    assert verify_bundle(forged.bundle(6), forged.trust()).verified
    assert verify_bundle(forged.bundle(3), forged.trust()).verified
    assert verify_bundle(forged.bundle(3, without=(4, 5)), forged.trust()).verified


def test_after_a_failed_step_nothing_is_claimed():
    forged = with_a_coil()
    report = verify_bundle(forged.bundle(3, checkpoint=forged.note(key="other")), forged.trust())
    assert report.failed.number == 2
    assert report.verdict.startswith("NOT VERIFIED: step 2 failed. ")
    assert [step.outcome for step in report.steps[2:]] == [NOT_CHECKED] * 11
    says(report, 3, "not reached: step 2 failed")


def test_heads_and_a_correction_hold_items_beyond_their_own(tmp_path):
    with small_ledger(tmp_path) as world:
        first = "urn:uuid:00000000-0000-4000-8000-000000000001"
        world.post(world.plant, "lot-event", coil("C-1", eventID=first))
        wrong = {"declarationTime": "2026-01-05T09:00:00.000+05:00", "reason": "incorrect_data"}
        world.post(world.plant, "lot-event", coil("C-2", eventID=first, errorDeclaration=wrong))
        world.post(world.operator, "heads", {})
        for index in (3, 4, 5):
            report = verify_bundle(encode_bundle(world.bundle(index)), world.trust)
            assert report.verified, report.verdict
        says(report, 9, "5 of 5 lineage items of entry 5 are opened and committed to by it")
