"""Whether the scans of a code look like those of one label, or of copies in many places.

The labels of one coil are scanned where the coil is: in few places, again and again, and where it goes later it was not
before. So two scans of it that are near in time, drawn by chance, often come from the same place. Scans of copies
seldom do. One over that chance is the number of places that the scans are spread over (Simpson's index, as ecologists
count species); a code is conspicuous above 9 of them. Two scans are as near as there are spans of ten days that have
both: ten of one day, one of two that nine days lie between.
`coilmark bench scans` shows how many labels and copies that tells apart, and under which assumptions.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ledger.scans.places import NOWHERE

DAYS = 30  # that are looked at, today with them
LEAST = 18  # judged scans that a judgement takes: of twenty, a few come from nowhere
A_DAY = 5  # scans of a place that count a day: nobody hides copies behind a thousand scans of his own
SPAN = 10  # days: within them a coil is mostly at one site
SPREAD = 9  # places

Counted = tuple[int, int, int]  # day, place, scans


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of scans, each counted twice: `all` of them, and those of which both came from the `same` place."""

    all: int = 0
    same: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """Scans of one code in the last DAYS. `judged` are those with a place, at most A_DAY of each place a day.

    `pairs` are those of all judged scans, `near` of those within SPAN, once for each span that has both.
    """

    scans: int = 0
    judged: int = 0
    pairs: Pairs = Pairs()
    near: Pairs = Pairs()

    @property
    def places(self) -> int:
        """Over how many places the scans are spread, as if evenly; at most as many as there are scans."""
        if not self.pairs.same:
            return self.judged
        return min(self.judged, max(1, round(self.pairs.all / self.pairs.same)))

    @property
    def is_conspicuous(self) -> bool:
        """Whether there are too many places at a time for one label."""
        return self.judged >= LEAST and SPREAD * self.near.same < self.near.all


def tally(counted: Iterable[Counted]) -> Tally:
    """From the counts of one code, each day and place once."""
    scans, whole, spans = 0, Counter[int](), defaultdict[int, Counter[int]](Counter)
    for day, place, count in counted:
        scans += count
        if place != NOWHERE:
            telling = min(count, A_DAY)
            whole[place] += telling
            for first in range(day - SPAN + 1, day + 1):
                spans[first][place] += telling
    return Tally(scans, whole.total(), _pairs([whole]), _pairs(spans.values()))


def _pairs(groups: Iterable[Mapping[int, int]]) -> Pairs:
    """Of the scans in each group, by place."""
    every, same = 0, 0
    for by_place in groups:
        total = sum(by_place.values())
        every += total * (total - 1)
        same += sum(count * (count - 1) for count in by_place.values())
    return Pairs(every, same)
