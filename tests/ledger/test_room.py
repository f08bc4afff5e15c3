"""A disk that fills up: statements are refused before the reserve is touched, and taken again when there is room."""

import pytest

from ledger.kernel.errors import Busy
from ledger.recording.log import Submission
from ledger.recording.room import Disk, Room, disk_of
from ledger.recording.sequencer import Sequencer
from tests.eventually import SOON
from tests.small_ledger import coil, small_ledger

MIB = 1 << 20


class Disks:
    """What each disk has left, as the test says."""

    def __init__(self, *free):
        self.free = list(free)

    def __call__(self, place):
        return Disk(self.free[place] * MIB, 1000 * MIB)

    def room(self):
        return Room(range(len(self.free)), 64 * MIB, self)


@pytest.mark.parametrize("free", [(65, 900), (900, 65)])
def test_the_fullest_disk_counts_and_the_reserve_stays(free):
    room = Disks(*free).room()
    room.require(1 * MIB)
    with pytest.raises(Busy, match="65 MiB are free where the ledger grows, of which 64 MiB stay free") as full:
        room.require(1 * MIB + 1)
    assert full.value.code == "storage_full"
    assert full.value.retry_after > 0


def test_the_alarm_goes_off_before_anything_is_refused():
    assert not Disks(500).room().low
    assert Disks(99).room().low
    assert not Disks(99).room().full
    assert Disks(63).room().full
    assert Disks(63, 99).room().free == 63 * MIB


def test_a_real_disk_is_asked(tmp_path):
    disk = disk_of(tmp_path)
    assert 0 < disk.free <= disk.total


def test_recording_stops_and_resumes_by_itself_and_reading_goes_on(tmp_path):
    disks = Disks(900)
    with small_ledger(tmp_path) as world:
        sequencer = Sequencer(world.log, require_room=disks.room().require)
        sequencer.start()

        def post(serial):
            wire = world.statement(world.plant, "lot-event", coil(serial))
            return sequencer.submit(Submission((world.check(wire),)))

        assert post("C-1").result(SOON).admitted.indices == (3,)
        disks.free = [64]
        refused = post("C-2")
        assert refused.exception(SOON).code == "storage_full"
        assert sequencer.broken is None  # nothing is unknown: nothing was tried
        assert world.receipt(3).entry.index == 3
        disks.free = [900]
        assert post("C-2").result(SOON).admitted.indices == (4,)
        sequencer.stop()
