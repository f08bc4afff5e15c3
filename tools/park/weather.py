"""The weather of the story: what wind and sun give by the hour, in thousandths of what their devices can."""

from collections.abc import Callable, Iterator

from tools.park.plan import Chance

HOURS = 24
CURTAILED = (3, 2)  # day and hour: a storm at night, and the grid takes little of what it brings
_LEFT = 150  # thousandths of it
_SPELL = (540, 700, 780, 640, 330, 110, 70, 290, 520)  # days between two storms; a calm lies between
_AT_NIGHT, _BY_DAY = 1_250, 850  # thousandths of the day's mean: over the steppe it blows at night
_RISE, _SET = 6, 20  # hours of local time
_MOST = 970


def wind(chance: Chance, number: int, hour: int) -> int:
    """Of a day (from 1) and hour of local time."""
    blow = _SPELL[(number - 1) % len(_SPELL)] * chance.between(90, 110, "wind", number) // 100
    by_hour = _BY_DAY if _RISE < hour < _SET else _AT_NIGHT
    given = min(_MOST, blow * by_hour * chance.between(85, 115, "wind", number, hour) // 100_000)
    return given * _LEFT // 1_000 if (number, hour) == CURTAILED else given


def sun(chance: Chance, number: int, hour: int) -> int:
    """Likewise: a parabola from sunrise to sunset, clouds beside; nothing at night."""
    if not _RISE <= hour < _SET:
        return 0
    height = 4 * (2 * (hour - _RISE) + 1) * (2 * (_SET - hour) - 1) * 1_000 // (2 * (_SET - _RISE)) ** 2
    clear = chance.between(55, 100, "clouds", number) * chance.between(90, 100, "clouds", number, hour)
    return min(_MOST, height * clear // 10_000)


def mean(given: Callable[[Chance, int, int], int], chance: Chance, days: int) -> int:
    """Over so many days, at least 1."""
    return max(1, sum(_all(given, chance, days)) // (days * HOURS))


def _all(given: Callable[[Chance, int, int], int], chance: Chance, days: int) -> Iterator[int]:
    for number in range(1, days + 1):
        for hour in range(HOURS):
            yield given(chance, number, hour)
