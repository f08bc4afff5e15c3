import os
import random
import threading

import pytest
import slow_merkle
from hypothesis import given
from hypothesis import strategies as st

from ledger.kernel.errors import Unverified
from ledger.kernel.hashing import EMPTY_ROOT
from ledger.kernel.proofs import verify_consistency, verify_inclusion, verify_multiproof
from ledger.merkle.levels import Levels
from ledger.merkle.tree import Tree, parents
from tests.examples import examples
from tests.tiers import first

LEAVES = [slow_merkle.leaf(n.to_bytes(4, "big")) for n in range(3000)]
OTHERS = [slow_merkle.leaf(b"other" + n.to_bytes(4, "big")) for n in range(3000)]


@pytest.fixture
def tree(tmp_path):
    opened = Tree.open(tmp_path / "levels")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    opened = Tree.open(tmp_path_factory.mktemp("levels"))
    opened.append(LEAVES)
    yield opened
    opened.close()


def files(directory):
    return sorted(path for path in directory.iterdir() if path.name.startswith("level-"))


def nodes_in(directory):
    return [path.stat().st_size / 32 for path in files(directory)]


def abandon(tree):
    """What a killed process leaves: its files, not synced, and no word of it in `synced`."""
    tree._levels.close()


# Against the slow twin


def test_a_new_tree_is_empty(tree):
    assert tree.size == 0
    assert tree.root() == EMPTY_ROOT
    tree.append([])
    tree.append(b"")
    assert tree.size == 0


@pytest.mark.parametrize("size", range(1, 71))
def test_small_trees_agree_with_the_slow_twin(large, size):
    leaves = LEAVES[:size]
    assert large.root(size) == slow_merkle.mth(leaves)
    for index in range(size):
        assert list(large.inclusion_path(index, size)) == slow_merkle.path(index, leaves)
    for old in range(1, size + 1):
        assert list(large.consistency_path(old, size)) == slow_merkle.proof(old, leaves)


@examples(60)
@given(st.data(), st.integers(1, len(LEAVES)))
def test_large_trees_agree_with_the_slow_twin(large, data, size):
    leaves = LEAVES[:size]
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    root = large.root(size)
    assert root == slow_merkle.mth(leaves)
    path = large.inclusion_path(index, size)
    assert list(path) == slow_merkle.path(index, leaves)
    verify_inclusion(index=index, size=size, leaf=LEAVES[index], path=path, root=root)
    path = large.consistency_path(old, size)
    assert list(path) == slow_merkle.proof(old, leaves)
    verify_consistency(old_size=old, new_size=size, old_root=large.root(old), new_root=root, path=path)


@examples(60)
@given(st.data(), st.integers(1, len(LEAVES)))
def test_multi_proofs_agree_with_the_slow_twin(large, data, size):
    chosen = sorted(data.draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=40)))
    path, root = large.multi_path(chosen, size), large.root(size)
    assert list(path) == slow_merkle.multi(chosen, LEAVES[:size])
    leaves = [(index, LEAVES[index]) for index in chosen]
    verify_multiproof(size=size, leaves=leaves, path=path, root=root)
    wrong = data.draw(st.integers(0, len(chosen) - 1))
    leaves[wrong] = (chosen[wrong], OTHERS[0])
    with pytest.raises(Unverified, match="does not lead to the root"):
        verify_multiproof(size=size, leaves=leaves, path=path, root=root)


def test_a_multi_proof_of_one_leaf_is_its_path(large):
    for index in (0, 1234, 2998, 2999):
        assert large.multi_path([index], 3000) == large.inclusion_path(index, 3000)
    assert large.multi_path(range(3000), 3000) == ()


@examples(30)
@given(st.lists(st.integers(0, 300), min_size=1, max_size=10), st.booleans())
def test_how_leaves_arrive_makes_no_difference(tmp_path_factory, counts, joined):
    tree = Tree.open(tmp_path_factory.mktemp("levels"))
    for count in counts:
        batch = LEAVES[tree.size : tree.size + count]
        tree.append(b"".join(batch) if joined else batch)
    assert tree.size == sum(counts)
    assert tree.root() == slow_merkle.mth(LEAVES[: tree.size])
    assert nodes_in(tree._directory) == [tree.size >> level for level in range(tree.size.bit_length())]
    tree.close()


def test_parents_join_pairs_and_leave_an_odd_node():
    five = b"".join(LEAVES[:5])
    assert parents(five) == slow_merkle.node(*LEAVES[0:2]) + slow_merkle.node(*LEAVES[2:4])
    assert parents(LEAVES[0]) == b""


def test_nodes_are_what_tiles_are_cut_from(large):
    assert large.nodes(0, 10, 12) == LEAVES[10] + LEAVES[11]
    assert large.nodes(8, 0, 11)[-32:] == slow_merkle.mth(LEAVES[2560:2816])
    assert large.nodes(8, 11, 11) == b""
    with pytest.raises(ValueError, match="level 8 of a tree of 3000 leaves has no nodes 0 to 12"):
        large.nodes(8, 0, 12)
    assert large.inclusion_leaf(2999) == LEAVES[2999]


