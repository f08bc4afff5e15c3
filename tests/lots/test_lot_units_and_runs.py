"""Units, frames, runs and months (5.2 to 5.6): what holds them together, what takes them apart, what balances."""

import pytest
from folded import MILL, MINE, SMELTER, Park, listed, lot, pallet, piece, refused, rules

ORE, ALUMINA, SLAB, BAND, UNIT = lot("BX"), lot("AL"), piece("S-1"), piece("H-1"), pallet(1)
INSIDE = piece("S-2")


@pytest.fixture
def park():
    made = Park()
    made.new(MILL, (SLAB, 900), (BAND, 800), (lot("SCRAP"), 100))
    return made


def pack(park, unit, *names, who=MILL, action="ADD", amounts=(), **members):
    listed_amounts = listed(amounts, "childEPCs", "childQuantityList")["childQuantityList"]
    return park.say(
        who, "Aggregation", action=action, bizStep="packing", parentID=unit, childEPCs=list(names),
        childQuantityList=listed_amounts or None, **members,
    )  # fmt: skip


def within(park, unit=UNIT):
    """The amounts of class lots in a unit, as they were put in."""
    return [(one.lot, one.g) for one in park.lot(unit).amounts]


def test_a_unit_is_packed_and_unpacked_by_who_has_it_and_what_goes_in(park):
    pack(park, UNIT, SLAB)
    park.new(SMELTER, (piece("X"), 1))
    with refused("not_holder"):
        pack(park, UNIT, piece("X"), who=SMELTER)
    with refused("not_holder"):
        pack(park, UNIT, who=SMELTER, action="DELETE")
    assert (park.lot(SLAB).inside, park.lot(UNIT).contents) == (UNIT, (SLAB,))


def test_what_is_held_is_not_packed(park):
    park.look(MILL, "holding", (SLAB, None))
    with refused("held"):
        pack(park, UNIT, SLAB)


def test_more_is_put_into_a_unit_and_the_same_again_is_no_finding(park):
    pack(park, UNIT, SLAB)
    assert rules(pack(park, UNIT, BAND, SLAB)) == set()
    assert park.lot(UNIT).contents == tuple(sorted((SLAB, BAND)))
    assert park.lot(UNIT).made_by == 1


def test_a_unit_is_not_packed_in_itself_nor_in_what_is_in_it(park):
    with refused("packed_in_itself"):
        pack(park, UNIT, UNIT)
    pack(park, UNIT, SLAB)
    pack(park, pallet(2), UNIT)
    with refused("packed_in_itself"):
        pack(park, UNIT, pallet(2))


def test_what_is_named_is_taken_out_and_all_where_nothing_is(park):
    pack(park, UNIT, SLAB, BAND, amounts=[(lot("SCRAP"), 40)])
    done = pack(park, UNIT, SLAB, action="DELETE")
    assert ([one.lot for one in done.unpacked], park.lot(UNIT).contents, within(park)) == (
        [SLAB], (BAND,), [(lot("SCRAP"), 40)],
    )  # fmt: skip
    pack(park, UNIT, SLAB, action="DELETE")  # which is in it no more
    pack(park, UNIT, action="DELETE", amounts=[(lot("SCRAP"), 40)])
    assert (park.lot(UNIT).contents, within(park)) == ((BAND,), [])
    pack(park, UNIT, amounts=[(lot("SCRAP"), 30)])
    pack(park, UNIT, action="DELETE")
    assert (park.lot(UNIT).contents, park.lot(UNIT).amounts, park.lot(BAND).inside) == ((), (), "")


def test_what_a_wrong_event_packed_is_out_of_its_unit_and_what_another_packed_since_stays_there(park):
    done = pack(park, UNIT, SLAB, BAND)
    pack(park, UNIT, BAND, action="DELETE")
    park.wrong(MILL, done.index)
    assert (park.lot(SLAB).inside, park.lot(BAND).inside, park.lot(UNIT).contents) == ("", "", ())


