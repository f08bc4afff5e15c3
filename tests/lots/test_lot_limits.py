"""Rules 5.1 to 5.7 from their other side: what is just not refused, not found, not released, not his."""

import re

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
    at,
    handed,
    listed,
    lot,
    mass,
    pallet,
    piece,
    refused,
    rules,
)

from ledger.kernel.errors import RuleBroken
from ledger.lots import mass_rules as rule
from ledger.lots.observations import lot_confirmed

ORE, METAL, SLAB, BAND = lot("BX-1"), lot("PL-1"), piece("S-1"), piece("H-1")


@pytest.fixture
def park():
    return Park()


def from_outside(name, g, **members):
    origin = {"id": name, "kind": "outside", "supplier": "S", "document": "D", "g": g}
    return {"al_origin": [origin], **members}


def owned_by(party, taker):
    return [{"type": "possessing_party", "destination": taker}, {"type": "owning_party", "destination": party}]


# 5.1: how a lot enters


def test_what_is_added_with_an_origin_comes_from_outside(park):
    done = park.new(SMELTER, (METAL, 70), **from_outside(METAL, 70))
    assert (park.lot(METAL).source, done.entered, rules(done)) == ("outside", {"outside": 70}, set())


def test_a_piece_from_outside_has_the_mass_of_its_origin_and_the_owner_that_is_named(park):
    park.receive(MILL, SMELTER, (SLAB, None), **from_outside(SLAB, 900))
    assert park.have(MILL, SLAB) == 900
    over = handed(SMELTER, MILL, "D-2") | {"destinationList": owned_by(MINE, MILL)}
    park.say(
        MILL,
        "Object",
        action="OBSERVE",
        bizStep="receiving",
        **listed([(BAND, None)]),
        **from_outside(BAND, 80),
        **over,
    )
    assert [one.owner for one in park.lot(BAND).holdings] == [MINE]


def test_opening_stock_says_so_and_is_judged_like_what_is_made(park):
    said = [{"id": SLAB, "form": "slab", "alloy": "EN-AW-5754", "cn": "76061292"}]
    done = park.new(MINE, (SLAB, 10), al_opening=True, readPoint={"id": SITE}, al_attributes=said)
    assert (park.lot(SLAB).source, done.entered, rules(done)) == ("opening", {"opening": 10}, {"customs_code"})


def test_what_is_commissioned_at_no_source_says_so(park):
    done = park.new(SMELTER, (METAL, 10))
    assert (park.lot(METAL).source, done.entered, rules(done)) == ("commissioned", {"commissioned": 10}, {"no_source"})


@pytest.mark.parametrize("process", ["mining", "anode-making"])
def test_what_is_mined_or_baked_comes_from_a_primary_source(park, process):
    done = park.new(MINE, (ORE, 10), al_process=f"{MINE}/{process}", al_start=at(0))
    assert (done.entered, rules(done)) == ({"primary": 10}, set())
    made = park.make(MINE, [], [(lot("BX-2"), 10)], process)
    assert rules(made) == set()
    assert {end.reason for end in park.up(lot("BX-2")).ends} == {"primary"}


def test_opening_stock_is_of_the_site_where_it_was_read_and_not_of_where_it_goes(park):
    places = {"readPoint": {"id": SITE}, "bizLocation": {"id": OTHER_SITE}}
    park.new(MINE, (ORE, 10), al_opening=True, **places)
    with pytest.raises(RuleBroken, match=f"the opening stock of {re.escape(SITE)} was booked by entry 0"):
        park.new(MINE, (lot("BX-3"), 10), al_opening=True, **places)
    park.new(MINE, (lot("BX-2"), 10), al_opening=True, readPoint={"id": OTHER_SITE})
    foreign = "(414)9521213000011"
    park.sites[foreign] = MILL
    with pytest.raises(RuleBroken, match=f"site {re.escape(foreign)} is not registered by") as no:
        park.new(MINE, (lot("BX-3"), 10), al_opening=True, **places | {"readPoint": {"id": foreign}})
    assert no.value.facts["id"] == foreign


