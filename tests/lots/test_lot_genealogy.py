"""Rules 5.2 and 5.8: what a lot descends from, in proportion, without a cycle; shares of scrap."""

import pytest
from folded import CUSTOMER, MILL, MINE, SMELTER, Park, lot, piece

from ledger.lots.ancestry import up
from ledger.lots.descent import down
from ledger.lots.genealogy import UG, Shares, Start, recycled, starts_of
from ledger.lots.recall import recall, starts_from_entry
from ledger.lots.sharing import share

PILE, SLAB, SCRAP, METAL = lot("PILE"), piece("S-1"), lot("SCRAP"), lot("METAL")
A, B, COIL = lot("A"), lot("B"), piece("C-1")


@pytest.fixture
def park():
    return Park()


def ends(trace):
    return {(one.entry, one.reason): one.ug for one in trace.ends}


def whole(trace):
    return sum(one.ug for one in trace.ends) + trace.folded_ug


def test_sharing_loses_nothing():
    assert share(10, {1: 1, 2: 1, 3: 1}) == {1: 4, 2: 3, 3: 3}
    assert share(0, {1: 5}) == {1: 0}
    assert share(3, {}) == {}
    assert share(3, {1: 0, 2: 0}) == {1: 2, 2: 1}


def test_a_draw_descends_from_earlier_additions_in_proportion_to_what_remained(park):
    park.new(MINE, (PILE, 600))
    park.new(MINE, (PILE, 400))
    park.make(MINE, [(PILE, 500)], [(A, 500)], "refining")
    park.new(MINE, (PILE, 500))
    park.make(MINE, [(PILE, 100)], [(B, 100)], "refining")
    assert ends(park.up(A)) == {(0, "commissioned"): 300 * UG, (1, "commissioned"): 200 * UG}
    assert ends(park.up(B)) == {
        (0, "commissioned"): 30 * UG, (1, "commissioned"): 20 * UG, (3, "commissioned"): 50 * UG,
    }  # fmt: skip
    assert {(one.entry, one.ug) for one in park.up(B).nodes[0].parents} == {(3, 100 * UG)}
    assert [(one.entry, one.ug) for one in park.up(B).nodes] == [
        (4, 100 * UG),
        (3, 100 * UG),
        (1, 50 * UG),
        (0, 30 * UG),
    ]


def test_a_trace_goes_through_deliveries_back_to_what_came_from_nowhere(park):
    park.new(MINE, (PILE, 1_000))
    park.ship(MINE, SMELTER, (PILE, 1_000))
    park.receive(SMELTER, MINE, (PILE, 990))
    park.make(SMELTER, [(PILE, 990)], [(SLAB, 990)])
    trace = park.up(SLAB)
    assert [one.entry for one in trace.nodes] == [3, 2, 1, 0]
    assert ends(trace) == {(0, "commissioned"): 990 * UG}


def test_what_moves_with_something_else_does_not_descend_from_it(park):
    park.new(MINE, (A, 100))
    park.new(MINE, (B, 300))
    park.ship(MINE, SMELTER, (A, 100), (B, 300))
    park.receive(SMELTER, MINE, (A, 101), (B, 300))
    assert ends(park.up(A)) == {(0, "commissioned"): 100 * UG, (3, "delivery difference"): UG}
    assert ends(park.up(B)) == {(1, "commissioned"): 300 * UG}


def test_a_scrap_loop_stays_acyclic_and_every_gram_has_an_origin(park):
    park.new(SMELTER, (PILE, 10_000))
    for turn in range(5):
        inputs = [(PILE, 1_000), *([(SCRAP, 200)] if turn else [])]
        total = sum(g for _, g in inputs)
        park.make(SMELTER, inputs, [(piece(f"S-{turn}"), total - 200), (SCRAP, 200)], None, al_process=None)
    trace = park.up(piece("S-4"))
    assert whole(trace) == trace.ug == 1_000 * UG
    assert [one.entry for one in trace.nodes] == sorted((one.entry for one in trace.nodes), reverse=True)


