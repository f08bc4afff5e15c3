"""Rules 5.2 to 5.7 between parties: what one does wrong, or had once, costs nobody else what he has."""

import pytest
from folded import CUSTOMER, MILL, MINE, OPERATOR, SMELTER, Park, amount, at, lot, pallet, piece, refused, rules

from ledger.kernel.errors import Conflict, RuleBroken
from ledger.lots.observations import agree

METAL, OTHER, SLAB, BAND = lot("PL-1"), lot("PL-2"), piece("S-1"), piece("H-1")


@pytest.fixture
def park():
    return Park()


def shared(park, mill=40):
    """The smelter has made 100 g, of which the mill has some."""
    park.new(SMELTER, (METAL, 100))
    return hand_over(park, METAL, mill)


def hand_over(park, name, g, paper="D-1"):
    """From the smelter to the mill; the entry of the receipt."""
    park.ship(SMELTER, MILL, (name, g), paper=paper)
    return park.receive(MILL, SMELTER, (name, g), paper=paper).index


def once(park):
    """The mill had some of it, and has used it up."""
    shared(park)
    park.make(MILL, [(METAL, 40)], [(BAND, 40)])


# 5.6: mixed owners of a correction


def sold_meanwhile(park):
    park.new(SMELTER, (METAL, 100), (OTHER, 50))
    wrong = park.make(SMELTER, [(METAL, 100), (OTHER, 50)], [(SLAB, 150)]).index
    park.wrong(SMELTER, wrong, "urn:right")
    owners = {"sourceList": "source", "destinationList": "destination"}
    parties = zip(owners.items(), (SMELTER, CUSTOMER), strict=True)
    sale = {name: [{"type": "owning_party", member: who}] for (name, member), who in parties}
    park.look(SMELTER, "other", (OTHER, None), **sale)