def test_opening_stock_is_corrected_where_it_was_opened(park):
    wrong = park.new(MINE, (ORE, 10), al_opening=True, readPoint={"id": SITE}).index
    park.wrong(MINE, wrong, "urn:right", readPoint={"id": SITE})
    park.new(MINE, (lot("BX-2"), 10), al_opening=True, readPoint={"id": SITE})  # booked meanwhile
    park.new(MINE, (ORE, 12), al_opening=True, readPoint={"id": SITE}, eventID="urn:right")
    assert park.have(MINE, ORE) == 12


def test_a_maker_adds_to_his_lot_after_it_left_and_a_holder_to_what_he_has(park):
    park.new(MINE, (ORE, 100))
    park.ship(MINE, SMELTER, (ORE, 100))
    park.receive(SMELTER, MINE, (ORE, 100))
    park.new(MINE, (ORE, 5))
    park.new(SMELTER, (ORE, 7))
    assert (park.have(MINE, ORE), park.have(SMELTER, ORE)) == (5, 107)
    with refused("not_holder"):
        park.new(MILL, (ORE, 1))


def test_a_class_lot_that_was_heard_of_late_has_its_maker_once_he_speaks(park):
    late = [{"id": ORE, "kind": "late", "supplier": "M", "document": "D", "g": 100}]
    park.receive(SMELTER, MINE, (ORE, 100), al_origin=late)
    assert park.lot(ORE).maker == ""
    park.new(MINE, (ORE, 150))
    assert park.lot(ORE).maker == MINE


def test_what_one_receiver_had_early_is_not_settled_by_a_shipment_to_another(park):
    late = [{"id": ORE, "kind": "late", "supplier": "M", "document": "D", "g": 100}]
    park.receive(SMELTER, MINE, (ORE, 100), al_origin=late)
    park.receive(MILL, MINE, (ORE, 100), al_origin=late, paper="D-2")
    park.new(MINE, (ORE, 500))
    park.ship(MINE, MILL, (ORE, 60), paper="D-2")
    assert [(one.holder, one.g) for one in park.lot(ORE).late] == [(SMELTER, 100), (MILL, 40)]


def test_a_late_piece_is_sent_by_who_has_it(park):
    late = [{"id": SLAB, "kind": "late", "supplier": "M", "document": "D", "g": 900}]
    park.receive(MILL, SMELTER, (SLAB, 900), al_origin=late)
    park.new(SMELTER, (SLAB, 900))
    with refused("not_holder"):
        park.ship(MINE, MILL, (SLAB, None))


def test_what_is_known_and_on_a_delivery_does_not_come_from_outside(park):
    park.new(MINE, (ORE, 100))
    park.ship(MINE, SMELTER, (ORE, 100))
    with refused("not_holder"):
        park.receive(SMELTER, MINE, (ORE, 30), **from_outside(ORE, 30))


# 5.3: custody, ownership, holds


def test_a_piece_keeps_its_mass_and_its_delivery_has_what_the_receiver_weighed(park):
    park.new(SMELTER, (SLAB, 10_000))
    done = park.ship(SMELTER, MILL, (SLAB, None))
    assert (done.consumed, done.what, park.lot(SLAB).consumed_by) == ((), "shipping", -1)
    done = park.receive(MILL, SMELTER, (SLAB, 9_970))
    assert (park.have(MILL, SLAB), rules(done), len(done.credits)) == (10_000, set(), 1)
    (line,) = park.book.delivery(f"{SMELTER} D-1").lines
    assert (line.shipped, line.received) == (10_000, 9_970)


def test_a_piece_of_unknown_mass_is_weighed_by_its_receiver(park):
    park.new(SMELTER, (SLAB, None))
    park.ship(SMELTER, MILL, (SLAB, None))
    done = park.receive(MILL, SMELTER, (SLAB, 950))
    assert (park.lot(SLAB).g, park.have(MILL, SLAB), done.entered) == (950, 950, {"weighed": 950})


