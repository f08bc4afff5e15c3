"""M1 to M7 of the mass rules: each with numbers on either side of its limit."""

import pytest
from folded import MINE, SMELTER, Park, lot, mass, piece, refused, rules

from ledger.kernel.errors import RuleBroken
from ledger.lots import mass_rules as rule

METAL, SLAB, BAND = lot("PL-1"), piece("S-1"), piece("H-1")


@pytest.fixture
def park():
    made = Park()
    made.new(SMELTER, (METAL, 100_000), al_attributes=[{"id": METAL, "material": "liquid-metal"}])
    return made


def test_m1_output_above_input_by_more_than_half_a_percent_is_refused(park):
    with pytest.raises(RuleBroken, match="10 051 g come out of 10 000 g, the most is 10 050 g") as no:
        park.make(SMELTER, [(METAL, 10_000)], [(SLAB, 10_051)])
    assert no.value.code == "output_above_input"
    assert rules(park.make(SMELTER, [(METAL, 10_000)], [(SLAB, 10_050)])) == set()


@pytest.mark.parametrize(
    "process",
    [
        "casting", "remelting", "homogenising", "scalping", "hot-rolling", "cold-rolling", "foil-rolling", "annealing",
        "levelling", "coating", "slitting", "cutting", "packing",
    ],
)  # fmt: skip
def test_m1_closes_in_every_process_that_works_metal_also_without_a_piece(park, process):
    with pytest.raises(RuleBroken, match="100 501 g come out of 100 000 g, the most is 100 500 g"):
        park.make(SMELTER, [(METAL, 100_000)], [(lot("OUT"), 100_501)], process)
    park.make(SMELTER, [(METAL, 100_000)], [(lot("OUT"), 100_500)], process)


def test_m1_closes_in_no_process_that_reacts(park):
    park.make(SMELTER, [(METAL, 10_000)], [(lot("OUT"), 20_000)], "auxiliary")


def test_m1_losses_count_as_output(park):
    with pytest.raises(RuleBroken, match="10 051 g come out"):
        park.make(SMELTER, [(METAL, 10_000)], [(SLAB, 10_000)], loss=51)


def test_m1_the_scale_class_counts_where_it_is_more(park):
    rows = [mass(SLAB, 10_200, side="output", device=f"{SMELTER}/scale")]  # 2 %
    park.make(SMELTER, [(METAL, 10_000)], [(SLAB, 10_200)], al_mass=rows)
    assert rule.tolerance(10_000, 204) == 204


def test_m1_what_went_in_adds_nothing_to_the_scale_error(park):
    """Also where its mass names no side: it stands on one alone."""
    rows = [mass(SLAB, 10_201, device=f"{SMELTER}/scale"), mass(METAL, 10_000, device=f"{SMELTER}/scale")]
    with refused("output_above_input"):
        park.make(SMELTER, [(METAL, 10_000)], [(SLAB, 10_250)], al_mass=[{**rows[0], "g": 10_250}, rows[1]])
    park.make(SMELTER, [(METAL, 10_000)], [(SLAB, 10_201)], al_mass=rows)


def test_m1_input_above_output_is_found(park):
    assert rules(park.make(SMELTER, [(METAL, 10_000)], [(SLAB, 9_950)])) == set()
    done = park.make(SMELTER, [(METAL, 10_000)], [(piece("S-2"), 9_900)], loss=49)
    assert [(one.rule, one.says) for one in done.findings] == [
        ("unaccounted_loss", "51 g of 10 000 g are unaccounted for")
    ]
    assert done.left == {"oxidation": 49, "unaccounted": 51}


def test_m1_a_step_with_pieces_closes_without_naming_its_process(park):
    with pytest.raises(RuleBroken, match="come out of"):
        park.make(SMELTER, [(METAL, 10_000)], [(SLAB, 11_000)], al_process=None, al_start=None)


def test_m1_with_a_piece_that_nobody_weighed_nothing_closes(park):
    assert {"no_mass", "mass_not_closed"} == rules(park.make(SMELTER, [(METAL, 10_000)], [(SLAB, None)]))


