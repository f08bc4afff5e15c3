"""Rules 5.1 to 5.4: how a lot enters, who has it, what is refused."""

from re import escape

import pytest
from folded import (
    CUSTOMER,
    MILL,
    MINE,
    OPERATOR,
    OTHER_SITE,
    SITE,
    SMELTER,
    Park,
    amount,
    at,
    handed,
    in_time,
    listed,
    lot,
    mass,
    pallet,
    piece,
    rules,
    skid,
)

from ledger.kernel.errors import Conflict, RuleBroken
from ledger.lots.hindsight import delivery_findings
from ledger.lots.observations import agree

ORE, SLAB = lot("BX-1"), piece("S-1")
OUTSIDE = [{"id": lot("SC-1"), "kind": "outside", "supplier": "Scrap & Co", "document": "N-1", "g": 900}]


@pytest.fixture
def park():
    return Park()


def refused(code, sentence=None, kind=RuleBroken):
    return pytest.raises(kind, match=sentence) if sentence else pytest.raises(kind, check=lambda e: e.code == code)


def test_a_draw_above_the_balance_is_refused_with_the_lot_and_the_numbers_and_changes_nothing(park):
    park.new(MINE, (ORE, 40_000))
    before = park.book.records()
    with pytest.raises(RuleBroken, match=r"lot \(01\).*BX-1 has 40 000 g left with .*, the event takes 45 000 g") as no:
        park.make(MINE, [(ORE, 45_000)], [(lot("A"), 45_000)], "refining")
    assert (no.value.code, no.value.facts["have"], no.value.facts["want"]) == ("balance", 40_000, 45_000)
    assert park.book.records() == before
    park.make(MINE, [(ORE, 40_000)], [(lot("A"), 40_000)], "refining")
    assert park.have(MINE, ORE) == 0


def test_a_lot_that_nobody_introduced_is_unknown(park):
    for move in (park.ship, park.receive):
        with refused("unknown_lot"):
            move(MINE, SMELTER, (ORE, 1))
    for kind in ("Aggregation", "Association", "Transaction"):
        with refused("unknown_lot"):
            park.say(MINE, kind, action="OBSERVE", parentID=pallet(1), epcList=[SLAB])
    with refused("unknown_lot"):
        park.make(MINE, [(ORE, 1)], [(lot("A"), 1)])
    with refused("unknown_lot"):
        park.look(MINE, "inspecting", (SLAB, None))


def test_a_draw_without_mass_is_refused(park):
    park.new(MINE, (ORE, 40_000))
    with refused("no_mass"):
        park.make(MINE, [(ORE, None)], [(lot("A"), 1)], "refining")
    with pytest.raises(RuleBroken, match=r"takes of lot .* and gives no mass in GRM, KGM, TNE") as no:
        park.ship(MINE, SMELTER, (ORE, None))
    assert (no.value.code, park.have(MINE, ORE)) == ("no_mass", 40_000)


def test_what_is_drawn_from_somebody_elses_lot_is_refused_with_who_has_it(park):
    park.new(MINE, (ORE, 40_000))
    for act in (
        lambda: park.make(SMELTER, [(ORE, 10)], [(lot("A"), 10)], "refining"),
        lambda: park.ship(SMELTER, MILL, (ORE, 10)),
        lambda: park.say(SMELTER, "Object", action="DELETE", **listed([(ORE, 10)])),
    ):
        with pytest.raises(RuleBroken, match=escape(f"{ORE} is not with {SMELTER}: {MINE} has 40 000 g")) as no:
            act()
        assert no.value.code == "not_holder"


def test_a_serial_is_made_once_and_used_whole(park):
    park.new(SMELTER, (SLAB, 1_000))
    with refused("made_twice", kind=Conflict):
        park.new(SMELTER, (SLAB, 1_000))
    park.make(SMELTER, [(SLAB, None)], [(piece("H-1"), 1_000)], "hot-rolling")
    assert park.lot(SLAB).consumed_by == 1
    with refused("consumed", kind=Conflict):
        park.make(SMELTER, [(SLAB, None)], [(piece("H-2"), 1_000)], "hot-rolling")