def test_what_is_still_to_come_of_a_delivery_is_no_difference(park):
    park.new(MINE, (ORE, 1_000))
    park.ship(MINE, SMELTER, (ORE, 1_000))
    assert rules(park.receive(SMELTER, MINE, (ORE, 400))) == set()


def test_a_paper_all_of_which_has_arrived_still_goes_to_its_receiver(park):
    park.new(MINE, (ORE, 1_000))
    park.ship(MINE, SMELTER, (ORE, 500))
    park.receive(SMELTER, MINE, (ORE, 500))
    with refused("delivery"):
        park.ship(MINE, MILL, (ORE, 500))


def test_who_is_not_on_the_paper_receives_nothing(park):
    park.new(MINE, (ORE, 100))
    park.ship(MINE, SMELTER, (ORE, 100))
    with refused("not_sent"):
        park.receive(MILL, MINE, (ORE, 100))


def test_a_shipment_is_called_back_by_its_sender_whole_or_in_part(park):
    park.new(SMELTER, (SLAB, 900), (METAL, 100))
    park.ship(SMELTER, MILL, (SLAB, None), (METAL, 80))
    papers = [{"type": "desadv", "bizTransaction": "D-1"}]
    with refused("not_sent"):
        park.look(MILL, "void_shipping", (SLAB, None), bizTransactionList=papers)
    park.look(SMELTER, "void_shipping", (SLAB, None), (METAL, 30), bizTransactionList=papers)
    assert [(one.holder, one.delivery, one.g) for one in park.lot(SLAB).holdings] == [(SMELTER, "", 900)]
    assert (park.have(SMELTER, METAL), park.lot(METAL).in_transit(SMELTER)) == (50, 50)
    park.look(SMELTER, "void_shipping", (METAL, None), bizTransactionList=papers)
    assert (park.have(SMELTER, METAL), park.lot(METAL).in_transit(SMELTER)) == (100, 0)


def test_metal_that_is_not_the_senders_stays_its_owners(park):
    park.receive(SMELTER, MILL, (METAL, 100), **from_outside(METAL, 100))
    over = handed(CUSTOMER, SMELTER, "D-2") | {"destinationList": owned_by(CUSTOMER, SMELTER)}
    park.say(
        SMELTER,
        "Object",
        action="OBSERVE",
        bizStep="receiving",
        **listed([(SLAB, 90)]),
        **from_outside(SLAB, 90),
        **over,
    )
    park.ship(SMELTER, MILL, (SLAB, None), (METAL, 100))
    assert [one.owner for one in park.lot(SLAB).holdings] == [CUSTOMER]
    assert [one.owner for one in park.lot(METAL).holdings if one.g] == [MILL]
    park.receive(SMELTER, SMELTER, (SLAB, None))
    assert [one.owner for one in park.lot(SLAB).holdings] == [CUSTOMER]


def test_a_receipt_may_name_another_owner(park):
    park.new(SMELTER, (SLAB, 90))
    park.ship(SMELTER, MILL, (SLAB, None))
    over = handed(SMELTER, MILL, "D-1") | {"destinationList": owned_by(CUSTOMER, MILL)}
    park.say(MILL, "Object", action="OBSERVE", bizStep="receiving", **listed([(SLAB, None)]), **over)
    assert [one.owner for one in park.lot(SLAB).holdings] == [CUSTOMER]


def test_an_event_that_names_no_seller_or_another_sells_nothing(park):
    park.new(MINE, (ORE, 100), (SLAB, 9))
    to = {"destinationList": [{"type": "owning_party", "destination": SMELTER}]}
    park.look(MINE, "accepting", (ORE, 100), **to)
    park.look(MINE, "accepting", (ORE, 100), sourceList=[{"type": "owning_party", "source": MILL}], **to)
    assert [one.owner for one in park.lot(ORE).holdings] == [MINE]
    by = [{"type": "owning_party", "source": MINE}]
    park.look(MINE, "accepting", (ORE, None), (SLAB, 8), sourceList=by, **to)  # whole, and a piece is whole
    assert [one.owner for name in (ORE, SLAB) for one in park.lot(name).holdings] == [SMELTER, SMELTER]


