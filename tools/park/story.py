"""The whole story: every plant speaks day by day; what they say reaches the ledger every two hours, in order."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from tools.park import (
    casthouse,
    emissions,
    finishing,
    incidents,
    metering,
    mill,
    mine,
    potline,
    power,
    refinery,
    renewal,
    supplies,
)
from tools.park.actors import REFINERY
from tools.park.events import ALMATY, MIDNIGHT, Said, day
from tools.park.plan import OFFLINE, Plan
from tools.park.supply import supplies_of
from tools.park.yard import Park

POSTING = timedelta(hours=2)


@dataclass(frozen=True)
class Post:
    """What reaches the ledger at one time: statements in order."""

    time: datetime
    statements: tuple[Said, ...]


def story(plan: Plan) -> Iterator[Post]:
    """Every statement after the enrolments. Of a long story no more is held than what has not arrived yet."""
    park, waiting = Park(plan, supplies_of(plan)), list[Said]()
    for number, told in enumerate(_told(park), 1):
        waiting += told
        yield from _arrived(waiting, day(number + 1))  # what is told of later days arrives after that
    yield from _arrived(waiting, datetime.max.replace(tzinfo=ALMATY))


def _arrived(waiting: list[Said], until: datetime) -> Iterator[Post]:
    """Take out what has arrived by then, and post what came together."""
    waiting.sort(key=lambda one: (_arrival(one), one.signed))
    count = bisect_right(waiting, until, key=_arrival)
    together = waiting[:count]
    del waiting[:count]
    for time, group in groupby(together, key=_arrival):
        yield Post(time, tuple(group))


def _arrival(one: Said) -> datetime:
    """The next full two hours; the refinery's line is dead for two days."""
    back = day(OFFLINE[1], "08:00")
    if one.actor is REFINERY and day(OFFLINE[0]) <= one.signed < back:
        return back
    posts = (one.signed - MIDNIGHT) // POSTING + 1
    return MIDNIGHT + posts * POSTING


def _told(park: Park) -> Iterator[Sequence[Said]]:
    """Every statement, day by day: what the plants did, and what they drew for it, covered it with and emitted."""
    begun = [*power.sign_contracts(park), *(one.open_stock(park) for one in (mine, refinery, supplies, mill))]
    for number in range(1, park.plan.days + 1):
        worked = [*_worked(park, number)]
        for said in worked:
            park.grid.note(said)
        yield [
            *begun, *worked, *power.attest(park, number), *metering.read_meters(park, number),
            *_accounted(park, number + 1),
        ]  # fmt: skip
        begun = []


def _accounted(park: Park, number: int) -> Iterator[Said]:
    """On the morning after: what covers the power of the day before, and what is stated of the week that is over."""
    yield from metering.cover(park, number)
    yield from emissions.close_week(park, number)
    yield from power.withdraw(park, number)


def _worked(park: Park, number: int) -> Iterator[Said]:
    """What the plants did on a day. What is drawn comes before what arrives: there is enough of it.

    Each plant draws from what there was in the morning, so that it matters to nobody at what hour something came.
    """
    yield from incidents.count(park, number)
    yield from renewal.empty(park, number)
    yield from casthouse.work(park, number)
    yield from mill.send_scrap(park, number)
    yield from supplies.take_scrap(park, number)
    if number < park.plan.days:  # the story ends with closed runs
        yield from potline.work(park, number)
        yield from refinery.ship(park, number)
        yield from potline.take_alumina(park, number)
        yield from refinery.work(park, number)
    yield from mine.ship(park, number)
    yield from refinery.unload(park, number)
    yield from mine.work(park, number)
    yield from _bought(park, number)
    yield from mill.work(park, number)
    yield from finishing.work(park, number)
    yield from incidents.hold(park, number)
    yield from incidents.take_back(park, number)
    yield from renewal.close(park, number)


def _bought(park: Park, number: int) -> Iterator[Said]:
    yield from potline.buy_alumina(park, number)
    yield from potline.buy_anodes(park, number)
    yield from supplies.buy(park, number)
    yield from refinery.buy(park, number)
