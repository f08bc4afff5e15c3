"""Hours and periods of a process, shared over what it worked on then (P1, P2; SPEC 12.4)."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from ledger.carbon.given import DAY, Step
from ledger.carbon.vectors import Keys, Vector, add, share_out

_FINE = 1_000_000  # weights are g of a window that overlap, in millionths


class Charge(Struct, frozen=True):
    """What a process is charged with for [start, end), in µs; by the statement of which entry."""

    process: str
    start: int
    end: int
    amounts: Vector
    entry: int = -1


class Span(Struct, frozen=True, order=True):
    """A period that is closed, or a UTC day that is not yet part of one."""

    start: int
    end: int
    closed: bool = False


class Spans:
    """The spans of each process."""

    def __init__(self, closed: Mapping[str, Sequence[tuple[int, int]]]) -> None:
        self._closed = closed

    def of(self, process: str, moment: int) -> Span:
        """The closed period that a moment lies in, else its day."""
        periods = self._closed.get(process, ())
        place = bisect_left(periods, (moment + 1,)) - 1
        if place >= 0 and periods[place][0] <= moment < periods[place][1]:
            return Span(*periods[place], closed=True)
        start = moment // DAY * DAY
        return Span(start, start + DAY)


class Windows:
    """The windows of one process, each with the g of what keeps the burden."""

    def __init__(self, steps: Iterable[Step]) -> None:
        found = [(one.start, max(one.time, one.start + 1), one.index, weight_of(one)) for one in steps]
        self._all = sorted(one for one in found if one[3])
        self._starts = [one[0] for one in self._all]
        self._longest = max((end - start for start, end, *_ in self._all), default=0)

    def overlapping(self, start: int, end: int) -> dict[int, int]:
        """The entries whose windows overlap [start, end), with their weight there."""
        first = bisect_left(self._starts, start - self._longest)
        last = bisect_left(self._starts, end)
        found: dict[int, int] = {}
        for begins, ends, entry, g in self._all[first:last]:
            overlap = min(end, ends) - max(start, begins)
            if overlap > 0:
                found[entry] = g * overlap * _FINE // (ends - begins)
        return {entry: weight for entry, weight in found.items() if weight}

    def of_next_day(self, moment: int) -> dict[int, int]:
        """Those of the UTC day on which the first window from `moment` on begins."""
        place = bisect_left(self._starts, moment)
        if place == len(self._starts):
            return {}
        day = self._starts[place] // DAY * DAY
        return self.overlapping(day, day + DAY)


def weight_of(step: Step) -> int:
    """The g of a step that keep the burden."""
    return sum(one.g for one in (*step.credits, *step.worked) if one.carries)


def windows_of(steps: Iterable[Step]) -> dict[str, Windows]:
    """Those of each process."""
    found: dict[str, list[Step]] = {}
    for step in steps:
        if step.process:
            found.setdefault(step.process, []).append(step)
    return {process: Windows(its) for process, its in found.items()}


class Charged(Struct, frozen=True):
    """By entry what its step is charged with; by process and start of the span what no window took."""

    steps: dict[int, Vector]
    left: dict[str, dict[int, Vector]]


def charge(charges: Iterable[Charge], steps: Iterable[Step], spans: Spans, keys: Keys) -> Charged:
    """Every charge over the windows that overlap it; what meets none waits for the span, and then for the next ones."""
    windows = windows_of(steps)
    given, idle = dict[int, Vector](), dict[str, dict[Span, Vector]]()
    nothing = Windows(())
    for one in charges:
        over = windows.get(one.process, nothing).overlapping(one.start, one.end)
        if over:
            _give(given, over, one.amounts)
        else:
            span = spans.of(one.process, one.end - 1)
            add(idle.setdefault(one.process, {}).setdefault(span, {}), averaged(one.amounts, keys))
    left = {process: _later(given, found, windows.get(process, nothing)) for process, found in idle.items()}
    return Charged(given, {process: found for process, found in left.items() if found})


def _give(given: dict[int, Vector], over: Mapping[int, int], amounts: Vector) -> None:
    for entry, part in zip(over, share_out(amounts, list(over.values())), strict=True):
        add(given.setdefault(entry, {}), part)


def _later(given: dict[int, Vector], idle: Mapping[Span, Vector], windows: Windows) -> dict[int, Vector]:
    left: dict[int, Vector] = {}
    for span in sorted(idle):
        over = waited_for(span, windows)
        if over:
            _give(given, over, idle[span])
        else:
            add(left.setdefault(span.start, {}), idle[span])
    return left


def waited_for(span: Span, windows: Windows) -> dict[int, int]:
    """All windows of the span. A day without any waits for the next that has some, a closed period does not."""
    over = windows.overlapping(span.start, span.end)
    return over or ({} if span.closed else windows.of_next_day(span.end))


def averaged(vector: Vector, keys: Keys) -> Vector:
    """P6: what went through the average of a period is a mass balance, whatever it was before (ISO 22095)."""
    found: Vector = {}
    for number, amount in vector.items():
        key = keys.key(number)
        if key.what == "wh" and key.second == "controlled-blending":
            number = keys.number(key._replace(second="mass-balance"))  # noqa: PLW2901  the weaker of the two
        found[number] = found.get(number, 0) + amount
    return found
