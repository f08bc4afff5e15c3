"""Answers that are lost on the way: whatever is tried again, and how often, there is one entry and one receipt."""

import http.client
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from served import serving_world
from small_ledger import coil, small_ledger

from ledger.kernel.entry import parse_entry
from ledger.kernel.receipt import parse_receipt
from tests.eventually import SOON


@contextmanager
def deaf_proxy(port, losses):
    """Passes requests on; the first `losses` answers end here, after the server has sent them."""
    left = threading.Semaphore(losses)

    def carry(client):
        with client, socket.create_connection(("127.0.0.1", port)) as server:
            request = b""
            while b"\r\n\r\n" not in request:
                request += client.recv(65536)
            head, _, body = request.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            while len(body) < length:
                body += client.recv(65536)
            server.sendall(head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1) + b"\r\n\r\n" + body)
            pieces = []
            while piece := server.recv(65536):
                pieces.append(piece)
            if not left.acquire(blocking=False):
                client.sendall(b"".join(pieces))

    def accept():
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threads.submit(carry, client)

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(16) as threads:
        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def post(port, wire):
    """The receipt's index and leaf hash, None where no answer came."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SOON)
    try:
        connection.request("POST", "/v1/statements", wire, {"content-type": "application/sd-jwt"})
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    assert answer.status in {200, 201}, body
    return parse_receipt(body).entry


@pytest.fixture
def world(tmp_path, place):
    with small_ledger(tmp_path, place=place) as world:
        pass
    return world


@pytest.mark.parametrize("losses", [1, 2, 5])
def test_one_after_the_other(world, losses):
    wire = world.statement(world.plant, "lot-event", coil("C-1"))
    with serving_world(world, database=world.places.url, checkers=0) as served:
        with deaf_proxy(served.port, losses) as port:
            answers = [post(port, wire) for _ in range(losses + 2)]
        assert answers[:losses] == [None] * losses
        first, second = answers[losses:]
        assert first == second
        assert (first.index, served.size) == (3, 4)


def test_many_at_once(world):
    wire = world.statement(world.plant, "lot-event", coil("C-1"))
    with serving_world(world, database=world.places.url, checkers=0) as served:
        with deaf_proxy(served.port, 4) as port, ThreadPoolExecutor(8) as callers:
            answers = list(callers.map(lambda _: post(port, wire), range(8)))
        assert answers.count(None) == 4
        assert len({answer.packed for answer in answers if answer}) == 1
        assert served.size == 4


def test_after_a_restart_and_with_other_words(world):
    jti = "urn:example:lost"
    wire = world.statement(world.plant, "lot-event", coil("C-1"), jti=jti)
    other = world.statement(world.plant, "lot-event", coil("C-2"), jti=jti)
    with (
        serving_world(world, database=world.places.url, checkers=0) as served,
        deaf_proxy(served.port, 1) as port,
    ):
        assert post(port, wire) is None
    with serving_world(world, database=world.places.url, checkers=0) as served:
        refused = served.post(other)
        assert (refused.status, refused.code) == (409, "id_reused")
        again = served.post(wire)
        assert again.status == 200
        entry = parse_receipt(again.body).entry
        assert parse_entry(entry.packed) == entry
        assert (entry.index, served.size) == (3, 4)
