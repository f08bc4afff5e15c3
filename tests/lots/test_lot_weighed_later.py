"""Rule 5.2: a piece that was made without a mass has the first that is given of it later, where it is and by any event.

And 5.6: what made it and what weighed it are corrected one by one, and the books follow.
"""

import pytest
from folded import CUSTOMER, MILL, SMELTER, Park, at, in_time, mass, pallet, piece, places, refused, rules

from ledger.lots.genealogy import UG

SLAB, BAND, UNIT = piece("S-1"), piece("H-1"), pallet(1)


@pytest.fixture
def park():
    """Entry 0: a slab that nobody weighed."""
    made = Park()
    made.new(SMELTER, (SLAB, None))
    return made


def packs(park, who, g, action="ADD", **more):
    weighed = [mass(SLAB, g)] if g else []
    return park.say(who, "Aggregation", action=action, parentID=UNIT, childEPCs=[SLAB], al_mass=weighed, **more)


def anneals(park, who, g, **more):
    return park.look(who, "other", (SLAB, g), al_process=f"{who}/annealing", al_start=at(0), **more)


def writes_of(park, who, g, **more):
    weighed = [mass(SLAB, g)] if g else []
    return park.say(who, "Transaction", action="ADD", epcList=[SLAB], al_mass=weighed, **more)


def looks(step):
    return lambda park, who, g, **more: park.look(who, step, (SLAB, g), **more)


WEIGHINGS = {
    "inspects": looks("inspecting"), "counts": looks("stock_taking"), "holds": looks("holding"), "packs": packs,
    "anneals": anneals, "writes of": writes_of,
}  # fmt: skip
ANYWHERE = ("inspects", "holds", "writes of")  # also who has it no more


def hand_over(park, paper="D-1", giver=SMELTER, taker=MILL):
    park.ship(giver, taker, (SLAB, None), paper=paper)
    park.receive(taker, giver, (SLAB, None), paper=paper)


@pytest.mark.parametrize("how", WEIGHINGS)
def test_the_first_mass_that_its_holder_gives_is_its_mass_by_whatever_event(park, how):
    hand_over(park)
    done = WEIGHINGS[how](park, MILL, 500)
    assert (park.lot(SLAB).g, places(park, SLAB), done.entered) == (500, [(MILL, "", 500)], {"weighed": 500})
    assert rules(WEIGHINGS[how](park, MILL, 502)) == set()
    assert rules(WEIGHINGS[how](park, MILL, 503)) == {"weight_differs"}
    assert (park.lot(SLAB).g, places(park, SLAB)) == (500, [(MILL, "", 500)])


@pytest.mark.parametrize("how", ANYWHERE)
def test_its_maker_gives_its_mass_also_when_it_went_to_another_place(park, how):
    hand_over(park)
    WEIGHINGS[how](park, SMELTER, 500)
    assert (park.lot(SLAB).g, places(park, SLAB)) == (500, [(MILL, "", 500)])


def test_what_is_weighed_on_its_way_left_with_that_mass(park):
    park.ship(SMELTER, MILL, (SLAB, None))
    weighed = park.look(SMELTER, "inspecting", (SLAB, 500))
    assert (places(park, SLAB), weighed.moved[0].shipped) == ([(SMELTER, "D-1", 500)], 500)
    assert rules(park.receive(MILL, SMELTER, (SLAB, None))) == set()
    park.wrong(SMELTER, weighed.index)
    assert park.book.delivery(weighed.moved[0].delivery).lines[0].shipped == 0


def test_what_is_called_back_is_weighed_where_it_is_then(park):
    park.ship(SMELTER, MILL, (SLAB, None))
    park.look(SMELTER, "void_shipping", (SLAB, 500))
    assert (park.lot(SLAB).g, places(park, SLAB)) == (500, [(SMELTER, "", 500)])