def test_what_is_too_little_to_follow_is_folded_into_one_line(park):
    park.new(SMELTER, (PILE, 1_000_000), (SCRAP, 0))
    park.new(SMELTER, (SCRAP, 999))
    park.make(SMELTER, [(PILE, 999_001), (SCRAP, 999)], [(SLAB, 1_000_000)])
    trace = park.up(SLAB)
    assert (trace.folded, trace.folded_ug) == (1, 999 * UG)
    assert whole(trace) == trace.ug


def test_outputs_of_a_run_share_what_went_in_before_them(park):
    anode, first, second = lot("AN"), lot("M-1"), lot("M-2")
    park.new(SMELTER, (PILE, 1_000))
    park.new(SMELTER, (anode, 1_000))
    run = {"transformationID": "urn:run"}
    park.make(SMELTER, [(PILE, 300)], [], "electrolysis", **run)
    park.make(SMELTER, [], [(first, 100)], "electrolysis", **run)
    park.make(SMELTER, [(anode, 100)], [], "electrolysis", **run)
    park.make(SMELTER, [], [(second, 100)], "electrolysis", al_run="closed", **run)
    assert ends(park.up(first)) == {(0, "commissioned"): 100 * UG}
    assert ends(park.up(second)) == {(0, "commissioned"): 75 * UG, (1, "commissioned"): 25 * UG}


def test_a_run_that_nothing_went_into_explains_nothing_and_a_mine_needs_no_input(park):
    run = {"transformationID": "urn:run"}
    park.make(SMELTER, [], [(A, 100)], "electrolysis", **run)
    park.make(MINE, [], [(B, 100)], "mining", **run)
    assert ends(park.up(A)) == {(0, "unknown"): 100 * UG}
    assert ends(park.up(B)) == {(1, "primary"): 100 * UG}


def test_scrap_that_enters_a_melt_is_where_a_trace_stops_with_its_class(park):
    inner = lot("CROPS")
    post = {"id": SCRAP, "kind": "outside", "supplier": "X", "document": "N", "g": 300}
    said = [{"id": SCRAP, "scrapClass": "post-consumer"}]
    park.receive(MILL, MINE, (SCRAP, 300), al_origin=[post], al_attributes=said)
    park.new(MILL, (PILE, 500), (inner, 200), al_attributes=[{"id": inner, "scrapClass": "internal"}])
    parts, roles = [(PILE, 500), (SCRAP, 300), (inner, 200)], [{"id": SCRAP, "role": "scrap", "side": "input"}]
    park.make(MILL, parts, [(SLAB, 1_000)], "remelting", al_role=roles)
    trace = park.up(SLAB)
    assert {one.scrap: one.ug for one in trace.ends if one.reason == "scrap"} == {
        "post-consumer": 300 * UG, "internal": 200 * UG,
    }  # fmt: skip
    shares = recycled(trace)
    assert shares == Shares(1_000 * UG, internal=200 * UG, pre_consumer=0, post_consumer=300 * UG, unknown=0)
    assert shares.recycled == 300 * UG


def test_a_piece_that_is_melted_as_scrap_is_scrap_of_its_class(park):
    bad = piece("BAD")
    said = [{"id": bad, "material": "scrap", "scrapClass": "internal"}]
    park.new(MILL, (PILE, 500), (bad, 300), al_attributes=said)
    park.make(MILL, [(PILE, 500), (bad, None)], [(SLAB, 800)], "remelting")
    shares = recycled(park.up(SLAB))
    assert (shares.whole, shares.internal, shares.recycled) == (800 * UG, 300 * UG, 0)


def test_a_heel_is_in_what_is_cast_of_it(park):
    heel = lot("HEEL")
    park.new(SMELTER, (METAL, 2_000))
    park.make(SMELTER, [(METAL, 1_000)], [(SLAB, 900), (heel, 100)])
    park.make(SMELTER, [(METAL, 900), (heel, 100)], [(piece("S-2"), 900), (heel, 100)])
    assert ends(park.up(piece("S-2"))) == {(0, "commissioned"): 900 * UG}
    assert {(one.entry, one.lot): one.ug for one in park.up(piece("S-2")).nodes[0].parents} == {
        (0, METAL): 810 * UG, (1, heel): 90 * UG,
    }  # fmt: skip