def test_of_what_several_own_one_sells_his_own(park):
    park.new(MINE, (ORE, 100))
    park.ship(MINE, SMELTER, (ORE, 40))
    park.receive(SMELTER, MINE, (ORE, 40))
    sold = {
        "sourceList": [{"type": "owning_party", "source": MINE}],
        "destinationList": [{"type": "owning_party", "destination": MILL}],
    }
    park.look(MINE, "accepting", (ORE, 60), **sold)
    assert {one.holder: one.owner for one in park.lot(ORE).holdings} == {MINE: MILL, SMELTER: SMELTER}


def test_a_holder_that_is_not_the_maker_may_hold(park):
    park.new(SMELTER, (SLAB, 90))
    park.ship(SMELTER, MILL, (SLAB, None))
    park.receive(MILL, SMELTER, (SLAB, None))
    park.look(MILL, "holding", (SLAB, None))
    assert park.lot(SLAB).held_by == (MILL,)


@pytest.mark.parametrize(
    ("step", "members"),
    [
        ("storing", {"disposition": "conformant"}),
        ("inspecting", {"disposition": "non_conformant"}),
        ("inspecting", {"persistentDisposition": {"unset": ["available"]}}),
        ("inspecting", {}),
    ],
)
def test_another_word_or_another_step_releases_nothing(park, step, members):
    park.new(SMELTER, (SLAB, 90))
    park.look(SMELTER, "holding", (SLAB, None))
    done = park.look(SMELTER, step, (SLAB, None), **members)
    assert (park.lot(SLAB).held_by, done.released) == ((SMELTER,), ())


@pytest.mark.parametrize("step", ["inspecting", "accepting"])
@pytest.mark.parametrize("word", ["conformant", "available", "sellable_accessible"])
def test_a_good_word_at_an_inspection_releases_ones_own_hold(park, step, word):
    park.new(SMELTER, (SLAB, 90))
    park.look(SMELTER, "holding", (SLAB, None))
    assert park.look(SMELTER, step, (SLAB, None), disposition=word).released == (SLAB,)
    assert park.lot(SLAB).held_by == ()


@pytest.mark.parametrize("word", ["unavailable", "recalled", "non_conformant", "non_sellable_other", "damaged"])
def test_a_blocking_word_that_is_unset_releases_ones_own_hold_and_no_other(park, word):
    park.new(SMELTER, (SLAB, 90))
    park.look(SMELTER, "holding", (SLAB, None))
    unset = {"persistentDisposition": {"unset": [word]}}
    with refused("release"):
        park.look(MILL, "inspecting", (SLAB, None), **unset)
    assert park.look(SMELTER, "storing", (SLAB, None), **unset).released == (SLAB,)


def test_holders_of_a_hold_stand_in_one_order_whoever_was_first(park):
    for first, second in ((SMELTER, MILL), (MILL, SMELTER)):
        name = piece(f"S-{first[-8:]}")
        park.new(SMELTER, (name, 90))
        park.ship(SMELTER, MILL, (name, None), paper=name)
        park.receive(MILL, SMELTER, (name, None), paper=name)
        park.look(first, "holding", (name, None))
        park.look(second, "holding", (name, None))
        assert park.lot(name).held_by == tuple(sorted((SMELTER, MILL)))


def test_the_operator_releases_what_others_hold(park):
    park.new(SMELTER, (SLAB, 90), (BAND, 80))
    park.look(SMELTER, "holding", (SLAB, None))
    done = park.look(OPERATOR, "inspecting", (SLAB, None), (BAND, None), disposition="conformant")
    assert (park.lot(SLAB).held_by, done.released) == ((), (SLAB,))


