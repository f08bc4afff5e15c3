"""The ingest benchmark: a real server in its own process, statements signed beforehand, a lean client beside it."""

import json
import multiprocessing
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ledger.recording.opening import Layout, layout
from tools import database as databases
from tools.bench.ledger import create, sign_span
from tools.bench.timing import processor_seconds
from tools.listening import free_port
from tools.load import drive, request

_CHUNK = 2_000
_PREFILL_BATCH = 1_000
_BATCHES_AT_ONCE = 4
_NOT_FOR_A_SERVER = {"PYTHONDONTWRITEBYTECODE", databases.OWNER_VARIABLE}


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to post, and how: to a file, or to an empty PostgreSQL `database` whose tables `owner` shall own."""

    statements: int
    connections: int
    batch: int
    prefill: int
    database: str | None = None
    owner: str | None = None
    workers: int = 1
    postmaster: int | None = None  # process id of the first process of the database's server, where that is known


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement. Latencies are of requests, in ms; memory is the server process's, resident.

    Bytes are those of files: of a ledger in PostgreSQL, the level files alone. Processor time is in µs a statement, of
    all processes of the server, and of all of the database's; the latter is None where its server is not known.
    """

    work: str
    statements: int
    size_before: int
    per_second: float
    p50_ms: float
    p99_ms: float
    server_mib: float
    bytes_each: float
    server_us: float
    database_us: float | None

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def run_ingest(folder: Path, plan: Plan) -> list[Figure]:
    """Post single statements, then batches, to a fresh ledger in `folder`. Raises RuntimeError where one is refused."""
    places = layout(folder / "ledger", None, plan.database)
    plant = create(places, plan.owner)
    total = plan.prefill + 2 * plan.statements
    with multiprocessing.Pool() as pool:
        spans = [(plant, start, min(start + _CHUNK, total)) for start in range(0, total, _CHUNK)]
        wires = [wire for chunk in pool.map(sign_span, spans) for wire in chunk]
    prefill, rest = wires[: plan.prefill], wires[plan.prefill :]
    single = [request("/v1/statements", "application/sd-jwt", wire) for wire in rest[: plan.statements]]
    batches = _batches(rest[plan.statements :], plan.batch)
    size = plan.prefill + 2
    with served(places, plan.workers) as (port, pid):
        drive(port, _batches(prefill, _PREFILL_BATCH), 2)
        bench = _Bench(plan, places, port, pid)
        return [
            bench.measured("single statements", size, single, plan.connections),
            bench.measured(f"batches of {plan.batch}", size + plan.statements, batches, _BATCHES_AT_ONCE),
        ]


def _batches(wires: Sequence[bytes], size: int) -> list[bytes]:
    groups = [wires[start : start + size] for start in range(0, len(wires), size)]
    return [
        request("/v1/statements", "application/json", json.dumps({"statements": [w.decode() for w in group]}).encode())
        for group in groups
    ]


@dataclass(frozen=True)
class _Bench:
    """A server that is up."""

    plan: Plan
    places: Layout
    port: int
    pid: int

    def measured(self, work: str, size_before: int, requests: Sequence[bytes], connections: int) -> Figure:
        """Raises RuntimeError where one is refused."""
        count, before = self.plan.statements, self._spent()
        load = drive(self.port, requests, connections)
        server, database = (after - earlier for after, earlier in zip(self._spent(), before, strict=True))
        if load.statuses.keys() != {201}:
            raise RuntimeError(f"{work}: the server answered {load.statuses}; last: {load.last_body[:500]!r}")
        stored = sum(path.stat().st_size for path in self.places.folder.rglob("*") if path.is_file())
        return Figure(
            work=work,
            statements=count,
            size_before=size_before,
            per_second=count / load.seconds,
            p50_ms=1000 * load.percentile(0.5),
            p99_ms=1000 * load.percentile(0.99),
            server_mib=_resident_mib(self.pid),
            bytes_each=stored / (size_before + count),
            server_us=1e6 * server / count,
            database_us=None if self.plan.postmaster is None else 1e6 * database / count,
        )

    def _spent(self) -> tuple[float, float]:
        postmaster = self.plan.postmaster
        return processor_seconds(self.pid), 0.0 if postmaster is None else processor_seconds(postmaster)


def _resident_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@contextmanager
def served(places: Layout, workers: int) -> Iterator[tuple[int, int]]:
    """A `coilmark serve` process on a free port: (port, process id)."""
    port = free_port()
    server = begin_server(places, "--port", str(port), "--workers", str(workers))
    try:
        wait_ready(port, server)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait()


def begin_server(places: Layout, *options: str, process: int = 0) -> "subprocess.Popen[bytes]":
    """A `coilmark serve` process; `process` is its number where several are on one folder."""
    environment = {key: value for key, value in os.environ.items() if key not in _NOT_FOR_A_SERVER}
    environment |= {databases.VARIABLE: places.url or "", "COILMARK_PROCESS": str(process)}
    command = [sys.executable, "-m", "tools.main", "serve", str(places.folder), "--open", *options]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


def wait_ready(port: int, server: "subprocess.Popen[bytes]") -> None:
    """Raises RuntimeError where it ends, or is not ready within two minutes."""
    for _ in range(2_400):
        if server.poll() is not None:
            raise RuntimeError(f"the server stopped with exit code {server.returncode}")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the server was not ready within two minutes")