def test_a_class_lot_takes_additions_from_its_holder_until_it_is_closed(park):
    park.new(MINE, (ORE, 10))
    park.new(MINE, (ORE, 5))
    assert park.have(MINE, ORE) == 15
    with refused("not_holder"):
        park.new(MILL, (ORE, 5))
    park.say(MINE, "Object", action="DELETE", quantityList=[amount(ORE, None)])
    with refused("lot_closed"):
        park.new(MINE, (ORE, 5))
    park.make(MINE, [(ORE, 15)], [(lot("A"), 15)], "refining")  # what is in it can still be drawn


def test_opening_stock_is_booked_once_a_site(park):
    members = {"al_opening": True, "readPoint": {"id": SITE}}
    assert "no_source" not in rules(park.new(MINE, (ORE, 10), **members))
    with refused("opening_again"):
        park.new(MINE, (lot("BX-2"), 10), **members)
    with refused("site"):
        park.new(MINE, (lot("BX-2"), 10), al_opening=True)
    for place in (OTHER_SITE, "https://mine.example/pit-7"):  # another's, and one that nobody registered
        with refused("site"):
            park.new(SMELTER, (lot("BX-2"), 10), al_opening=True, readPoint={"id": place})
    park.new(MINE, (lot("BX-2"), 10), al_opening=True, readPoint={"id": OTHER_SITE})
    with refused("site"):
        park.new(MINE, (lot("BX-2"), 10), readPoint={"id": "(414)9521211000012"})


def test_what_is_commissioned_at_no_primary_source_is_found(park):
    assert "no_source" in rules(park.new(MILL, (SLAB, 10)))
    mined = park.new(MINE, (ORE, 10), al_process=f"{MINE}/mining", al_start="2026-03-01T00:00:00Z")
    assert rules(mined) == set()


def test_a_lot_from_outside_enters_with_its_origin(park):
    scrap = OUTSIDE[0]["id"]
    park.receive(MILL, CUSTOMER, (scrap, 900), al_origin=OUTSIDE)
    assert (park.have(MILL, scrap), park.lot(scrap).source, park.lot(scrap).maker) == (900, "outside", "")


def test_a_late_piece_is_settled_when_its_maker_is_heard(park):
    late = [{**OUTSIDE[0], "id": SLAB, "kind": "late"}]
    park.receive(MILL, SMELTER, (SLAB, 900), al_origin=late)
    assert (park.lot(SLAB).source, park.lot(SLAB).maker) == ("late", "")
    with refused("not_sent"):
        park.receive(SMELTER, MILL, (SLAB, 900), al_origin=late)
    park.make(MILL, [(SLAB, None)], [(piece("H"), 900)], "hot-rolling")
    park.new(SMELTER, (SLAB, 910))
    assert park.lot(SLAB).maker == SMELTER
    with refused("made_twice", kind=Conflict):
        park.new(SMELTER, (SLAB, 910))
    park.ship(SMELTER, MILL, (SLAB, None))
    assert (park.lot(SLAB).holdings, park.lot(SLAB).late, park.lot(SLAB).consumed_by) == ((), (), 1)
    (delivery,) = [one for one in park.book.records().values() if hasattr(one, "lines")]
    assert ["910 g of lot" in one.says for one in delivery_findings(delivery)] == [True]


def test_a_late_amount_is_settled_by_the_shipment_that_was_not_heard_before(park):
    late = [{**OUTSIDE[0], "id": ORE, "kind": "late", "g": 100}]
    park.receive(MILL, MINE, (ORE, 100), al_origin=late)
    park.new(MINE, (ORE, 150))
    park.ship(MINE, MILL, (ORE, 120))
    assert (park.have(MILL, ORE), park.lot(ORE).in_transit(MINE), park.lot(ORE).late) == (100, 20, ())
    park.receive(MILL, MINE, (ORE, 20))
    assert (park.have(MINE, ORE), park.have(MILL, ORE)) == (30, 120)


