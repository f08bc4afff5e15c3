"""The page's fold of random parks, with events declared wrong, says of every lot and event what the ledger's says."""

import json
import sys
from pathlib import Path
from random import Random

import pytest
from engine import run as run_page

sys.path.append(str(Path(__file__).parents[1] / "lots"))
from chance import ALL, HANDLING, Handling
from folded import MILL, MINE, OPERATOR, PROCESSES, SMELTER, Park, handed, lot, mass, pallet, piece

from ledger.kernel.errors import RuleBroken
from ledger.lots.records import Lot

PARKS = 150
OWN, STRANGERS, COIL = piece("S-1"), piece("S-2"), piece("C-1")
ONCE, NOW = lot("PL-1"), lot("PL-2")


def park(seed):
    """Events of all kinds, corrections among them, then some more events declared wrong."""
    random = Random(seed)
    chance = Handling(random)
    made = chance.go(random.randint(1, 50), HANDLING if seed % 2 else (*HANDLING, *ALL))
    standing = [one.index for one in made.effects if one.undoes < 0 and one.declared_by < 0]
    for index in random.sample(standing, min(len(standing), 3)):
        made.wrong(made.effects[index].issuer, index)
    return made


def given(made):
    kinds = {
        who: {"processes": [], "devices": [{"id": f"{who}/scale", "accuracy": "2"}]}
        for who in (MINE, SMELTER, MILL, OPERATOR)
    }
    for name, kind in PROCESSES.items():
        kinds[name.partition("/")[0]]["processes"].append({"id": name, "kind": kind})
    events = [
        {"body": body, "iss": event.issuer, "wrong": wrong, "recordedAt": event.recorded_at}
        for body, (event, wrong) in zip(made.bodies, made.told, strict=True)
    ]
    return {"events": events, "operator": OPERATOR, "sites": list(made.sites.items()), "profiles": kinds}


def lot_here(one):
    return {
        "id": one.id, "single": one.single, "maker": one.maker, "madeBy": one.made_by, "source": one.source, "g": one.g,
        "holdings": [[at.holder, at.delivery, at.owner, at.g, at.mix] for at in one.holdings],
        "consumedBy": one.consumed_by, "holds": [[held.by, held.entry] for held in one.holds], "doubt": one.doubt,
        "blocked": list(one.blocked), "surplus": one.surplus, "closedBy": list(one.closed_by), "inside": one.inside,
        "packedBy": one.packed_by, "contents": list(one.contents),
        "amounts": [[row.unit, row.lot, row.g, row.entry] for row in one.amounts], "attributes": one.attributes,
        "late": [[late.holder, late.entry, late.g, late.sender] for late in one.late],
        "owed": [[owed.at.holder, owed.at.delivery, owed.at.owner, owed.at.mix, owed.times] for owed in one.owed],
    }  # fmt: skip


def lot_there(one):
    rows = {"holdings": "holder delivery owner g mix", "holds": "by entry", "amounts": "unit lot g entry"}
    named = {**rows, "late": "holder entry g sender"}
    lists = {
        name: [[row[member] for member in members.split()] for row in one[name]] for name, members in named.items()
    }
    owed = [
        [*(row["at"][member] for member in ("holder", "delivery", "owner", "mix")), row["times"]] for row in one["owed"]
    ]
    return {**{name: one[name] for name in one if name != "time"}, **lists, "owed": owed}


def effects_here(one):
    return {
        "index": one.index, "debits": [[p.lot, p.holder, p.delivery, p.owner, p.g, p.had, p.kind] for p in one.debits],
        "credits": [[p.lot, p.holder, p.delivery, p.owner, p.g, p.had, p.kind] for p in one.credits],
        "entered": {kind: g for kind, g in one.entered.items() if g}, "left": {k: g for k, g in one.left.items() if g},
        "declaredBy": one.declared_by, "replacedBy": one.replaced_by, "undoes": one.undoes, "opened": one.opened,
        "packed": [[p.unit, p.lot, p.g, p.entry] for p in one.packed],
        "unpacked": [[p.unit, p.lot, p.g, p.entry] for p in one.unpacked],
        "findings": [[found.rule, found.lot, found.says] for found in one.findings],
    }  # fmt: skip


