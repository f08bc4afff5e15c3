"""What is posted to a standby: it goes to the server that leads, and comes back as if it had been posted there."""

import asyncio
import socket
import threading
from contextlib import ExitStack, contextmanager

import msgspec
import pytest
from posted import Posted as Bodies
from served import Served, app_of, batch, listening, make_world

from api import leader_line, looking
from api.answers import Answer
from api.forwarding import KIND, PATH, Forwarder, Posted, encode_answers, read_group
from api.leader_line import LeaderLine, check_address
from ledger.kernel.errors import Busy, Malformed, Unsettled
from ledger.kernel.receipt import parse_receipt
from ledger.recording.log import Log
from tests.eventually import SOON, eventually
from tests.small_ledger import coil

NO_TEXT = b"\x91\x81\xa1\xff\x01"  # MessagePack: an object in a list, whose one name is no UTF-8


class Pair:
    """A server that leads and its standby, on one folder; the leader can be taken away."""

    def __init__(self, folder):
        self.world, self.secrets = make_world(folder)
        self.bodies = Bodies(self.world)
        self._leading, self._standing_by = ExitStack(), ExitStack()
        self.leader = self._start(self._leading, 0)
        self.standby = self._start(self._standing_by, 1)

    def _start(self, stack, number):
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = listener.getsockname()[1]
        app = app_of(self.world, checkers=0, process=number, address=f"http://127.0.0.1:{port}", open=True)
        stack.enter_context(listening(app, listener))
        return Served(self.world, port, self.secrets)

    def take_the_leader_away(self):
        self._leading.close()

    def close(self):
        self._standing_by.close()
        self._leading.close()


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    pair = Pair(tmp_path_factory.mktemp("pair"))
    yield pair
    pair.close()


def test_a_statement_is_recorded_and_its_receipt_comes_back(pair):
    wire = pair.bodies.good()
    there = pair.standby.post(wire)
    assert there.status == 201
    index = parse_receipt(there.body).entry.index
    assert there.headers["location"] == f"/v1/entries/{index}"
    again = pair.leader.post(wire)
    assert (again.status, parse_receipt(again.body).entry) == (200, parse_receipt(there.body).entry)


def test_a_batch_is_recorded(pair):
    wires = [pair.bodies.new() for _ in range(3)]
    there = pair.standby.post_batch(*wires)
    assert (there.status, len(there.json["receipts"])) == (201, 3)
    assert pair.standby.post_batch(*wires).status == 200


def test_a_large_batch_waits_for_no_other(monkeypatch):
    """The leader would answer two that come in one request together, and the next two would come together."""
    groups = []

    async def ask(_line, body):
        group = read_group(body)
        groups.append([len(one.body) for one in group])
        return encode_answers([Answer(b"", "text/plain", {})] * len(group))

    async def post(*sizes):
        forwarder = Forwarder(lambda: "")
        await asyncio.gather(*(forwarder.pass_on(Posted(bytes(size))) for size in sizes))
        await forwarder.stop()

    monkeypatch.setattr(LeaderLine, "ask", ask)
    large = 100_000
    asyncio.run(post(large, large, 10, 11, large))
    assert sorted(groups) == [[10, 11], [large], [large], [large]]


def test_a_check_stores_nothing(pair):
    wire = pair.bodies.good()
    assert pair.standby.post(wire, "/v1/statements?check=1").json == {"check": "recordable", "indices": [None]}
    assert pair.standby.post_batch(wire, path="/v1/statements?check=1").json["check"] == "recordable"
    assert pair.leader.post(wire).status == 201


@pytest.mark.parametrize("serial", ["", "one more time"])
def test_a_refusal_is_the_leaders_word_for_word(pair, serial):
    """A rule that only the one who writes can judge: the piece was made before; and what is wrong by itself."""
    pair.leader.post(pair.world.statement(pair.world.plant, "lot-event", coil("MADE")))
    wire = pair.world.statement(pair.world.plant, "lot-event", coil("MADE")) if serial else b"no statement"
    here, there = pair.leader.post(wire), pair.standby.post(wire)
    assert (here.status, here.json) == (there.status, there.json)
    assert here.status >= 400


@pytest.mark.parametrize("wire", [b"\xff\xfe~", "a.b.c~é".encode()])
def test_what_is_no_text_is_refused_in_the_same_words(pair, wire):
    """It travels from one server to another as it is."""
    here, there = pair.leader.post(wire), pair.standby.post(wire)
    assert (there.status, there.json) == (here.status, here.json)
    assert there.status == 400


def test_every_bad_row_of_a_batch_is_named(pair):
    wires = [pair.bodies.new(), b"nothing", pair.world.statement(pair.world.plant, "lot-event", coil("MADE"))]
    pair.leader.post(pair.world.statement(pair.world.plant, "lot-event", coil("MADE")))
    refused = pair.standby.post_batch(*wires)
    assert (refused.status, [row["row"] for row in refused.json["rows"]]) == (422, [1, 2])
    assert pair.leader.post_batch(*wires).json == refused.json


