"""What others sign of a lot goes for a passport computed again from its bundle, and what is missing is named."""

import pytest
from small_ledger import PLANT
from small_mill import CUSTOMER, TONNE, amount, lot, piece, small_mill
from test_full_bundle_attacks import cheat, fails
from test_passport_issued import standing, verified

from ledger.kernel.encoding import b64url_encode
from ledger.kernel.errors import RuleBroken
from ledger.kernel.gs1 import canonical_id

METAL, COIL = lot("MET", 4), piece("C-1")


@pytest.fixture
def mill(tmp_path):
    """Nine tonnes of metal."""
    with small_mill(tmp_path) as mill:
        mill.new(PLANT, (METAL, 9 * TONNE))
        yield mill


def cast(mill, g, **members):
    return mill.make(PLANT, "casting", [(METAL, g)], [(COIL, g)], **members)


def shipped(mill):
    mill.send(PLANT, CUSTOMER, (COIL, None))
    report = verified(mill, "C-1")
    assert report.verified, report.verdict
    return standing(mill, "C-1").statement.body


def test_a_surplus_that_somebody_else_confirmed_is_drawn_in_the_bundle_too(mill):
    mill.say(PLANT, "Object", action="OBSERVE", bizStep="stock_taking", quantityList=[amount(METAL, 10 * TONNE)])
    with pytest.raises(RuleBroken, match="nobody countersigned"):
        cast(mill, 10 * TONNE)
    world = mill.world
    world.post(world.operator, "party", CUSTOMER.profile("lot-event", "verification", **mill.profiles[CUSTOMER]))
    world.post(CUSTOMER, "verification", {
        "subject": {"kind": "lot", "id": canonical_id(METAL)}, "kind": "inspection", "standard": "own",
        "scope": "Weighed once more.", "verdict": "positive", "issued": "2026-01-05T04:00:00Z",
        "report": {"digest": b64url_encode(bytes(32)), "media_type": "application/pdf", "size": 1, "kind": "other"},
    })  # fmt: skip
    cast(mill, 10 * TONNE)
    assert shipped(mill)["facts"]["mass"] == 10 * TONNE


def test_who_leaves_out_what_an_input_rests_on_is_told_of_which_lot_a_version_is_missing(mill):
    """The bundle has then more than the piece rests on, as far as it shows that."""
    run = {"transformationID": "urn:example:run:1", "al_run": "open"}
    wrong = mill.make(PLANT, "casting", [(METAL, 2 * TONNE)], [], **run)
    mill.make(PLANT, "casting", [], [(COIL, TONNE)], **run)
    mill.wrong(PLANT, wrong, "urn:example:right")
    mill.make(PLANT, "casting", [(METAL, 2 * TONNE)], [], **run, eventID="urn:example:right")
    shipped(mill)
    report = cheat(mill, without=[wrong], about=canonical_id(COIL))
    fails(report, f"as the rules compute it, and leaves out a version of lot {canonical_id(METAL)}")
