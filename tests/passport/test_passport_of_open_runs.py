"""A run is judged when it is closed: until then passports of what came out of it say so, and what it gave and took."""

import pytest
from small_ledger import PLANT
from small_mill import CUSTOMER, TONNE, lot, piece, small_mill
from test_full_bundle_attacks import cheat, fails
from test_passport_issued import standing, verified
from test_passport_restated import restater

from ledger.kernel.errors import Malformed
from ledger.kernel.gs1 import canonical_id

METAL, COIL, NEXT = lot("MET", 4), piece("C-1"), piece("C-2")
RUN = "urn:example:run:1"


@pytest.fixture
def mill(tmp_path):
    with small_mill(tmp_path) as mill:
        mill.restater = restater(mill)
        mill.new(PLANT, (METAL, 9 * TONNE))
        cast(mill, [(METAL, 2 * TONNE)], [])
        mill.coil = cast(mill, [], [(COIL, TONNE)])
        mill.send(PLANT, CUSTOMER, (COIL, None))
        yield mill


def cast(mill, inputs, outputs, state="open", **members):
    return mill.make(PLANT, "casting", inputs, outputs, transformationID=RUN, al_run=state, **members)


def found(mill, name="C-1"):
    assert verified(mill, name).verified, verified(mill, name).verdict
    return {one["rule"]: one for one in standing(mill, name).statement.body.get("findings", ())}


def restated(mill):
    """How many passports were."""
    return mill.restater.round(now=mill.world.now)


def test_what_is_said_of_an_open_run_ends_with_the_event_that_gave_the_piece(mill):
    assert found(mill) == {
        "run_not_judged": {
            "rule": "run_not_judged",
            "text": f"run {RUN} (casting) is open and was not judged: up to entry {mill.coil} it took 2 000 000 g and "
            "gave 1 000 000 g",
            "entry": mill.coil,
        }
    }


def test_whoever_verifies_is_told_what_nobody_judged(mill):
    (point,) = (one for one in verified(mill, "C-1").open_points if "judged by nobody" in one)
    assert f"1 runs of continuous processes on its way, by entries {mill.coil}," in point


def test_a_run_that_goes_on_changes_no_passport_and_one_that_is_closed_does(mill):
    assert restated(mill) == 0
    cast(mill, [(METAL, TONNE)], [])
    cast(mill, [], [(NEXT, TONNE)])
    assert (restated(mill), mill.restater.pending) == (0, {})
    cast(mill, [], [(piece("C-3"), TONNE)], "closed")
    assert (restated(mill), found(mill)) == (1, {})


def test_what_the_whole_run_comes_to_is_said_of_what_had_left_it_before(mill):
    closed = cast(mill, [(METAL, TONNE)], [], "closed")
    assert restated(mill) == 1
    assert {rule: one["entry"] for rule, one in found(mill).items()} == {"unaccounted_loss": closed}


def test_a_run_whose_closing_was_wrong_is_open_again(mill):
    closed = cast(mill, [], [(NEXT, TONNE)], "closed")
    restated(mill)
    mill.wrong(PLANT, closed, "urn:example:right")
    assert (restated(mill), [*found(mill)]) == (1, ["run_not_judged"])
    cast(mill, [], [(NEXT, TONNE - 1)], "closed", eventID="urn:example:right")
    assert (restated(mill), found(mill)) == (1, {})


