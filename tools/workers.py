"""`coilmark serve --workers N`: N processes on one port, of which one writes; whichever dies is started again."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tools.listening import DRAIN_SECONDS
from tools.problems import FINE, THING_WRONG

_GLANCE = 0.05  # seconds between two looks of the main thread
_AGAIN = 1.0  # seconds before a process that ended is started again
_PATIENCE = DRAIN_SECONDS + 10


@dataclass(frozen=True)
class _Watch:
    """What the threads that watch over the processes, one each, share with the main thread."""

    stopping: threading.Event = field(default_factory=threading.Event)
    failed: threading.Event = field(default_factory=threading.Event)  # a process could not even start
    ready: set[int] = field(default_factory=set)  # the processes that have been ready once


def serve_workers(host: str, port: int, addresses: "list[str]", ready: Callable[[int], None]) -> None:
    """Serve until told to stop; `ready` is told the port once all can answer. Exits 1 where one cannot start.

    A process for each of `addresses`, where the others reach it on a socket of its own.
    """
    watch = _Watch()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: watch.stopping.set())
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=2048) as shared:
        workers = [_Worker(watch, shared, number, address) for number, address in enumerate(addresses)]
        for worker in workers:
            worker.start()
        _wait(lambda: watch.failed.is_set() or watch.stopping.is_set() or len(watch.ready) == len(workers))
        if len(watch.ready) == len(workers):
            ready(shared.getsockname()[1])
        _wait(lambda: watch.failed.is_set() or watch.stopping.is_set())
        watch.stopping.set()
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.see_off()
    raise SystemExit(THING_WRONG if watch.failed.is_set() else FINE)


def private_addresses(count: int, folder: Path) -> list[str]:
    """For processes of which only those of this machine know: sockets in a folder of theirs."""
    return [f"unix:{folder / str(number)}" for number in range(count)]


def public_addresses(count: int, advertise: str) -> list[str]:
    """For processes that other machines reach too: the port in `advertise`, and those that follow it."""
    place = urlsplit(advertise)
    base, port = advertise.rstrip("/").removesuffix(f":{place.port}"), place.port or 80
    return [f"{base}:{port + number}" for number in range(count)]


def private_folder() -> "tempfile.TemporaryDirectory[str]":
    """Short enough for the name of a socket, and nobody else's."""
    return tempfile.TemporaryDirectory(prefix="coilmark-")


def _wait(true: Callable[[], bool]) -> None:
    """The handler of a signal runs in this thread: it may set what it likes, since this thread holds no lock."""
    while not true():
        time.sleep(_GLANCE)


class _Worker(threading.Thread):
    """Keeps one process alive."""

    def __init__(self, watch: _Watch, shared: socket.socket, number: int, address: str) -> None:
        super().__init__(name=f"worker-{number}")
        self._watch = watch
        self._shared = shared
        self._number = number
        self._environment = {**os.environ, "COILMARK_PROCESS": str(number), "COILMARK_ADVERTISE": address}
        self._starting = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Start it, wait for its end, start it again."""
        try:
            while process := self._begin():
                self._wait_for_end(process)
                if self._watch.stopping.is_set() or self._number not in self._watch.ready:
                    break
                print(f"process {process.pid} ended ({process.returncode}) and is replaced", file=sys.stderr)
                self._watch.stopping.wait(_AGAIN)
        finally:
            if not self._watch.stopping.is_set():
                self._watch.failed.set()

    def _begin(self) -> "subprocess.Popen[bytes] | None":
        with self._starting:  # what is started before `terminate` is terminated by it, and nothing is after it
            if self._watch.stopping.is_set():
                return None
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tools.worker", str(self._shared.fileno())],
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=[self._shared.fileno()],
                process_group=0,  # Ctrl-C is for this process, which tells the others
            )
            return self._process

    def _wait_for_end(self, process: "subprocess.Popen[bytes]") -> None:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the pipes were asked for")
        with process.stdin, process.stdout:
            if process.stdout.readline():
                self._watch.ready.add(self._number)
            process.wait()

    def terminate(self) -> None:
        """Let it answer what it has taken in, and end. After `stopping` is set."""
        with self._starting:
            if self._process is not None and self._process.poll() is None:
                self._process.terminate()

    def see_off(self) -> None:
        """Wait until it has ended, though not for ever."""
        self.join(_PATIENCE)
        if self.is_alive() and self._process is not None:
            self._process.kill()
            self.join()
