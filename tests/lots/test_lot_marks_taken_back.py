"""Rule 5.6, one by one: what an event did beside mass is taken back with it, and what moved on is found."""

import pytest
from folded import (
    CUSTOMER,
    MILL,
    MINE,
    OPERATOR,
    SITE,
    SMELTER,
    Park,
    amount,
    listed,
    lot,
    pallet,
    piece,
    refused,
    rules,
)

METAL, SLAB, BAND, UNIT, OTHER = lot("PL-1"), piece("S-1"), piece("H-1"), pallet(1), pallet(2)
AFTER = "corrected_after_use"


@pytest.fixture
def park():
    """Entry 0: 1 000 g of metal, and a slab of 900 g."""
    made = Park()
    made.new(SMELTER, (METAL, 1_000), (SLAB, 900))
    return made


def pack(park, *parts, who=SMELTER, unit=UNIT, action="ADD", **members):
    named = listed(parts, "childEPCs", "childQuantityList")
    return park.say(who, "Aggregation", action=action, bizStep="packing", parentID=unit, **named, **members)


def within(park, unit=UNIT):
    return {one.lot: one.g for one in park.lot(unit).amounts}, park.lot(unit).contents


def test_an_amount_that_a_wrong_event_packed_does_not_ship_with_the_unit(park):
    wrong = pack(park, (METAL, 400), (SLAB, None))
    done = park.wrong(SMELTER, wrong.index)
    assert (within(park), rules(done)) == (({}, ()), set())
    assert {(one.lot, one.g) for one in done.unpacked} == {(METAL, 400), (SLAB, 0)}
    pack(park, (METAL, 100))
    park.ship(SMELTER, MILL, (UNIT, None))
    assert (park.have(SMELTER, METAL), park.lot(METAL).in_transit(SMELTER)) == (900, 100)
    park.receive(MILL, SMELTER, (UNIT, None))
    assert (park.have(MILL, METAL), park.lot(SLAB).is_with(SMELTER)) == (100, True)


def test_a_corrective_event_packs_what_was_right(park):
    wrong = pack(park, (METAL, 400))
    park.wrong(SMELTER, wrong.index, "urn:right")
    pack(park, (METAL, 40), eventID="urn:right")
    assert within(park) == ({METAL: 40}, ())
    park.ship(SMELTER, MILL, (UNIT, None))
    assert park.lot(METAL).in_transit(SMELTER) == 40


@pytest.mark.parametrize("received", [False, True])
def test_what_had_moved_on_in_its_unit_stays_where_it_is_and_is_found(park, received):
    wrong = pack(park, (METAL, 400), (SLAB, None))
    park.ship(SMELTER, MILL, (UNIT, None))
    if received:
        park.receive(MILL, SMELTER, (UNIT, None))
    done = park.wrong(SMELTER, wrong.index)
    assert {(one.rule, one.lot) for one in done.findings} == {(AFTER, METAL), (AFTER, SLAB)}
    assert any(f"400 g of lot {METAL} had moved on in {UNIT}" in one.says for one in done.findings)
    assert within(park) == ({}, ())
    there = park.lot(METAL).in_transit(SMELTER) if not received else park.have(MILL, METAL)
    assert (there, park.have(SMELTER, METAL)) == (400, 600)
    if not received:
        park.receive(MILL, SMELTER, (UNIT, None), (METAL, 400), (SLAB, None))
        assert (park.have(MILL, METAL), park.have(MILL, SLAB)) == (400, 900)


def test_of_what_several_put_into_a_unit_only_what_was_wrong_comes_out(park):
    wrong = pack(park, (METAL, 300))
    pack(park, (METAL, 50))
    pack(park, (METAL, 320), action="DELETE")  # the first 300 g, and 20 g of the rest
    assert within(park) == ({METAL: 30}, ())
    assert rules(park.wrong(SMELTER, wrong.index)) == set()
    assert within(park) == ({METAL: 30}, ())
    park.ship(SMELTER, MILL, (UNIT, None))
    park.receive(MILL, SMELTER, (UNIT, None))
    mine = pack(park, (METAL, 7), who=MILL)
    park.wrong(MILL, mine.index)
    assert (within(park), park.have(MILL, METAL)) == (({METAL: 30}, ()), 30)


def test_a_wrong_event_packs_nothing_also_where_its_metal_was_used_meanwhile(park):
    wrong = pack(park, (METAL, 400))
    park.make(SMELTER, [(METAL, 900)], [(BAND, 900)])
    with refused("balance"):
        park.ship(SMELTER, MILL, (UNIT, None))
    assert rules(park.wrong(SMELTER, wrong.index)) == set()
    park.ship(SMELTER, MILL, (UNIT, None))
    assert (park.have(SMELTER, METAL), park.lot(METAL).in_transit(SMELTER)) == (100, 0)


