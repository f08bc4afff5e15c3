"""To whom power and emissions belong: windows, spans, runs, stocks, scrap, deliveries; one small park for each rule."""

from decimal import Decimal

import msgspec

from ledger.carbon.given import DAY, Close, Covered, Given, Moved, PowerHour, Process, Step, Stock
from ledger.carbon.recompute import recompute
from ledger.carbon.streams import Emission, Power, Stream
from ledger.lots.records import Settled

HOUR = DAY // 24
FIRST = 20_000 * DAY
PROCESSES = {
    name: Process(name, name, "S", "P") for name in ("mining", "refining", "electrolysis", "casting", "hot-rolling")
}
T = 1_000_000


def move(lot, g=T, *, carries=True, kind="", scrap="", delivery="", holder="P"):
    return Moved((lot, holder, delivery), g, carries, kind, "", scrap)


def step(index, process, hours, took, gave, *, worked=(), run="", **more):
    """A step in the window [from, to), in hours since the first day began."""
    return Step(
        index, "P", FIRST + hours[1] * HOUR, FIRST + hours[0] * HOUR, process, process, True, run, tuple(took),
        tuple(gave), tuple(worked), **more,
    )  # fmt: skip


def hour(process, number, wh, *rows):
    return PowerHour(process, FIRST + number * HOUR, wh, True, rows)


def stream(process, hours, t):
    emitted = (Emission("CO2", "measured", Decimal(t)),)
    return Stream(
        1, process, FIRST + hours[0] * HOUR, FIRST + hours[1] * HOUR, "gas", "fuel", "measured",
        frozenset({"footprint"}), emitted,
    )  # fmt: skip


def close(*processes, days=(0, 10), stocks=()):
    return Close(99, "P", processes, FIRST + days[0] * DAY, FIRST + days[1] * DAY, tuple(stocks))


def accounts(steps, hours=(), streams=(), closes=(), described=()):
    return recompute(Given(tuple(steps), tuple(hours), tuple(streams), tuple(closes), PROCESSES, dict(described)))


def coil(name):
    return f"(01)09521141000014(21){name}"


def lot(name):
    return f"(01)09521141000014(10){name}"


def cast(index, hours, name, g=T):
    return step(index, "casting", hours, [], [move(coil(name), g, kind="primary")])


def test_an_hour_belongs_to_what_was_worked_on_in_it():
    """P1: the hour before a heat is not the heat's."""
    found = accounts([cast(1, (0, 2), "A"), cast(2, (2, 4), "B")], [hour("casting", 1, 70), hour("casting", 2, 11)])
    assert (found.footprint.of(coil("A")).wh, found.footprint.of(coil("B")).wh) == (70, 11)


def test_an_hour_of_two_heats_is_shared_by_mass_and_by_time():
    found = accounts([cast(1, (0, 2), "A", 3 * T), cast(2, (0, 1), "B")], [hour("casting", 0, 100)])
    # of A 1.5 t in this hour, of B 1 t
    assert (found.footprint.of(coil("A")).wh, found.footprint.of(coil("B")).wh) == (60, 40)


def test_a_stream_that_ends_within_a_window_has_the_part_of_it_that_it_covers():
    found = accounts([cast(1, (0, 4), "A"), cast(2, (2, 4), "B")], streams=[stream("casting", (0, 3), 9)])
    # three of four hours of A, one of two of B
    assert found.footprint.of(coil("A")).direct == Decimal("5.4")
    assert found.footprint.of(coil("B")).direct == Decimal("3.6")


def test_an_idle_hour_is_of_its_day_until_the_period_is_closed_and_then_of_the_period():
    steps, idle = (
        [cast(1, (0, 1), "A"), cast(2, (30, 31), "B")],
        [hour("casting", 9, 100, Covered(100, "hourly", Decimal(0)))],
    )
    day = accounts(steps, idle)
    assert (day.footprint.of(coil("A")).wh, day.footprint.of(coil("B")).wh) == (100, 0)
    assert day.footprint.of(coil("A")).provisional
    period = accounts(steps, idle, closes=[close("casting")])
    assert (period.footprint.of(coil("A")).wh, period.footprint.of(coil("B")).wh) == (50, 50)
    assert not period.footprint.of(coil("A")).provisional
    # P6: matched in its hour, but shared out by the mean of the period
    assert period.footprint.of(coil("A")).coc_model == "mass-balance"


def test_a_day_without_any_metal_waits_for_the_next_and_a_closed_period_does_not():
    steps, hours = [cast(1, (50, 51), "A")], [hour("casting", 9, 100)]
    assert accounts(steps, hours).footprint.of(coil("A")).wh == 100
    closed = accounts(steps, hours, closes=[close("casting", days=(0, 1))])
    assert closed.footprint.of(coil("A")).wh == 0
    assert [one.rule for one in closed.findings] == ["unattributed"]


def test_scrap_leaves_with_nothing_and_enters_with_nothing():
    """P4: what was good metal before it became scrap is told as scrapped, and greens or burdens no other metal."""
    steps = [
        step(1, "casting", (0, 1), [], [move(coil("A"), kind="primary"), move(lot("CHIPS"), carries=False)]),
        step(
            2, "casting", (2, 3), [move(coil("A"), scrap="internal"), move(lot("CHIPS"), scrap="internal")],
            [move(coil("B"), 2 * T)],
        ),
    ]  # fmt: skip
    found = accounts(steps, [hour("casting", 0, 100), hour("casting", 2, 7)])
    assert (found.footprint.of(coil("A")).wh, found.footprint.of(coil("B")).wh) == (100, 7)
    assert sum(found.flowed.lost["scrapped"].values()) >= 100


