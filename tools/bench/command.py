"""`coilmark bench`: figures measured on this machine, with the load generator in the same run."""

import json
import tempfile
from contextlib import nullcontext
from pathlib import Path
from statistics import median

import click

from tools import database as databases
from tools.bench.ingest import Figure, Plan, run_ingest

_YEAR = 1_800_000  # statements, by the estimate of infra/OPERATING.md


@click.group(name="bench", help="Measure this machine: ingest, proofs, hashing, traces, audit, pages.")
def command() -> None:
    """Figures belong here and not into tests."""


@command.command()
@click.option("--statements", default=20_000, show_default=True, help="Statements a measurement, signed beforehand.")
@click.option("--connections", default=32, show_default=True, help="Connections that post single statements.")
@click.option("--batch", default=500, show_default=True, help="Statements a batch.")
@click.option("--prefill", default=0, show_default=True, help="Statements recorded before measuring.")
@click.option("--workers", default=1, show_default=True, help="Processes that serve, as for `coilmark serve`.")
@databases.option
@databases.owner_option
@click.option("--json", "as_json", is_flag=True, help="One JSON list of figures.")
def ingest(
    *,
    statements: int,
    connections: int,
    batch: int,
    prefill: int,
    workers: int,
    database: str | None,
    owner_database: str | None,
    as_json: bool,
) -> None:
    """Single statements and batches, each acknowledged with its proof after a synced commit."""
    with tempfile.TemporaryDirectory(prefix="coilmark-bench-") as folder:
        plan = Plan(statements, connections, batch, prefill, database, owner_database, workers)
        figures = run_ingest(Path(folder), plan)
    if as_json:
        click.echo(json.dumps([figure.as_dict() for figure in figures], indent=1))
    else:
        click.echo("\n".join(_line(figure) for figure in figures))


