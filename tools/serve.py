"""`coilmark serve`: the API on a port, in front of one ledger."""

import os
import signal
import socket
from pathlib import Path

import click

from tools import database as databases
from tools.problems import FINE, THING_WRONG

_DRAIN_SECONDS = 30


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
@click.option("--open", "is_open", is_flag=True, help="Everybody may read everything; without it a token is asked for.")
@click.option("--head", type=click.Path(dir_okay=False, path_type=Path), help="The head's second place, as at init.")
@databases.option
def command(*, folder: Path, host: str, port: int, is_open: bool, head: Path | None, database: str | None) -> None:
    """Serve a ledger over HTTP; one process writes.

    On PostgreSQL several servers, each with its own FOLDER, may serve one ledger: the first writes, the others serve
    what is read and take over within seconds when it is gone.

    FOLDER is what `coilmark init` made. The server answers once the ledger is loaded and checked against its second
    head. It stops on SIGTERM or SIGINT, after it has answered what it had taken in.
    """
    from ledger.opening import layout  # noqa: PLC0415  brings the database with it, which --help does not need

    databases.require(layout(folder, head, database))
    os.environ.update(settings(folder, is_open=is_open, head=head, database=database))
    run(host, port, str(folder))


def settings(folder: Path, *, is_open: bool, head: Path | None, database: str | None = None) -> dict[str, str]:
    """What the API reads from its environment."""
    given = {"COILMARK_FOLDER": str(folder.absolute()), "COILMARK_OPEN": "1" if is_open else "0"}
    if database:
        given[databases.VARIABLE] = database
    return given if head is None else {**given, "COILMARK_HEAD": str(head.absolute())}


def run(host: str, port: int, what: str) -> None:
    """Listen until told to stop; one line on standard output when the ledger is open. Exits 1 where it cannot be."""
    import uvicorn  # noqa: PLC0415  --help does without a server

    class Server(uvicorn.Server):
        """Says when it is ready."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            """Open the ledger and the port."""
            await super().startup(sockets)
            if self.started:
                bound = self.servers[0].sockets[0].getsockname()[1]
                click.echo(f"{what} is served on http://{host}:{bound}/ until SIGTERM or Ctrl-C")

    config = uvicorn.Config(
        "api.app:from_environ",
        factory=True,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,  # nothing here depends on who is said to be asking
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )
    # uvicorn answers what it has, then raises the signal again: having stopped as told is not a failure.
    signal.signal(signal.SIGTERM, _stopped_as_told)
    server = Server(config)
    try:
        server.run()
    except KeyboardInterrupt:
        return
    except SystemExit as ended:  # 3 where the ledger cannot be opened, 1 where the port cannot; both were logged
        raise SystemExit(THING_WRONG if ended.code else FINE) from None


def _stopped_as_told(_signal: int, _frame: object) -> None:
    raise SystemExit(FINE)