def effects_there(one):
    posting = ["lot", "holder", "delivery", "owner", "g", "had", "kind"]
    packing = ["unit", "lot", "g", "entry"]
    members = {"debits": posting, "credits": posting, "packed": packing, "unpacked": packing}
    members["findings"] = ["rule", "lot", "says"]
    lists = {name: [[row[member] for member in named] for row in one[name]] for name, named in members.items()}
    sums = {name: {kind: g for kind, g in one[name].items() if g} for name in ("entered", "left")}
    return {name: one[name] for name in ("index", "declaredBy", "replacedBy", "undoes", "opened")} | lists | sums


@pytest.mark.slow
def test_both_fold_random_parks_alike():
    alike([park(seed) for seed in range(PARKS)])


def alike(parks):
    for made, said in zip(parks, run_page("folding.mjs", map(given, parks)), strict=True):
        assert "error" not in said, said["error"]
        lots = {one.id: lot_here(one) for one in made.book.records().values() if isinstance(one, Lot)}
        assert {one["id"]: lot_there(one) for one in said["lots"]} == lots
        stands = [made.book.effects(one.index) for one in made.effects]
        assert [effects_there(one) for one in said["effects"]] == list(map(effects_here, stands))


def mistaken(act):
    """The mill did something with its own slab, declares it wrong, and does it again; the smelter has another slab."""
    made = Park()
    made.new(MILL, (OWN, 100))
    made.new(SMELTER, (STRANGERS, 100))
    made.wrong(MILL, act(made, OWN).index, "urn:right")
    return done_right(made, act)


def called_back():
    """The mill had the smelter's slab and sent it back; that it had called it back is declared wrong."""
    made = Park()
    made.new(MILL, (OWN, 100))
    bought(made, STRANGERS)
    made.ship(MILL, SMELTER, (STRANGERS, None), paper="D-2")
    back = made.look(MILL, "void_shipping", (STRANGERS, None), **handed(MILL, SMELTER, "D-2"))
    made.wrong(MILL, back.index, "urn:right")
    made.receive(SMELTER, MILL, (STRANGERS, None), paper="D-2")
    return done_right(made, used)


def bought(made, name):
    made.new(SMELTER, (name, 100))
    made.ship(SMELTER, MILL, (name, 100))
    made.receive(MILL, SMELTER, (name, 100))


def done_right(made, act):
    with pytest.raises(RuleBroken, check=lambda refusal: refusal.code == "not_holder"):
        act(made, STRANGERS, eventID="urn:right")
    act(made, OWN, eventID="urn:right")
    return made


def used(made, name, **members):
    return made.make(MILL, [(name, 100)], [(COIL, 100)], **members)


def described(made, name, **members):
    grade = "prime" if members else "second"
    return made.look(MILL, "inspecting", (name, None), al_attributes=[{"id": name, "grade": grade}], **members)


def test_neither_lets_a_correction_take_or_describe_what_its_issuer_never_had():
    parks = [mistaken(used), called_back(), mistaken(described)]
    alike(parks)
    swapped = [given(made) for made in parks]
    for one in swapped:
        one["events"][-1]["body"] = json.loads(json.dumps(one["events"][-1]["body"]).replace(OWN, STRANGERS))
    *taken, told = (said["error"] for said in run_page("folding.mjs", swapped))
    assert all(f"lot {STRANGERS} is not with {MILL}" in one for one in taken)
    assert f"{MILL} cannot describe lot {STRANGERS}" in told


def once_and_now(act):
    """The smelter has some of two lots, and of the one the mill had some once; the mill acts on the other."""
    made = Park()
    made.new(SMELTER, (ONCE, 100), (NOW, 100))
    for name in (ONCE, NOW):
        made.ship(SMELTER, MILL, (name, 40), paper=name)
        made.receive(MILL, SMELTER, (name, 40), paper=name)
    made.make(MILL, [(ONCE, 40)], [(COIL, 40)])
    made.look(MILL, "holding", (NOW, None))
    made.look(MILL, "storing", (ONCE, None))
    act(made, NOW)
    return made


def worked_on(made, name):
    made.look(MILL, "other", (name, None), al_process=f"{MILL}/annealing", al_start="2026-03-01T00:00:00Z")


def released(made, name):
    made.look(MILL, "storing", (name, None), persistentDisposition={"unset": ["unavailable"]})


