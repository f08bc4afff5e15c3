"""Several servers of one ledger, in one process: who writes, who follows, and what becomes of a lost database."""

import shutil
import threading
from contextlib import ExitStack

import pytest

from ledger.kernel.errors import Busy, Conflict, Damaged, Unsettled
from ledger.recording import log as log_module
from ledger.recording import recovery
from ledger.recording.log import Submission
from ledger.recording.opening import layout, open_log
from ledger.recording.pace import Pace
from ledger.recording.second_head import FileHead
from ledger.recording.sequencer import Sequencer
from tests.eventually import SOON, eventually
from tests.small_ledger import coil, small_ledger
from tests.whole import check_whole

PACE = Pace(reload=0.01, follow=0.01, election=0.02, aside=0.2)
pytestmark = pytest.mark.both_stores
ON_POSTGRES = pytest.mark.parametrize("place", ["postgres"], indirect=True)


@pytest.fixture
def world(tmp_path, place):
    with small_ledger(tmp_path, place=place) as world:
        yield world


@pytest.fixture
def second(world, tmp_path, place):
    """The log of a second server: on PostgreSQL with a folder and a second head of its own, else on the same folder."""
    places = layout(world.places.folder, world.places.head, None, process=1)
    if place:
        places = layout(tmp_path / "second", None, place.writer)
        places.folder.mkdir()
        shutil.copy(world.places.log_key, places.log_key)
        shutil.copy(world.places.head, places.head)
    with open_log(places, standby=True, address="second", clock=world.clock, randomness=world.randomness) as log:
        yield log


@pytest.fixture
def started():
    """Sequencers that end with the test."""
    with ExitStack() as stack:

        def start(log):
            sequencer = Sequencer(log, PACE)
            sequencer.start()
            stack.callback(sequencer.stop)
            return sequencer

        yield start


def submission(world, serial):
    return Submission((world.check(world.statement(world.plant, "lot-event", coil(serial))),))


def outcome(sequencer, job):
    """The answer, or None while nothing is recorded."""
    try:
        return sequencer.submit(job).result(SOON)
    except (Busy, Unsettled):
        return None


def test_one_writes_and_the_other_shows_the_same(world, second):
    assert (world.log.leads, second.leads) == (True, False)
    receipt = world.post(world.plant, "lot-event", coil("C-1"))
    assert second.state.published.checkpoint.size == receipt.entry.index
    second.follow()
    assert second.state.published.checkpoint == world.log.state.published.checkpoint
    assert second.tree.inclusion_path(3, 4) == world.log.tree.inclusion_path(3, 4)
    assert second.state.last_leaf == receipt.entry.leaf


def test_a_new_key_is_known_to_the_standby(world, second):
    world.add_key(world.plant, world.plant.with_key("plant-2"))
    second.follow()
    assert second.state.registry == world.log.state.registry


def test_a_standby_cannot_append(world, second):
    with pytest.raises(Conflict, match="writes to this ledger, this one is its standby"):
        second.append([submission(world, "C-1")])


def test_without_standby_a_second_writer_does_not_open(world):
    places = layout(world.places.folder, world.places.head, world.places.url, process=2)
    with pytest.raises(Conflict, match="another process writes to the ledger"), open_log(places):
        pass


@ON_POSTGRES
def test_a_standby_hashes_what_it_shows(world, second, place):
    world.post(world.plant, "lot-event", coil("C-1"))
    place.execute("ALTER TABLE entry DISABLE TRIGGER entry_append_only")
    place.execute("UPDATE entry SET jwt = jwt || 'x' WHERE \"index\" = 3")
    with pytest.raises(Damaged, match="entry 3 does not agree with its statement digest"):
        second.follow()
    assert second.state.published.checkpoint.size == 3


