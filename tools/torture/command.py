"""`coilmark torture`: what the ledger promises, held against kills, faults, flips, floods and full disks."""

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from tools.problems import FINE, THING_WRONG
from tools.torture.totals import keep, totals

ALL = (
    "kill-sqlite",
    "kill-postgres",
    "kill-servers",
    "kill-workers",
    "faults",
    "faults-postgres",
    "flips",
    "disk",
    "overload",
    "start",
)


@dataclass(frozen=True, slots=True)
class Counts:
    """How much of each."""

    sqlite: int  # cycles
    postgres: int  # cycles
    every: int  # system call of an append
    share: float  # of bytes that are flipped
    full: float  # seconds on a full disk
    flood: float  # seconds of overload
    statements: int  # for the overload, signed before
    entries: int  # of the ledger that is started


QUICK = Counts(sqlite=10, postgres=6, every=12, share=0.01, full=2.0, flood=5.0, statements=20_000, entries=5_000)
WHOLE = Counts(
    sqlite=1_000, postgres=300, every=1, share=1.0, full=60.0, flood=60.0, statements=300_000, entries=1_000_000
)


@click.command()
@click.argument("what", nargs=-1, type=click.Choice(ALL))
@click.option("--quick", is_flag=True, help="A minute or two of everything, as a check of the checks.")
@click.option(
    "--cycles", type=click.IntRange(min=1), help="Kill cycles, in place of 1 000 on SQLite, 300 on PostgreSQL."
)
@click.option("--share", type=click.FloatRange(0, 1), help="Of the bytes that are flipped.")
@click.option("--entries", type=click.IntRange(min=1), help="Entries of the ledger that is started.")
@click.option("--seed", type=int, help="What is chosen at random is chosen by this; printed with every run.")
@click.option(
    "--into", type=click.Path(dir_okay=False, path_type=Path), help="Append the figures to this file, and print totals."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object of figures.")
def command(
    *,
    what: tuple[str, ...],
    quick: bool,
    cycles: int | None,
    share: float | None,
    entries: int | None,
    seed: int | None,
    into: Path | None,
    as_json: bool,
) -> None:
    """Kill, starve and flood ledgers of its own making, and count what they lost.

    \b
    kill-sqlite    kill -9 of the server under load, again and again
    kill-postgres  likewise of the server, of PostgreSQL's processes, or of all
    kill-servers   likewise of one of two servers on one PostgreSQL
    kill-workers   likewise, where one hands the other what it has checked
    faults         every system call of an append fails, and is the last one
    faults-postgres  likewise on PostgreSQL, what is said to its server included
    flips          every byte that means anything is flipped; audit or verifier must say so
    disk           the disk fills up, and is given room again; on both stores
    overload       ten times more at once than can be taken
    start          from start to ready, with many entries

    Every client's history is held against what is stored in the end: what was acknowledged is there, once, in its
    place; what was refused is not; order is kept; every head ever shown is an earlier state. Exit 1 where a promise is
    broken. Works in a temporary folder; touches no ledger of yours. What takes hours is done in pieces with --into.
    """  # noqa: D301 - click reads the character, by which it keeps these lines
    counts = _counts(QUICK if quick else WHOLE, cycles, share, entries)
    seed = seed if seed is not None else int(time.time())
    figures: dict[str, Any] = {"type": "coilmark.torture/v1", "seed": seed}
    for name in what or ALL:
        with tempfile.TemporaryDirectory(prefix="coilmark-torture-") as folder:
            started = time.monotonic()
            figures[name] = _RUNS[name](Path(folder), counts, seed)
            figures[name]["took"] = round(time.monotonic() - started, 1)
        if not as_json:
            click.echo(f"{name:<16} {json.dumps(figures[name], ensure_ascii=False)}")
    broken = [name for name in what or ALL if figures[name].get("broken") or figures[name].get("unseen")]
    figures["broken"] = broken
    if into is not None:
        figures = totals(keep(into, figures))
        broken = figures["broken"]
        if not as_json:
            click.echo(f"{'in all':<16} {json.dumps(figures, ensure_ascii=False)}")
    click.echo(json.dumps(figures, ensure_ascii=False) if as_json else _verdict(broken, seed))
    click.get_current_context().exit(THING_WRONG if broken else FINE)


def _verdict(broken: list[str], seed: int) -> str:
    return f"seed {seed}: " + (f"promises broken: {', '.join(broken)}" if broken else "no promise was broken")


def _counts(counts: Counts, cycles: int | None, share: float | None, entries: int | None) -> Counts:
    return Counts(
        sqlite=cycles or counts.sqlite,
        postgres=cycles or counts.postgres,
        every=counts.every,
        share=counts.share if share is None else share,
        full=counts.full,
        flood=counts.flood,
        statements=counts.statements,
        entries=entries or counts.entries,
    )


def _kill_sqlite(folder: Path, counts: Counts, seed: int) -> dict[str, Any]:
    from ledger.recording.opening import layout  # noqa: PLC0415  --help does without a database
    from tools.torture.kill import kill_loop, kill_server  # noqa: PLC0415  likewise, and below

    return kill_loop(layout(folder / "ledger"), counts.sqlite, seed, kill_server).as_dict()


def _kill_postgres(folder: Path, counts: Counts, seed: int) -> dict[str, Any]:
    from ledger.recording.opening import layout  # noqa: PLC0415  likewise
    from tools import own_postgres  # noqa: PLC0415  likewise
    from tools.torture.kill import kill_loop, strike_postgres  # noqa: PLC0415  likewise

    if reason := own_postgres.why_not():
        return {"not_run": reason}
    with own_postgres.running() as server:
        place = server.place()
        places = layout(folder / "ledger", None, place.writer)
        return kill_loop(places, counts.postgres, seed, strike_postgres(server), owner=place.owner).as_dict()


def _kill_servers(folder: Path, counts: Counts, seed: int, sockets: Path | None = None) -> dict[str, Any]:
    from ledger.recording.opening import layout  # noqa: PLC0415  likewise
    from tools import own_postgres  # noqa: PLC0415  likewise
    from tools.torture.servers import kill_servers  # noqa: PLC0415  likewise

    if reason := own_postgres.why_not():
        return {"not_run": reason}
    with own_postgres.running() as server:
        place = server.place()
        places = layout(folder / "ledger", None, place.writer)
        return kill_servers(places, counts.postgres, seed, place.owner, sockets).as_dict()


def _kill_workers(folder: Path, counts: Counts, seed: int) -> dict[str, Any]:
    return _kill_servers(folder, counts, seed, folder)


def _faults(folder: Path, counts: Counts, seed: int) -> dict[str, Any]:
    from tools.torture.faults import FileBed, fault_sweep, why_not  # noqa: PLC0415  likewise

    reason = why_not()
    return {"not_run": reason} if reason else fault_sweep(folder, FileBed(folder), counts.every, seed).as_dict()


def _faults_postgres(folder: Path, counts: Counts, seed: int) -> dict[str, Any]:
    from tools import own_postgres  # noqa: PLC0415  likewise
    from tools.torture.faults import PostgresBed, fault_sweep, why_not  # noqa: PLC0415  likewise

    if reason := why_not() or own_postgres.why_not():
        return {"not_run": reason}
    with own_postgres.running() as server:
        return fault_sweep(folder, PostgresBed(folder, server.place()), counts.every, seed).as_dict()


def _flips(folder: Path, counts: Counts, seed: int) -> dict[str, Any]:
    from tools.torture.flips import flip_bytes  # noqa: PLC0415  likewise

    return flip_bytes(folder, seed, counts.share).as_dict()


def _disk(folder: Path, counts: Counts, _seed: int) -> dict[str, Any]:
    """With a reserve, and without, where the disk itself says no in the middle of things; and that of PostgreSQL."""
    from tools import own_postgres  # noqa: PLC0415  likewise
    from tools.torture.disk import fill_disk, fill_postgres_disk, why_not  # noqa: PLC0415  likewise

    if reason := why_not():
        return {"not_run": reason}
    filled = {
        "with_reserve": fill_disk(folder / "with", 4, counts.full).as_dict(),
        "without": fill_disk(folder / "without", 0, counts.full).as_dict(),
    }
    if not own_postgres.why_not():
        filled["postgres"] = fill_postgres_disk(folder / "postgres" / "disk", counts.full).as_dict()
    return {**filled, "broken": [one for each in filled.values() for one in each["broken"]]}


def _overload(folder: Path, counts: Counts, _seed: int) -> dict[str, Any]:
    from ledger.recording.opening import layout  # noqa: PLC0415  likewise
    from tools.torture.overload import overload  # noqa: PLC0415  likewise

    return overload(layout(folder / "ledger"), counts.flood, counts.statements).as_dict()


def _start(folder: Path, counts: Counts, _seed: int) -> dict[str, Any]:
    """After a kill, with the write-ahead log as it was left: the seconds to ready, three times."""
    from ledger.recording.opening import layout  # noqa: PLC0415  likewise
    from tools.bench.ledger import create, fill  # noqa: PLC0415  likewise
    from tools.torture.server import Victim  # noqa: PLC0415  likewise

    places = layout(folder / "ledger")
    pem = create(places)
    for _ in fill(places, pem, counts.entries):
        pass
    victim, seconds = Victim(places), []
    for _ in range(3):
        seconds.append(round(victim.up(), 3))
        victim.kill()
    return {"entries": counts.entries, "seconds_to_ready": seconds}


_RUNS: dict[str, Callable[[Path, Counts, int], dict[str, Any]]] = {
    "kill-sqlite": _kill_sqlite,
    "kill-postgres": _kill_postgres,
    "kill-servers": _kill_servers,
    "kill-workers": _kill_workers,
    "faults": _faults,
    "faults-postgres": _faults_postgres,
    "flips": _flips,
    "disk": _disk,
    "overload": _overload,
    "start": _start,
}
