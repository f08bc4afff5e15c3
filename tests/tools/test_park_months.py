"""A park that is told for months: class lots end, and what a piece rests on does not grow with the life of the park."""

from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise

import pytest
from told import FOUND, tell

from ledger.kernel.gs1 import canonical_id
from tools.park.actors import MILL, SMELTER
from tools.park.casthouse import heel
from tools.park.events import day
from tools.park.finishing import pieces
from tools.park.plan import HEATS, Size, halls_for, make_plan
from tools.park.potline import silo
from tools.park.story import story

pytestmark = pytest.mark.slow

RENEWED, DAYS = 14, 56
MONTHS = Size(DAYS, halls=2, renewed=RENEWED, wind=2, sun=2)


@pytest.fixture(scope="module")
def park():
    return tell(700, "months", MONTHS, checked=True)


def test_nothing_else_is_found_than_in_three_weeks(park):
    _, told = park
    assert {one.rule for _, one in told.findings()} == FOUND
    assert told.in_time() == []


def test_silos_and_heels_are_closed_empty_and_others_begun(park):
    plan, told = park
    begun = [number for number in range(1, DAYS + 1) if number == 1 or plan.renews(number)]
    assert begun == [1, 15, 29, 43]
    names = [silo(plan, number) for number in begun]
    names += [heel(plan, heat.furnace, heat.day) for heat in plan.heats]
    lots = [told.book.lot(canonical_id(name)) for name in dict.fromkeys(names)]
    assert len(lots) > 4 + 4 * 3
    ended = [one for one in lots if one.closed_by]
    assert {one.on_hand(SMELTER.id) for one in ended} == {0}
    assert {one.on_hand(SMELTER.id) > 0 for one in lots if one not in ended} == {True}
    last = f"-{day(begun[-1]):%y%m%d}"
    assert {one.id.endswith(last) for one in ended} == {False}
    assert {one.id.endswith(last) for one in lots if one not in ended} == {True}


def test_a_piece_rests_on_no_silo_or_heel_that_had_ended_before_it_was_begun(park):
    plan, told = park
    for heat in plan.heats[:: len(plan.heats) // 20]:
        early = heat.day - 2 * RENEWED
        if early < 1:
            continue
        old = {canonical_id(silo(plan, early)), canonical_id(heel(plan, heat.furnace, early))}
        trace = told.up(canonical_id(pieces(heat.coils[0])[0]))
        touched = {posting.lot for entry in trace.inputs for posting in told.effects[entry].debits}
        assert {canonical_id(silo(plan, number)) for number in (heat.day, heat.day - RENEWED)} & touched
        assert not old & touched


def test_no_furnace_works_on_two_things_at_once_and_no_line_of_a_hall(park):
    plan, told = park
    furnaces, lines = defaultdict(set), Counter()
    for said in told.said.values():
        equipment = said.body.get("al:equipment", "")
        if "Furnace" in equipment:
            furnaces[equipment].add((datetime.fromisoformat(said.body["al:start"]), said.time))
        if said.body.get("al:process") == MILL.own("hot"):
            lines[said.time] += 1
    assert set(furnaces) == {f"Furnace {heat.furnace}" for heat in plan.heats}
    assert len(furnaces) > 3
    for spans in furnaces.values():
        assert all(end <= start for (_, end), (start, _) in pairwise(sorted(spans)))
    assert max(lines.values()) == plan.size.halls


@pytest.mark.parametrize(("coils", "days"), [(50_000, 365), (4, 21), (9_000, 60)])
def test_as_many_halls_are_built_as_the_coils_need_and_all_leave_in_time(coils, days):
    halls = halls_for(coils, days)
    plan = make_plan(coils, "halls", Size(days, halls))
    assert halls == 1 or max(Counter(heat.product.alloy for heat in plan.heats).values()) > HEATS * (halls - 1) * (
        days - 12
    )
    assert max(heat.day for heat in plan.heats) + 8 <= plan.days == days
    assert sum(len(heat.coils) for heat in plan.heats) == coils


def test_what_reaches_the_ledger_comes_in_the_order_in_which_it_was_signed():
    posts = list(story(make_plan(30, "order", MONTHS)))
    assert all(first.time < second.time for first, second in pairwise(posts))
    assert all(one.signed <= two.signed for post in posts for one, two in pairwise(post.statements))
