"""A park's year, told by its plants statement by statement, recorded, audited, and every footprint computed again.

What an operator would do is done: passports are made with each shipment, and again every four weeks, when the weeks
behind most of them are closed; the last ones when the year is over. What was reached is written down while it runs, so
that a run that is killed was not for nothing.
"""

import json
import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.audit.audit import Order, Report, audit
from ledger.audit.sources import DatabaseSource
from ledger.recording.opening import open_log
from tools.demo.ledger import Stage, found, tell
from tools.demo.passport import issuer_of, restater_of
from tools.footprint import write_table
from tools.park.events import MIDNIGHT
from tools.park.plan import Size, halls_for, make_plan

if TYPE_CHECKING:
    from ledger.recording.log import Log
    from ledger.upkeep.restating import Restater
    from tools.park.events import Said

Progress = Callable[[str, int, int], None]
_SEED = "bench-year"
_MIB = 1024  # KiB
_FARMS = (5, 2)  # of wind and sun: of every hour of a year they sign some 54 000 attestations
_EVERY = 20  # seconds from one line of the log to the next
_AFTER_CLOSE = 1  # days after a week's end on which it is closed


@dataclass(frozen=True, slots=True)
class Year:
    """What is to be told. `renewed` and `restated` are days from one time to the next, 0 is never and at the end."""

    coils: int
    days: int
    renewed: int
    restated: int

    @property
    def size(self) -> Size:
        """A park that can make them."""
        return Size(self.days, halls_for(self.coils, self.days), self.renewed, *_FARMS)


@dataclass(slots=True)
class Spent:
    """What one part took: seconds of the clock and of the processors, and the most memory of one process since start.

    The peak never falls: the parts run one after the other in one process, so each shows what it or an earlier one had.
    """

    seconds: float = 0.0
    cpu_s: float = 0.0
    peak_mib: int = 0


@dataclass(slots=True)
class YearFigure:
    """What was told, and what each part took. `record` has the plants' signing and all of `restate` in it."""

    coils: int
    days: int
    entries: int = 0
    attestations: int = 0
    rows: int = 0
    passports: int = 0
    footprints: int = 0
    bytes: int = 0  # of its database, a SQLite file
    not_checked: list[str] = field(default_factory=list)
    spent: dict[str, Spent] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def run_year(folder: Path, year: Year, progress: Progress) -> YearFigure:
    """Tell, record and audit it in a folder, which keeps the ledger, the table, figures so far and a log of the run.

    Raises RuntimeError where the audit finds something.
    """
    stage = Stage(folder / "ledger", make_plan(year.coils, _SEED, year.size))
    figure = YearFigure(year.coils, stage.plan.days)
    progress = _logged(figure, folder, progress)
    with _measured(figure, "record"):
        found(stage)
        with open_log(stage.places, clock=stage.clock, randomness=stage.randomness, issuer=issuer_of(stage)) as log:
            _record(figure, stage, log, year, progress)
    progress("recorded", 1, 1)
    with _measured(figure, "audit"):
        source = DatabaseSource(stage.places.location)
        report = audit(Order(source, jobs=_processors(), levels=stage.places.levels), progress=progress)
    figure.bytes = stage.places.database.stat().st_size
    if report.findings:
        raise RuntimeError(report.findings[0].sentence)
    _note(figure, report)
    progress("audited", 1, 1)
    with _measured(figure, "footprints"):
        figure.footprints = write_table(stage.places.location, None, folder / "footprints.arrow")
    progress("told, recorded, audited and accounted for", 1, 1)
    return figure


def lines(figure: YearFigure) -> Iterator[str]:
    """For people."""
    yield (
        f"{figure.coils:,} coils in {figure.days} days: {figure.entries:,} entries, of them {figure.attestations:,} "
        f"attestations; {figure.rows:,} rows of allocations"
    )
    yield f"{figure.bytes / 1e6:,.0f} MB in the database, {figure.bytes / figure.entries:,.0f} bytes an entry"
    yield f"{figure.passports:,} passports made again; {figure.footprints:,} footprints in one Arrow table"
    for part, spent in figure.spent.items():
        yield f"{part:<10} {spent.seconds:8.1f} s, {spent.cpu_s:8.1f} s of processors, at most {spent.peak_mib:,} MiB"
    yield from (f"not checked  {one}" for one in figure.not_checked)


def _record(figure: YearFigure, stage: Stage, log: "Log", year: Year, progress: Progress) -> None:
    due, restater = year.restated, restater_of(stage, log)
    for told in tell(stage, log):
        for said, _ in told.receipts:
            _count(figure, said)
        figure.entries = told.receipts[-1][1].entry.index + 1
        day = max(0, (told.time - MIDNIGHT).days)
        progress("telling and recording", day, stage.plan.days + 1)
        if year.restated and day >= due + _AFTER_CLOSE:
            due += year.restated
            _restate(figure, stage, restater, progress)
    _restate(figure, stage, restater, progress)


def _restate(figure: YearFigure, stage: Stage, restater: "Restater", progress: Progress) -> None:
    """Until two rounds in a row find nothing to do: in the second one the ledger rests, and accounts are made."""
    idle = 0
    with _measured(figure, "restate"):
        while idle < 2:
            before = len(restater.pending)
            made = restater.round(now=stage.clock())
            idle = 0 if made or len(restater.pending) != before else idle + 1
            figure.passports += made
            progress("passports again", made, made + len(restater.pending))


def _count(figure: YearFigure, said: "Said") -> None:
    figure.attestations += said.typ == "energy-attestation"
    figure.rows += len(said.body["rows"]) if said.typ == "energy-allocation" else 0


def _logged(figure: YearFigure, folder: Path, progress: Progress) -> Progress:
    """Writes what was reached to `progress.log` now and then, and where a part begins; figures to `figures.json`."""
    started, last, part = time.monotonic(), 0.0, ""

    def told(what: str, done: int, of: int) -> None:
        nonlocal last, part
        progress(what, done, of)
        if what == part and time.monotonic() - last < _EVERY:
            return
        last, part = time.monotonic(), what
        with (folder / "progress.log").open("a", encoding="utf-8") as log:
            log.write(
                f"{last - started:8.0f} s  {_cpu():8.1f} s of processors  {_peak():6,} MiB  "
                f"{figure.entries:9,} entries  {figure.attestations:7,} attestations  {figure.rows:9,} rows  "
                f"{figure.passports:7,} passports again  {what} {done:,}/{of:,}\n"
            )
        (folder / "figures.json").write_text(json.dumps(figure.as_dict(), indent=1), "utf-8")

    return told


def _note(figure: YearFigure, report: Report) -> None:
    figure.entries = report.size
    figure.not_checked = [one for one in report.not_checked if "footprint" in one or "passport" in one]


@contextmanager
def _measured(figure: YearFigure, part: str) -> Iterator[None]:
    """Add what is done inside to a part."""
    started, began = time.perf_counter(), _cpu()
    yield
    spent = figure.spent.setdefault(part, Spent())
    spent.seconds += time.perf_counter() - started
    spent.cpu_s += _cpu() - began
    spent.peak_mib = _peak()


def _used() -> list[resource.struct_rusage]:
    return [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]


def _cpu() -> float:
    """Seconds of this process and of those that it started and that have ended."""
    return sum(one.ru_utime + one.ru_stime for one in _used())


def _peak() -> int:
    return max(one.ru_maxrss for one in _used()) // _MIB


def _processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))
