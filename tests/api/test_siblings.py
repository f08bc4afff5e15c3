"""A single statement posted to a standby on the leader's machine is checked there, and recorded by the leader."""

import asyncio
import os
import socket
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import msgspec
import pytest
from posted import Posted as Bodies
from served import Served, app_of, listening, make_world

from api import frames, siblings
from api.forwarding import KIND, PATH
from api.frames import Frames
from api.leader_line import LeaderLine
from api.siblings import LostError, SiblingLine
from ledger.checking import statements
from ledger.kernel.errors import Busy, Unauthorised, Unsettled
from ledger.kernel.receipt import parse_receipt
from ledger.recording.log import Log
from tests.eventually import SOON, eventually
from tests.small_ledger import coil


@contextmanager
def process(world, folder, number):
    """One of the processes that serve a ledger on one machine; the port that it shares with nobody here."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        own = stack.enter_context(socket.socket(socket.AF_UNIX))
        own.bind(str(folder / str(number)))
        own.listen()
        app = app_of(world, checkers=0, process=number, address=f"unix:{folder / str(number)}", open=True)
        stack.enter_context(listening(app, listener, also=[own]))
        yield app, listener.getsockname()[1]


class Pair:
    """A leader and a standby, with sockets in one folder."""

    def __init__(self, folder):
        self.folder = folder
        self.world, secrets = make_world(folder)
        self.bodies = Bodies(self.world)
        self._leading, self._standing_by = ExitStack(), ExitStack()
        self.leading_app, port = self._leading.enter_context(process(self.world, folder, 0))
        self.leader = Served(self.world, port, secrets)
        self.standby_app, port = self._standing_by.enter_context(process(self.world, folder, 1))
        self.standby = Served(self.world, port, secrets)

    @property
    def line(self):
        return self.standby_app.state["desk"].forwarder.sibling

    def take_the_leader_away(self):
        self._leading.close()

    def close(self):
        self._standing_by.close()
        self._leading.close()


@pytest.fixture
def pair(tmp_path):
    pair = Pair(tmp_path)
    assert pair.standby.post(pair.bodies.good()).status == 201  # the other way: it looks for the leader meanwhile
    eventually(lambda: pair.line._frames is not None and pair.line._frames.open)
    yield pair
    pair.close()


async def line_to(folder):
    """One that has found who listens there."""
    line = SiblingLine(lambda: f"unix:{folder / '0'}")
    assert not line.open
    await line._looking
    assert line.open
    return line


@pytest.fixture
def handed_in(monkeypatch):
    """What came to the leader checked: the outcome of each."""
    outcomes = []
    real = SiblingLine.record

    async def record(line, checked):
        outcomes.append(None)
        outcomes[-1] = await real(line, checked)
        return outcomes[-1]

    monkeypatch.setattr(SiblingLine, "record", record)
    return outcomes


def test_a_statement_is_checked_once_and_recorded(pair, handed_in, monkeypatch):
    checked, real = [], statements._check_signed
    monkeypatch.setattr(statements, "_check_signed", lambda *given: checked.append(1) or real(*given))
    wire = pair.bodies.good()
    there = pair.standby.post(wire)
    entry = parse_receipt(there.body).entry
    assert (there.status, there.headers["location"]) == (201, f"/v1/entries/{entry.index}")
    assert (len(handed_in), len(checked)) == (1, 1)
    again = pair.standby.post(wire)
    assert (again.status, parse_receipt(again.body).entry) == (200, entry)
    assert parse_receipt(pair.standby.ask("GET", f"/v1/entries/{entry.index}").body).entry == entry


def test_a_rule_that_only_the_leader_can_judge_is_told_in_its_words(pair, handed_in):
    pair.leader.post(pair.world.statement(pair.world.plant, "lot-event", coil("MADE")))
    wire = pair.world.statement(pair.world.plant, "lot-event", coil("MADE"))
    there, here = pair.standby.post(wire), pair.leader.post(wire)
    assert (there.status, there.json) == (here.status, here.json)
    assert (there.status, len(handed_in)) == (409, 1)


def test_what_is_wrong_by_itself_is_left_to_the_leader(pair, handed_in):
    forged = pair.bodies.good().replace(b"~", b"A~")
    assert pair.standby.post(forged).json == pair.leader.post(forged).json
    assert not handed_in


def test_a_key_that_was_enrolled_a_moment_ago_is_left_to_the_leader(pair, handed_in, monkeypatch):
    monkeypatch.setattr(Log, "follow", lambda _: None)  # the standby has not heard of it
    new = pair.world.plant.with_key("another key of the plant")
    added = pair.world.statement(pair.world.plant, "key", {"party": pair.world.plant.id, "add": [new.addition()]})
    assert pair.leader.post(added).status == 201
    assert pair.standby.post(pair.bodies.new(new)).status == 201
    assert not handed_in


def test_a_key_that_was_ended_a_moment_ago_no_longer_signs(pair, handed_in, monkeypatch):
    """The standby, which has not heard of it, vouches for the signature; whether the key holds, the leader says."""
    wire, world, plant = pair.bodies.good(), pair.world, pair.world.plant
    monkeypatch.setattr(Log, "follow", lambda _: None)
    new = plant.with_key("another key of the plant")
    ended = {"kid": plant.signer.key.kid, "reason": "rotated"}
    for who, change in ((plant, {"add": [new.addition()]}), (new, {"end": [ended]})):
        assert pair.leader.post(world.statement(who, "key", {"party": plant.id, **change})).status == 201
    answer = pair.standby.post(wire)
    assert (answer.status, answer.json, handed_in) == (403, pair.leader.post(wire).json, [None])


def test_a_check_and_a_batch_go_the_other_way(pair, handed_in):
    wire = pair.bodies.good()
    assert pair.standby.post(wire, "/v1/statements?check=1").json["check"] == "recordable"
    assert pair.standby.post_batch(wire).status == 201
    assert not handed_in


def test_a_leader_that_died_with_it_may_have_recorded_it(pair, monkeypatch):
    """It is handed in again, the other way, and found by its id."""
    real = Frames.say

    def say(frames, value):
        real(frames, value) if isinstance(value[1], statements.Checked) else frames.close()

    monkeypatch.setattr(Frames, "say", say)  # the leader records, and its answer is lost
    answer = pair.standby.post(pair.bodies.good())
    assert answer.status == 200


def test_what_a_leader_died_with_is_unknown_while_there_is_no_other(pair, monkeypatch):
    real, wire = Frames.say, pair.bodies.good()

    def say(frames, value):
        real(frames, value) if isinstance(value[1], statements.Checked) else frames.close()

    with monkeypatch.context() as patch:
        patch.setattr(Frames, "say", say)  # the leader records, and its answer is lost
        patch.setattr(LeaderLine, "ask", nobody)
        answer = pair.standby.post(wire)
    assert (answer.status, answer.code) == (503, "outcome_unknown")
    assert "was sent it, and its answer did not come; retry with the same id" in answer.json["detail"]
    assert pair.standby.post(wire).status == 200


async def nobody(*_):
    raise Busy("standby", "another server writes to this ledger and could not be reached", retry_after=1)


def test_a_leader_that_stops_answers_what_it_was_handed(pair, monkeypatch):
    """As it answers what was posted to it: who is told 503 has to ask again, though it was recorded."""
    desk, begun, ending = pair.leading_app.state["desk"], threading.Event(), threading.Event()
    append, stop = desk.log.append, desk.forwarder.stop
    monkeypatch.setattr(desk.log, "append", lambda given: begun.set() or (ending.wait(SOON) and append(given)))

    async def stopped():
        await stop()
        ending.set()

    monkeypatch.setattr(desk.forwarder, "stop", stopped)
    with ThreadPoolExecutor() as threads:
        answer = threads.submit(pair.standby.post, pair.bodies.good())
        assert begun.wait(SOON)
        pair.take_the_leader_away()
        assert answer.result().status == 201


def test_what_is_handed_to_a_leader_of_another_ledger_is_not_recorded(pair):
    """Whatever address it was given by mistake: keys may be known to both."""
    world, intake = pair.world, pair.leading_app.state["desk"].intake
    stray = world.statement(world.plant, "lot-event", coil("STRAY"), aud="https://another.example")
    (checked,) = statements.check_all([stray], "https://another.example", intake._known_keys())

    async def hand_in():
        line = await line_to(pair.folder)
        try:
            return await line.record(checked)
        finally:
            await line.stop()

    with pytest.raises(Unauthorised, match="this ledger is"):
        asyncio.run(hand_in())


def test_without_its_leader_a_standby_takes_over(pair):
    wire = pair.bodies.good()
    pair.take_the_leader_away()
    answer = eventually(lambda: (said := pair.standby.post(wire)).status != 503 and said)
    assert answer.status in {200, 201}


def test_a_leader_that_says_it_stands_by_is_left(pair, monkeypatch):
    def stands_by(*_):
        raise Busy("standby", "another server writes to this ledger", retry_after=1)

    monkeypatch.setattr(pair.leading_app.state["desk"].intake, "record_one", stands_by, raising=False)
    monkeypatch.setattr(siblings, "_AGAIN", 0.01)
    assert pair.standby.post(pair.bodies.good()).status == 503  # the other way, where the same was said
    assert pair.line._frames is None


def test_an_answer_that_does_not_come_is_unsettled(pair, monkeypatch):
    monkeypatch.setattr(siblings, "_ANSWER", 0.05)
    real = Frames.say
    monkeypatch.setattr(Frames, "say", lambda one, said: isinstance(said[1], statements.Checked) and real(one, said))
    answer = pair.standby.post(pair.bodies.good())
    assert (answer.status, answer.code) == (503, Unsettled("outcome_unknown", "").code)


def test_a_leader_that_does_not_take_what_it_is_handed_is_handed_no_more(tmp_path):
    """It would lie in this process' memory without a limit; the other way has one."""

    async def hand_in():
        line = await line_to(tmp_path)
        large = asyncio.create_task(line.record(bytes(2 * frames._FULL)))
        await asyncio.wait([large], timeout=0.1)
        small = await asyncio.wait_for(line.record(b""), 5)
        waits = not large.done()
        await line.stop()
        (lost,) = await asyncio.gather(large, return_exceptions=True)
        return waits, small, type(lost)

    with socket.socket(socket.AF_UNIX) as stopped:
        stopped.bind(str(tmp_path / "0.in"))
        stopped.listen()
        assert asyncio.run(hand_in()) == (True, None, LostError)