def test_what_was_wrongly_taken_out_is_in_its_unit_again(park):
    pack(park, (METAL, 400), (SLAB, None))
    wrong = pack(park, action="DELETE")
    assert within(park) == ({}, ())
    done = park.wrong(SMELTER, wrong.index)
    assert (within(park), {one.lot for one in done.packed}) == (({METAL: 400}, (SLAB,)), {METAL, SLAB})
    park.ship(SMELTER, MILL, (UNIT, None))
    assert (park.lot(METAL).in_transit(SMELTER), park.lot(SLAB).in_transit(SMELTER)) == (400, 900)


def test_what_moved_on_since_it_was_wrongly_taken_out_is_found_and_not_put_back(park):
    pack(park, (METAL, 400), (SLAB, None))
    wrong = pack(park, action="DELETE")
    park.ship(SMELTER, MILL, (UNIT, None))
    done = park.wrong(SMELTER, wrong.index)
    assert (within(park), rules(done)) == (({}, ()), {AFTER})
    assert f"lot {SLAB} had moved on from {UNIT}" in " ".join(one.says for one in done.findings)
    park.receive(MILL, SMELTER, (UNIT, None))


def test_what_was_never_packed_is_not_put_back(park):
    packing = pack(park, (METAL, 400), (SLAB, None))
    taking = pack(park, action="DELETE")
    park.wrong(SMELTER, packing.index)
    park.wrong(SMELTER, taking.index)
    assert within(park) == ({}, ())


def test_a_piece_that_another_event_packed_since_stays_where_it_is(park):
    wrong = pack(park, (SLAB, None))
    repacked = pack(park, (SLAB, None), unit=OTHER)
    park.wrong(SMELTER, wrong.index)
    assert (park.lot(SLAB).inside, park.lot(OTHER).contents) == (OTHER, (SLAB,))
    again = pack(park, (SLAB, None), unit=OTHER)
    park.wrong(SMELTER, again.index)
    assert (park.lot(SLAB).inside, park.lot(SLAB).packed_by) == (OTHER, repacked.index)
    park.wrong(SMELTER, repacked.index)
    assert park.lot(SLAB).inside == ""


def test_amounts_that_are_named_leave_the_pieces_in_their_unit(park):
    pack(park, (METAL, 400), (SLAB, None))
    pack(park, (METAL, 150), action="DELETE")
    assert within(park) == ({METAL: 250}, (SLAB,))


def test_all_of_a_lot_ships_that_was_packed_in_several_goes_and_units(park):
    pack(park, (METAL, 100))
    pack(park, (METAL, 20))
    pack(park, (METAL, 3), unit=OTHER)
    pack(park, (OTHER, None))
    park.ship(SMELTER, MILL, (UNIT, None))
    assert park.lot(METAL).in_transit(SMELTER) == 123


def test_the_opening_stock_of_a_site_is_booked_again_whatever_site_the_declaration_names():
    park = Park()
    opening = {"al_opening": True, "readPoint": {"id": SITE}}
    wrong = park.new(MINE, (METAL, 10), **opening)
    park.wrong(MINE, wrong.index)
    park.new(MINE, (lot("O-2"), 10), **opening)


def test_what_was_wrongly_released_is_held_again_by_what_still_stands(park):
    first = park.look(SMELTER, "holding", (SLAB, None))
    second = park.look(SMELTER, "holding", (SLAB, None))
    park.wrong(SMELTER, first.index)
    assert park.lot(SLAB).held_by == (SMELTER,)
    freed = park.look(SMELTER, "inspecting", (SLAB, None), disposition="conformant")
    park.wrong(SMELTER, freed.index)
    with refused("held"):
        park.ship(SMELTER, MILL, (SLAB, None))
    freed = park.look(SMELTER, "inspecting", (SLAB, None), disposition="conformant")
    park.wrong(SMELTER, second.index)
    park.wrong(SMELTER, freed.index)
    assert park.lot(SLAB).held_by == ()


def test_what_is_held_again_is_held_in_the_order_in_which_it_was(park):
    first = park.look(SMELTER, "holding", (SLAB, None))
    second = park.look(OPERATOR, "holding", (SLAB, None))
    freed = park.look(SMELTER, "inspecting", (SLAB, None), disposition="conformant")
    park.wrong(SMELTER, freed.index)
    assert [(one.by, one.entry) for one in park.lot(SLAB).holds] == [(SMELTER, first.index), (OPERATOR, second.index)]