def test_a_correction_that_was_announced_and_has_not_come_leaves_a_run_without_a_judgement(mill):
    """What another event gave was wrong: the coil itself is what it was."""
    wrong = cast(mill, [], [(lot("POT", 4), TONNE // 2)])
    cast(mill, [], [(NEXT, TONNE // 2)], "closed")
    mill.send(PLANT, CUSTOMER, (NEXT, None), paper="D-2")
    restated(mill)
    mill.wrong(PLANT, wrong, "urn:example:right")
    assert (restated(mill), found(mill)) == (1, {})  # of the first coil, which had left by then, nothing is shown
    says = found(mill, "C-2")["run_not_judged"]["text"]
    assert f"waits for what takes the place of entry {wrong} and was not judged" in says
    assert "took 2 000 000 g and gave 1 500 000 g" in says
    cast(mill, [], [(lot("POT", 4), TONNE // 2)], eventID="urn:example:right")
    assert (restated(mill), [*found(mill, "C-2")]) == (1, ["run_closed"])


def test_what_was_wrongly_told_of_another_run_meanwhile_changes_the_first_again(mill):
    """The second correction names the event between: what it changes is what the first of the three was in."""
    wrong = cast(mill, [(METAL, TONNE)], [])
    cast(mill, [], [(NEXT, TONNE)])
    mill.send(PLANT, CUSTOMER, (NEXT, None), paper="D-2")
    mill.wrong(PLANT, wrong, "urn:example:elsewhere")
    other = {"transformationID": "urn:example:run:2", "al_run": "open"}
    moved = mill.make(PLANT, "casting", [(METAL, TONNE)], [], eventID="urn:example:elsewhere", **other)
    restated(mill)
    assert "took 2 000 000 g" in found(mill, "C-2")["run_not_judged"]["text"]
    mill.wrong(PLANT, moved, "urn:example:right")
    cast(mill, [(METAL, TONNE)], [], eventID="urn:example:right")
    assert restated(mill) == 1
    assert "took 3 000 000 g" in found(mill, "C-2")["run_not_judged"]["text"]


def test_an_open_run_that_gave_more_than_it_took_is_told_until_what_went_in_is(mill):
    index = cast(mill, [], [(NEXT, 2 * TONNE)])
    mill.send(PLANT, CUSTOMER, (NEXT, None), paper="D-2")
    above = found(mill, "C-2")["run_above_input"]
    assert (above["entry"], above["text"]) == (
        index, f"run {RUN}: 3 000 000 g come out of 2 000 000 g, the most is 2 010 000 g, up to entry {index}"
    )  # fmt: skip
    assert "run_above_input" not in found(mill)
    cast(mill, [(METAL, TONNE)], [], "closed")
    assert (restated(mill), found(mill), found(mill, "C-2")) == (2, {}, {})


def test_what_came_out_of_a_run_that_took_nothing_is_told_with_what_came_out_before(tmp_path):
    with small_mill(tmp_path) as mill:
        cast(mill, [], [(COIL, TONNE)])
        index = cast(mill, [], [(NEXT, TONNE)])
        mill.send(PLANT, CUSTOMER, (NEXT, None))
        assert {rule: one["entry"] for rule, one in found(mill, "C-2").items()} == {
            "run_not_judged": index, "run_above_input": index,
        }  # fmt: skip
        assert "took 0 g and gave 2 000 000 g" in found(mill, "C-2")["run_not_judged"]["text"]


def test_no_run_is_named_like_the_month_of_a_process(mill):
    """Both are looked up by their names: they would be one balance."""
    with pytest.raises(Malformed, match=r"/transformationID: .* is not a \"uri\""):
        mill.make(PLANT, "refining", [(METAL, TONNE)], [], transformationID=f"{PLANT.id}/refining 2026-01")


def about(name):
    return canonical_id(name)


def test_an_operator_who_keeps_silent_on_an_open_run_is_caught(mill):
    fails(cheat(mill, lambda body: body.pop("findings"), about=about(COIL)), "findings on what is shown")


def test_an_operator_who_tells_other_masses_is_caught(mill):
    def change(body):
        body["findings"][0]["text"] = body["findings"][0]["text"].replace("2 000 000", "3 000 000")

    fails(cheat(mill, change, about=about(COIL)), "findings on what is shown")


def test_an_operator_who_leaves_out_what_closed_a_run_has_to_call_it_open(mill):
    closed = cast(mill, [], [(NEXT, TONNE)], "closed")
    report = cheat(mill, about=about(COIL))
    assert report.verified, report.verdict
    fails(cheat(mill, without=[closed], about=about(COIL)), "findings on what is shown")


def test_an_operator_who_calls_a_closed_run_open_is_caught(mill):
    open_still = standing(mill, "C-1").statement.body["findings"]
    cast(mill, [], [(NEXT, TONNE)], "closed")
    fails(cheat(mill, lambda body: body.update(findings=open_still), about=about(COIL)), "findings on what is shown")
