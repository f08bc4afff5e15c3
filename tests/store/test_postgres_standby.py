"""A physical standby of the database: read from, backed up from, promoted; never written to beside its primary."""

import shutil

import pytest
from small_ledger import coil, small_ledger

from ledger.kernel.errors import Damaged
from ledger.recording.opening import layout, open_for_reading, open_log
from ledger.upkeep.copying import copy_ledger
from tests.eventually import eventually
from tests.postgres_server import WRITER
from tests.whole import check_whole


@pytest.fixture
def world(tmp_path, postgres):
    with small_ledger(tmp_path, place=postgres.place()) as world:
        world.post(world.plant, "lot-event", coil("C-1"))
        yield world


@pytest.fixture
def replica(postgres, world):
    """A standby that has what the world has."""
    assert world.size  # which is there before the copy is taken
    with postgres.standby() as standby:
        yield standby


def schema_of(world):
    return world.places.url.rpartition("%3D")[2]


def places_on(replica, world, tmp_path):
    """A server beside the standby: a folder of its own, and a copy of the second head."""
    places = layout(tmp_path / "beside", None, replica.url(WRITER, schema_of(world)))
    places.folder.mkdir()
    shutil.copy(world.places.log_key, places.log_key)
    shutil.copy(world.places.head, places.head)
    return places


def test_a_backup_from_a_standby_is_the_ledger(world, replica, tmp_path):
    copied = copy_ledger(replica.url(WRITER, schema_of(world)), tmp_path / "backup" / "ledger.sqlite")
    assert (copied.head.size, copied.head.root) == (world.size, world.log.state.published.checkpoint.root)


def test_a_reader_beside_a_standby_follows(world, replica, tmp_path):
    with open_for_reading(places_on(replica, world, tmp_path)) as log:
        receipt = world.post(world.plant, "lot-event", coil("C-2"))

        def followed():
            log.follow()
            return log.state.published.checkpoint.size == receipt.entry.index + 1

        eventually(followed)
        assert log.state.published.checkpoint == world.log.state.published.checkpoint


def test_nobody_leads_on_a_standby_until_it_is_promoted(world, replica, tmp_path):
    """Locks are each server's own: the standby would give its lock to a second writer."""
    places = places_on(replica, world, tmp_path)
    with open_log(places, standby=True) as log:
        assert (world.log.leads, log.leads, log.lead()) == (True, False, False)
        world.close()
        replica.run("promote")
        eventually(log.lead)
        assert log.leads
    world.places = places
    world.reopen()
    receipt = world.post(world.plant, "lot-event", coil("C-3"))
    check_whole(world, [receipt])


def test_a_promoted_standby_that_lacks_commits_does_not_open(world, replica, tmp_path):
    """It was cut off before the last commits: what was acknowledged is not in it."""
    replica.stop("fast")
    world.post(world.plant, "lot-event", coil("C-2"))
    world.close()
    (replica.data / "standby.signal").unlink()  # it comes up as a server of its own, as it was
    replica.start()
    places = places_on(replica, world, tmp_path)
    with pytest.raises(Damaged, match="an older database was put in its place"), open_log(places):
        pass
