"""Rule 5.6: errors declared and corrected."""

import re

import pytest
from folded import CUSTOMER, MILL, MINE, SITE, SMELTER, Park, amount, in_time, lot, mass, pallet, piece, rules

from ledger.kernel.errors import RuleBroken
from ledger.lots.records import Late

METAL, SLAB, BAND = lot("PL-1"), piece("S-1"), piece("H-1")


@pytest.fixture
def park():
    """Entry 0 is metal, entry 1 casts a slab of 9 000 g out of 10 000 g."""
    made = Park()
    made.new(SMELTER, (METAL, 10_000))
    made.make(SMELTER, [(METAL, 10_000)], [(SLAB, 9_000)], loss=1_000)
    return made


def total(park):
    lots = [one for one in park.book.records().values() if hasattr(one, "holdings")]
    return sum(holding.g for one in lots for holding in one.holdings)


def test_a_declared_event_is_taken_back_and_what_it_made_is_in_doubt(park):
    done = park.wrong(SMELTER, 1, "urn:right")
    assert (park.have(SMELTER, METAL), park.have(SMELTER, SLAB)) == (10_000, 0)
    assert (done.undoes, park.book.effects(1).declared_by, park.lot(SLAB).doubt) == (1, 2, 2)
    park.look(SMELTER, "inspecting", (SLAB, None))
    park.look(SMELTER, "holding", (SLAB, None))
    park.look(SMELTER, "inspecting", (SLAB, None), disposition="conformant")
    for act in (
        lambda: park.ship(SMELTER, MILL, (SLAB, None)),
        lambda: park.make(SMELTER, [(SLAB, None)], [(BAND, 9_000)], "hot-rolling"),
        lambda: park.say(SMELTER, "Aggregation", action="ADD", parentID=pallet(1), childEPCs=[SLAB]),
    ):
        with pytest.raises(RuleBroken, match="is in doubt: entry 2 declares wrong"):
            act()


def test_the_corrective_event_takes_its_place(park):
    park.wrong(SMELTER, 1, "urn:right")
    park.make(SMELTER, [(METAL, 10_000)], [(SLAB, 8_900)], loss=1_100, eventID="urn:right")
    assert (park.lot(SLAB).doubt, park.lot(SLAB).g, park.have(SMELTER, SLAB)) == (-1, 8_900, 8_900)
    assert park.book.effects(1).replaced_by == 3
    park.ship(SMELTER, MILL, (SLAB, None))


def test_only_an_announced_event_may_make_a_serial_again_that_is_not_in_doubt(park):
    with pytest.raises(Exception, match="was made by entry 1 already"):
        park.make(SMELTER, [], [(SLAB, 0)], eventID="urn:right")


def test_a_correction_after_the_metal_moved_on_is_not_refused(park):
    park.ship(SMELTER, MILL, (SLAB, None))
    park.receive(MILL, SMELTER, (SLAB, None))
    park.make(MILL, [(SLAB, None)], [(BAND, 9_000)], "hot-rolling")
    before = total(park)
    done = park.wrong(SMELTER, 1, "urn:right")
    assert rules(done) == {"shortage"}
    assert park.blocked(SLAB)
    assert total(park) == before + 1_000  # the loss is taken back with it
    done = park.make(SMELTER, [(METAL, 10_000)], [(SLAB, 8_800)], loss=1_200, eventID="urn:right")
    assert rules(done) == {"corrected_after_use"}
    assert (park.blocked(SLAB), park.lot(SLAB).holdings, park.lot(SLAB).consumed_by) == (False, (), 4)