def test_a_key_that_was_enrolled_a_moment_ago_is_known(pair):
    """The standby may not have heard of it."""
    new = pair.world.plant.with_key("another key of the plant")
    added = pair.world.statement(pair.world.plant, "key", {"party": pair.world.plant.id, "add": [new.addition()]})
    assert pair.leader.post(added).status == 201
    assert pair.standby.post(pair.bodies.new(new)).status == 201


def test_what_was_posted_is_read_at_once_from_either(pair, monkeypatch):
    monkeypatch.setattr(looking, "_MOST", SOON)
    for _ in range(10):
        here = parse_receipt(pair.leader.post(pair.bodies.good()).body).entry
        assert parse_receipt(pair.standby.ask("GET", f"/v1/entries/{here.index}").body).entry == here
        there = parse_receipt(pair.standby.post(pair.bodies.good()).body).entry
        page = pair.standby.ask("GET", "/").body.decode()
        assert there.leaf.hex() in page
        assert pair.leader.ask("GET", f"/v1/entries/{there.index}").status == 200


def test_what_is_not_there_is_still_missing(pair):
    assert pair.standby.ask("GET", "/v1/entries/123456789").status == 404
    assert pair.standby.ask("GET", f"/v1/proofs/inclusion/{'9' * 18}/0").status == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"\x91", 400),
        (msgspec.msgpack.encode([{"alone": True}]), 400),
        (msgspec.msgpack.encode([{"body": "text"}]), 400),
        (msgspec.msgpack.encode([{"body": b"a", "leader": "me"}]), 400),
        (msgspec.msgpack.encode([{"body": b"a"}] * 2_001), 413),
        (NO_TEXT, 400),
    ],
)
def test_the_inner_door_has_limits_too(pair, body, status):
    assert pair.leader.ask("POST", PATH, body, content_type=KIND).status == status


@pytest.mark.parametrize(
    ("posted", "status"),
    [
        (Posted(b"a" * (256 * 1024 + 1), alone=True), 413),
        (Posted(batch(*[b"a"] * 10_001)), 413),
        (Posted(batch()), 400),
        (Posted(b"[", check=True), 400),
    ],
)
def test_behind_the_inner_door_each_submission_has_its_limits(pair, posted, status):
    answers = pair.leader.ask("POST", PATH, msgspec.msgpack.encode([posted]), content_type=KIND)
    assert [one["status"] for one in msgspec.msgpack.decode(answers.body)] == [status]


def test_what_was_sent_on_is_not_sent_on_again(pair):
    refused = pair.standby.ask("POST", PATH, msgspec.msgpack.encode([Posted(b"x", alone=True)]), content_type=KIND)
    assert (refused.status, refused.code, refused.headers["retry-after"]) == (503, "standby", "1")


def test_each_submission_of_a_group_has_its_own_answer(pair):
    good, bad = pair.bodies.good(), b"nothing"
    group = [Posted(good, alone=True), Posted(bad, alone=True), Posted(batch(bad, good))]
    said = pair.leader.ask("POST", PATH, msgspec.msgpack.encode(group), content_type=KIND).body
    answers = msgspec.msgpack.decode(said)
    assert [one["status"] for one in answers] == [201, 400, 422]
    assert answers[0]["size"] == parse_receipt(answers[0]["body"]).entry.index + 1


def test_without_a_leader_callers_are_asked_to_come_again(tmp_path, monkeypatch):
    pair = Pair(tmp_path)
    try:
        # It leads no more, and the other does not get the lead yet.
        monkeypatch.setattr(Log, "lead", lambda _: False)
        wire = pair.bodies.good()
        pair.take_the_leader_away()
        refused = pair.standby.post(wire)
        assert (refused.status, refused.code, refused.headers["retry-after"]) == (503, "standby", "1")
        assert "retry with the same id" in refused.json["detail"]
        monkeypatch.undo()
        answer = eventually(lambda: (said := pair.standby.post(wire)).status != 503 and said)
        assert answer.status == 201
    finally:
        pair.close()


def test_a_server_for_reading_refuses_what_is_posted(pair):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        app = app_of(pair.world, checkers=0, process=2, read_only=True, open=True)
        with listening(app, listener):
            reader = Served(pair.world, listener.getsockname()[1])
            assert reader.ask("GET", "/readyz").json["detail"] == "standby"
            index = parse_receipt(pair.leader.post(pair.bodies.good()).body).entry.index
            assert reader.ask("GET", f"/v1/entries/{index}").status == 200
            assert (reader.post(pair.bodies.good()).status, reader.post(pair.bodies.good()).code) == (503, "standby")


@contextmanager
def scripted(path, *connections):
    """A server on a Unix socket that gives each connection its answers, one a request, and hangs up."""
    heard = []

    def serve(listener):
        for answers in connections:
            taken, _ = listener.accept()
            with taken:
                for answer in answers:
                    heard.append(_body_of(taken))
                    taken.sendall(answer)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield heard
        thread.join()


