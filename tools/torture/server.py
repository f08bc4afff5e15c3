"""Servers to be killed: each a process of its own that runs `coilmark serve`, started in a moment from a warm one."""

import http.client
import io
import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ledger.recording.opening import Layout
from tools.listening import free_port, listen
from tools.worker import UNIX, own_socket

_WARM = ["api.app", "ledger.recording.opening", "tools.serve"]
_WARM += ["uvicorn", "uvicorn.protocols.http.httptools_impl", "uvloop"]
_PATIENCE = 60.0  # seconds until a server that does not answer has failed
_PAUSE = 0.005


def _serve(folder: Path, head: Path, url: str, port: int, settings: dict[str, str]) -> None:
    """In the server's process. What it prints goes nowhere: it is killed so often."""
    from tools.serve import command  # noqa: PLC0415  in the new process alone

    os.environ.update({"COILMARK_CHECKERS": "0", **settings})
    words = [str(folder), "--port", str(port), "--open", "--head", str(head)]
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        if settings.get("COILMARK_ADVERTISE", "").startswith(UNIX):
            _serve_beside(folder, head, url, port)
        command.main([*words, *(["--database", url] if url else [])])


def _serve_beside(folder: Path, head: Path, url: str, port: int) -> None:
    """As a worker of several on this machine, though on a port of its own."""
    from tools.serve import settings  # noqa: PLC0415  likewise

    os.environ.update(settings(folder, is_open=True, head=head, database=url or None))
    with socket.create_server(("127.0.0.1", port), backlog=2048) as shared:
        listen("", 0, lambda _port: None, (shared, own_socket(os.environ["COILMARK_ADVERTISE"], shared)))
    raise SystemExit(0)


@dataclass
class Victim:
    """One ledger's server, again and again on one port."""

    places: Layout
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    _process: Any = None

    def start(self) -> None:
        """Begin to start: see `wait`."""
        context: Any = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(_WARM)
        given = (self.places.folder, self.places.head, self.places.url or "", self.port, self.settings)
        self._process = context.Process(target=_serve, args=given)
        self._process.start()

    def wait(self) -> float:
        """Until it says that it is ready; the seconds. Raises RuntimeError where it ended, or is not in a minute."""
        started, said = time.monotonic(), "nothing"
        while time.monotonic() - started < _PATIENCE:
            if self._process.exitcode is not None:
                raise RuntimeError(f"the server ended with exit code {self._process.exitcode} before it was ready")
            try:
                status, body = self.ask("/readyz")
            except (OSError, http.client.HTTPException):
                pass
            else:
                if status == http.client.OK:
                    return time.monotonic() - started
                said = body.decode("utf-8", "replace")
            time.sleep(_PAUSE)
        raise RuntimeError(f"the server was not ready within {_PATIENCE:.0f} s; it last said {said}")

    def up(self) -> float:
        """Start and wait; the seconds until it was ready."""
        self.start()
        return self.wait()

    def ask(self, path: str, body: bytes | None = None, kind: str = "application/sd-jwt") -> tuple[int, bytes]:
        """Status and body of one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE)
        try:
            connection.request("GET" if body is None else "POST", path, body, {"content-type": kind} if body else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    @property
    def pid(self) -> int:
        """Of the server's process."""
        pid: int = self._process.pid
        return pid

    @property
    def alive(self) -> bool:
        """Whether its process is there."""
        return self._process is not None and self._process.exitcode is None

    def kill(self) -> None:
        """Kill -9, and wait until it is gone."""
        self.end(signal.SIGKILL)

    def end(self, how: signal.Signals = signal.SIGTERM) -> float:
        """Signal it and wait until it is gone; the seconds."""
        started = time.monotonic()
        if self.alive:
            os.kill(self.pid, how)
        self._process.join(_PATIENCE)
        if self.alive:
            raise RuntimeError(f"the server did not end within {_PATIENCE:.0f} s of {how.name}")
        self._process.close()
        self._process = None
        return time.monotonic() - started


def patiently(attempt: Callable[[], None], seconds: float, errors: tuple[type[Exception], ...]) -> None:
    """Try again until it goes through. Raises its last error."""
    until = time.monotonic() + seconds
    while True:
        try:
            return attempt()
        except errors:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
