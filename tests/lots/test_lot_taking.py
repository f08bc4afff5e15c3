"""Rules 5.3, 5.4 and 5.6 where something is taken: who has it, how much of it, and what a correction may take."""

import re

import pytest
from folded import CUSTOMER, MILL, OPERATOR, SMELTER, Park, handed, lot, pallet, piece, rules

from ledger.kernel.errors import RuleBroken
from ledger.lots.genealogy import UG, recycled

METAL, SLAB, COIL, OTHER = lot("METAL"), piece("S-1"), piece("C-1"), piece("S-2")


@pytest.fixture
def park():
    return Park()


def has(park, name):
    return {(one.holder, one.delivery): one.g for one in park.lot(name).holdings if one.g}


def short(done, name=SLAB):
    return [one.facts for one in done.findings if one.rule == "shortage" and one.lot == name]


def to_mill(park, name):
    park.ship(SMELTER, MILL, (name, 100), paper="D-7")
    park.receive(MILL, SMELTER, (name, 100), paper="D-7")


def test_a_refusal_says_who_has_it(park):
    park.new(SMELTER, (METAL, 1_000))
    to_mill(park, METAL)
    park.ship(SMELTER, MILL, (METAL, 200))
    says = f"is not with {CUSTOMER}: {SMELTER} has 700 g and {SMELTER} has 200 g under way and {MILL} has 100 g"
    with pytest.raises(RuleBroken, match=re.escape(says)):
        park.make(CUSTOMER, [(METAL, 1)], [], None, al_process=None)
    park.new(SMELTER, (SLAB, 100))
    park.ship(SMELTER, MILL, (SLAB, 100))
    park.receive(MILL, SMELTER, (SLAB, 100))
    with pytest.raises(RuleBroken, match=re.escape(f"{SLAB} is not with {SMELTER}: {MILL} has 100 g")):
        park.make(SMELTER, [(SLAB, 100)], [(COIL, 100)])


def test_a_correction_takes_of_a_class_lot_that_left_meanwhile_and_of_what_a_count_found(park):
    park.new(SMELTER, (METAL, 100))
    park.make(SMELTER, [(METAL, 100)], [(SLAB, 100)])
    park.wrong(SMELTER, 1, "urn:right")
    to_mill(park, METAL)
    done = park.make(SMELTER, [(METAL, 90)], [(SLAB, 90)], eventID="urn:right")
    assert short(done, METAL) == [{"have": 0, "want": 90}]
    assert has(park, METAL) == {(SMELTER, ""): -90, (MILL, ""): 100}
    park.new(SMELTER, (lot("B"), 100))
    wrong = park.make(SMELTER, [(lot("B"), 50)], [(OTHER, 50)])
    park.look(SMELTER, "stock_taking", (lot("B"), 90))
    park.wrong(SMELTER, wrong.index, "urn:again")
    assert park.surplus(lot("B")) == 40
    park.make(SMELTER, [(lot("B"), 120)], [(OTHER, 120)], eventID="urn:again")
    assert has(park, lot("B")) == {(SMELTER, ""): 20}


def test_a_correction_uses_a_piece_that_left_meanwhile_which_stays_where_it_is_and_is_short(park):
    """Rule 5.6: balance never refuses it. It was refused, as making 100 g of 0 g."""
    park.new(SMELTER, (SLAB, 100))
    park.make(SMELTER, [(SLAB, 100)], [(COIL, 100)])
    park.wrong(SMELTER, 1, "urn:right")
    to_mill(park, SLAB)
    done = park.make(SMELTER, [(SLAB, 100)], [(COIL, 100)], eventID="urn:right")
    assert short(done) == [{"have": 0, "want": 100}]
    assert has(park, SLAB) == {(SMELTER, ""): -100, (MILL, ""): 100}
    assert (park.lot(SLAB).consumed_by, park.blocked(SLAB)) == (-1, True)
    assert [(one.reason, one.ug) for one in park.up(COIL).ends] == [("unknown", 100 * UG)]
    assert park.confirm(SLAB, OPERATOR)
    park.make(MILL, [(SLAB, 100)], [(piece("C-2"), 100)], "hot-rolling")


def test_a_correction_sends_a_piece_that_left_meanwhile_and_finds_it_gone(park):
    """It was taken without a word, with no gram on its delivery."""
    park.new(SMELTER, (SLAB, 100))
    park.ship(SMELTER, CUSTOMER, (SLAB, 100), paper="A")
    park.wrong(SMELTER, 1, "urn:right")
    to_mill(park, SLAB)
    done = park.ship(SMELTER, CUSTOMER, (SLAB, 100), paper="A", eventID="urn:right")
    assert short(done) == [{"have": 0, "want": 100}]
    assert has(park, SLAB) == {(SMELTER, ""): -100, (SMELTER, f"{SMELTER} A"): 100, (MILL, ""): 100}