@pytest.mark.parametrize("binds", [(SMELTER,), (SMELTER, CUSTOMER)])
@pytest.mark.parametrize("named", [False, True])
def test_owners_that_a_correction_mixes_are_found_where_no_contract_allows_it(park, binds, named):
    sold_meanwhile(park)
    valid = {"from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}
    tolling = {"id": f"{SMELTER}/T-1", "kind": "tolling", "status": "in-force", "parties": binds, "valid": valid}
    agree(park.book, tolling)
    mixed = [(METAL, 100), (OTHER, 50)], [(SLAB, 150)]
    members = {"al_contract": tolling["id"]} if named else {}
    with refused("owners"):
        park.make(SMELTER, *mixed, **members if CUSTOMER not in binds else {})
    done = park.make(SMELTER, *mixed, eventID="urn:right", **members)
    why = " without a contract in al:contract"
    why = f", and {CUSTOMER} is no party to contract {tolling['id']}" if named else why
    said = f"lot {METAL} mixes metal of {' and '.join(sorted((SMELTER, CUSTOMER)))}{why}"
    found = [] if named and CUSTOMER in binds else [("owners", METAL, said)]
    assert [(one.rule, one.lot, one.says) for one in done.findings] == found


def test_an_addition_to_what_is_anothers_by_then_is_found_in_a_correction(park):
    park.new(SMELTER, (METAL, 100))
    added = park.new(SMELTER, (METAL, 10)).index
    park.wrong(SMELTER, added, "urn:right")
    park.look(SMELTER, "other", (METAL, None), sourceList=[{"type": "owning_party", "source": SMELTER}],
              destinationList=[{"type": "owning_party", "destination": MILL}])  # fmt: skip
    with refused("owners"):
        park.new(SMELTER, (METAL, 5))
    assert rules(park.new(SMELTER, (METAL, 12), eventID="urn:right")) == {"owners", "no_source"}
    assert [(one.owner, one.g) for one in park.lot(METAL).holdings] == [(MILL, 112)]


# 5.2, 5.3: who had some of a class lot has it no more


def test_who_had_some_of_a_lot_once_does_not_hold_add_to_describe_work_on_or_close_it(park):
    once(park)
    with refused("hold"):
        park.look(MILL, "holding", (METAL, None))
    said = [{"id": METAL, "grade": "scrap"}]
    for act in (
        lambda: park.new(MILL, (METAL, 5)),
        lambda: park.look(MILL, "inspecting", (METAL, None), al_attributes=said),
        lambda: park.say(MILL, "Object", action="DELETE", quantityList=[amount(METAL, None)]),
    ):
        with refused("not_holder"):
            act()
    park.look(MILL, "stock_taking", (METAL, 3))  # what he finds of it after all, he has
    park.look(MILL, "holding", (METAL, None))
    assert park.lot(METAL).held_by == (MILL,)


def test_maker_holder_sender_and_operator_hold_a_class_lot(park):
    shared(park)
    park.new(MILL, (METAL, 5))
    park.look(MILL, "holding", (METAL, None))
    park.look(MILL, "inspecting", (METAL, None), disposition="conformant")
    park.ship(MILL, CUSTOMER, (METAL, 45), paper="D-2")
    park.look(MILL, "holding", (METAL, None))  # it is his until it is received
    park.look(MILL, "inspecting", (METAL, None), disposition="conformant")
    park.receive(CUSTOMER, MILL, (METAL, 45), paper="D-2")
    with refused("hold"):
        park.look(MILL, "holding", (METAL, None))
    for who in (SMELTER, CUSTOMER, OPERATOR):
        park.look(who, "holding", (METAL, None))
    assert set(park.lot(METAL).held_by) == {SMELTER, CUSTOMER, OPERATOR}


WORK = {"al_process": f"{MILL}/annealing", "al_start": "2026-03-01T00:00:00Z"}


def test_who_had_some_of_a_lot_once_works_on_it_no_more_but_where_he_says_again_what_he_did(park):
    shared(park)
    worked = park.look(MILL, "other", (METAL, None), **WORK).index
    park.wrong(MILL, worked, "urn:work")
    park.make(MILL, [(METAL, 40)], [(BAND, 40)])
    with pytest.raises(RuleBroken, match=r"has nothing of lot .*PL-1 here to work on: .* has 60 g") as no:
        park.look(MILL, "other", (METAL, None), **WORK)
    assert no.value.code == "not_holder"
    park.look(MILL, "other", (METAL, None), eventID="urn:work", **WORK)


def test_who_unsets_a_hold_of_a_lot_that_he_does_not_hold_is_refused_whoever_does(park):
    shared(park)
    unset = {"persistentDisposition": {"unset": ["unavailable"]}}
    for who in (SMELTER, OPERATOR):
        with pytest.raises(RuleBroken, match="PL-1 is held by nobody"):
            park.look(who, "storing", (METAL, None), **unset)
    park.look(MILL, "inspecting", (METAL, None), disposition="conformant")  # a good word alone is no release
    park.look(MILL, "holding", (METAL, None))
    with pytest.raises(RuleBroken, match=r"PL-1 is held by .*, who release it"):
        park.look(SMELTER, "storing", (METAL, None), **unset)
    freed = park.look(MILL, "storing", (METAL, None), **unset).index
    with refused("release"):
        park.look(MILL, "storing", (METAL, None), **unset)
    park.wrong(MILL, freed, "urn:freed")
    park.look(OPERATOR, "storing", (METAL, None), **unset)
    park.look(MILL, "storing", (METAL, None), eventID="urn:freed", **unset)  # 5.6: a correction is not refused


def test_a_unit_is_released_where_some_of_what_is_in_it_is_held(park):
    unset = {"persistentDisposition": {"unset": ["unavailable"]}}
    park.new(MILL, (SLAB, 90), (BAND, 80))
    park.say(MILL, "Aggregation", action="ADD", parentID=pallet(1), childEPCs=[SLAB, BAND])
    with refused("release"):
        park.look(MILL, "storing", (pallet(1), None), **unset)
    park.look(MILL, "holding", (SLAB, None))
    assert park.look(MILL, "storing", (pallet(1), None), (SLAB, None), **unset).released == (SLAB,)


def test_who_held_a_lot_releases_it_also_when_he_has_none_left(park):
    shared(park)
    park.look(MILL, "holding", (METAL, None))
    park.look(MILL, "stock_taking", (METAL, 0))
    park.look(MILL, "inspecting", (METAL, None), disposition="conformant")
    assert park.lot(METAL).held_by == ()


def test_a_lot_that_nobody_has_any_of_is_filled_and_closed_by_who_had_some(park):
    origin = [{"id": METAL, "kind": "outside", "supplier": "S", "document": "D", "g": 40}]
    park.receive(MILL, SMELTER, (METAL, 40), al_origin=origin)
    park.make(MILL, [(METAL, 40)], [(BAND, 40)])
    park.receive(MILL, SMELTER, (METAL, 40), al_origin=origin)  # a silo that had run empty
    park.make(MILL, [(METAL, 40)], [(piece("H-2"), 40)])
    closing = {"action": "DELETE", "quantityList": [amount(METAL, None)]}
    with refused("not_holder"):
        park.say(CUSTOMER, "Object", **closing)
    park.say(MILL, "Object", **closing)
    assert park.lot(METAL).closed


def test_a_correction_holds_and_adds_where_its_issuer_could_when_he_was_wrong(park):
    shared(park)
    held = park.look(MILL, "holding", (METAL, None)).index
    park.wrong(MILL, held, "urn:hold")
    added = park.new(MILL, (METAL, 60)).index
    park.wrong(MILL, added, "urn:added")
    park.make(MILL, [(METAL, 40)], [(BAND, 40)])
    park.new(MILL, (METAL, 50), eventID="urn:added")
    park.look(MILL, "stock_taking", (METAL, 0))
    park.look(MILL, "holding", (METAL, None), eventID="urn:hold")
    assert park.lot(METAL).held_by == (MILL,)
    park.new(MILL, (OTHER, 1))
    park.wrong(MILL, park.look(MILL, "holding", (OTHER, None)).index, "urn:other")
    with refused("hold"):
        park.look(MILL, "holding", (METAL, None), eventID="urn:other")


# 5.6, 5.7: a shortage blocks, and a surplus binds, who has it


def test_who_is_short_of_a_class_lot_blocks_his_own_share_and_nobody_elses(park):
    received = shared(park)
    park.make(MILL, [(METAL, 30)], [(BAND, 30)])
    (found,) = park.wrong(MILL, received).findings
    assert (found.rule, found.facts, park.lot(METAL).blocked) == ("shortage", {"short": 30}, (MILL,))
    park.ship(SMELTER, CUSTOMER, (METAL, 10), paper="D-2")
    hand_over(park, METAL, 50, paper="D-3")
    assert park.have(MILL, METAL) == 20
    with refused("blocked"):  # what was added fills nothing: a count does, or a correction
        park.make(MILL, [(METAL, 1)], [(piece("H-2"), 1)])
    park.look(SMELTER, "stock_taking", (METAL, 0))  # a count of another clears nothing of his
    assert park.lot(METAL).blocked == (MILL,)
    park.look(MILL, "stock_taking", (METAL, 20))
    park.make(MILL, [(METAL, 1)], [(piece("H-2"), 1)])


def test_who_has_sent_what_he_did_not_send_is_blocked_also_in_what_he_has_on_hand(park):
    park.new(SMELTER, (METAL, 100))
    sent = park.ship(SMELTER, MILL, (METAL, 40)).index
    park.receive(MILL, SMELTER, (METAL, 40))
    park.wrong(SMELTER, sent)
    with refused("blocked"):
        park.ship(SMELTER, CUSTOMER, (METAL, 1), paper="D-2")
    park.make(MILL, [(METAL, 40)], [(BAND, 40)])


def test_a_piece_that_is_short_somewhere_is_blocked_for_everybody(park):
    park.new(SMELTER, (SLAB, 100))
    park.ship(SMELTER, MILL, (SLAB, None))
    sent = park.effects[-1].index
    park.receive(MILL, SMELTER, (SLAB, None))
    park.wrong(SMELTER, sent)
    for who in (SMELTER, MILL):
        with refused("blocked"):
            park.ship(who, CUSTOMER, (SLAB, None), paper="D-2")


def test_a_shortage_that_was_countersigned_comes_back_with_no_count_of_another(park):
    received = shared(park)
    park.make(MILL, [(METAL, 40)], [(BAND, 40)])
    park.wrong(MILL, received)
    assert park.confirm(METAL, CUSTOMER)
    park.look(SMELTER, "stock_taking", (METAL, 60))
    assert park.lot(METAL).blocked == ()


def test_a_surplus_binds_who_counted_it_and_nobody_else(park):
    shared(park)
    park.look(MILL, "stock_taking", (METAL, 90))
    assert park.lot(METAL).surplus == {MILL: 50}
    park.look(SMELTER, "stock_taking", (METAL, 61))
    assert park.lot(METAL).surplus == {MILL: 50, SMELTER: 1}
    park.ship(SMELTER, CUSTOMER, (METAL, 60), paper="D-2")
    with refused("surplus"):
        park.ship(SMELTER, CUSTOMER, (METAL, 1), paper="D-2")
    with refused("surplus"):
        park.ship(MILL, CUSTOMER, (METAL, 41), paper="D-2")
    assert not park.confirm(METAL, SMELTER)
    assert park.confirm(METAL, MINE)
    assert park.lot(METAL).surplus == {}
    park.ship(MILL, CUSTOMER, (METAL, 90), paper="D-2")


def test_a_surplus_is_taken_back_from_who_counted_it(park):
    shared(park)
    wrong = park.look(MILL, "stock_taking", (METAL, 90)).index
    park.look(SMELTER, "stock_taking", (METAL, 70))
    park.wrong(MILL, wrong)
    assert park.lot(METAL).surplus == {SMELTER: 10}


# 5.6: who makes again what is in doubt


@pytest.mark.parametrize("announced", [True, False])
def test_a_piece_in_doubt_is_made_again_by_what_takes_the_place_of_its_event_alone(park, announced):
    wrong = park.new(SMELTER, (SLAB, 100)).index
    other = park.new(SMELTER, (OTHER, 1)).index
    park.wrong(SMELTER, wrong, *(["urn:right"] if announced else []))
    park.wrong(SMELTER, other, "urn:other")
    others = {MILL: ("urn:a", "urn:right"), SMELTER: ("urn:b", "urn:other")}
    for who, name in ((who, name) for who, names in others.items() for name in names):
        with pytest.raises(Conflict, match="was made by entry 0 already"):
            park.new(who, (SLAB, 90), eventID=name)
    if announced:
        park.new(SMELTER, (SLAB, 90), eventID="urn:right")
        assert (park.lot(SLAB).doubt, park.have(SMELTER, SLAB)) == (-1, 90)


def test_a_class_lot_in_doubt_stays_so_and_as_it_is_described_whatever_else_is_added(park):
    said = [{"id": METAL, "heat": "H-1", "grade": "prime"}]
    began = park.new(SMELTER, (METAL, 100), al_attributes=said).index
    added = park.new(SMELTER, (METAL, 10)).index
    park.wrong(SMELTER, began, "urn:began")
    park.wrong(SMELTER, added, "urn:added")
    park.new(SMELTER, (METAL, 5))
    park.new(SMELTER, (METAL, 12), eventID="urn:added")
    assert (park.lot(METAL).doubt, park.lot(METAL).attributes["heat"]) == (2, "H-1")
    park.new(SMELTER, (METAL, 90), eventID="urn:began", al_attributes=[{"id": METAL, "heat": "H-2"}])
    assert (park.lot(METAL).doubt, park.lot(METAL).attributes) == (-1, {"heat": "H-2"})
    assert park.have(SMELTER, METAL) == 107


# 5.6: a receipt from outside is corrected


def from_outside(name, g, kind="outside"):
    return {"al_origin": [{"id": name, "kind": kind, "supplier": "S", "document": "D", "g": g}]}


@pytest.mark.parametrize("kind", ["outside", "late"])
@pytest.mark.parametrize("moved", ["", "shipped", "used"])
def test_a_receipt_of_a_piece_from_outside_is_corrected(park, kind, moved):
    wrong = park.receive(MILL, SMELTER, (SLAB, 900), **from_outside(SLAB, 900, kind)).index
    if moved == "shipped":
        park.ship(MILL, CUSTOMER, (SLAB, None), paper="D-2")
    elif moved == "used":
        park.make(MILL, [(SLAB, None)], [(BAND, 900)], "hot-rolling")
    park.wrong(MILL, wrong, "urn:right")
    for members in ({}, {"eventID": "urn:other"}):
        with refused("not_sent"):
            park.receive(MILL, SMELTER, (SLAB, 890), **from_outside(SLAB, 890, kind), **members)
    with refused("not_sent"):
        park.receive(MINE, SMELTER, (SLAB, 890), **from_outside(SLAB, 890, kind), eventID="urn:right")
    done = park.receive(MILL, SMELTER, (SLAB, 890), **from_outside(SLAB, 890, kind), eventID="urn:right")
    assert rules(done) == ({"corrected_after_use"} if moved else set())
    assert done.entered == {kind: 890, **({"correction": 10} if moved else {})}
    here = {"": [(MILL, "", 890)], "shipped": [(MILL, "D-2", 900)], "used": []}[moved]
    assert [(one.holder, one.delivery[-3:], one.g) for one in park.lot(SLAB).holdings] == here
    assert (park.lot(SLAB).doubt, park.lot(SLAB).source, park.blocked(SLAB)) == (-1, kind, False)
    assert park.lot(SLAB).late_from(SMELTER, MILL) == (890 if kind == "late" else 0)


def test_an_early_receipt_is_corrected_also_when_its_maker_was_heard_since(park):
    wrong = park.receive(MILL, SMELTER, (SLAB, 900), **from_outside(SLAB, 900, "late")).index
    park.new(SMELTER, (SLAB, 880))
    park.wrong(MILL, wrong, "urn:right")
    with refused("not_sent"):
        park.receive(MILL, SMELTER, (SLAB, 880), **from_outside(SLAB, 880), eventID="urn:right")
    park.receive(MILL, SMELTER, (SLAB, 880), **from_outside(SLAB, 880, "late"), eventID="urn:right")
    assert (park.have(MILL, SLAB), park.lot(SLAB).late_from(SMELTER, MILL), park.lot(SLAB).maker) == (880, 880, SMELTER)
    park.ship(SMELTER, MILL, (SLAB, None))
    assert [(one.holder, one.delivery, one.g) for one in park.lot(SLAB).holdings] == [(MILL, "", 880)]


def test_a_step_on_a_piece_that_moved_on_is_corrected(park):
    park.new(SMELTER, (SLAB, 100), (BAND, 100))
    hand_over(park, SLAB, None)
    wrong = anneal(park, [{"id": SLAB, "temper": "O"}])
    park.ship(MILL, CUSTOMER, (SLAB, None), paper="D-2")
    park.wrong(MILL, wrong, "urn:right")
    with refused("not_holder"):
        anneal(park, [])
    anneal(park, [{"id": SLAB, "temper": "H111"}], eventID="urn:right")
    assert park.lot(SLAB).attributes["temper"] == "H111"


def anneal(park, said, **members):
    return park.look(MILL, "other", (SLAB, None), al_process=f"{MILL}/annealing", al_start=at(park.minutes),
                     al_attributes=said, **members).index  # fmt: skip


def test_what_was_used_up_unweighed_is_not_weighed_by_a_correction(park):
    """It would be used up and have mass on a delivery."""
    park.new(MILL, (SLAB, None))
    park.wrong(MILL, park.ship(MILL, SMELTER, (SLAB, 7)).index, "urn:right")
    park.make(MILL, [(SLAB, None)], [(BAND, 5)], "casting")
    assert "consumed" in rules(park.ship(MILL, SMELTER, (SLAB, 7), eventID="urn:right"))
    assert sum(one.g for one in park.lot(SLAB).holdings) == 0