def test_m1_refining_balances_by_element_and_never_by_mass():
    park = Park()
    ore, alumina = lot("BX"), lot("AL")
    park.new(MINE, (ore, 1_000), al_attributes=[{"id": ore, "material": "bauxite", "al2o3": "50"}])
    said = [{"id": alumina, "material": "alumina", "al2o3": "100"}]
    run = {"transformationID": "urn:run", "al_run": "open"}
    park.make(MINE, [(ore, 499)], [(alumina, 250)], "refining", al_attributes=said, **run)
    assert rules(park.make(MINE, [(ore, 1)], [], "refining", **run | {"al_run": "closed"})) == set()
    run = {"transformationID": "urn:run:2", "al_run": "closed"}
    found = park.make(MINE, [(ore, 500)], [(alumina, 251)], "refining", **run).findings
    assert [one.rule for one in found] == ["oxide_balance"]
    assert found[0].says.startswith("urn:run:2: 251 g of Al2O3 come out of 250 g")


def test_m1_without_a_run_the_month_is_balanced_once_the_next_begins_and_again_for_what_comes_late():
    park = Park()
    ore, alumina = lot("BX"), lot("AL")
    park.new(MINE, (ore, 10_000), al_attributes=[{"id": ore, "material": "bauxite", "al2o3": "50"}])
    said = {"al_attributes": [{"id": alumina, "material": "alumina", "al2o3": "100"}]}
    march, april = ({"al_start": f"2026-{month}-05T00:00:00Z", "eventTime": f"2026-{month}-06T00:00:00Z"}
                    for month in ("03", "04"))  # fmt: skip
    assert "oxide_balance" not in rules(park.make(MINE, [(ore, 500)], [(alumina, 251)], "refining", **said, **march))
    assert "oxide_balance" in rules(park.make(MINE, [(ore, 500)], [(alumina, 250)], "refining", **april))
    late = park.make(MINE, [(ore, 1)], [], "refining", **march, transformationID=None)
    assert "oxide_balance" in rules(late)  # 250 g and a half of oxide went in, 251 came out
    assert "oxide_balance" not in rules(park.make(MINE, [(ore, 1)], [], "refining", **march))
    park.wrong(MINE, 1)
    assert park.book.run(MINE, f"{MINE}/refining 2026-03").sums.oxide_out == 0


def test_m1_opening_and_closing_stock_of_a_run_count():
    park = Park()
    ore, alumina, liquor = lot("BX"), lot("AL"), lot("LIQ")
    said = [{"id": ore, "material": "bauxite", "al2o3": "50"}, {"id": liquor, "material": "liquor", "al2o3": "10"}]
    park.new(MINE, (ore, 10_000), (liquor, 1_000), al_attributes=said)
    said = [{"id": alumina, "material": "alumina", "al2o3": "100"}]
    run = {"transformationID": "urn:run", "al_run": "closed", "al_attributes": said}
    assert rules(park.make(MINE, [(ore, 100), (liquor, 500)], [(alumina, 100)], "refining", **run)) == set()
    run["transformationID"] = "urn:run:2"
    done = park.make(MINE, [(ore, 100), (liquor, 500)], [(alumina, 90), (lot("LIQ-2"), 110)], "refining", **run | {
        "al_attributes": [*said, {"id": lot("LIQ-2"), "material": "liquor", "al2o3": "10"}]
    })  # fmt: skip
    assert rules(done) == {"oxide_balance"}


def test_m1_what_is_in_the_residue_is_lost_with_it():
    park = Park()
    ore, alumina, mud = lot("BX"), lot("AL"), lot("MUD")
    park.new(MINE, (ore, 10_000), al_attributes=[{"id": ore, "material": "bauxite", "al2o3": "50"}])
    said = [{"id": alumina, "material": "alumina", "al2o3": "100"}, {"id": mud, "material": "residue", "al2o3": "20"}]
    run = {"transformationID": "urn:run", "al_run": "closed", "al_attributes": said}
    assert rules(park.make(MINE, [(ore, 200)], [(alumina, 95), (mud, 100)], "refining", **run)) == set()