def test_what_the_tree_does_not_have_is_not_proved(large):
    for size in (-1, 3001):
        with pytest.raises(ValueError, match=f"the tree has 3000 leaves, not {size}"):
            large.root(size)
        with pytest.raises(ValueError, match=f"the tree has 3000 leaves, not {size}"):
            large.truncate(size)
    with pytest.raises(ValueError, match="there is no leaf 7 in a tree of 7"):
        large.inclusion_path(7, 7)
    with pytest.raises(ValueError, match="there is no leaf -1 in a tree of 3000"):
        large.inclusion_leaf(-1)
    with pytest.raises(ValueError, match="no consistency path from size 0 to 7"):
        large.consistency_path(0, 7)
    with pytest.raises(ValueError, match="no consistency path from size 8 to 7"):
        large.consistency_path(8, 7)
    for indices in ([], [3, 3], [4, 3]):
        with pytest.raises(ValueError, match="strictly ascend"):
            large.multi_path(indices, 7)
    with pytest.raises(ValueError, match="there is no leaf 7 in a tree of 7"):
        large.multi_path([3, 7], 7)


def test_leaf_hashes_have_32_bytes(tree):
    with pytest.raises(ValueError, match="a leaf hash has 32 bytes, not 31"):
        tree.append([LEAVES[0], bytes(31), bytes(33)])
    with pytest.raises(ValueError, match="33 bytes are no whole number of 32-byte leaf hashes"):
        tree.append(bytes(33))
    assert tree.size == 0


# Files


def test_a_closed_tree_opens_as_it_was(tmp_path):
    tree = Tree.open(tmp_path)
    tree.append(LEAVES[:1000])
    tree.close()
    again = Tree.open(tmp_path)
    assert (again.size, again.root()) == (1000, slow_merkle.mth(LEAVES[:1000]))
    again.append(LEAVES[1000:1500])
    assert again.root() == slow_merkle.mth(LEAVES[:1500])
    assert again.inclusion_path(3, 777) == tuple(slow_merkle.path(3, LEAVES[:777]))
    again.close()


@pytest.mark.parametrize("size", [0, 1, 2, 511, 512, 1000])
def test_truncate_forgets_and_the_tree_grows_another_way(tmp_path, size):
    tree = Tree.open(tmp_path)
    tree.append(LEAVES[:1000])
    tree.truncate(size)
    assert (tree.size, tree.root()) == (size, slow_merkle.mth(LEAVES[:size]))
    assert nodes_in(tmp_path) == [size >> level for level in range(10)]
    tree.append(OTHERS[:700])
    grown = LEAVES[:size] + OTHERS[:700]
    assert tree.root() == slow_merkle.mth(grown)
    path = tree.inclusion_path(size + 5, len(grown))
    assert list(path) == slow_merkle.path(size + 5, grown)
    tree.close()


def test_truncate_below_what_was_synced_is_not_undone_by_opening(tmp_path):
    tree = Tree.open(tmp_path)
    tree.append(LEAVES[:1000])
    tree.sync()
    tree.truncate(100)
    tree.append(OTHERS[:900])
    abandon(tree)
    again = Tree.open(tmp_path)
    grown = LEAVES[:100] + OTHERS[:900]
    assert again.root() == slow_merkle.mth(grown)
    assert list(again.inclusion_path(500, 1000)) == slow_merkle.path(500, grown)
    again.close()


def test_a_tree_cut_to_nothing_grows_anew(tmp_path):
    tree = Tree.open(tmp_path)
    tree.append(OTHERS)
    tree.truncate(0)
    tree.append(LEAVES[:2500])
    assert (tree.size, tree.root()) == (2500, slow_merkle.mth(LEAVES[:2500]))
    tree.close()


@pytest.mark.parametrize("synced", [0, 600, 1000])
@pytest.mark.parametrize("level", range(10))
@pytest.mark.parametrize("harm", ["torn", "short", "long", "gone", "empty"])
def test_a_torn_level_is_made_again_from_the_leaves(tmp_path, synced, level, harm):
    tree = Tree.open(tmp_path)
    tree.append(LEAVES[:synced])
    tree.sync()
    tree.append(LEAVES[synced:1000])
    abandon(tree)
    path = tmp_path / f"level-{level:02}"
    data = path.read_bytes()
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes({"torn": data[:-5], "short": data[:-32], "long": data + bytes(40), "empty": b""}[harm])
    again = Tree.open(tmp_path)
    leaves = LEAVES[:1000]
    if level == 0:
        # What level 0 lost is lost; what was put behind it is taken for leaves, and the signed root tells.
        left = {"torn": 999, "short": 999, "long": 1001, "gone": 0, "empty": 0}[harm]
        leaves = [*leaves, bytes(32)][:left]
    assert again.size == len(leaves)
    assert again.root() == slow_merkle.mth(leaves)
    if leaves:
        assert list(again.inclusion_path(3, len(leaves))) == slow_merkle.path(3, leaves)
    assert nodes_in(tmp_path) == [len(leaves) >> level for level in range(10)]
    again.append(OTHERS[:100])
    assert again.root() == slow_merkle.mth([*leaves, *OTHERS[:100]])
    again.close()


