"""Clients that are idle, slow or half gone: their connections end, and honest ones are served meanwhile."""

import socket
import time
from contextlib import ExitStack
from threading import Event

import pytest
from served import make_world, serving_world
from small_ledger import coil

from api.connections import HEAD_LIMIT, Patient
from tests.eventually import SOON

MANY = 200


class Impatient(Patient):
    head_seconds = 0.5
    taking_seconds = 1.0
    cut_off = Event()  # a connection whose client took nothing

    def connection_lost(self, exc):
        if self.transport.get_write_buffer_size():
            self.cut_off.set()
        super().connection_lost(exc)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving_world(*make_world(tmp_path_factory.mktemp("slow")), protocol=Impatient, open=True) as served:
        yield served


@pytest.fixture(scope="module")
def patient(tmp_path_factory):
    """The server as it is: for honest clients, which may be slow to be given the processor."""
    with serving_world(*make_world(tmp_path_factory.mktemp("patient")), open=True) as served:
        yield served


def connect(server, stack):
    return stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=SOON))


def ended(connection):
    """All that comes until the server closes; a timeout is a hang."""
    pieces = []
    try:
        while piece := connection.recv(65536):
            pieces.append(piece)
    except ConnectionError:
        pass
    return b"".join(pieces)


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET /chec", b"GET /checkpoint HTTP/1.1\r\n", b"GET /checkpoint HTTP/1.1\r\nHost: a\r\nX-Slow: "],
    ids=["nothing", "half a line", "a line", "half a header"],
)
def test_a_head_that_does_not_come_is_not_waited_for(server, sent):
    with ExitStack() as stack:
        connection = connect(server, stack)
        connection.sendall(sent)
        assert ended(connection) == b""


def test_a_header_byte_by_byte_is_cut_off(server):
    with ExitStack() as stack:
        connection = connect(server, stack)
        for byte in b"GET /checkpoint HTTP/1.1\r\nHost: " + b"a" * 10_000:
            try:
                connection.sendall(bytes([byte]))
            except OSError:
                break
            time.sleep(0.02)
        else:
            pytest.fail("it was heard to its end, for more than three minutes")


def test_the_second_request_of_a_connection_is_not_waited_for_either(server):
    with ExitStack() as stack:
        connection = connect(server, stack)
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /hea")
        assert ended(connection).startswith(b"HTTP/1.1 200 OK")


def test_a_head_without_end_is_refused(server):
    with ExitStack() as stack:
        connection = connect(server, stack)
        try:
            connection.sendall(b"GET /healthz HTTP/1.1\r\n" + b"X-Many: 1\r\n" * HEAD_LIMIT)
        except OSError:
            return  # it hung up while we were still sending
        said = ended(connection)
        assert said == b"" or said.startswith(b"HTTP/1.1 400"), said[:100]


def test_a_head_that_is_long_and_whole_is_taken(patient):
    assert patient.ask("GET", "/healthz", x_long="a" * 10_000).status == 200


@pytest.mark.slow
def test_who_does_not_take_his_answer_is_cut_off(server):
    with ExitStack() as stack:
        connection = connect(server, stack)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        Impatient.cut_off.clear()
        asked = b'{"size":3,"indices":[' + b",".join([b"1"] * 100_000) + b"]}"
        head = b"POST /v1/proofs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        connection.sendall(head % len(asked) + asked)
        assert Impatient.cut_off.wait(SOON)  # and nothing is read
        taken = len(ended(connection))
        assert taken < 10_000_000, "the whole answer was kept for a client that did not take it"


def test_many_slow_ones_do_not_stop_an_honest_one(patient):
    with ExitStack() as stack:
        for _ in range(MANY):
            connect(patient, stack).sendall(b"GET /healthz HTTP/1.1\r\nX-Slow: ")
        answers = [patient.ask("GET", "/checkpoint") for _ in range(10)]
        wire = patient.world.statement(patient.world.plant, "lot-event", coil("honest"))
        assert patient.post(wire).status == 201
    assert {answer.status for answer in answers} == {200}
