"""Bundles as the prover makes them: what is in them, what is kept back, and that damaged rows never leave."""

import pytest
from small_ledger import ROLLING, coil, small_ledger

from ledger.kernel.bundle import encode_bundle
from ledger.kernel.errors import Damaged, Missing
from ledger.kernel.verify import verify_bundle


@pytest.fixture
def world(tmp_path):
    """3 and 4 enrol the rolling mill, 5 is an event of the plant, 6 of the mill."""
    with small_ledger(tmp_path) as world:
        world.enrol(ROLLING, "lot-event")
        world.post(world.plant, "lot-event", coil("C-1"))
        world.post(world.rolling, "lot-event", coil("C-1", action="OBSERVE"))
        yield world


def indices(bundle):
    return [one.entry.index for one in bundle.entries]


def test_a_bundle_holds_index_0_the_issuer_s_history_and_the_entry(world):
    assert indices(world.bundle(5)) == [0, 1, 2, 5]
    assert indices(world.bundle(6)) == [0, 3, 4, 6]


def test_a_registry_statement_comes_with_the_history_it_changes(world):
    assert indices(world.bundle(4)) == [0, 3, 4]


def test_index_0_is_a_bundle_by_itself(world):
    assert indices(world.bundle(0)) == [0]


def test_history_goes_to_the_checkpoint_so_that_a_later_end_is_seen(world):
    second = world.plant.with_key("plant-2")
    world.add_key(world.plant, second)
    world.end_key(second, world.plant.signer.key.kid, "compromised", disputed_from=5)
    assert indices(world.bundle(5)) == [0, 1, 2, 5, 7, 8]
    report = verify_bundle(encode_bundle(world.bundle(5)), world.trust)
    assert report.verified
    assert any("disputed" in point for point in report.open_points)


def test_a_reader_without_the_right_sees_neither_statement_nor_issuer(world):
    bundle = world.bundle(5, may_see=False)
    assert indices(bundle) == [0, 5]
    assert (bundle.entries[1].statement, bundle.entries[1].opened, bundle.entries[1].count) == (None, (), 2)


def test_the_operator_s_own_history_is_shown_to_everybody(world):
    bundle = world.bundle(0, may_see=False)
    assert bundle.entries[0].statement is not None
    assert verify_bundle(encode_bundle(bundle), world.trust).verified


def test_an_entry_that_is_not_there_is_missing(world):
    with pytest.raises(Missing, match="entry 7 is not among the 7 entries"):
        world.bundle(7)


def test_a_row_that_was_altered_never_leaves(world):
    with world.log.store.writing() as transaction:
        cursor = transaction._cursor
        cursor.execute("DROP TRIGGER entry_no_update")
        cursor.execute("UPDATE entry SET jwt = CAST(jwt || X'41' AS BLOB) WHERE \"index\" = 2")
    with pytest.raises(Damaged, match="entry 2 does not agree with its statement digest"):
        world.bundle(5)


def test_the_histories_of_others_are_not_in_it(world):
    wires = b"".join(one.statement or b"" for one in world.bundle(5).entries)
    assert world.stored(3).jwt not in wires