def test_a_delivery_is_booked_by_the_weight_of_each_side(park):
    park.new(MINE, (ORE, 100_000))
    park.ship(MINE, SMELTER, (ORE, 60_000))
    assert (park.have(MINE, ORE), park.lot(ORE).in_transit(MINE)) == (40_000, 60_000)
    park.receive(SMELTER, MINE, (ORE, 59_000))
    assert (park.have(SMELTER, ORE), park.lot(ORE).in_transit(MINE)) == (59_000, 1_000)
    (delivery,) = [one for one in park.book.records().values() if hasattr(one, "lines")]
    (found,) = delivery_findings(delivery)
    assert "60 000 g of lot" in found.says
    assert "59 000 g arrived" in found.says


def test_more_than_was_sent_may_arrive_and_is_found_beyond_half_a_percent(park):
    park.new(MINE, (ORE, 100_000))
    park.ship(MINE, SMELTER, (ORE, 10_000))
    park.ship(MINE, SMELTER, (ORE, 10_000), paper="D-2")
    assert rules(park.receive(SMELTER, MINE, (ORE, 10_050))) == set()
    assert rules(park.receive(SMELTER, MINE, (ORE, 10_051), paper="D-2")) == {"delivery_difference"}
    assert park.have(SMELTER, ORE) == 20_101


def test_wet_bulk_may_differ_by_two_percent(park):
    park.new(MINE, (ORE, 100_000), al_attributes=[{"id": ORE, "material": "bauxite"}])
    park.ship(MINE, SMELTER, (ORE, 10_000))
    park.ship(MINE, SMELTER, (ORE, 10_000), paper="D-2")
    assert rules(park.receive(SMELTER, MINE, (ORE, 10_200))) == set()
    assert rules(park.receive(SMELTER, MINE, (ORE, 10_201), paper="D-2")) == {"delivery_difference"}


def test_deliveries_may_come_in_parts_be_returned_or_never_have_happened(park):
    park.new(MINE, (ORE, 100))
    park.ship(MINE, SMELTER, (ORE, 60))
    park.receive(SMELTER, MINE, (ORE, 20))
    park.receive(SMELTER, MINE, (ORE, 30))
    assert (park.have(SMELTER, ORE), park.lot(ORE).in_transit(MINE)) == (50, 10)
    park.look(MINE, "void_shipping", (ORE, 10), **handed(MINE, SMELTER, "D-1"))
    assert park.have(MINE, ORE) == 50
    park.ship(SMELTER, MINE, (ORE, 50), paper="R-1", disposition="returned")
    park.receive(MINE, SMELTER, (ORE, 50), paper="R-1")
    assert (park.have(MINE, ORE), park.have(SMELTER, ORE)) == (100, 0)
    with refused("not_sent"):
        park.look(MINE, "void_shipping", (ORE, 10), **handed(MINE, SMELTER, "D-1"))


def test_nobody_acts_on_what_somebody_else_has(park):
    park.new(SMELTER, (SLAB, 1_000), (ORE, 10))
    for act in (
        lambda: park.ship(MILL, SMELTER, (SLAB, None)),
        lambda: park.make(MILL, [(SLAB, None)], [(piece("H"), 1_000)], "hot-rolling"),
        lambda: park.look(MILL, "other", (SLAB, None), al_process=f"{MILL}/annealing", al_start="2026-03-01T00:00:00Z"),
        lambda: park.look(MILL, "stock_taking", (ORE, 10)),
        lambda: park.say(MILL, "Aggregation", action="ADD", parentID=pallet(1), childEPCs=[SLAB]),
        lambda: park.say(SMELTER, "Object", action="OBSERVE", bizStep="shipping", epcList=[SLAB],
                         **handed(MILL, SMELTER, "X")),
    ):  # fmt: skip
        with refused("not_holder"):
            act()
    with refused("not_sent"):
        park.receive(MILL, SMELTER, (SLAB, None))