def test_looking_at_a_transaction_or_a_unit_says_nothing_of_what_nobody_introduced(park):
    for kind, members in (
        ("Transaction", {"action": "ADD", "epcList": [piece("NEVER")]}),
        ("Aggregation", {"action": "OBSERVE", "parentID": UNIT, "childEPCs": [piece("NEVER")]}),
    ):
        with refused("unknown_lot"):
            park.say(MILL, kind, bizStep="inspecting", **members)


# Runs and months (5.4)


def month(number):
    return {"al_start": f"2026-0{number}-05T00:00:00Z", "eventTime": f"2026-0{number}-06T00:00:00Z"}


@pytest.fixture
def mine():
    made = Park()
    made.new(MINE, (ORE, 10_000), al_attributes=[{"id": ORE, "material": "bauxite", "al2o3": "50"}])
    made.new(MINE, (ALUMINA, 1), al_attributes=[{"id": ALUMINA, "material": "alumina", "al2o3": "100"}])
    return made


def test_a_month_is_judged_once_as_long_as_nothing_comes_late(mine):
    assert "oxide_balance" not in rules(mine.make(MINE, [(ORE, 100)], [(ALUMINA, 60)], "refining", **month(3)))
    assert "oxide_balance" not in rules(mine.make(MINE, [(ORE, 1)], [(ALUMINA, 5)], "refining", **month(3)))
    assert "oxide_balance" in rules(mine.make(MINE, [(ORE, 100)], [(ALUMINA, 50)], "refining", **month(4)))
    assert "oxide_balance" not in rules(mine.make(MINE, [(ORE, 1)], [(ALUMINA, 5)], "refining", **month(4)))
    assert mine.book.run(MINE, f"{MINE}/refining 2026-03").closed_by == 4
    assert mine.book.run(MINE, f"{MINE}/refining 2026-04").closed_by == -1


def run(park, inputs, outputs, process="refining", **members):
    closed = {"transformationID": f"urn:run:{len(park.effects)}", "al_run": "closed"}
    return rules(park.make(MINE, inputs, outputs, process, **closed, **members)) - {"late_statement"}


def test_bauxite_without_an_analysis_leaves_a_run_unjudged_and_other_things_count_by_theirs(mine):
    park, raw, soda, hydrate = mine, lot("RAW"), lot("SODA"), lot("HYD")
    said = [{"id": raw, "material": "bauxite"}, {"id": soda, "material": "caustic-soda"}]
    park.new(MINE, (raw, 100), (soda, 100), al_attributes=said)
    assert run(park, [(ORE, 100), (soda, 10)], [(ALUMINA, 51)]) == {"oxide_balance"}
    assert run(park, [(ORE, 100), (raw, 1)], [(ALUMINA, 90)]) == set()
    known = [{"id": hydrate, "material": "hydrate", "al2o3": "65"}]
    assert run(park, [(ORE, 65)], [(hydrate, 50)], al_attributes=known) == set()
    assert run(park, [(ORE, 65)], [(hydrate, 51)], al_attributes=known) == {"oxide_balance"}


def test_alumina_without_an_analysis_has_what_smelter_grade_has(mine):
    plain = lot("PLAIN")
    said = [{"id": plain, "material": "alumina"}]
    assert run(mine, [(ORE, 197)], [(plain, 100)], al_attributes=said) == set()  # 98.5 g
    assert run(mine, [(ORE, 196)], [(plain, 100)]) == {"oxide_balance"}


def test_each_kind_of_process_has_its_own_balance(mine):
    metal = [{"id": lot("M"), "material": "liquid-metal"}]
    assert run(mine, [(ORE, 10)], [(ALUMINA, 100)], "electrolysis") == set()
    assert run(mine, [(ORE, 1_000)], [(lot("M"), 100)], "refining", al_attributes=metal) == set()
    assert run(mine, [(ORE, 1_000)], [(lot("M"), 100)], "electrolysis") == {"alumina_floor", "carbon_floor"}


