"""Nothing is signed that was not read back: what the disk gives is compared with what was given to the disk."""

import pytest

from ledger.kernel.errors import Damaged
from ledger.recording.recovery import reread
from tests.small_ledger import small_ledger


@pytest.fixture
def world(tmp_path):
    with small_ledger(tmp_path) as world:
        yield world


def test_what_is_what_was_written_is_sound(world):
    with world.log.store.reading() as transaction:
        read = reread(transaction, 1, 3, transaction.leaves(1, 3))
    assert [(stored.index, entry.index) for stored, entry in read] == [(1, 1), (2, 2)]


def test_what_is_not_what_was_written_is_not_signed(world):
    with (
        world.log.store.reading() as transaction,
        pytest.raises(Damaged, match="entry 2 is not what was written a moment ago"),
    ):
        reread(transaction, 1, 3, [*transaction.leaves(1, 2), bytes(32)])


def test_an_entry_that_does_not_continue_the_chain_is_not_signed(world):
    """The entries 1 and 2 without entry 1 between: as if one had been left out on the way."""

    class Gap:
        def leaves(self, start, end):
            return [world.stored(index - 1).leaf for index in range(start, end)]

        def entries(self, start, end):
            return [world.stored(index) for index in range(start, end)]

    with pytest.raises(Damaged, match="entry 2 does not continue the chain of leaf hashes"):
        reread(Gap(), 2, 3, [world.stored(2).leaf])
