"""Every step of an append fails, and every step is the last that a process takes; then all is read again and hashed.

What was acknowledged is there, what is there is whole, the tree has grown by what was stored and by nothing else, and
a retry settles what was unknown: on both stores, around the sizes at which a level of the tree begins.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.failpoints import Step
from ledger.kernel.errors import CoilmarkError, Conflict
from ledger.kernel.proofs import verify_consistency
from tests.dying_append import DIED
from tests.eventually import eventually
from tests.small_ledger import coil, small_ledger
from tests.whole import check_whole

ROOT = Path(__file__).parents[2]
STORED = list(Step)[list(Step).index(Step.COMMITTED) :]  # from here on the entries are in the ledger
BEFORE = [3, 4, 255, 256, 257]  # entries, three of which every small ledger has


class PowerLossError(Exception):
    """Stands for whatever ends a process."""


@pytest.fixture
def world(tmp_path, place):
    with small_ledger(tmp_path, place=place) as world:
        yield world


def grow(world, size):
    wires = [world.statement(world.plant, "lot-event", coil(f"C-{n}")) for n in range(size - world.size)]
    return list(world.submit(*wires)) if wires else []


def fail_at(world, step):
    def reached(one):
        if one is step:
            raise PowerLossError(step)

    world.reached = reached


def heal(world):
    world.reached = lambda _step: None
    world.reopen()


@pytest.mark.slow
@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("size", BEFORE)
def test_every_step_may_fail_twice(world, place, step, size):
    if place and size not in {3, 256}:
        pytest.skip("what differs between these sizes is the tree, which is the same on both stores")
    acknowledged = grow(world, size)
    seen = [world.log.state.published.checkpoint]
    for attempt in ("first", "second"):
        size = world.size
        wires = [world.statement(world.plant, "lot-event", coil(f"{attempt}-{n}")) for n in range(3)]
        fail_at(world, step)
        with pytest.raises(PowerLossError):
            world.submit(*wires)
        # In the same process nothing is built on what was not published: the head has moved, or nothing has happened.
        with pytest.raises((PowerLossError, Conflict)):
            world.submit(world.statement(world.plant, "lot-event", coil(f"{attempt}-later")))
        heal(world)
        stored = (4 if step is Step.SHOWN else 3) if step in STORED else 0
        assert world.size == size + stored
        check_whole(world, acknowledged, seen)
        seen.append(world.log.state.published.checkpoint)
    receipts = world.submit(*wires)  # the retry: where it was stored, or now
    stood = size if step in STORED else world.size - 3
    assert [receipt.entry.index for receipt in receipts] == [stood + n for n in range(3)]
    acknowledged += receipts
    acknowledged.append(world.post(world.plant, "lot-event", coil("last")))
    check_whole(world, acknowledged, seen)


def reopened(world):
    """PostgreSQL lets go of the lock of a process that died a moment after its end."""
    try:
        world.reopen()
    except Conflict as error:
        if error.code != "already_open":
            raise
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("step", Step)
def test_every_step_may_be_the_last(world, place, step, tmp_path):
    acknowledged = grow(world, 5)
    seen = [world.log.state.published.checkpoint]
    wires = [world.statement(world.plant, "lot-event", coil(f"N-{n}")) for n in range(3)]
    files = [tmp_path / f"wire-{n}" for n in range(3)]
    for file, wire in zip(files, wires, strict=True):
        file.write_bytes(wire)
    world.close()
    arguments = [world.places.folder, place.writer if place else "", step, str(world.now), *files]
    ended = subprocess.run([sys.executable, "-m", "tests.dying_append", *arguments], cwd=ROOT, check=False)
    assert ended.returncode == DIED
    eventually(lambda: reopened(world))
    assert world.size == 5 + (3 if step in STORED else 0)
    check_whole(world, acknowledged, seen)
    receipts = world.submit(*wires)
    assert [receipt.entry.index for receipt in receipts] == [5, 6, 7]
    check_whole(world, [*acknowledged, *receipts], seen)


@pytest.mark.parametrize("step", [Step.DRAFTED, Step.RENAMED, Step.COMMITTED])
def test_loading_may_fail_too(world, step):
    """Failures of the way back are failures like any other: the next try finds what is there."""
    wire = world.statement(world.plant, "lot-event", coil("C-1"))
    fail_at(world, Step.COMMITTED)
    with pytest.raises(PowerLossError):
        world.submit(wire)
    fail_at(world, step)
    if step is not Step.COMMITTED:  # no step of loading
        with pytest.raises(PowerLossError):
            world.reopen()
    heal(world)
    assert world.size == 4
    check_whole(world)
    assert world.submit(wire)[0].entry.index == 3


def test_a_log_that_could_not_load_records_nothing(world):
    """A sequencer that went on after a failed reload is how one public log died."""
    wire = world.statement(world.plant, "lot-event", coil("C-1"))
    fail_at(world, Step.COMMITTED)
    with pytest.raises(PowerLossError):
        world.submit(wire)
    levels = world.places.folder / "levels"
    fail_at(world, Step.RENAMED)
    with pytest.raises(PowerLossError):
        world.log.load()
    other = world.statement(world.plant, "lot-event", coil("C-2"))
    with pytest.raises((Conflict, PowerLossError)):
        world.submit(other)
    world.close()
    shutil.rmtree(levels)
    heal(world)
    check_whole(world)
    assert world.size == 4


@pytest.mark.parametrize("size", [3, 8])
def test_no_two_heads_of_one_size(world, size):
    """Whatever failed, of two checkpoints that anybody was shown the smaller is the beginning of the larger."""
    seen = []
    grow(world, size)
    for step in Step:
        seen.append(world.log.state.published.checkpoint)
        fail_at(world, step)
        with pytest.raises((PowerLossError, CoilmarkError)):
            world.post(world.plant, "lot-event", coil(f"at-{step}"))
        heal(world)
    seen.append(world.log.state.published.checkpoint)
    last = seen[-1]
    for old in seen:
        path = world.log.tree.consistency_path(old.size, last.size)
        verify_consistency(
            old_size=old.size, new_size=last.size, old_root=old.root, new_root=last.root, path=path
        )  # fmt: skip