def test_an_event_of_a_run_that_is_declared_wrong_leaves_who_closed_it(mine):
    one = {"transformationID": "urn:run"}
    first = mine.make(MINE, [(ORE, 10)], [], "refining", **one)
    last = mine.make(MINE, [(ORE, 10)], [], "refining", al_run="closed", **one)
    mine.wrong(MINE, first.index)
    assert (mine.book.run(MINE, "urn:run").closed_by, mine.book.run(MINE, "urn:run").sums.took) == (last.index, 10)
    mine.wrong(MINE, last.index)
    assert mine.book.run(MINE, "urn:run").closed_by == -1


def test_what_a_wrong_event_used_up_and_another_used_since_stays_used_up(park):
    wrong = park.make(MILL, [(SLAB, None)], [(piece("A"), 900)], "hot-rolling")
    park.wrong(MILL, wrong.index, "urn:event:right")
    other = park.make(MILL, [(SLAB, None)], [(piece("B"), 900)], "hot-rolling")
    right = park.make(MILL, [(BAND, None)], [(piece("A"), 800)], "hot-rolling", eventID="urn:event:right")
    park.wrong(MILL, right.index)
    assert (park.lot(SLAB).consumed_by, park.lot(BAND).consumed_by) == (other.index, -1)


def test_a_run_is_judged_as_what_it_began_as_whatever_closes_it(park):
    metal, alumina, anode = lot("ME"), lot("AL"), lot("AN")
    said = [{"id": alumina, "material": "alumina"}, {"id": metal, "material": "liquid-metal"}]
    park.new(SMELTER, (alumina, 10), (anode, 1), al_attributes=said[:1])
    run = {"transformationID": "urn:run", "al_attributes": said[1:]}
    park.make(SMELTER, [(alumina, 10)], [], "electrolysis", al_run="open", **run)
    park.make(SMELTER, [], [(metal, 1_000)], "electrolysis", al_run="open", **run)
    done = park.make(SMELTER, [(anode, 1)], [], "auxiliary", al_run="closed", **run)
    assert rules(done) == {"alumina_floor", "carbon_floor"}


def test_what_is_charged_inside_a_unit_counts_in_the_balance_of_oxide(mine):
    bag = lot("BAG")
    mine.new(MINE, (bag, 1_000), al_attributes=[{"id": bag, "material": "bauxite", "al2o3": "50"}])
    children = [{"epcClass": bag, "quantity": 400, "uom": "GRM"}]
    mine.say(MINE, "Aggregation", action="ADD", parentID=UNIT, childQuantityList=children)
    assert run(mine, [(UNIT, None)], [(ALUMINA, 200)]) == set()
    mine.say(MINE, "Aggregation", action="ADD", parentID=pallet(2), childQuantityList=children)
    assert run(mine, [(pallet(2), None)], [(ALUMINA, 201)]) == {"oxide_balance"}


def unit_with_a_piece(park, g, **said):
    park.new(MILL, (INSIDE, g), al_attributes=[{"id": INSIDE, **said}] if said else [])
    pack(park, UNIT, INSIDE)


def test_what_is_cut_out_of_a_unit_has_the_alloy_of_what_was_in_it(park):
    unit_with_a_piece(park, 100, alloy="EN-AW-5754")
    cut = [{"id": piece("C-1"), "alloy": "EN-AW-6016"}]
    done = park.make(MILL, [(UNIT, None)], [(piece("C-1"), 100)], "slitting", al_attributes=cut)
    assert rules(done) == {"alloys_mixed"}


def test_with_a_piece_in_a_unit_that_nobody_weighed_nothing_closes(park):
    unit_with_a_piece(park, None)
    done = park.make(MILL, [(UNIT, None)], [(piece("C-1"), 100)], "slitting")
    assert [(one.rule, one.lot) for one in done.findings] == [("mass_not_closed", INSIDE)]
