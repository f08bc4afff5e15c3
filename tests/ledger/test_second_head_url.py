"""The second head on another machine: swapped by condition, believed only of a server that looks at conditions."""

import shutil
import threading
from contextlib import contextmanager

import pytest

from ledger.failpoints import Step
from ledger.kernel.checkpoint import Checkpoint, format_checkpoint
from ledger.kernel.errors import Busy, Conflict, Damaged, Missing
from ledger.recording.second_head import FileHead, head_place, second_head_at
from ledger.recording.second_head_url import UrlHead
from tests.eventually import SOON
from tests.object_server import FAILS, FORGETS, IGNORES, SILENT, UNTAGGED, WEAK, object_server
from tests.small_ledger import coil, small_ledger
from tests.whole import check_whole
from tools.listening import free_port


def head(size):
    return Checkpoint("log", size, bytes([size]) * 32)


@pytest.fixture
def server():
    with object_server() as made:
        yield made


@pytest.fixture
def second(server):
    made = UrlHead(server.url, seconds=SOON)
    made.create(head(1))
    return made


def test_a_place_is_a_file_or_a_url(tmp_path):
    assert isinstance(second_head_at(head_place(str(tmp_path / "x.head"))), FileHead)
    assert isinstance(second_head_at(head_place("https://heads.example.org/park")), UrlHead)


def test_it_is_created_once_read_and_swapped(server, second):
    assert second.read() == head(1)
    assert second.text() == format_checkpoint(head(1)) == server.text
    second.swap(head(1), head(2))
    assert second.read() == head(2)
    with pytest.raises(Conflict, match="exists already"):
        second.create(head(1))
    with pytest.raises(Conflict, match="exists already"):
        second.require_free()


def test_what_is_not_there_is_missing(server):
    with pytest.raises(Missing, match="without it a rollback is unseen"):
        UrlHead(server.url).read()


def test_a_swap_from_another_head_is_refused_and_one_that_was_done_is_not(second):
    second.swap(head(1), head(2))
    second.swap(head(1), head(2))
    with pytest.raises(Conflict, match="at size 2, not 1: another server is writing"):
        second.swap(head(1), head(3))
    assert second.read() == head(2)


