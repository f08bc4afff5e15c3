"""Whether the scans of a code look like those of one label, or of copies in many places.

The labels of one coil are scanned where the coil is: in few places, again and again. So two scans of it, drawn by
chance, often come from the same place. Scans of copies seldom do. One over that chance is the number of places that the
scans are spread over (Simpson's index, as ecologists count species); a code is conspicuous above 16 of them.
`coilmark bench scans` shows how many labels and copies that tells apart, and under which assumptions.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from ledger.scans.places import NOWHERE

DAYS = 30  # that are looked at, today with them
LEAST = 18  # judged scans that a judgement takes: of twenty, a few come from nowhere
A_DAY = 5  # scans of a place that count a day: nobody hides copies behind a thousand scans of his own
SPREAD = 16  # places

Counted = tuple[int, int, int]  # day, place, scans


@dataclass(frozen=True, slots=True)
class Tally:
    """Scans of one code in the last DAYS. `judged` are those with a place, at most A_DAY of each place a day.

    `same` counts the pairs of judged scans that came from one place, each pair twice.
    """

    scans: int = 0
    judged: int = 0
    same: int = 0

    @property
    def places(self) -> int:
        """Over how many places the scans are spread, as if evenly; at most as many as there are scans."""
        pairs = self.judged * (self.judged - 1)
        return self.judged if not self.same else max(1, round(pairs / self.same))

    @property
    def is_conspicuous(self) -> bool:
        """Whether there are too many places for one label."""
        return self.judged >= LEAST and SPREAD * self.same < self.judged * (self.judged - 1)


def tally(counted: Iterable[Counted]) -> Tally:
    """From the counts of one code, each day and place once."""
    scans, by_place = 0, defaultdict[int, int](int)
    for _, place, count in counted:
        scans += count
        if place != NOWHERE:
            by_place[place] += min(count, A_DAY)
    same = sum(count * (count - 1) for count in by_place.values())
    return Tally(scans, sum(by_place.values()), same)