def test_a_piece_that_goes_in_its_unit_has_the_mass_that_the_event_gives_it(park):
    packs(park, SMELTER, None)
    park.ship(SMELTER, MILL, (UNIT, None), (SLAB, 500))
    assert (park.lot(SLAB).g, places(park, SLAB), park.lot(SLAB).inside) == (500, [(SMELTER, "D-1", 500)], UNIT)


def test_who_neither_made_nor_has_it_does_not_weigh_it(park):
    hand_over(park)
    assert rules(park.look(CUSTOMER, "inspecting", (SLAB, 500))) == set()
    assert park.lot(SLAB).g is None
    park.look(MILL, "inspecting", (SLAB, 500))
    assert rules(park.look(CUSTOMER, "inspecting", (SLAB, 900))) == set()


def test_what_was_used_up_unweighed_is_weighed_no_more_and_a_unit_has_no_mass_of_its_own(park):
    packs(park, SMELTER, None)
    assert rules(park.look(SMELTER, "inspecting", (UNIT, 900))) == set()
    park.make(SMELTER, [(SLAB, None)], [(BAND, 5)])
    park.look(SMELTER, "inspecting", (SLAB, 500))
    assert (park.lot(SLAB).g, places(park, SLAB)) == (None, [])


def test_its_size_is_held_against_the_mass_that_is_given_with_it(park):
    said = {"alloy": "EN-AW-5754", "thickness": 500_000, "width": 1_000_000, "length": 1_000_000}
    told = park.look(SMELTER, "inspecting", (SLAB, 500), al_attributes=[{"id": SLAB, **said}])
    assert rules(told) == {"mass_and_size"}


# 5.6


@pytest.mark.parametrize("how", WEIGHINGS)
def test_a_weighing_that_is_declared_wrong_leaves_the_piece_unweighed_where_it_is(park, how):
    hand_over(park)
    wrong = WEIGHINGS[how](park, MILL, 500).index
    park.wrong(MILL, wrong)
    assert (park.lot(SLAB).g, places(park, SLAB), park.lot(SLAB).owed) == (None, [(MILL, "", 0)], ())
    WEIGHINGS[how](park, MILL, 480)
    assert (park.lot(SLAB).g, places(park, SLAB)) == (480, [(MILL, "", 480)])


@pytest.mark.parametrize("how", WEIGHINGS)
@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("again", [500, 480, None])
def test_a_weighing_is_corrected_also_when_the_piece_moved_on(park, how, moved, again):
    """What is short is found and blocks, as of a shipment that was the first to weigh it."""
    wrong = WEIGHINGS[how](park, SMELTER, 500).index
    park.look(SMELTER, "inspecting", (SLAB, None), disposition="conformant")
    if moved:
        hand_over(park)
    park.wrong(SMELTER, wrong, "urn:right")
    if how == "packs" and moved:
        return
    WEIGHINGS[how](park, SMELTER, again, eventID="urn:right")
    park.look(SMELTER, "inspecting", (SLAB, None), disposition="conformant")
    assert park.lot(SLAB).g == again
    short = (again or 0) - 500
    here = [(SMELTER, "", short)] if short else []
    assert places(park, SLAB) == ([*here, (MILL, "", 500)] if moved else [(SMELTER, "", again or 0)])
    assert park.blocked(SLAB) == bool(moved and short)
    assert park.lot(SLAB).owed == () or short


@pytest.mark.parametrize("order", ["MW", "WM"])
@pytest.mark.parametrize("made", [None, 500, 480])
@pytest.mark.parametrize("weighed", ["never", None, 500, 470])
@pytest.mark.parametrize("how", ["inspects", "ships"])
def test_making_and_weighing_are_corrected_in_either_order(park, order, made, weighed, how):
    """What its maker says that it weighs is its mass, else what was weighed later; moved on, it stays what it is."""
    entry = weighs(park, how, 500).index
    for act in order:
        if act == "M":
            moved_with = park.lot(SLAB).in_transit(SMELTER)
            make_again(park, 0, made)
        else:
            park.wrong(SMELTER, entry, *([] if weighed == "never" else ["urn:weighed"]))
            if weighed != "never":
                weighs(park, how, weighed, eventID="urn:weighed")
    g = made or (None if weighed == "never" else weighed)
    shipped = how == "ships" and weighed != "never"
    there = moved_with if shipped and order == "WM" and moved_with else g or 0
    assert (park.lot(SLAB).g, places(park, SLAB)) == (g, [(SMELTER, "D-1" if shipped else "", there)])
    assert (park.lot(SLAB).owed, park.blocked(SLAB), park.lot(SLAB).doubt) == ((), False, -1)


