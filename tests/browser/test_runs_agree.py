"""Runs that close in mass: both verifiers judge what a bundle shows of them, and accuse nobody of the rest."""

import sys
from pathlib import Path

import pytest
from cheats import bundled, copied, told_by
from small_ledger import PLANT
from test_units_agree import COIL, METAL, OTHER, agree_on_every_piece, bought, reports, sources_of

sys.path.append(str(Path(__file__).parents[1] / "passport"))
from small_mill import MINUTE, TONNE, lot, piece, small_mill
from test_random_mills import InRuns

from ledger.kernel.gs1 import canonical_id
from ledger.kernel.report import Outcome
from ledger.passport.runs import OF_RUNS
from tests.tiers import first

POT = lot("POT", 4)


def step(mill, inputs, outputs, state="open", run="urn:example:run:1"):
    return mill.make(PLANT, "casting", inputs, outputs, transformationID=run, al_run=state)


def with_a_loss(mill):
    """What its last event finds of all of it is found again."""
    step(mill, [(METAL, 2 * TONNE)], [])
    step(mill, [], [(COIL, TONNE)], "closed")


def with_an_output_that_was_wrong(mill):
    """What did not come out is no more than went in."""
    step(mill, [(METAL, 2 * TONNE)], [])
    mill.wrong(PLANT, step(mill, [], [(piece("C-9"), 2 * TONNE)]))
    step(mill, [], [(COIL, 2 * TONNE)], "closed")


def with_an_input_that_was_wrong(mill):
    """What that leaves of the run, which was closed, is found by the declaration."""
    wrong = step(mill, [(METAL, TONNE)], [])
    step(mill, [(METAL, TONNE)], [])
    step(mill, [], [(COIL, 2 * TONNE)], "closed")
    mill.wrong(PLANT, wrong)


def folded(mill):
    """Of a run too little came into what the coil is made of: its last event is shown, what went in is not."""
    step(mill, [(METAL, 2 * TONNE)], [])
    step(mill, [], [(piece("C-9"), 2 * TONNE - 1_000), (POT, 1_000)], "closed")
    mill.new(PLANT, (POT, 19 * TONNE))
    mill.make(PLANT, "casting", [(POT, TONNE)], [(COIL, TONNE)])


def with_a_piece_that_is_next_to_nothing(mill):
    """How much the run had taken in rests on what it weighs."""
    mill.new(PLANT, (piece("C-9"), 1_000))
    step(mill, [(piece("C-9"), None)], [])
    step(mill, [(METAL, 2 * TONNE)], [])
    bought(mill, OTHER)
    step(mill, [(OTHER, 2 * TONNE)], [])
    step(mill, [], [(COIL, 4 * TONNE)], "closed")


def with_an_input_that_was_of_another_run(mill):
    """What its correction leaves of that one, which was closed and is not shown, is found by the correction."""
    other = {"run": "urn:example:run:2"}
    wrong = step(mill, [(METAL, TONNE)], [], **other)
    step(mill, [], [(piece("C-9"), TONNE)], "closed", **other)
    mill.wrong(PLANT, wrong, "urn:right")
    mill.make(PLANT, "casting", [(METAL, TONNE)], [(COIL, TONNE)], eventID="urn:right")


def with_an_input_that_was_wrong_and_an_output_that_came_later(mill):
    """What the first leaves of the run is found by the declaration, by all that came out: not all of it is shown."""
    wrong = step(mill, [(METAL, TONNE)], [])
    step(mill, [(METAL, TONNE)], [(COIL, TONNE)])
    step(mill, [], [(piece("C-9"), TONNE)], "closed")
    mill.wrong(PLANT, wrong)


def with_a_month(mill):
    """What the month before comes to is found by the first event of the next; not all of it is shown."""
    silo, anodes, others = lot("SILO", 3), lot("ANODES", 8), lot("ANODES-2", 8)
    mill.new(
        PLANT, (silo, 40 * TONNE), (anodes, TONNE), (others, TONNE),
        attributes=[(silo, {"material": "alumina"}), *((one, {"material": "anode"}) for one in (anodes, others))],
    )  # fmt: skip
    made = {"attributes": [(METAL, {"material": "liquid-metal"})]}
    mill.make(PLANT, "electrolysis", [(silo, 1_920_000)], [(METAL, TONNE)], **made)
    mill.make(PLANT, "electrolysis", [(anodes, 400_000)], [(lot("BUTTS", 9), 1)])
    mill.world.now += 40 * 24 * 60 * MINUTE
    mill.make(PLANT, "electrolysis", [(silo, 1_920_000), (others, 400_000)], [(METAL, TONNE)], **made)
    mill.make(PLANT, "casting", [(METAL, 2 * TONNE)], [(COIL, 2 * TONNE)])