def test_m3_what_is_handed_on_to_the_next_run_was_not_used():
    park = Park()
    alumina, anode, butts, opening = lot("AL"), lot("AN"), lot("BUTTS"), lot("POTS")
    materials = [(alumina, "alumina"), (anode, "anode"), (opening, "liquid-metal")]
    park.new(
        SMELTER, (alumina, 100_000), (anode, 100_000), (opening, 5_000),
        al_attributes=[{"id": name, "material": material} for name, material in materials],
    )  # fmt: skip
    said = [{"id": METAL, "material": "liquid-metal"}, {"id": butts, "material": "anode"}]
    sides = [(alumina, 19_000), (anode, 5_000), (opening, 5_000)], [(METAL, 15_000), (butts, 1_600)]
    run = {"transformationID": "urn:run", "al_run": "closed", "al_attributes": said}
    assert rules(park.make(SMELTER, *sides, "electrolysis", **run)) == set()  # 10 000 g of metal from 3 400 g of carbon
    sides[1][1] = (butts, 1_700)
    run["transformationID"] = "urn:run:2"
    park.new(SMELTER, (opening, 5_000))
    assert rules(park.make(SMELTER, *sides, "electrolysis", **run)) == {"carbon_floor"}


def run_of(park, state, inputs, outputs):
    return park.make(SMELTER, inputs, outputs, "electrolysis", transformationID="urn:run:1", al_run=state)


def test_m3_floors_are_judged_over_a_closed_run_and_never_per_tap():
    park = Park()
    park.new(
        SMELTER, (lot("AL"), 100_000), (lot("AN"), 100_000),
        al_attributes=[{"id": lot("AL"), "material": "alumina"}, {"id": lot("AN"), "material": "anode"}],
    )  # fmt: skip
    said = [{"id": METAL, "material": "liquid-metal"}]
    tap = park.make(SMELTER, [], [(METAL, 10_000)], "electrolysis", transformationID="urn:run:1", al_attributes=said)
    assert rules(tap) == set()
    assert rules(run_of(park, "open", [(lot("AL"), 18_893)], [])) == set()
    assert rules(run_of(park, "closed", [(lot("AN"), 3_338)], [])) == {"alumina_floor", "carbon_floor"}
    with pytest.raises(RuleBroken, match="was closed by entry 3") as no:
        run_of(park, "open", [(lot("AN"), 1)], [])
    assert no.value.code == "run_closed"


@pytest.mark.parametrize(
    ("says", "good", "bad"),
    [
        (rule.alumina_floor, (18_894, 10_000), (18_893, 10_000)),
        (rule.carbon_floor, (3_339, 10_000), (3_338, 10_000)),
        (rule.current_efficiency, (297_998, 100_000), (297_997, 100_000)),
        (rule.oxide_balance, (5_000_000, 5_000_000), (5_000_000, 5_000_001)),
        (rule.mass_and_size, (2_740, (1_000, 10**6, 10**6), 2_700), (2_741, (1_000, 10**6, 10**6), 2_700)),
        (rule.mass_and_size, (2_030_000, (10**6, 10**6, 10**6), 2_000), (2_030_001, (10**6, 10**6, 10**6), 2_000)),
        (rule.mass_and_size, (1_970_000, (10**6, 10**6, 10**6), 2_000), (1_969_999, (10**6, 10**6, 10**6), 2_000)),
        (rule.precursor, (10, 7, 3), (10, 7, 2)),
    ],
)  # fmt: skip
def test_either_side_of_a_limit(says, good, bad):
    assert says(*good) == ""
    assert says(*bad) != ""


def test_m2_a_step_begins_after_its_input_was_there():
    assert rule.out_before_available(10, 10, "L") == ""
    assert "1 s before lot L was there" in rule.out_before_available(9_000_000, 10_000_000, "L")