@pytest.mark.parametrize(("right", "more"), [(8_800, -200), (9_300, 300), (9_000, 0)])
def test_a_piece_that_moved_on_stays_as_it_moved_and_the_difference_is_entered_or_left(park, right, more):
    park.ship(SMELTER, MILL, (SLAB, None))
    park.receive(MILL, SMELTER, (SLAB, None))
    park.wrong(SMELTER, 1, "urn:right")
    before = total(park)
    done = park.make(SMELTER, [(METAL, 10_000)], [(SLAB, right)], loss=10_000 - right, eventID="urn:right")
    entered = {"correction": -more} if more < 0 else {}
    left = {"correction": more} if more > 0 else {}
    assert (done.entered, {kind: g for kind, g in done.left.items() if g}) == (
        entered,
        {"oxidation": 10_000 - right} | left,
    )
    assert (park.have(MILL, SLAB), park.have(SMELTER, SLAB), total(park)) == (9_000, 0, before - 1_000)
    says = [one.says for one in done.findings if one.rule == "corrected_after_use"]
    g = f"{right:,}".replace(",", " ")
    assert says == ([f"piece {SLAB} had moved on with 9 000 g, it is corrected to {g} g"] if more else [])


def test_a_declaration_turns_what_the_event_did_about(park):
    wrong = park.effects[1]
    done = park.wrong(SMELTER, 1)
    assert (done.debits, done.credits) == (wrong.credits, wrong.debits)
    assert (done.entered, done.left) == (wrong.left, wrong.entered)
    assert (done.what, done.undoes, done.index) == ("error declaration", 1, 2)
    park.ship(SMELTER, MILL, (METAL, 4_000))
    back = park.wrong(SMELTER, 3)
    (line,) = park.book.delivery(f"{SMELTER} D-1").lines
    assert (line.shipped, line.received, [one.shipped for one in back.moved]) == (0, 0, [-4_000])


def test_what_a_wrong_step_gave_its_run_is_taken_back_with_its_oxide(park):
    ore, alumina = lot("BX"), lot("AO")
    said = [{"id": ore, "material": "bauxite", "al2o3": "50"}]
    park.new(SMELTER, (ore, 1_000), al_attributes=said)
    made = [{"id": alumina, "material": "alumina", "al2o3": "98"}]
    again = {"transformationID": "urn:run", "al_mass": None, "al_run": "open"}
    park.make(SMELTER, [(ore, 400)], [], "refining", **again)
    before = park.book.run(SMELTER, "urn:run")
    park.make(SMELTER, [(ore, 600)], [], "refining", **again)
    park.make(SMELTER, [], [(alumina, 100)], "refining", al_attributes=made, **again)
    run = park.book.run(SMELTER, "urn:run")
    assert (run.sums.inputs, run.sums.outputs, run.sums.oxide_in, run.sums.oxide_out) == (
        {"bauxite": 1_000}, {"alumina": 100}, 1_000 * 500_000, 100 * 980_000,
    )  # fmt: skip
    park.wrong(SMELTER, 5)
    park.wrong(SMELTER, 4)
    run = park.book.run(SMELTER, "urn:run")
    assert (run.sums.outputs, run.sums.oxide_out) == ({}, 0)
    assert run.sums == before.sums


def test_a_shortage_blocks_the_lot_until_it_is_cleared():
    park = Park()
    park.new(SMELTER, (METAL, 10_000))
    park.new(SMELTER, (METAL, 5_000))
    park.make(SMELTER, [(METAL, 12_000)], [(SLAB, 12_000)])
    done = park.wrong(SMELTER, 1)
    assert f"has used 2 000 g of lot {METAL} more than there was" in done.findings[0].says
    park.new(SMELTER, (METAL, 1_000))
    with pytest.raises(RuleBroken, match=f"is blocked until the shortage of {re.escape(SMELTER)} is cleared"):
        park.make(SMELTER, [(METAL, 1)], [(BAND, 1)])
    assert "count_up" in rules(park.look(SMELTER, "stock_taking", (METAL, 3_000)))
    assert not park.blocked(METAL)
    assert park.confirm(METAL, MILL)
    park.make(SMELTER, [(METAL, 3_000)], [(BAND, 3_000)])


def test_somebody_elses_signature_clears_a_shortage():
    park = Park()
    park.new(SMELTER, (METAL, 5_000))
    park.make(SMELTER, [(METAL, 5_000)], [(SLAB, 5_000)])
    park.wrong(SMELTER, 0)
    assert not park.confirm(METAL, SMELTER)
    assert park.confirm(METAL, MILL)
    assert not park.blocked(METAL)