def test_a_step_that_names_nothing_is_refused(park):
    with refused("empty_step"):
        park.make(SMELTER, [], [], "casting")


def test_a_process_that_is_not_the_partys_is_refused(park):
    park.new(SMELTER, (SLAB, 1_000))
    with refused("process"):
        park.make(SMELTER, [(SLAB, None)], [(piece("H"), 1_000)], al_process=f"{MILL}/hot-rolling")
    with refused("process"):
        park.look(SMELTER, "other", (SLAB, None), al_process=f"{MILL}/annealing", al_start="2026-03-01T00:00:00Z")


def test_metal_of_two_owners_is_mixed_under_a_contract_only(park):
    park.new(MINE, (ORE, 100))
    owned = {"destinationList": [
        {"type": "possessing_party", "destination": SMELTER}, {"type": "owning_party", "destination": MINE},
    ]}  # fmt: skip
    park.say(
        MINE,
        "Object",
        action="OBSERVE",
        bizStep="shipping",
        **listed([(ORE, 50)]),
        **{**handed(MINE, SMELTER, "D"), **owned},
    )
    park.receive(SMELTER, MINE, (ORE, 50), paper="D")
    park.new(SMELTER, (lot("OWN"), 50))
    both = [(ORE, 50), (lot("OWN"), 50)]
    with refused("owners"):
        park.make(SMELTER, both, [(lot("A"), 100)], "refining")
    contract = {
        "id": f"{SMELTER}/tolling", "kind": "tolling", "status": "in-force", "parties": [MINE, SMELTER],
        "valid": {"from": "2020-01-01T00:00:00Z", "to": "2040-01-01T00:00:00Z"},
    }  # fmt: skip
    says = "is no tolling contract in force at that time"
    for change, why in (
        ({"kind": "supply"}, says),
        ({"status": "ended"}, says),
        ({"parties": [SMELTER, MILL]}, f"{escape(MINE)} is no party to"),
        ({"valid": contract["valid"] | {"to": "2020-01-02T00:00:00Z"}}, says),
    ):
        agree(park.book, contract | change)
        with refused("owners", why):
            park.make(SMELTER, both, [(lot("A"), 100)], "refining", al_contract=contract["id"])
    agree(park.book, contract)
    park.make(SMELTER, both, [(lot("A"), 100)], "refining", al_contract=contract["id"])


def test_where_nobody_speaks_of_owners_ownership_goes_with_possession(park):
    park.new(MINE, (ORE, 50))
    park.ship(MINE, SMELTER, (ORE, 50))
    park.receive(SMELTER, MINE, (ORE, 50))
    assert {one.owner for one in park.lot(ORE).holdings if one.g} == {SMELTER}


def test_what_happens_to_a_unit_happens_to_what_is_packed_in_it(park):
    strips = [piece("A"), piece("B")]
    park.new(MILL, *((one, 100) for one in strips))
    park.say(MILL, "Aggregation", action="ADD", parentID=pallet(1), childEPCs=strips)
    park.say(MILL, "Association", action="ADD", parentID=skid(1), childEPCs=[pallet(1)])
    park.ship(MILL, CUSTOMER, (skid(1), None))
    assert [park.lot(one).in_transit(MILL) for one in strips] == [100, 100]
    park.receive(CUSTOMER, MILL, (skid(1), None))
    assert [park.have(CUSTOMER, one) for one in strips] == [100, 100]
    with refused("packed_in_itself"):
        park.say(CUSTOMER, "Association", action="ADD", parentID=pallet(1), childEPCs=[skid(1)])
    park.say(CUSTOMER, "Aggregation", action="DELETE", parentID=pallet(1))
    assert [park.lot(one).inside for one in strips] == ["", ""]
    assert park.lot(pallet(1)).contents == ()


