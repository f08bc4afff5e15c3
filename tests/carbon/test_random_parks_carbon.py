"""Random parks: whatever plants do and take back, every Wh, gram and part of a tonne of CO2e is somewhere, once."""

import sys
from decimal import Decimal
from pathlib import Path
from random import Random

from hypothesis import given as over
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[1] / "lots"))
from folded import MILL, MINE, SMELTER, START, Park
from test_lot_random_parks import ALL, Chance

from ledger.carbon.given import Close, Covered, Given, Loss, PowerHour, Process, Stock, stands, step_of
from ledger.carbon.recompute import recompute
from ledger.carbon.storage import net_of, parts_of
from ledger.carbon.streams import Emission, Power, Stream
from tests.examples import examples

KINDS = ("casting", "refining", "electrolysis", "annealing")
HOUR, MINUTE = 3_600_000_000, 60_000_000
PROCESSES = {
    f"{who}/{kind}": Process(f"{who}/{kind}", kind, f"S{who}", who) for who in (MINE, SMELTER, MILL) for kind in KINDS
}
STORE = "STORE/charging"
PROCESSES[STORE] = Process(STORE, "energy-storage", "SSTORE", "STORE")
SETTINGS = examples(40)
seeds = st.randoms(use_true_random=False)


class Kept(Park):
    """Keeps the events too."""

    def __init__(self):
        super().__init__()
        self.events = {}

    def fold(self, event, wrong):
        done = super().fold(event, wrong)
        self.events[done.index] = event
        return done


def a_park(random, steps):
    chance = Chance(random)
    chance.park = Kept()
    chance.go(steps, ALL)
    park = chance.park
    done = [park.book.effects(one.index) for one in park.effects]
    return tuple(step_of(one, park.events[one.index], {}) for one in done if stands(one)), park.minutes


def rows_of(random, wh):
    """Some of it covered, in the hour or by volume, with and without a factor."""
    rows, left = [], wh
    for _ in range(random.randint(0, 3)):
        part = random.randint(0, left)
        left -= part
        factor = random.choice((Decimal(0), Decimal("0.011"), None))
        if part:
            rows.append(Covered(part, random.choice(("hourly", "volumetric")), factor, random.choice((1, 3)), "wind"))
    return tuple(rows)


def hours_of(random, minutes):
    first = START // HOUR * HOUR
    for process in PROCESSES:
        for hour in range(first, START + (minutes + 60) * MINUTE, HOUR):
            if random.random() < 0.7:
                wh = random.choice((1, 7, 10**6 + 1, random.randint(0, 10**9)))
                back = given_back(random, wh, hour) if process == STORE else {}
                yield PowerHour(process, hour, wh, True, rows_of(random, wh), **back)