def test_who_is_alone_with_anothers_lot_describes_it(park):
    park.new(MINE, (ORE, 100))
    park.ship(MINE, SMELTER, (ORE, 100))
    park.receive(SMELTER, MINE, (ORE, 100))
    done = park.look(SMELTER, "sampling", (ORE, 10), al_attributes=[{"id": ORE, "moisture": "6.1"}])
    assert (rules(done), park.lot(ORE).attributes) == (set(), {"moisture": "6.1"})


def test_a_site_that_is_anothers_says_nothing_of_where_a_holder_has_his_lot(park):
    park.sites |= {"(414)9521212000028": SMELTER}
    park.new(MINE, (ORE, 10), bizLocation={"id": "(414)9521212000028"})
    assert [one.site for one in park.lot(ORE).holdings] == [SITE]


def test_a_run_is_at_the_site_that_its_event_names(park):
    park.new(MINE, (ORE, 10))
    run = {"transformationID": "urn:run", "al_run": "open", "readPoint": {"id": OTHER_SITE}}
    park.make(MINE, [(ORE, 10)], [], "refining", **run)
    assert park.book.run(MINE, "urn:run").site == OTHER_SITE


# 5.2, 5.4: steps


def test_what_refining_loses_went_into_the_reaction_and_counts_in_its_month(park):
    park.new(MINE, (ORE, 100))
    done = park.make(MINE, [(ORE, 100)], [(lot("A"), 40)], "refining")
    assert (done.left, done.period) == ({"reaction": 60}, f"{MINE}/refining 2026-03")
    done = park.make(MINE, [(lot("A"), 40)], [(lot("B"), 30)], "mining")
    assert (done.left, done.period) == ({"reaction": 10}, "")


def test_a_process_that_does_not_close_may_make_pieces_of_any_mass(park):
    park.new(SMELTER, (METAL, 100))
    assert rules(park.make(SMELTER, [(METAL, 10)], [(SLAB, 90)], "electrolysis", transformationID="urn:run")) == set()


def test_several_alloys_become_one_in_a_melt(park):
    said = [{"id": SLAB, "alloy": "EN-AW-6016"}, {"id": BAND, "alloy": "EN-AW-5754"}]
    park.new(SMELTER, (SLAB, 90), (BAND, 80), al_attributes=said)
    cast = [{"id": piece("S-2"), "alloy": "EN-AW-7075"}]
    done = park.make(SMELTER, [(SLAB, None), (BAND, None)], [(piece("S-2"), 170)], al_attributes=cast)
    assert rules(done) == set()


def test_a_product_that_says_no_alloy_is_held_against_none():
    assert rule.one_alloy(["EN-AW-5754", "EN-AW-6016"], "") == ""


@pytest.mark.parametrize(
    ("about", "role", "process", "end"),
    [
        ({"material": "scrap"}, "charge", "casting", ("scrap", "unknown")),
        ({}, "scrap", "casting", ("scrap", "unknown")),
        ({"scrapClass": "internal"}, "charge", "remelting", ("scrap", "internal")),
        ({"material": "scrap"}, "scrap", "refining", ("commissioned", "")),
        ({}, "charge", "casting", ("commissioned", "")),
    ],
)
def test_scrap_is_told_by_role_material_or_class_and_only_where_it_enters_a_melt(park, about, role, process, end):
    park.new(SMELTER, (METAL, 90), al_attributes=[{"id": METAL, **about}] if about else None)
    park.make(SMELTER, [(METAL, 90)], [(ORE, 90)], process, al_role=[{"id": METAL, "role": role}])
    (found,) = park.up(ORE).ends
    assert (found.reason, found.scrap) == end


def test_a_customs_code_may_be_short_and_needs_form_alloy_and_thickness_to_be_judged():
    coil = {"form": "coil", "alloy": "EN-AW-5754", "thickness": 1_200}
    assert rule.customs_code(coil | {"cn": "7606"}) == ""
    assert rule.customs_code(coil | {"cn": "7607"}) != ""
    for missing in coil:
        assert rule.customs_code({name: said for name, said in coil.items() if name != missing} | {"cn": "7607"}) == ""
    assert rule.customs_code(coil | {"form": "billet", "cn": "7607"}) == ""
    pure = coil | {"alloy": "EN-AW-1050A", "thickness": 3_000}
    assert (rule.customs_code(pure | {"cn": "76061193"}), rule.customs_code(pure | {"cn": "76061191"}) != "") == (
        "",
        True,
    )


