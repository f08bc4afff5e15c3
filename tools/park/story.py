"""The whole story: every plant speaks day by day; what they say reaches the ledger every two hours, in order."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from tools.park import casthouse, finishing, incidents, mill, mine, potline, power, refinery, supplies
from tools.park.actors import REFINERY
from tools.park.events import MIDNIGHT, Said, day
from tools.park.plan import OFFLINE, Plan
from tools.park.yard import Park

POSTING = timedelta(hours=2)


@dataclass(frozen=True)
class Post:
    """What reaches the ledger at one time: statements in order."""

    time: datetime
    statements: tuple[Said, ...]


def story(plan: Plan) -> Iterator[Post]:
    """Every statement after the enrolments."""
    spoken = sorted(_spoken(Park(plan)), key=lambda one: (_arrival(one), one.signed))
    for time, together in groupby(spoken, key=_arrival):
        yield Post(time, tuple(together))


def _arrival(one: Said) -> datetime:
    """The next full two hours; the refinery's line is dead for two days."""
    back = day(OFFLINE[1], "08:00")
    if one.actor is REFINERY and day(OFFLINE[0]) <= one.signed < back:
        return back
    posts = (one.signed - MIDNIGHT) // POSTING + 1
    return MIDNIGHT + posts * POSTING


def _spoken(park: Park) -> Iterator[Said]:
    """Every statement, day by day. Within a day, what is drawn comes before what arrives: there is enough of it.

    Each plant draws from what there was in the morning, so that it matters to nobody at what hour something came.
    """
    for opening in (mine, refinery, supplies, mill):
        yield opening.open_stock(park)
    for number in range(1, park.plan.days + 1):
        yield from incidents.count(park, number)
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
        yield from power.attest(park, number)


def _bought(park: Park, number: int) -> Iterator[Said]:
    yield from potline.buy_alumina(park, number)
    yield from potline.buy_anodes(park, number)
    yield from supplies.buy(park, number)
    yield from refinery.buy(park, number)
