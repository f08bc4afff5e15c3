"""M1 over runs of processes that close in mass: what all events of a run give is at most what they take (rule 5.4)."""

import pytest
from chance import SETTINGS, seeds
from folded import MINE, SMELTER, Park, lot, mass, piece, refused, rules
from hypothesis import given
from hypothesis import strategies as st

from ledger.kernel.errors import RuleBroken
from ledger.lots.closing import above_input
from ledger.lots.records import NOBODY

METAL, SCRAP, SLAB, BAND = lot("PL-1"), lot("SC-1"), piece("S-1"), piece("S-2")


@pytest.fixture
def park():
    made = Park()
    made.new(SMELTER, (METAL, 1_000_000), al_attributes=[{"id": METAL, "material": "liquid-metal"}])
    return made


def tap(park, inputs, outputs, state="open", process="casting", **members):
    return park.make(SMELTER, inputs, outputs, process, transformationID="urn:run", al_run=state, **members)


def run_of(park, who=SMELTER):
    return park.book.run(who, "urn:run")


CLOSING = (
    "casting", "remelting", "homogenising", "scalping", "hot-rolling", "cold-rolling", "foil-rolling", "annealing",
    "levelling", "coating", "slitting", "cutting", "packing",
)  # fmt: skip


@pytest.mark.parametrize("process", CLOSING)
def test_a_run_that_gives_more_than_it_takes_is_not_closed(park, process):
    tap(park, [(METAL, 1_000)], [], process=process)
    with pytest.raises(RuleBroken, match="run urn:run: 500 000 g come out of 1 000 g, the most is 1 005 g") as no:
        tap(park, [], [(SLAB, 500_000)], "closed", process)
    assert (no.value.code, no.value.facts) == (
        "output_above_input", {"id": "urn:run", "total_in": 1_000, "total_out": 500_000},
    )  # fmt: skip
    assert rules(tap(park, [], [(SLAB, 1_005)], "closed", process)) == set()


def test_outputs_may_be_told_before_inputs_and_until_then_the_run_says_so(park):
    assert rules(tap(park, [], [(SLAB, 10_000)])) == set()
    assert above_input(run_of(park)) == "urn:run: 10 000 g come out of 0 g, the most is 0 g"
    with refused("output_above_input"):
        tap(park, [(METAL, 9_000)], [], "closed")
    assert rules(tap(park, [(METAL, 10_000)], [], "closed")) == set()
    assert above_input(run_of(park)) == ""


def test_what_a_run_does_not_account_for_is_found_when_it_is_closed(park):
    tap(park, [(METAL, 10_000)], [], loss=40)
    done = tap(park, [], [(SLAB, 9_909)], "closed")
    assert [(one.rule, one.lot, one.says, one.facts) for one in done.findings] == [(
        "unaccounted_loss", SLAB, "urn:run: 51 g of 10 000 g are unaccounted for",
        {"total_in": 10_000, "total_out": 9_949},
    )]  # fmt: skip


def test_losses_of_all_its_events_count_as_output(park):
    tap(park, [(METAL, 10_000)], [], loss=100)
    with refused("output_above_input"):
        tap(park, [], [(SLAB, 9_951)], "closed")
    tap(park, [], [(SLAB, 9_950)], "closed")


def test_the_scales_of_all_its_outputs_count_where_that_is_more(park):
    def weighed(name, g):
        return {"al_mass": [mass(name, g, side="output", device=f"{SMELTER}/scale")]}  # 2 %

    tap(park, [(METAL, 10_000)], [])
    wrong = tap(park, [], [(SLAB, 5_000)], **weighed(SLAB, 5_000)).index
    with refused("output_above_input"):
        tap(park, [], [(BAND, 5_205)], "closed", **weighed(BAND, 5_205))
    park.wrong(SMELTER, wrong)  # and its scale error with it
    with refused("output_above_input"):
        tap(park, [], [(BAND, 10_206)], "closed", **weighed(BAND, 10_206))
    tap(park, [], [(BAND, 10_204)], "closed", **weighed(BAND, 10_204))


