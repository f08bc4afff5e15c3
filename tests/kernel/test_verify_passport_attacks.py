"""Passports and their bundles that are not what they claim to be, most of them signed by an operator who cheats.

Each test is named by the attack, and names the step of SPEC 7 that finds it.
"""

from dataclasses import replace

import pytest
from forged_ledger import ForgedLedger
from small_ledger import OPERATOR, PLANT, coil, link, piece
from verdicts import bundle_fails, says

from ledger.kernel.bundle import encode_bundle, parse_bundle
from ledger.kernel.encoding import b64url_encode
from ledger.kernel.errors import Unverified
from ledger.kernel.hashing import tree_root
from ledger.kernel.report import Outcome
from ledger.kernel.statement import Hidden
from ledger.kernel.verify import Expected, verify_bundle

C1 = Expected(piece=link("C-1"))
SHIPPED = coil("C-1", action="OBSERVE", bizStep="shipping")


def passport(forged, inputs, serial="C-1", **changes):
    """The body of a passport as of now, from these entries."""
    root = b64url_encode(tree_root([forged.entries[index].leaf for index in inputs]))
    return {
        "id": piece(serial), "piece": piece(serial), "status": "shipped", "facts": {}, "figures": [],
        "steps": [{"entry": index} for index in inputs],
        "as_of": {"size": len(forged.entries), "root": b64url_encode(bytes(32))},
        "inputs": {"count": len(inputs), "root": root}, "references": [], **changes,
    }  # fmt: skip


@pytest.fixture
def forged():
    """3 C-1 made, 4 C-2 made, 5 C-1 shipped, 6 the passport of C-1 from 3 and 5, 7 that of C-2 from 4."""
    forged = ForgedLedger()
    for event in (coil("C-1"), coil("C-2"), SHIPPED):
        forged.add(PLANT, "lot-event", event)
    forged.add(OPERATOR, "passport", passport(forged, (3, 5)))
    forged.add(OPERATOR, "passport", passport(forged, (4,), "C-2"))
    return forged


def signed(forged, **changes):
    """One more passport of C-1, forged by the operator; its entry."""
    return forged.add(OPERATOR, "passport", passport(forged, (3, 5)) | changes)


def full(forged, about=6, inputs=(3, 5), **changes):
    return forged.bundle(about, along=inputs, kind="full", **changes)


def fails(data, forged, step, sentence, **given):
    bundle_fails(data, forged.trust(), step, sentence, **{"expected": C1, **given})


def test_the_honest_ones_verify(forged):
    short = verify_bundle(forged.bundle(6, kind="short"), forged.trust(), expected=C1)
    assert (short.verified, short.steps[10].outcome) == (True, Outcome.NOT_CHECKED)
    whole = verify_bundle(
        full(forged), forged.trust(), expected=C1, recompute=lambda one: (True, f"{one.hidden} hidden")
    )
    assert (whole.verified, whole.steps[10].outcome) == (True, Outcome.PASSED), whole.verdict
    says(whole, 11, "the 2 inputs are those the passport commits to; 0 hidden")
    delivery = forged.bundle(5, along=(6,), kind="delivery")
    assert verify_bundle(delivery, forged.trust(), expected=C1).verified


# (6)


def test_verify_short_bundle_about_an_event(forged):
    fails(forged.bundle(5, kind="short"), forged, 6, "a short bundle is about a passport, entry 5 is a lot-event")


def test_verify_another_passport_beside_the_one_it_is_about(forged):
    fails(forged.bundle(6, along=(7,), kind="short"), forged, 6, "entry 7 is neither a registry statement nor entry 6")


def test_verify_event_slipped_into_a_delivery(forged):
    fails(forged.bundle(5, along=(4, 6), kind="delivery"), forged, 6, "entry 4 is neither")


def test_verify_full_bundle_that_calls_itself_short(forged):
    fails(forged.bundle(6, along=(3, 5), kind="short"), forged, 6, "entry 3 is neither")


# (10)


def test_verify_swapped_piece(forged):
    """The good bundle of another coil, under the label of this one."""
    fails(forged.bundle(7, kind="short"), forged, 10, f"piece {piece('C-1')} was expected, the statement is not about")


def test_verify_passport_of_another_piece_among_the_inputs(forged):
    """The operator commits to it as an input: the bundle is still not about that piece."""
    index = forged.add(OPERATOR, "passport", passport(forged, (4, 6), "C-2"))
    fails(full(forged, index, (4, 6)), forged, 10, "was expected, the statement is not about it")


