import json
from hashlib import sha256

import pytest
import slow_merkle
from hypothesis import given
from hypothesis import strategies as st

from ledger.kernel.encoding import b64_decode
from ledger.kernel.hashing import (
    EMPTY_ROOT,
    HASH_SIZE,
    NO_HASH,
    leaf_hash,
    node_hash,
    path_through,
    root_of,
    tree_levels,
    tree_root,
)


@pytest.fixture(scope="module")
def constants(vectors):
    return json.loads((vectors / "derived" / "rfc6962_constants.json").read_text())


def test_a_leaf_and_a_node_have_their_own_prefix():
    assert leaf_hash(b"ab") == sha256(b"\x00ab").digest()
    assert node_hash(b"a", b"b") == sha256(b"\x01ab").digest()
    assert (32, bytes(32)) == (HASH_SIZE, NO_HASH)


def test_the_root_of_nothing_is_the_hash_of_nothing():
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert tree_root([]) == EMPTY_ROOT


def test_single_hashes_of_rfc_6962(constants):
    assert len(constants["single"]) == 5
    for case in constants["single"]:
        want = bytes.fromhex(case["out"]) if "out" in case else b64_decode(case["out_b64"])
        if case["op"] == "leaf":
            assert leaf_hash(case["input_utf8"].encode()) == want
        elif case["op"] == "node":
            assert node_hash(case["left_utf8"].encode(), case["right_utf8"].encode()) == want
        else:
            assert (case["op"], EMPTY_ROOT) == ("empty_root", want)


def test_roots_of_the_eight_leaf_tree_of_certificate_transparency(constants):
    leaves = [leaf_hash(bytes.fromhex(data)) for data in constants["leaf_inputs_hex"]]
    assert len(leaves) == 8
    assert [tree_root(leaves[:n]).hex() for n in range(9)] == constants["root_by_size_hex"]
    assert [leaf.hex() for leaf in leaves] == constants["node_hashes_by_level_hex"][0]


@pytest.mark.parametrize("size", range(1, 70))
def test_lists_agree_with_the_slow_twin(size):
    leaves = [leaf_hash(bytes([n])) for n in range(size)]
    assert tree_root(leaves) == slow_merkle.mth(leaves)
    levels = tree_levels(leaves)
    assert root_of(levels) == slow_merkle.mth(leaves)
    for index in range(size):
        assert list(path_through(levels, index)) == slow_merkle.path(index, leaves)


@given(st.lists(st.binary(max_size=3), max_size=200))
def test_any_list_agrees_with_the_slow_twin(data):
    leaves = [leaf_hash(one) for one in data]
    assert tree_root(leaves) == slow_merkle.mth(leaves)