def test_a_piece_in_doubt_that_a_correction_uses_is_short_until_it_is_made_again(park):
    park.new(SMELTER, (METAL, 100))
    park.make(SMELTER, [(METAL, 100)], [(SLAB, 100)])
    park.make(SMELTER, [(SLAB, 100)], [(COIL, 100)])
    park.wrong(SMELTER, 2, "urn:second")
    park.wrong(SMELTER, 1, "urn:first")
    done = park.make(SMELTER, [(SLAB, 100)], [(COIL, 100)], eventID="urn:second")
    assert short(done) == [{"have": 0, "want": 100}]
    assert (has(park, SLAB), park.have(SMELTER, COIL)) == ({(SMELTER, ""): -100}, 100)
    done = park.make(SMELTER, [(METAL, 100)], [(SLAB, 100)], eventID="urn:first")
    assert (rules(done), has(park, SLAB), park.blocked(SLAB)) == (set(), {}, False)


def test_scrap_that_another_event_melted_meanwhile_is_scrap_in_the_correction_too(park):
    said = [{"id": SLAB, "material": "scrap", "scrapClass": "post-consumer"}]
    park.new(MILL, (METAL, 200), (SLAB, 100), al_attributes=said)
    heat = ("remelting",)
    park.make(MILL, [(METAL, 100), (SLAB, 100)], [(COIL, 200)], *heat)
    park.wrong(MILL, 1, "urn:right")
    park.make(MILL, [(SLAB, 100)], [(OTHER, 100)], *heat)
    roles = [{"id": SLAB, "role": "scrap", "side": "input"}]
    done = park.make(MILL, [(METAL, 100), (SLAB, 90)], [(COIL, 200)], *heat, eventID="urn:right", al_role=roles)
    assert {"consumed", "shortage"} <= rules(done)
    (draw,) = (one for one in done.debits if one.lot == SLAB)
    assert (draw.g, draw.role, draw.scrap) == (100, "scrap", "post-consumer")  # its own mass, not what the event says
    assert recycled(park.up(OTHER)).post_consumer == 100 * UG


def refused(name, who):
    return pytest.raises(RuleBroken, match=re.escape(f"lot {name} is not with {who}: "), check=of_no_holder)


def of_no_holder(refusal):
    return refusal.code == "not_holder"


def mistaken(park):
    """The mill has of its own what it used by mistake; what is to take the place of that is announced."""
    park.new(MILL, (OTHER, 100))
    wrong = park.make(MILL, [(OTHER, 100)], [(COIL, 100)])
    park.wrong(MILL, wrong.index, "urn:right")


@pytest.mark.parametrize("name", [SLAB, METAL])
@pytest.mark.parametrize("holder", [SMELTER, CUSTOMER])
def test_a_correction_uses_sends_and_destroys_nothing_that_its_issuer_never_had(park, name, holder):
    """It was taken: short of it, and blocked, was who had it."""
    park.new(SMELTER, (name, 100))
    if holder == CUSTOMER:
        park.ship(SMELTER, CUSTOMER, (name, 100))
        park.receive(CUSTOMER, SMELTER, (name, 100))
    mistaken(park)
    listed = (
        {"epcList": [name]} if name == SLAB else {"quantityList": [{"epcClass": name, "quantity": 100, "uom": "GRM"}]}
    )
    for act in (
        lambda: park.make(MILL, [(name, 100)], [(COIL, 100)], eventID="urn:right"),
        lambda: park.ship(MILL, OPERATOR, (name, 100), paper="D-9", eventID="urn:right"),
        lambda: park.say(MILL, "Object", action="DELETE", eventID="urn:right", **listed),
    ):
        with refused(name, MILL):
            act()
    assert (park.have(holder, name), park.blocked(name)) == (100, False)


def test_a_correction_sends_nobody_elses_unit_and_uses_nothing_that_somebody_else_used_up(park):
    park.new(SMELTER, (METAL, 100), (SLAB, 100))
    park.say(SMELTER, "Aggregation", action="ADD", parentID=pallet(1), childEPCs=[])
    park.make(SMELTER, [(SLAB, 100)], [(piece("C-9"), 100)])
    mistaken(park)
    with refused(pallet(1), MILL):
        park.ship(MILL, CUSTOMER, (pallet(1), None), eventID="urn:right")
    with refused(SLAB, MILL):
        park.make(MILL, [(SLAB, 100)], [(COIL, 100)], eventID="urn:right")


def test_a_correction_takes_a_piece_that_another_event_sent_on_once_that_is_declared_wrong_too(park):
    park.new(SMELTER, (SLAB, 100))
    to_mill(park, SLAB)
    sent = park.ship(MILL, CUSTOMER, (SLAB, None))
    mistaken(park)
    with refused(SLAB, MILL):
        park.make(MILL, [(SLAB, 100)], [(COIL, 100)], eventID="urn:right")
    park.wrong(MILL, sent.index)
    done = park.make(MILL, [(SLAB, 100)], [(COIL, 100)], eventID="urn:right")
    assert (rules(done), has(park, SLAB)) == (set(), {})