@pytest.mark.parametrize("level", first(range(10)))
def test_a_level_that_lost_its_content_is_made_again(tmp_path, level):
    # After a power cut a file can have its length and zeros in place of what was not yet written.
    tree = Tree.open(tmp_path)
    tree.append(LEAVES[:600])
    tree.sync()
    tree.append(LEAVES[600:1000])
    abandon(tree)
    with (tmp_path / f"level-{level:02}").open("r+b") as file:
        kept = (600 >> level) * 32
        file.seek(kept)
        file.write(bytes((1000 >> level) * 32 - kept))
    again = Tree.open(tmp_path)
    # Lost leaves change the root, so whoever knows the signed one finds out; all else is as it was.
    leaves = LEAVES[:600] + [bytes(32)] * 400 if level == 0 else LEAVES[:1000]
    assert again.root() == slow_merkle.mth(leaves)
    for index in range(550, 1000):
        assert list(again.inclusion_path(index, 1000)) == slow_merkle.path(index, leaves)
    again.close()


@pytest.mark.parametrize("note", [b"", b"-5", b"12x", b"9" * 30, b"5000"])
def test_a_note_of_what_was_synced_that_says_nothing_is_not_believed(tmp_path, note):
    tree = Tree.open(tmp_path)
    tree.append(LEAVES[:1000])
    tree.close()
    (tmp_path / "synced").write_bytes(note)
    with (tmp_path / "level-03").open("r+b") as file:
        file.truncate(32)
    again = Tree.open(tmp_path)
    assert again.root() == slow_merkle.mth(LEAVES[:1000])
    again.close()


def test_a_note_that_promises_too_much_is_taken_back_before_the_tree_grows(tmp_path):
    tree = Tree.open(tmp_path)
    tree.append(LEAVES[:1000])
    tree.close()
    with (tmp_path / "level-00").open("r+b") as file:
        file.truncate(400 * 32)
    again = Tree.open(tmp_path)
    assert (again.size, (tmp_path / "synced").read_text()) == (400, "400")
    abandon(again)


def test_long_runs_are_synced_on_the_way(tmp_path, monkeypatch):
    monkeypatch.setattr("ledger.merkle.tree._SYNC_EVERY", 1000)
    tree = Tree.open(tmp_path)
    for at in range(0, 2500, 500):
        tree.append(LEAVES[at : at + 500])
    assert (tmp_path / "synced").read_text() == "2000"
    abandon(tree)


def test_a_write_that_stops_half_way_is_finished(tmp_path, monkeypatch):
    whole = os.pwrite
    monkeypatch.setattr("ledger.merkle.levels.os.pwrite", lambda file, data, at: whole(file, data[:100], at))
    tree = Tree.open(tmp_path)
    tree.append(LEAVES[:300])
    assert tree.root() == slow_merkle.mth(LEAVES[:300])
    tree.close()


def test_a_disk_that_fills_up_leaves_the_tree_as_it_was(tmp_path, monkeypatch):
    tree = Tree.open(tmp_path)
    tree.append(LEAVES[:300])
    whole, calls = os.pwrite, []

    def full(file, data, at):
        calls.append(at)
        if len(calls) > 3:
            raise OSError(28, "No space left on device")
        return whole(file, data, at)

    with monkeypatch.context() as patch:
        patch.setattr("ledger.merkle.levels.os.pwrite", full)
        with pytest.raises(OSError, match="No space left"):
            tree.append(LEAVES[300:800])
    assert (tree.size, tree.root()) == (300, slow_merkle.mth(LEAVES[:300]))
    tree.truncate(300)
    tree.append(OTHERS[:50])
    assert tree.root() == slow_merkle.mth(LEAVES[:300] + OTHERS[:50])
    tree.close()


def test_a_level_file_never_answers_beyond_its_end(tmp_path):
    levels = Levels(tmp_path)
    levels.write(0, 0, LEAVES[0])
    with pytest.raises(IndexError, match="level 0 of the tree ends before node 2"):
        levels.node(0, 1)
    levels.close()


# Threads


def test_many_read_while_one_writes(tmp_path):
    tree = Tree.open(tmp_path)
    tree.append(LEAVES[:10])
    done = threading.Event()
    wrong = []

    def read(seed):
        dice = random.Random(seed)
        while not done.is_set():
            size = tree.size
            index = dice.randrange(size)
            try:
                path = tree.inclusion_path(index, size)
                verify_inclusion(index=index, size=size, leaf=LEAVES[index], path=path, root=tree.root(size))
            except Exception as error:  # noqa: BLE001  a thread has nobody to raise to
                wrong.append(error)
                return

    readers = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for reader in readers:
        reader.start()
    for at in range(10, len(LEAVES), 7):
        tree.append(LEAVES[at : at + 7])
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert tree.root() == slow_merkle.mth(LEAVES)
    tree.close()
