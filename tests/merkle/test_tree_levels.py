"""The growing tree as the batch functions see it: levels as mappings, runs of leaves, paths by the batch."""

import threading
from array import array

import pyarrow as pa
import pytest
import slow_merkle
from hypothesis import given
from hypothesis import strategies as st

from ledger.merkle import batches, verifier
from ledger.merkle import tree as tree_module
from ledger.merkle.levels import Levels
from ledger.merkle.tree import Tree
from schemas.arrow import HASH
from tests.examples import examples

LEAVES = [slow_merkle.leaf(n.to_bytes(4, "big")) for n in range(2000)]
JOINED = b"".join(LEAVES)


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


@examples(50)
@given(st.data(), st.integers(1, len(LEAVES)))
def test_paths_by_the_batch_are_the_paths_one_by_one(large, data, size):
    indices = data.draw(st.lists(st.integers(0, size - 1), max_size=20))
    assert large.inclusion_paths(indices, size) == [large.inclusion_path(index, size) for index in indices]


def test_paths_by_the_batch_are_of_leaves_and_sizes_that_are_there(large):
    with pytest.raises(ValueError, match="there is no leaf 7 in a tree of 7"):
        large.inclusion_paths([0, 7], 7)
    with pytest.raises(ValueError, match="there is no leaf -1 in a tree of 7"):
        large.inclusion_paths([-1], 7)
    with pytest.raises(ValueError, match="the tree has 2000 leaves, not 2001"):
        large.inclusion_paths([0], 2001)
    with pytest.raises(ValueError, match="the tree has 2000 leaves, not 2001"):
        large.levels_of(2001)
    assert large.inclusion_paths([], 7) == []


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 1023, 1024, 1025, 2000])
def test_levels_hold_the_complete_nodes_of_their_size(large, size):
    levels = large.levels_of(size)
    assert len(levels) == max((size - 1).bit_length(), 1)
    for level, nodes in enumerate(levels):
        assert bytes(nodes[: 32 * (size >> level)]) == large.nodes(level, 0, size >> level)
    assert list(large.levels_of(0)) == [b""]


def test_levels_keep_up_with_growth_one_leaf_at_a_time(tree):
    for size, leaf in enumerate(LEAVES[:200], 1):
        tree.append([leaf])
        assert all(len(nodes) >= 32 * (size >> level) for level, nodes in enumerate(tree.levels_of(size)))
        proofs = batches.inclusion_proofs(tree, [0, size // 2, size - 1], size)
        assert verifier.verify_inclusion(proofs, slow_merkle.mth(LEAVES[:size])).true_count == 3


def test_what_was_mapped_stays_readable_while_the_tree_grows(tree):
    tree.append(LEAVES[:100])
    before = tree.levels_of(100)
    for leaf in LEAVES[100:]:
        tree.append([leaf])
    assert bytes(before[0][: 32 * 100]) == JOINED[: 32 * 100]


def test_levels_after_a_cut_are_those_of_what_grew_instead(tree):
    others = [slow_merkle.leaf(b"other" + leaf) for leaf in LEAVES]
    tree.append(LEAVES)
    tree.levels_of(len(LEAVES))
    tree.truncate(700)
    tree.append(others[:900])
    grown = LEAVES[:700] + others[:900]
    proofs = batches.inclusion_proofs(tree, range(1600))
    assert verifier.verify_inclusion(proofs, slow_merkle.mth(grown)).true_count == 1600


def test_a_mapping_never_answers_beyond_its_file(tmp_path):
    levels = Levels(tmp_path)
    levels.write(0, 0, LEAVES[0])
    with pytest.raises(IndexError, match="level 0 of the tree ends before node 2"):
        levels.mapped(0, 2)
    assert levels.mapped(0, 1)[:32] == LEAVES[0]
    levels.close()


@pytest.mark.parametrize(
    "run",
    [JOINED, bytearray(JOINED), memoryview(JOINED), pa.py_buffer(JOINED), array("Q", JOINED), LEAVES, tuple(LEAVES)],
    ids=["bytes", "bytearray", "memoryview", "arrow buffer", "array", "list", "tuple"],
)
def test_leaves_come_as_a_sequence_or_a_run_of_any_kind(tree, run):
    tree.append(run)
    assert (tree.size, tree.root()) == (2000, slow_merkle.mth(LEAVES))


@pytest.mark.parametrize("at_once", [1, 2, 3, 7, 64, 1000])
@pytest.mark.parametrize("before", [0, 1, 5, 64])
def test_a_long_run_is_grown_over_in_pieces(tmp_path, monkeypatch, at_once, before):
    monkeypatch.setattr(tree_module, "_RUN", at_once)
    tree = Tree.open(tmp_path)
    tree.append(LEAVES[:before])
    tree.append(LEAVES[before:300])
    assert (tree.size, tree.root()) == (300, slow_merkle.mth(LEAVES[:300]))
    tree._levels.close()  # as a killed process leaves it: all levels are made again, in pieces
    (tmp_path / "level-03").unlink()
    again = Tree.open(tmp_path)
    assert (again.size, again.root()) == (300, slow_merkle.mth(LEAVES[:300]))
    assert list(again.inclusion_path(7, 300)) == slow_merkle.path(7, LEAVES[:300])
    again.close()


def test_many_prove_batches_while_one_writes(tree):
    tree.append(LEAVES[:10])
    done, wrong = threading.Event(), []

    def read():
        try:
            while not done.is_set():
                size = tree.size
                proofs = batches.inclusion_proofs(tree, range(0, size, 7), size, threads=1)
                assert verifier.verify_inclusion(proofs, tree.root(size), size=size).false_count == 0
                assert proofs["leaf_hash"].equals(pa.array(LEAVES[:size:7], HASH))
        except Exception as error:  # noqa: BLE001  a thread has nobody to raise to
            wrong.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for at in range(10, len(LEAVES), 3):
        tree.append(LEAVES[at : at + 3])
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []
