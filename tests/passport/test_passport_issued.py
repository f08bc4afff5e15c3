"""The passport in the commit of the shipment: of any shipped piece, as of the shipment, from what was recorded."""

import pytest
from small_ledger import PLANT, ROLLING
from small_mill import CUSTOMER, TONNE, handed, lot, pallet, piece, small_mill

from ledger.kernel.bundle import encode_bundle
from ledger.kernel.encoding import b64url_encode
from ledger.kernel.gs1 import canonical_id
from ledger.kernel.report import Outcome
from ledger.kernel.verify import Expected, verify_bundle
from ledger.passport.refold import recompute
from ledger.rules import rule_set
from ledger.showing import passports
from ledger.store.access import ANYONE, EVERYTHING


@pytest.fixture(scope="module")
def mill(tmp_path_factory):
    """Coils of A and B; B-1 and B-2 are shipped on a pallet, A-1 by itself; A-2 is not shipped."""
    with small_mill(tmp_path_factory.mktemp("mill")) as mill:
        for name in "AB":
            mill.make_coils(name)
        mill.pack(ROLLING, pallet(), piece("B-1"), piece("B-2"))
        mill.pallet_sent = mill.send(ROLLING, CUSTOMER, (pallet(), None), paper="X")
        mill.coil_sent = mill.send(ROLLING, CUSTOMER, (piece("A-1"), None), paper="Y")
        yield mill


def standing(mill, name):
    return passports.standing(mill.world.log, canonical_id(piece(name)))


def verified(mill, name):
    found = standing(mill, name)
    data = encode_bundle(passports.full(mill.world.log, found, EVERYTHING))
    return verify_bundle(
        data, mill.world.trust, expected=Expected(piece=piece(name)), recompute=lambda one: recompute(one, rule_set())
    )


def test_a_passport_stands_right_behind_the_shipment_and_is_as_of_it(mill):
    found = standing(mill, "A-1")
    assert found.index == mill.coil_sent + 1
    assert found.statement.body["as_of"]["size"] == mill.coil_sent + 1
    root = mill.world.log.tree.root(mill.coil_sent + 1)
    assert found.statement.body["as_of"]["root"] == b64url_encode(root)
    assert found.since is None


def test_every_piece_in_a_unit_gets_one_in_the_same_commit(mill):
    assert sorted(standing(mill, name).index - mill.pallet_sent for name in ("B-1", "B-2")) == [1, 2]
    assert standing(mill, "B-1").statement.body["status"] == "shipped"
    assert standing(mill, "B-1").statement.body["steps"][-1]["entry"] == mill.pallet_sent


def test_what_was_not_shipped_has_none(mill):
    with pytest.raises(passports.Missing, match="has no passport"):
        standing(mill, "A-2")


def test_facts_are_those_the_plants_gave(mill):
    body = standing(mill, "A-1").statement.body
    facts = body["facts"]
    assert facts["maker"] == ROLLING.id
    assert (facts["alloy"], facts["temper"], facts["thickness"], facts["mass"]) == (
        "EN-AW-5754",
        "H111",
        1500,
        7_500_000,
    )
    assert (facts["heats"], facts["country"], facts["order"]) == (["H-A"], "KZ", "PO-A")
    assert [one["step"] for one in body["steps"]] == [
        "casting", "shipping", "receiving", "hot-rolling", "slitting", "holding", "inspecting", "shipping",
    ]  # fmt: skip
    assert {(one["step"], one["party"]) for one in body["stages"]} == {
        (step, PLANT.id) for step in ("receiving", "refining", "electrolysis")
    }
    (hold,) = body["holds"]
    assert (hold["by"], hold["released"] - hold["entry"]) == (ROLLING.id, 1)


def test_the_ends_and_the_melt_add_up_to_the_piece(mill):
    body = standing(mill, "B-1").statement.body
    assert sum(end["mass"] for end in body["ends"]) == body["facts"]["mass"]
    shares = {one["name"]: one["value"] for one in body["figures"]}
    assert shares == {
        "recycled-internal": "0.000000", "recycled-pre-consumer": "0.000000", "recycled-post-consumer": "0.200000"
    }  # fmt: skip
    assert {one["lot"][-4:]: one["mass"] for one in body["ends"] if one["reason"] == "outside"} == {
        "BX-B": 4_553_571, "BX-A": 1_446_429
    }  # fmt: skip


