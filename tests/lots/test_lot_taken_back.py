"""Rule 5.6 from its other side: what a declaration takes back, to the gram, and nothing more."""

import pytest
from folded import MILL, MINE, OTHER_SITE, SITE, SMELTER, Park, lot, piece, places, refused, rules
from msgspec.structs import replace

from ledger.kernel.errors import RuleBroken
from ledger.lots.book import effects_key
from ledger.lots.genealogy import UG
from ledger.lots.records import Late
from ledger.lots.sums import Sums

METAL, SLAB, BAND, ORE = lot("PL-1"), piece("S-1"), piece("H-1"), lot("BX-1")
CALLED_LATE = {"kind": "late", "supplier": "X", "document": "N", "g": 1}


@pytest.fixture
def park():
    return Park()


def receive_late(park, g):
    """The mill has it before its sender is heard."""
    return park.receive(MILL, SMELTER, (METAL, g), al_origin=[{"id": METAL, **CALLED_LATE}]).index


# Mass


def test_a_class_lot_made_again_keeps_what_of_it_is_under_way_and_what_is_left(park):
    wrong = park.new(SMELTER, (METAL, 100)).index
    park.ship(SMELTER, MILL, (METAL, 40))
    park.wrong(SMELTER, wrong, "urn:right")
    done = park.new(SMELTER, (METAL, 90), eventID="urn:right")
    assert (places(park, METAL), rules(done)) == ([(SMELTER, "", 50), (SMELTER, "D-1", 40)], {"no_source"})


@pytest.mark.parametrize(("left", "found"), [(0, []), (-1, [{"short": 1}])])
def test_a_single_gram_below_nothing_is_a_shortage(park, left, found):
    wrong = park.new(SMELTER, (METAL, 100)).index
    park.new(SMELTER, (METAL, 50))
    park.ship(SMELTER, MILL, (METAL, 50 - left))
    done = park.wrong(SMELTER, wrong)
    assert [one.facts for one in done.findings] == found
    assert (park.have(SMELTER, METAL), park.blocked(METAL)) == (left, bool(found))


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_piece_that_moved_on_is_corrected_to_the_gram(park, more):
    park.new(SMELTER, (METAL, 10_000))
    wrong = park.make(SMELTER, [(METAL, 9_000)], [(SLAB, 9_000)]).index
    park.ship(SMELTER, MILL, (SLAB, None))
    park.wrong(SMELTER, wrong, "urn:right")
    done = park.make(SMELTER, [(METAL, 9_000 + more)], [(SLAB, 9_000 + more)], eventID="urn:right")
    posted = [one.g for one in (*done.debits, *done.credits) if one.kind == "correction"]
    assert (posted, places(park, SLAB)) == ([1] if more else [], [(SMELTER, "D-1", 9_000)])
    facts = [one.facts for one in done.findings if one.rule == "corrected_after_use"]
    assert facts == ([{"was": 9_000, "corrected": 9_000 + more}] if more else [])


# Sites, names, words of an event


def test_a_declaration_opens_no_site_that_another_event_had_opened(park):
    opening = {"al_opening": True, "readPoint": {"id": SITE}}
    park.new(MINE, (ORE, 10), **opening)
    for place in (SITE, OTHER_SITE):
        other = park.new(MINE, (lot(f"B-{place[-2:]}"), 10), readPoint={"id": place}).index
        park.wrong(MINE, other, readPoint={"id": place})
    with refused("opening_again"):
        park.new(MINE, (lot("BX-2"), 10), **opening)


def test_a_site_that_a_correction_opened_meanwhile_stays_so_when_what_came_between_is_wrong(park):
    opening = {"al_opening": True, "readPoint": {"id": SITE}}
    wrong = park.new(MINE, (ORE, 10), **opening).index
    park.wrong(MINE, wrong, "urn:right", readPoint={"id": SITE})
    between = park.new(MINE, (lot("BX-2"), 10), **opening).index
    right = park.new(MINE, (ORE, 12), eventID="urn:right", **opening).index
    park.wrong(MINE, between, readPoint={"id": SITE})
    with pytest.raises(RuleBroken, match=f"was booked by entry {right}"):
        park.new(MINE, (lot("BX-3"), 10), **opening)


def test_a_lot_that_was_closed_once_and_wrongly_is_open(park):
    park.new(MINE, (ORE, 10))
    closed = park.say(MINE, "Object", action="DELETE", quantityList=[{"epcClass": ORE}]).index
    with refused("lot_closed"):
        park.new(MINE, (ORE, 5))
    park.wrong(MINE, closed)
    park.new(MINE, (ORE, 5))
    assert park.have(MINE, ORE) == 15


