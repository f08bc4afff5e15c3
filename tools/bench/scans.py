"""How well copies of labels are told from labels by their scans: a simulated month, with what is assumed of it.

Nobody has published how often the labels of coils are scanned. What is assumed stands in `Month`, member by member;
another world has other figures, and `--carriers` and `--labels` show how much they move.
"""

from dataclasses import asdict, dataclass
from ipaddress import IPv4Address
from random import Random
from typing import Any

from ledger.scans.judging import DAYS, Tally, tally
from ledger.scans.places import place_of

_KEY = bytes(range(32))
_BLOCKS = 40_000  # of 65 536 IPv4 /16: about so many are in use
_MOST_SCANS = 400


@dataclass(frozen=True)
class Month:
    """What is assumed.

    A coil stands at one to four sites in turn. A scan comes from the site's own network (`own` of them), from one of
    `carriers` blocks of the mobile networks there, or from anywhere (`stray`: a link sent on, a tunnel). Scans of a
    coil are log-normal, half of all coils have five or fewer, one in a hundred more than fifty. A copied label hangs on
    `labels` (from, to) coils at as many sites at the same time, and is scanned from 20 times on, 50 times on average.
    """

    genuine: int = 100_000
    copies: int = 2_000
    seed: int = 1
    sites: tuple[float, ...] = (0.25, 0.4, 0.25, 0.1)
    own: float = 0.6
    carriers: int = 6
    stray: float = 0.03
    labels: tuple[int, int] = (10, 40)


@dataclass(frozen=True)
class ScansFigure:
    """Shares are of all codes of the kind, from 0 to 1."""

    genuine: int
    flagged: int
    copies: int
    found: int
    assumed: Month

    @property
    def flagged_share(self) -> float:
        """Genuine codes that are called conspicuous."""
        return self.flagged / self.genuine

    @property
    def found_share(self) -> float:
        """Copies that are."""
        return self.found / self.copies

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self) | {"flagged_share": self.flagged_share, "found_share": self.found_share}


def run_scans(month: Month) -> ScansFigure:
    """Judge every code of a month."""
    random = Random(month.seed)  # noqa: S311  a repeatable simulation, no secret
    flagged = sum(genuine(month, random).is_conspicuous for _ in range(month.genuine))
    found = sum(copy(month, random).is_conspicuous for _ in range(month.copies))
    return ScansFigure(month.genuine, flagged, month.copies, found, month)


def genuine(month: Month, random: Random) -> Tally:
    """A coil on its way: where it is on a day, it is scanned."""
    count = min(_MOST_SCANS, max(1, int(random.lognormvariate(1.6, 1.0))))
    stops = random.choices(range(1, len(month.sites) + 1), month.sites)[0]
    moves = sorted(random.randrange(DAYS) for _ in range(stops - 1))
    sites = [_site(month, random) for _ in range(stops)]
    days = [random.randrange(DAYS) for _ in range(count)]
    return _told([(day, _network(month, random, sites[sum(move < day for move in moves)])) for day in days])


def copy(month: Month, random: Random) -> Tally:
    """One code on many coils, at as many sites at the same time."""
    count = min(_MOST_SCANS, 20 + int(random.expovariate(1 / 30)))
    sites = [_site(month, random) for _ in range(random.randint(*month.labels))]
    return _told([(random.randrange(DAYS), _network(month, random, random.choice(sites))) for _ in range(count)])


def _site(month: Month, random: Random) -> list[int]:
    """Blocks of addresses: its own first, then those of the carriers around it."""
    return [random.randrange(_BLOCKS) for _ in range(1 + month.carriers)]


def _network(month: Month, random: Random, site: list[int]) -> int:
    drawn = random.random()
    if drawn < month.stray:
        return random.randrange(_BLOCKS)
    return site[0] if drawn < month.stray + month.own * (1 - month.stray) else random.choice(site[1:])


def _told(scans: list[tuple[int, int]]) -> Tally:
    counts: dict[tuple[int, int], int] = {}
    for day, block in scans:
        key = day, _place(block)
        counts[key] = counts.get(key, 0) + 1
    return tally((day, place, count) for (day, place), count in counts.items())


def _place(block: int) -> int:
    """As the server draws it: a block is an IPv4 /16, from 11.0.0.0 on; some of them are nowhere, as in truth."""
    return place_of(str(IPv4Address((11 << 24) + (block << 16))), _KEY)