def test_with_a_piece_that_nobody_weighed_no_run_closes(park):
    tap(park, [(METAL, 10_000)], [(SLAB, None)])
    done = tap(park, [], [(BAND, 99_000)], "closed")
    assert [(one.rule, one.says) for one in done.findings] == [
        ("mass_not_closed", "urn:run: the mass of 1 of its pieces is not known: nothing closes")
    ]


def test_a_run_of_pieces_closes_without_naming_a_process(park):
    bare = {"al_process": None, "al_start": None}
    tap(park, [(METAL, 1_000)], [], **bare)
    with refused("output_above_input"):
        tap(park, [], [(SLAB, 2_000)], "closed", **bare)


@pytest.mark.parametrize("order", [("auxiliary", "casting", "auxiliary"), ("casting", "auxiliary", "auxiliary")])
def test_a_run_closes_in_mass_whichever_of_its_events_has_to(park, order):
    first, second, last = order
    tap(park, [(METAL, 1_000)], [], process=first)
    tap(park, [], [(SLAB, 900)], process=second)
    with refused("output_above_input"):
        tap(park, [], [(BAND, 500)], "closed", process=last)
    tap(park, [], [(BAND, 100)], "closed", process=last)


def test_a_run_that_also_reacts_loses_what_went_into_the_reaction(park):
    tap(park, [(METAL, 1_000)], [], process="electrolysis")
    assert rules(tap(park, [], [(SLAB, 500)], "closed")) == set()


def test_a_run_whose_events_react_closes_by_element_alone(park):
    tap(park, [(METAL, 1_000)], [], process="auxiliary")
    assert rules(tap(park, [], [(SLAB, 2_000)], "closed", process="auxiliary")) == set()


def test_m3_is_judged_whatever_kind_the_first_and_last_event_of_a_run_are(park):
    said = [{"id": lot("NEW"), "material": "liquid-metal"}]
    tap(park, [(METAL, 10)], [], process="auxiliary")
    tap(park, [], [(lot("NEW"), 1_000)], process="electrolysis", al_attributes=said)
    done = tap(park, [], [(lot("DROSS"), 1)], "closed", process="auxiliary")
    assert rules(done) == {"alumina_floor", "carbon_floor"}


def test_the_kind_of_an_event_that_is_declared_wrong_binds_its_run_no_more(park):
    wrong = tap(park, [(METAL, 10)], []).index
    tap(park, [(METAL, 10)], [], process="auxiliary")
    park.wrong(SMELTER, wrong)
    assert rules(tap(park, [], [(SLAB, 2_000)], "closed", process="auxiliary")) == set()


@pytest.mark.parametrize("other", [{"transformationID": "urn:run:2"}, {"transformationID": None, "al_run": None}])
def test_a_run_that_a_corrected_input_is_not_of_any_more_is_judged_without_it(park, other):
    wrong = tap(park, [(METAL, 10_000)], []).index
    tap(park, [], [(SLAB, 10_000)], "closed")
    assert rules(park.wrong(SMELTER, wrong, "urn:right")) == set()
    inputs = {"al_run": "open", "eventID": "urn:right", **other}
    done = park.make(SMELTER, [(METAL, 10_000)], [(BAND, 10_000)], **inputs)
    assert [(one.rule, one.says) for one in done.findings] == [
        ("output_above_input", "urn:run: 10 000 g come out of 0 g, the most is 0 g")
    ]


# Alloys


def test_what_a_run_rolls_has_the_alloy_of_all_that_it_took(park):
    said = [{"id": SLAB, "alloy": "EN-AW-5754"}, {"id": BAND, "alloy": "EN-AW-6016"}]
    park.new(SMELTER, (SLAB, 100), al_attributes=said[:1])
    tap(park, [(SLAB, None)], [], process="hot-rolling")
    assert rules(tap(park, [], [(BAND, 50)], process="hot-rolling", al_attributes=said[1:])) == {"alloys_mixed"}
    assert rules(tap(park, [], [(piece("S-3"), 50)], "closed", "hot-rolling")) == set()


