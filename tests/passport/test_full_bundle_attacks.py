"""Full bundles by an operator who cheats: he signs a false passport of true statements, or leaves statements out.

All of it is signed, included and committed to. Each test is named by the attack.
"""

import pytest
from small_ledger import ROLLING
from small_mill import CUSTOMER, pallet, piece, small_mill

from ledger.issuing.passport_source import StoreSource
from ledger.kernel.bundle import encode_bundle
from ledger.kernel.encoding import b64url_encode
from ledger.kernel.errors import Unverified
from ledger.kernel.gs1 import canonical_id
from ledger.kernel.hashing import tree_root
from ledger.kernel.report import Outcome
from ledger.kernel.verify import Expected, verify_bundle
from ledger.passport.issue import Basis, body_of, signed
from ledger.passport.refold import _require, recompute
from ledger.passport.story import story_of
from ledger.rules import rule_set
from ledger.showing.bundles import Shelf, full_bundle

B1 = canonical_id(piece("B-1"))


@pytest.fixture(scope="module")
def mill(tmp_path_factory):
    """A and B from one silo; B-1 held, released and shipped on a pallet; one refinery event declared wrong."""
    with small_mill(tmp_path_factory.mktemp("cheat")) as mill:
        for name in "AB":
            mill.make_coils(name)
        mill.pack(ROLLING, pallet(), piece("B-1"), piece("B-2"))
        mill.send(ROLLING, CUSTOMER, (pallet(), None), paper="X")
        mill.wrong(mill.plant, mill.steps["A"]["refining"][0])
        yield mill


def cheat(mill, change=lambda _body: None, without=(), beside=(), about=B1, **shown):
    """A full bundle of a passport, of B-1 if of no other, whose body or whose inputs are forged; the report on it."""
    log = mill.world.log
    with log.store.reading() as transaction:
        checkpoint = log.state.published.checkpoint
        source = StoreSource(transaction, checkpoint.size)
        reached = Basis(checkpoint.size, checkpoint.root, log.tree.inclusion_leaf, log.state.registry)
        body = body_of(about, source, reached, rule_set())
        inputs = sorted({*story_of(about, source).inputs, *beside} - set(without))
    root = b64url_encode(tree_root([log.tree.inclusion_leaf(index) for index in inputs]))
    body["inputs"] = {"count": len(inputs), "root": root}
    change(body)
    (receipt,) = mill.world.submit(signed(body, mill.world.issuer, log.state.registry, now=mill.world.now))
    with log.store.reading() as transaction:
        shelf = Shelf(transaction, log.tree, log.state.published)
        given = {"may_see": lambda _iss: True, "hidden": (), **shown}
        data = encode_bundle(full_bundle(shelf, receipt.entry.index, inputs, **given))
    return verify_bundle(
        data, mill.world.trust, expected=Expected(piece=about), recompute=lambda one: recompute(one, rule_set())
    )


def fails(report, sentence):
    assert report.failed is not None, report.verdict
    assert (report.failed.number, sentence in report.failed.sentence) == (11, True), report.failed


def entry_of(mill, what, number):
    """The `number`th input of B-1 that did this."""
    with mill.world.log.store.reading() as transaction:
        story = story_of(B1, StoreSource(transaction, mill.world.size))
    return [entry for entry in story.inputs if entry in story.effects and story.effects[entry].what == what][number]


def test_the_honest_one_verifies(mill):
    report = cheat(mill)
    assert report.verified, report.verdict
    assert report.steps[10].outcome is Outcome.PASSED


def test_verify_draw_of_the_silo_dropped(mill):
    fails(
        cheat(mill, without=[entry_of(mill, "electrolysis", 0)]),
        "leaves out a version of lot (01)09521141000038(10)SILO",
    )


def test_verify_addition_to_the_silo_dropped(mill):
    fails(cheat(mill, without=[entry_of(mill, "refining", 1)]), "leaves out a version of lot")


