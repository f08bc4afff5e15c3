"""Rule 5.6: a piece is in one place, whatever is declared wrong, and what a count found goes with it."""

import pytest
from folded import CUSTOMER, MILL, MINE, SMELTER, Park, handed, lot, pallet, piece, places, refused

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
@pytest.mark.parametrize("g", [9_000, None])
def test_a_piece_that_moved_on_from_what_is_corrected_is_only_where_it_is_now(park, corrected, used, g):
    park.new(SMELTER, (SLAB, g))
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
    assert (places(park, SLAB), park.blocked(SLAB)) == (now, False)
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


def test_a_piece_that_was_not_received_before_its_maker_was_heard_is_with_him_alone(park):
    """Nobody else has any of it to hold or send, and it has not moved on when its making is corrected."""
    origin = {"id": SLAB, "g": 100, "kind": "late", "supplier": "X", "document": "N"}
    park.new(SMELTER, (ORE, 300))
    park.wrong(MILL, park.receive(MILL, SMELTER, (SLAB, 100), al_origin=[origin]).index)
    made = park.make(SMELTER, [(ORE, 100)], [(SLAB, 100)]).index
    assert places(park, SLAB) == [(SMELTER, "", 100)]
    with refused("hold"):
        park.look(MILL, "holding", (SLAB, None))
    park.wrong(SMELTER, made, "urn:right")
    again = park.make(SMELTER, [(ORE, 90)], [(SLAB, 90)], eventID="urn:right")
    assert "corrected_after_use" not in {one.rule for one in again.findings}
    park.ship(SMELTER, MILL, (SLAB, None))
    assert places(park, SLAB) == [(SMELTER, "D-1", 90)]


@pytest.mark.parametrize("order", ["MWCS", "MWSC", "MSWC", "UMWCS", "MUWCS", "MUSWC", "MWSCX", "MSXWC", "MSWXC"])
def test_a_late_piece_whose_making_is_corrected_is_where_it_is_whenever_its_maker_ships_it(park, order):
    """M made, W that is declared wrong, C made again, S shipped, U used by who had it early, X which he had not."""
    origin = {"id": SLAB, "g": 100, "kind": "late", "supplier": "X", "document": "N"}
    park.new(SMELTER, (ORE, 300))
    early = park.receive(MILL, SMELTER, (SLAB, 100), al_origin=[origin]).index
    steps = {
        "M": lambda: park.make(SMELTER, [(ORE, 100)], [(SLAB, 100)]),
        "W": lambda: park.wrong(SMELTER, early + 1 + order.index("M"), "urn:right"),
        "C": lambda: park.make(SMELTER, [(ORE, 100)], [(SLAB, 90)], eventID="urn:right"),
        "S": lambda: park.ship(SMELTER, MILL, (SLAB, None)),
        "U": lambda: park.make(MILL, [(SLAB, None)], [(BAND, 90)], "hot-rolling"),
        "X": lambda: park.wrong(MILL, early),
    }
    for step in order:
        steps[step]()
    where = [] if "U" in order else [(SMELTER, "D-1", 100)] if "X" in order else [(MILL, "", 100)]
    assert places(park, SLAB) == where
    assert (park.lot(SLAB).late, park.blocked(SLAB), park.have(SMELTER, ORE)) == ((), False, 200)


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
    assert (park.have(MINE, ORE), park.surplus(ORE)) == (1_150, 150)
    with refused("surplus"):
        park.ship(MINE, SMELTER, (ORE, 1_001))
    park.wrong(MINE, second)
    assert (park.have(MINE, ORE), park.surplus(ORE)) == (1_000, 0)
    park.ship(MINE, SMELTER, (ORE, 1_000))


def test_a_surplus_that_a_wrong_count_lowered_or_raised_in_between_is_what_the_others_found(park):
    park.new(MINE, (ORE, 1_000))
    _, second, _ = (park.look(MINE, "stock_taking", (ORE, g)).index for g in (1_100, 1_150, 1_170))
    park.wrong(MINE, second)
    assert (park.have(MINE, ORE), park.surplus(ORE)) == (1_120, 120)
    down = park.look(MINE, "stock_taking", (ORE, 40)).index
    assert park.surplus(ORE) == 40
    park.wrong(MINE, down)
    assert (park.have(MINE, ORE), park.surplus(ORE)) == (1_120, 120)


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
    assert (park.have(MINE, ORE), park.surplus(ORE)) == (1_100, 100)
    assert park.confirm(ORE, SMELTER)
    park.wrong(MINE, 1)
    assert (park.have(MINE, ORE), park.surplus(ORE)) == (1_000, 0)


# Heard late, and back


CALLED_LATE = {"kind": "late", "supplier": "X", "document": "N"}


def received_late(park, *parts):
    park.receive(MILL, MINE, *parts, al_origin=[{"id": name, "g": g, **CALLED_LATE} for name, g in parts])