def test_a_corrective_event_short_of_metal_is_found(park):
    park.wrong(SMELTER, 1, "urn:right")
    done = park.make(SMELTER, [(METAL, 12_000)], [(SLAB, 12_000)], eventID="urn:right")
    assert rules(done) == {"shortage"}
    assert park.have(SMELTER, METAL) == -2_000


def test_what_a_wrong_event_used_held_packed_shipped_or_opened_is_free_again(park):
    park.make(SMELTER, [(SLAB, None)], [(BAND, 9_000)], "hot-rolling")
    park.wrong(SMELTER, 2)
    assert in_time(park.effects) == []
    assert (park.lot(SLAB).consumed_by, park.have(SMELTER, SLAB)) == (-1, 9_000)
    park.look(SMELTER, "holding", (SLAB, None))
    park.wrong(SMELTER, 4)
    assert park.lot(SLAB).held_by == ()
    park.ship(SMELTER, MILL, (SLAB, None))
    park.wrong(SMELTER, 6)
    assert (park.have(SMELTER, SLAB), park.lot(SLAB).in_transit(SMELTER)) == (9_000, 0)
    park.say(SMELTER, "Aggregation", action="ADD", parentID=pallet(1), childEPCs=[SLAB])
    park.wrong(SMELTER, 8)
    assert park.lot(SLAB).inside == ""
    opening = {"al_opening": True, "readPoint": {"id": SITE}}
    park.new(MINE, (lot("O-1"), 10), **opening)
    park.wrong(MINE, 10, readPoint={"id": SITE})
    park.new(MINE, (lot("O-2"), 10), **opening)


def test_a_shipment_corrected_to_another_receiver_keeps_its_paper(park):
    park.ship(SMELTER, MILL, (SLAB, None))
    park.wrong(SMELTER, 2, "urn:right")
    park.ship(SMELTER, CUSTOMER, (SLAB, None), eventID="urn:right")
    park.receive(CUSTOMER, SMELTER, (SLAB, None))
    assert park.have(CUSTOMER, SLAB) == 9_000
    with pytest.raises(RuleBroken, match="goes to"):
        park.ship(SMELTER, MILL, (METAL, 0))


def test_an_addition_is_corrected_although_its_lot_was_closed_since():
    park = Park()
    park.new(SMELTER, (METAL, 100))
    park.new(SMELTER, (METAL, 50))
    park.say(SMELTER, "Object", action="DELETE", quantityList=[amount(METAL, None)])
    park.wrong(SMELTER, 1, "urn:right")
    assert "lot_closed" in rules(park.new(SMELTER, (METAL, 60), eventID="urn:right"))
    assert park.have(SMELTER, METAL) == 160


def test_what_a_wrong_event_said_of_a_lot_is_as_it_was_before(park):
    said = [{"id": SLAB, "grade": "prime", "heat": "H-1"}]
    park.look(SMELTER, "inspecting", (SLAB, None), al_attributes=said)
    park.look(SMELTER, "inspecting", (SLAB, None), al_attributes=[{"id": SLAB, "grade": "scrap", "temper": "F"}])
    park.look(SMELTER, "inspecting", (SLAB, None), al_attributes=[{"id": SLAB, "temper": "O"}])
    park.wrong(SMELTER, 3)
    assert park.lot(SLAB).attributes == {"grade": "prime", "heat": "H-1", "temper": "O"}
    park.wrong(SMELTER, 2)
    assert park.lot(SLAB).attributes == {"temper": "O"}


def test_a_receipt_declared_wrong_puts_the_metal_on_its_delivery_again(park):
    park.ship(SMELTER, CUSTOMER, (SLAB, None))
    park.receive(CUSTOMER, SMELTER, (SLAB, None))
    park.wrong(CUSTOMER, 3)
    assert (park.have(CUSTOMER, SLAB), park.lot(SLAB).in_transit(SMELTER)) == (0, 9_000)
    park.receive(CUSTOMER, SMELTER, (SLAB, None))