def given_back(random, wh, hour):
    """Of a charge: what came back, and what was lost for hours of others; now and then more than is left of it."""
    returned = random.randint(0, wh)
    users = [name for name in PROCESSES if name != STORE]
    losses = [
        Loss(random.choice(users), hour + random.randint(1, 30) * HOUR, random.randint(1, 1 + wh // 3))
        for _ in range(random.randint(0, 3))
    ]
    return {"returned": returned, "losses": tuple(losses)}


def streams_of(random, minutes):
    end = START + (minutes + 1) * MINUTE
    for number, process in enumerate(PROCESSES):
        if process == STORE:
            continue
        start = random.randint(START, end - 1)
        t = Decimal(random.randint(-5, 10**9)) / 7
        emitted = (Emission(random.choice(("CO2", "CF4")), random.choice(("measured", "default")), t),)
        yield Stream(
            number, process, start, random.randint(start + 1, end), "gas", "fuel", "measured",
            frozenset({"footprint"}), emitted,
        )  # fmt: skip
        if random.random() < 0.8:
            method = random.choice(("grid", "residual"))
            yield Stream(
                number, process, START - HOUR, end, "power", "electricity", "default", frozenset({"footprint"}),
                power=Power(method, Decimal("0.7"), 0),
            )  # fmt: skip


def closes_of(random, minutes):
    if random.random() < 0.6:
        start = START - HOUR
        end = START + random.randint(1, minutes + 1) * MINUTE
        stocks = tuple(Stock(name, "alumina", random.randint(0, 50), random.randint(0, 50)) for name in PROCESSES)
        yield Close(0, MINE, tuple(PROCESSES), start, end, stocks)


def random_given(random, steps):
    done, minutes = a_park(random, steps)
    described = {
        lot: {"material": "alumina"}
        for step in done
        for lot in (one.place[0] for one in step.debits)
        if random.random() < 0.5
    }
    return Given(
        done, tuple(hours_of(random, minutes)), tuple(streams_of(random, minutes)), tuple(closes_of(random, minutes)),
        PROCESSES, described,
    )  # fmt: skip


def charged(accounts, vector):
    return {
        key: amount
        for key, amount in accounts.keys.said(vector).items()
        if key.what != "gap" or key.first == "no-factor"
    }


@SETTINGS
@over(seeds, st.integers(1, 40))
def test_nothing_that_is_charged_is_lost_or_counted_twice(random, steps):
    given = random_given(random, steps)
    accounts = recompute(given)
    # models weaken on the way: what counts is the sum of each kind of Wh
    assert _without_models(charged(accounts, accounts.left)) == _without_models(charged(accounts, accounts.put_in))
    # every Wh that was drawn, but what a store gave back: that was drawn again by others, and is in their hours
    assert sum(net_of(one).wh for one in given.hours) == sum(
        amount for key, amount in accounts.keys.said(accounts.left).items() if key.what == "wh"
    )
    assert not accounts.flowed.circular or accounts.left


def _without_models(said):
    found = {}
    for key, amount in said.items():
        plain = key._replace(second="") if key.what == "wh" else key
        found[plain] = found.get(plain, 0) + amount
    return {key: amount for key, amount in found.items() if amount}


@SETTINGS
@over(seeds, st.integers(0, 10**6))
def test_a_charge_is_given_back_lost_or_kept_and_nothing_else(random, wh):
    hour = PowerHour(STORE, START, wh, True, rows_of(random, wh), **given_back(random, wh, START))
    parts = list(parts_of(hour))
    named = hour.returned + sum(one.wh for one in hour.losses)
    for loss, part in parts:
        assert sum(row.wh for row in part.rows) <= part.wh
        assert loss is None or named > wh or part.wh == loss.wh
    back = wh - sum(part.wh for _, part in parts)
    assert back == (hour.returned if named <= wh else back)
    # of what came back and was lost so much is covered within the hour as there is cover for it (C6)
    hourly = sum(row.wh for row in hour.rows if row.matching == "hourly")
    lost = sum(row.wh for loss, part in parts if loss for row in part.rows if row.matching == "hourly")
    kept = sum(row.wh for loss, part in parts if not loss for row in part.rows if row.matching == "hourly")
    assert kept == max(0, hourly - min(named, wh))
    assert lost <= min(hourly, wh - back)


@SETTINGS
@over(seeds, st.integers(1, 40))
def test_renewable_power_is_at_most_all_power_and_the_hour_at_most_the_volume(random, steps):
    for one in recompute(random_given(random, steps)).footprint:
        for power in one.power:
            assert 0 <= power.hourly_wh <= power.volumetric_wh <= power.wh
            assert sum(wh for _, wh in power.sources) == power.volumetric_wh
        assert 0 <= one.hourly_share <= one.volumetric_share <= 1


@SETTINGS
@over(seeds, st.integers(1, 25))
def test_the_accounts_do_not_depend_on_the_order_they_are_given_in(random, steps):
    given = random_given(random, steps)
    shuffled = [list(part) for part in (given.steps, given.hours, given.streams)]
    for part in shuffled:
        random.shuffle(part)
    again = Given(*map(tuple, shuffled), given.closes, given.processes, given.described)
    one, other = recompute(given), recompute(again)
    assert one.footprint.pieces == other.footprint.pieces
    assert one.cbam == other.cbam


def test_these_parks_move_something():
    """The properties above would hold for parks where nothing happens."""
    moved = 0
    for seed in range(20):
        accounts = recompute(random_given(Random(seed), 40))
        moved += sum(1 for one in accounts.footprint if one.wh)
    assert moved > 20
