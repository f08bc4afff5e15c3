"""Rule 5.2, trace down: among what an event shares what it took, by lot, beside what was weighed and what was early."""

import pytest
from folded import CUSTOMER, MILL, MINE, SMELTER, Park, lot, piece

from ledger.lots.descent import down
from ledger.lots.genealogy import UG
from ledger.lots.recall import starts_from_entry

PILE, SLAB, COIL, METAL, A, B = lot("PILE"), piece("S-1"), piece("C-1"), lot("METAL"), lot("A"), lot("B")
RUN = {"transformationID": "urn:run"}


@pytest.fixture
def park():
    return Park()


@pytest.mark.parametrize("shipped", [None, 100])
def test_a_piece_that_was_weighed_after_it_was_made_is_found_wherever_it_went(park, shipped):
    """Also by who weighs it when it is used: that is no output of the step."""
    park.new(SMELTER, (METAL, 100))
    park.make(SMELTER, [(METAL, 100)], [(SLAB, None)])
    park.ship(SMELTER, MILL, (SLAB, shipped))
    park.receive(MILL, SMELTER, (SLAB, None))
    park.make(MILL, [(SLAB, 100)], [(COIL, 100)], "hot-rolling")
    park.ship(MILL, CUSTOMER, (COIL, None), paper="D-2")
    found = park.down(SLAB)
    assert found.places == {(COIL, MILL, f"{MILL} D-2"): 100 * UG}
    assert (COIL, 100 * UG) in [(one.lot, one.ug) for one in found.sent]


def test_of_several_lots_in_one_delivery_each_goes_where_it_goes(park):
    park.new(MINE, (PILE, 100), (B, 300))
    park.ship(MINE, SMELTER, (PILE, 100), (B, 300))
    found = park.down(PILE)
    assert set(found.places) == {(PILE, MINE, f"{MINE} D-1")}
    assert [(one.lot, one.ug, one.g) for one in found.sent] == [(PILE, 100 * UG, 100)]


def test_of_several_lots_that_had_arrived_early_each_is_where_it_was_early(park):
    origin = {"kind": "late", "supplier": "X", "document": "N"}
    for name, g in ((PILE, 100), (B, 300)):
        park.receive(SMELTER, MINE, (name, g), al_origin=[{"id": name, "g": g, **origin}])
    made = park.new(MINE, (PILE, 100), (B, 300)).index
    park.ship(MINE, SMELTER, (PILE, 100), (B, 300))
    found = park.down(PILE)
    assert {place: ug for place, ug in found.places.items() if place[0] != PILE} == {}
    assert found.left == {}
    assert made not in [one.entry for one in found.nodes]


def test_what_a_correction_takes_off_a_piece_that_moved_on_is_no_loss_of_what_it_was_made_of(park):
    park.new(SMELTER, (METAL, 20_000))
    wrong = park.make(SMELTER, [(METAL, 9_000)], [(SLAB, 9_000)]).index
    park.ship(SMELTER, MILL, (SLAB, None))
    park.wrong(SMELTER, wrong, "urn:right")
    park.make(SMELTER, [(METAL, 9_010)], [(SLAB, 9_010)], eventID="urn:right")
    found = park.down(METAL)
    assert "correction" not in found.left


def test_an_output_of_a_run_has_of_what_went_in_before_it_and_with_it(park):
    park.new(SMELTER, (PILE, 100), (B, 300))
    park.make(SMELTER, [(B, 300)], [], "electrolysis", **RUN)
    tap = park.make(SMELTER, [(PILE, 100)], [(A, 40)], "electrolysis", **RUN, al_run="open").index
    found = park.down(PILE)
    assert found.places[A, SMELTER, ""] == 10 * UG
    assert [(one.entry, one.lots) for one in found.nodes] == [(tap, ("", PILE))]
    assert found.nodes[0].ug == 110 * UG


def test_what_came_out_of_a_run_before_its_input_was_corrected_is_of_what_took_its_place(park):
    """Rule 5.6: also what came out while the run had nothing, the input being declared wrong and not yet corrected."""
    park.new(SMELTER, (PILE, 1_000))
    wrong = park.make(SMELTER, [(PILE, 500)], [], **RUN).index
    park.make(SMELTER, [], [(A, 100)], **RUN)
    park.wrong(SMELTER, wrong, "urn:right")
    park.make(SMELTER, [], [(B, 100)], **RUN)
    park.make(SMELTER, [(PILE, 400)], [(SLAB, 100)], **RUN, al_run="open", eventID="urn:right")
    park.make(SMELTER, [], [(COIL, 50)], **RUN)
    places = park.down(PILE).places
    assert {name: places[name, SMELTER, ""] for name in (A, B, SLAB, COIL)} == {
        A: 100 * UG, B: 100 * UG, SLAB: 100 * UG, COIL: 50 * UG,
    }  # fmt: skip


def test_what_one_event_put_into_a_run_is_in_what_came_out_of_it(park):
    park.new(SMELTER, (METAL, 100), (PILE, 300))
    fed = park.make(SMELTER, [(METAL, 100)], [], **RUN)
    park.make(SMELTER, [(PILE, 300)], [], **RUN)
    park.make(SMELTER, [], [(B, 40)], **RUN)
    found = down(starts_from_entry(fed, park.load), park.load, park.versions)
    assert found.places == {(B, SMELTER, ""): 10 * UG}