@ON_POSTGRES
def test_a_standby_that_was_away_reads_all_of_it_back_a_part_at_a_time(world, second, place, monkeypatch):
    monkeypatch.setattr(recovery, "_BATCH", 2)
    for n in range(5):
        world.post(world.plant, "lot-event", coil(f"C-{n}"))
    second.follow()
    assert second.state.published.checkpoint == world.log.state.published.checkpoint
    for n in range(5, 10):
        world.post(world.plant, "lot-event", coil(f"C-{n}"))
    place.execute("ALTER TABLE entry DISABLE TRIGGER entry_append_only")
    place.execute("UPDATE entry SET jwt = jwt || 'x' WHERE \"index\" = 11")
    with pytest.raises(Damaged, match="entry 11 does not agree with its statement digest"):
        second.follow()


@ON_POSTGRES
def test_a_standby_does_not_follow_into_another_history(world, second, place):
    """The head was moved, by somebody with the owner's rights, to a tree that does not hold what was shown."""
    world.post(world.plant, "lot-event", coil("C-1"))
    second.follow()
    place.execute("ALTER TABLE entry DISABLE TRIGGER entry_append_only")
    place.execute("ALTER TABLE head DISABLE TRIGGER head_only_forward")
    place.execute('DELETE FROM entry WHERE "index" = 3')
    place.execute("UPDATE head SET size = 3, root = %s", [second.tree.root(3)])
    with pytest.raises(Damaged, match="does not continue size 4"):
        second.follow()


def test_both_may_share_a_second_head(world, second):
    second._second = FileHead(world.places.head)
    for n in range(3):
        world.post(world.plant, "lot-event", coil(f"C-{n}"))
        second.follow()
    check_whole(world)


def test_a_standby_may_see_a_commit_before_its_leader_has_published_it(world, second, monkeypatch):
    second._second = FileHead(world.places.head)
    real = log_module.reread

    def overtaken(*arguments):
        second.follow()
        return real(*arguments)

    monkeypatch.setattr(log_module, "reread", overtaken)
    receipt = world.post(world.plant, "lot-event", coil("C-1"))
    assert second.state.published.checkpoint.size == receipt.entry.index + 1
    check_whole(world, [receipt])


def in_the_middle_of_a_commit(monkeypatch, do):
    """Do this when the database has a commit that nobody was told of."""
    real = log_module.reread

    def overtaken(*arguments):
        monkeypatch.setattr(log_module, "reread", real)
        do()
        return real(*arguments)

    monkeypatch.setattr(log_module, "reread", overtaken)


def test_a_standby_leaves_it_to_its_leader_to_read_back_what_it_writes(world, second, monkeypatch):
    second._second = FileHead(world.places.head)
    first = world.post(world.plant, "lot-event", coil("C-1"))
    in_the_middle_of_a_commit(monkeypatch, second.follow)
    receipt = world.post(world.plant, "lot-event", coil("C-2"))
    assert second.state.published.checkpoint.size == first.entry.index + 1
    in_the_middle_of_a_commit(monkeypatch, second.follow)
    world.post(world.plant, "lot-event", coil("C-3"))
    assert second.state.published.checkpoint.size == receipt.entry.index + 1
    assert second.state.published.checkpoint.root == world.log.tree.root(receipt.entry.index + 1)
    check_whole(world)


def left_by_its_leader(world, second, monkeypatch):
    """An entry that both show, and behind it one that the leader committed and could not read back; the first."""
    second._second = FileHead(world.places.head)
    first = world.post(world.plant, "lot-event", coil("C-1"))
    second.follow()
    monkeypatch.setattr(log_module, "reread", full_disk)
    with pytest.raises(OSError, match="no space"):
        world.post(world.plant, "lot-event", coil("C-2"))
    monkeypatch.undo()
    return first


def test_a_standby_reads_back_what_its_leader_left(world, second, monkeypatch):
    first = left_by_its_leader(world, second, monkeypatch)
    second.follow()
    assert second.state.published.checkpoint.size == first.entry.index + 1
    second.follow()
    assert second.state.published.checkpoint.size == first.entry.index + 2
    assert FileHead(world.places.head).read() == second.state.published.checkpoint


def test_looks_that_nobody_asked_for_leave_a_slow_leader_to_read_back(world, second, monkeypatch):
    second._second = FileHead(world.places.head)
    first = world.post(world.plant, "lot-event", coil("C-1"))
    second.follow()
    in_the_middle_of_a_commit(monkeypatch, lambda: [second.follow(asked=False) for _ in range(4)])
    receipt = world.post(world.plant, "lot-event", coil("C-2"))
    assert second.state.published.checkpoint.size == first.entry.index + 1
    second.follow(asked=False)
    assert second.state.published.checkpoint.size == receipt.entry.index + 1


