"""No byte of a receipt or bundle can be changed unseen, and whatever is put in, the answer is a report."""

import json
import random

import pytest
from forged_ledger import ForgedLedger, with_a_coil
from json_places import places, put
from small_ledger import (
    OPERATOR,
    PLANT,
    ledger_body,
)

from ledger.kernel.report import Outcome
from ledger.kernel.subjects import Want
from ledger.kernel.verify import verify_bundle, verify_receipt

NOT_CHECKED = Outcome.NOT_CHECKED
OTHER = PLANT.with_key("plant-2")


# Every byte: with the lowest bit turned, with the highest bit turned, and taken out.
CHANGES = {
    "low bit": lambda data, at: data[:at] + bytes([data[at] ^ 0x01]) + data[at + 1 :],
    "high bit": lambda data, at: data[:at] + bytes([data[at] ^ 0x80]) + data[at + 1 :],
    "deleted": lambda data, at: data[:at] + data[at + 1 :],
}


def parts(data, *marks):
    """Where each part of the file begins: the steps that may find a changed byte are a matter of the part."""
    places = [(data.index(mark), mark) for mark in marks]
    return lambda at: max((place for place in places if place[0] <= at), default=(0, b""))[1]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_every_byte_of_a_receipt_counts(change):
    forged = with_a_coil()
    data, trust = forged.receipt(3), forged.trust()
    part = parts(data, b'"entry"', b'"lineage"', b'"statement"', b'"proof"')
    may_fail = {b"": {1}, b'"entry"': {1, 3}, b'"lineage"': {1, 9}, b'"statement"': {1, 5, 6, 8}, b'"proof"': {1, 2, 3}}
    for at in range(len(data)):
        failed = verify_receipt(change(data, at), trust).failed
        assert failed is not None, (at, data[at : at + 20])
        assert failed.number in may_fail[part(at)], (at, data[at : at + 20], failed)


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_every_byte_of_a_bundle_counts(change):
    forged = with_a_coil()
    data, trust = forged.bundle(3), forged.trust()
    for at in range(len(data)):
        failed = verify_bundle(change(data, at), trust).failed
        assert failed is not None, (at, data[at : at + 20])
        assert failed.number in {1, 2, 3, 5, 6, 7, 8, 9}, (at, data[at : at + 20], failed)


@pytest.mark.parametrize("size", [0, 1, 100, 1000])
def test_a_file_that_was_cut_off_fails_at_once(size):
    forged = with_a_coil()
    assert verify_receipt(forged.receipt(3)[:size], forged.trust()).failed.number == 1
    assert verify_bundle(forged.bundle(3)[:size], forged.trust()).failed.number == 1


JUNK = [None, True, 0, -1, 2**53 - 1, "", "x", "\u2014", "AA==", [], {}, [7], {"a": 1}, [[]], 1.5]


def test_whatever_stands_in_a_bundle_the_answer_is_a_report():
    forged, chance = with_a_coil(), random.Random(20260105)
    value = json.loads(forged.bundle(3))
    everywhere, trust = list(places(value)), forged.trust()
    for _ in range(2_000):
        spoilt = put(value, chance.choice(everywhere), chance.choice(JUNK))
        report = verify_bundle(json.dumps(spoilt, separators=(",", ":")).encode(), trust)
        assert not report.verified or report.steps[8].outcome is NOT_CHECKED or spoilt == value, spoilt


BODIES = {
    "ledger": ledger_body(incarnation=1, keys=[]),
    "party": PLANT.profile("lot-event", devices=[{"id": f"{PLANT.id}/x"}]),
    "key": {"party": PLANT.id, "add": [OTHER.addition()], "end": [{"kid": "x", "reason": "lost"}], "recovery": True},
    "passport": {"id": "a", "piece": "b", "references": [{"kind": "lot", "id": "x"}]},
}


@pytest.mark.parametrize("typ", BODIES)
def test_whatever_the_operator_signs_the_answer_is_a_report(typ):
    chance = random.Random(typ)
    everywhere = list(places(BODIES[typ]))[1:]
    for _ in range(60):
        forged = ForgedLedger()
        spoilt = put(BODIES[typ], chance.choice(everywhere), chance.choice(JUNK[:-1]))
        forged.registry.add(3)
        forged.record(forged.statement(OPERATOR, typ, spoilt), items=[forged.item(bytes(32), Want.TOUCH)])
        report = verify_bundle(forged.bundle(3), forged.trust())
        assert report.failed.number in {4, 7}, (spoilt, report.verdict)
        assert verify_receipt(forged.receipt(3), forged.trust()).failed.number == 9