def test_size_is_judged_where_all_of_it_is_said():
    size = {"alloy": "5754", "thickness": 1_000, "width": 1_000_000, "length": 1_000_000}
    assert rule.size_of(size, 1) != ""
    assert all(rule.size_of({k: v for k, v in size.items() if k != missing}, 1) == "" for missing in size)
    assert rule.size_of(size | {"alloy": "9999"}, 1) == ""


def test_an_element_may_be_at_its_limit_after_rounding():
    assert rule.analysis("5754", [{"element": "Mg", "value": "2.55", "bound": "eq"}]) == ()
    assert rule.analysis("5754", [{"element": "Xx", "value": "9", "bound": "eq"}]) == ()


def test_metal_from_no_charge_at_all_says_so():
    assert rule.current_efficiency(0, 5) == "5 g of metal from no charge at all"
    assert "are a current efficiency of" in rule.current_efficiency(1, 5)


def test_what_may_still_be_claimed():
    assert rule.left_to_claim([]) == 0
    assert rule.left_to_claim([(50, 20), (10, 5)]) == 35
    assert rule.left_to_claim([(5, 6)]) == -1


# 5.7: counts, ends


def test_a_count_that_agrees_changes_nothing(park):
    park.new(MINE, (ORE, 100))
    done = park.look(MINE, "stock_taking", (ORE, 100))
    assert (rules(done), done.debits, done.credits) == (set(), (), ())


def test_what_the_scale_cannot_tell_apart_is_no_surplus_and_what_was_there_may_be_drawn(park):
    park.new(MINE, (ORE, 980))
    scale = {"al_mass": [mass(ORE, 1_000, device=f"{MINE}/scale")]}  # 2 % of 1 000 g
    counted = {**listed([(ORE, 1_000)]), **scale}
    park.say(MINE, "Object", action="OBSERVE", bizStep="stock_taking", **counted)
    assert park.surplus(ORE) == 0
    park.look(MINE, "stock_taking", (ORE, 1_100))
    park.make(MINE, [(ORE, 1_000)], [(lot("A"), 1)], "refining")
    with refused("surplus"):
        park.make(MINE, [(ORE, 1)], [(lot("A"), 1)], "refining")


def test_a_piece_counted_with_another_mass_is_found_beyond_half_a_percent_or_the_scale(park):
    park.new(MILL, (SLAB, 10_000), (BAND, None))
    assert rules(park.look(MILL, "stock_taking", (SLAB, 10_050))) == set()
    assert rules(park.look(MILL, "stock_taking", (SLAB, 10_051))) == {"weight_differs"}
    counted = {"epcList": [SLAB], "al_mass": [mass(SLAB, 10_150, device=f"{MILL}/scale")]}
    assert rules(park.say(MILL, "Object", action="OBSERVE", bizStep="stock_taking", **counted)) == set()
    assert rules(park.look(MILL, "stock_taking", (SLAB, None), (BAND, None))) == set()
    assert rules(park.look(MILL, "stock_taking", (BAND, 10))) == set()
    assert park.have(MILL, SLAB) == 10_000


def test_a_count_says_what_was_there_and_what_it_found(park):
    park.new(MINE, (ORE, 1_000), (SLAB, 100))
    done = park.look(MINE, "stock_taking", (ORE, 1_200), (SLAB, 200))
    assert done.entered == {"count surplus": 200}
    assert [(one.rule, one.lot, one.facts) for one in done.findings] == [
        ("weight_differs", SLAB, {"was": 100, "weighed": 200}),
        ("count_up", ORE, {"have": 1_000, "counted": 1_200}),
    ]
    assert park.confirm(ORE, MILL)
    assert (park.surplus(ORE), park.confirm(ORE, MILL)) == (0, False)