def test_where_the_kernel_does_not_say_who_comes_there_is_no_door(monkeypatch):
    assert siblings._door("unix:/run/0")
    monkeypatch.delattr(socket, "SO_PEERCRED")
    assert siblings._door("unix:/run/0") is None


def test_the_door_is_this_users_alone(pair):
    for number in (0, 1):
        mode = (pair.folder / f"{number}.in").stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600


@pytest.mark.parametrize("user", [0, 1])
def test_a_stranger_is_not_listened_to(pair, user, monkeypatch):
    """Whoever he is, pickled words of his are never read: they could do anything."""
    monkeypatch.setattr(frames, "_user_of", lambda _peer: os.getuid() + user)
    heard, real = [], frames.pickle.loads
    monkeypatch.setattr(frames.pickle, "loads", lambda said: heard.append(said) or real(said))
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.settimeout(10)
        stranger.connect(str(pair.folder / "0.in"))
        said = frames.pickle.dumps([])
        try:
            stranger.sendall(len(said).to_bytes(4) + said)
            if user:
                assert stranger.recv(1) == b""
        except ConnectionError:
            assert user
        if not user:
            eventually(lambda: heard)
    assert len(heard) == 1 - user


def test_the_kernel_says_who_comes():
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        assert frames._user_of(ours) == os.getuid()


