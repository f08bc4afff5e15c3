"""Servers under load, of which one is killed every few seconds: nothing is lost, nothing is there twice, nothing forks.

On PostgreSQL two servers, each with a folder of its own; on SQLite three processes of one.
"""

import http.client
import json
import os
import random
import shutil
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

import pytest
from processes import Server
from small_ledger import coil, small_ledger

from ledger.kernel.checkpoint import open_checkpoint
from ledger.kernel.receipt import parse_receipt
from tests.eventually import SOON, eventually
from tests.whole import check_whole
from tools.listening import free_port

KILLS = 5
PAUSE = 1.5  # seconds between two kills, and something is recorded
CALLERS = 4
BATCH = 5
AWAY = (OSError, http.client.HTTPException)


@dataclass
class Fleet:
    """Servers of one ledger, and what their callers were told."""

    world: object
    servers: list
    over: threading.Event = field(default_factory=threading.Event)
    signing: threading.Lock = field(default_factory=threading.Lock)
    numbers: object = field(default_factory=count)
    receipts: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    refusals: list = field(default_factory=list)

    def caller(self):
        """Post what is next, again and again until it is acknowledged; then read it, from whatever server."""
        while not self.over.is_set():
            with self.signing:
                events = [coil(f"C-{next(self.numbers)}") for _ in range(BATCH)]
                wires = [self.world.statement(self.world.plant, "lot-event", event) for event in events]
            until = time.monotonic() + SOON
            while not self.post(wires):
                assert time.monotonic() < until, "nothing has been recorded for a long time"
                time.sleep(0.02)
            self.read()

    def post(self, wires):
        body = json.dumps({"statements": [wire.decode() for wire in wires]})
        try:
            status, headers, answer = self.any.ask("POST", "/v1/statements", body, "application/json")
        except AWAY:
            return False
        if status == 503:
            assert int(headers["retry-after"]) >= 1
            return False
        if status not in {200, 201}:
            self.refusals.append(answer)
        receipts = json.loads(answer)["receipts"]
        self.receipts += [parse_receipt(json.dumps(one, separators=(",", ":")).encode()) for one in receipts]
        return True

    def read(self):
        """What was acknowledged by any server is shown by every other."""
        receipt, server = random.choice(self.receipts), self.any
        with suppress(*AWAY):
            assert parse_receipt(server.found(receipt.entry.index)).entry == receipt.entry
            self.notes.append(server.note)

    @property
    def any(self):
        return random.choice(self.servers)

    def kill_one(self):
        """Without a word. On PostgreSQL it is started again here, on one machine its supervisor does that."""
        server = self.any
        if children := server.children:
            with suppress(ProcessLookupError):
                os.kill(random.choice(children), signal.SIGKILL)
        else:
            server.end(signal.SIGKILL)
            server.start()


@pytest.fixture
def fleet(tmp_path, place):
    with small_ledger(tmp_path, place=place) as world:
        pass
    servers = [Server(world.places.folder, options=("--workers", "3"))]
    if place:
        servers = [_server(world, tmp_path / name, place) for name in ("a", "b")]
    try:
        for server in servers:
            server.start()
        yield Fleet(world, servers)
    finally:
        for server in servers:
            server.end()


def _server(world, folder, place):
    folder.mkdir()
    shutil.copy(world.places.log_key, folder)
    shutil.copy(world.places.head, folder.with_name(f"{folder.name}.head"))
    port = free_port()
    return Server(folder, place.writer, ("--advertise", f"http://127.0.0.1:{port}"), port)


@pytest.mark.slow
def test_killed_servers_lose_nothing_and_fork_nothing(fleet, place):
    with ThreadPoolExecutor(CALLERS) as threads:
        callers = [threads.submit(fleet.caller) for _ in range(CALLERS)]
        try:
            for _ in range(KILLS):
                before = len(fleet.receipts)
                time.sleep(PAUSE)
                eventually(lambda: len(fleet.receipts) > before)  # noqa: B023  it ends before the next round
                fleet.kill_one()
        finally:
            fleet.over.set()
        for caller in callers:
            caller.result()
    assert fleet.refusals == []
    _check(fleet, place)


def _check(fleet, place):
    world = fleet.world
    heads = [server.folder.with_name(f"{server.folder.name}.head") for server in fleet.servers]
    for server in fleet.servers:
        server.end()
    if place:  # the head that was reached last
        newest = max(heads, key=lambda head: int(head.read_text().split("\n")[1]))
        world.places.head.write_bytes(newest.read_bytes())
    world.reopen()
    earlier = [open_checkpoint(note, world.trust.vkeys)[0] for note in set(fleet.notes)]
    check_whole(world, fleet.receipts, earlier)
    indices = [receipt.entry.index for receipt in fleet.receipts]
    assert len(indices) == len(set(indices)) >= BATCH * KILLS
    # What was recorded and not acknowledged was under way when the callers stopped: there is none.
    assert world.size == 3 + len(indices)
    world.close()
