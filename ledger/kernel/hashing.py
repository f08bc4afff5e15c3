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


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 root over leaf hashes, folded level by level.

    An odd node moves up unchanged: the same tree as splitting at the largest power of two below the size.
    """
    if not leaves:
        return EMPTY_ROOT
    level = list(leaves)
    while len(level) > 1:
        level = _above(level)
    return level[0]


def _above(level: Sequence[bytes]) -> list[bytes]:
    odd = level[-1:] if len(level) % 2 else []
    return [*(node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)), *odd]


def list_paths(leaves: Sequence[bytes], indices: Sequence[int]) -> list[tuple[bytes, ...]]:
    """RFC 6962 2.1.1 audit paths of some leaves of a short list, each with the leaf's sibling first.

    For lists that fit in one statement; the ledger's own tree has its prover in `ledger.merkle`.
    """
    paths: list[list[bytes]] = [[] for _ in indices]
    level, places = list(leaves), list(indices)
    while len(level) > 1:
        for path, place in zip(paths, places, strict=True):
            if place ^ 1 < len(level):
                path.append(level[place ^ 1])
        level, places = _above(level), [place >> 1 for place in places]
    return list(map(tuple, paths))


def list_path(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The audit path of one leaf of a short list."""
    return list_paths(leaves, [index])[0]