def test_m3_a_current_efficiency_above_100_is_given_in_percent():
    assert "are a current efficiency of 100.33 %" in rule.current_efficiency(297_998, 100_334)
    assert "no charge at all" in rule.current_efficiency(0, 1)


def test_m3_a_ratio_below_chemistry_is_named():
    assert rule.alumina_floor(18_893, 10_000) == (
        "1.8893 g of alumina a g of metal, the least that chemistry allows is 1.8894"
    )
    assert rule.carbon_floor(3_338, 10_000).startswith("0.3338 g of carbon a g of metal, the least ")


def test_m3_bands():
    assert rule.outside_band("alumina", 19_600, 10_000) == ""
    assert "plants use at most 1.96" in rule.outside_band("alumina", 19_601, 10_000)
    assert "plants use at most 0.45" in rule.outside_band("carbon", 4_501, 10_000)


@pytest.mark.parametrize(
    ("attributes", "good", "bad"),
    [
        ({"form": "slab", "alloy": "EN-AW-5754"}, "76012030", "76061292"),
        ({"form": "slab", "alloy": "EN-AW-1050A"}, "76011010", "76012030"),
        ({"form": "coil", "alloy": "EN-AW-5754", "thickness": 1_200}, "76061292", "76061293"),
        ({"form": "coil", "alloy": "EN-AW-5754", "thickness": 1_200, "coating": "painted"}, "76061250", "76061292"),
        ({"form": "coil", "alloy": "EN-AW-5754", "thickness": 3_000}, "76061293", "76061292"),
        ({"form": "plate", "alloy": "EN-AW-7075", "thickness": 6_000}, "76061299", "76061293"),
        ({"form": "strip", "alloy": "EN-AW-1050A", "thickness": 1_000}, "76061191", "76061292"),
        ({"form": "strip", "alloy": "EN-AW-1050A", "thickness": 200}, "760711", "76061191"),
        ({"form": "strip", "alloy": "EN-AW-1050A", "thickness": 201}, "76061191", "76071190"),
        ({"form": "sheet", "alloy": "EN-AW-3104", "thickness": 2_999}, "76061211", "76061293"),
        ({"form": "coil", "alloy": "EN-AW-5182", "thickness": 250}, "76061219", "76061299"),
        ({"form": "hot-band", "alloy": "EN-AW-5754", "thickness": 5_999}, "76061293", "76061299"),
        ({"form": "sheet", "alloy": "EN-AW-8011A", "thickness": 6}, "76072", "76061292"),
    ],
)
def test_m4_the_customs_code_follows_from_the_goods(attributes, good, bad):
    assert rule.customs_code({**attributes, "cn": good}) == rule.customs_code(attributes) == ""
    assert rule.customs_code({**attributes, "cn": bad}).startswith(f"its CN code is {bad}")


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ({"form": "slab", "alloy": "EN-AW-1050A"}, "76011010"),
        ({"form": "slab", "alloy": "EN-AW-5754"}, "76012030"),
        ({"thickness": 200}, "76071 or 76072"),
        ({"thickness": 3_000}, "76061293"),
        ({"thickness": 6_000}, "76061299"),
        ({"thickness": 6_000, "alloy": "EN-AW-1050A"}, "76061199"),
        ({"thickness": 1_000, "coating": "painted"}, "76061250"),
        ({"thickness": 1_000}, "76061292 or 76061211 or 76061219"),
    ],
)
def test_m4_the_customs_code_that_the_goods_have_is_named(said, codes):
    says = rule.customs_code({"form": "coil", "alloy": "EN-AW-5754", "cn": "1"} | said)
    assert says == f"its CN code is 1, form, alloy and thickness make it {codes}"


def test_m4_a_wrong_code_is_found_where_the_piece_is_made(park):
    said = [{"id": SLAB, "form": "slab", "alloy": "EN-AW-5754", "cn": "76061292"}]
    assert rules(park.make(SMELTER, [(METAL, 100)], [(SLAB, 100)], al_attributes=said)) == {"customs_code"}


