"""Rules 5.1, 5.2 and 5.6, trace down: what was corrected or came early is the same mass as the trace up says."""

import pytest
from folded import MILL, MINE, SMELTER, Park, lot, piece

from ledger.lots.genealogy import UG
from ledger.lots.recall import recall

PILE, SLAB, COIL, METAL, A, B = lot("PILE"), piece("S-1"), piece("C-1"), lot("METAL"), lot("A"), lot("B")
RUN = {"transformationID": "urn:run"}


@pytest.fixture
def park():
    return Park()


def late(name, g):
    return [{"id": name, "g": g, "kind": "late", "supplier": "X", "document": "N"}]


def came(park, place, entry):
    """How many µg of an entry are in a place by the trace up from there."""
    return sum(end.ug for end in park.up(*place).ends if end.entry == entry)


def listed(park, found):
    deliveries = {one.delivery: park.book.delivery(one.delivery) for one in found.sent}
    return [(one.lot, one.customer, one.g, one.traced_ug) for one in recall(found, deliveries)]


def test_a_shipment_that_was_corrected_after_a_count_has_what_it_has(park):
    """The count took of what was left then; all that was sent is there again when it is declared wrong."""
    park.new(MINE, (PILE, 7_055))
    wrong = park.ship(MINE, SMELTER, (PILE, 5_483)).index
    park.look(MINE, "stock_taking", (PILE, 440))
    park.wrong(MINE, wrong, "urn:right")
    park.ship(MINE, SMELTER, (PILE, 5_483), eventID="urn:right")
    found, sent = park.down(PILE), (PILE, MINE, f"{MINE} D-1")
    assert found.places == {(PILE, MINE, ""): 440 * UG, sent: 5_483 * UG}
    assert found.left == {"unaccounted": 1_132 * UG}
    assert found.places[sent] == came(park, sent, 0)
    assert listed(park, found) == [(PILE, SMELTER, 5_483, 5_483 * UG)]


def test_what_was_never_sent_after_all_is_all_there(park):
    park.new(MINE, (PILE, 1_000), (A, 1_000))
    wrong = park.ship(MINE, SMELTER, (PILE, 900)).index
    park.make(MINE, [(PILE, 100), (A, 100)], [(B, 200)], "refining")
    park.wrong(MINE, wrong)
    assert park.down(PILE).places == {(PILE, MINE, ""): 900 * UG, (B, MINE, ""): 100 * UG}


def test_what_was_drawn_between_an_error_and_its_correction_is_of_the_right_mix(park):
    park.new(SMELTER, (METAL, 900))
    wrong = park.new(SMELTER, (METAL, 100)).index
    park.make(SMELTER, [(METAL, 500)], [(SLAB, 500)])
    park.wrong(SMELTER, wrong, "urn:right")
    right = park.new(SMELTER, (METAL, 90), eventID="urn:right").index
    for place in ((SLAB, SMELTER, ""), (METAL, SMELTER, "")):
        (there,) = [ug for where, ug in park.down(METAL).places.items() if where == place]
        assert there == park.lot(place[0]).on_hand(SMELTER) * UG
        assert came(park, place, 0) + came(park, place, right) == there


def test_a_piece_that_moved_on_has_no_more_than_it_weighs_when_it_is_made_anew_with_more(park):
    park.new(SMELTER, (METAL, 20_000))
    wrong = park.make(SMELTER, [(METAL, 9_000)], [(SLAB, 9_000)]).index
    park.ship(SMELTER, MILL, (SLAB, None))
    park.wrong(SMELTER, wrong, "urn:right")
    park.make(SMELTER, [(METAL, 9_010)], [(SLAB, 9_010)], eventID="urn:right")
    assert park.down(METAL).places == {
        (METAL, SMELTER, ""): 10_990 * UG, (SLAB, SMELTER, f"{SMELTER} D-1"): 9_000 * UG,
    }  # fmt: skip


