"""Level files are derived, and an audit says where they do not follow from what is stored."""

import shutil

import pytest
from small_ledger import coil, small_ledger

from ledger.audit.audit import Order, audit
from ledger.audit.sources import DatabaseSource


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with small_ledger(tmp_path_factory.mktemp("levels")) as world:
        for number in range(8):
            world.post(world.plant, "lot-event", coil(f"C-{number}"))
        return world.places


@pytest.fixture
def levels(made, tmp_path):
    return shutil.copytree(made.levels, tmp_path / "levels")


def test_the_root_of_a_complete_tree_is_a_node_too(tmp_path):
    with small_ledger(tmp_path) as world:
        for number in range(5):
            world.post(world.plant, "lot-event", coil(f"C-{number}"))
        places = world.places
    file = places.levels / "level-03"
    whole = file.read_bytes()
    assert (world.size, len(whole)) == (8, 32)
    assert findings(places, places.levels) == []
    file.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    assert findings(places, places.levels) == [("levels", {"level": 3, "node": 0})]


def findings(made, levels):
    return [(one.code, one.facts) for one in audit(Order(DatabaseSource(made.database), levels=levels)).findings]


def test_level_files_as_they_are(made, levels):
    report = audit(Order(DatabaseSource(made.database), levels=levels))
    assert report.findings == ()
    assert "the level files, node by node" in report.checked


@pytest.mark.slow
def test_every_byte_of_them(made, levels):
    files = sorted(levels.glob("level-*"))
    assert len(files) > 2
    for file in files:
        whole = file.read_bytes()
        for at in range(0, len(whole), 11):
            file.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
            level = int(file.name.removeprefix("level-"))
            assert findings(made, levels) == [("levels", {"level": level, "node": at // 32})]
        file.write_bytes(whole)


def test_what_is_missing_is_made_again_and_what_runs_ahead_is_cut(made, levels):
    (levels / "level-03").unlink()
    leaves = levels / "level-00"
    leaves.write_bytes(leaves.read_bytes() + bytes(32))
    pairs = levels / "level-01"
    pairs.write_bytes(pairs.read_bytes()[:40])
    assert findings(made, levels) == []