def test_m5_an_analysis_is_held_against_the_alloy_after_rounding_half_to_even():
    row = {"element": "Si", "value": "0.405", "bound": "eq"}
    assert rule.analysis("EN-AW-5754", [row]) == ()
    assert rule.analysis("EN AW-5754", [{**row, "value": "0.4051"}]) == ("Si is 0.4051 %, the alloy has 0 to 0.40 %",)
    assert rule.analysis("5754", [{"element": "Mg", "value": "2.54", "bound": "eq"}])
    assert rule.analysis("5754", [{"element": "Mg", "value": "2.5", "bound": "gt"}]) == ()
    assert rule.analysis("5754", [{"element": "Si", "value": "0.5", "bound": "lt"}]) == ()


def test_m5_what_is_rolled_has_the_alloy_it_is_made_of(park):
    one, other = ([{"id": name, "alloy": alloy}] for name, alloy in ((SLAB, "EN-AW-5754"), (BAND, "EN-AW-6016")))
    park.make(SMELTER, [(METAL, 100)], [(SLAB, 100)], al_attributes=one)
    done = park.make(SMELTER, [(SLAB, None)], [(BAND, 100)], "hot-rolling", al_attributes=other)
    assert rules(done) == {"alloys_mixed"}
    assert rule.one_alloy(["EN-AW-5754", ""], "EN-AW-5754") == ""


def test_m5_the_alloys_that_it_is_made_of_are_named_in_one_order():
    others = ("EN-AW-7075", "EN-AW-6016", "EN-AW-5754", "EN-AW-5182", "EN-AW-3104", "EN-AW-1050A", "EN-AW-8011A")
    for inputs in (others, reversed(others)):
        says = rule.one_alloy([*inputs, "EN-AW-6061"], "EN-AW-6061")
        assert says == f"it is said to be EN-AW-6061 and is made of {', '.join(sorted(others))}"


@pytest.mark.parametrize(
    ("value", "bound", "found"),
    [
        ("2.6", "eq", False), ("2.55", "eq", False), ("2.5499", "eq", True), ("2.5", "gt", False), ("2.5", "lt", True),
        ("3.6", "eq", False), ("3.65", "eq", False), ("3.6501", "eq", True), ("3.7", "lt", False), ("3.7", "gt", True),
    ],
)  # fmt: skip
def test_m5_either_side_of_both_limits_of_an_element(value, bound, found):
    row = {"element": "Mg", "value": value, "bound": bound}
    assert rule.analysis("5754", [row]) == ((f"Mg is {value} %, the alloy has 2.6 to 3.6 %",) if found else ())


def test_m5_an_analysis_outside_is_found_where_the_piece_is_cast(park):
    chemistry = [{"element": "Si", "value": "0.6", "bound": "eq"}]
    said = [{"id": SLAB, "alloy": "EN-AW-5754", "chemistry": chemistry}]
    assert rules(park.make(SMELTER, [(METAL, 100)], [(SLAB, 100)], al_attributes=said)) == {"analysis"}


def test_m6_claims_never_exceed_what_came_in_and_are_carried_into_the_next_period_only():
    assert rule.claimed_balance([(50, 50), (0, 0)]) == ""
    assert "claims 51 g in period 1 and has 50 g" in rule.claimed_balance([(50, 51)])
    assert rule.claimed_balance([(50, 0), (0, 50)]) == ""
    assert "claims 1 g in period 3 and has 0 g" in rule.claimed_balance([(50, 0), (0, 0), (0, 1)])
    assert "claims 31 g in period 2 and has 30 g" in rule.claimed_balance([(50, 20), (0, 31)])
    assert rule.claimed_balance([(50, 0), (50, 50), (0, 50)]) == ""  # what was carried over goes out first
    assert rule.claimed_balance([(0, 5)], opening=5) == ""
    assert "claims 1 g in period 2" in rule.claimed_balance([(0, 0), (0, 1)], opening=0)