def test_a_melt_that_runs_makes_one_alloy_of_several(park):
    said = [{"id": SLAB, "alloy": "EN-AW-5754"}, {"id": BAND, "alloy": "EN-AW-6016"}]
    park.new(SMELTER, (SLAB, 100), al_attributes=said[:1])
    tap(park, [(SLAB, None)], [])
    assert rules(tap(park, [], [(BAND, 100)], "closed", al_attributes=said[1:])) == set()


# Corrections


def closed_run(park, *, gives=10_000):
    taken = tap(park, [(METAL, 10_000)], []).index
    return taken, tap(park, [], [(SLAB, gives)], "closed").index


def test_an_input_of_a_closed_run_that_is_declared_wrong_leaves_it_above_its_input_and_that_is_found(park):
    taken, _ = closed_run(park)
    done = park.wrong(SMELTER, taken)
    assert [(one.rule, one.lot, one.says) for one in done.findings] == [
        ("output_above_input", METAL, "urn:run: 10 000 g come out of 0 g, the most is 0 g")
    ]


def test_where_a_correction_is_announced_that_judges_the_run(park):
    taken, _ = closed_run(park)
    assert rules(park.wrong(SMELTER, taken, "urn:right")) == set()
    done = tap(park, [(METAL, 9_000)], [], eventID="urn:right")
    assert rules(done) == {"run_closed", "output_above_input"}
    again = park.wrong(SMELTER, done.index, "urn:better")
    assert rules(again) == set()
    assert rules(tap(park, [(METAL, 10_000)], [], eventID="urn:better")) == {"run_closed"}


def test_an_event_that_closes_its_run_in_place_of_another_closes_in_mass_too(park):
    _, last = closed_run(park)
    park.wrong(SMELTER, last, "urn:right")
    assert run_of(park).closed_by == NOBODY
    with refused("output_above_input"):
        tap(park, [], [(SLAB, 500_000)], "closed", eventID="urn:right")
    assert rules(tap(park, [], [(SLAB, 10_000)], "closed", eventID="urn:right")) == set()


def test_a_closed_refinery_run_is_judged_again_where_its_ore_was_never_used():
    park, ore, alumina = Park(), lot("BX"), lot("AL")
    said = [{"id": ore, "material": "bauxite", "al2o3": "50"}, {"id": alumina, "material": "alumina", "al2o3": "98"}]
    park.new(MINE, (ore, 1_000), al_attributes=said[:1])
    run = {"transformationID": "urn:run", "process": "refining"}
    wrong = park.make(MINE, [(ore, 100)], [], al_run="open", **run).index
    park.make(MINE, [(ore, 100)], [], al_run="open", **run)
    assert rules(park.make(MINE, [], [(alumina, 100)], al_run="closed", al_attributes=said[1:], **run)) == set()
    assert rules(park.wrong(MINE, wrong)) == {"oxide_balance"}


# Runs by chance


@SETTINGS
@given(seeds, st.integers(2, 12))
def test_whatever_the_order_a_run_is_closed_where_it_gives_no_more_than_it_takes(random, steps):
    """Of the amounts alone: any split of inputs, outputs and losses over events, some of which are declared wrong."""
    park, told = Park(), []
    park.new(SMELTER, (METAL, 1_000_000))
    for number in range(steps):
        took, made, lost = (random.choice((0, random.randint(1, most))) for most in (10_000, 9_000, 90))
        inputs, outputs = [(METAL, took)], [(piece(f"P-{number}"), made)] if made else []
        told.append((tap(park, inputs, outputs, loss=lost).index, took, made + lost))
    for wrong in random.sample(told, random.randint(0, len(told) // 2)):
        park.wrong(SMELTER, wrong[0])
        told.remove(wrong)
    took, gave = sum(one[1] for one in told), sum(one[2] for one in told)
    last = random.choice((0, max(0, took + took // 200 - gave), max(0, took + took // 200 - gave) + 1))
    over = gave + last > took + took // 200
    if over:
        with refused("output_above_input"):
            tap(park, [], [(SLAB, last)], "closed")
        assert run_of(park).closed_by == NOBODY
    else:
        found = rules(tap(park, [], [(SLAB, last)], "closed"))
        assert ("unaccounted_loss" in found) == (took - gave - last > took // 200)