def test_what_was_sold_on_stays_with_who_has_it_when_the_first_sale_is_wrong(park):
    def sale(seller, buyer):
        owners = ("sourceList", "source", seller), ("destinationList", "destination", buyer)
        return {name: [{"type": "owning_party", member: who}] for name, member, who in owners}

    park.new(MINE, (ORE, 100))
    first = park.look(MINE, "accepting", (ORE, 100), **sale(MINE, SMELTER)).index
    second = park.look(SMELTER, "accepting", (ORE, 100), **sale(SMELTER, MILL)).index
    park.wrong(MINE, first)
    assert [one.owner for one in park.lot(ORE).holdings] == [MILL]
    park.wrong(SMELTER, second)
    assert [one.owner for one in park.lot(ORE).holdings] == [SMELTER]


def test_an_event_of_a_time_that_knew_no_lots_is_declared_wrong_and_nothing_is_taken_back(park):
    done = park.wrong(MINE, 7)
    assert (done.undoes, done.what, done.debits, done.credits) == (-1, "error declaration", (), ())


def test_a_corrective_event_takes_the_place_of_the_first_that_announced_it(park):
    park.new(SMELTER, (METAL, 100), (lot("PL-2"), 100))
    first = park.make(SMELTER, [(METAL, 100)], [(SLAB, 100)]).index
    second = park.make(SMELTER, [(lot("PL-2"), 100)], [(BAND, 100)]).index
    park.wrong(SMELTER, first, "urn:right")
    park.wrong(SMELTER, second, "urn:right")
    done = park.make(SMELTER, [(METAL, 100)], [(SLAB, 100)], eventID="urn:right")
    assert (done.replaces, park.book.effects(second).replaced_by) == (first, -1)


def test_what_is_corrected_twice_adds_to_the_mix_of_the_first(park):
    wrong = park.new(SMELTER, (METAL, 100)).index
    park.wrong(SMELTER, wrong, "urn:right")
    again = park.new(SMELTER, (METAL, 90), eventID="urn:right").index
    park.wrong(SMELTER, again, "urn:better")
    park.new(SMELTER, (METAL, 80), eventID="urn:better")
    (here,) = park.lot(METAL).holdings
    assert (here.g, here.mix) == (80, wrong)


# Runs


def test_a_tap_that_is_corrected_to_take_metal_too_makes_a_new_mix_of_its_run(park):
    run = {"transformationID": "urn:run", "al_run": "open", "process": "electrolysis"}
    park.new(SMELTER, (lot("AL"), 100), (lot("AN"), 300))
    park.make(SMELTER, [(lot("AL"), 100)], [], **run)
    wrong = park.make(SMELTER, [], [(METAL, 40)], **run).index
    park.wrong(SMELTER, wrong, "urn:right")
    right = park.make(SMELTER, [(lot("AN"), 300)], [(METAL, 40)], eventID="urn:right", **run).index
    assert park.book.run(SMELTER, "urn:run").mix == right
    assert {one.lot: one.ug for one in park.up(METAL).ends} == {lot("AL"): 10 * UG, lot("AN"): 30 * UG}


def test_a_run_that_was_closed_since_takes_a_correction_and_that_is_found(park):
    run = {"transformationID": "urn:run", "process": "electrolysis"}
    park.new(SMELTER, (lot("AL"), 100))
    wrong = park.make(SMELTER, [(lot("AL"), 60)], [], al_run="open", **run).index
    closed = park.make(SMELTER, [], [(METAL, 10)], al_run="closed", **run).index
    park.wrong(SMELTER, wrong, "urn:right")
    done = park.make(SMELTER, [(lot("AL"), 50)], [], al_run="open", eventID="urn:right", **run)
    assert [(one.rule, one.lot, one.says) for one in done.findings] == [
        ("run_closed", "", f"run urn:run was closed by entry {closed}")
    ]
    assert (park.book.run(SMELTER, "urn:run").sums.inputs, park.have(SMELTER, lot("AL"))) == ({"": 50}, 50)


def test_a_run_with_bauxite_that_nobody_analysed_is_judged_once_that_is_taken_back(park):
    run = {"transformationID": "urn:run", "al_run": "open", "process": "refining"}
    park.new(MINE, (ORE, 100), (lot("MUD"), 0), al_attributes=[{"id": ORE, "material": "bauxite"}])
    wrong = park.make(MINE, [(ORE, 50)], [], **run).index
    park.make(MINE, [], [(lot("A"), 10)], al_attributes=[{"id": lot("A"), "material": "bauxite"}], **run)
    assert park.book.run(MINE, "urn:run").sums.unanalysed == 2
    park.wrong(MINE, wrong)
    park.wrong(MINE, wrong + 1)
    assert park.book.run(MINE, "urn:run").sums == Sums()
    said = [{"id": lot("B"), "material": "alumina"}]
    done = park.make(MINE, [], [(lot("B"), 10)], al_attributes=said, **run | {"al_run": "closed"})
    assert rules(done) == {"oxide_balance"}