def test_an_event_declared_wrong_is_in_no_time_order(park):
    park.wrong(SMELTER, 0)
    assert [one.lot for one in in_time(park.effects)] == [METAL]
    park.wrong(SMELTER, 1)
    assert in_time(park.effects) == []


def test_declaring_twice_takes_back_once(park):
    park.wrong(SMELTER, 1)
    park.wrong(SMELTER, 1)
    assert park.have(SMELTER, METAL) == 10_000


def test_a_run_goes_on_without_what_was_wrong(park):
    again = {"transformationID": "urn:run", "al_mass": None}
    park.new(SMELTER, (lot("AL"), 100), al_attributes=[{"id": lot("AL"), "material": "alumina"}])
    park.make(SMELTER, [(lot("AL"), 60)], [], "electrolysis", al_run="closed", **again)
    park.wrong(SMELTER, 3)
    run = park.book.run(SMELTER, "urn:run")
    assert (run.closed_by, run.sums.inputs, run.sums.took) == (-1, {}, 0)
    park.make(SMELTER, [(lot("AL"), 100)], [], "electrolysis", al_run="closed", **again)
    assert mass(METAL, 1)


def test_a_late_receipt_declared_wrong_is_waited_for_no_more():
    park = Park()
    origin = [{"id": METAL, "kind": "late", "supplier": "X", "document": "N", "g": 70}]
    park.receive(MILL, SMELTER, (METAL, 70), al_origin=origin)
    assert park.lot(METAL).late == (Late(MILL, 0, 70, SMELTER),)
    park.wrong(MILL, 0)
    assert (park.lot(METAL).late, park.have(MILL, METAL)) == ((), 0)


def test_a_class_lot_is_in_doubt_until_its_correction_comes_and_not_where_none_is_announced():
    park = Park()
    park.new(SMELTER, (METAL, 100))
    park.new(SMELTER, (METAL, 50))
    park.wrong(SMELTER, 0, "urn:right")
    with pytest.raises(RuleBroken, match="is in doubt"):
        park.make(SMELTER, [(METAL, 10)], [(SLAB, 10)])
    park.new(SMELTER, (METAL, 90), eventID="urn:right")
    park.make(SMELTER, [(METAL, 10)], [(SLAB, 10)])
    park.wrong(SMELTER, 3)
    park.make(SMELTER, [(METAL, 10)], [(BAND, 10)])
    assert park.have(SMELTER, METAL) == 30


def test_a_class_lot_whose_first_addition_did_not_happen_has_what_others_added():
    park = Park()
    park.new(SMELTER, (METAL, 100))
    park.new(SMELTER, (METAL, 50))
    park.wrong(SMELTER, 0)
    park.make(SMELTER, [(METAL, 50)], [(SLAB, 50)])
    with pytest.raises(RuleBroken, match="has 0 g left"):
        park.make(SMELTER, [(METAL, 1)], [(BAND, 1)])


def test_what_a_corrective_event_does_not_repeat_of_a_lot_it_makes_again_is_not_said():
    park = Park()
    park.new(SMELTER, (METAL, 10_000))
    wrong = [{"id": SLAB, "alloy": "EN-AW-5754", "heat": "H-1", "coating": "painted"}]
    park.make(SMELTER, [(METAL, 10_000)], [(SLAB, 10_000)], al_attributes=wrong)
    park.look(SMELTER, "inspecting", (SLAB, None), al_attributes=[{"id": SLAB, "grade": "second"}])
    park.wrong(SMELTER, 1, "urn:right")
    assert park.lot(SLAB).attributes["coating"] == "painted"  # in doubt, and still known by its description
    right = [{"id": SLAB, "alloy": "EN-AW-6016", "heat": "H-1"}]
    park.make(SMELTER, [(METAL, 10_000)], [(SLAB, 10_000)], al_attributes=right, eventID="urn:right")
    assert park.lot(SLAB).attributes == {"alloy": "EN-AW-6016", "heat": "H-1", "grade": "second"}


