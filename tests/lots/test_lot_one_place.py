"""Rule 5.6: a piece is in one place, whatever is declared wrong, and what a count found goes with it."""

import pytest
from folded import CUSTOMER, MILL, MINE, SMELTER, Park, lot, pallet, piece, places, refused

SLAB, BAND, ORE = piece("S-1"), piece("H-1"), lot("BX-1")


@pytest.fixture
def park():
    return Park()


@pytest.mark.parametrize("g", [9_000, None])
def test_a_piece_whose_shipment_is_declared_wrong_is_with_its_sender_and_on_no_delivery(park, g):
    park.new(SMELTER, (SLAB, g))
    sent = park.ship(SMELTER, MILL, (SLAB, None)).index
    park.wrong(SMELTER, sent)
    assert places(park, SLAB) == [(SMELTER, "", g or 0)]
    with refused("not_sent"):
        park.receive(MILL, SMELTER, (SLAB, None))
    park.ship(SMELTER, CUSTOMER, (SLAB, None))


@pytest.mark.parametrize("g", [9_000, None])
def test_a_piece_whose_receipt_is_declared_wrong_is_on_its_delivery_and_not_with_the_receiver(park, g):
    park.new(SMELTER, (SLAB, g))
    park.ship(SMELTER, MILL, (SLAB, None))
    park.wrong(MILL, park.receive(MILL, SMELTER, (SLAB, None)).index)
    assert places(park, SLAB) == [(SMELTER, "D-1", g or 0)]
    for act in (
        lambda: park.ship(MILL, CUSTOMER, (SLAB, None)),
        lambda: park.make(MILL, [(SLAB, None)], [(BAND, 0)], "hot-rolling"),
        lambda: park.look(MILL, "stock_taking", (SLAB, None)),
    ):
        with refused("not_holder"):
            act()
    park.receive(MILL, SMELTER, (SLAB, None))


@pytest.mark.parametrize("corrected", ["receipt", "shipment"])
@pytest.mark.parametrize("used", [False, True])
def test_a_piece_that_moved_on_from_what_is_corrected_is_only_where_it_is_now(park, corrected, used):
    park.new(SMELTER, (SLAB, 9_000))
    sent = park.ship(SMELTER, MILL, (SLAB, None)).index
    taken = park.receive(MILL, SMELTER, (SLAB, None)).index
    park.ship(MILL, CUSTOMER, (SLAB, None), paper="D-2")
    park.receive(CUSTOMER, MILL, (SLAB, None), paper="D-2")
    if used:
        park.make(CUSTOMER, [(SLAB, None)], [(BAND, 9_000)], al_process=None, al_start=None)
    now = places(park, SLAB)
    again = {"eventID": "urn:right"}
    if corrected == "receipt":
        park.wrong(MILL, taken, "urn:right")
        park.receive(MILL, SMELTER, (SLAB, None), **again)
    else:
        park.wrong(SMELTER, sent, "urn:right")
        park.ship(SMELTER, MILL, (SLAB, None), **again)
    assert (places(park, SLAB), park.lot(SLAB).blocked) == (now, False)
    for who in (SMELTER, MILL):
        with pytest.raises(Exception, match=r"is not with|was used up by"):
            park.ship(who, CUSTOMER, (SLAB, None), paper="D-9")


def test_a_late_piece_whose_receipt_is_declared_wrong_is_on_its_delivery_once_its_sender_is_heard(park):
    origin = [{"id": SLAB, "kind": "late", "supplier": "X", "document": "N", "g": 900}]
    early = park.receive(MILL, SMELTER, (SLAB, 900), al_origin=origin).index
    park.new(SMELTER, (SLAB, 900))
    park.ship(SMELTER, MILL, (SLAB, None))
    park.wrong(MILL, early)
    assert places(park, SLAB) == [(SMELTER, "D-1", 900)]