def test_neither_lets_a_party_work_on_what_it_had_once_or_release_what_it_does_not_hold():
    parks = [once_and_now(worked_on), once_and_now(released)]
    alike(parks)
    swapped = [given(made) for made in parks]
    for one in swapped:
        one["events"][-1]["body"] = json.loads(json.dumps(one["events"][-1]["body"]).replace(NOW, ONCE))
    worked, freed = (said["error"] for said in run_page("folding.mjs", swapped))
    assert f"{MILL} has nothing of lot {ONCE} here" in worked
    assert f"lot {ONCE} is not held by {MILL}" in freed


def test_both_judge_what_was_in_a_unit_and_a_run_that_another_process_closes():
    made = Park()
    said = [{"id": OWN, "alloy": "EN-AW-5754"}, {"id": COIL, "alloy": "EN-AW-6016"}]
    made.new(MILL, (OWN, 100), al_attributes=said[:1])
    made.new(MILL, (STRANGERS, None))
    for number, inside in enumerate((OWN, STRANGERS), 1):
        made.say(MILL, "Aggregation", action="ADD", parentID=pallet(number), childEPCs=[inside])
    made.make(MILL, [(pallet(1), None)], [(COIL, 100)], "slitting", al_attributes=said[1:])
    made.make(MILL, [(pallet(2), None)], [(piece("C-2"), 100)], "slitting")
    run = {"transformationID": "urn:run", "al_attributes": [{"id": NOW, "material": "liquid-metal"}]}
    made.new(SMELTER, (ONCE, 1))
    made.make(SMELTER, [], [(NOW, 1_000)], "electrolysis", al_run="open", **run)
    made.make(SMELTER, [(ONCE, 1)], [], "auxiliary", al_run="closed", **run)
    found = {one.rule for done in made.effects for one in done.findings}
    assert found >= {"alloys_mixed", "mass_not_closed", "alumina_floor"}
    alike([made])


def test_both_close_a_run_in_mass_and_judge_it_again_where_it_is_corrected():
    said = [{"id": OWN, "alloy": "EN-AW-5754"}, {"id": COIL, "alloy": "EN-AW-6016"}]
    run = {"transformationID": "urn:run", "process": "cold-rolling"}
    made = Park()
    made.new(SMELTER, (ONCE, 100_000), (OWN, 1_000), al_attributes=said[:1])
    first = made.make(SMELTER, [(ONCE, 10_000), (OWN, None)], [], al_run="open", **run).index
    made.make(SMELTER, [], [(COIL, 10_000)], al_run="closed", al_attributes=said[1:], **run)
    made.wrong(SMELTER, first, "urn:right")
    made.make(SMELTER, [(ONCE, 9_000)], [], al_run="open", eventID="urn:right", **run)
    again = made.make(SMELTER, [(ONCE, 10_000)], [], al_run="open", **run | {"transformationID": "urn:run:2"}).index
    made.make(SMELTER, [], [(piece("C-2"), None)], al_run="closed", **run | {"transformationID": "urn:run:2"})
    made.wrong(SMELTER, again)
    third = run | {"transformationID": "urn:run:3"}
    moved = made.make(SMELTER, [(ONCE, 10_000)], [], al_run="open", **third).index
    made.make(SMELTER, [], [(piece("C-3"), 10_000)], al_run="closed", **third)
    made.wrong(SMELTER, moved, "urn:elsewhere")
    elsewhere = made.make(SMELTER, [(ONCE, 10_000)], [(piece("C-4"), 10_000)], "casting", eventID="urn:elsewhere")
    assert [one.rule for one in elsewhere.findings] == ["output_above_input"]
    found = {one.rule for done in made.effects for one in done.findings}
    assert found >= {"alloys_mixed", "unaccounted_loss", "output_above_input", "mass_not_closed", "run_closed"}
    alike([made])


