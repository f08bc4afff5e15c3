import random

import pytest
import slow_merkle
from hypothesis import assume, given
from hypothesis import strategies as st

from ledger.kernel.errors import Unverified
from ledger.kernel.hashing import EMPTY_ROOT
from ledger.kernel.proofs import (
    SIZE_LIMIT,
    multiproof_length,
    root_from_path,
    verify_consistency,
    verify_inclusion,
    verify_multiproof,
    verify_subtree,
)

LEAVES = [slow_merkle.leaf(n.to_bytes(2, "big")) for n in range(300)]
STRANGER = slow_merkle.leaf(b"stranger")
SIZES = st.integers(1, 300)


def flipped(value, bit):
    number = int.from_bytes(value, "big") ^ 1 << bit
    return number.to_bytes(len(value), "big")


def inclusion(index, size):
    leaves = LEAVES[:size]
    return {
        "index": index,
        "size": size,
        "leaf": LEAVES[index],
        "path": slow_merkle.path(index, leaves),
        "root": slow_merkle.mth(leaves),
    }


def consistency(old, new):
    return {
        "old_size": old,
        "new_size": new,
        "old_root": slow_merkle.mth(LEAVES[:old]),
        "new_root": slow_merkle.mth(LEAVES[:new]),
        "path": slow_merkle.proof(old, LEAVES[:new]),
    }


def multiproof(indices, size):
    leaves = LEAVES[:size]
    return {
        "size": size,
        "leaves": [(index, LEAVES[index]) for index in indices],
        "path": slow_merkle.multi(indices, leaves),
        "root": slow_merkle.mth(leaves),
    }


# Inclusion


@pytest.mark.parametrize("size", range(1, 71))
def test_every_leaf_of_every_small_tree_is_proved(size):
    for index in range(size):
        verify_inclusion(**inclusion(index, size))


@pytest.mark.parametrize(
    ("index", "size", "count", "sentence"),
    [
        (9, 17, 4, "path has 4 hashes, want 5 for leaf 9 of 17"),
        (9, 17, 6, "path has 6 hashes, want 5 for leaf 9 of 17"),
        (16, 17, 0, "path has 0 hashes, want 1 for leaf 16 of 17"),
        (0, 1, 1, "path has 1 hashes, want 0 for leaf 0 of 1"),
        (0, SIZE_LIMIT, 64, "path has 64 hashes, want 63 for leaf 0 of 9223372036854775807"),
    ],
)
def test_hashes_are_counted_before_any_is_computed(index, size, count, sentence):
    # Elements that are no bytes at all: hashing one would be a TypeError.
    with pytest.raises(Unverified, match=f"^{sentence}$"):
        root_from_path(index=index, size=size, leaf=LEAVES[0], path=[None] * count)


@pytest.mark.parametrize(("index", "size"), [(1, 1), (0, 0), (-1, 5), (5, 5), (0, -1), (0, SIZE_LIMIT + 1)])
def test_a_leaf_outside_the_tree_is_refused(index, size):
    with pytest.raises(Unverified, match=f"there is no leaf {index} in a tree of {size}"):
        root_from_path(index=index, size=size, leaf=LEAVES[0], path=[])


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_hashes_have_32_bytes(length):
    with pytest.raises(Unverified, match=f"a leaf hash has {length} bytes, want 32"):
        root_from_path(index=0, size=1, leaf=bytes(length), path=[])
    with pytest.raises(Unverified, match=f"a hash of the path has {length} bytes, want 32"):
        root_from_path(index=0, size=2, leaf=LEAVES[0], path=[bytes(length)])
    with pytest.raises(Unverified, match=f"a hash of the path has {length} bytes, want 32"):
        verify_consistency(old_size=1, new_size=2, old_root=LEAVES[0], new_root=LEAVES[1], path=[bytes(length)])
    with pytest.raises(Unverified, match=f"a hash of the multi-proof has {length} bytes, want 32"):
        verify_multiproof(size=2, leaves=[(0, LEAVES[0])], path=[bytes(length)], root=LEAVES[1])


@given(st.data(), SIZES)
def test_no_inclusion_proof_survives_a_change(data, size):
    good = inclusion(data.draw(st.integers(0, size - 1)), size)
    verify_inclusion(**good)
    changed = dict(good)
    kind = data.draw(st.sampled_from(["leaf", "root", "path", "swap", "drop", "add", "index"]))
    bit = data.draw(st.integers(0, 255))
    path = list(good["path"])
    if kind in ("leaf", "root"):
        changed[kind] = flipped(good[kind], bit)
    elif kind == "add":
        path.insert(data.draw(st.integers(0, len(path))), STRANGER)
    elif kind == "index":
        changed["index"] = data.draw(st.integers(0, size + 1).filter(lambda n: n != good["index"]))
    else:
        assume(len(path) > (kind == "swap"))
        at = data.draw(st.integers(0, len(path) - 1 - (kind == "swap")))
        if kind == "path":
            path[at] = flipped(path[at], bit)
        elif kind == "drop":
            del path[at]
        else:
            path[at], path[at + 1] = path[at + 1], path[at]
    changed["path"] = path
    with pytest.raises(Unverified):
        verify_inclusion(**changed)


