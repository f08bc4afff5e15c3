"""Lots judged again once everything is known: what was right to record and is worth knowing is noted."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from small_ledger import PLANT, ROLLING, SECOND

sys.path.append(str(Path(__file__).parents[1] / "passport"))
from small_mill import lot, piece, small_mill, things

from ledger.audit.audit import Order, audit
from ledger.audit.sources import DatabaseSource

METAL = lot("MET", 4)


def noted(mill):
    report = audit(Order(DatabaseSource(mill.world.places.database)))
    assert report.findings == ()
    assert any("in the order of event times" in one for one in report.checked)
    return [(one.code, one.index, one.sentence) for one in report.notes]


def destroyed(mill, g, moment):
    """Destroyed when the clock stood at `moment`, as its holder says it later."""
    time = datetime.fromtimestamp(moment // SECOND, UTC).isoformat().replace("+00:00", "Z")
    return mill.say(PLANT, "Object", action="DELETE", bizStep="destroying", eventTime=time, **things([(METAL, g)]))


def test_what_was_taken_before_it_had_come_is_noted(tmp_path):
    with small_mill(tmp_path) as mill:
        mill.new(PLANT, (METAL, 1_000))
        between = mill.world.now + SECOND
        mill.new(PLANT, (METAL, 1_000))
        assert noted(mill) == []
        index = destroyed(mill, 1_500, between)
        ((code, entry, sentence),) = noted(mill)
        assert (code, entry) == ("time_order", index)
        assert sentence.startswith(f"entry {index}: it takes 1 500 g of lot")


def test_what_came_and_went_at_one_moment_was_there(tmp_path):
    with small_mill(tmp_path) as mill:
        mill.new(PLANT, (METAL, 1_000))
        destroyed(mill, 1_000, mill.world.now)
        mill.new(PLANT, (METAL, 500))
        assert noted(mill) == []


def test_what_did_not_all_arrive_is_noted(tmp_path):
    with small_mill(tmp_path) as mill:
        mill.new(PLANT, (METAL, 1_000))
        mill.send(PLANT, ROLLING, (METAL, 1_000))
        assert noted(mill) == []
        mill.take(ROLLING, PLANT, (METAL, 900))
        ((code, entry, sentence),) = noted(mill)
        assert (code, entry) == ("delivery_difference", None)
        assert "left and" in sentence


def test_an_open_run_that_gave_more_than_it_took_is_noted_until_what_went_in_is_told(tmp_path):
    run = {"transformationID": "urn:example:run:1", "al_run": "open"}
    with small_mill(tmp_path) as mill:
        mill.new(PLANT, (METAL, 10_000))
        mill.make(PLANT, "casting", [(METAL, 1_000)], [], **run)
        mill.make(PLANT, "casting", [], [(piece("C-1"), 5_000)], **run)
        ((code, entry, sentence),) = noted(mill)
        assert (code, entry) == ("output_above_input", None)
        assert sentence == "run urn:example:run:1: 5 000 g come out of 1 000 g, the most is 1 005 g"
        mill.make(PLANT, "casting", [(METAL, 4_000)], [], **run)
        assert noted(mill) == []
