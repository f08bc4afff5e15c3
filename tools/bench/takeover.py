"""How long nothing is recorded when the server that writes is killed: two real servers, and one that posts all day."""

import http.client
import signal
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.recording.opening import Layout, layout
from tools.bench.ingest import begin_server, wait_ready
from tools.bench.ledger import create, sign_span
from tools.listening import free_port

if TYPE_CHECKING:
    import subprocess

_POLL = 0.01  # seconds between two tries
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Takeover:
    """Seconds from each kill to the first statement that is recorded after it, posted to the server that stood by."""

    seconds: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def run_takeover(folder: Path, rounds: int, database: str | None, owner: str | None) -> Takeover:
    """Kill the server that writes, `rounds` times. Raises RuntimeError where no other takes over."""
    places = layout(folder / "ledger", None, database)
    pem = create(places, owner)
    with ExitStack() as stack:
        leader, standby = (_Server(places, number) for number in range(2))
        for server in (leader, standby):
            server.start()
            stack.callback(server.kill)
        wires = iter(sign_span((pem, 0, 100 * rounds)))
        seconds = []
        for _ in range(rounds):
            standby.post_until_recorded(next(wires))
            leader.kill()
            killed = time.perf_counter()
            standby.post_until_recorded(next(wires))
            seconds.append(time.perf_counter() - killed)
            leader.start()
            leader, standby = standby, leader
    return Takeover(tuple(seconds))


class _Server:
    """One of two processes on a folder."""

    def __init__(self, places: Layout, number: int) -> None:
        self._places = places
        self._number = number
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Ready when this returns."""
        options = ["--port", str(self._port), "--advertise", f"http://127.0.0.1:{self._port}"]
        self._process = begin_server(self._places, *options, process=self._number)
        wait_ready(self._port, self._process)

    def kill(self) -> None:
        """Without a word."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def post_until_recorded(self, wire: bytes) -> None:
        """Ask again while nobody records."""
        for attempt in count():
            if self._posted(wire) in {http.client.OK, http.client.CREATED}:
                return
            if attempt * _POLL > _PATIENCE:
                raise RuntimeError("no server took over")
            time.sleep(_POLL)

    def _posted(self, wire: bytes) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE)
        try:
            connection.request("POST", "/v1/statements", wire, {"content-type": "application/sd-jwt"})
            return connection.getresponse().status
        finally:
            connection.close()
