"""Rule 5.2, trace up: in which order it goes, what of a correction it shares, where it ends, and what it rests on."""

import pytest
from folded import CUSTOMER, MILL, MINE, SMELTER, Park, lot, piece
from msgspec.structs import replace

from ledger.lots.ancestry import before_moves, up
from ledger.lots.genealogy import UG, Start
from ledger.lots.records import NOBODY
from ledger.lots.ways import Ways

PILE, SLAB, METAL, A, B = lot("PILE"), piece("S-1"), lot("METAL"), lot("A"), lot("B")
RUN = {"transformationID": "urn:run"}


@pytest.fixture
def park():
    return Park()


def ends(trace):
    return {(one.entry, one.lot, one.reason): one.ug for one in trace.ends}


def test_what_came_two_ways_is_gone_through_once_with_all_of_it(park):
    """Each way has 0.06 % of the pile, which would be folded; both have 0.12 %."""
    park.new(SMELTER, (PILE, 12), (METAL, 9_976), (B, 12))
    for name in (lot("W-1"), lot("W-2")):
        park.make(SMELTER, [(PILE, 6), (B, 6)], [(name, 12)], "refining")
    park.make(SMELTER, [(METAL, 9_976), (lot("W-1"), 12), (lot("W-2"), 12)], [(SLAB, 10_000)])
    trace = park.up(SLAB)
    assert ends(trace) == {
        (0, PILE, "commissioned"): 12 * UG, (0, B, "commissioned"): 12 * UG, (0, METAL, "commissioned"): 9_976 * UG,
    }  # fmt: skip
    assert (trace.folded, [one.entry for one in trace.nodes]) == (0, [3, 2, 1, 0])


def test_of_a_wrong_addition_that_is_awaited_only_what_it_added_there_is_in_doubt(park):
    park.new(MINE, (PILE, 600))
    wrong = park.new(MINE, (PILE, 400), (B, 5_000)).index
    park.wrong(MINE, wrong, "urn:right")
    assert ends(park.up(PILE)) == {(0, PILE, "commissioned"): 360 * UG, (wrong, PILE, "in-doubt"): 240 * UG}


def test_a_piece_that_went_to_another_by_a_wrong_shipment_is_followed_through_the_right_one(park):
    """The right one had arrived early, so that nothing went under way with it."""
    origin = {"id": SLAB, "kind": "late", "supplier": "X", "document": "N", "g": 900}
    park.receive(MILL, SMELTER, (SLAB, 900), al_origin=[origin])
    made = park.new(SMELTER, (SLAB, 900)).index
    wrong = park.ship(SMELTER, CUSTOMER, (SLAB, None)).index
    park.receive(CUSTOMER, SMELTER, (SLAB, None))
    declared = park.wrong(SMELTER, wrong, "urn:right").index
    right = park.ship(SMELTER, MILL, (SLAB, None), paper="D-2", eventID="urn:right").index
    trace = park.up(SLAB, CUSTOMER)
    assert ends(trace) == {(made, SLAB, "commissioned"): 900 * UG}
    assert {wrong, declared, right} <= set(trace.inputs)


def test_what_comes_out_of_a_run_rests_on_all_that_came_out_of_it_before(park):
    park.new(SMELTER, (PILE, 600))
    went_in = park.make(SMELTER, [(PILE, 300)], [], "electrolysis", **RUN).index
    before = park.make(SMELTER, [], [(A, 100)], "electrolysis", **RUN).index
    made = park.make(SMELTER, [(PILE, 100)], [(B, 100)], "electrolysis", **RUN, al_run="open").index
    after = park.make(SMELTER, [], [(A, 10)], "electrolysis", **RUN).index
    closure = set(park.up(B).closure)
    assert {went_in, before, made} <= closure
    assert after not in closure


def test_a_mix_of_an_entry_that_did_nothing_to_lots_explains_nothing(park):
    trace = up([Start((PILE, MINE, ""), 77, UG, 78)], park.load, park.versions)
    assert ends(trace) == {(77, PILE, "unknown"): UG}


def test_a_circle_is_gone_through_eight_times_and_ends_with_the_lot_in_it(park):
    park.new(SMELTER, (METAL, 1_000), (B, 1_000))
    wrong = park.make(SMELTER, [(METAL, 1_000)], [(SLAB, 1_000)]).index
    used = park.make(SMELTER, [(SLAB, None)], [(A, 1_000)], None, al_process=None).index
    park.wrong(SMELTER, wrong, "urn:right")
    park.make(SMELTER, [(A, 500), (B, 500)], [(SLAB, 1_000)], eventID="urn:right")
    trace = up([Start((A, SMELTER, ""), used, 1_024 * UG, 6)], park.load, park.versions)
    last = 1_024 * UG // 2**8
    assert ends(trace) == {(0, B, "commissioned"): 1_024 * UG - last, (used, A, "circular"): last}


def test_a_thing_that_was_moved_is_of_what_it_was_before(park):
    """Sent and received; and what was made of all of it is no such thing, nor what arrived before its sender spoke."""
    made = park.new(SMELTER, (SLAB, 900)).index
    sent = park.ship(SMELTER, MILL, (SLAB, None)).index
    received = park.receive(MILL, SMELTER, (SLAB, None)).index

    def before(name, mix, holder=MILL):
        start, moves, reads = before_moves(
            Start((name, holder, ""), mix, 900 * UG, mix), park.load, park.versions, Ways()
        )
        return start.place[1], start.mix, moves, reads

    assert before(SLAB, received) == (SMELTER, made, park.up(SLAB, MILL).nodes[:2], {sent, received})
    turned = park.make(MILL, [(SLAB, None)], [(piece("S-2"), 900)], None, al_process=None).index
    assert before(piece("S-2"), turned)[:3] == (MILL, turned, ())
    origin = {"id": piece("S-3"), "kind": "late", "supplier": "X", "document": "N", "g": 900}
    early = park.receive(CUSTOMER, MILL, (piece("S-3"), 900), al_origin=[origin]).index
    assert before(piece("S-3"), early, CUSTOMER)[:3] == (CUSTOMER, early, ())


@pytest.mark.parametrize("said", [{"had": 600}, {"mix": NOBODY}], ids=["came in part", "nobody knows of what mix"])
def test_a_thing_that_came_in_part_or_from_nowhere_known_is_where_it_is(park, said):
    """Else it would be taken for what only some of it was before."""
    park.new(SMELTER, (SLAB, 900))
    sent = park.ship(SMELTER, MILL, (SLAB, None))
    changed = replace(sent, debits=(replace(sent.debits[0], **said),))

    def load(entries):
        return {entry: changed if entry == sent.index else one for entry, one in park.load(entries).items()}

    start = Start(sent.credits[0].place, sent.index, 900 * UG, sent.index)
    assert before_moves(start, load, park.versions, Ways()) == (start, (), set())


def test_what_went_in_unweighed_is_neither_an_end_nor_folded(park):
    """It has no µg of what is traced, so that no line is told of it; but the trace rests on it."""
    park.new(SMELTER, (PILE, 1_000))
    unweighed = park.new(SMELTER, (piece("S-2"), None)).index
    park.make(SMELTER, [(PILE, 1_000), (piece("S-2"), None)], [(SLAB, 1_000)])
    trace = park.up(SLAB)
    assert (ends(trace), trace.folded) == ({(0, PILE, "commissioned"): 1_000 * UG}, 0)
    assert unweighed in trace.closure