def test_an_amount_is_destroyed_and_a_lot_closed_by_who_has_it(park):
    park.new(MINE, (ORE, 100))
    done = park.say(MINE, "Object", action="DELETE", bizStep="destroying", **listed([(ORE, 30)]))
    assert (done.left, park.have(MINE, ORE), park.lot(ORE).closed) == ({"destroyed": 30}, 70, False)
    with refused("not_holder"):
        park.say(MILL, "Object", action="DELETE", bizStep="destroying", **listed([(ORE, None)]))


@pytest.mark.parametrize(
    ("typ", "verdict", "kind", "name"),
    [
        ("verification", "positive", "lot", ORE),
        ("verification", "positive-with-comments", "lot", ORE),
        ("verification", "negative", "lot", ""),
        ("verification", "positive", "party", ""),
        ("certificate", "positive", "lot", ""),
    ],
)
def test_a_positive_verification_of_a_lot_is_a_second_signature(typ, verdict, kind, name):
    assert lot_confirmed(typ, {"verdict": verdict, "subject": {"kind": kind, "id": ORE}}) == name


@pytest.mark.parametrize(("sent", "received", "confirms"), [(100, 100, True), (100, 90, False), (99, 99, False)])
def test_who_had_a_lot_and_has_none_of_it_any_more_countersigns_its_count(park, sent, received, confirms):
    park.new(MINE, (ORE, 100))
    park.ship(MINE, SMELTER, (ORE, sent))
    park.receive(SMELTER, MINE, (ORE, received))
    park.look(SMELTER, "stock_taking", (ORE, 120))
    assert (park.confirm(ORE, SMELTER), park.confirm(ORE, MINE)) == (False, confirms)
    assert park.surplus(ORE) == (0 if confirms else 120 - received)


def test_there_is_nothing_to_countersign_of_a_lot_that_is_in_order_or_not_known(park):
    park.new(MINE, (ORE, 100))
    assert not park.confirm(ORE, OPERATOR)
    assert not park.confirm(lot("NEVER"), OPERATOR)


# 5.6: corrections


def test_a_corrective_event_uses_what_is_in_doubt_closed_or_anothers(park):
    park.new(SMELTER, (METAL, 100))
    park.make(SMELTER, [(METAL, 90)], [(SLAB, 90)])
    rolled = park.make(SMELTER, [(SLAB, None)], [(BAND, 90)], "hot-rolling")
    park.wrong(SMELTER, 1, "urn:event:cast")
    park.wrong(SMELTER, rolled.index, "urn:event:rolled")
    done = park.make(SMELTER, [(SLAB, None)], [(BAND, 90)], "hot-rolling", eventID="urn:event:rolled")
    assert (rules(done), done.debits[0].g, park.lot(SLAB).consumed_by) == ({"shortage"}, 90, done.index)
    assert (park.lot(BAND).doubt, park.have(MILL, BAND)) == (-1, 0)
    park.make(SMELTER, [(METAL, 90)], [(SLAB, 90)], eventID="urn:event:cast")
    assert (park.lot(SLAB).holdings, park.blocked(SLAB), park.have(SMELTER, BAND)) == ((), False, 90)


def test_what_is_taken_out_of_its_unit_by_name_was_unpacked(park):
    unit = pallet(1)
    park.new(SMELTER, (SLAB, 90))
    park.say(SMELTER, "Aggregation", action="ADD", bizStep="packing", parentID=unit, childEPCs=[SLAB])
    done = park.say(SMELTER, "Aggregation", action="DELETE", bizStep="unpacking", parentID=unit, childEPCs=[SLAB])
    out = [one.lot for one in done.unpacked]
    assert (out, park.lot(SLAB).inside, park.lot(unit).contents) == ([SLAB], "", ())


def test_times_are_those_of_the_event(park):
    done = park.new(MINE, (ORE, 1), eventTime=at(0))
    assert park.lot(ORE).time == done.time