def test_nothing_that_is_posted_counts_as_checked(pair, handed_in):
    """The inner door that everybody can reach takes statements as they are, and nothing else."""
    log = pair.leading_app.state["desk"].log
    (checked,) = statements.check_all([pair.bodies.good()], log.uri, log.state.registry.all_keys())
    for body in (frames.pickle.dumps([(0, checked)]), msgspec.msgpack.encode([{"body": b"x", "signed_by": "me"}])):
        assert pair.leader.ask("POST", PATH, body, content_type=KIND).status == 400
    assert not handed_in


def test_frames_come_whole_in_whatever_pieces(monkeypatch):
    monkeypatch.setattr(frames, "_user_of", lambda _peer: os.getuid())

    class Line:
        def get_extra_info(self, _):
            return None

        def set_write_buffer_limits(self, _):
            pass

        def writelines(self, pieces):
            self.sent = b"".join(pieces)

    async def talk():
        heard, line = [], Line()
        sender = Frames(lambda *_: None, lambda _: None)
        sender.connection_made(line)
        sender.say(1)
        sender.say("two")
        await asyncio.sleep(0)
        receiver = Frames(lambda _, said: heard.append(said), lambda _: None)
        receiver.connection_made(line)
        for at in range(len(line.sent)):
            receiver.data_received(line.sent[at : at + 1])
        receiver.data_received(line.sent * 2)
        return heard

    assert asyncio.run(talk()) == [[1, "two"]] * 3
