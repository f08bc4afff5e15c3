"""One of several processes of `coilmark serve --workers`: it answers on the port of all, and on a socket of its own.

    python -m tools.worker DESCRIPTOR

DESCRIPTOR is the listening socket that all share. The socket of its own is where the others send what was posted to
them while this one leads. It says so on standard output when it is ready, and stops when standard input ends: its
supervisor is gone.
"""

import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from tools.listening import listen

UNIX = "unix:"


def main() -> None:
    """Serve until told to stop."""
    shared = socket.socket(fileno=int(sys.argv[1]))
    own = own_socket(os.environ["COILMARK_ADVERTISE"], shared)
    threading.Thread(target=_stop_with_supervisor, daemon=True).start()
    listen("", 0, lambda _port: print("ready", flush=True), (shared, own))


def own_socket(address: str, shared: socket.socket) -> socket.socket:
    """Where `address` says, on the host that all listen on."""
    if address.startswith(UNIX):
        path = Path(address.removeprefix(UNIX))
        path.unlink(missing_ok=True)  # left by the process that this one replaces
        own = socket.socket(socket.AF_UNIX)
        own.bind(str(path))
        own.listen()
        return own
    host = shared.getsockname()[0]
    return socket.create_server((host, urlsplit(address).port or 0), family=shared.family, backlog=128)


def _stop_with_supervisor() -> None:
    with suppress(OSError):
        while os.read(0, 1):
            pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