def test_an_inner_node_is_no_leaf_of_a_smaller_tree_with_the_same_root():
    # The shape follows from the size that was signed: with 2 instead of 4 leaves the hashes would fit.
    pairs = [slow_merkle.node(*LEAVES[0:2]), slow_merkle.node(*LEAVES[2:4])]
    assert slow_merkle.mth(pairs) == slow_merkle.mth(LEAVES[:4])
    with pytest.raises(Unverified, match="path has 1 hashes, want 2 for leaf 0 of 4"):
        verify_inclusion(index=0, size=4, leaf=pairs[0], path=[pairs[1]], root=slow_merkle.mth(LEAVES[:4]))


def test_the_size_is_not_in_the_path():
    # Leaf 5 has the same path in trees of 7 and 8 with this root, so the size must come from a signed checkpoint.
    good = inclusion(5, 8)
    verify_inclusion(**good | {"size": 7})
    with pytest.raises(Unverified, match="path has 3 hashes, want 2 for leaf 5 of 6"):
        verify_inclusion(**good | {"size": 6})


# Consistency


@pytest.mark.parametrize("new", range(1, 71))
def test_every_small_tree_is_shown_to_continue_every_smaller_one(new):
    for old in range(1, new + 1):
        verify_consistency(**consistency(old, new))


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 5), (6, 5), (-1, 5), (1, SIZE_LIMIT + 1)])
def test_sizes_that_cannot_continue_each_other_are_refused(old, new):
    with pytest.raises(Unverified, match=f"size {new} cannot be shown to continue size {old}"):
        verify_consistency(old_size=old, new_size=new, old_root=EMPTY_ROOT, new_root=EMPTY_ROOT, path=[])


def test_each_root_is_compared():
    good = consistency(6, 11)
    with pytest.raises(Unverified, match="the path from 6 to 11 leaves does not lead to the earlier root"):
        verify_consistency(**good | {"old_root": STRANGER})
    with pytest.raises(Unverified, match="the path from 6 to 11 leaves does not lead to the later root"):
        verify_consistency(**good | {"new_root": STRANGER})
    with pytest.raises(Unverified, match="path has 0 hashes, want 4 for sizes 6 and 11"):
        verify_consistency(**good | {"path": []})
    with pytest.raises(Unverified, match="path has 0 hashes, want 63 for sizes 1 and 9223372036854775807"):
        verify_consistency(**good | {"old_size": 1, "new_size": SIZE_LIMIT, "path": []})


@given(st.data(), SIZES, SIZES)
def test_no_consistency_proof_survives_a_change(data, old, new):
    old, new = sorted((old, new))
    good = consistency(old, new)
    verify_consistency(**good)
    path = list(good["path"])
    kind = data.draw(st.sampled_from(["old_root", "new_root", "path", "drop", "add"]))
    changed = dict(good)
    if kind.endswith("root"):
        changed[kind] = flipped(good[kind], data.draw(st.integers(0, 255)))
    elif kind == "add":
        path.insert(data.draw(st.integers(0, len(path))), STRANGER)
    else:
        assume(path)
        at = data.draw(st.integers(0, len(path) - 1))
        path[at : at + 1] = [] if kind == "drop" else [flipped(path[at], data.draw(st.integers(0, 255)))]
    with pytest.raises(Unverified):
        verify_consistency(**changed | {"path": path})


@given(st.data(), st.integers(2, 300))
def test_a_rewritten_past_is_not_continued(data, new):
    old = data.draw(st.integers(1, new - 1))
    at = data.draw(st.integers(0, old - 1))
    forged = [*LEAVES[:at], STRANGER, *LEAVES[at + 1 : new]]
    proof = {**consistency(old, new), "new_root": slow_merkle.mth(forged), "path": slow_merkle.proof(old, forged)}
    with pytest.raises(Unverified, match=r"does not lead to the (earlier|later) root"):
        verify_consistency(**proof)


def subtrees(size):
    return [
        (start, end)
        for start in range(size)
        for end in range(start + 1, size + 1)
        if start % (1 << (end - start - 1).bit_length()) == 0
    ]