def test_a_late_lot_says_that_its_maker_was_not_heard_until_it_is(park):
    origin = {"id": PILE, "kind": "late", "supplier": "X", "document": "N", "g": 100}
    park.receive(SMELTER, MINE, (PILE, 100), al_origin=[origin])
    assert ends(park.up(PILE)) == {(0, "late"): 100 * UG}
    park.new(MINE, (PILE, 500))
    park.ship(MINE, SMELTER, (PILE, 60))
    assert ends(park.up(PILE, SMELTER)) == {(0, "late"): 40 * UG, (1, "commissioned"): 60 * UG}
    assert park.down(PILE).places[PILE, SMELTER, ""] == 100 * UG
    park.wrong(MINE, 2)
    assert ends(park.up(PILE, SMELTER)) == {(0, "late"): 100 * UG}
    assert park.lot(PILE).late_from(MINE, SMELTER) == 100


def test_a_piece_weighed_after_it_was_made_is_what_it_was_made_of(park):
    park.new(SMELTER, (METAL, 100))
    park.make(SMELTER, [(METAL, 100)], [(SLAB, None)])
    park.make(SMELTER, [(SLAB, 100)], [(COIL, 100)], "hot-rolling")
    assert ends(park.up(COIL)) == {(0, "commissioned"): 100 * UG}


def test_what_was_declared_wrong_is_followed_through_what_took_its_place(park):
    park.new(SMELTER, (METAL, 1_000))
    park.new(SMELTER, (A, 1_000))
    park.make(SMELTER, [(METAL, 1_000)], [(SLAB, 1_000)])
    park.wrong(SMELTER, 2, "urn:right")
    assert ends(park.up(SLAB)) == {(2, "in-doubt"): 1_000 * UG}
    park.make(SMELTER, [(A, 990)], [(SLAB, 990)], eventID="urn:right")
    trace = park.up(SLAB)
    assert ends(trace) == {(1, "commissioned"): 990 * UG}
    assert [(one.wrong, one.declared_by, one.replaced_by) for one in trace.corrections] == [(2, 3, 4)]


def test_what_moved_on_is_in_doubt_until_its_correction_comes(park):
    park.new(SMELTER, (METAL, 1_000))
    park.make(SMELTER, [(METAL, 1_000)], [(SLAB, 1_000)])
    park.make(SMELTER, [(SLAB, None)], [(COIL, 1_000)], "hot-rolling")
    park.wrong(SMELTER, 1, "urn:right")
    assert ends(park.up(COIL)) == {(1, "in-doubt"): 1_000 * UG}
    park.new(SMELTER, (A, 500))
    park.make(SMELTER, [(METAL, 500), (A, 500)], [(SLAB, 1_000)], eventID="urn:right")
    trace = park.up(COIL)
    assert ends(trace) == {(0, "commissioned"): 500 * UG, (4, "commissioned"): 500 * UG}
    assert park.down(A).places == {(COIL, SMELTER, ""): 500 * UG}


def test_what_is_received_again_after_a_wrong_receipt_comes_from_where_it_came_from(park):
    park.new(MINE, (PILE, 100))
    park.ship(MINE, SMELTER, (PILE, 100))
    park.receive(SMELTER, MINE, (PILE, 100))
    park.wrong(SMELTER, 2)
    park.receive(SMELTER, MINE, (PILE, 100))
    assert ends(park.up(PILE, SMELTER)) == {(0, "commissioned"): 100 * UG}


def test_an_addition_that_did_not_happen_is_in_nothing_and_one_corrected_counts_once(park):
    park.new(SMELTER, (METAL, 900))
    park.new(SMELTER, (METAL, 100))
    park.wrong(SMELTER, 1)
    assert ends(park.up(METAL)) == {(0, "commissioned"): 900 * UG}
    park.new(SMELTER, (METAL, 100))
    park.wrong(SMELTER, 3, "urn:right")
    assert ends(park.up(METAL)) == {(0, "commissioned"): 810 * UG, (3, "in-doubt"): 90 * UG}
    park.new(SMELTER, (METAL, 90), eventID="urn:right")
    found = ends(park.up(METAL))
    assert found == {(0, "commissioned"): 900 * UG, (5, "commissioned"): 90 * UG}


def test_a_correction_that_leads_in_a_circle_ends(park):
    park.new(SMELTER, (METAL, 1_000))
    park.make(SMELTER, [(METAL, 1_000)], [(SLAB, 1_000)])
    park.make(SMELTER, [(SLAB, None)], [(A, 1_000)], None, al_process=None)
    park.wrong(SMELTER, 1, "urn:right")
    park.make(SMELTER, [(A, 1_000)], [(SLAB, 1_000)], eventID="urn:right")
    park.new(SMELTER, (B, 1_000))
    trace = up([Start((A, SMELTER, ""), 2, 1_000 * UG, 6)], park.load, park.versions)
    assert {one.reason for one in trace.ends} == {"circular"}
    assert whole(trace) == 1_000 * UG


def test_a_wrong_input_of_a_run_is_followed_through_what_took_its_place(park):
    run = {"transformationID": "urn:run"}
    park.new(SMELTER, (PILE, 1_000))
    park.new(SMELTER, (A, 1_000))
    park.make(SMELTER, [(PILE, 300)], [], "electrolysis", **run)
    park.make(SMELTER, [(A, 300)], [], "electrolysis", **run)
    park.make(SMELTER, [], [(METAL, 100)], "electrolysis", **run)
    park.wrong(SMELTER, 2, "urn:right")
    assert ends(park.up(METAL)) == {(1, "commissioned"): 50 * UG, (2, "in-doubt"): 50 * UG}
    park.make(SMELTER, [(A, 100)], [], "electrolysis", eventID="urn:right", **run)
    assert ends(park.up(METAL)) == {(1, "commissioned"): 100 * UG}
    assert park.book.run(SMELTER, "urn:run").sums.took == 400
    park.make(SMELTER, [], [(B, 100)], "electrolysis", **run)
    assert ends(park.up(B)) == {(1, "commissioned"): 100 * UG}
    assert {node.entry for node in park.up(B).nodes} == {1, 2, 3, 7}


def test_a_trace_says_what_it_read_and_what_determines_its_masses(park):
    park.new(SMELTER, (METAL, 10_000))
    park.new(SMELTER, (piece("TINY"), 1))
    park.look(SMELTER, "stock_taking", (METAL, 10_000))
    park.make(SMELTER, [(METAL, 5_000)], [(A, 5_000)], None, al_process=None)
    park.make(SMELTER, [(METAL, 5_000), (piece("TINY"), None)], [(SLAB, 5_001)])
    park.new(SMELTER, (METAL, 7))
    trace = park.up(SLAB)
    assert (trace.inputs, trace.folded) == ((0, 4), 1)
    assert trace.closure == (0, 1, 2, 3, 4)
    assert trace.lots == (METAL, SLAB, piece("TINY"))


def test_a_long_pile_needs_few_loads(park):
    for _ in range(1_000):
        park.new(MINE, (PILE, 1_000_000))
    park.make(MINE, [(PILE, 900_000_000)], [(A, 900_000_000)], "refining")
    park.loads = 0
    trace = park.up(A)
    assert len(trace.ends) == 1_000
    assert park.loads < 20