def test_verify_passport_under_the_id_of_another_piece(forged):
    fails(forged.bundle(signed(forged, id=piece("C-2")), kind="short"), forged, 10, "another id than that of its piece")


def test_verify_passport_that_saw_the_future(forged):
    index = signed(forged, as_of={"size": 99})
    fails(forged.bundle(index, kind="short"), forged, 10, "says it was computed from 99 entries", expected=Expected())


def test_verify_passport_without_an_as_of(forged):
    fails(forged.bundle(signed(forged, as_of={}), kind="short"), forged, 10, "has no size in as_of")


def test_verify_passport_of_another_delivery(forged):
    fails(forged.bundle(5, along=(6, 7), kind="delivery"), forged, 10, "does not name entry 5 as a step")


# (11)


def test_verify_input_left_out(forged):
    """A draw of the silo dropped from the file: the number and the root of the inputs do not agree."""
    fails(full(forged, inputs=(5,)), forged, 11, "commits to 2 inputs with root")


def test_verify_input_added(forged):
    fails(full(forged, inputs=(3, 4, 5)), forged, 11, "the bundle shows 3 with root")


def test_verify_input_exchanged_for_another(forged):
    fails(full(forged, inputs=(4, 5)), forged, 11, "the bundle shows 2 with root")


def test_verify_input_from_after_the_passport(forged):
    index = forged.add(OPERATOR, "passport", passport(forged, (3, 5), as_of={"size": 5}))
    fails(full(forged, index), forged, 11, "entry 5 is no input of a passport as of 5 entries")


def test_verify_forged_inputs_root(forged):
    index = signed(forged, inputs={"count": 2, "root": b64url_encode(bytes(32))})
    fails(full(forged, index), forged, 11, "commits to 2 inputs with root")


def test_verify_passport_without_inputs(forged):
    fails(full(forged, signed(forged, inputs=[])), forged, 11, "has no inputs")


def test_verify_forged_shares(forged):
    """What the rules of lots make of the inputs is another figure: the caller's recomputation says so."""

    def another(_inputs):
        raise Unverified("figure", "recycled-post-consumer is 0.1, the passport says 0.9", step=11)

    fails(full(forged), forged, 11, "is 0.1, the passport says 0.9", recompute=another)


def test_a_hidden_input_is_no_failure_and_no_success(forged):
    forged.add(PLANT, "lot-event", {**coil("C-3"), "epcList": Hidden([link("C-3")])})
    index = forged.add(OPERATOR, "passport", passport(forged, (3, 5, 8)))
    for hidden in ({"statement": None}, {"statement": forged.wires[8].partition(b"~")[0] + b"~"}):
        data = full(forged, index, (3, 5, 8), changed={8: hidden})
        report = verify_bundle(data, forged.trust(), expected=C1, recompute=lambda _inputs: (True, "never asked"))
        assert (report.verified, report.steps[10].outcome) == (True, Outcome.NOT_CHECKED), report.verdict
        says(report, 11, "1 of them are not shown whole")


# (2), (3), (5), (7), (9): as with every bundle


def test_verify_passport_under_a_foreign_checkpoint(forged):
    other = ForgedLedger(log="other")
    for _ in range(len(forged.entries) - 3):
        other.add(PLANT, "lot-event", coil("C-9"))
    bundle = parse_bundle(forged.bundle(6, kind="short"))
    fails(encode_bundle(replace(bundle, checkpoint=other.note())), forged, 2, "is by a known key")
    other.log = "log"
    fails(encode_bundle(replace(bundle, checkpoint=other.note())), forged, 3, "does not lead to the root")


def test_verify_swapped_input_statement(forged):
    data = full(forged, changed={3: {"statement": forged.wires[4]}})
    fails(data, forged, 5, "the statement shown for entry 3 has the SHA-256")


def test_verify_passport_signed_by_a_plant(forged):
    index = forged.add(PLANT, "passport", passport(forged, (3, 5)))
    fails(forged.bundle(index, kind="short"), forged, 7, "only the operator")


def test_verify_passport_without_an_item_of_its_piece(forged):
    forged.add(
        OPERATOR, "passport", passport(forged, (3, 5)), items=lambda honest: [item for item in honest if item.role]
    )
    fails(forged.bundle(8, kind="short"), forged, 7, "opens no lineage item of the party")