# What is received before its sender is heard


def test_what_is_waited_for_again_is_settled_in_the_order_in_which_it_came(park):
    _, second = receive_late(park, 70), receive_late(park, 50)
    park.new(SMELTER, (METAL, 200))
    sent = park.ship(SMELTER, MILL, (METAL, 60)).index
    park.wrong(SMELTER, sent)
    assert (park.lot(METAL).late_from(SMELTER, MILL), park.have(MILL, METAL)) == (120, 120)
    park.ship(SMELTER, MILL, (METAL, 90), paper="D-2")
    assert park.lot(METAL).late == (Late(MILL, second, 30, SMELTER),)


def test_of_an_early_receipt_that_two_shipments_settled_each_stands_for_its_part(park):
    early = receive_late(park, 70)
    park.new(SMELTER, (METAL, 200))
    one = park.ship(SMELTER, MILL, (METAL, 30)).index
    park.ship(SMELTER, MILL, (METAL, 60), paper="D-2")
    park.wrong(MILL, early)
    assert sorted(places(park, METAL)) == [
        (SMELTER, "", 110),
        (SMELTER, "D-1", 30),
        (SMELTER, "D-2", 60),
        (MILL, "", 0),
    ]
    park.wrong(SMELTER, one)
    assert sorted(places(park, METAL)) == [(SMELTER, "", 140), (SMELTER, "D-2", 60), (MILL, "", 0)]


def test_a_shipment_that_two_early_receipts_stood_for_is_taken_back_whole_when_both_were_wrong(park):
    early = receive_late(park, 70), receive_late(park, 50)
    park.new(SMELTER, (METAL, 200))
    sent = park.ship(SMELTER, MILL, (METAL, 200)).index
    for one in early:
        park.wrong(MILL, one)
    assert places(park, METAL) == [(SMELTER, "", 0), (SMELTER, "D-1", 200), (MILL, "", 0)]
    park.wrong(SMELTER, sent)
    assert places(park, METAL) == [(SMELTER, "", 200), (MILL, "", 0)]


def test_a_receipt_of_several_lots_takes_back_the_early_one_and_the_other(park):
    park.new(SMELTER, (ORE, 10), (METAL, 100))
    park.ship(SMELTER, MILL, (ORE, 10))
    origin = [{"id": lot("PL-9"), **CALLED_LATE, "g": 70}]
    early = park.receive(MILL, SMELTER, (ORE, 10), (lot("PL-9"), 70), al_origin=origin).index
    park.wrong(MILL, early)
    assert (park.have(MILL, ORE), park.lot(ORE).in_transit(SMELTER)) == (0, 10)
    assert (park.have(MILL, lot("PL-9")), park.lot(lot("PL-9")).late) == (0, ())


def test_what_was_never_received_is_under_way_again_and_still_the_buyers(park):
    park.new(SMELTER, (SLAB, 900))
    park.ship(SMELTER, MILL, (SLAB, None))
    received = park.receive(MILL, SMELTER, (SLAB, None)).index
    park.wrong(MILL, received)
    assert [(one.holder, one.owner, one.g) for one in park.lot(SLAB).holdings] == [(SMELTER, MILL, 900)]


# What the book has in part: such a declaration is taken as any other, as nothing but a refusal may stop it.


def test_of_a_piece_in_doubt_of_whose_making_no_mass_is_known_every_move_is_taken_back(park):
    park.new(SMELTER, (SLAB, 100))
    park.ship(SMELTER, MILL, (SLAB, None))
    park.wrong(SMELTER, 0)
    park.book.put(effects_key(0), replace(park.book.effects(0), credits=()))
    assert (park.wrong(SMELTER, 1).undoes, places(park, SLAB)) == (1, [(SMELTER, "", 0)])


def test_an_early_receipt_is_taken_back_also_where_nothing_is_known_of_how_it_was_sent(park):
    early = receive_late(park, 40)
    park.new(SMELTER, (METAL, 100))
    sent = park.ship(SMELTER, MILL, (METAL, 40)).index
    park.book.put(effects_key(sent), replace(park.book.effects(sent), moved=()))
    assert (park.wrong(MILL, early).undoes, places(park, METAL)) == (early, [(SMELTER, "", 60), (MILL, "", 0)])


def test_where_its_making_set_off_nothing_a_first_weight_that_is_taken_back_leaves_nothing(park):
    park.new(SMELTER, (SLAB, None))
    weighed = park.look(SMELTER, "inspecting", (SLAB, 500)).index
    park.wrong(SMELTER, 0, "urn:made")
    made = park.new(SMELTER, (SLAB, 480), eventID="urn:made").index
    park.book.put(effects_key(made), replace(park.book.effects(made), debits=(), left={}))
    assert park.wrong(SMELTER, weighed).credits == ()
    assert park.book.effects(made).left == {}