def test_a_piece_taken_out_of_its_unit_without_unpacking_is_found(park):
    park.new(MILL, (SLAB, 100))
    park.say(MILL, "Aggregation", action="ADD", parentID=pallet(1), childEPCs=[SLAB])
    assert "taken_from_unit" in rules(park.ship(MILL, CUSTOMER, (SLAB, None)))
    assert park.lot(pallet(1)).contents == ()


def test_maker_and_holder_may_hold_and_who_held_or_the_operator_releases(park):
    park.new(SMELTER, (SLAB, 1_000))
    with refused("hold"):
        park.look(MILL, "holding", (SLAB, None))
    park.look(SMELTER, "holding", (SLAB, None))
    for act in (
        lambda: park.ship(SMELTER, MILL, (SLAB, None)),
        lambda: park.make(SMELTER, [(SLAB, None)], [(piece("H"), 1_000)], "hot-rolling"),
    ):
        with refused("held"):
            act()
    with refused("release"):
        park.look(MILL, "inspecting", (SLAB, None), persistentDisposition={"unset": ["unavailable"]})
    park.look(MILL, "inspecting", (SLAB, None), disposition="conformant")
    assert park.lot(SLAB).held_by == (SMELTER,)
    park.look(SMELTER, "inspecting", (SLAB, None), disposition="conformant")
    park.look(OPERATOR, "holding", (SLAB, None))
    park.look(OPERATOR, "inspecting", (SLAB, None), persistentDisposition={"unset": ["unavailable"]})
    park.ship(SMELTER, MILL, (SLAB, None))


def test_a_count_sets_the_balance_and_a_surplus_waits_for_a_second_signature(park):
    park.new(MINE, (ORE, 10_000))
    assert rules(park.look(MINE, "stock_taking", (ORE, 9_000))) == {"count_down"}
    assert park.effects[-1].left == {"unaccounted": 1_000}
    on_scale = [mass(ORE, 9_045, device=f"{MINE}/scale")]  # 2 %
    counted = {"quantityList": [amount(ORE, 9_045)], "al_mass": on_scale}
    assert rules(park.say(MINE, "Object", action="OBSERVE", bizStep="stock_taking", **counted)) == set()
    assert rules(park.look(MINE, "stock_taking", (ORE, 9_500))) == {"count_up"}
    with pytest.raises(RuleBroken, match="9 045 g beside 455 g") as no:
        park.make(MINE, [(ORE, 9_046)], [(lot("A"), 1)], "refining")
    assert no.value.code == "surplus"
    assert not park.confirm(ORE, MINE)
    assert park.confirm(ORE, OPERATOR)
    park.make(MINE, [(ORE, 9_500)], [(lot("A"), 1)], "refining")
    with refused("no_mass"):
        park.look(MINE, "stock_taking", (ORE, None))


def test_what_no_scale_weighed_is_a_surplus_from_the_first_gram(park):
    park.new(MINE, (ORE, 10_000))
    for g in (10_001, 10_002):
        assert rules(park.look(MINE, "stock_taking", (ORE, g))) == {"count_up"}
    assert park.surplus(ORE) == 2


def test_who_has_part_of_what_another_made_does_not_describe_it_for_the_rest(park):
    scrap = [{"id": ORE, "scrapClass": "pre-consumer"}]
    park.new(MINE, (ORE, 10_000), al_attributes=scrap)
    park.ship(MINE, SMELTER, (ORE, 100))
    better = [{"id": ORE, "scrapClass": "post-consumer"}]
    done = park.receive(SMELTER, MINE, (ORE, 100), al_attributes=better)
    assert rules(done) == {"described_otherwise"}
    assert f"scrapClass of lot {ORE} is for {MINE} to say" in done.findings[0].says
    assert rules(park.look(SMELTER, "inspecting", (ORE, None), al_attributes=better)) == {"described_otherwise"}
    assert park.lot(ORE).attributes["scrapClass"] == "pre-consumer"
    park.look(MINE, "inspecting", (ORE, None), al_attributes=better)
    assert park.lot(ORE).attributes["scrapClass"] == "post-consumer"