def test_what_goes_into_a_run_is_of_all_that_comes_out_of_it():
    steps = [
        step(1, "mining", (0, 1), [], [move(lot("ORE"), 4 * T, kind="primary")]),
        step(2, "electrolysis", (2, 3), [move(lot("ORE"), 3 * T)], [], run="r"),
        step(3, "electrolysis", (4, 6), [], [move(coil("A"), T)], run="r"),
        step(4, "electrolysis", (8, 9), [move(lot("ORE"), T)], [], run="r"),
        step(5, "electrolysis", (10, 12), [], [move(coil("B"), 3 * T)], run="r"),
    ]
    found = accounts(steps, [hour("mining", 0, 400), hour("electrolysis", 4, 10), hour("electrolysis", 11, 6)])
    one, other = (found.footprint.of(coil(name)) for name in "AB")
    assert {row.stage: row.wh for row in one.power} == {"mining": 100, "electrolysis": 10}
    assert {row.stage: row.wh for row in other.power} == {"mining": 300, "electrolysis": 6}


def test_what_lies_in_stock_at_the_end_of_a_period_goes_on_to_the_next():
    steps = [
        step(1, "mining", (0, 1), [], [move(lot("ORE"), 4 * T, kind="primary")]),
        step(2, "electrolysis", (2, 3), [move(lot("ORE"), 4 * T)], [], run="r"),
        step(3, "electrolysis", (4, 6), [], [move(coil("A"), T)], run="r"),
        step(4, "electrolysis", (26, 28), [], [move(coil("B"), T)], run="r"),
    ]
    bins = [Stock("electrolysis", "ore", 0, T)]
    closes = [close("electrolysis", days=(0, 1), stocks=bins), close("electrolysis", days=(1, 2))]
    found = accounts(steps, [hour("mining", 0, 400)], closes=closes, described={lot("ORE"): {"material": "ore"}})
    assert (found.footprint.of(coil("A")).wh, found.footprint.of(coil("B")).wh) == (300, 100)


def test_a_draw_from_a_pile_has_the_mean_of_what_is_there():
    steps = [
        step(1, "mining", (0, 1), [], [move(lot("PILE"), T, kind="primary")]),
        step(2, "casting", (1, 2), [move(lot("PILE"), T // 2)], [move(coil("A"), T // 2)]),
        step(3, "mining", (3, 4), [], [move(lot("PILE"), T, kind="primary")]),
        step(4, "casting", (5, 6), [move(lot("PILE"), T)], [move(coil("B"), T)]),
    ]
    found = accounts(steps, [hour("mining", 0, 100), hour("mining", 3, 310)])
    # 50 left of the first with 310 of the second, in 1.5 t; a third stays on the pile
    assert (found.footprint.of(coil("A")).wh, found.footprint.of(coil("B")).wh) == (50, 240)
    assert found.flowed.places[lot("PILE"), "P", ""]


def test_what_arrived_before_its_sender_was_heard_has_what_he_sent():
    shipped = Step(
        2, "P", FIRST + 2 * HOUR, FIRST + 2 * HOUR, "", "shipping", False, "", (move(lot("BAR"), T),), (),
        settles=(Settled(lot("BAR"), 1, T),),
    )  # fmt: skip
    received = Step(
        1, "Q", FIRST + 3 * HOUR, FIRST + 3 * HOUR, "", "receiving", False, "", (),
        (move(lot("BAR"), T, kind="late", holder="Q"),), settled=(Settled(lot("BAR"), 2, T),),
    )  # fmt: skip
    used = step(4, "casting", (4, 5), [move(lot("BAR"), T, holder="Q")], [move(coil("A"), T)])
    made = step(3, "mining", (0, 1), [], [move(lot("BAR"), T, kind="primary")])
    found = accounts([received, shipped, made, used], [hour("mining", 0, 100)])
    assert found.footprint.of(coil("A")).wh == 100
    assert [one.what for one in found.footprint.of(coil("A")).gaps] == ["no-factor"]


def test_metal_of_which_nothing_is_known_is_told():
    steps = [
        Step(1, "P", FIRST, FIRST, "", "receiving", False, "", (), (move(lot("BAR"), T, kind="outside"),)),
        step(2, "casting", (1, 2), [move(lot("BAR"), T)], [move(coil("A"), T)]),
    ]
    (gap, _) = accounts(steps, [hour("casting", 1, 5)]).footprint.of(coil("A")).gaps
    assert (gap.what, gap.amount) == ("outside", T)


def test_power_without_a_factor_is_told_and_not_taken_for_clean():
    (gap,) = accounts([cast(1, (0, 1), "A")], [hour("casting", 0, 5)]).footprint.of(coil("A")).gaps
    assert (gap.stage, gap.what, gap.amount) == ("casting", "no-factor", 5)


def test_a_piece_names_the_factor_sets_of_what_reached_it_and_no_others():
    """SPEC 12.5: another plant's stream of the same kind says nothing of this one's metal."""
    own, other = (
        msgspec.structs.replace(stream("casting", hours, 9), table=table, gwp=gwp)
        for hours, table, gwp in (((0, 2), "ours/1", "AR5"), ((2, 4), "theirs/1", "AR4"))
    )
    grid = msgspec.structs.replace(
        stream("casting", (0, 2), 0), emissions=(), power=Power("grid", Decimal("0.5"), 0), table="grid/1"
    )
    found = accounts([cast(1, (0, 2), "A"), cast(2, (2, 4), "B")], [hour("casting", 1, 70)], [own, other, grid])
    assert (found.footprint.of(coil("A")).tables, found.footprint.of(coil("A")).gwp) == (("grid/1", "ours/1"), "AR5")
    assert (found.footprint.of(coil("B")).tables, found.footprint.of(coil("B")).gwp) == (("theirs/1",), "AR4")
