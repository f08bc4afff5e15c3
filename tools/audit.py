"""`coilmark audit`: a whole ledger, or an export of one, derived again from its stored bytes."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.kernel.errors import CoilmarkError, Missing
from ledger.kernel.trust import Trust, parse_trust
from tools import database as databases
from tools import head as heads
from tools.carrying import beside

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.audit.audit import Order, Progress, Report
    from ledger.audit.findings import Finding
    from ledger.audit.heads import Kept
    from ledger.audit.sources import Source
    from ledger.recording.second_head import HeadPlace

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SHOWN = 5  # findings of one kind that a terminal shows
_LARGEST = 1 << 20  # bytes of a checkpoint or trust file


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=".")
@click.option("--against", type=_FILE, multiple=True, help="A checkpoint kept from earlier; may be given again.")
@click.option("--trust", type=_FILE, help="Trust file: whose signatures on checkpoints you believe.")
@click.option("--lineage", is_flag=True, help="Check all that needs no statements: entries, chain, links, root.")
@heads.option
@click.option(
    "--jobs", type=click.IntRange(min=1), help="Processes that work; as many as there are cores if not given."
)
@click.option(
    "--footprints", type=click.Path(dir_okay=False, path_type=Path), help="Write every piece's to an Arrow file."
)
@databases.option
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
def command(
    *,
    folder: Path,
    against: tuple[Path, ...],
    trust: Path | None,
    lineage: bool,
    head: HeadPlace | None,
    jobs: int | None,
    footprints: Path | None,
    database: str | None,
    as_json: bool,
) -> None:
    """Re-derive a whole ledger from its stored bytes.

    FOLDER is what `coilmark init` or `coilmark export` made. No derived table is believed: entries, chain, lineage,
    root, signatures, keys and uniqueness are worked out again from what is stored, and all that differs is listed.
    With --against, what is stored must be a later state of the checkpoint you kept. With --footprints the footprint of
    every piece, computed again from signed statements, is written where nothing else is wrong.
    """
    from ledger.audit.audit import Order, audit  # noqa: PLC0415  other commands start without it

    started = time.monotonic()
    # Before the database is read: a server may go on meanwhile, and its database is never behind its second head.
    kept = [*_second_head(folder, head), *(_kept(path) for path in against)]
    source = _source(folder, database, lineage=lineage)
    order = Order(
        source=source,
        kept=tuple(kept),
        trust=None if trust is None else _trust(trust),
        statements=not lineage,
        jobs=jobs or len(os.sched_getaffinity(0)),
        levels=folder / "levels" if (folder / "levels").is_dir() else None,
        footprints=footprints,
    )
    with progress_bar(quiet=as_json) as progress:
        report = audit(order, progress=progress)
    seconds = time.monotonic() - started
    if as_json:
        click.echo(json.dumps({**report.as_dict(), "seconds": round(seconds, 3)}, ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(report, order, seconds)))
    click.get_current_context().exit(1 if report.findings else 0)


def _source(folder: Path, database: str | None, *, lineage: bool) -> Source:
    """The export in the folder, else the database. Raises Missing, and UsageError where only --lineage can be done."""
    from ledger.audit.sources import DatabaseSource  # noqa: PLC0415  as above

    if database and not (folder / "manifest.json").is_file():
        return DatabaseSource(database)
    if (folder / "ledger.sqlite").is_file():
        return DatabaseSource(folder / "ledger.sqlite")
    if not (folder / "manifest.json").is_file():
        raise Missing("no_ledger", f"there is neither a ledger nor an export in {folder}")
    from ledger.audit.exported import ExportSource  # noqa: PLC0415  pyarrow is slow to load

    source = ExportSource(folder)
    if not lineage and not source.outline().statements:
        raise click.UsageError("this export was made without statements: only --lineage can check it")
    return source


def _second_head(folder: Path, head: HeadPlace | None) -> Iterator[Kept]:
    """The head's second place, where there is one. Raises UsageError where one was named and is not there."""
    from ledger.audit.heads import Kept  # noqa: PLC0415  as above

    place = head or beside(folder)
    try:
        text = heads.second_head(place, [folder]).text()
    except Missing:
        if head is not None:
            raise click.BadParameter(f"{head} is not there", param_hint="--head") from None
        return
    name = place.name if isinstance(place, Path) else place
    yield Kept(f"the head's second place {name}", text, signed=False)


def _kept(path: Path) -> Kept:
    from ledger.audit.heads import Kept  # noqa: PLC0415  as above

    return Kept(f"the checkpoint {path.name}", _read(path))


def _trust(path: Path) -> Trust:
    try:
        return parse_trust(_read(path))
    except CoilmarkError as error:
        raise click.BadParameter(error.sentence, param_hint="--trust") from error


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_LARGEST).decode("utf-8", "replace")


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[Progress]:
    """A bar on a terminal, nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield lambda _what, _done, _all: None
        return
    from rich.console import Console  # noqa: PLC0415  only where somebody looks
    from rich.progress import Progress as Bar  # noqa: PLC0415  likewise

    with Bar(console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, int] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done)  # type: ignore[arg-type]

        yield show


def _lines(report: Report, order: Order, seconds: float) -> Iterator[str]:
    """The report for people: what is wrong, what a reader should know, what was checked and what was not."""
    yield from _summary(report.findings, "FOUND")
    yield from _summary(report.notes, "note")
    for said in report.checked:
        yield f"checked      {said}"
    for said in report.not_checked:
        yield f"not checked  {said}"
    count = len(report.findings)
    verdict = f"{count} finding{'s' * (count > 1)}" if count else "nothing wrong was found"
    signatures = f"{report.signatures} signatures" if order.statements else "no statements read"
    root = "unknown" if report.root is None else report.root.hex()
    yield f"{verdict}: {report.size} entries, {signatures}, {seconds:.1f} s, root {root}"


def _summary(findings: Sequence[Finding], word: str) -> Iterator[str]:
    """Each, but of many of one kind the first few and how many more."""
    counts = Counter(finding.code for finding in findings)
    seen: Counter[str] = Counter()
    for finding in findings:
        seen[finding.code] += 1
        if seen[finding.code] <= _SHOWN or counts[finding.code] == _SHOWN + 1:
            yield f"{word:<12} {finding.sentence}"
    for code, count in counts.items():
        if count > _SHOWN + 1:
            yield f"{word:<12} … and {count - _SHOWN} more of the kind {code}; --json lists all"