def test_what_comes_to_a_place_that_is_short_is_all_that_is_mixed_there(park):
    """What was sent, and a little more, which nothing explains, come to where less than nothing is."""
    wrong = park.new(MINE, (PILE, 1_000)).index
    park.ship(MINE, MINE, (PILE, 200))
    park.make(MINE, [(PILE, 700)], [(A, 700)], "refining")
    park.wrong(MINE, wrong, "urn:right")
    park.receive(MINE, MINE, (PILE, 250))
    right = park.new(MINE, (PILE, 1_000), eventID="urn:right").index
    place, found = (PILE, MINE, ""), park.down(PILE)
    assert found.places == {(A, MINE, ""): 700 * UG, place: 350 * UG * 200 // 250}
    assert found.places[place] == came(park, place, right)


def test_of_a_piece_that_came_early_lighter_than_it_was_sent_its_receiver_has_what_he_has(park):
    park.receive(MILL, SMELTER, (SLAB, 900), al_origin=late(SLAB, 900))
    made = park.new(SMELTER, (SLAB, 901)).index
    park.ship(SMELTER, MILL, (SLAB, None))
    found, place = park.down(SLAB), (SLAB, MILL, "")
    assert (found.ug, found.places, found.left) == (901 * UG, {place: 900 * UG}, {"late": UG})
    assert found.places[place] == came(park, place, made)


def test_who_had_it_early_is_on_the_list_of_whom_to_call(park):
    """Of a class lot with what came after it, of a piece alone."""
    park.receive(SMELTER, MINE, (PILE, 100), al_origin=late(PILE, 100))
    park.receive(SMELTER, MINE, (SLAB, 50), al_origin=late(SLAB, 50))
    park.new(MINE, (A, 1_000))
    park.make(MINE, [(A, 500)], [(PILE, 450), (SLAB, 50)], "refining")
    park.ship(MINE, SMELTER, (PILE, 130), (SLAB, None))
    found = park.down(A)
    assert listed(park, found) == [(PILE, SMELTER, 130, 130 * UG), (SLAB, SMELTER, 50, 50 * UG)]
    assert found.places[PILE, SMELTER, ""] == 100 * UG
    assert sum(found.places.values()) == found.ug == 1_000 * UG


def test_an_early_receipt_that_was_corrected_before_its_sender_spoke_has_what_he_sent(park):
    wrong = park.receive(SMELTER, MINE, (PILE, 310), al_origin=late(PILE, 310)).index
    park.wrong(SMELTER, wrong, "urn:right")
    park.receive(SMELTER, MINE, (PILE, 310), al_origin=late(PILE, 310), eventID="urn:right")
    park.new(MINE, (PILE, 311))
    park.ship(MINE, SMELTER, (PILE, 311))
    found = park.down(PILE)
    assert found.ug == 311 * UG
    assert found.places == {(PILE, SMELTER, ""): 310 * UG, (PILE, MINE, f"{MINE} D-1"): UG}


def test_what_was_not_received_early_after_all_is_under_way(park):
    wrong = park.receive(SMELTER, MINE, (PILE, 160), al_origin=late(PILE, 160)).index
    park.new(MINE, (PILE, 161))
    park.ship(MINE, SMELTER, (PILE, 161))
    park.wrong(SMELTER, wrong)
    found = park.down(PILE)
    assert (found.places, found.left) == ({(PILE, MINE, f"{MINE} D-1"): 161 * UG}, {})


def test_what_goes_in_a_circle_comes_to_no_more_than_there_is(park):
    """Half of what the slab is made of by its correction is of itself: all of it is of B in the end."""
    park.new(SMELTER, (METAL, 1_000), (B, 1_000))
    wrong = park.make(SMELTER, [(METAL, 1_000)], [(SLAB, 1_000)]).index
    park.make(SMELTER, [(SLAB, None)], [(A, 1_000)], None, al_process=None)
    park.wrong(SMELTER, wrong, "urn:right")
    park.make(SMELTER, [(A, 500), (B, 500)], [(SLAB, 1_000)], eventID="urn:right")
    place = (A, SMELTER, "")
    assert park.down(B).places[place] == 500 * UG
    assert came(park, place, 0) == 500 * UG - 500 * UG // 2**8  # eight times round, the rest ends as circular


def test_a_correction_that_leads_through_several_others_is_followed_through_all(park):
    """Each slab is made anew of the one after it, which is made anew in turn: the last is made of B."""
    slabs = [piece(f"S-{number}") for number in range(12)]
    park.new(SMELTER, (METAL, 12_000), (B, 1_000))
    wrong = [park.make(SMELTER, [(METAL, 1_000)], [(one, 1_000)]).index for one in slabs]
    for number, entry in enumerate(wrong):
        park.wrong(SMELTER, entry, f"urn:{number}")
    park.make(SMELTER, [(B, 1_000)], [(slabs[-1], 1_000)], eventID="urn:11")
    for number in range(10, -1, -1):
        park.make(SMELTER, [(slabs[number + 1], None)], [(slabs[number], 1_000)], eventID=f"urn:{number}")
    park.make(SMELTER, [(slabs[0], None)], [(COIL, 1_000)], "hot-rolling")
    assert park.down(B).places == {(COIL, SMELTER, ""): 1_000 * UG}
    assert {(one.lot, one.ug) for one in park.up(COIL).ends} == {(B, 1_000 * UG)}


def test_what_came_out_of_a_run_is_of_its_inputs_as_they_were_corrected(park):
    """Before the correction and after it."""
    park.new(SMELTER, (PILE, 1_000), (A, 1_000))
    park.make(SMELTER, [(A, 100)], [], **RUN)
    wrong = park.make(SMELTER, [(PILE, 300)], [], **RUN).index
    park.make(SMELTER, [], [(METAL, 100)], **RUN)
    park.wrong(SMELTER, wrong, "urn:right")
    park.make(SMELTER, [(PILE, 100)], [], **RUN, eventID="urn:right")
    park.make(SMELTER, [], [(B, 40)], **RUN)
    for name, g in ((METAL, 50), (B, 20)):
        place = (name, SMELTER, "")
        assert park.down(PILE).places[place] == park.down(A).places[place] == g * UG
        assert {(end.lot, end.ug) for end in park.up(*place).ends} == {(PILE, g * UG), (A, g * UG)}


def cut(park, g):
    """The entry of a slab of half an ingot, weighed by its maker or not."""
    park.new(SMELTER, (METAL, 1_000))
    return park.make(SMELTER, [(METAL, 500)], [(SLAB, g)]).index


def grams(found, name):
    return {place[1:]: ug // UG for place, ug in found.places.items() if place[0] == name}


def made_again(park, wrong, g):
    park.wrong(SMELTER, wrong, "urn:right")
    return park.make(SMELTER, [(METAL, 500)], [(SLAB, g)], eventID="urn:right").index


def test_a_mass_that_its_maker_gave_is_there_once_when_the_first_weight_is_declared_wrong(park):
    """It weighs what its maker says, where it was weighed by who received it or looked at it."""
    made = cut(park, None)
    park.ship(SMELTER, MILL, (SLAB, None))
    weighed = park.receive(MILL, SMELTER, (SLAB, 500)).index
    right = made_again(park, made, 480)
    park.wrong(MILL, weighed)
    assert grams(park.down(METAL), SLAB) == {(SMELTER, f"{SMELTER} D-1"): 480}
    park.wrong(SMELTER, right)
    assert grams(park.down(METAL), SLAB) == {}


def test_so_it_is_when_it_went_on_by_the_first_weight(park):
    made = cut(park, None)
    park.ship(SMELTER, MILL, (SLAB, None))
    park.receive(MILL, SMELTER, (SLAB, None))
    weighed = park.look(MILL, "inspecting", (SLAB, 500)).index
    made_again(park, made, 480)
    sent = park.ship(MILL, SMELTER, (SLAB, None), paper="D-2").index
    park.wrong(MILL, weighed)
    park.wrong(MILL, sent)
    assert grams(park.down(METAL), SLAB) == {(MILL, ""): park.have(MILL, SLAB)} == {(MILL, ""): 480}


@pytest.mark.parametrize("g", [500, 480])
def test_a_piece_that_was_weighed_where_it_was_made_is_there_when_its_making_is_corrected(park, g):
    """Also when its first weight is declared wrong after that, and when it is used."""
    made = cut(park, None)
    weighed = park.look(SMELTER, "inspecting", (SLAB, 500)).index
    made_again(park, made, g)
    assert grams(park.down(METAL), SLAB) == grams(park.down(SLAB), SLAB) == {(SMELTER, ""): g}
    park.wrong(SMELTER, weighed)
    assert grams(park.down(METAL), SLAB) == {(SMELTER, ""): g}
    park.make(SMELTER, [(SLAB, None)], [(COIL, g)], "hot-rolling")
    assert grams(park.down(METAL), COIL) == {(SMELTER, ""): g}


def test_what_does_not_settle_is_told_as_circular(park):
    """99 % of the pile is made of itself by the correction: a hundredth comes out of the circle each time round."""
    park.new(SMELTER, (METAL, 1_000))
    park.make(SMELTER, [(METAL, 1_000)], [(PILE, 1_000)])
    wrong = park.make(SMELTER, [(PILE, 990)], [(A, 990)]).index
    park.make(SMELTER, [(A, 990)], [(PILE, 990)])
    park.wrong(SMELTER, wrong, "urn:right")
    park.make(SMELTER, [(PILE, 990)], [(A, 990)], eventID="urn:right")
    found, place = park.down(METAL), (PILE, SMELTER, "")
    assert found.places.keys() == {place}
    assert came(park, place, 0) < found.places[place] < 500 * UG
    assert found.left == {"circular": 1_000 * UG - found.places[place]}


def test_through_more_corrections_in_series_than_are_followed_it_is_told_as_circular(park):
    slabs = [piece(f"S-{number}") for number in range(70)]
    park.new(SMELTER, (METAL, 70_000), (B, 1_000))
    for number, one in enumerate(slabs):
        wrong = park.make(SMELTER, [(METAL, 1_000)], [(one, 1_000)]).index
        park.wrong(SMELTER, wrong, f"urn:{number}")
    park.make(SMELTER, [(B, 1_000)], [(slabs[-1], 1_000)], eventID="urn:69")
    for number in range(68, -1, -1):
        park.make(SMELTER, [(slabs[number + 1], None)], [(slabs[number], 1_000)], eventID=f"urn:{number}")
    found = park.down(B)
    assert sum(found.places.values()) + found.left.get("circular", 0) == found.ug == 1_000 * UG