@command.command()
@click.option("--statements", default=6_000, show_default=True, help="Statements a measurement, signed beforehand.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1), help="Turns of each.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object of figures.")
def stores(*, statements: int, rounds: int, as_json: bool) -> None:
    """Ingest on SQLite, on a PostgreSQL server of its own, and with two processes on that, by turns."""
    from tools.bench.own import own_server  # noqa: PLC0415  brings psycopg with it
    from tools.bench.stores import lines, run_stores  # noqa: PLC0415  likewise

    with tempfile.TemporaryDirectory(prefix="coilmark-bench-") as folder, own_server() as server:
        figure = run_stores(Path(folder), server, statements, rounds)
    click.echo(json.dumps(figure.as_dict()) if as_json else "\n".join(lines(figure)))


@command.command()
@click.option("--statements", default=20_000, show_default=True, type=click.IntRange(1), help="Statements recorded.")
@click.option(
    "--year",
    default=1_800_000,
    show_default=True,
    type=click.IntRange(1),
    help="Statements a year.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object of figures.")
def size(*, statements: int, year: int, as_json: bool) -> None:
    """Bytes a statement on SQLite and on a PostgreSQL server of its own, and what a year of them comes to."""
    from tools.bench.own import own_server  # noqa: PLC0415  brings psycopg with it
    from tools.bench.size import lines, run_size  # noqa: PLC0415  brings the database with it

    with tempfile.TemporaryDirectory(prefix="coilmark-bench-") as folder, own_server() as server:
        figure = run_size(Path(folder), statements, server)
    click.echo(json.dumps(figure.as_dict()) if as_json else "\n".join(lines(figure, year)))


@command.command()
@click.argument("url")
@click.option("--visits", default=10, show_default=True, help="With a fresh browser profile each.")
@click.option("--slowed", default=4, show_default=True, help="How many times the processor is slowed.")
@click.option("--json", "as_json", is_flag=True, help="One JSON list of figures.")
def view(*, url: str, visits: int, slowed: int, as_json: bool) -> None:
    """The page of a piece in headless Chromium: when it is there, and how long its check takes.

    URL is what a label leads to, of a ledger that is being served. Needs what the tests need (`make browser`).
    """
    from tools.bench.view import run_view  # noqa: PLC0415  for those who ask for it

    figures = run_view(url, visits, slowed)
    if as_json:
        click.echo(json.dumps([one.as_dict() for one in figures]))
        return
    for one in figures:
        click.echo(one.line)


@command.command()
@click.option("--events", default=100_000, show_default=True, help="Events in the ledger.")
@click.option("--ancestors", default=2_000, show_default=True, help="Events that the traced coil rests on.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object of figures.")
def lots(*, events: int, ancestors: int, as_json: bool) -> None:
    """Trace a coil up and its first lot down, tell a lot's state, and rebuild what is known of lots."""
    from tools.bench.lots import run_lots  # noqa: PLC0415  for those who ask for it

    with tempfile.TemporaryDirectory(prefix="coilmark-bench-") as folder:
        figure = run_lots(Path(folder), events, ancestors)
    if as_json:
        click.echo(json.dumps(figure.as_dict(), indent=1))
        return
    click.echo(f"{figure.events} entries; a coil that rests on {figure.ancestors} events")
    click.echo(
        f"trace up {figure.trace_up_ms:.0f} ms, down {figure.trace_down_ms:.0f} ms, state {figure.state_ms:.0f} ms"
    )
    click.echo(f"rebuild {figure.rebuild_s:.1f} s")


@command.command()
@click.option("--rows", default=10_000, show_default=True, help="Rows to allocate.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object of figures.")
def energy(*, rows: int, as_json: bool) -> None:
    """Post allocations of the power of a park to a server, row by row; then audit and rebuild all of it."""
    from tools.bench.energy import run_energy  # noqa: PLC0415  for those who ask for it

    with tempfile.TemporaryDirectory(prefix="coilmark-bench-") as folder:
        figure = run_energy(Path(folder), rows)
    if as_json:
        click.echo(json.dumps(figure.as_dict(), indent=1))
        return
    click.echo(f"{figure.rows} rows of {figure.attestations} attestations, {figure.statements} statements in all")
    took = f"posted in {figure.post_s:.2f} s, with {figure.server_s:.2f} s of the server's processor"
    click.echo(f"{figure.allocations} allocations over HTTP, one after the other: {took}")
    click.echo(f"whole ledger: audit {figure.audit_s:.1f} s, rebuild {figure.rebuild_s:.1f} s of one processor")


@command.command()
@click.option("--coils", default=50_000, show_default=True, type=click.IntRange(4, 100_000), help="How many are made.")
@click.option("--days", default=365, show_default=True, type=click.IntRange(21, 3_650), help="How long it is told.")
@click.option(
    "--renewed", default=28, show_default=True, type=click.IntRange(0), help="Days a class lot goes on; 0: ever."
)
@click.option(
    "--restated", default=28, show_default=True, type=click.IntRange(0), help="Passports again; 0: at the end."
)
@click.option(
    "--folder", type=click.Path(path_type=Path), help="Where all is kept, and a log of the run; not given: nowhere."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object of figures.")
def year(*, coils: int, days: int, renewed: int, restated: int, folder: Path | None, as_json: bool) -> None:
    """A year of a park like the demo's: told, recorded, audited, and every footprint computed again.

    A whole one takes hours, and 20 GB of disk. `progress.log` and `figures.json` in the folder say how far it is.
    """
    from tools.audit import progress_bar  # noqa: PLC0415  for those who ask for it
    from tools.bench.year import Year, lines, run_year  # noqa: PLC0415  brings the database with it

    place = nullcontext(folder) if folder else tempfile.TemporaryDirectory(prefix="coilmark-bench-")
    with place as kept, progress_bar(quiet=as_json) as progress:
        figure = run_year(Path(kept), Year(coils, days, renewed, restated), progress)
    click.echo(json.dumps(figure.as_dict(), indent=1) if as_json else "\n".join(lines(figure)))


@command.command()
@click.option("--rounds", default=5, show_default=True, help="How often the server that writes is killed.")
@databases.option
@databases.owner_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object of figures.")
def takeover(*, rounds: int, database: str | None, owner_database: str | None, as_json: bool) -> None:
    """Two servers, of which the one that writes is killed: how long until the other has recorded a statement."""
    from tools.bench.takeover import run_takeover  # noqa: PLC0415  for those who ask for it

    with tempfile.TemporaryDirectory(prefix="coilmark-bench-") as folder:
        figure = run_takeover(Path(folder), rounds, database, owner_database)
    if as_json:
        click.echo(json.dumps(figure.as_dict()))
    else:
        middle, longest = median(figure.seconds), max(figure.seconds)
        click.echo(f"{len(figure.seconds)} takeovers: {middle:.2f} s in the middle, {longest:.2f} s the longest")


@command.command()
@click.option(
    "--sizes", default="10000,100000,1000000,10000000", show_default=True, help="Leaves, with commas between."
)
@click.option("--threads", default="1,2", show_default=True, help="Threads to measure on, with commas between.")
@click.option("--json", "as_json", is_flag=True, help="One JSON list of rows.")
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Write an SVG drawing to this file.")
def merkle(sizes: str, threads: str, plot: Path | None, *, as_json: bool) -> None:
    """Hashing, building, proving and verifying, beside what one would take instead and the processor's limit."""
    from tools.bench.merkle_report import report  # noqa: PLC0415  pyarrow takes 0.2 s to import

    report(_numbers(sizes, "--sizes"), _numbers(threads, "--threads"), plot, as_json=as_json)


def _numbers(text: str, option: str) -> list[int]:
    parts = text.split(",")
    if not all(part.isascii() and part.isdigit() and int(part) > 0 for part in parts):
        raise click.BadParameter(f"{text} is no list of numbers with commas between", param_hint=option)
    return sorted({int(part) for part in parts})


@command.command()
@click.option("--size", default=1_000_000, show_default=True, help="Entries of the ledger.")
@click.option("--proofs", default=100_000, show_default=True, help="Proofs in one answer.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object of figures.")
def proofs(size: int, proofs: int, *, as_json: bool) -> None:
    """Many inclusion proofs in one answer of a server, as Arrow, from question to columns."""
    from tools.bench.proofs import run_proofs  # noqa: PLC0415  brings pyarrow with it

    with tempfile.TemporaryDirectory(prefix="coilmark-bench-") as folder:
        figure = run_proofs(Path(folder), size, proofs)
    if as_json:
        click.echo(json.dumps(figure.as_dict()))
    else:
        click.echo(
            f"POST /v1/proofs, {figure.proofs:,} proofs of {figure.size:,} entries: {figure.seconds:.2f} s for "
            f"{figure.answer_bytes / 1e6:.0f} MB, {figure.proofs / figure.seconds:,.0f} proofs/s end to end; "
            f"all verified in {figure.verify_seconds:.2f} s"
        )


@command.command(name="open")
@click.option("--size", default=1_000_000, show_default=True, help="Entries of the ledger.")
@databases.option
@databases.owner_option
@click.option("--replica", help="postgresql:// URL of a streaming replica of it: opened there by a reader too.")
@click.option("--own-postgres", is_flag=True, help="On a PostgreSQL server started for it, and a replica of that.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object of figures.")
def open_command(
    size: int,
    database: str | None,
    owner_database: str | None,
    replica: str | None,
    *,
    own_postgres: bool,
    as_json: bool,
) -> None:
    """A ledger opened to write and to read, with its level files and without, and served."""
    from tools.bench.open import lines, run_open  # noqa: PLC0415  brings pyarrow with it
    from tools.bench.own import Database, own_database  # noqa: PLC0415  brings psycopg with it

    given = Database(database, owner_database, (lambda: nullcontext(replica)) if replica else None)
    where = own_database() if own_postgres else nullcontext(given)
    with tempfile.TemporaryDirectory(prefix="coilmark-bench-") as folder, where as chosen:
        figure = run_open(Path(folder), size, chosen)
    click.echo(json.dumps(figure.as_dict()) if as_json else "\n".join(lines(figure)))


@command.command(name="audit")
@click.option("--statements", default=100_000, show_default=True, help="Statements in the ledger.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object of figures.")
def audit_command(statements: int, *, as_json: bool) -> None:
    """A whole audit against the bare verification of the same signatures, on all cores.

    Bare verification is by the package cryptography (OpenSSL), what a user would pick. The audit itself asks libsodium
    first, which takes about half as long; what its own way takes of the same signatures is told beside it.
    """
    from tools.bench.audit import run_audit  # noqa: PLC0415  brings the database with it

    with tempfile.TemporaryDirectory(prefix="coilmark-bench-") as folder:
        figure = run_audit(Path(folder), statements)
    if as_json:
        click.echo(json.dumps(figure.as_dict()))
    else:
        click.echo(
            f"audit of {figure.statements:,} statements on {figure.processes} cores: {figure.audit_seconds:.1f} s, "
            f"{figure.ratio:.2f} times the {figure.signature_seconds:.1f} s of bare signature verification; "
            f"{figure.cpu_ratio:.2f} times its processor time; its own verification takes {figure.own_seconds:.1f} s"
        )


@command.command(name="passport")
@click.option("--ancestors", default=300, show_default=True, help="Entries that the piece rests on.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object of figures.")
def passport_command(ancestors: int, *, as_json: bool) -> None:
    """A passport computed, its full bundle built, verified and computed again."""
    from tools.bench.passport import run_passport  # noqa: PLC0415  brings the database with it

    with tempfile.TemporaryDirectory(prefix="coilmark-bench-") as folder:
        figure = run_passport(Path(folder), ancestors)
    if as_json:
        click.echo(json.dumps(figure.as_dict()))
        return
    click.echo(
        f"a piece that rests on {figure.ancestors} entries: passport computed in {figure.compute_ms:.0f} ms\n"
        f"full bundle of {figure.full_bytes:,} bytes: built in {figure.build_ms:.0f} ms, verified and computed again "
        f"in {figure.verify_ms:.0f} ms\n"
        f"short bundle of {figure.short_bytes:,} bytes: built in {figure.short_build_ms:.1f} ms, verified in "
        f"{figure.short_verify_ms:.1f} ms"
    )


def _line(figure: Figure) -> str:
    return (
        f"{figure.work:<28} {figure.per_second:>9,.0f} statements/s   p50 {figure.p50_ms:6.1f} ms   "
        f"p99 {figure.p99_ms:6.1f} ms   server memory {figure.server_mib:5.0f} MiB   "
        f"{figure.bytes_each:,.0f} bytes and {figure.server_us:,.0f} µs of a processor a statement"
    )


@command.command(name="page")
@click.option("--coils", default=100_000, show_default=True, help="Coils in the ledger.")
@click.option("--scanned", default=200, show_default=True, help="Of them: made and shipped by the demo's park.")
@click.option("--pages", default=3_000, show_default=True, help="Scans a measurement.")
@click.option("--workers", default=2, show_default=True, help="Processes that serve, as for `coilmark serve`.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object of figures.")
def page_command(*, coils: int, scanned: int, pages: int, workers: int, as_json: bool) -> None:
    """The scan page of coils with footprint and energy as a server gives it, to one who asks and to eight at once."""
    from tools.bench.page import run_page  # noqa: PLC0415  brings the database with it

    with tempfile.TemporaryDirectory(prefix="coilmark-bench-") as folder:
        figure = run_page(Path(folder), coils, scanned, pages, workers)
    if as_json:
        click.echo(json.dumps(figure.as_dict()))
        return
    click.echo(
        f"{figure.coils:,} coils, {figure.passports:,} with a passport that states footprint and energy; a page of "
        f"{figure.page_bytes:,} bytes; {figure.workers} serving\n"
        f"asked for the first time: {figure.first}\nasked one after the other: {figure.again}\n"
        f"asked by eight at once: {figure.at_once}; {figure.pages_a_second:,.0f} pages/s, {figure.cpu_ms:.1f} ms of a "
        "processor each"
    )


@command.command()
@click.option("--genuine", default=100_000, show_default=True, help="Codes that are on one coil each.")
@click.option("--copies", default=2_000, show_default=True, help="Codes that were copied.")
@click.option("--labels", default="10-40", show_default=True, help="Coils that a copied code is on, from and to.")
@click.option("--carriers", default=6, show_default=True, help="Mobile networks' blocks of addresses around a site.")
@click.option("--seed", default=1, show_default=True, help="Another month.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object of figures.")
def scans(*, genuine: int, copies: int, labels: str, carriers: int, seed: int, as_json: bool) -> None:
    """Labels and copies of labels in a simulated month: how many of each are called conspicuous."""
    from tools.bench.scans import Month, run_scans  # noqa: PLC0415  for those who ask for it

    between = _numbers(labels.replace("-", ","), "--labels")
    figure = run_scans(Month(genuine, copies, seed, carriers=carriers, labels=(between[0], between[-1])))
    if as_json:
        click.echo(json.dumps(figure.as_dict(), indent=1))
        return
    click.echo(f"of {figure.genuine:,} genuine codes {figure.flagged} are conspicuous: {figure.flagged_share:.3%}")
    click.echo(f"of {figure.copies:,} copies, scanned 20 times or more, {figure.found} are: {figure.found_share:.1%}")
    click.echo("a simulation: what it assumes stands in tools/bench/scans.py")
