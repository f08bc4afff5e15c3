"""Rules 5.4 and 5.5, judged again once the whole story is known: to the gram, by event time, delivery by delivery."""

import pytest
from folded import MILL, MINE, Park, at, in_time, lot

from ledger.lots.hindsight import Short, delivery_findings, rows_of, short_of, undone_by
from ledger.lots.records import Delivery, Effects, Line, Posting

ORE, METAL = lot("BX-1"), lot("PL-1")


def effects(index, time, added=(), taken=()):
    """What an event at `time`, in µs, adds to and takes from one place of the mine."""
    credits_, debits = (tuple(Posting(ORE, MINE, "", MINE, g) for g in of) for of in (added, taken))
    return Effects(index, MINE, time, time, "storing", debits=debits, credits=credits_)


def shorts(*events):
    rows = b"".join(row for one in events for row in rows_of(one))
    return short_of(rows, frozenset(undone_by(events)))


@pytest.mark.parametrize(("taken", "found"), [(100, []), (101, [Short(7, 1, 0, 1)])])
def test_a_single_gram_is_short_at_its_time(taken, found):
    assert shorts(effects(0, 3, added=[100]), effects(1, 7, taken=[taken])) == found


def test_what_happened_before_1970_came_first():
    assert shorts(effects(0, 5, taken=[10]), effects(1, -5, added=[10])) == []
    assert shorts(effects(0, 5, added=[10]), effects(1, -5, taken=[10])) == [Short(-5, 1, 0, 10)]


def test_of_an_event_each_draw_is_judged_and_no_addition():
    """What is still short after an addition is of the draws before it."""
    found = shorts(effects(0, 1, taken=[5, 7]), effects(1, 2, added=[4]), effects(2, 3, added=[20], taken=[12]))
    assert found == [Short(1, 0, 0, 5), Short(1, 0, 1, 12)]


def test_the_first_entry_of_a_ledger_is_undone_like_any_other():
    wrong = effects(0, 1, taken=[5])
    declared = Effects(1, MINE, 2, 2, "error declaration", undoes=0)
    assert list(undone_by([wrong, declared])) == [0, 1]
    assert shorts(wrong, declared) == []


def test_what_is_in_one_place_says_nothing_of_another():
    park = Park()
    park.new(MINE, (ORE, 100), (METAL, 100), eventTime=at(5))
    park.ship(MINE, MILL, (ORE, 40), (METAL, 30), eventTime=at(3))
    (ore, metal) = sorted(in_time(park.effects), key=lambda one: one.lot)
    assert [(one.rule, one.lot, one.facts) for one in (ore, metal)] == [
        ("time_order", ORE, {"entry": 1, "short": 40}), ("time_order", METAL, {"entry": 1, "short": 30}),
    ]  # fmt: skip
    assert ore.says == f"it takes 40 g of lot {ORE} before {MINE} has it"


@pytest.mark.parametrize(
    ("wet", "received", "differs"),
    [
        (False, 0, False), (False, 994, True), (False, 995, False), (False, 1_005, False), (False, 1_006, True),
        (True, 979, True), (True, 980, False), (True, 1_020, False), (True, 1_021, True),
    ],
)  # fmt: skip
def test_of_a_delivery_what_arrived_may_differ_by_so_much(wet, received, differs):
    going = Delivery("D-1", MINE, MILL, (Line(ORE, 1_000, received, wet), Line(METAL, 1_000, 1_000)))
    found = [(one.rule, one.lot, one.facts) for one in delivery_findings(going)]
    assert found == ([("delivery_difference", ORE, {"delivery": "D-1"})] if differs else [])
