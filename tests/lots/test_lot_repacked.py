"""Rule 5.6: who packed a unit corrects that also when the unit, or what was in it, is with another by then."""

import pytest
from folded import CUSTOMER, MILL, SMELTER, Park, amount, lot, pallet, piece, places, refused, rules

METAL, SLAB, OTHER, UNIT, SECOND = lot("PL-1"), piece("S-1"), piece("S-2"), pallet(1), pallet(2)
AFTER = "corrected_after_use"


@pytest.fixture
def park():
    """The smelter packed a slab, and the unit went to the mill."""
    made = Park()
    made.new(SMELTER, (METAL, 1_000), (SLAB, 100), (OTHER, 90))
    pack(made, SLAB)
    moved(made)
    return made


def pack(park, *names, who=SMELTER, unit=UNIT, g=None, action="ADD", **members):
    amounts = [amount(METAL, g)] if g else None
    return park.say(
        who, "Aggregation", action=action, parentID=unit, childEPCs=list(names), childQuantityList=amounts, **members
    )


def moved(park, name=UNIT, giver=SMELTER, taker=MILL, paper="D-1"):
    park.ship(giver, taker, (name, None), paper=paper)
    park.receive(taker, giver, (name, None), paper=paper)


def within(park, unit=UNIT):
    return park.lot(unit).contents, [(one.lot, one.g) for one in park.lot(unit).amounts]


def again(park, *names, wrong=1, **members):
    park.wrong(SMELTER, wrong, "urn:right")
    return pack(park, *names, eventID="urn:right", **members)


def test_what_was_in_it_after_all_is_in_it_where_it_is_and_goes_on_with_it(park):
    done = again(park, SLAB)
    assert (within(park), rules(done), done.packed[0].entry) == (((SLAB,), []), set(), done.index)
    moved(park, UNIT, MILL, CUSTOMER, "D-2")
    assert (places(park, SLAB), places(park, UNIT)) == ([(CUSTOMER, "", 100)], [(CUSTOMER, "", 0)])
    found = park.wrong(SMELTER, done.index).findings
    assert ([(one.rule, one.lot) for one in found], within(park)) == ([(AFTER, SLAB)], ((), []))


def test_what_did_not_go_with_it_stays_where_it_is_and_is_found(park):
    """The one that was not in it is found by the declaration, the one that was, by the correction."""
    declared = park.wrong(SMELTER, 1, "urn:right")
    done = pack(park, OTHER, eventID="urn:right")
    assert [(one.rule, one.lot) for one in (*declared.findings, *done.findings)] == [(AFTER, SLAB), (AFTER, OTHER)]
    assert f"lot {OTHER} is not put into {UNIT}" in done.findings[0].says
    assert (places(park, OTHER), places(park, SLAB)) == ([(SMELTER, "", 90)], [(MILL, "", 100)])
    assert (within(park), done.packed) == (((), []), ())
    moved(park, UNIT, MILL, CUSTOMER, "D-2")
    assert places(park, SLAB) == [(MILL, "", 100)]


def test_what_was_taken_out_since_stays_out(park):
    pack(park, SLAB, who=MILL, action="DELETE")
    assert (rules(again(park, SLAB)), within(park)) == (set(), ((), []))


def test_what_was_packed_elsewhere_or_moved_on_since_stays_there(park):
    park.wrong(SMELTER, 1, "urn:right")
    pack(park, SLAB, who=MILL, unit=SECOND)
    assert rules(pack(park, SLAB, eventID="urn:right")) == {AFTER}
    assert (within(park), within(park, SECOND)) == (((), []), ((SLAB,), []))


def test_a_unit_is_corrected_that_is_here_when_what_was_in_it_is_not(park):
    park.new(SMELTER, (piece("S-3"), 80))
    wrong = pack(park, piece("S-3"), unit=SECOND).index
    moved(park, piece("S-3"), paper="D-2")
    done = again(park, piece("S-3"), OTHER, wrong=wrong, unit=SECOND)
    assert (rules(done), within(park, SECOND)) == (set(), ((OTHER,), []))


def test_another_unit_that_was_meant_is_here_and_what_went_on_is_not_put_into_it(park):
    done = again(park, SLAB, unit=SECOND)
    assert (rules(done), within(park, SECOND), places(park, SECOND)) == ({AFTER}, ((), []), [(SMELTER, "", 0)])


@pytest.mark.parametrize("right", [400, 350])
def test_of_an_amount_there_is_what_was_right_less_what_was_taken_out_since(right):
    park = Park()
    park.new(SMELTER, (METAL, 1_000))
    wrong = pack(park, g=400).index
    moved(park)
    pack(park, who=MILL, action="DELETE", g=150)
    assert (rules(again(park, wrong=wrong, g=right)), within(park)) == (set(), ((), [(METAL, right - 150)]))


def test_nobody_corrects_what_he_never_packed_or_had(park):
    park.new(MILL, (piece("X"), 1))
    pack(park, who=MILL, unit=SECOND)
    park.wrong(SMELTER, 1, "urn:right")
    for names, unit in (((SLAB, piece("X")), UNIT), ((SLAB,), SECOND)):
        with refused("not_holder"):
            pack(park, *names, unit=unit, eventID="urn:right")
    with refused("not_holder"):
        pack(park, OTHER)
    assert within(park) == ((), [])


def test_a_recall_reaches_what_went_in_the_unit_and_not_what_stayed(park):
    again(park, SLAB)
    moved(park, UNIT, MILL, CUSTOMER, "D-2")
    assert [(one.lot, one.delivery[-3:]) for one in park.down(SLAB).sent] == [(SLAB, "D-1"), (SLAB, "D-2")]
    assert park.down(OTHER).sent == ()


def test_a_piece_that_was_not_in_it_is_recalled_from_where_it_went(park):
    again(park, OTHER)
    moved(park, UNIT, MILL, CUSTOMER, "D-2")
    assert [(one.lot, one.delivery[-3:]) for one in park.down(SLAB).sent] == [(SLAB, "D-1")]
    assert park.down(OTHER).sent == ()
