"""`coilmark serve --workers`: several processes on one port that live and end together."""

import http.client
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from processes import Server
from small_ledger import coil, small_ledger

from ledger.kernel.receipt import parse_receipt
from tests.eventually import SOON, eventually
from tools.workers import private_addresses, public_addresses

pytestmark = pytest.mark.slow


@pytest.fixture
def world(tmp_path):
    with small_ledger(tmp_path) as world:
        pass
    return world


@pytest.fixture
def server(world):
    server = Server(world.places.folder, options=("--workers", "2"))
    server.start()
    yield server
    server.end()


def gone(pid):
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text("ascii")
    except OSError:
        return True


def alive(server):
    try:
        return server.ask("GET", "/healthz")[0] == 200
    except (OSError, http.client.HTTPException):  # what the killed one had taken
        return False


def test_one_of_them_writes_whichever_was_asked(server, world):
    for n in range(10):  # a connection each: whichever process takes it
        status, _, body = server.ask(
            "POST", "/v1/statements", world.statement(world.plant, "lot-event", coil(f"C-{n}"))
        )
        assert status == 201, body
        assert server.found(parse_receipt(body).entry.index)
    assert len(server.children) == 2


def test_it_ends_as_told_with_all_of_them(server):
    children = server.children
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(SOON) == 0
    assert all(gone(pid) for pid in children)


def test_they_end_with_their_supervisor(server):
    children = server.children
    server.end(signal.SIGKILL)
    eventually(lambda: all(gone(pid) for pid in children))


def test_one_that_died_is_replaced(server):
    first = server.children
    os.kill(first[0], signal.SIGKILL)
    eventually(lambda: len(set(server.children) - set(first)) == 1)
    eventually(lambda: alive(server))


def settled(server, wire):
    """The entry of a statement that is posted again until it is acknowledged."""

    def tried():
        try:
            status, _, body = server.ask("POST", "/v1/statements", wire)
        except (OSError, http.client.HTTPException):  # whoever had taken it died
            return None
        assert status in {200, 201, 503}, body
        return status != 503 and parse_receipt(body).entry

    return eventually(tried)


def test_what_one_of_them_acknowledged_is_there_once_whoever_dies(server, world):
    """Single statements are checked by one process and recorded by another: either may be killed on the way."""
    wires = [world.statement(world.plant, "lot-event", coil(f"C-{n}")) for n in range(600)]
    first = server.children
    with ThreadPoolExecutor(6) as callers:
        entries = callers.map(partial(settled, server), wires)
        for pid in first:
            os.kill(pid, signal.SIGKILL)
            eventually(lambda: len(server.children) == len(first) and alive(server))
        told = list(entries)
    assert len({entry.index for entry in told}) == len(wires)
    assert all(server.found(entry.index) for entry in told)


def test_a_ledger_that_cannot_be_opened_is_not_served(world):
    world.places.head.unlink()
    server = Server(world.places.folder, options=("--workers", "2"))
    with pytest.raises(AssertionError, match="the server did not start"):
        server.start()
    assert server.process.wait(SOON) == 1
    server.process.stdout.close()


def test_where_they_are_reached(tmp_path):
    assert private_addresses(2, tmp_path) == [f"unix:{tmp_path}/0", f"unix:{tmp_path}/1"]
    assert public_addresses(2, "http://10.0.0.5:9000") == ["http://10.0.0.5:9000", "http://10.0.0.5:9001"]
    assert public_addresses(2, "http://[::1]:80/") == ["http://[::1]:80", "http://[::1]:81"]
    assert public_addresses(1, "http://a.example") == ["http://a.example:80"]