def test_both_judge_what_is_told_later_and_of_what_comes_from_outside():
    made, off = Park(), [{"element": "Si", "value": "0.6", "bound": "eq"}]
    wrong = {"form": "coil", "alloy": "EN-AW-5754", "thickness": 1_200, "cn": "1", "width": 10**6, "length": 10**6}
    origin = {"kind": "outside", "supplier": "S", "document": "D", "g": 9_000}
    for action, name in (("ADD", OWN), ("OBSERVE", STRANGERS)):
        made.say(
            MILL, "Object", action=action, bizStep="receiving", epcList=[name], al_origin=[{"id": name, **origin}],
            al_attributes=[{"id": name, **wrong, "chemistry": off}],
        )  # fmt: skip
    made.new(MILL, (COIL, None))
    for who in (MILL, SMELTER):
        made.look(who, "inspecting", (COIL, None), al_attributes=[{"id": COIL, "chemistry": off}])
    made.look(MILL, "inspecting", (COIL, None), al_attributes=[{"id": COIL, **wrong}])
    made.look(MILL, "inspecting", (COIL, None), al_attributes=[{"id": COIL, **wrong, "chemistry": off}])
    made.ship(MILL, SMELTER, (COIL, 9_000))
    rules = [one.rule for done in made.effects for one in done.findings]
    assert [rules.count(one) for one in ("customs_code", "mass_and_size", "analysis")] == [3, 3, 3]
    alike([made])


def test_neither_counts_the_scale_of_what_went_in():
    made = Park()
    made.new(MILL, (ONCE, 10_000))
    weighed = [mass(ONCE, 10_000, device=f"{MILL}/scale"), mass(COIL, 9_900)]
    done = made.make(MILL, [(ONCE, 10_000)], [(COIL, 9_900)], al_mass=weighed)
    assert [one.rule for one in done.findings] == ["unaccounted_loss"]
    alike([made])


def test_what_a_ledger_refuses_of_a_whole_run_the_page_finds_which_may_have_part_of_it():
    made = Park()
    made.new(SMELTER, (ONCE, 100_000))
    run = {"transformationID": "urn:run", "process": "casting"}
    made.make(SMELTER, [(ONCE, 10_000)], [], al_run="open", **run)
    made.make(SMELTER, [], [(COIL, 9_990)], al_run="closed", **run)
    told = given(made)
    del told["events"][1]
    (said,) = run_page("folding.mjs", [told])
    assert [one["findings"] for one in said["effects"]][-1] == [{
        "rule": "output_above_input", "lot": COIL, "says": "urn:run: 9 990 g come out of 0 g, the most is 0 g",
    }]  # fmt: skip


def test_neither_weighs_by_a_correction_what_was_used_up_unweighed():
    made = Park()
    made.new(MILL, (OWN, None))
    made.wrong(MILL, made.ship(MILL, SMELTER, (OWN, 7)).index, "urn:right")
    made.make(MILL, [(OWN, None)], [(COIL, 5)], "casting")
    made.ship(MILL, SMELTER, (OWN, 7), eventID="urn:right")
    alike([made])


def sent_on(order, again):
    """Weighed first where it was received, sent on, come back, and sent once more; what is in the order was wrong."""
    made = Park()
    made.new(SMELTER, (OWN, None))
    moves = []
    for paper, giver, taker, g in (
        ("D-1", SMELTER, MILL, 9_000),
        ("D-2", MILL, SMELTER, None),
        ("D-3", SMELTER, MILL, 7),
    ):
        moves.append((giver, made.ship(giver, taker, (OWN, None), paper=paper).index))
        moves.append((taker, made.receive(taker, giver, (OWN, g), paper=paper).index))
    for number in order:
        made.wrong(*moves[number], "urn:right")
    if again:
        made.ship(SMELTER, MILL, (OWN, None), eventID="urn:right")
    return made


def test_both_know_where_a_piece_is_whose_moves_and_first_weight_are_wrong():
    orders = [(0, 1, 5, 4, 3, 2), (2, 1, 0), (5, 3, 1, 0, 2, 4), (0, 2, 3)]
    alike([*(sent_on(order, again=False) for order in orders), sent_on((0,), again=True)])


def weighed_later(*, made=None, moved=False, wrong=False):
    """First weighed where it came to, or by its making that is corrected then; the weighing may be wrong."""
    made_of = Park()
    made_of.new(SMELTER, (OWN, None))
    made_of.ship(SMELTER, MILL, (OWN, None))
    made_of.receive(MILL, SMELTER, (OWN, None))
    weighed = None if wrong is None else made_of.look(MILL, "inspecting", (OWN, 500)).index
    if moved:
        made_of.ship(MILL, SMELTER, (OWN, None), paper="D-2")
    made_of.wrong(SMELTER, 0, "urn:made")
    made_of.new(SMELTER, (OWN, made), eventID="urn:made")
    if wrong:
        made_of.wrong(MILL, weighed, "urn:weighed")
        made_of.look(MILL, "stock_taking", (OWN, 480), eventID="urn:weighed")
    return made_of