def test_a_trace_down_reaches_every_later_user_and_says_who_is_to_be_told(park):
    park.new(SMELTER, (PILE, 1_000))
    park.new(SMELTER, (lot("OTHER"), 3_000))
    park.make(SMELTER, [(PILE, 1_000), (lot("OTHER"), 1_000)], [(SLAB, 1_500), (SCRAP, 400)], loss=100)
    park.make(SMELTER, [(lot("OTHER"), 1_000)], [(piece("S-2"), 1_000)])
    park.ship(SMELTER, MILL, (SLAB, None))
    park.receive(MILL, SMELTER, (SLAB, None))
    park.make(MILL, [(SLAB, None)], [(COIL, 1_490)], "hot-rolling", loss=10)
    park.ship(MILL, CUSTOMER, (COIL, None), paper="D-9")
    found = park.down(PILE)
    assert [(one.entry, one.ug) for one in found.nodes] == [
        (2, 1_000 * UG), (4, 750 * UG), (5, 750 * UG), (6, 750 * UG), (7, 745 * UG),
    ]  # fmt: skip
    assert found.places == {(SCRAP, SMELTER, ""): 200 * UG, (COIL, MILL, f"{MILL} D-9"): 745 * UG}
    assert sum(found.places.values()) + sum(found.left.values()) + found.folded_ug == found.ug
    deliveries = {one.delivery: park.book.delivery(one.delivery) for one in found.sent}
    rows = recall(found, deliveries)
    assert [(one.lot, one.customer, one.g, one.traced_ug) for one in rows] == [
        (SLAB, MILL, 1_500, 750 * UG), (COIL, CUSTOMER, 1_490, 745 * UG),
    ]  # fmt: skip


def test_a_trace_down_of_one_event_and_through_a_run(park):
    run = {"transformationID": "urn:run"}
    park.new(SMELTER, (PILE, 1_000))
    park.new(SMELTER, (A, 1_000))
    park.make(SMELTER, [(PILE, 300)], [], "electrolysis", **run)
    park.make(SMELTER, [(A, 100)], [], "electrolysis", **run)
    park.make(SMELTER, [], [(METAL, 200)], "electrolysis", **run)
    found = down(starts_from_entry(park.effects[0], park.load), park.load, park.versions)
    assert found.places == {(PILE, SMELTER, ""): 700 * UG, (METAL, SMELTER, ""): 150 * UG}


def test_a_trace_down_follows_what_is_at_least_a_thousandth_of_what_it_is_in(park):
    park.new(SMELTER, (PILE, 1))
    park.new(SMELTER, (PILE, 2_000))
    found = down(starts_from_entry(park.effects[0], park.load), park.load, park.versions)
    assert (found.folded, found.folded_ug, found.places) == (1, UG, {})


def test_a_piece_used_up_is_traced_from_its_making(park):
    park.new(SMELTER, (METAL, 100))
    park.make(SMELTER, [(METAL, 100)], [(SLAB, 100)])
    park.make(SMELTER, [(SLAB, None)], [(COIL, 100)], "hot-rolling")
    assert starts_of(park.lot(SLAB), at=3, load=park.load) == (Start((SLAB, SMELTER, ""), 1, 100 * UG, 3),)


def test_what_arrived_on_a_delivery_corrected_to_another_comes_from_the_same_lot(park):
    park.new(MINE, (PILE, 100))
    park.ship(MINE, SMELTER, (PILE, 100))
    park.receive(SMELTER, MINE, (PILE, 100))
    park.wrong(MINE, 1, "urn:right")
    park.ship(MINE, SMELTER, (PILE, 100), paper="D-2", eventID="urn:right")
    assert ends(park.up(PILE, SMELTER)) == {(0, "commissioned"): 100 * UG}


def test_a_trace_down_folds_what_is_little_of_what_is_made(park):
    park.new(SMELTER, (A, 1), (B, 2_000))
    park.make(SMELTER, [(A, 1), (B, 2_000)], [(SLAB, 2_001)])
    found = park.down(A)
    assert (found.folded, found.folded_ug, found.places) == (1, UG, {})


@pytest.mark.parametrize(("beside", "folded"), [(999, 0), (1_000, 1)])
def test_a_thousandth_is_followed_and_less_is_folded_both_ways(park, beside, folded):
    park.new(SMELTER, (A, 1), (B, beside))
    park.make(SMELTER, [(A, 1), (B, beside)], [(SLAB, 1 + beside)])
    came, went = park.up(SLAB), park.down(A)
    assert (came.folded, came.folded_ug, whole(came)) == (folded, folded * UG, came.ug)
    assert (went.folded, went.places) == (folded, {} if folded else {(SLAB, SMELTER, ""): UG})