def test_m7_production_is_what_was_sold_and_used():
    row = {"produced": 10, "sold": 5, "used": 3, "other": 2}
    assert rule.activity(row) == ""
    assert "10 g were produced, 9 g sold and used" in rule.activity({**row, "other": 1})
    assert rule.precursor(10, 7, 3) == ""
    assert "10 g were purchased, 9 g consumed or given away" in rule.precursor(10, 7, 2)


def test_m4_a_slab_that_weighs_otherwise_than_its_size_says_is_found(park):
    size = {"alloy": "EN-AW-5754", "thickness": 1_000, "width": 1_000_000, "length": 1_000_000}  # 2 670 g
    said = [{"id": SLAB, **size}, {"id": BAND, **size}]
    assert rules(park.make(SMELTER, [(METAL, 2_710)], [(SLAB, 2_710)], al_attributes=said[:1])) == set()
    assert rules(park.make(SMELTER, [(METAL, 2_711)], [(BAND, 2_711)], al_attributes=said[1:])) == {"mass_and_size"}


# What is told later, and of what comes from outside

GOOD = {"form": "coil", "alloy": "EN-AW-5754", "thickness": 1_200, "cn": "76061292"}
OFF = [{"element": "Si", "value": "0.6", "bound": "eq"}]
COIL = piece("C-1")


def told(park, who=SMELTER, step="inspecting", **said):
    return park.look(who, step, (COIL, None), al_attributes=[{"id": COIL, **said}])


def coil(park, g=100, **said):
    park.make(
        SMELTER,
        [(METAL, g or 100)],
        [(COIL, g)],
        al_attributes=[{"id": COIL, **{name: one for name, one in {**GOOD, **said}.items() if one}}],
    )


def test_m4_a_wrong_code_is_found_where_it_is_told_later_and_once(park):
    coil(park, cn=None)
    assert rules(told(park, cn="76012030")) == {"customs_code"}
    assert rules(told(park, cn="76012030")) == set()
    assert rules(told(park, cn="76061292")) == set()
    assert rules(told(park, thickness=6_000)) == {"customs_code"}


def test_m4_a_size_that_is_told_later_is_held_against_the_weight(park):
    coil(park, g=3_204)  # 1.2 mm by 1 m by 1 m of 2 670 kg/m3
    assert rules(told(park, width=10**6, length=10**6)) == set()
    assert rules(told(park, width=2 * 10**6)) == {"mass_and_size"}


def test_m4_the_first_weight_of_a_piece_is_held_against_its_size(park):
    coil(park, g=None, width=10**6, length=10**6)
    assert rules(park.ship(SMELTER, MINE, (COIL, 3_300))) == {"mass_and_size"}


def test_m5_an_analysis_told_later_counts_of_who_made_the_piece_or_has_it(park):
    coil(park)
    assert rules(told(park, chemistry=OFF)) == {"analysis"}
    assert rules(told(park, MINE, chemistry=OFF)) == set()
    park.ship(SMELTER, MINE, (COIL, None))
    assert rules(park.receive(MINE, SMELTER, (COIL, None), al_attributes=[{"id": COIL, "chemistry": OFF}])) == {
        "analysis"
    }


@pytest.mark.parametrize("action", ["ADD", "OBSERVE"])
def test_what_is_said_of_what_comes_from_outside_is_judged_once(park, action):
    origin = [{"id": COIL, "kind": "outside", "supplier": "S", "document": "D", "g": 9_000}]
    said = [{"id": COIL, **GOOD, "cn": "1", "width": 10**6, "length": 10**6, "chemistry": OFF}]
    step = "commissioning" if action == "ADD" else "receiving"
    done = park.say(
        SMELTER, "Object", action=action, bizStep=step, epcList=[COIL], al_origin=origin, al_attributes=said
    )
    assert sorted(one.rule for one in done.findings) == ["analysis", "customs_code", "mass_and_size"]