def weighs(park, how, g, **more):
    if how == "ships":
        return park.ship(SMELTER, MILL, (SLAB, g), **more)
    return park.look(SMELTER, "inspecting", (SLAB, g), **more)


def make_again(park, wrong, g, name="urn:made"):
    park.wrong(SMELTER, wrong, name)
    return park.new(SMELTER, (SLAB, g), eventID=name)


def test_a_mass_that_a_corrected_making_is_the_first_to_give_is_added_where_the_piece_is(park):
    hand_over(park)
    done = make_again(park, 0, 480)
    assert (park.lot(SLAB).g, places(park, SLAB)) == (480, [(MILL, "", 480)])
    assert done.entered == {"commissioned": 480, "weighed": 480}
    assert "corrected_after_use" not in rules(done)
    park.wrong(SMELTER, done.index, "urn:third")
    assert (park.lot(SLAB).g, places(park, SLAB), park.lot(SLAB).owed) == (None, [(MILL, "", 0)], ())
    park.new(SMELTER, (SLAB, 470), eventID="urn:third")
    assert (park.lot(SLAB).g, places(park, SLAB), park.blocked(SLAB)) == (470, [(MILL, "", 470)], False)


@pytest.mark.parametrize("again", [480, 470, None])
def test_a_first_mass_of_a_corrected_making_is_corrected_when_the_piece_moved_on_with_it(park, again):
    hand_over(park)
    done = make_again(park, 0, 480)
    hand_over(park, "D-2", MILL, CUSTOMER)
    make_again(park, done.index, again, "urn:third")
    short = (again or 0) - 480
    assert places(park, SLAB) == [*([(MILL, "", short)] if short else []), (CUSTOMER, "", 480)]
    assert (park.lot(SLAB).g, park.blocked(SLAB)) == (again, bool(short))


@pytest.mark.parametrize("where", ["here", "there", "on"])
@pytest.mark.parametrize("made", [500, 480])
def test_without_a_weighing_a_piece_has_the_mass_that_its_maker_gave_since(park, where, made):
    """Weighed here, or there and sent on, or there: without that it has there what its maker says."""
    if where != "here":
        hand_over(park)
    wrong = park.look(SMELTER if where == "here" else MILL, "inspecting", (SLAB, 500)).index
    if where == "on":
        hand_over(park, "D-2", MILL, CUSTOMER)
    again = make_again(park, 0, made)
    park.wrong(park.effects[wrong].issuer, wrong)
    short = [(MILL, "", made - 500)] if where == "on" and made != 500 else []
    at = {"here": (SMELTER, "", made), "there": (MILL, "", made), "on": (CUSTOMER, "", 500)}[where]
    assert (park.lot(SLAB).g, places(park, SLAB)) == (made, [*sorted([*short, at])])
    if where != "on":
        assert in_time(park.effects) == []
        park.wrong(SMELTER, again.index, "urn:third")
        park.new(SMELTER, (SLAB, None), eventID="urn:third")
        assert (park.lot(SLAB).g, places(park, SLAB), park.lot(SLAB).owed) == (None, [(*at[:2], 0)], ())


def test_a_piece_that_another_weighed_since_is_not_weighed_again_where_its_correction_had(park):
    park.ship(SMELTER, MILL, (SLAB, None))
    park.wrong(SMELTER, make_again(park, 0, 480).index, "urn:third")
    park.receive(MILL, SMELTER, (SLAB, None))
    park.look(MILL, "inspecting", (SLAB, 500))
    again = park.new(SMELTER, (SLAB, 480), eventID="urn:third")
    assert (places(park, SLAB), "corrected_after_use" in rules(again)) == ([(MILL, "", 500)], True)


