"""One process that serves: uvicorn over the API, on a port or on sockets that it was given."""

import signal
import socket
from collections.abc import Callable, Sequence

from tools.problems import FINE, THING_WRONG

DRAIN_SECONDS = 30


def listen(host: str, port: int, ready: Callable[[int], None], sockets: Sequence[socket.socket] = ()) -> None:
    """Answer until told to stop; `ready` is told the port once the ledger is open. Exits 1 where it cannot be."""
    import uvicorn  # noqa: PLC0415  --help does without a server

    class Server(uvicorn.Server):
        """Says when it is ready."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            """Open the ledger and the port."""
            await super().startup(sockets)
            if self.started:
                ready(self.servers[0].sockets[0].getsockname()[1])

    config = uvicorn.Config(
        "api.app:from_environ",
        factory=True,
        host=host,
        port=port,
        loop="uvloop",
        http="api.connections:Patient",
        ws="none",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,  # nothing here depends on who is said to be asking
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    # uvicorn answers what it has, then raises the signal again: having stopped as told is not a failure.
    signal.signal(signal.SIGTERM, _stopped_as_told)
    server = Server(config)
    try:
        server.run(list(sockets) or None)
    except KeyboardInterrupt:
        return
    except SystemExit as ended:  # 3 where the ledger cannot be opened, 1 where the port cannot; both were logged
        raise SystemExit(THING_WRONG if ended.code else FINE) from None


def _stopped_as_told(_signal: int, _frame: object) -> None:
    raise SystemExit(FINE)


def free_port() -> int:
    """A port of this machine for a server that is started later, and perhaps again and again.

    It is bound for as long as this process lives, so that the system gives it to nobody else; servers bind it all the
    same, since nobody listens and both reuse the address.
    """
    keeper = socket.socket()
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keeper.bind(("127.0.0.1", 0))
    port: int = keeper.getsockname()[1]
    keeper.detach()
    return port
