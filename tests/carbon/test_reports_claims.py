"""The claims board: each claim is held, not held, or cannot be said, by numbers that anybody can check."""

from decimal import Decimal

import pytest
from example_park import PERIOD, coil_of, process
from test_worked_example import HOUR, accounts_of
from worked import example

from ledger.carbon.given import Close, Covered, Given, Moved, PowerHour, Step
from ledger.carbon.reports.claims import Observed, board, claims_set
from ledger.kernel.moments import micros

START, END = micros(PERIOD["from"]), micros(PERIOD["to"])
LOT, BOUGHT = "(01)09521214000095(10)SCRAP", "(01)09521213000096(10)POST"


@pytest.fixture(scope="module")
def worked(vectors):
    return example(vectors)


def hours(*rows):
    """Of one process: (drawn, covered in the hour, covered by volume)."""
    return tuple(
        PowerHour(process("electrolysis"), START + number * HOUR, wh, True, tuple(
            Covered(covered, matching, Decimal(0)) for covered, matching in ((hourly, "hourly"), (other, "volumetric"))
            if covered
        ))
        for number, (wh, hourly, other) in enumerate(rows)
    )  # fmt: skip


def closed(start=START, end=END):
    return Close(1, "x", (process("electrolysis"),), start, end)


def observed(given_hours=(), steps=(), shipped=(), closes=(), evidence=None):
    described = {
        LOT: {"material": "scrap", "scrapClass": "internal"},
        BOUGHT: {"material": "scrap", "scrapClass": "post-consumer"},
    }
    given = Given(tuple(steps), tuple(given_hours), (), tuple(closes), {}, described)
    return Observed(given, START, END, shipped, evidence or {})


def claim(name, one):
    return next(found for found in board(one) if found.id == name)


def verdicts(found):
    return {one.matching: (one.value, one.verdict) for one in found.figures}


def test_a_share_may_be_held_by_volume_and_not_by_the_hour():
    found = claim("renewable-power", observed(hours((100, 100, 0), (100, 20, 60))))
    assert verdicts(found) == {"hourly": ("0.6", "not held"), "volumetric": ("0.9", "held")}
    assert found.figures[0].why == "60.00 %, where at least 80.00 % was said"
    rows = {row.name: row.value for row in found.rows}
    assert (rows["drawn"], rows["covered, hourly"], rows["covered, volumetric"]) == ("200", "120", "180")
    assert rows[f"{process('electrolysis')}: hourly"] == "0.6"


def test_exactly_what_was_said_is_held_and_a_watt_hour_less_is_not():
    assert verdicts(claim("renewable-power", observed(hours((1_000_000, 800_000, 0)))))["hourly"][1] == "held"
    assert verdicts(claim("renewable-power", observed(hours((1_000_000, 799_999, 0)))))["hourly"][1] == "not held"


def test_hours_outside_the_period_do_not_count():
    before = PowerHour(process("electrolysis"), START - HOUR, 1_000, True, ())
    after = PowerHour(process("electrolysis"), END, 1_000, True, ())
    found = claim("renewable-power", observed((before, *hours((100, 90, 0)), after)))
    assert verdicts(found)["hourly"] == ("0.9", "held")


def test_an_hour_is_never_covered_above_what_was_drawn():
    found = claim("renewable-power", observed(hours((100, 150, 0), (100, 0, 0))))
    assert verdicts(found)["hourly"] == ("0.5", "not held")


def test_where_nothing_was_stated_nothing_can_be_said():
    for found in board(observed()):
        assert {one.verdict for one in found.figures} == {"cannot be said"}
        assert {one.value for one in found.figures} == {None}


@pytest.mark.parametrize(("share", "verdict"), [(100, "held"), (80, "held"), (0, "not held")])
def test_the_reduction_of_the_published_example_comes_out(worked, share, verdict):
    coil = accounts_of(worked, share).footprint.of(coil_of("A"))
    found = claim("carbon-intensity", observed(shipped=[coil]))
    wanted = worked[1].get(f"reduction_s{share}", Decimal(0))
    for value, said in verdicts(found).values():
        assert Decimal(value) == round(wanted, 6)
        assert said == verdict


def test_a_mean_weighs_by_mass_and_not_by_piece(worked):
    footprints = accounts_of(worked, 100, 0).footprint
    one, other = footprints.of(coil_of("A")), footprints.of(coil_of("B"))
    found = claim("carbon-intensity", observed(shipped=[one, other]))
    both = 1 - (one.total("hourly") + other.total("hourly")) / (one.total("location") + other.total("location"))
    assert Decimal(verdicts(found)["hourly"][0]) == round(both, 6)


def step(kind, debits=(), credits_=(), joins=True, time=START + HOUR):
    def moved(rows):
        return tuple(Moved((lot, "holder", delivery), g, False, "", "", "") for lot, delivery, g in rows)

    return Step(
        1,
        "x",
        time,
        time,
        "" if kind in {"shipping", "receiving"} else "p",
        kind,
        joins,
        "",
        moved(debits),
        moved(credits_),
    )


def test_scrap_that_goes_round_is_a_closed_loop_and_scrap_that_is_sent_away_is_not():
    made = step("slitting", [("coil", "", 100)], [(LOT, "", 1_000)])
    sent = step("shipping", [(LOT, "", 600)], [(LOT, "d", 600)], joins=False)
    came = step("receiving", [(LOT, "d", 598)], [(LOT, "", 598)], joins=False)
    melt = step("casting", [(LOT, "", 500), (BOUGHT, "", 300)])
    closed_loop = claim("closed-loop", observed(steps=[made, sent, came, melt]))
    assert verdicts(closed_loop) == {"none": ("0.002", "held")}
    assert {row.name: row.value for row in closed_loop.rows} == {
        "arose": "0.001", "melted again": "0.0005", "left or under way": "0.000002",
    }  # fmt: skip
    assert verdicts(claim("closed-loop", observed(steps=[made, sent, melt]))) == {"none": ("0.6", "not held")}


def test_a_number_that_nobody_said_is_not_told_as_said():
    made = step("slitting", [("coil", "", 100)], [(LOT, "", 1_000)])
    (figure,) = claim("closed-loop", observed(steps=[made])).figures
    assert (figure.threshold_from, figure.why) == (
        "chosen", "0.00 %, where at most 0.50 % is counted as held here: no number was said",
    )  # fmt: skip
    said = [one for found in board(observed()) for one in found.figures if found.id != "closed-loop"]
    assert {one.threshold_from for one in said} == {"said"}


def test_what_is_not_closed_is_provisional():
    drawn = hours((100, 90, 0))
    assert observed(drawn).provisional
    assert observed(drawn, closes=[closed(START, END - HOUR)]).provisional
    assert not observed(drawn, closes=[closed()]).provisional
    assert not observed(drawn, closes=[closed(START, START + HOUR), closed(START + HOUR, END)]).provisional


def test_every_claim_says_where_it_was_said_how_it_is_counted_and_what_was_not_checked():
    found = board(observed(evidence={"closed-loop": []}))
    assert [one.id for one in found] == [one["id"] for one in claims_set()["claims"]]
    for one in found:
        assert one.says
        assert one.source
        assert one.method
        assert one.not_checked