def test_what_is_used_up_is_traced_from_its_making_by_its_own_mass(park):
    """A class lot by what the event credited to it, a piece by what it weighs, which nobody knew when it was made."""
    park.new(SMELTER, (METAL, 200))
    park.make(SMELTER, [(METAL, 100)], [(A, 60), (B, 40)], None, al_process=None)
    park.make(SMELTER, [(A, 60)], [(piece("S-A"), 60)])
    park.make(SMELTER, [(METAL, 100)], [(SLAB, None)])
    park.make(SMELTER, [(SLAB, 100)], [(COIL, 100)], "hot-rolling")
    for name, g in ((A, 60), (B, 40), (SLAB, 100), (COIL, 100)):
        assert (park.up(name).ug, ends(park.up(name))) == (g * UG, {(0, "commissioned"): g * UG})


def test_a_correction_of_a_correction_is_followed_both_ways_to_where_the_metal_went(park):
    """Each makes the slab again of another lot; it had moved on after the first."""
    crops = lot("CROPS")
    park.new(SMELTER, (METAL, 1_000), (A, 1_000), (B, 1_000))
    park.make(SMELTER, [(METAL, 1_000)], [(SLAB, 900), (crops, 100)])
    park.make(SMELTER, [(SLAB, None)], [(COIL, 900)], "hot-rolling")
    park.wrong(SMELTER, 1, "urn:one")
    park.make(SMELTER, [(A, 1_000)], [(SLAB, 900), (crops, 100)], eventID="urn:one")
    assert park.down(A).places == {(crops, SMELTER, ""): 100 * UG, (COIL, SMELTER, ""): 900 * UG}
    park.wrong(SMELTER, 4, "urn:two")
    park.make(SMELTER, [(B, 1_000)], [(SLAB, 900), (crops, 100)], eventID="urn:two")
    assert [(one.lot, one.reason, one.ug) for one in park.up(COIL).ends] == [(B, "commissioned", 900 * UG)]
    assert park.down(B).places == {(crops, SMELTER, ""): 100 * UG, (COIL, SMELTER, ""): 900 * UG}
    for name in (METAL, A):
        assert park.down(name).places == {(name, SMELTER, ""): 1_000 * UG}
    assert [(one.wrong, one.replaced_by) for one in park.down(A).corrections] == [(4, 6)]


def test_what_is_made_anew_with_another_mass_after_it_moved_on_is_what_it_is_made_of(park):
    park.new(SMELTER, (METAL, 1_000), (A, 1_000))
    park.make(SMELTER, [(METAL, 1_000)], [(SLAB, 1_000)])
    park.ship(SMELTER, MILL, (SLAB, None))
    park.receive(MILL, SMELTER, (SLAB, None))
    park.wrong(SMELTER, 1, "urn:right")
    done = park.make(SMELTER, [(A, 990)], [(SLAB, 990)], eventID="urn:right")
    assert "corrected_after_use" in {one.rule for one in done.findings}
    trace = park.up(SLAB, MILL)
    assert [(one.lot, one.reason) for one in trace.ends] == [(A, "commissioned")]
    assert whole(trace) == trace.ug


def test_a_correction_that_leads_in_a_circle_ends_going_down_too(park):
    park.new(SMELTER, (METAL, 1_000))
    park.make(SMELTER, [(METAL, 1_000)], [(SLAB, 1_000)])
    park.make(SMELTER, [(SLAB, None)], [(A, 1_000)], None, al_process=None)
    park.wrong(SMELTER, 1, "urn:right")
    park.make(SMELTER, [(A, 1_000)], [(SLAB, 1_000)], eventID="urn:right")
    found = park.down(A)
    assert found.left == {"circular": 1_000 * UG}
    assert [(one.entry, one.lots) for one in found.nodes] == [(2, (SLAB,)), (4, (A,))]


