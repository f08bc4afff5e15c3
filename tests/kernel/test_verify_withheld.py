"""What is not shown is counted and said, and is no failure; what is shown is judged all the same."""

from dataclasses import replace

import pytest
from forged_ledger import ForgedLedger, with_a_coil
from small_ledger import (
    OPERATOR,
    PLANT,
    coil,
    piece,
    small_ledger,
)
from verdicts import is_open, says

from ledger.kernel.receipt import encode_receipt
from ledger.kernel.report import Outcome
from ledger.kernel.statement import Hidden
from ledger.kernel.verify import Expected, verify_bundle, verify_receipt

NOT_CHECKED = Outcome.NOT_CHECKED


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with small_ledger(tmp_path_factory.mktemp("withheld")) as world:
        world.post(world.plant, "lot-event", coil("C-1", "C-2"))
        yield world


def test_a_withheld_disclosure_is_reported():
    forged = ForgedLedger()
    forged.add(PLANT, "lot-event", coil("C-1", sensorElementList=Hidden([])))
    jwt = forged.wires[3].split(b"~")[0] + b"~"
    open_, closed = forged.receipt(3), forged.receipt(3, statement=jwt)
    says(verify_receipt(open_, forged.trust()), 8, "1 of 1 digests of entry 3 are opened")
    report = verify_receipt(closed, forged.trust())
    assert report.verified
    says(report, 8, "0 of 1 digests of entry 3 are opened")
    is_open(report, "1 disclosures of the statement are withheld")


def test_what_is_withheld_may_imply_items_that_nobody_can_foresee():
    """The lots of an event are kept back: their items are committed to, and that they are those is not claimed."""
    forged = ForgedLedger()
    event = coil("C-1")
    forged.add(PLANT, "lot-event", {**event, "epcList": Hidden(event["epcList"])})
    jwt = forged.wires[3].split(b"~")[0] + b"~"
    report = verify_receipt(forged.receipt(3, statement=jwt), forged.trust())
    assert report.verified, report.verdict
    says(report, 9, "they fit what the statement shows, and more may be implied by what it withholds")


def test_a_withheld_error_declaration_turns_what_is_made_into_what_is_touched():
    forged = with_a_coil()
    wrong = coil("C-1", eventID="urn:example:3", errorDeclaration=Hidden({"reason": "incorrect_data"}))
    forged.add(PLANT, "lot-event", wrong)
    jwt = forged.wires[4].split(b"~")[0] + b"~"
    assert verify_receipt(forged.receipt(4), forged.trust()).verified
    assert verify_receipt(forged.receipt(4, statement=jwt), forged.trust()).verified


def test_a_statement_that_cannot_be_read_for_what_is_withheld_is_no_failure():
    forged = ForgedLedger()
    event = coil("C-1")
    forged.add(PLANT, "lot-event", {**event, "epcList": [Hidden(event["epcList"][0])], "type": Hidden("ObjectEvent")})
    jwt = forged.wires[3].split(b"~")[0] + b"~"
    assert verify_receipt(forged.receipt(3), forged.trust()).verified
    report = verify_receipt(forged.receipt(3, statement=jwt), forged.trust())
    assert report.verified, report.verdict


def test_with_no_item_shown_the_lineage_is_not_checked():
    forged = with_a_coil()
    report = verify_receipt(forged.receipt(3, opened=()), forged.trust())
    assert (report.verified, report.steps[8].outcome) == (True, NOT_CHECKED)
    says(report, 9, "no lineage item of entry 3 is shown, so that nothing proves its count of 2")


def test_the_figures_of_a_passport_take_the_full_bundle():
    forged = with_a_coil()
    forged.add(OPERATOR, "passport", {"id": piece("C-1"), "piece": piece("C-1"), "as_of": {"size": 4}})
    report = verify_bundle(forged.bundle(4), forged.trust(), expected=Expected(piece=piece("C-1")))
    assert (report.verified, report.steps[10].outcome) == (True, NOT_CHECKED)
    says(report, 11, "to compute the figures of a passport again takes the full bundle")


def test_lineage_items_that_are_not_shown_are_counted(world):
    receipt = world.receipt(3)
    fewer = replace(receipt, opened=receipt.opened[1:])
    report = verify_receipt(encode_receipt(fewer), world.trust)
    assert report.verified
    is_open(report, "1 of 3 lineage items are not shown")