def test_a_downgrade_keeps_the_piece_and_destruction_ends_it(park):
    park.new(MILL, (SLAB, 100))
    park.look(MILL, "inspecting", (SLAB, None), al_attributes=[{"id": SLAB, "grade": "second"}])
    assert park.lot(SLAB).attributes["grade"] == "second"
    for said in ({"grade": "scrap"}, {"alloy": "EN-AW-6016"}):
        with refused("not_holder", "neither made nor has lot .*, and cannot say its"):
            park.look(CUSTOMER, "inspecting", (SLAB, None), al_attributes=[{"id": SLAB, **said}])
    park.look(CUSTOMER, "inspecting", (SLAB, None), al_attributes=[{"id": SLAB, "grade": "second"}])
    assert "weight_differs" in rules(park.look(MILL, "stock_taking", (SLAB, 110)))
    park.say(MILL, "Object", action="DELETE", bizStep="destroying", epcList=[SLAB])
    assert (park.effects[-1].left, park.lot(SLAB).consumed_by) == ({"destroyed": 100}, 4)


def test_scrapping_is_a_transformation_with_only_scrap_out(park):
    park.new(MILL, (SLAB, 100))
    park.make(MILL, [(SLAB, None)], [(lot("SCRAP"), 100)], "slitting")
    assert (park.have(MILL, lot("SCRAP")), park.lot(SLAB).consumed_by) == (100, 1)


def test_a_piece_of_unknown_mass_is_weighed_by_the_first_who_does(park):
    assert "no_mass" in rules(park.new(MILL, (SLAB, None)))
    done = park.make(MILL, [(SLAB, 100)], [(piece("H"), 100)], "hot-rolling")
    assert (done.entered, rules(done)) == ({"weighed": 100}, set())


def test_late_statements_are_found(park):
    park.late = 25 * 3600 * 1_000_000
    assert "late_statement" in rules(park.new(MINE, (ORE, 1)))


def test_time_order_is_found_by_the_event_and_again_by_the_audit(park):
    park.new(MINE, (ORE, 100))
    early = {"eventTime": "2026-03-01T00:00:00Z", "al_start": "2026-02-28T00:00:00Z"}
    assert "time_order" in rules(park.make(MINE, [(ORE, 100)], [(lot("A"), 100)], "refining", **early))
    assert [one.lot for one in in_time(park.effects)] == [ORE]


def test_of_one_moment_additions_come_before_draws(park):
    park.new(MINE, (ORE, 100), eventTime=at(20))
    park.ship(MINE, SMELTER, (ORE, 50), eventTime=at(10))
    (found,) = in_time(park.effects)
    assert (found.lot, found.facts) == (ORE, {"entry": 1, "short": 50})
    park.new(MINE, (ORE, 60), eventTime=at(10))
    assert in_time(park.effects) == []


def test_a_weight_that_differs_is_found_and_not_booked(park):
    park.new(MILL, (SLAB, 1_000))
    assert rules(park.make(MILL, [(SLAB, 1_005)], [(piece("H"), 1_000)], "hot-rolling")) == set()
    done = park.make(MILL, [(piece("H"), 1_006)], [(piece("C"), 1_000)], "hot-rolling")
    assert rules(done) == {"weight_differs"}
    assert mass(SLAB, 1)["g"] == 1


def test_a_unit_and_what_it_is_packed_in_may_both_be_named(park):
    park.new(MILL, (SLAB, 100))
    park.say(MILL, "Aggregation", action="ADD", parentID=pallet(1), childEPCs=[SLAB])
    done = park.ship(MILL, CUSTOMER, (pallet(1), None), (SLAB, None))
    assert sorted(posting.lot for posting in done.credits) == sorted([pallet(1), SLAB])