def test_looks_that_nobody_asked_for_find_what_a_leader_left(world, second, monkeypatch):
    first = left_by_its_leader(world, second, monkeypatch)
    for _ in range(10):  # two seconds of them
        second.follow(asked=False)
    assert second.state.published.checkpoint.size == first.entry.index + 2


def test_a_look_finds_what_was_committed_before_it(world, second):
    sequencer = Sequencer(second, Pace(follow=SOON, election=SOON))
    sequencer.start()
    try:
        for n in range(3):
            receipt = world.post(world.plant, "lot-event", coil(f"C-{n}"))
            sequencer.look().result(SOON)
            assert second.state.published.checkpoint.size == receipt.entry.index + 1
    finally:
        sequencer.stop()
    assert sequencer.look().result(0) is None


def test_a_leader_that_cannot_load_steps_down(world, second, started, monkeypatch):
    """Its second head is on a full disk, say: it has committed and can tell nobody, but another can."""
    leader, standby = started(world.log), started(second)
    monkeypatch.setattr(world.log, "load", full_disk)
    monkeypatch.setattr(world.log, "_publish", full_disk)
    job = submission(world, "C-1")
    assert outcome(leader, job) is None
    answer = eventually(lambda: outcome(standby, job))
    assert answer.admitted.indices == (3,)
    eventually(lambda: (leader.standing_by, standby.standing_by) == (True, False))
    monkeypatch.undo()
    eventually(lambda: world.log.state.published.checkpoint.size == 4)


def full_disk(*_):
    raise OSError("no space left on device")


def test_a_leader_with_nothing_to_do_makes_sure_that_it_leads(world, started, monkeypatch):
    asked = threading.Event()
    monkeypatch.setattr(world.log.store, "beat", asked.set)
    started(world.log)
    assert asked.wait(SOON)


def test_the_standby_takes_over_where_the_leader_left(world, second, started):
    standby = started(second)
    with pytest.raises(Busy, match="another server writes to this ledger, this one is its standby"):
        standby.submit(submission(world, "C-1"))
    last = world.post(world.plant, "lot-event", coil("C-0"))
    world.log.store.close()
    answer = eventually(lambda: outcome(standby, submission(world, "C-1")))
    assert answer.receipts[0].entry.previous == last.entry.leaf
    assert not standby.standing_by


def test_who_takes_the_lead_reads_what_was_committed_since_it_last_looked(world, second):
    second.follow()
    last = world.post(world.plant, "lot-event", coil("C-0"))
    world.log.store.close()
    eventually(second.lead)
    assert second.state.published.checkpoint.size == last.entry.index + 1


@ON_POSTGRES
def test_a_leader_that_lost_its_session_steps_back(world, second, started, place):
    leader, standby = started(world.log), started(second)
    place.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'", role="postgres")
    job = submission(world, "C-1")
    answer = eventually(lambda: outcome(standby, job) or outcome(leader, job))
    assert answer.admitted.indices == (3,)
    eventually(lambda: leader.standing_by != standby.standing_by)
    size = answer.receipts[0].entry.index + 1
    eventually(lambda: {log.state.published.checkpoint.size for log in (world.log, second)} == {size})


@pytest.mark.slow
@ON_POSTGRES
def test_a_database_that_went_away_and_came_back(world, started, postgres):
    leader = started(world.log)
    acknowledged = [leader.submit(submission(world, "C-0")).result(SOON).receipts[0]]
    job = submission(world, "C-1")
    postgres.stop()
    try:
        assert outcome(leader, job) is None
        assert leader.broken is not None
    finally:
        postgres.start()
    acknowledged.append(eventually(lambda: outcome(leader, job)).receipts[0])
    assert [receipt.entry.index for receipt in acknowledged] == [3, 4]
    assert leader.broken is None
    check_whole(world, acknowledged)