def test_of_many_that_swap_from_one_head_one_does(server, second):
    outcomes, start = [], threading.Barrier(8)

    def swap(size):
        mine = UrlHead(server.url)
        mine.read()
        start.wait()
        try:
            mine.swap(head(1), head(size))
            outcomes.append(size)
        except Conflict:
            outcomes.append(None)

    threads = [threading.Thread(target=swap, args=(size,)) for size in range(2, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (won,) = [size for size in outcomes if size]
    assert len(outcomes) == 8
    assert second.read() == head(won)


def test_one_that_moves_between_our_look_and_our_swap_is_noticed(server, second, monkeypatch):
    """Two have read the same head: the condition, not the look before it, decides."""
    second.swap(head(1), head(2))
    look = second._held

    def and_another_is_faster(ask):
        answer = look(ask)
        monkeypatch.undo()
        UrlHead(server.url).swap(head(2), head(5))
        return answer

    monkeypatch.setattr(second, "_held", and_another_is_faster)
    with pytest.raises(Conflict, match="at size 5, not 2"):
        second.swap(head(2), head(3))
    assert second.read() == head(5)


@pytest.mark.parametrize("mood", [IGNORES, UNTAGGED, WEAK])
def test_a_server_that_cannot_compare_is_not_used(server, second, mood):
    server.mood = mood
    with pytest.raises(Damaged, match="cannot compare") as caught:
        second.swap(head(1), head(2))
    assert caught.value.code == "second_head_unsafe"
    assert server.text == format_checkpoint(head(1))


@pytest.mark.parametrize("known", [True, False])
def test_a_swap_whose_answer_was_lost_is_settled_by_the_next(server, second, known):
    if known:
        second.swap(head(1), head(2))
    now, new = second.read(), head(9)
    second._compares = True
    server.mood = FORGETS
    with pytest.raises(Busy, match="does not answer"):
        second.swap(now, new)
    assert server.text == format_checkpoint(new)
    second.swap(now, new)


def test_a_swap_that_failed_is_tried_again_by_whoever_loads(server, second):
    server.mood = FAILS
    with pytest.raises(Busy, match="answers 500"):
        second.swap(head(1), head(2))
    server.mood = "good"
    second.swap(head(1), head(2))


def test_a_server_that_does_not_answer_is_not_waited_for_for_ever(server):
    server.mood = SILENT
    impatient = UrlHead(server.url, seconds=0.2)
    with pytest.raises(Busy, match="does not answer") as caught:
        impatient.read()
    assert (caught.value.code, caught.value.retry_after) == ("second_head_away", 5)
    server.released.set()


def test_nobody_there():
    with pytest.raises(Busy, match="does not answer"):
        UrlHead(f"http://127.0.0.1:{free_port()}/heads/park.head").read()


def test_an_authorization_is_sent(server):
    server.wanted = "Bearer let-me"
    with pytest.raises(Busy, match="answers 401"):
        UrlHead(server.url).create(head(1))
    UrlHead(server.url, "Bearer let-me").create(head(1))
    assert UrlHead(server.url, "Bearer let-me").read() == head(1)


@contextmanager
def ledger(tmp_path, server, place=None):
    with small_ledger(tmp_path, place=place, head=server.url) as world:
        yield world


def test_a_ledger_whose_second_head_is_elsewhere(server, tmp_path, place):
    with ledger(tmp_path, server, place) as world:
        receipts = [world.post(world.plant, "lot-event", coil(f"C-{n}")) for n in range(3)]
        assert server.text == format_checkpoint(world.log.state.published.checkpoint)
        world.reopen()
        check_whole(world, receipts)


@pytest.mark.parametrize("mood", [FAILS, FORGETS])
def test_what_was_under_way_when_it_went_away_is_settled_by_the_retry(server, tmp_path, mood):
    with ledger(tmp_path, server) as world:
        wire = world.statement(world.plant, "lot-event", coil("C-1"))
        server.mood = mood
        with pytest.raises(Busy):
            world.submit(wire)
        if mood == FAILS:
            with pytest.raises(Busy):
                world.log.load()
        server.mood = "good"
        world.log.load()
        (receipt,) = world.submit(wire)
        assert (receipt.entry.index, world.size) == (3, 4)
        check_whole(world, [receipt])


def test_every_step_may_fail_with_the_head_elsewhere(server, tmp_path):
    class PowerLossError(Exception):
        pass

    with ledger(tmp_path, server) as world:
        acknowledged = []
        for step in Step:

            def reached(one, step=step):
                if one is step:
                    raise PowerLossError(step)

            wire = world.statement(world.plant, "lot-event", coil(f"at-{step}"))
            world.reached = reached
            if step not in {Step.DRAFTED, Step.RENAMED}:  # of a file alone
                with pytest.raises(PowerLossError):
                    world.submit(wire)
            world.reached = lambda _step: None
            world.reopen()
            acknowledged += world.submit(wire)
        check_whole(world, acknowledged)


def test_an_older_database_does_not_open(server, tmp_path):
    with ledger(tmp_path, server) as world:
        world.close()
        kept = tmp_path / "kept.sqlite"
        shutil.copyfile(world.places.database, kept)
        world.reopen()
        world.post(world.plant, "lot-event", coil("C-1"))
        world.close()
        for beside in ("-wal", "-shm"):
            world.places.database.with_name(world.places.database.name + beside).unlink(missing_ok=True)
        shutil.copyfile(kept, world.places.database)
        with pytest.raises(Damaged, match=r"the database ends at size 3 .* but size 4 .* was reached before") as caught:
            world.reopen()
        assert caught.value.code == "rollback_detected"
