"""Rules 5.2 and 5.8: what a lot descends from, in proportion, without a cycle; shares of scrap."""

from fractions import Fraction

import pytest
from folded import MILL, MINE, SMELTER, Park, lot, piece

from ledger.lots.genealogy import Genealogy, share

PILE, SLAB, SCRAP = lot("PILE"), piece("S-1"), lot("SCRAP")


@pytest.fixture
def park():
    return Park()


def test_a_draw_descends_from_earlier_additions_in_proportion_to_what_remained(park):
    park.new(MINE, (PILE, 600))
    park.new(MINE, (PILE, 400))
    park.make(MINE, [(PILE, 500)], [(lot("A"), 500)], "refining")
    park.new(MINE, (PILE, 500))
    park.make(MINE, [(PILE, 100)], [(lot("B"), 100)], "refining")
    tree = Genealogy(park.effects)
    assert {one.entry: one.g for one in tree.parents[2]} == {0: 300, 1: 200}
    assert {one.entry: one.g for one in tree.parents[4]} == {0: 30, 1: 20, 3: 50}
    assert tree.left[PILE, MINE, ""] == {0: 270, 1: 180, 3: 450}


def test_sharing_loses_no_gram():
    assert share(10, {1: 1, 2: 1, 3: 1}) == {1: 4, 2: 3, 3: 3}
    assert share(0, {1: 5}) == {1: 0}
    assert share(3, {}) == {}


def test_a_trace_goes_through_deliveries_back_to_what_came_from_nowhere(park):
    park.new(MINE, (PILE, 1_000))
    park.ship(MINE, SMELTER, (PILE, 1_000))
    park.receive(SMELTER, MINE, (PILE, 990))
    park.make(SMELTER, [(PILE, 990)], [(SLAB, 990)])
    trace = Genealogy(park.effects).up({3: 990})
    assert [one.entry for one in trace.nodes] == [3, 2, 1, 0]
    assert trace.origins == {(0, "commissioned"): 990}


def test_a_scrap_loop_stays_acyclic_and_every_gram_has_an_origin(park):
    park.new(SMELTER, (PILE, 10_000))
    for turn in range(5):
        inputs = [(PILE, 1_000), *([(SCRAP, 200)] if turn else [])]
        total = sum(g for _, g in inputs)
        park.make(SMELTER, inputs, [(piece(f"S-{turn}"), total - 200), (SCRAP, 200)])
    tree = Genealogy(park.effects)
    assert all(parent.entry < index for index, parents in tree.parents.items() for parent in parents)
    trace = tree.up({5: 1_000})
    assert sum(trace.origins.values()) + trace.folded == 1_000
    assert [one.entry for one in trace.nodes] == sorted((one.entry for one in trace.nodes), reverse=True)


def test_what_is_too_little_to_follow_is_folded_into_one_line(park):
    park.new(SMELTER, (PILE, 1_000_000), (SCRAP, 0))
    park.new(SMELTER, (SCRAP, 999))
    park.make(SMELTER, [(PILE, 999_001), (SCRAP, 999)], [(SLAB, 1_000_000)])
    trace = Genealogy(park.effects).up({2: 1_000_000})
    assert (trace.folded, trace.folded_count) == (999, 1)
    park.make(SMELTER, [(PILE, 999)], [(lot("A"), 999)])


def test_outputs_of_a_run_share_what_went_in_before_them(park):
    park.new(SMELTER, (PILE, 1_000))
    park.new(SMELTER, (lot("AN"), 1_000))
    run = {"transformationID": "urn:run"}
    park.make(SMELTER, [(PILE, 300)], [], "electrolysis", **run)
    park.make(SMELTER, [], [(lot("M"), 100)], "electrolysis", **run)
    park.make(SMELTER, [(lot("AN"), 100)], [], "electrolysis", **run)
    park.make(SMELTER, [], [(lot("M"), 100)], "electrolysis", al_run="closed", **run)
    parents = Genealogy(park.effects).parents
    assert {one.entry for one in parents[3]} == {0}
    assert {one.entry: one.g for one in parents[5]} == {0: 300, 1: 100}


def test_a_trace_down_reaches_every_later_user(park):
    park.new(SMELTER, (PILE, 1_000))
    park.new(SMELTER, (lot("OTHER"), 1_000))
    park.make(SMELTER, [(PILE, 1_000)], [(SLAB, 1_000)])
    park.make(SMELTER, [(lot("OTHER"), 1_000)], [(piece("S-2"), 1_000)])
    park.ship(SMELTER, MILL, (SLAB, None))
    assert Genealogy(park.effects).down([0]) == {0: 0, 2: 1_000, 4: 1_000}


def test_what_was_declared_wrong_is_in_no_trace(park):
    park.new(SMELTER, (PILE, 1_000))
    park.make(SMELTER, [(PILE, 1_000)], [(SLAB, 1_000)])
    park.wrong(SMELTER, 1, "urn:right")
    park.make(SMELTER, [(PILE, 1_000)], [(SLAB, 1_000)], eventID="urn:right")
    tree = Genealogy(park.effects)
    assert set(tree.effects) == {0, 3}
    assert [one.entry for one in tree.up({3: 1_000}).nodes] == [3, 0]


def test_a_late_lot_says_that_its_maker_was_not_heard(park):
    origin = {"id": PILE, "kind": "late", "supplier": "X", "document": "N", "g": 100}
    park.receive(SMELTER, MINE, (PILE, 100), al_origin=[origin])
    assert Genealogy(park.effects).up({0: 100}).origins == {(0, "late"): 100}


def test_recycled_content_is_three_shares_and_leaves_internal_scrap_out(park):
    post = {"id": SCRAP, "kind": "outside", "supplier": "X", "document": "N", "g": 300}
    inner = lot("CROPS")
    park.receive(
        MILL, MINE, (SCRAP, 300), al_origin=[post], al_attributes=[{"id": SCRAP, "scrapClass": "post-consumer"}]
    )
    park.new(MILL, (PILE, 500), (inner, 200))
    park.make(MILL, [(PILE, 500), (SCRAP, 300), (inner, 200)], [(SLAB, 1_000)], "remelting")
    from ledger.lots.genealogy import recycled  # noqa: PLC0415

    classes = {2: {"primary": 500, "post-consumer": 300, "internal": 200}}
    shares = recycled(Genealogy(park.effects).up({2: 1_000}), lambda entry: classes.get(entry, {}))
    assert shares["recycled"] == shares["post-consumer"] == Fraction(3, 10)
    assert (shares["internal"], shares["pre-consumer"]) == (Fraction(1, 5), 0)