def open_still(mill):
    """It is said by what had gone in and come out by then; what came later is not shown."""
    step(mill, [(METAL, 2 * TONNE)], [])
    step(mill, [], [(COIL, TONNE)])
    step(mill, [], [(piece("C-9"), TONNE)])


def closed_later(mill):
    """That it was judged is shown by the event that closed it, which used what the bundle does not hold."""
    step(mill, [(METAL, 2 * TONNE)], [])
    step(mill, [], [(COIL, TONNE)])
    mill.new(PLANT, (POT, 19 * TONNE))
    step(mill, [(POT, TONNE)], [(piece("C-9"), 2 * TONNE)], "closed")


def closed_and_opened_again(mill):
    step(mill, [(METAL, 2 * TONNE)], [])
    step(mill, [], [(COIL, TONNE)])
    mill.wrong(PLANT, step(mill, [], [(piece("C-9"), TONNE)], "closed"), "urn:right")


def closed_again(mill):
    closed_and_opened_again(mill)
    step_again = {"transformationID": "urn:example:run:1", "al_run": "closed", "eventID": "urn:right"}
    mill.make(PLANT, "casting", [], [(piece("C-9"), TONNE - 1)], **step_again)


def with_an_output_that_another_took_the_place_of(mill):
    """How much came out rests on what took its place, and that on what it weighs of what it used."""
    mill.new(PLANT, (piece("C-8"), 1_000))
    step(mill, [(METAL, 2 * TONNE)], [])
    wrong = step(mill, [], [(piece("C-9"), TONNE)])
    step(mill, [], [(COIL, TONNE)])
    mill.wrong(PLANT, wrong, "urn:right")
    again = {"transformationID": "urn:example:run:1", "al_run": "open", "eventID": "urn:right"}
    mill.make(PLANT, "casting", [(piece("C-8"), None)], [(piece("C-9"), TONNE)], **again)


def waiting(mill):
    """It was closed, and what is to take the place of one of its events has not come."""
    step(mill, [(METAL, 2 * TONNE)], [])
    wrong = step(mill, [(METAL, TONNE)], [])
    step(mill, [], [(COIL, 3 * TONNE)], "closed")
    mill.wrong(PLANT, wrong, "urn:right")


def above(mill):
    """Two open runs, each gave more than it took."""
    step(mill, [(METAL, TONNE)], [])
    step(mill, [], [(piece("C-9"), TONNE)])
    step(mill, [], [(POT, TONNE)])
    mill.make(PLANT, "casting", [(POT, TONNE)], [(piece("C-8"), TONNE)])
    step(mill, [(piece("C-8"), None)], [], run="urn:example:run:2")
    step(mill, [], [(COIL, 2 * TONNE)], run="urn:example:run:2")


def from_nothing(mill):
    """It gave, and had taken nothing at all."""
    step(mill, [], [(piece("C-9"), TONNE)])
    step(mill, [], [(COIL, TONNE)])


def closed_twice_and_once_taken_back(mill):
    """By what it was closed first stands, and what else said so is of none of what the coil is made of."""
    step(mill, [(METAL, 2 * TONNE)], [])
    step(mill, [], [(COIL, 2 * TONNE)], "closed")
    mill.new(PLANT, (POT, TONNE))
    mill.wrong(PLANT, mill.make(PLANT, "casting", [(POT, TONNE)], [(piece("C-9"), TONNE)]), "urn:right")
    again = {"transformationID": "urn:example:run:1", "al_run": "closed", "eventID": "urn:right"}
    mill.wrong(PLANT, mill.make(PLANT, "casting", [(POT, TONNE)], [(piece("C-9"), TONNE)], **again))


def closed_by_what_took_the_place_of_what_went_in(mill):
    """What had closed it first was taken back since, and is of none of what the coil is made of."""
    wrong = step(mill, [(METAL, 2 * TONNE)], [])
    step(mill, [], [(COIL, TONNE)])
    closed = step(mill, [], [(piece("C-9"), TONNE)], "closed")
    mill.wrong(PLANT, wrong, "urn:right")
    again = {"transformationID": "urn:example:run:1", "al_run": "closed", "eventID": "urn:right"}
    mill.make(PLANT, "casting", [(METAL, 2 * TONNE)], [], **again)
    mill.wrong(PLANT, closed)


