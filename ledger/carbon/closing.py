"""What is found in closed periods: balances by element with their stocks, activity, streams that are not stated.

Nothing here refuses (SPEC 12.8). Each rule is a plain function of `ledger.lots.mass_rules`, or a few lines.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from msgspec import Struct

from ledger.carbon.factors import known
from ledger.carbon.given import Close, Given, PowerHour, Step
from ledger.carbon.site_balance import unbalanced
from ledger.carbon.streams import Stream
from ledger.carbon.windows import Charged
from ledger.kernel.moments import rfc3339
from ledger.lots import mass_rules

_CELL = 4  # V: no cell of today works at less
_ELECTROLYSIS = "electrolysis"


class PeriodFinding(Struct, frozen=True, order=True):
    """A rule that a closed period [start, end) of a process, or of a whole site (C1), breaks."""

    start: int
    end: int
    process: str
    rule: str
    says: str


def judge(given: Given, charged: Charged) -> tuple[PeriodFinding, ...]:
    """Every finding of every closed period, by period and process."""
    told = _told(given)
    found = (
        PeriodFinding(close.start, close.end, process, rule, says)
        for close in given.closes
        for process in close.processes
        for rule, says in _of_process(given, close, told.get(process, _Told(process)), charged)
        if says
    )
    sites = (PeriodFinding(one.start, one.end, site, "site_meter", says) for one, site, says in unbalanced(given))
    return tuple(sorted({*found, *sites}))


@dataclass
class _Told:
    """What was said of one process."""

    process: str
    steps: list[Step] = field(default_factory=list)
    hours: list[PowerHour] = field(default_factory=list)
    streams: list[Stream] = field(default_factory=list)


def _told(given: Given) -> Mapping[str, _Told]:
    found: dict[str, _Told] = {}
    for step in given.steps:
        found.setdefault(step.process, _Told(step.process)).steps.append(step)
    for hour in given.hours:
        found.setdefault(hour.process, _Told(hour.process)).hours.append(hour)
    for stream in given.streams:
        found.setdefault(stream.process, _Told(stream.process)).streams.append(stream)
    return found


def _of_process(given: Given, close: Close, told: _Told, charged: Charged) -> Iterator[tuple[str, str]]:
    process = told.process
    kind = given.processes[process].kind if process in given.processes else ""
    steps = [one for one in told.steps if one.within(close.start, close.end)]
    if kind == _ELECTROLYSIS:
        metal, used = _cells(given, close, process, steps)
        yield from _balance(metal, used)
        yield "current_efficiency", _efficiency(close, told.hours, metal)
    for row in close.activity:
        if row.process == process:
            sums = {"produced": row.produced, "sold": row.sold, "used": row.used, "other": row.other}
            yield "activity", mass_rules.activity(sums)
    yield from _bought(close, told.streams, steps)
    yield from _carried(close, told.streams)
    yield from _missing(close, told.streams)
    if close.start in charged.left.get(process, {}):
        yield "unattributed", "it was charged with power or emissions, and nothing was made that could carry them"


def _cells(given: Given, close: Close, process: str, steps: Iterable[Step]) -> tuple[int, Mapping[str, int]]:
    """M3 over the period: g of metal, and of each material used, with what was there before and after."""
    used, metal = dict[str, int](), 0
    for step in steps:
        metal += sum(one.g for one in step.credits if one.carries)
        for one in step.debits:
            material = given.described.get(one.place[0], {}).get("material", "")
            used[material] = used.get(material, 0) + one.g
    for stock in close.stocks:
        if stock.process == process and stock.material in {"alumina", "anode"}:
            used[stock.material] = used.get(stock.material, 0) + stock.opening - stock.closing
        elif stock.process == process and stock.material == "metal":
            metal += stock.closing - stock.opening
    return metal, used


def _balance(metal: int, used: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    for what, material, floor in (
        ("alumina", "alumina", mass_rules.alumina_floor),
        ("carbon", "anode", mass_rules.carbon_floor),
    ):
        if metal > 0 and used.get(material, 0) > 0:
            yield f"{what}_floor", floor(used[material], metal)
            yield f"{what}_band", mass_rules.outside_band(what, used[material], metal)


def _efficiency(close: Close, hours: Iterable[PowerHour], metal: int) -> str:
    """M3: the power drawn gives so many Ah at the least voltage of a cell; nothing where no power is stated."""
    wh = sum(one.wh for one in hours if close.start <= one.start < close.end)
    says = mass_rules.current_efficiency(wh // _CELL, metal) if wh and metal > 0 else ""
    return f"{says}, at {_CELL} V a cell" if says else ""


def _bought(close: Close, streams: Iterable[Stream], steps: Iterable[Step]) -> Iterator[tuple[str, str]]:
    """M7 of bought lots: what a stream says of a lot is what events drew of it."""
    drawn: dict[str, int] = {}
    for step in steps:
        for one in step.debits:
            drawn[one.place[0]] = drawn.get(one.place[0], 0) + one.g
    stated: dict[str, int] = {}
    for stream in streams:
        if stream.purchased is not None and _within(stream.start, stream.end, close):
            lot, g = stream.purchased.lot, stream.purchased.g
            stated[lot] = max(stated.get(lot, 0), g)  # one stream for each account may name it
        if stream.purchased is not None and _within(stream.start, stream.end, close):
            bought, other = stream.purchased.bought, stream.purchased.other
            if bought is not None and other is not None:
                says = mass_rules.precursor(bought, stream.purchased.g, other)
                yield "precursor", f"of stream {stream.name} {says}" if says else ""
    for lot, g in sorted(stated.items()):
        if lot:
            says = mass_rules.precursor(g, drawn.get(lot, 0), 0)
            yield "precursor", f"of lot {lot} {says}" if says else ""


def _carried(close: Close, streams: Iterable[Stream]) -> Iterator[tuple[str, str]]:
    """E4: what a precursor is said to carry in the account of processes: verified, or by default with its mark-up."""
    for one in streams:
        bought = one.purchased
        if bought is None or "cbam-direct" not in one.accounts or not _within(one.start, one.end, close):
            continue
        if bought.basis == "actual" and not bought.verifier:
            yield "precursor_verified", f"of stream {one.name} values are actual, and nobody is named who verified them"
        if bought.produced is not None and bought.produced[1] > one.end:
            until = f"{rfc3339(bought.produced[1])}, after the period in which it was used"
            yield "precursor_verified", f"of stream {one.name} it was produced until {until}"
        year = rfc3339(one.end - 1)[:4]
        wanted = known()[one.table].find("mark_up", year) if one.table in known() else None
        if bought.basis == "default" and wanted is not None and bought.mark_up != wanted:
            says = f"of stream {one.name} the mark-up is {bought.mark_up} %, {one.table} has {wanted} % for {year}"
            yield "mark_up", says


def _missing(close: Close, streams: Iterable[Stream]) -> Iterator[tuple[str, str]]:
    """E1: no stream falls silent."""
    here, before = set[str](), dict[str, int]()
    for one in streams:
        if one.start < close.end and close.start < one.end:
            here.add(one.name)
        elif one.end <= close.start:
            before[one.name] = max(before.get(one.name, 0), one.end)
    for name in sorted(before.keys() - here):
        yield "stream_missing", f"stream {name} was stated up to {rfc3339(before[name])} and not for this period"


def _within(start: int, end: int, close: Close) -> bool:
    return close.start <= start and end <= close.end


def by_rule(findings: Iterable[PeriodFinding]) -> Mapping[str, int]:
    """How often each rule is broken."""
    found: dict[str, int] = {}
    for one in findings:
        found[one.rule] = found.get(one.rule, 0) + 1
    return dict(sorted(found.items()))