def test_an_addition_of_another_owner_needs_a_contract(park):
    park.new(SMELTER, (ORE, 100))
    owned = {"destinationList": [
        {"type": "possessing_party", "destination": MILL}, {"type": "owning_party", "destination": SMELTER},
    ]}  # fmt: skip
    tolled = {**handed(SMELTER, MILL, "D-1"), **owned}
    park.say(SMELTER, "Object", action="OBSERVE", bizStep="shipping", **listed([(ORE, 50)]), **tolled)
    park.ship(SMELTER, MILL, (ORE, 50), paper="D-2")
    park.receive(MILL, SMELTER, (ORE, 50))
    with refused("owners"):
        park.receive(MILL, SMELTER, (ORE, 50), paper="D-2")
    park.receive(MILL, SMELTER, (ORE, 50), paper="D-2", al_contract=f"{MILL}/tolling")


def test_what_is_held_in_a_unit_is_held_and_what_ends_with_it_ends(park):
    park.new(MILL, (SLAB, 100), (piece("S-2"), 100))
    park.say(MILL, "Aggregation", action="ADD", parentID=pallet(1), childEPCs=[SLAB, piece("S-2")])
    park.look(MILL, "holding", (pallet(1), None))
    assert park.lot(SLAB).held_by == (MILL,)
    park.look(MILL, "inspecting", (pallet(1), None), disposition="conformant")
    assert park.lot(SLAB).held_by == ()
    park.say(MILL, "Object", action="DELETE", bizStep="destroying", epcList=[pallet(1)])
    assert park.effects[-1].left == {"destroyed": 200}
    with refused("consumed", kind=Conflict):
        park.ship(MILL, CUSTOMER, (SLAB, None))


def test_what_goes_into_a_furnace_in_a_unit_is_used_up(park):
    park.new(MILL, (SLAB, 100), (piece("S-2"), 100))
    park.say(MILL, "Aggregation", action="ADD", parentID=pallet(1), childEPCs=[SLAB, piece("S-2")])
    done = park.make(MILL, [(pallet(1), None)], [(lot("M"), 200)], "remelting")
    assert (rules(done), park.have(MILL, lot("M")), park.lot(SLAB).consumed_by) == (set(), 200, 2)


def test_what_comes_back_to_its_sender_is_his_again(park):
    park.new(MINE, (ORE, 100))
    park.ship(MINE, SMELTER, (ORE, 60))
    park.receive(MINE, MINE, (ORE, 60))
    assert (park.have(MINE, ORE), {one.owner for one in park.lot(ORE).holdings}) == (100, {MINE})


def test_one_paper_goes_to_one_receiver_and_without_one_to_whoever_has_it(park):
    park.new(MINE, (ORE, 100))
    park.ship(MINE, SMELTER, (ORE, 10))
    with refused("delivery"):
        park.ship(MINE, MILL, (ORE, 10))
    paper = handed(MINE, MILL, "D-5")
    park.say(MINE, "Object", action="OBSERVE", bizStep="shipping", **listed([(ORE, 10)]),
             bizTransactionList=paper["bizTransactionList"])  # fmt: skip
    with refused("not_sent"):
        park.receive(MILL, MINE, (ORE, 10), paper="D-6")
    park.receive(MILL, MINE, (ORE, 10), paper="D-5")
    assert park.have(MILL, ORE) == 10


def test_a_shipment_comes_in_parts_under_several_papers_of_one_lot(park):
    park.new(MINE, (ORE, 100))
    park.ship(MINE, SMELTER, (ORE, 30), paper="T-1")
    park.ship(MINE, SMELTER, (ORE, 40), paper="T-2")
    park.receive(SMELTER, MINE, (ORE, 40), paper="T-2")
    assert [(one.delivery[-3:], one.g) for one in park.lot(ORE).holdings if one.delivery] == [("T-1", 30)]


