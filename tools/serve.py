"""`coilmark serve`: the API on a port, in front of one ledger."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tools import database as databases
from tools import head as heads
from tools.listening import listen

if TYPE_CHECKING:
    from ledger.recording.second_head import HeadPlace

_MOST_WORKERS = 64


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
@click.option("--open", "is_open", is_flag=True, help="Everybody may read everything; without it a token is asked for.")
@heads.option
@click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1, _MOST_WORKERS), help="Processes on this port."
)
@click.option(
    "--advertise", metavar="URL", default="", help="Where the other servers reach this one, as http://HOST:PORT."
)
@click.option("--base", metavar="URL", default="", help="Where readers reach it, as on labels: https://id.example.com.")
@click.option("--read-only", is_flag=True, help="Never write: serve what others record, from a replica if need be.")
@click.option(
    "--operator-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The operator's private key, PEM: passports are signed with it. Without it none are made.",
)
@databases.option
def command(
    *,
    folder: Path,
    host: str,
    port: int,
    is_open: bool,
    head: "HeadPlace | None",
    workers: int,
    advertise: str,
    base: str,
    read_only: bool,
    operator_key: Path | None,
    database: str | None,
) -> None:
    """Serve a ledger over HTTP; one process writes.

    With --workers, and on PostgreSQL on several machines, each with its own FOLDER, many serve one ledger: one of
    them writes, the others serve what is read, send it what is posted, and take over within seconds when it is gone.
    Machines reach each other at --advertise, each process of one at a port of its own, from that of the URL on.

    FOLDER is what `coilmark init` made. The server answers once the ledger is loaded and checked against its second
    head. It stops on SIGTERM or SIGINT, after it has answered what it had taken in.
    """
    from ledger.recording.opening import layout  # noqa: PLC0415  brings the database with it, which --help does not need

    _check_advertised(advertise or os.environ.get("COILMARK_ADVERTISE", ""))
    databases.require(layout(folder, head, database))
    given = settings(folder, is_open=is_open, head=head, database=database, operator_key=operator_key)
    os.environ.update(given | ({"COILMARK_READ_ONLY": "1"} if read_only else {}))
    if advertise:
        os.environ["COILMARK_ADVERTISE"] = advertise
    if base:
        os.environ["COILMARK_BASE"] = base
    if workers == 1:
        run(host, port, str(folder))
    else:
        _run_workers(host, port, str(folder), workers, advertise)


def _check_advertised(address: str) -> None:
    """Nobody would answer HTTP at a socket file: the processes of --workers, which do, name their own."""
    if address.startswith("unix:"):
        raise click.UsageError(
            f"--advertise is where other servers reach this one, as http://HOST:PORT, and nobody answers at {address}; "
            "the processes of --workers find each other without it"
        )


def settings(
    folder: Path,
    *,
    is_open: bool,
    head: "HeadPlace | None",
    database: str | None = None,
    operator_key: Path | None = None,
) -> dict[str, str]:
    """What the API reads from its environment."""
    given = {"COILMARK_FOLDER": str(folder.absolute()), "COILMARK_OPEN": "1" if is_open else "0"}
    if database:
        given[databases.VARIABLE] = database
    if operator_key is not None:
        given["COILMARK_OPERATOR_KEY"] = str(operator_key.absolute())
    return (
        given if head is None else {**given, "COILMARK_HEAD": str(head.absolute() if isinstance(head, Path) else head)}
    )


def run(host: str, port: int, what: str) -> None:
    """Listen until told to stop; one line on standard output when the ledger is open. Exits 1 where it cannot be."""
    listen(host, port, lambda bound: _say(what, host, bound))


def _run_workers(host: str, port: int, what: str, count: int, advertise: str) -> None:
    from tools.workers import (  # noqa: PLC0415  for those who ask for it
        private_addresses,
        private_folder,
        public_addresses,
        serve_workers,
    )

    with private_folder() as folder:
        addresses = public_addresses(count, advertise) if advertise else private_addresses(count, Path(folder))
        serve_workers(host, port, addresses, lambda bound: _say(what, host, bound))


def _say(what: str, host: str, port: int) -> None:
    click.echo(f"{what} is served on http://{host}:{port}/ until SIGTERM or Ctrl-C")