def test_what_goes_back_to_who_had_it_early_is_under_way_to_him_and_its_sender_is_waited_for(park):
    received_late(park, (ORE, 100))
    park.ship(MILL, SMELTER, (ORE, 40))
    park.receive(SMELTER, MILL, (ORE, 40))
    park.ship(SMELTER, MILL, (ORE, 30))
    assert places(park, ORE) == [(SMELTER, "", 10), (SMELTER, "D-1", 30), (MILL, "", 60)]
    park.receive(MILL, SMELTER, (ORE, 30))
    park.new(MINE, (ORE, 500))
    park.ship(MINE, MILL, (ORE, 110))
    assert places(park, ORE) == [(MINE, "", 390), (MINE, "D-1", 10), (SMELTER, "", 10), (MILL, "", 90)]
    assert park.lot(ORE).late == ()


def test_who_is_waited_for_is_waited_for_again_when_his_shipment_is_declared_wrong_and_nobody_else(park):
    received_late(park, (ORE, 100))
    park.new(MINE, (ORE, 100))
    park.wrong(MINE, park.ship(MINE, MILL, (ORE, 100)).index)
    park.ship(MILL, SMELTER, (ORE, 40))
    park.receive(SMELTER, MILL, (ORE, 40))
    park.ship(SMELTER, MILL, (ORE, 40))
    assert places(park, ORE) == [(MINE, "", 100), (SMELTER, "", 0), (SMELTER, "D-1", 40), (MILL, "", 60)]
    assert park.lot(ORE).late_from(MINE, MILL) == 100


@pytest.mark.parametrize("back", [MILL, SMELTER])
def test_a_piece_that_came_early_and_is_sent_back_or_to_oneself_is_under_way_and_its_maker_is_waited_for(park, back):
    received_late(park, (SLAB, 900))
    if back == SMELTER:
        park.ship(MILL, SMELTER, (SLAB, None))
        park.receive(SMELTER, MILL, (SLAB, None))
    park.ship(back, MILL, (SLAB, None), paper="D-2")
    assert places(park, SLAB) == [(back, "D-2", 900)]
    park.receive(MILL, back, (SLAB, None), paper="D-2")
    park.new(MINE, (SLAB, 900))
    park.ship(MINE, MILL, (SLAB, None))
    assert (places(park, SLAB), park.lot(SLAB).late) == ([(MILL, "", 900)], ())


# Weighed while its making is in doubt


@pytest.mark.parametrize(("again", "g"), [(None, 35), (75, 75)])
def test_a_piece_that_is_made_again_weighs_once_whoever_weighed_it_in_between(park, again, g):
    made = park.new(SMELTER, (SLAB, None)).index
    park.ship(SMELTER, MILL, (SLAB, 35))
    park.look(SMELTER, "void_shipping", (SLAB, None), **handed(SMELTER, MILL, "D-1"))
    park.wrong(SMELTER, made, "urn:right")
    park.new(SMELTER, (SLAB, again), eventID="urn:right")
    assert (places(park, SLAB), park.lot(SLAB).g) == ([(SMELTER, "", g)], g)
    park.ship(SMELTER, MILL, (SLAB, g))
    assert places(park, SLAB) == [(SMELTER, "D-1", g)]


def test_a_unit_that_was_called_back_is_there_whatever_before_that_is_declared_wrong(park):
    unit = pallet(1)
    park.new(MINE, (SLAB, 100))
    park.say(MINE, "Aggregation", action="ADD", parentID=unit, childEPCs=[SLAB])
    park.ship(MINE, MILL, (unit, None))
    received = park.receive(MINE, MINE, (unit, None)).index
    again = park.ship(MINE, MILL, (unit, None)).index
    park.look(MINE, "void_shipping", (unit, None), **handed(MINE, MILL, "D-1"))
    for wrong in (again, received):
        park.wrong(MINE, wrong)
    assert places(park, unit) == [(MINE, "", 0)] == [(who, delivery, 0) for who, delivery, _ in places(park, SLAB)]


def test_nobody_sells_what_he_has_none_of(park):
    sold = {"sourceList": [{"type": "owning_party", "source": MINE}]}
    buyer = {"destinationList": [{"type": "owning_party", "destination": MILL}]}
    park.new(MINE, (ORE, 100))
    used = park.make(MINE, [(ORE, 100)], [(lot("AL-1"), 100)], "refining").index
    with refused("owners"):
        park.look(MINE, "other", (ORE, None), **sold, **buyer)
    park.wrong(MINE, used)
    park.look(MINE, "other", (ORE, None), **sold, **buyer)
    assert [one.owner for one in park.lot(ORE).holdings] == [MILL]
    park.new(MINE, (SLAB, None))
    park.look(MINE, "other", (SLAB, None), **sold, **buyer)
    assert [one.owner for one in park.lot(SLAB).holdings] == [MILL]