def closed_once_more_by_another(mill):
    """That it was open again by then is shown by this: what had closed it first was taken back, and is not there."""
    closed_by_what_took_the_place_of_what_went_in(mill)
    step(mill, [], [(piece("C-8"), TONNE // 2)])
    step(mill, [], [(piece("C-7"), TONNE // 2)], "closed")


OPEN = {
    open_still: ["took 2 000 000 g and gave 1 000 000 g"],
    closed_later: [],
    closed_and_opened_again: ["took 2 000 000 g and gave 1 000 000 g"],
    closed_again: [],
    with_an_output_that_another_took_the_place_of: ["took 2 001 000 g and gave 2 000 000 g"],
    waiting: [
        "waits for what takes the place of entry", "took 2 000 000 g and gave 3 000 000 g", "3 000 000 g come out of",
    ],
    above: [
        "urn:example:run:1 (casting) is open and was not judged", "took 1 000 000 g and gave 2 000 000 g",
        "run urn:example:run:1: 2 000 000 g come out of 1 000 000 g, the most is 1 005 000 g",
        "urn:example:run:2 (casting) is open and was not judged",
        "run urn:example:run:2: 2 000 000 g come out of 1 000 000 g, the most is 1 005 000 g",
    ],
    from_nothing: ["took 0 g and gave 2 000 000 g", "2 000 000 g come out of 0 g"],
}  # fmt: skip
WAYS = (
    *OPEN,
    closed_by_what_took_the_place_of_what_went_in,
    closed_once_more_by_another,
    closed_twice_and_once_taken_back,
    with_a_piece_that_is_next_to_nothing,
    with_a_month,
    with_an_input_that_was_of_another_run,
    with_an_input_that_was_wrong_and_an_output_that_came_later,
    with_a_loss,
    with_an_output_that_was_wrong,
    with_an_input_that_was_wrong,
    folded,
)


@pytest.mark.parametrize("way", first(WAYS, 2))
def test_a_genuine_passport_is_computed_again_whatever_the_bundle_shows_of_a_run(tmp_path, way):
    with small_mill(tmp_path) as mill:
        bought(mill)
        way(mill)
        sources = sources_of(mill, [COIL])
    ((here, there),) = reports(sources)
    assert (here.verified, there["verified"]) == (True, True), (here.verdict, there)
    assert (here.steps[10].outcome, there["steps"][10]) == (Outcome.PASSED, "passed")


@pytest.mark.parametrize("way", first([*OPEN], 2))
def test_a_passport_says_which_runs_on_its_way_nobody_judged_and_neither_takes_one_that_does_not(tmp_path, way):
    with small_mill(tmp_path) as mill:
        bought(mill)
        way(mill)
        told = told_by(mill, [canonical_id(COIL)])
    body, inputs = told.said[canonical_id(COIL)]
    rows = [one for one in body.get("findings", ()) if one["rule"] in OF_RUNS]
    says = " ".join(one["text"] for one in rows)
    assert all(one in says for one in OPEN[way]), says
    assert bool(rows) == bool(OPEN[way])
    lie = {"rule": "run_not_judged", "text": "run urn:example:run:1 is open", "entry": inputs[-1]}
    lies = [[one for one in body["findings"] if one is not row] for row in rows] or [[*body.get("findings", ()), lie]]
    told_otherwise = [{**body, "findings": one} for one in lies]
    bundles = [bundled(copied(told.ledger), canonical_id(COIL), one, inputs) for one in (body, *told_otherwise)]
    said = [(here.verified, there["verified"]) for here, there in reports(bundles)]
    assert said == [(True, True), *[(False, False)] * len(lies)]


def test_neither_takes_a_passport_that_keeps_silent_on_what_a_run_lost(tmp_path):
    with small_mill(tmp_path) as mill:
        bought(mill)
        with_a_loss(mill)
        told = told_by(mill, [canonical_id(COIL)])
    body, inputs = told.said[canonical_id(COIL)]
    assert [one["rule"] for one in body["findings"]] == ["unaccounted_loss"]
    silent = bundled(copied(told.ledger), canonical_id(COIL), {**body, "findings": []}, inputs)
    honest = bundled(copied(told.ledger), canonical_id(COIL), body, inputs)
    said = [(here.verified, there["verified"]) for here, there in reports([honest, silent])]
    assert said == [(True, True), (False, False)]


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "moves"), [(2, 300), (8, 400)])
def test_both_compute_every_piece_of_a_mill_that_casts_in_runs_again(tmp_path, seed, moves):
    agree_on_every_piece(tmp_path, InRuns, seed, moves)