def test_a_corrective_event_that_uses_a_piece_which_another_used_meanwhile_is_short_of_it():
    park = Park()
    park.new(MILL, (SLAB, 10_000))
    park.make(MILL, [(SLAB, None)], [(BAND, 10_000)], "hot-rolling")
    park.wrong(MILL, 1, "urn:right")
    park.make(MILL, [(SLAB, None)], [(piece("OTHER"), 10_000)], "hot-rolling")
    done = park.make(MILL, [(SLAB, None)], [(BAND, 10_000)], "hot-rolling", eventID="urn:right")
    assert rules(done) == {"consumed", "shortage"}
    assert (park.have(MILL, SLAB), park.lot(SLAB).consumed_by, park.blocked(SLAB)) == (-10_000, 3, True)
    assert park.have(MILL, BAND) == 10_000
    park.wrong(MILL, 4)
    assert (park.lot(SLAB).holdings, park.lot(SLAB).consumed_by, park.blocked(SLAB)) == ((), 3, False)


def test_what_is_left_after_a_declaration_is_no_shortage(park):
    """Neither where nothing is left nor where something is; a shortage says how much."""
    assert park.wrong(SMELTER, 1).findings == ()
    assert park.have(SMELTER, METAL) == 10_000
    park.new(SMELTER, (METAL, 500))
    assert park.wrong(SMELTER, 3).findings == ()
    park.ship(SMELTER, MILL, (METAL, 4_000))
    (found,) = park.wrong(SMELTER, 0).findings
    assert (found.rule, found.lot, found.facts) == ("shortage", METAL, {"short": 4_000})
    assert f"{SMELTER} has used 4 000 g of lot" in found.says


def test_a_class_lot_that_others_began_is_not_in_doubt_for_a_wrong_addition(park):
    added = park.new(SMELTER, (METAL, 500)).index
    park.wrong(SMELTER, added, "urn:right")
    assert park.lot(METAL).doubt == -1
    park.ship(SMELTER, MILL, (METAL, 0))


def test_a_piece_is_in_doubt_also_where_no_correction_is_announced(park):
    assert park.lot(SLAB).doubt == -1
    index = park.wrong(SMELTER, 1).index
    assert park.lot(SLAB).doubt == index


def test_a_receipt_declared_wrong_did_not_arrive(park):
    park.new(SMELTER, (lot("PL-2"), 1_000))
    park.ship(SMELTER, MILL, (lot("PL-2"), 1_000))
    index = park.receive(MILL, SMELTER, (lot("PL-2"), 900)).index
    (line,) = park.book.delivery(f"{SMELTER} D-1").lines
    assert (line.shipped, line.received) == (1_000, 900)
    park.wrong(MILL, index)
    (line,) = park.book.delivery(f"{SMELTER} D-1").lines
    assert (line.shipped, line.received, park.lot(line.lot).in_transit(SMELTER)) == (1_000, 0, 1_000)


def early(park):
    """The mill has 70 g before its sender is heard; he ships 100 g, of which 30 g are under way."""
    origin = [{"id": METAL, "kind": "late", "supplier": "X", "document": "N", "g": 70}]
    receipt = park.receive(MILL, SMELTER, (METAL, 70), al_origin=origin).index
    park.new(SMELTER, (METAL, 100))
    sent = park.ship(SMELTER, MILL, (METAL, 100)).index
    assert (park.lot(METAL).late, park.lot(METAL).in_transit(SMELTER)) == ((), 30)
    return receipt, sent


def line_of(park):
    (line,) = park.book.delivery(f"{SMELTER} D-1").lines
    return line.shipped, line.received


def test_of_an_early_receipt_declared_wrong_all_that_was_sent_is_under_way():
    park = Park()
    receipt, sent = early(park)
    assert line_of(park) == (100, 70)
    done = park.wrong(MILL, receipt)
    assert (park.have(MILL, METAL), park.lot(METAL).in_transit(SMELTER), line_of(park)) == (0, 100, (100, 0))
    assert park.book.effects(sent).settles == ()
    assert (done.entered, done.left) == ({"late": 70}, {"late": 70})
    (under_way,) = (one for one in done.credits if one.kind == "late")
    assert (under_way.mix, under_way.owner) == (sent, MILL)
    park.receive(MILL, SMELTER, (METAL, 100))
    assert (park.have(MILL, METAL), line_of(park)) == (100, (100, 100))