def test_a_unit_that_is_shipped_in_vain_is_with_what_is_in_it_where_it_was(park):
    park.new(MILL, (SLAB, 100))
    park.say(MILL, "Aggregation", action="ADD", parentID=pallet(1), childEPCs=[SLAB])
    sent = park.ship(MILL, CUSTOMER, (pallet(1), None)).index
    park.wrong(MILL, sent)
    assert places(park, pallet(1)) == [(MILL, "", 0)]
    assert places(park, SLAB) == [(MILL, "", 100)]
    with refused("not_sent"):
        park.receive(CUSTOMER, MILL, (pallet(1), None))


@pytest.mark.parametrize("again", [False, True])
def test_a_piece_that_moved_on_in_a_unit_is_found_where_it_was_still_in_there(park, again):
    park.new(MILL, (SLAB, 100))
    unit, other = pallet(1), pallet(2)
    wrong = park.say(MILL, "Aggregation", action="ADD", parentID=unit, childEPCs=[SLAB]).index
    if again:
        park.say(MILL, "Aggregation", action="ADD", parentID=other, childEPCs=[SLAB])
    park.ship(MILL, CUSTOMER, (unit, None))
    found = [(one.rule, one.lot, one.facts, one.says) for one in park.wrong(MILL, wrong).findings]
    says = f"piece {SLAB} had moved on in {unit}, into which entry {wrong} did not pack it"
    assert found == ([] if again else [("corrected_after_use", SLAB, {"packed": wrong}, says)])
    assert (park.lot(SLAB).inside, park.lot(unit).contents) == (other if again else "", ())


def test_a_surplus_goes_with_the_count_that_found_it_and_no_further(park):
    park.new(MINE, (ORE, 1_000))
    first = park.look(MINE, "stock_taking", (ORE, 1_100)).index
    second = park.look(MINE, "stock_taking", (ORE, 1_250)).index
    park.wrong(MINE, first)
    assert (park.have(MINE, ORE), park.lot(ORE).surplus) == (1_150, 150)
    with refused("surplus"):
        park.ship(MINE, SMELTER, (ORE, 1_001))
    park.wrong(MINE, second)
    assert (park.have(MINE, ORE), park.lot(ORE).surplus) == (1_000, 0)
    park.ship(MINE, SMELTER, (ORE, 1_000))


def test_a_surplus_that_a_wrong_count_lowered_or_raised_in_between_is_what_the_others_found(park):
    park.new(MINE, (ORE, 1_000))
    _, second, _ = (park.look(MINE, "stock_taking", (ORE, g)).index for g in (1_100, 1_150, 1_170))
    park.wrong(MINE, second)
    assert (park.have(MINE, ORE), park.lot(ORE).surplus) == (1_120, 120)
    down = park.look(MINE, "stock_taking", (ORE, 40)).index
    assert park.lot(ORE).surplus == 40
    park.wrong(MINE, down)
    assert (park.have(MINE, ORE), park.lot(ORE).surplus) == (1_120, 120)


def test_a_piece_that_its_maker_weighed_since_keeps_that_mass_when_who_weighed_it_first_was_wrong(park):
    made = park.new(SMELTER, (SLAB, None)).index
    weighed = park.ship(SMELTER, MILL, (SLAB, 500)).index
    park.wrong(SMELTER, made, "urn:right")
    park.new(SMELTER, (SLAB, 600), eventID="urn:right")
    park.wrong(SMELTER, weighed)
    assert park.lot(SLAB).g == 600


def test_what_no_scale_told_apart_takes_no_surplus_back_and_what_was_countersigned_neither(park):
    park.new(MINE, (ORE, 1_000))
    park.look(MINE, "stock_taking", (ORE, 1_100))
    on_scale = {"al_mass": [{"id": ORE, "g": 1_110, "basis": "dry", "method": "scale", "device": f"{MINE}/scale"}]}
    small = park.say(MINE, "Object", action="OBSERVE", bizStep="stock_taking",
                     quantityList=[{"epcClass": ORE, "quantity": 1_110, "uom": "GRM"}], **on_scale).index  # fmt: skip
    park.wrong(MINE, small)
    assert (park.have(MINE, ORE), park.lot(ORE).surplus) == (1_100, 100)
    assert park.confirm(ORE, SMELTER)
    park.wrong(MINE, 1)
    assert (park.have(MINE, ORE), park.lot(ORE).surplus) == (1_000, 0)