@pytest.mark.parametrize("size", range(1, 35))
def test_every_subtree_of_every_small_tree_is_shown_to_be_part_of_it(size):
    leaves = LEAVES[:size]
    for start, end in subtrees(size):
        proof = {
            "start": start,
            "end": end,
            "size": size,
            "subtree": slow_merkle.mth(leaves[start:end]),
            "root": slow_merkle.mth(leaves),
            "path": slow_merkle.subtree_proof(start, end, leaves),
        }
        verify_subtree(**proof)
        for change in ({"subtree": STRANGER}, {"root": STRANGER}, {"path": [*proof["path"], STRANGER]}):
            with pytest.raises(Unverified):
                verify_subtree(**proof | change)


def test_a_subtree_begins_where_its_size_allows():
    with pytest.raises(Unverified, match="leaves 2 to 5 are no subtree of 8 leaves"):
        verify_subtree(start=2, end=5, size=8, subtree=STRANGER, root=STRANGER, path=[])
    with pytest.raises(Unverified, match="the root of no leaves is the hash of nothing"):
        verify_subtree(start=4, end=4, size=8, subtree=STRANGER, root=STRANGER, path=[])


# Multi-proofs


@pytest.mark.parametrize("size", range(1, 11))
def test_every_set_of_leaves_of_every_small_tree_is_proved_at_once(size):
    for chosen in range(1, 1 << size):
        verify_multiproof(**multiproof([index for index in range(size) if chosen >> index & 1], size))


def test_a_lone_rightmost_node_moves_up_unchanged():
    # Of seven leaves the last stands alone on two levels; it is proved with two hashes, and costs one for leaf 0.
    root = slow_merkle.mth(LEAVES[:7])
    left = slow_merkle.mth(LEAVES[:4])
    pair = slow_merkle.node(*LEAVES[4:6])
    verify_multiproof(size=7, leaves=[(6, LEAVES[6])], path=[pair, left], root=root)
    right = slow_merkle.node(pair, LEAVES[6])
    inner = slow_merkle.node(*LEAVES[2:4])
    verify_multiproof(size=7, leaves=[(0, LEAVES[0])], path=[LEAVES[1], inner, right], root=root)
    verify_multiproof(size=7, leaves=[(0, LEAVES[0]), (6, LEAVES[6])], path=[LEAVES[1], inner, pair], root=root)


def test_one_leaf_has_its_rfc_6962_path():
    for index in range(21):
        assert multiproof([index], 21)["path"] == slow_merkle.path(index, LEAVES[:21])


def test_many_leaves_of_a_large_tree():
    chosen = sorted(random.Random(7).sample(range(300), 120))
    good = multiproof(chosen, 300)
    assert len(good["path"]) == multiproof_length(chosen, 300) == 124
    verify_multiproof(**good)


@pytest.mark.parametrize(
    ("indices", "sentence"),
    [
        ([], "a multi-proof of no leaves proves nothing"),
        ([3, 3], "the leaves of a multi-proof do not strictly ascend by index"),
        ([4, 3], "the leaves of a multi-proof do not strictly ascend by index"),
        ([3, 8], "there is no leaf 8 in a tree of 8"),
        ([-1, 3], "there is no leaf -1 in a tree of 8"),
    ],
)
def test_leaves_of_a_multiproof_are_in_order_and_in_the_tree(indices, sentence):
    with pytest.raises(Unverified, match=sentence):
        verify_multiproof(size=8, leaves=[(index, STRANGER) for index in indices], path=[], root=STRANGER)


def test_nothing_is_left_over():
    good = multiproof([2, 3, 9], 17)
    for path in (good["path"][:-1], [*good["path"], STRANGER]):
        with pytest.raises(Unverified, match=f"multi-proof has {len(path)} hashes, want 6 for 3 leaves of 17"):
            verify_multiproof(**good | {"path": path})


@given(st.data(), SIZES)
def test_no_multiproof_survives_a_change(data, size):
    chosen = sorted(data.draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=30)))
    good = multiproof(chosen, size)
    assert multiproof_length(chosen, size) == len(good["path"])
    verify_multiproof(**good)
    kind = data.draw(st.sampled_from(["leaf", "root", "path", "index", "forget"]))
    leaves, path, root = list(good["leaves"]), list(good["path"]), good["root"]
    bit, at = data.draw(st.integers(0, 255)), data.draw(st.integers(0, len(chosen) - 1))
    if kind == "leaf":
        leaves[at] = (leaves[at][0], flipped(leaves[at][1], bit))
    elif kind == "root":
        root = flipped(root, bit)
    elif kind == "path":
        assume(path)
        at = data.draw(st.integers(0, len(path) - 1))
        path[at] = flipped(path[at], bit)
    elif kind == "index":
        other = data.draw(st.integers(0, size - 1).filter(lambda n: n not in chosen)) if len(chosen) < size else size
        leaves[at] = (other, leaves[at][1])
        leaves.sort()
    else:
        del leaves[at]
    with pytest.raises(Unverified):
        verify_multiproof(size=size, leaves=leaves, path=path, root=root)