def test_both_weigh_a_piece_by_any_event_and_correct_that():
    kinds = [{"made": made, "moved": moved} for made in (None, 480, 500) for moved in (False, True)]
    packed = Park()
    packed.new(SMELTER, (OWN, None))
    packed.say(SMELTER, "Aggregation", action="ADD", parentID=pallet(1), childEPCs=[OWN])
    packed.ship(SMELTER, MILL, (pallet(1), None), (OWN, 500))
    used = Park()
    used.new(MILL, (OWN, None))
    used.look(MILL, "inspecting", (OWN, 500))
    used.make(MILL, [(OWN, None)], [(COIL, 500)])
    used.wrong(MILL, 0, "urn:made")
    used.new(MILL, (OWN, None), eventID="urn:made")
    alike([packed, used, *(weighed_later(**kind, wrong=wrong) for kind in kinds for wrong in (False, True, None))])


def weighed_twice(entries_before):
    """Weighed wrongly where it was made, and then where it was; it has moved on since."""
    made = Park()
    for number in range(entries_before):
        made.new(MINE, (piece(f"X-{number}"), 1))
    made.new(SMELTER, (OWN, None))
    made.wrong(SMELTER, made.look(SMELTER, "inspecting", (OWN, 500)).index, "urn:first")
    for paper, giver, taker in (("D-1", SMELTER, MILL), ("D-2", MILL, SMELTER)):
        made.ship(giver, taker, (OWN, None), paper=paper)
        made.receive(taker, giver, (OWN, None), paper=paper)
        if paper == "D-1":
            weighed = made.look(SMELTER, "inspecting", (OWN, 500), eventID="urn:first")
    made.wrong(SMELTER, weighed.index, "urn:second")
    made.look(SMELTER, "inspecting", (OWN, 500), eventID="urn:second")
    return made


def test_both_correct_the_newest_of_several_weighings_whatever_their_numbers():
    alike(list(map(weighed_twice, range(10))))


def in_doubt(order):
    """A piece whose making, shipment and receipt are wrong, made again and sent off."""
    made = Park()
    wrong = [
        (SMELTER, made.new(SMELTER, (OWN, 100)).index),
        (SMELTER, made.ship(SMELTER, MILL, (OWN, None)).index),
        (MILL, made.receive(MILL, SMELTER, (OWN, None)).index),
    ]
    for one in order:
        made.wrong(*wrong[one], *["urn:made"][one:])
    made.new(SMELTER, (OWN, 90), eventID="urn:made")
    made.ship(SMELTER, MILL, (OWN, None))
    return made


def test_both_know_that_a_piece_in_doubt_whose_moves_are_wrong_too_is_where_it_was_made():
    alike([in_doubt(order) for order in ((0, 1, 2), (2, 1, 0))])


def test_both_let_a_correction_take_and_describe_what_its_issuer_had():
    """A piece that somebody else made, and that was sent on while an event stood that did not take it; its own."""
    made = Park()
    bought(made, STRANGERS)
    made.new(MILL, (OWN, 100))
    looked = described(made, STRANGERS)
    made.wrong(MILL, used(made, STRANGERS).index, "urn:second")
    made.wrong(MILL, used(made, OWN, eventID="urn:second").index, "urn:third")
    made.ship(MILL, SMELTER, (STRANGERS, None), paper="D-2")
    made.receive(SMELTER, MILL, (STRANGERS, None), paper="D-2")
    used(made, STRANGERS, eventID="urn:third")
    made.wrong(MILL, looked.index, "urn:right")
    described(made, STRANGERS, eventID="urn:right")
    made.wrong(MILL, made.make(MILL, [(OWN, 100)], [(piece("C-2"), 100)]).index, "urn:last")
    made.new(MILL, (piece("S-3"), 100))
    made.ship(MILL, SMELTER, (piece("S-3"), None), paper="D-2")
    made.make(MILL, [(piece("S-3"), 100)], [(piece("C-2"), 100)], eventID="urn:last")
    alike([made])
