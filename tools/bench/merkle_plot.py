"""The figures as a drawing: one panel a kind of work, nanoseconds against tree size, both logarithmic. SVG by hand."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from tools.bench.merkle import Row

_ACROSS = 3  # panels
_WIDTH, _HEIGHT = 330, 230  # of a panel
_LEFT, _TOP, _RIGHT, _BOTTOM = 58, 30, 12, 34  # around its field
_LEGEND, _LINE = 36, 18  # heights
_COLOURS = (
    "#0b6e4f",
    "#4fb286",
    "#c1440e",
    "#3d5a98",
    "#8e5fa2",
    "#b8860b",
    "#666666",
    "#d1495b",
    "#111111",
    "#e377c2",
)


@dataclass(frozen=True, slots=True)
class _Field:
    """Where numbers lie in one panel."""

    x: int
    y: int
    sizes: tuple[float, float]
    times: tuple[float, float]

    def at(self, size: float, time: float) -> tuple[float, float]:
        across = _share(size, self.sizes) * (_WIDTH - _LEFT - _RIGHT)
        up = _share(time, self.times) * (_HEIGHT - _TOP - _BOTTOM)
        return self.x + _LEFT + across, self.y + _HEIGHT - _BOTTOM - up


def _share(value: float, between: tuple[float, float]) -> float:
    low, high = (math.log10(end) for end in between)
    return (math.log10(value) - low) / (high - low)


def plot(rows: Sequence[Row]) -> str:
    """An SVG image of all rows that have a figure."""
    found = [row for row in rows if row.ns_each]
    works = list(dict.fromkeys(row.work for row in found))
    colours = dict(zip(dict.fromkeys(map(_series, found)), _COLOURS * len(found), strict=False))
    down = -(-len(works) // _ACROSS)
    legend = _LEGEND + _LINE * -(-len(colours) // _ACROSS)
    height = down * _HEIGHT + legend
    box = f'viewBox="0 0 {_ACROSS * _WIDTH} {height}" font-family="sans-serif" font-size="11" fill="#222222"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box}>',
        f'<rect width="{_ACROSS * _WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for number, work in enumerate(works):
        corner = number % _ACROSS * _WIDTH, number // _ACROSS * _HEIGHT
        parts += _panel(corner, work, [row for row in found if row.work == work], colours)
    about = "time for each, by number of leaves; both axes logarithmic"
    parts.append(f'<text x="{_LEFT}" y="{down * _HEIGHT + 12}" fill="#666666">{about}</text>')
    parts += _legend(colours, down * _HEIGHT + _LEGEND)
    return "\n".join([*parts, "</svg>", ""])


def _series(row: Row) -> str:
    threads = "1 thread" if row.threads == 1 else f"{row.threads} threads"
    return f"{row.rival or 'coilmark'}, {threads}"


def _panel(corner: tuple[int, int], work: str, rows: Sequence[Row], colours: dict[str, str]) -> Iterable[str]:
    field = _Field(*corner, _decades(row.size for row in rows), _decades(row.ns_each or 1 for row in rows))
    yield f'<text x="{field.x + _LEFT}" y="{field.y + 18}" font-size="13" font-weight="bold">{escape(work)}</text>'
    yield from _grid(field)
    for series in dict.fromkeys(map(_series, rows)):
        points = [field.at(row.size, row.ns_each or 1) for row in rows if _series(row) == series]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        yield f'<polyline points="{line}" fill="none" stroke="{colours[series]}" stroke-width="2"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colours[series]}"/>' for x, y in points)


def _decades(values: Iterable[float]) -> tuple[float, float]:
    """The powers of ten around all values."""
    found = [math.log10(value) for value in values]
    low, high = math.floor(min(found)), math.ceil(max(found))
    return 10.0**low, 10.0 ** max(high, low + 1)


def _grid(field: _Field) -> Iterable[str]:
    for size in _powers(field.sizes):
        (x, bottom), (_, top) = field.at(size, field.times[0]), field.at(size, field.times[1])
        yield f'<line x1="{x:.1f}" y1="{bottom:.1f}" x2="{x:.1f}" y2="{top:.1f}" stroke="#dddddd"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 15:.1f}" text-anchor="middle">{_power(size)}</text>'
    for time in _powers(field.times):
        (left, y), (right, _) = field.at(field.sizes[0], time), field.at(field.sizes[1], time)
        yield f'<line x1="{left:.1f}" y1="{y:.1f}" x2="{right:.1f}" y2="{y:.1f}" stroke="#dddddd"/>'
        yield f'<text x="{left - 6:.1f}" y="{y + 4:.1f}" text-anchor="end">{_time(time)}</text>'


def _powers(between: tuple[float, float]) -> list[float]:
    low, high = (round(math.log10(end)) for end in between)
    return [10.0**power for power in range(low, high + 1)]


def _power(size: float) -> str:
    return f"10<tspan dy='-4' font-size='8'>{round(math.log10(size))}</tspan>"


def _time(nanoseconds: float) -> str:
    for unit, each in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= each:
            return f"{nanoseconds / each:.0f} {unit}"
    return f"{nanoseconds:.0f} ns"


def _legend(colours: dict[str, str], top: int) -> Iterable[str]:
    for number, (series, colour) in enumerate(colours.items()):
        x, y = number % _ACROSS * _WIDTH + _LEFT, top + number // _ACROSS * _LINE
        yield f'<rect x="{x}" y="{y - 9}" width="10" height="10" fill="{colour}"/>'
        yield f'<text x="{x + 16}" y="{y}">{escape(series)}</text>'
