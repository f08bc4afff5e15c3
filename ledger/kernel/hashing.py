"""SHA-256 with the domain prefixes of RFC 6962 2.1, and the tree's root as the RFC defines it."""

from collections.abc import Sequence
from hashlib import sha256

HASH_SIZE = 32
NO_HASH = bytes(HASH_SIZE)
EMPTY_ROOT = sha256(b"").digest()  # RFC 6962 2.1: the hash of an empty list


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 ‖ data)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


def split_hashes(run: bytes) -> tuple[bytes, ...]:
    """Hashes that stand one after the other."""
    return tuple([run[at : at + HASH_SIZE] for at in range(0, len(run), HASH_SIZE)])


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 root over leaf hashes."""
    return root_of(tree_levels(leaves))


def tree_levels(leaves: Sequence[bytes]) -> list[Sequence[bytes]]:
    """The leaf hashes of a short list, and each level of nodes above them, up to the root.

    An odd node moves up unchanged: the same tree as splitting at the largest power of two below the size.
    """
    levels = [leaves]
    while len(level := levels[-1]) > 1:
        odd = level[-1:] if len(level) % 2 else ()
        levels.append([*map(node_hash, level[::2], level[1::2]), *odd])
    return levels


def root_of(levels: Sequence[Sequence[bytes]]) -> bytes:
    """The root of the tree with these levels."""
    return levels[-1][0] if levels[-1] else EMPTY_ROOT


def path_through(levels: Sequence[Sequence[bytes]], index: int) -> tuple[bytes, ...]:
    """RFC 6962 2.1.1: the audit path of one leaf, with the leaf's sibling first.

    For lists that fit in one statement; the ledger's own tree has its prover in `ledger.merkle`.
    """
    path = []
    for level in levels[:-1]:
        if index ^ 1 < len(level):
            path.append(level[index ^ 1])
        index >>= 1
    return tuple(path)