def test_of_a_shipment_declared_wrong_what_had_arrived_early_is_waited_for_again():
    park = Park()
    receipt, sent = early(park)
    park.wrong(SMELTER, sent)
    assert (park.lot(METAL).late, park.book.effects(receipt).settled) == ((Late(MILL, receipt, 70, SMELTER),), ())
    assert (park.have(SMELTER, METAL), park.have(MILL, METAL), line_of(park)) == (100, 70, (0, 0))
    park.ship(SMELTER, MILL, (METAL, 60))
    assert park.lot(METAL).late == (Late(MILL, receipt, 10, SMELTER),)


def test_of_both_declared_wrong_nothing_is_waited_for_and_nothing_under_way():
    for first, second in ((0, 1), (1, 0)):
        park = Park()
        both = early(park)
        park.wrong((MILL, SMELTER)[first], both[first])
        park.wrong((MILL, SMELTER)[second], both[second])
        lot_now = park.lot(METAL)
        assert (lot_now.late, lot_now.in_transit(SMELTER), line_of(park)) == ((), 0, (0, 0))
        assert (park.have(SMELTER, METAL), park.have(MILL, METAL)) == (100, 0)


def test_a_piece_that_two_events_used_stays_used_up_by_the_first():
    """What the second, a corrective event, had used is declared wrong; the first stands."""
    park = Park()
    park.new(SMELTER, (SLAB, 90))
    wrong = park.make(SMELTER, [(SLAB, None)], [(BAND, 90)], "hot-rolling").index
    park.wrong(SMELTER, wrong, "urn:right")
    first = park.make(SMELTER, [(SLAB, None)], [(piece("H-2"), 90)], "hot-rolling").index
    again = park.make(SMELTER, [(SLAB, None)], [(BAND, 90)], "hot-rolling", eventID="urn:right").index
    park.wrong(SMELTER, again)
    assert park.lot(SLAB).consumed_by == first


def test_a_sale_declared_wrong_gives_back_what_was_sold_and_nothing_else():
    park = Park()
    park.new(SMELTER, (METAL, 100))
    park.ship(SMELTER, MILL, (METAL, 40))
    park.receive(MILL, SMELTER, (METAL, 40))
    owner = [{"type": "owning_party", "source": SMELTER}]
    taker = [{"type": "owning_party", "destination": CUSTOMER}]
    sale = park.look(SMELTER, "storing", (METAL, 60), sourceList=owner, destinationList=taker).index
    assert {one.holder: one.owner for one in park.lot(METAL).holdings if one.g} == {SMELTER: CUSTOMER, MILL: MILL}
    park.wrong(SMELTER, sale)
    assert {one.holder: one.owner for one in park.lot(METAL).holdings if one.g} == {SMELTER: SMELTER, MILL: MILL}


def test_what_may_not_be_used_is_refused_under_its_code(park):
    park.wrong(SMELTER, 1)
    with pytest.raises(RuleBroken, check=lambda no: no.code == "in_doubt"):
        park.ship(SMELTER, MILL, (SLAB, None))
    park.ship(SMELTER, MILL, (METAL, 4_000))
    park.wrong(SMELTER, 0)
    with pytest.raises(RuleBroken, check=lambda no: no.code == "blocked"):
        park.ship(SMELTER, MILL, (METAL, 1))


def test_who_has_a_lot_is_told_to_whom_has_it_not(park):
    with pytest.raises(RuleBroken, match=f"is not with {re.escape(MINE)}: {re.escape(SMELTER)} has 9 000 g$"):
        park.ship(MINE, MILL, (SLAB, None))
    with pytest.raises(RuleBroken, match=r"has 0 g$"):
        park.ship(MINE, MILL, (METAL, 1))
    park.new(SMELTER, (METAL, 50))
    park.ship(SMELTER, MILL, (METAL, 20))
    with pytest.raises(RuleBroken, match=r"has 30 g and \S+ has 20 g under way$"):
        park.ship(MINE, MILL, (METAL, 1))