def test_verify_casting_dropped(mill):
    fails(cheat(mill, without=[entry_of(mill, "casting", 0)]), "")


def test_verify_packing_dropped(mill):
    """Without it nobody knows that the pallet held the coil, and the shipment says nothing of it."""
    fails(cheat(mill, without=[entry_of(mill, "packing", 0)]), "")


def test_verify_shipment_of_the_pallet_dropped(mill):
    fails(cheat(mill, without=[entry_of(mill, "shipping", -1)]), "")


def test_verify_receipt_of_the_scrap_dropped(mill):
    """What kind of scrap it was is said there, and the shares rest on it."""
    fails(cheat(mill, without=[entry_of(mill, "receiving", 1)]), "")


def test_verify_declaration_of_error_dropped(mill):
    fails(cheat(mill, without=[entry_of(mill, "error declaration", 0)]), "")


def test_verify_last_inspection_dropped(mill):
    fails(cheat(mill, without=[entry_of(mill, "inspecting", 0)]), "leaves out a version of lot")


def test_verify_entry_slipped_in(mill):
    other = entry_of(mill, "slitting", 0) - 14  # the same of A
    fails(cheat(mill, beside=[other]), "that it does not rest on")


CHANGES = [
    ("figures", lambda body: body["figures"][2].update(value="0.900000")),
    ("figures", lambda body: body["figures"].pop()),
    ("status", lambda body: body.update(status="received")),
    ("facts", lambda body: body["facts"].update(mass=7_400_000)),
    ("facts", lambda body: body["facts"].update(alloy="EN-AW-7075")),
    ("facts", lambda body: body["facts"].update(heats=["H-X"])),
    ("steps", lambda body: body["steps"].pop(0)),
    ("steps", lambda body: body["steps"][0].update(country="NO")),
    ("steps", lambda body: body["steps"][0].update(at="2026-01-04T00:00:00Z")),
    ("stages", lambda body: body["stages"].pop()),
    ("holds", lambda body: body.pop("holds")),
    ("ends", lambda body: body["ends"][0].update(mass=1)),
    ("ends", lambda body: body.pop("ends")),
    ("corrections", lambda body: body.pop("corrections")),
]


@pytest.mark.parametrize(("member", "change"), CHANGES)
def test_verify_forged_member(mill, member, change):
    fails(cheat(mill, change), f"the passport says {member} ")


def test_verify_finding_hidden(mill):
    fails(cheat(mill, lambda body: body.pop("findings")), "the passport has 0 findings on what is shown")


def test_verify_member_nobody_can_check(mill):
    """A description that no input gives: what is not computed is not said."""
    fails(cheat(mill, lambda body: body["facts"].update(description="green")), "the passport says facts")


def test_a_passport_under_another_rule_set_is_not_judged(mill):
    def other(body):
        for one in body["figures"]:
            one["rules"] = {"id": "coilmark-rules/9", "digest": b64url_encode(bytes(32))}

    report = cheat(mill, other)
    assert (report.verified, report.steps[10].outcome) == (True, Outcome.NOT_CHECKED)
    assert "a rule set that this program does not have" in report.steps[10].sentence


def test_what_is_withheld_is_not_judged(mill):
    report = cheat(mill, may_see=lambda iss: iss != ROLLING.id)
    assert (report.verified, report.steps[10].outcome) == (True, Outcome.NOT_CHECKED)
    assert "are not shown whole" in report.steps[10].sentence


def test_an_order_withheld_from_this_reader_is_not_missed(mill):
    report = cheat(mill, hidden=("order", "customer_part"))
    assert (report.verified, report.steps[10].outcome) == (True, Outcome.PASSED)


def test_of_several_lots_of_which_versions_are_left_out_the_first_is_named_in_every_run():
    class LackingAll:
        def lacks(self, name, _):
            return name

    with pytest.raises(Unverified, match="of lot LOT-00, on which entry 7 rests"):
        _require(LackingAll(), {f"LOT-{number:02}" for number in range(30)}, 7)
