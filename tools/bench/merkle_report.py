"""What `coilmark bench merkle` shows: a table, a drawing, or JSON."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from ledger.merkle import kernel
from tools.bench.merkle import Row, run_merkle
from tools.bench.merkle_plot import plot

_HEAD = f"{'work':<28} {'size':>11} {'threads':>7} {'a second':>14} {'each':>11}  {'':<20}"


def report(sizes: Sequence[int], threads: Sequence[int], drawing: Path | None, *, as_json: bool) -> None:
    """Measure, and show. Progress and warnings go to standard error."""
    if kernel.path_chosen() == "portable":
        click.echo("Warning: no hash kernel was built for this processor; Python's hashlib does its work.", err=True)
    rows, memory = run_merkle(sizes, threads, lambda text: click.echo(text, err=True))
    if as_json:
        click.echo(json.dumps([row.as_dict() for row in rows], indent=1))
    else:
        told = [f"hash kernel: {kernel.path_chosen()}", _HEAD, *map(_line, _by_work(rows)), *(m.says for m in memory)]
        click.echo("\n".join(told))
    if drawing is not None:
        drawing.write_text(plot([row for row in rows if row.kernel == kernel.path_chosen()]), "utf-8")
        click.echo(f"drawn in {drawing}", err=True)


def _by_work(rows: Sequence[Row]) -> list[Row]:
    works = list(dict.fromkeys(row.work for row in rows))
    return sorted(rows, key=lambda row: (works.index(row.work), row.size))


def _line(row: Row) -> str:
    if row.per_second is None or row.ns_each is None:
        figures = f"{row.why:>26}"
    else:
        figures = f"{row.per_second:>14,.0f} {_each(row.ns_each):>11}"
    by = "" if row.kernel == kernel.path_chosen() else f"({row.kernel})"
    return f"{row.work:<28} {row.size:>11,} {row.threads:>7} {figures}  {row.rival or ''} {by}".rstrip()


def _each(nanoseconds: float) -> str:
    for unit, each in (("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= 10 * each:
            return f"{nanoseconds / each:,.1f} {unit}"
    return f"{nanoseconds:,.1f} ns"