@pytest.mark.parametrize("how", ["counts", "anneals"])
def test_who_weighed_what_he_had_corrects_that_when_it_has_moved_on(park, how):
    """Also when its maker said since what it weighs, so that it is short nowhere."""
    hand_over(park)
    wrong = WEIGHINGS[how](park, MILL, 500).index
    hand_over(park, "D-2", MILL, CUSTOMER)
    make_again(park, 0, 500)
    park.wrong(MILL, wrong, "urn:right")
    with refused("not_holder"):
        WEIGHINGS[how](park, MILL, 500)
    WEIGHINGS[how](park, MILL, 500, eventID="urn:right")
    assert (park.lot(SLAB).g, places(park, SLAB), park.blocked(SLAB)) == (500, [(CUSTOMER, "", 500)], False)


def test_what_made_a_piece_may_be_recorded_again_without_a_mass_when_it_was_weighed_and_used_up(park):
    """What others weighed of it stays its mass, though there is none of it any more."""
    park.look(SMELTER, "inspecting", (SLAB, 500))
    park.make(SMELTER, [(SLAB, None)], [(BAND, 500)])
    park.wrong(SMELTER, 0, "urn:made")
    park.new(SMELTER, (SLAB, None), eventID="urn:made")
    assert (park.lot(SLAB).g, places(park, SLAB)) == (500, [])


@pytest.mark.parametrize("entries_before", range(10))
def test_a_weighing_that_is_corrected_twice_is_where_the_newest_of_them_was_whatever_its_number(entries_before):
    park = twice_weighed_wrongly(entries_before)
    park.look(SMELTER, "inspecting", (SLAB, 500), eventID="urn:second")
    assert (places(park, SLAB), park.blocked(SLAB)) == ([(CUSTOMER, "", 500)], False)


def twice_weighed_wrongly(entries_before):
    """Weighed by who made it, where it was made and then where it was; it has moved on from there with that."""
    park = Park()
    for number in range(entries_before):
        park.new(MILL, (piece(f"X-{number}"), 1))
    park.new(SMELTER, (SLAB, None))
    park.wrong(SMELTER, park.look(SMELTER, "inspecting", (SLAB, 500)).index, "urn:first")
    hand_over(park)
    weighed = park.look(SMELTER, "inspecting", (SLAB, 500), eventID="urn:first")
    hand_over(park, "D-2", MILL, CUSTOMER)
    park.wrong(SMELTER, weighed.index, "urn:second")
    return park


@pytest.mark.parametrize("used", [False, True])
@pytest.mark.parametrize("weighed", [None, 500])
def test_that_a_piece_had_moved_on_unweighed_is_found_as_it_was(park, weighed, used):
    """Where others had weighed it and it was not used up, with what they had weighed."""
    hand_over(park)
    park.look(MILL, "inspecting", (SLAB, weighed))
    if used:
        park.make(MILL, [(SLAB, None)], [(BAND, 5)])
    done = make_again(park, 0, 480)
    others = ", others weighed 500 g" if weighed and not used else ""
    says = f"piece {SLAB} had moved on unweighed{others}, its maker now says 480 g"
    found = [(one.says, one.facts) for one in done.findings if one.rule == "corrected_after_use"]
    was = {"was": 500 if others else 0, "corrected": 480}
    assert found == ([(says, was)] if used or weighed else [])


def test_a_trace_up_of_a_piece_in_doubt_has_its_mass_once_also_when_it_was_added_where_it_had_gone(park):
    hand_over(park)
    park.wrong(SMELTER, make_again(park, 0, 480).index, "urn:third")
    assert (places(park, SLAB), park.up(SLAB).ug) == ([(MILL, "", 0)], 480 * UG)
