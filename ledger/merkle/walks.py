"""Proofs as walks over the complete nodes of a tree, whatever keeps them: RFC 9162 2.1.3, 2.1.4, and multi-proofs.

`node(level, index)` gives a complete node. Sizes and indices are checked by who calls.
"""

import itertools
from collections.abc import Callable, Sequence

from ledger.kernel.hashing import EMPTY_ROOT, node_hash

Node = Callable[[int, int], bytes]


def root(node: Node, size: int) -> bytes:
    """The root of the tree of `size`."""
    return right_edge(node, 0, size) if size else EMPTY_ROOT


def right_edge(node: Node, start: int, size: int) -> bytes:
    """The root of the leaves [start, size), where `start` begins a subtree of the tree of `size`."""
    rest = size - start
    peaks = [level for level in range(rest.bit_length()) if rest >> level & 1]
    found = node(peaks[0], (size >> peaks[0]) - 1)
    for level in peaks[1:]:
        found = node_hash(node(level, (size >> level) - 1), found)
    return found


def climb(node: Node, level: int, index: int, size: int) -> list[bytes]:
    """The siblings on the way up from a node, in the tree of `size`."""
    path = []
    while last := (size - 1) >> level:
        sibling = index ^ 1
        if sibling < size >> level:
            path.append(node(level, sibling))
        elif sibling == last:  # not complete at this size: put together from complete nodes
            path.append(right_edge(node, sibling << level, size))
        index, level = index >> 1, level + 1
    return path


def consistency_path(node: Node, old: int, new: int) -> tuple[bytes, ...]:
    """RFC 9162 2.1.4.1: the path from the tree of `old` leaves to that of `new`. ValueError unless 1 <= old <= new."""
    if not 1 <= old <= new:
        raise ValueError(f"there is no consistency path from size {old} to {new}")
    if old == new:
        return ()
    level = (old & -old).bit_length() - 1  # of the smallest complete subtree that ends the older tree
    index = (old - 1) >> level
    seed = [node(level, index)] if index else []  # a whole older tree is its own seed
    return (*seed, *climb(node, level, index, new))


def multi_path(node: Node, indices: Sequence[int], size: int) -> tuple[bytes, ...]:
    """One proof of many leaves, for `kernel.proofs.verify_multiproof`. ValueError unless `indices` strictly ascend."""
    if not indices or any(a >= b for a, b in itertools.pairwise(indices)):
        raise ValueError("the indices of a multi-proof strictly ascend, and there is at least one")
    path: list[bytes] = []
    known, level = list(indices), 0
    while last := (size - 1) >> level:
        whole = size >> level
        path += [
            node(level, sibling) if sibling < whole else right_edge(node, sibling << level, size)
            for sibling in _missing(known, last)
        ]
        known, level = list(dict.fromkeys([index >> 1 for index in known])), level + 1
    return tuple(path)


def _missing(known: Sequence[int], last: int) -> list[int]:
    """The siblings of ascending nodes that are not among them, up to the last node of their level."""
    have = set(known)
    return [index ^ 1 for index in known if index ^ 1 not in have and index ^ 1 <= last]
