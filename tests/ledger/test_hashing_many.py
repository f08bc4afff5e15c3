"""Hashes made many at once, held against the kernel's."""

from hashlib import sha256

from ledger.hashing import tree_root
from ledger.kernel import hashing


def test_a_root_over_leaves_is_the_kernel_s_for_every_count():
    leaves = [sha256(bytes([number])).digest() for number in range(70)]
    for count in range(70):
        assert tree_root(leaves[:count]) == hashing.tree_root(leaves[:count])