def test_a_lot_that_was_wrongly_closed_is_added_to(park):
    closing = [park.say(SMELTER, "Object", action="DELETE", quantityList=[amount(METAL, None)]) for _ in range(2)]
    park.wrong(SMELTER, closing[0].index)
    with refused("lot_closed"):
        park.new(SMELTER, (METAL, 1))
    park.wrong(SMELTER, closing[1].index)
    park.new(SMELTER, (METAL, 1))


def test_what_a_wrong_count_found_too_much_waits_for_nobody(park):
    wrong = park.look(SMELTER, "stock_taking", (METAL, 1_300))
    more = park.look(SMELTER, "stock_taking", (METAL, 1_350))
    park.wrong(SMELTER, wrong.index)
    assert (park.have(SMELTER, METAL), park.surplus(METAL)) == (1_050, 50)
    park.wrong(SMELTER, more.index)
    park.make(SMELTER, [(METAL, 1_000)], [(BAND, 1_000)])


def test_a_piece_that_was_wrongly_weighed_has_the_mass_that_is_said_next():
    park = Park()
    park.new(SMELTER, (SLAB, None))
    wrong = park.ship(SMELTER, MILL, (SLAB, 500))
    park.wrong(SMELTER, wrong.index)
    assert (park.lot(SLAB).g, park.have(SMELTER, SLAB)) == (None, 0)
    park.ship(SMELTER, MILL, (SLAB, 800))
    assert park.lot(SLAB).in_transit(SMELTER) == 800


def test_a_piece_that_was_not_sent_is_not_received_and_one_that_was_not_received_is_not_there(park):
    wrong = park.ship(SMELTER, MILL, (SLAB, None))
    park.wrong(SMELTER, wrong.index)
    with refused("not_sent"):
        park.receive(MILL, SMELTER, (SLAB, None))
    park.ship(SMELTER, MILL, (SLAB, None))
    arrived = park.receive(MILL, SMELTER, (SLAB, None))
    park.wrong(MILL, arrived.index)
    with refused("not_holder"):
        park.ship(MILL, CUSTOMER, (SLAB, None))


def test_a_piece_whose_shipment_is_corrected_after_it_arrived_is_with_its_receiver_alone(park):
    wrong = park.ship(SMELTER, MILL, (SLAB, None))
    park.receive(MILL, SMELTER, (SLAB, None))
    park.wrong(SMELTER, wrong.index, "urn:right")
    park.ship(SMELTER, MILL, (SLAB, None), eventID="urn:right")
    assert [(one.holder, one.delivery, one.g) for one in park.lot(SLAB).holdings] == [(MILL, "", 900)]


def test_a_unit_that_moved_on_is_in_one_place_when_its_first_packing_is_wrong(park):
    wrong = pack(park, (SLAB, None))
    park.ship(SMELTER, MILL, (UNIT, None))
    park.wrong(SMELTER, wrong.index)
    assert [(one.holder, one.delivery) for one in park.lot(UNIT).holdings] == [(SMELTER, f"{SMELTER} D-1")]


def test_who_bought_a_lot_has_what_a_correction_brings_back_and_keeps_his_own(park):
    park.ship(SMELTER, MILL, (METAL, 100))
    park.receive(MILL, SMELTER, (METAL, 100))
    used = park.make(SMELTER, [(METAL, 200)], [(BAND, 200)])
    sold = park.look(SMELTER, "other", (METAL, None), **bought(MILL))
    park.wrong(SMELTER, used.index)
    assert [(one.holder, one.owner, one.g) for one in park.lot(METAL).holdings if one.g] == [
        (SMELTER, MILL, 900), (MILL, MILL, 100)
    ]  # fmt: skip
    park.wrong(SMELTER, sold.index)
    assert {one.holder: one.owner for one in park.lot(METAL).holdings if one.g} == {SMELTER: SMELTER, MILL: MILL}


def bought(who):
    return {
        "sourceList": [{"type": "owning_party", "source": SMELTER}],
        "destinationList": [{"type": "owning_party", "destination": who}],
    }


def test_a_run_without_a_wrong_event_has_what_it_had_by_the_material_that_it_said(park):
    said = [{"id": METAL, "material": "alumina"}]
    again = {"transformationID": "urn:run", "al_mass": None, "al_run": "open"}
    wrong = park.make(SMELTER, [(METAL, 60)], [], "electrolysis", al_attributes=said, **again)
    park.wrong(SMELTER, wrong.index)
    assert park.book.run(SMELTER, "urn:run").sums.inputs == {}