def test_metal_whose_sender_was_not_heard_says_whose_it_is(tmp_path):
    with small_mill(tmp_path) as mill:
        slab = piece("SLAB-L", 5)
        mill.new(ROLLING, (slab, 15 * TONNE), origin="late", **handed(PLANT, ROLLING, "S-L"))
        mill.make(ROLLING, "slitting", [(slab, 15 * TONNE)], [(piece("L-1"), 15 * TONNE)])
        mill.send(ROLLING, CUSTOMER, (piece("L-1"), None), paper="L")
        (end,) = standing(mill, "L-1").statement.body["ends"]
        assert end == {"reason": "late", "mass": 15 * TONNE, "party": PLANT.id, "lot": canonical_id(slab)}
        assert verified(mill, "L-1").verified, verified(mill, "L-1").verdict


def test_whose_order_it_was_is_behind_a_digest(mill):
    found = standing(mill, "A-1")
    assert {one.name for one in found.statement.disclosures} == {"order", "customer_part"}
    assert "order" not in found.body(ANYONE)["facts"]
    assert found.body(EVERYTHING)["facts"]["order"] == "PO-A"


@pytest.mark.parametrize("name", ["A-1", "B-1", "B-2"])
def test_the_full_bundle_is_computed_again(mill, name):
    report = verified(mill, name)
    assert report.verified, report.verdict
    assert report.steps[10].outcome is Outcome.PASSED
    assert "were computed again and are the same" in report.steps[10].sentence


HAPPENED = [
    "sent", "packing declared wrong", "taken out", "in another unit", "not taken out after all",
]  # fmt: skip


@pytest.mark.parametrize("what", HAPPENED)
def test_what_happened_to_a_lot_in_a_unit_is_computed_again(tmp_path, what):
    with small_mill(tmp_path) as mill:
        mill.make_coils("A")
        if what == "sent":
            mill.send_some_in_a_unit(PLANT, ROLLING, lot("SILO", 3), 2 * TONNE)
        wrong = mill.pack_some(PLANT, lot("SILO", 3), 2 * TONNE, into=pallet(3))
        for action in ("ADD", "DELETE") if what == "in another unit" else ():
            mill.pack_some(PLANT, lot("SILO", 3), TONNE, pallet(3), action=action, into=pallet(2))
        if what not in {"packing declared wrong", "sent"}:
            wrong = mill.pack_some(PLANT, lot("SILO", 3), 2 * TONNE, action="DELETE", into=pallet(3))
        if what in {"packing declared wrong", "not taken out after all"}:
            mill.wrong(PLANT, wrong)
        mill.make_coils("B")
        mill.send(ROLLING, CUSTOMER, (piece("B-1"), None), paper="X")
        report, names = verified(mill, "B-1"), [one["id"] for one in standing(mill, "B-1").statement.body["references"]]
    assert report.verified, report.verdict
    assert report.steps[10].outcome is Outcome.PASSED, report.steps[10].sentence
    assert (canonical_id(pallet(3)) in names) is (what in {"sent", "not taken out after all"}), names


def test_the_bundle_of_a_delivery_is_about_every_piece_in_it(mill):
    data = encode_bundle(passports.delivery(mill.world.log, mill.pallet_sent, EVERYTHING))
    for name, good in (("B-1", True), ("B-2", True), ("A-1", False)):
        report = verify_bundle(data, mill.world.trust, expected=Expected(piece=piece(name)))
        assert report.verified is good, report.verdict
    with pytest.raises(passports.Missing, match="is no shipment"):
        passports.delivery(mill.world.log, mill.pallet_sent - 1, EVERYTHING)


def test_without_a_key_none_are_made(tmp_path):
    with small_mill(tmp_path) as mill:
        mill.world.issuer = None
        mill.world.reopen()
        mill.make_coils("A")
        sent = mill.send(ROLLING, CUSTOMER, (piece("A-1"), None))
        assert mill.world.size == sent + 1


def test_both_stores_give_the_same_passports(tmp_path, place):
    with small_mill(tmp_path, place=place) as mill:
        mill.make_coils("A")
        mill.pack(ROLLING, pallet(), piece("A-1"), piece("A-2"))
        mill.send(ROLLING, CUSTOMER, (pallet(), None), paper="X")
        for name in ("A-1", "A-2"):
            assert verified(mill, name).verified
        body = standing(mill, "A-1").statement.body
        assert (body["status"], body["inputs"]["count"]) == ("shipped", 17)