def _body_of(connection):
    request = b""
    while not (body := request.partition(b"\r\n\r\n")[2]):
        request += connection.recv(65536)
    return body


def answer(status, body):
    return b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body)


STANDS_BY = answer(503, b'{"code":"standby"}')


def asked(leader, *bodies):
    """What one line brings back, request after request."""

    async def ask():
        line = LeaderLine(lambda: leader, PATH, KIND)
        try:
            return [await line.ask(body) for body in bodies]
        finally:
            line.hang_up()

    return asyncio.run(ask())


def test_a_connection_is_kept_and_opened_again_where_it_was_closed(tmp_path):
    path, good = tmp_path / "s", answer(200, b"ok")
    with scripted(path, [good, good], [good]) as heard:
        assert asked(f"unix:{path}", b"0", b"1", b"2") == [b"ok"] * 3
    assert heard == [b"0", b"1", b"2"]


def test_it_asks_twice_and_no_more(tmp_path):
    path = tmp_path / "s"
    refusal = [STANDS_BY]
    sentence = "could not be reached from this one; retry with the same id"
    with scripted(path, refusal, refusal) as heard, pytest.raises(Busy, match=sentence):
        asked(f"unix:{path}", b"x")
    assert len(heard) == 2


def test_an_answer_that_does_not_come_is_unsettled(tmp_path, monkeypatch):
    monkeypatch.setattr(leader_line, "_ANSWER", 0.05)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        with pytest.raises(Unsettled, match=r"has not answered within 0\.05 seconds; retry with the same id"):
            asked(f"unix:{tmp_path / 's'}", b"x")


HALF = b"HTTP/1.1 200 X\r\ncontent-length: 9\r\n\r\nhalf"


@pytest.mark.parametrize("second", [b"", HALF, STANDS_BY])
def test_a_leader_that_hangs_up_in_the_middle_may_have_recorded_it(tmp_path, second):
    """Whoever comes after it and says nothing, or that it does not lead, does not know."""
    path = tmp_path / "s"
    sentence = "was sent it, and its answer did not come; retry with the same id"
    with scripted(path, [HALF], [second]), pytest.raises(Unsettled, match=sentence) as unknown:
        asked(f"unix:{path}", b"x")
    assert unknown.value.code == "outcome_unknown"


@pytest.mark.parametrize(
    "first",
    [
        (500, b""),
        (502, b""),
        (503, b"upstream reset"),
        (503, b"{}"),
        (503, b'{"code":"\xff"}'),
        (503, b'{"x":' + b"[" * 100_000),
        (504, b""),
    ],
    ids=lambda first: f"{first[0]} {first[1][:12]!r}",
)
def test_a_proxy_that_gave_up_may_have_passed_it_on(tmp_path, first):
    path = tmp_path / "s"
    with (
        scripted(path, [answer(*first)], [STANDS_BY]),
        pytest.raises(Unsettled, match="its answer did not come"),
    ):
        asked(f"unix:{path}", b"x")


@pytest.mark.parametrize("said", [b"<p>Sign in</p>", msgspec.msgpack.encode([]), msgspec.msgpack.encode([{}]), NO_TEXT])
def test_what_is_no_answer_to_each_may_have_been_recorded(tmp_path, said):
    path = tmp_path / "s"

    async def post():
        forwarder = Forwarder(lambda: f"unix:{path}")
        try:
            async with asyncio.timeout(SOON):
                await forwarder.pass_on(Posted(b"x", alone=True))
        finally:
            await forwarder.stop()

    with scripted(path, [answer(200, said)]), pytest.raises(Unsettled, match="its answer did not come"):
        asyncio.run(post())


def test_a_leader_that_hung_up_and_was_not_found_again_may_have_recorded_it(tmp_path):
    path = tmp_path / "s"
    leaders = iter([f"unix:{path}", ""])

    async def ask():
        await LeaderLine(lambda: next(leaders), PATH, KIND).ask(b"x")

    with scripted(path, [HALF]), pytest.raises(Unsettled, match="retry with the same id"):
        asyncio.run(ask())


def test_who_answers_after_one_that_hung_up_knows(tmp_path):
    path = tmp_path / "s"
    with scripted(path, [HALF], [answer(200, b"ok")]):
        assert asked(f"unix:{path}", b"x") == [b"ok"]


def test_nobody_to_ask(tmp_path):
    for leader in ("", f"unix:{tmp_path / 'nothing'}"):
        with pytest.raises(Busy, match="another server writes to this ledger"):
            asked(leader, b"x")


@pytest.mark.parametrize("address", ["http://10.0.0.5:8080", "https://a.example", "unix:/run/x/1", "http://[::1]:80/"])
def test_an_address_is_of_a_server(address):
    assert check_address(address) == address.rstrip("/")


@pytest.mark.parametrize(
    "address", ["10.0.0.5:8080", "http://", "http://a:b", "http://a/b", "unix:x", "ftp://a", "http://a?b"]
)
def test_another_address_is_refused(address):
    with pytest.raises(Malformed, match="http://HOST:PORT"):
        check_address(address)