def test_how_much_a_correction_takes_of_a_class_lot_that_its_issuer_sent_on_is_its_balance(park):
    """Rule 5.6: balance never refuses it. No event need be wrong: there was more than was weighed."""
    park.new(SMELTER, (METAL, 100))
    to_mill(park, METAL)
    park.ship(MILL, CUSTOMER, (METAL, 100))
    mistaken(park)
    done = park.make(MILL, [(METAL, 5), (OTHER, 95)], [(COIL, 100)], eventID="urn:right")
    assert short(done, METAL) == [{"have": 0, "want": 5}]


def test_a_correction_takes_what_the_event_that_its_own_had_corrected_took(park):
    """Of a piece that somebody else made, and that was sent on when the first correction left it free."""
    park.new(SMELTER, (SLAB, 100))
    to_mill(park, SLAB)
    park.new(MILL, (OTHER, 100))
    first = park.make(MILL, [(SLAB, 100)], [(COIL, 100)])
    park.wrong(MILL, first.index, "urn:second")
    second = park.make(MILL, [(OTHER, 100)], [(COIL, 100)], eventID="urn:second")
    park.ship(MILL, CUSTOMER, (SLAB, None))
    park.wrong(MILL, second.index, "urn:third")
    done = park.make(MILL, [(SLAB, 100)], [(COIL, 100)], eventID="urn:third")
    assert short(done) == [{"have": 0, "want": 100}]


def test_a_correction_takes_what_its_issuer_made(park):
    park.new(MILL, (SLAB, 100))
    park.ship(MILL, CUSTOMER, (SLAB, None))
    mistaken(park)
    done = park.make(MILL, [(SLAB, 100)], [(COIL, 100)], eventID="urn:right")
    assert short(done) == [{"have": 0, "want": 100}]


def test_what_a_correction_received_from_a_sender_is_not_what_its_issuer_had(park):
    """The receipt took the slab from its sender: that it is short with the customer is for no receiver to say."""
    park.new(SMELTER, (SLAB, 100))
    park.ship(SMELTER, MILL, (SLAB, 100))
    receipt = park.receive(MILL, SMELTER, (SLAB, 100))
    park.wrong(MILL, receipt.index, "urn:right")
    with refused(SLAB, MILL):
        park.make(MILL, [(SLAB, 100)], [(COIL, 100)], eventID="urn:right")


def test_nor_is_what_was_under_way_as_its_issuer_called_it_back(park):
    park.new(SMELTER, (SLAB, 100))
    to_mill(park, SLAB)
    park.ship(MILL, CUSTOMER, (SLAB, None))
    called = park.look(MILL, "void_shipping", (SLAB, None), **handed(MILL, CUSTOMER, "D-1"))
    park.wrong(MILL, called.index, "urn:right")
    park.receive(CUSTOMER, MILL, (SLAB, None))
    with refused(SLAB, MILL):
        park.make(MILL, [(SLAB, 100)], [(COIL, 100)], eventID="urn:right")


def test_a_correction_says_of_a_lot_what_its_issuer_could_say_when_he_was_wrong(park):
    park.new(SMELTER, (SLAB, 100), (METAL, 100))
    to_mill(park, SLAB)
    wrong = park.look(MILL, "inspecting", (SLAB, None), al_attributes=[{"id": SLAB, "grade": "second"}])
    park.ship(MILL, CUSTOMER, (SLAB, None))
    park.receive(CUSTOMER, MILL, (SLAB, None))
    park.wrong(MILL, wrong.index, "urn:right")
    with pytest.raises(RuleBroken, match="neither made nor has lot", check=of_no_holder):
        park.look(
            MILL, "inspecting", (METAL, None), al_attributes=[{"id": METAL, "grade": "scrap"}], eventID="urn:right"
        )
    park.look(MILL, "inspecting", (SLAB, None), al_attributes=[{"id": SLAB, "grade": "prime"}], eventID="urn:right")
    assert park.lot(SLAB).attributes["grade"] == "prime"


def test_another_weight_is_found_with_both_numbers(park):
    park.new(SMELTER, (SLAB, 1_000))
    same = park.make(SMELTER, [(SLAB, 1_005)], [(COIL, 1_000)])
    assert "weight_differs" not in rules(same)
    park.new(SMELTER, (OTHER, 1_000))
    done = park.make(SMELTER, [(OTHER, 994)], [(piece("C-2"), 1_000)])
    assert [one.facts for one in done.findings if one.rule == "weight_differs"] == [{"was": 1_000, "weighed": 994}]


def test_what_is_taken_has_its_role(park):
    heel = lot("HEEL")
    park.new(SMELTER, (METAL, 100), (heel, 10))
    roles = [{"id": heel, "role": "heel", "side": "input"}]
    done = park.make(SMELTER, [(METAL, 90), (heel, 10)], [(SLAB, 100)], al_role=roles)
    assert {one.lot: one.role for one in done.debits} == {METAL: "", heel: "heel"}
