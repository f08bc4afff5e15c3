"""Two servers, each a process of its own, on one PostgreSQL: one writes, and when it is killed the other does.

Nothing that was acknowledged is lost, nothing is there twice, and every checkpoint that either showed is an earlier
state of the last one.
"""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from base64 import b64decode
from dataclasses import dataclass
from functools import partial

import pytest
from small_ledger import coil, small_ledger

from ledger.kernel.checkpoint import open_checkpoint
from ledger.kernel.proofs import verify_consistency
from ledger.kernel.receipt import parse_receipt
from tests.whole import check_whole

SOON = 30  # seconds: a test that waits longer has found a hang
ROUNDS = 3


@dataclass
class Server:
    folder: object
    url: str
    process: object = None
    port: int = 0

    def start(self):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COILMARK_")}
        command = [sys.executable, "-m", "tools.main", "serve", str(self.folder), "--port", "0", "--open"]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            env=environment | {"COILMARK_DATABASE_URL": self.url, "COILMARK_WORKERS": "0"},
        )
        said = self.process.stdout.readline().decode()
        self.port = int(said.rpartition(":")[2].partition("/")[0])

    def end(self, how):
        self.process.send_signal(how)
        self.process.wait(SOON)
        self.process.stdout.close()

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SOON)
        try:
            connection.request(method, path, body, {"content-type": "application/sd-jwt"})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    @property
    def note(self):
        return self.ask("GET", "/checkpoint")[2].decode()


@pytest.fixture
def pair(tmp_path, postgres):
    """A closed world and two servers of it, the first of which has started first."""
    place = postgres.place()
    with small_ledger(tmp_path, place=place) as world:
        pass
    servers = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        shutil.copy(world.places.log_key, folder)
        shutil.copy(world.places.head, tmp_path / f"{name}.head")
        servers.append(Server(folder, place.writer))
    try:
        for server in servers:
            server.start()
        yield world, *servers
    finally:
        for server in servers:
            if server.process is not None and server.process.poll() is None:
                server.end(signal.SIGKILL)


def eventually(attempt):
    until = time.monotonic() + SOON
    while (found := attempt()) is None:
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


def recorded(server, wire):
    """The receipt, or None while this server does not record."""
    status, headers, body = server.ask("POST", "/v1/statements", wire)
    if status == 503:
        assert int(headers["retry-after"]) >= 1
        return None
    assert status in {200, 201}, body
    return parse_receipt(body)


@pytest.mark.slow
def test_the_standby_reads_and_refuses_and_takes_over(pair):
    world, leader, standby = pair
    acknowledged, notes = [], []
    for number in range(ROUNDS):
        for n in range(5):
            wire = world.statement(world.plant, "lot-event", coil(f"C-{number}-{n}"))
            acknowledged.append(eventually(partial(recorded, leader, wire)))
        status, _, body = standby.ask("POST", "/v1/statements", wire)
        assert (status, json.loads(body)["code"]) == (503, "standby")
        assert standby.ask("GET", "/readyz")[0] == 200
        index = acknowledged[-1].entry.index
        _, _, receipt = eventually(partial(_found, standby, index))
        assert parse_receipt(receipt).entry == acknowledged[-1].entry
        notes += [leader.note, standby.note]
        leader.end(signal.SIGKILL)
        # What was under way and what was acknowledged: the retry with the same id finds the same entry.
        again = eventually(partial(recorded, standby, wire))
        assert again.entry == acknowledged[-1].entry
        leader.start()
        leader, standby = standby, leader
    _check_consistent(world, leader, notes)
    for server in (leader, standby):
        server.end(signal.SIGTERM)
    world.places.head.write_bytes((leader.folder.parent / f"{leader.folder.name}.head").read_bytes())
    world.reopen()
    check_whole(world, acknowledged)
    assert world.size == 3 + 5 * ROUNDS
    world.close()


def _found(server, index):
    status, headers, body = server.ask("GET", f"/v1/entries/{index}")
    return (status, headers, body) if status == 200 else None


def _check_consistent(world, server, notes):
    last, _ = open_checkpoint(server.note, world.trust.vkeys)
    for note in notes:
        old, _ = open_checkpoint(note, world.trust.vkeys)
        answer = json.loads(server.ask("GET", f"/v1/proofs/consistency/{old.size}/{last.size}")[2])
        path = [b64decode(one) for one in answer["path"]]
        verify_consistency(
            old_size=old.size, new_size=last.size, old_root=old.root, new_root=last.root, path=path
        )  # fmt: skip
