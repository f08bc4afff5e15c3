"""The kill loop: a server under load is killed at a random moment, again and again; then everything is counted."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa

from ledger.audit.audit import Order, audit
from ledger.audit.sources import DatabaseSource
from ledger.kernel.entry import parse_entry
from ledger.merkle.built import Built
from ledger.recording.opening import Layout
from ledger.store.store import open_store
from schemas.arrow import HASH
from tools import own_postgres
from tools.bench.ledger import create, sign_span
from tools.torture.clients import Crowd
from tools.torture.history import FAIL, OK, Kept, judge
from tools.torture.server import Victim, patiently

CLIENTS = 8
_SPAN = 50  # statements signed at once
_SHORTEST, _LONGEST = 0.02, 0.8  # seconds that a server lives
TERM_EVERY = 10  # cycles
_BATCH = 10_000
Strike = Callable[[Victim, random.Random], str]


@dataclass(frozen=True, slots=True)
class Killed:
    """What a kill loop gave. `broken` are broken promises and what an audit finds, in sentences."""

    store: str
    cycles: int
    strikes: dict[str, int]
    acknowledged: int
    refused: int
    entries: int
    lost: int
    heads: int
    slowest_start: float  # seconds from start to ready
    slowest_stop: float  # seconds that SIGTERM took
    broken: tuple[str, ...]
    slowest_takeover: float | None = None  # seconds, of two servers: nothing was recorded from the kill until then

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def kill_loop(places: Layout, cycles: int, seed: int, strike: Strike, *, owner: str | None = None) -> Killed:
    """Run it on a new ledger at `places`. Deterministic in what it chooses, not in what happens."""
    choose = random.Random(seed)  # noqa: S311  no secret hangs on it
    pem = create(places, owner)
    victim = Victim(places)
    crowd, starts, stops = Crowd([victim.port]), [0.0], [0.0]
    strikes: dict[str, int] = {}
    try:
        for cycle in range(cycles):
            starts.append(victim.wait() if victim.alive else victim.up())
            if not cycle:
                crowd.begin([share(pem, client) for client in range(CLIENTS)])
            time.sleep(choose.uniform(_SHORTEST, _LONGEST))
            if cycle % TERM_EVERY == TERM_EVERY - 1:
                stops.append(victim.end())
                hit = "SIGTERM"
            else:
                hit = strike(victim, choose)
            strikes[hit] = strikes.get(hit, 0) + 1
        starts.append(victim.wait() if victim.alive else victim.up())
        crowd.end()
        victim.end()
    finally:
        crowd.abandon()  # where all went well there is nothing left to settle
        if victim.alive:
            victim.kill()
    return counted(places, crowd, strikes, (max(starts), max(stops)))


def kill_server(victim: Victim, _choose: random.Random) -> str:
    """Kill -9 of the server's process."""
    victim.kill()
    return "server"


def strike_postgres(server: own_postgres.Server) -> Strike:
    """Kill -9 of the server, of one of the database's processes, of its first process, or of all of these."""

    def strike(victim: Victim, choose: random.Random) -> str:
        target = choose.choice(["server", "backend", "postmaster", "all"])
        if target == "all":
            os.kill(victim.pid, signal.SIGKILL)
        if target == "backend":
            os.kill(choose.choice(_backends(server)), signal.SIGKILL)
        if target in {"postmaster", "all"}:
            postmaster, backends = server.postmaster, _backends(server)
            os.kill(postmaster, signal.SIGKILL)
            _gone([postmaster, *backends])
            patiently(server.start, 30, (subprocess.CalledProcessError,))
        if target in {"server", "all"}:
            victim.kill()
        return target  # a server that lives on must find its way back by itself

    return strike


def _backends(server: own_postgres.Server) -> list[int]:
    children = Path(f"/proc/{server.postmaster}/task/{server.postmaster}/children").read_text("ascii")
    return [int(pid) for pid in children.split()]


def _gone(pids: list[int]) -> None:
    """Until the orphans have noticed: PostgreSQL does not start beside them."""
    until = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < until:
        time.sleep(0.01)


def share(pem: bytes, client: int) -> Iterator[bytes]:
    """The statements of one client, for ever: nobody else has their numbers."""
    for span in count():
        start = (span * CLIENTS + client) * _SPAN
        yield from sign_span((pem, start, start + _SPAN))


def counted(places: Layout, crowd: Crowd, strikes: dict[str, int], times: tuple[float, float]) -> Killed:
    """The clients' notes held against what is stored, and an audit; `times` are the slowest start and stop."""
    kept = kept_in(places)
    broken = judge(crowd.history, kept)
    lost = sum("was acknowledged" in one for one in broken)
    report = audit(Order(DatabaseSource(places.location), jobs=len(os.sched_getaffinity(0))))
    return Killed(
        store="PostgreSQL" if places.url else "SQLite",
        cycles=sum(strikes.values()),
        strikes=strikes,
        acknowledged=crowd.history.count(OK),
        refused=crowd.history.count(FAIL),
        entries=len(kept.entries),
        lost=lost,
        heads=len(crowd.history.heads),
        slowest_start=round(times[0], 3),
        slowest_stop=round(times[1], 3),
        broken=(*broken, *crowd.odd, *(one.sentence for one in report.findings)),
    )


def kept_in(places: Layout) -> Kept:
    """What a ledger's database holds, nobody writing to it."""
    entries: list[tuple[bytes, bytes]] = []
    with closing(open_store(places.location, write=False)) as store, store.reading() as transaction:
        while rows := transaction.entries(len(entries), len(entries) + _BATCH):
            entries += [(parse_entry(row.entry).statement, row.leaf) for row in rows]
    return Kept(entries, Built(pa.array([leaf for _, leaf in entries], HASH)))
