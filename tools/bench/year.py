"""A park's months, told by its plants statement by statement, recorded, audited, and every footprint computed again."""

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
from tools.demo.passport import issuer_of, restate_with, restater_of
from tools.footprint import write_table
from tools.park.plan import make_plan

if TYPE_CHECKING:
    from datetime import datetime

    from ledger.recording.log import Log
    from ledger.upkeep.restating import Restater
    from tools.park.events import Said

Progress = Callable[[str, int, int], None]
_SEED = "bench-year"
_MIB = 1024  # KiB


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


def run_year(folder: Path, coils: int, weeks: int, progress: Progress) -> YearFigure:
    """Make so many coils, with passports restated every so many weeks. Raises RuntimeError where an audit finds one."""
    stage = Stage(folder / "ledger", make_plan(coils, _SEED))
    figure = YearFigure(coils, stage.plan.days)
    with _measured(figure, "record"):
        found(stage)
        with open_log(stage.places, clock=stage.clock, randomness=stage.randomness, issuer=issuer_of(stage)) as log:
            _record(figure, stage, log, weeks, progress)
    with _measured(figure, "audit"):
        source = DatabaseSource(stage.places.location)
        report = audit(Order(source, jobs=_processors(), levels=stage.places.levels), progress=progress)
    figure.bytes = stage.places.database.stat().st_size
    if report.findings:
        raise RuntimeError(report.findings[0].sentence)
    _note(figure, report)
    with _measured(figure, "footprints"):
        figure.footprints = write_table(stage.places.location, None, folder / "footprints.arrow")
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


def _record(figure: YearFigure, stage: Stage, log: "Log", weeks: int, progress: Progress) -> None:
    due, first, restater = 7 * weeks, None, restater_of(stage, log)
    for told in tell(stage, log):
        first = first or told.time
        for said, _ in told.receipts:
            _count(figure, said)
        day = _days(first, told.time)
        progress("telling and recording", day, stage.plan.days + 14)
        if day >= due:
            due += 7 * weeks
            _restate(figure, stage, restater)
    _restate(figure, stage, restater)


def _restate(figure: YearFigure, stage: Stage, restater: "Restater") -> None:
    with _measured(figure, "restate"):
        figure.passports += restate_with(restater, stage)


def _days(first: "datetime", now: "datetime") -> int:
    return (now - first).days


def _count(figure: YearFigure, said: "Said") -> None:
    figure.attestations += said.typ == "energy-attestation"
    figure.rows += len(said.body["rows"]) if said.typ == "energy-allocation" else 0


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