def test_a_receiver_who_calls_late_what_was_sent_meanwhile_receives_it(park):
    late = [{**OUTSIDE[0], "id": SLAB, "kind": "late"}]
    park.new(SMELTER, (SLAB, 900))
    park.ship(SMELTER, MILL, (SLAB, None))
    park.receive(MILL, SMELTER, (SLAB, 900), al_origin=late)
    assert (park.have(MILL, SLAB), park.lot(SLAB).late, park.lot(SLAB).maker) == (900, (), SMELTER)


def test_a_late_piece_that_weighs_something_else_is_found_when_its_sender_is_heard(park):
    park.receive(MILL, SMELTER, (SLAB, 900), al_origin=[{**OUTSIDE[0], "id": SLAB, "kind": "late"}])
    park.new(SMELTER, (SLAB, 910))
    assert rules(park.ship(SMELTER, MILL, (SLAB, None))) == {"delivery_difference"}


def test_a_late_receipt_declared_wrong_is_under_way_again(park):
    park.receive(MILL, MINE, (ORE, 100), al_origin=[{**OUTSIDE[0], "id": ORE, "kind": "late", "g": 100}])
    park.new(MINE, (ORE, 150))
    park.ship(MINE, MILL, (ORE, 120))
    park.wrong(MILL, 0, "urn:right")
    assert (park.have(MILL, ORE), park.lot(ORE).in_transit(MINE)) == (0, 120)
    park.receive(MILL, MINE, (ORE, 120), eventID="urn:right")
    assert (park.have(MILL, ORE), park.lot(ORE).in_transit(MINE)) == (120, 0)
    assert {end.entry for end in park.up(ORE, MILL).ends} == {1}


def test_what_is_sold_stays_where_it_is_and_a_part_is_not_sold(park):
    sold = {
        "sourceList": [{"type": "owning_party", "source": MINE}],
        "destinationList": [{"type": "owning_party", "destination": SMELTER}],
    }
    park.new(MINE, (ORE, 100))
    with refused("owners"):
        park.look(MINE, "accepting", (ORE, 60), **sold)
    park.look(MINE, "accepting", (ORE, 100), **sold)
    assert [(one.holder, one.owner) for one in park.lot(ORE).holdings] == [(MINE, SMELTER)]
    with refused("owners"):
        park.look(MINE, "accepting", (ORE, 100), **sold)
    park.wrong(MINE, 1)
    assert [one.owner for one in park.lot(ORE).holdings] == [MINE]


def test_a_lot_is_at_the_site_that_its_event_names_else_where_it_was_else_at_the_first(park):
    park.new(MINE, (ORE, 100), bizLocation={"id": OTHER_SITE})
    park.new(MINE, (ORE, 100))
    park.new(MINE, (lot("B"), 100))
    park.new(MILL, (lot("C"), 100))
    assert [park.lot(name).holdings[0].site for name in (ORE, lot("B"), lot("C"))] == [OTHER_SITE, SITE, ""]
    park.ship(MINE, MILL, (ORE, 50), readPoint={"id": OTHER_SITE})
    assert {one.site for one in park.lot(ORE).holdings} == {OTHER_SITE}


def test_an_amount_that_is_packed_goes_with_its_unit(park):
    park.new(MILL, (ORE, 100))
    park.say(MILL, "Aggregation", action="ADD", parentID=pallet(1), childQuantityList=[amount(ORE, 40)])
    park.ship(MILL, CUSTOMER, (pallet(1), None))
    assert (park.have(MILL, ORE), park.lot(ORE).in_transit(MILL)) == (60, 40)


def test_what_is_packed_elsewhere_without_unpacking_is_found(park):
    park.new(MILL, (SLAB, 100))
    park.say(MILL, "Aggregation", action="ADD", parentID=pallet(1), childEPCs=[SLAB])
    assert rules(park.say(MILL, "Aggregation", action="ADD", parentID=pallet(2), childEPCs=[SLAB])) == {
        "taken_from_unit"
    }
    assert (park.lot(SLAB).inside, park.lot(pallet(1)).contents) == (pallet(2), ())
