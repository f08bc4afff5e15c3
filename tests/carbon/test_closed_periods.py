"""What is found in a closed period: metal out of nothing, goods unaccounted for, streams that fall silent."""

import copy

import pytest
from example_park import SITE, ExamplePark, process, table
from folded_example import given
from test_worked_example import covered
from worked import example

from ledger.bodies import check_body
from ledger.carbon.closing import by_rule
from ledger.carbon.given import Close, Given, Process, Step
from ledger.carbon.recompute import recompute
from ledger.carbon.streams import read_stream
from ledger.kernel.moments import micros

DIGEST = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
JANUARY = {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}
NOVEMBER = {"from": "2025-11-01T00:00:00Z", "to": "2025-12-01T00:00:00Z"}


@pytest.fixture
def park(vectors):
    return ExamplePark(*example(vectors))


def found(park, close=None, streams=(), hours=None):
    drawn = list(covered(park, 1, 0)) if hours is None else hours
    bodies = [*park.bodies("A", day=1), *park.streams(), *streams, ("period-close", close or park.close()[1])]
    return recompute(given(bodies, drawn)).findings


def changed(park, **more):
    return {**copy.deepcopy(park.close()[1]), **more}


def test_nothing_is_found_where_everything_is_as_it_should_be(park):
    assert found(park) == ()


def test_a_stock_that_is_told_wrong_makes_metal_of_nothing(park):
    stock = {"process": process("electrolysis"), "material": "alumina", "opening": 0, "closing": 5_000_000}
    (one,) = found(park, changed(park, stocks=[stock]))
    assert (one.process, one.rule) == (process("electrolysis"), "alumina_floor")
    assert "1.6819 g of alumina a g of metal" in one.says
    stock = {"process": process("electrolysis"), "material": "metal", "opening": 0, "closing": 9_000_000}
    assert set(by_rule(found(park, changed(park, stocks=[stock])))) == {
        "alumina_floor", "carbon_floor", "current_efficiency"
    }  # fmt: skip
    stock = {"process": process("electrolysis"), "material": "anode", "opening": 4_000_000, "closing": 0}
    assert by_rule(found(park, changed(park, stocks=[stock]))) == {"carbon_band": 1}


def test_more_metal_than_the_power_can_make(park):
    less = [one for one in covered(park, 1, 0) if one.process != process("electrolysis")]
    some = [one for one in covered(park, 1, 0) if one.process == process("electrolysis")][:12]
    (one,) = found(park, hours=[*less, *some])
    assert (one.rule, one.says.endswith("at 4 V a cell")) == ("current_efficiency", True)


def test_goods_that_went_nowhere(park):
    close = changed(park)
    close["activity"][1]["used"] -= 600_000
    (one,) = found(park, close)
    assert (one.rule, one.process) == ("activity", process("casting"))
    assert one.says == "25 600 000 g were produced, 25 000 000 g sold and used"


def test_a_stream_that_fell_silent(park):
    old = [
        (typ, {**body, "period": NOVEMBER, "stream": "oil"}) for typ, body in park.streams() if body["stream"] == "gas"
    ]
    (one,) = found(park, streams=old[:1])
    assert (one.rule, one.process) == ("stream_missing", process("refining"))
    assert "stream oil was stated up to 2025-12-01T00:00:00Z" in one.says


def test_what_a_stream_says_of_a_bought_lot_is_what_was_drawn_of_it(park):
    lot = next(
        row["id"] for typ, body in park.bodies("A", day=1) if typ == "lot-event" for row in body.get("al:role", ())
        if row["role"] == "alloying"
    )  # fmt: skip
    _, body = next(one for one in park.streams() if one[1]["stream"] == "alloying")
    said = {
        "cn": "76012080",
        "mass": 650_000,
        "country": "CH",
        "basis": "default",
        "direct": "10",
        "mark_up": "0",
        "lot": lot,
    }
    stream = {**body, "stream": "bought", "kind": "precursor", "precursor": said}
    stream.pop("material")
    (one,) = found(park, streams=[("emission-source", stream)])
    assert (one.rule, "650 000 g were purchased, 700 000 g consumed" in one.says) == ("precursor", True)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"basis": "default", "mark_up": "10"}, []),
        ({"basis": "default", "mark_up": "5"}, [("mark_up", "the mark-up is 5 %, eu-2025-2621/defaults has 10 %")]),
        ({"basis": "exempt", "country": "CH", "direct": "0"}, []),
        ({"basis": "actual", "verifier": "A verifier"}, []),
        ({"basis": "actual"}, [("precursor_verified", "nobody is named who verified them")]),
        ({"basis": "actual", "verifier": "A", "produced": {"from": JANUARY["from"], "to": "2026-02-02T00:00:00Z"}},
         [("precursor_verified", "it was produced until 2026-02-02T00:00:00Z, after the period")]),
    ],
)  # fmt: skip
def test_what_a_precursor_carries_is_verified_or_the_default_with_its_mark_up(park, changes, wanted):
    """E4, in January; what enters the footprint alone is not held to it."""
    _, body = next(one for one in park.streams() if one[1]["stream"] == "alloying")
    actual = {
        "producer": "Works", "installation": "W-1", "produced": NOVEMBER,
        "report": {"digest": DIGEST, "media_type": "application/pdf"},
    }  # fmt: skip
    said = {"cn": "76011090", "mass": 1, "country": "KZ", "direct": "1.87"}
    said |= (actual if changes["basis"] == "actual" else {}) | changes
    stream = {**body, "stream": "bought", "kind": "precursor", "precursor": said, "period": JANUARY,
              "accounts": ["cbam-direct"], "table": table("eu-2025-2621/defaults")}  # fmt: skip
    stream.pop("material")
    told = judged(stream)
    assert [one.rule for one in told] == [rule for rule, _ in wanted]
    assert all(words in one.says for one, (_, words) in zip(told, wanted, strict=True))
    assert judged({**stream, "accounts": ["footprint"]}) == []


def judged(stream):
    """The findings of January, of this stream alone."""
    check_body("emission-source", stream)
    processes = {process("casting"): Process(process("casting"), "casting", SITE, "P")}
    start, end = (micros(JANUARY[name]) for name in ("from", "to"))
    closes = (Close(1, "P", (process("casting"),), start, end),)
    findings = recompute(Given((), (), (read_stream(stream, 0),), closes, processes)).findings
    return [one for one in findings if one.rule != "unattributed"]  # nothing is made here


def test_power_that_met_nothing_is_told_and_charged_to_nobody(park):
    bodies = [*park.streams(), park.close()]
    accounts = recompute(given(bodies, covered(park, 1, 0)))
    assert by_rule(accounts.findings)["unattributed"] == 8
    assert len(accounts.footprint) == 0
    assert accounts.left == accounts.put_in


@pytest.mark.parametrize(
    ("start", "time", "first", "second"),
    [
        (80, 100, True, False),  # a window that ends as the period ends is in it
        (90, 110, False, True),
        (100, 100, False, True),  # an instant is in the period that begins with it
        (99, 99, True, False),
    ],
)
def test_a_step_at_the_border_belongs_to_one_period_and_to_one_only(start, time, first, second):
    step = Step(1, "party", time, start, "process", "electrolysis", True, "", (), ())
    assert (step.within(0, 100), step.within(100, 200)) == (first, second)