def test_what_went_down_is_told_in_the_order_of_entries_and_ids(park):
    """Metal goes to three lots, the last of them first on; one of them goes off in two shares on one delivery."""
    names = [lot("X-3"), lot("X-2"), lot("X-1")]
    park.new(SMELTER, (METAL, 1_000), (A, 1_000))
    park.look(SMELTER, "stock_taking", (A, 990))
    mixed = park.make(
        SMELTER, [(METAL, 600), (A, 600)], [(one, 390) for one in names], None, al_process=None, loss=30,
    )  # fmt: skip
    park.look(SMELTER, "stock_taking", (names[2], 290))
    first = park.ship(SMELTER, MILL, (names[2], 100), paper="D-2")
    second = park.ship(SMELTER, MILL, (names[0], 100), (names[1], 100), paper="D-1")
    found = down([*starts_from_entry(park.effects[0], park.load)], park.load, park.versions)
    assert [(one.entry, one.lots) for one in found.nodes[:1]] == [(mixed.index, (A, METAL))]
    assert [one.entry for one in found.nodes] == [mixed.index, first.index, second.index]
    assert list(found.places) == sorted(found.places)
    assert list(found.left) == sorted(found.left) == ["oxidation", "unaccounted"]
    assert [(one.entry, one.lot, one.ug, one.g) for one in found.sent] == [
        (first.index, names[2], 100 * UG, 100),
        (second.index, names[1], 100 * UG, 100),
        (second.index, names[0], 100 * UG, 100),
    ]
    assert sum(found.places.values()) + sum(found.left.values()) + found.folded_ug == found.ug


def test_corrections_are_told_in_the_order_of_what_was_wrong(park):
    park.new(SMELTER, (METAL, 1_000))
    for name in (A, B):
        park.make(SMELTER, [(METAL, 100)], [(name, 100)], None, al_process=None)
    park.wrong(SMELTER, 2, "urn:second")
    park.wrong(SMELTER, 1, "urn:first")
    park.make(SMELTER, [(METAL, 90)], [(B, 90)], None, al_process=None, eventID="urn:second")
    park.make(SMELTER, [(METAL, 90)], [(A, 90)], None, al_process=None, eventID="urn:first")
    park.make(SMELTER, [(B, 90), (A, 90)], [(SLAB, 180)])
    rows = [(1, 4, 6), (2, 3, 5)]
    for found in (park.up(SLAB), park.down(METAL)):
        assert [(one.wrong, one.declared_by, one.replaced_by) for one in found.corrections] == rows


def test_what_goes_off_at_once_and_by_a_correction_is_called_back_by_all_of_it(park):
    """Half of the lot is of A from the start, half since its addition was corrected: one row, with both."""
    park.new(SMELTER, (METAL, 1_000), (A, 1_000))
    park.make(SMELTER, [(METAL, 100)], [(B, 100)], None, al_process=None)
    park.make(SMELTER, [(A, 100)], [(B, 100)], None, al_process=None)
    park.wrong(SMELTER, 1, "urn:right")
    park.make(SMELTER, [(A, 100)], [(B, 100)], None, al_process=None, eventID="urn:right")
    sent = park.ship(SMELTER, MILL, (B, 50))
    found = park.down(A)
    assert [(one.entry, one.lot, one.ug, one.g) for one in found.sent] == [(sent.index, B, 50 * UG, 50)]
    assert [(one.entry, one.ug) for one in found.nodes][-1] == (sent.index, 50 * UG)
    assert sum(found.places.values()) == found.ug == 1_000 * UG


def test_what_is_little_of_all_that_an_event_took_is_in_nothing_that_came_of_it(park):
    """Neither in what it made nor in what it lost: the trace up from there folds it too."""
    park.new(SMELTER, (A, 1), (B, 600), (METAL, 600))
    park.make(SMELTER, [(A, 1), (B, 600), (METAL, 600)], [(SLAB, 1_101)], loss=100)
    found = park.down(A)
    assert (found.folded, found.folded_ug, found.places, found.left) == (1, UG, {}, {})
    assert park.up(SLAB).folded == 1
