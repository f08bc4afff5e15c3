"""The account of processes: direct emissions by CBAM process, code and period (F8, F9; 2547 Annexes II and III).

Registered processes of one installation that make the same aggregated good are one process of the CBAM (2547 Art 4(6)).
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from operator import attrgetter
from typing import TypeVar

from msgspec import Struct

from ledger.carbon import embedded
from ledger.carbon.exact import decimal128, ratio
from ledger.carbon.given import Close, Given, PowerHour, Process, Step
from ledger.carbon.records import CbamRow, Precursor
from ledger.carbon.streams import Stream
from ledger.carbon.told import by_gas, flows, told_of
from ledger.lots.sharing import share

UNWROUGHT, PRODUCTS = "unwrought-aluminium", "aluminium-products"
# 2547 Annex I 3.17, 3.18: what belongs to which; anodes, alumina, power plants and cutting belong to neither.
_GOODS = {
    "electrolysis": UNWROUGHT, "casting": UNWROUGHT, "remelting": UNWROUGHT, "homogenising": UNWROUGHT,
    "scalping": PRODUCTS, "hot-rolling": PRODUCTS, "cold-rolling": PRODUCTS, "foil-rolling": PRODUCTS,
    "annealing": PRODUCTS, "levelling": PRODUCTS, "coating": PRODUCTS, "slitting": PRODUCTS,
}  # fmt: skip
_CALCULATED = frozenset({"fuel", "anode", "material"})
_TONNE = Decimal(1_000_000)
_NONE = Decimal(0)
_LAST, _START = attrgetter("last"), attrgetter("start")  # of steps, of hours
One = TypeVar("One")


class Group(Struct, frozen=True, order=True):
    """One process of the CBAM: an installation and an aggregated good."""

    site: str
    good: str


class _Mass(Struct):
    """What one group did in one period, in g."""

    made: dict[str, int] = {}  # by process, good output
    internal: dict[str, int] = {}  # by making process, what the group used itself
    from_group: dict[Group, int] = {}
    scrap: int = 0
    pre_consumer: int = 0


class _Sorted(Struct, frozen=True):
    """What is looked up for every period, sorted once: who made each lot last, steps and hours by their moment."""

    makers: Mapping[str, str]
    steps: Mapping[Group, list[Step]]
    hours: Mapping[str, list[PowerHour]]


def group_of(process: Process | None) -> Group | None:
    """The CBAM process that a registered one belongs to, or None."""
    good = _GOODS.get(process.kind) if process is not None else None
    return Group(process.site, good) if process is not None and good is not None else None


def cbam_rows(given: Given) -> Iterator[CbamRow]:
    """Every row of every period that is closed or stated, by period, installation, good and code."""
    sorted_out = _sorted_out(given)
    for period in sorted(_periods(given)):
        yield from _rows(given, sorted_out, period)


def cbam_of(given: Given, start: int, end: int) -> tuple[CbamRow, ...]:
    """The rows of a span: of all closes and streams that lie within [start, end), added up."""
    return tuple(_rows(given, _sorted_out(given), (start, end)))


def _rows(given: Given, sorted_out: _Sorted, period: tuple[int, int]) -> Iterator[CbamRow]:
    account = _Period(given, sorted_out, period)
    groups = sorted(account.groups, key=lambda one: (one.site, one.good != UNWROUGHT))
    return (row for group in groups for row in account.rows(group))


def _sorted_out(given: Given) -> _Sorted:
    steps, hours = defaultdict[Group, list[Step]](list), defaultdict[str, list[PowerHour]](list)
    for one in given.steps:
        if (group := group_of(given.processes.get(one.process))) is not None:
            steps[group].append(one)
    for hour in given.hours:
        hours[hour.process].append(hour)
    return _Sorted(
        _makers(given.steps),
        {group: sorted(found, key=_LAST) for group, found in steps.items()},
        {process: sorted(found, key=_START) for process, found in hours.items()},
    )


def _makers(steps: Iterable[Step]) -> Mapping[str, str]:
    """The process that made each lot last, where a registered one did."""
    told = sorted((one for one in steps if one.process), key=lambda one: (one.time, one.index))
    return {one.place[0]: step.process for step in told for one in step.credits if not one.kind}


def _periods(given: Given) -> set[tuple[int, int]]:
    """Closed ones, and those that streams of processes are stated for and that lie in no closed one."""
    closed = {(one.start, one.end) for one in given.closes}
    stated = {
        (one.start, one.end) for one in given.streams
        if "cbam-direct" in one.accounts and group_of(given.processes.get(one.process)) is not None
    }  # fmt: skip
    return closed | {one for one in stated if not any(start <= one[0] and one[1] <= end for start, end in closed)}


class _Period:
    """One period. Groups that rest on one another are computed once, the earlier first."""

    def __init__(self, given: Given, sorted_out: _Sorted, period: tuple[int, int]) -> None:
        self.given, self.sorted, self.period = given, sorted_out, period
        self.closes = [one for one in given.closes if _within(one, period)]
        self.groups: dict[Group, list[str]] = {}
        stated = sorted(given.streams, key=lambda one: (one.entry, one.name))  # sums of decimals have an order
        self.streams = [one for one in stated if _within(one, period) and "cbam-direct" in one.accounts]
        active = {one.process for one in self.streams} | {name for one in self.closes for name in one.processes}
        for name in sorted(active):
            group = group_of(given.processes.get(name))
            if group is not None:
                self.groups.setdefault(group, []).append(name)
        self.mass = {group: self._mass(group) for group in self.groups}
        self._known: dict[Group, Decimal | None] = {}

    def _mass(self, group: Group) -> _Mass:
        found = _Mass({}, {}, {})
        for step in _between(self.sorted.steps.get(group, []), self.period, _LAST):
            self._count(found, step, group)
        return found

    def _count(self, found: _Mass, step: Step, group: Group) -> None:
        if not step.joins:
            return
        for one in step.credits:
            if one.carries and one.role != "heel" and not one.kind:
                found.made[step.process] = found.made.get(step.process, 0) + one.g
        for one in step.debits:
            maker = self.sorted.makers.get(one.place[0], "")
            origin = group_of(self.given.processes.get(maker))
            if one.scrap:
                found.scrap += one.g
                found.pre_consumer += one.g if one.scrap == "pre-consumer" else 0
            elif one.role == "heel" or origin is None:
                continue
            elif origin == group:
                found.internal[maker] = found.internal.get(maker, 0) + one.g
            else:
                found.from_group[origin] = found.from_group.get(origin, 0) + one.g

    def rows(self, group: Group) -> Iterator[CbamRow]:
        see = self.specific(group)
        if see is None:
            return
        streams = self._streams(group)
        direct, sums = _direct(streams)
        for cn, (produced, sold, used, other) in self._activity(group).items():
            yield CbamRow(
                installation=group.site,
                good=group.good,
                route=self._route(group),
                processes=tuple(self.groups[group]),
                cn=cn,
                start=self.period[0],
                end=self.period[1],
                produced=produced,
                sold=sold,
                used=used,
                other=other,
                activity=self.activity_level(group),
                direct=direct,
                calculated=sums["calculated"],
                pfc=sums["pfc"],
                measured=sums["measured"],
                heat=sums["heat"],
                default_share=ratio(sums["default"], direct),
                precursors=tuple(self.precursors(group)),
                see_direct=see,
                power_wh=sum(one.wh for name in self.groups[group] for one in self._hours(name)),
                scrap_g=self.mass[group].scrap,
                pre_consumer_g=self.mass[group].pre_consumer,
                provisional=not all(map(self._closed, self.groups[group])),
                tables=tuple(sorted({one.table for one in streams if one.table})),
                gwp=",".join(sorted({one.gwp for one in streams if one.gwp})),
                **by_gas(streams),
                **flows(streams),
                **told_of(self.closes, self.groups[group], cn),
            )

    def _hours(self, process: str) -> list[PowerHour]:
        return _between(self.sorted.hours.get(process, []), self.period, _START)

    def _streams(self, group: Group) -> list[Stream]:
        return [one for one in self.streams if one.process in self.groups[group]]

    def _closed(self, process: str) -> bool:
        """Whether closed periods leave no moment of the span out."""
        reached = self.period[0]
        for one in sorted(self.closes, key=lambda close: close.start):
            if process in one.processes and one.start <= reached:
                reached = max(reached, one.end)
        return reached >= self.period[1]

    def _route(self, group: Group) -> str:
        """2547 Annex II: products have one route; metal is primary where it is smelted, secondary where scrap leads."""
        if group.good == PRODUCTS:
            return "all"
        kinds = {self.given.processes[name].kind for name in self.groups[group]}
        made = sum(self.mass[group].made.values())
        return "primary" if "electrolysis" in kinds and self.mass[group].scrap * 2 <= made else "secondary"

    def _stated(self, group: Group) -> dict[tuple[str, str], list[int]]:
        """By process and code: produced, sold, used, other, in g; where nothing is stated, what events made."""
        found: dict[tuple[str, str], list[int]] = {}
        for one in self.closes:
            for row in one.activity:
                if row.process in self.groups[group]:
                    sums = found.setdefault((row.process, row.cn), [0, 0, 0, 0])
                    more = (row.produced, row.sold, row.used, row.other)
                    found[row.process, row.cn] = [a + b for a, b in zip(sums, more, strict=True)]
        stated = {process for process, _ in found}
        made = self.mass[group].made.items()
        return found | {(process, ""): [g, 0, 0, g] for process, g in made if process not in stated}

    def _activity(self, group: Group) -> dict[str, list[int]]:
        """2547 II F: by code, what leaves the process: what it used itself is taken off, from what went to own use."""
        stated, rows = self._stated(group), dict[str, list[int]]()
        for process in sorted({process for process, _ in stated}):
            codes = {cn: sums for (name, cn), sums in stated.items() if name == process}
            off = share(self.mass[group].internal.get(process, 0), {cn: sums[0] for cn, sums in codes.items()})
            for cn, (produced, sold, used, other) in sorted(codes.items()):
                here = min(off[cn], produced)
                sums = rows.setdefault(cn, [0, 0, 0, 0])
                more = (produced - here, sold, max(0, used - here), other)
                rows[cn] = [a + b for a, b in zip(sums, more, strict=True)]
        return {cn: sums for cn, sums in sorted(rows.items()) if sums[0] > 0}

    def activity_level(self, group: Group) -> int:
        """All goods that leave the process, in g."""
        return sum(produced for produced, *_ in self._activity(group).values())

    def precursors(self, group: Group) -> Iterator[Precursor]:
        """E4, E5: bought ones as stated; own ones with what their process made them carry in this period."""
        for one in self._streams(group):
            if one.purchased is not None:
                bought = one.purchased
                yield Precursor(
                    bought.cn, bought.g, bought.country, bought.basis, bought.direct, bought.installation,
                    bought.producer, bought.report, bought.produced, bought.name, bought.route, bought.dated,
                    bought.verifier, bought.bought, bought.other,
                )  # fmt: skip
        for other, g in sorted(self.mass[group].from_group.items()):
            see = self.specific(other) if other in self.groups else None
            route = self._route(other) if other in self.groups else ""
            cn = "7601" if other.good == UNWROUGHT else ""
            yield Precursor(cn, g, "", "own", see or _NONE, other.site, route=route)

    def specific(self, group: Group) -> Decimal | None:
        """F9, recursive; None where nothing left the process. What leads back to itself counts as 0 there."""
        if group not in self._known:
            self._known[group] = None
            level = self.activity_level(group)
            direct, _ = _direct(self._streams(group))
            if level:
                carried = [(Decimal(one.g) / _TONNE, one.see_direct) for one in self.precursors(group)]
                self._known[group] = embedded.specific(direct, carried, Decimal(level) / _TONNE)
        return self._known[group]


def _between(found: list[One], period: tuple[int, int], moment: Callable[[One], int]) -> list[One]:
    """Those whose moment a period has, of what is sorted by it."""
    first, last = (bisect_left(found, one, key=moment) for one in period)
    return found[first:last]


def _within(one: Stream | Close, period: tuple[int, int]) -> bool:
    return period[0] <= one.start and one.end <= period[1]


@decimal128
def _direct(streams: Iterable[Stream]) -> tuple[Decimal, Mapping[str, Decimal]]:
    """F8 of a process's streams; precursors are none of them. And its parts: how found, and how much by default."""
    sums = dict.fromkeys(("calculated", "pfc", "measured", "heat", "waste-gas", "power-export", "default"), _NONE)
    for one in streams:
        if one.kind == "precursor":
            continue
        name = "calculated" if one.kind in _CALCULATED else one.kind
        if name in sums:
            sums[name] += one.t
        sums["default"] += one.t if one.status == "default" else _NONE
    own = sums["calculated"] + sums["pfc"] + sums["measured"]
    exported = -sums["power-export"]
    return embedded.attributed(own, heat_in=sums["heat"], gas_in=sums["waste-gas"], power_out=exported), sums
