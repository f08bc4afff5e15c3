"""Rule 5.2, trace down: a piece that nobody weighed has no gram of what it was made of, and is called back too."""

import pytest
from folded import CUSTOMER, MILL, SMELTER, Park, lot, piece

from ledger.lots.genealogy import UG

SLAB, COIL, METAL, A, B = piece("S-1"), piece("C-1"), lot("METAL"), lot("A"), lot("B")
RUN = {"transformationID": "urn:run"}


@pytest.fixture
def park():
    return Park()


@pytest.fixture
def sent(park):
    """A park in which all the metal became a slab, and that went to the mill."""
    park.new(SMELTER, (METAL, 100))
    park.make(SMELTER, [(METAL, 100)], [(SLAB, None)])
    park.ship(SMELTER, MILL, (SLAB, None))
    park.receive(MILL, SMELTER, (SLAB, None))
    return park


def test_it_is_found_wherever_it_went(sent):
    found = sent.down(METAL)
    assert found.unweighed == ((SLAB, MILL, ""),)
    assert [(one.lot, one.ug, one.g, one.more) for one in found.sent] == [(SLAB, 0, 0, True)]
    assert [(one.entry, one.ug, one.more) for one in found.nodes] == [
        (1, 100 * UG, False), (2, 0, True), (3, 0, True),
    ]  # fmt: skip
    assert (found.left, found.places) == ({"unaccounted": 100 * UG}, {})


def test_so_is_what_comes_of_it_by_pieces_amounts_and_runs(sent):
    sent.make(MILL, [(SLAB, None)], [(COIL, 40), (A, 50)], "hot-rolling")
    sent.make(MILL, [(A, 10)], [], "electrolysis", **RUN)
    sent.make(MILL, [], [(B, 5)], "electrolysis", **RUN)
    sent.ship(MILL, CUSTOMER, (COIL, None), (B, 3), paper="D-2")
    found = sent.down(METAL)
    under_way = f"{MILL} D-2"
    assert found.unweighed == tuple(
        sorted([(COIL, MILL, under_way), (A, MILL, ""), (B, MILL, ""), (B, MILL, under_way)])
    )
    assert [(one.lot, one.g) for one in found.sent if one.delivery == under_way] == sorted([(COIL, 40), (B, 3)])


def test_nothing_is_left_where_all_was_taken(sent):
    sent.make(MILL, [(SLAB, None)], [(A, 50)], "hot-rolling")
    sent.make(MILL, [(A, 50)], [(COIL, 50)], "hot-rolling")
    sent.new(MILL, (A, 50))
    sent.ship(MILL, CUSTOMER, (A, 50), paper="D-2")
    assert sent.down(METAL).unweighed == ((COIL, MILL, ""),)


def test_beside_what_was_weighed_there_is_more(park):
    park.new(SMELTER, (METAL, 400))
    park.make(SMELTER, [(METAL, 100)], [(SLAB, None)])
    park.make(SMELTER, [(SLAB, None), (METAL, 300)], [(COIL, 300)], "hot-rolling")
    park.ship(SMELTER, CUSTOMER, (COIL, None))
    assert [(one.ug, one.g, one.more) for one in park.down(METAL).sent] == [(300 * UG, 300, True)]


def test_it_is_called_back_itself(sent):
    assert [(one.lot, one.ug, one.more) for one in sent.down(SLAB).sent] == [(SLAB, 0, True)]


def test_it_is_not_made_of_what_was_declared_wrong(sent):
    sent.wrong(SMELTER, 1, "urn:right")
    sent.make(SMELTER, [(METAL, 50)], [(COIL, 50)], eventID="urn:right")
    assert sent.down(METAL).unweighed == ()


def test_it_is_made_of_what_takes_the_place_of_what_was_declared_wrong(sent):
    sent.wrong(SMELTER, 1, "urn:right")
    sent.make(SMELTER, [(METAL, 50)], [(SLAB, None)], eventID="urn:right")
    assert sent.down(METAL).unweighed == ((SLAB, MILL, ""),)


def test_what_was_too_little_to_be_followed_is_not_followed_in_it(park):
    park.new(SMELTER, (A, 1), (B, 2_000))
    park.make(SMELTER, [(A, 1), (B, 2_000)], [(SLAB, None)])
    assert park.down(A).unweighed == ()
