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


WAYS = (
    with_a_piece_that_is_next_to_nothing,
    with_a_month,
    with_an_input_that_was_of_another_run,
    with_an_input_that_was_wrong_and_an_output_that_came_later,
    with_a_loss,
    with_an_output_that_was_wrong,
    with_an_input_that_was_wrong,
    folded,
)


@pytest.mark.parametrize("way", WAYS)
def test_a_genuine_passport_is_computed_again_whatever_the_bundle_shows_of_a_run(tmp_path, way):
    with small_mill(tmp_path) as mill:
        bought(mill)
        way(mill)
        sources = sources_of(mill, [COIL])
    ((here, there),) = reports(sources)
    assert (here.verified, there["verified"]) == (True, True), (here.verdict, there)
    assert (here.steps[10].outcome, there["steps"][10]) == (Outcome.PASSED, "passed")


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
