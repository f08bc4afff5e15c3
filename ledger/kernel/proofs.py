"""Verification of Merkle proofs (RFC 6962 2.1, RFC 9162 2.1.3 and 2.1.4); the prover is elsewhere and shares nothing.

Everything comes in as arguments and only an exception goes out. The shape of a proof follows from sizes and indices,
never from the proof: hashes are counted before any is computed. All raise Unverified; which step of SPEC 7 that
breaks is for the caller to say, since the same proofs serve entries, lineage items and inputs.
"""

import itertools
from collections.abc import Iterator, Sequence

from ledger.kernel.errors import Unverified
from ledger.kernel.hashing import EMPTY_ROOT, HASH_SIZE, node_hash

PATH_LIMIT = 63  # hashes, SPEC 8: enough for every size up to SIZE_LIMIT
SIZE_LIMIT = 2**63 - 1  # leaves


def root_from_path(*, index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """The root that `path` (the leaf's sibling first) leads to from the leaf hash at `index` in a tree of `size`.

    Raises Unverified ("inclusion") for an index outside the tree, another number of hashes than index and size
    demand, or a hash that is not 32 bytes. What is not checked here: that the root is the one that was signed.
    """
    _check_place("inclusion", index, size)
    inner, outer = _turns(index, size)
    _check_path("inclusion", path, inner + outer, f"leaf {index} of {size}")
    _check_hash("inclusion", leaf, "leaf hash")
    root = leaf
    for level in range(inner):
        root = node_hash(path[level], root) if index >> level & 1 else node_hash(root, path[level])
    for left in path[inner:]:
        root = node_hash(left, root)
    return root


def verify_inclusion(*, index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> None:
    """The leaf hash stands at `index` in the tree of `size` with `root`. Raises Unverified ("inclusion")."""
    if root_from_path(index=index, size=size, leaf=leaf, path=path) != root:
        raise Unverified("inclusion", f"the path of leaf {index} of {size} does not lead to the root")


def verify_consistency(
    *, old_size: int, new_size: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]
) -> None:
    """The tree of `old_size` is the beginning of the tree of `new_size`. Raises Unverified ("consistency").

    Size 0 is refused: every tree begins with the empty one, so a proof of it says nothing.
    """
    if not 1 <= old_size <= new_size <= SIZE_LIMIT:
        raise Unverified("consistency", f"size {new_size} cannot be shown to continue size {old_size}")
    verify_subtree(start=0, end=old_size, size=new_size, subtree=old_root, root=new_root, path=path)


def verify_subtree(*, start: int, end: int, size: int, subtree: bytes, root: bytes, path: Sequence[bytes]) -> None:
    """The leaves [start, end) with root `subtree` are part of the tree of `size`. Raises Unverified ("consistency").

    Merkle tree certificates (draft) section 4.4; with start 0 this is RFC 9162 2.1.4.2. `start` is a multiple of the
    smallest power of two that holds end - start leaves. Roots are compared, not measured: a checkpoint's have 32 bytes.
    """
    if not 0 <= start <= end <= size <= SIZE_LIMIT or start % (1 << max(end - start - 1, 0).bit_length()):
        raise Unverified("consistency", f"leaves {start} to {end} are no subtree of {size} leaves")
    if start == end:
        return _check_empty(subtree, path)
    return _check_nonempty(start, end, size, (subtree, root), path)


def _check_empty(subtree: bytes, path: Sequence[bytes]) -> None:
    _check_path("consistency", path, 0, "no leaves")
    if subtree != EMPTY_ROOT:
        raise Unverified("consistency", "the root of no leaves is the hash of nothing")


def _check_nonempty(start: int, end: int, size: int, roots: tuple[bytes, bytes], path: Sequence[bytes]) -> None:
    level = _seed_level(start, end, size)
    first, last, end_of_tree = start >> level, (end - 1) >> level, (size - 1) >> level
    inner, outer = _turns(last, end_of_tree + 1)
    whole = first == last  # the subtree is one node of the tree: its root is the seed, no hash is spent on it
    _check_path("consistency", path, inner + outer + (not whole), f"sizes {end} and {size}")
    seed, rest = (roots[0], path) if whole else (path[0], path[1:])
    older = newer = seed
    for up, node in zip(_levels(last, inner), rest, strict=True):
        if not last >> up & 1:
            newer = node_hash(newer, node)
            continue
        if first >> up < last >> up:  # this node is left of the path and still inside the subtree
            older = node_hash(node, older)
        newer = node_hash(node, newer)
    if older != roots[0]:
        raise Unverified("consistency", f"the path from {end} to {size} leaves does not lead to the earlier root")
    if newer != roots[1]:
        raise Unverified("consistency", f"the path from {end} to {size} leaves does not lead to the later root")


def _seed_level(start: int, end: int, size: int) -> int:
    """The level of the largest node that ends the subtree and is a node of the whole tree too."""
    first, last, level = start, end - 1, 0
    while first != last and (end == size or last & 1):
        first, last, level = first >> 1, last >> 1, level + 1
    return level


def _levels(last: int, inner: int) -> list[int]:
    """At which level each hash is used: all the inner ones, then those where a left sibling exists."""
    return [*range(inner), *(up for up in range(inner, last.bit_length()) if last >> up & 1)]


def verify_multiproof(*, size: int, leaves: Sequence[tuple[int, bytes]], path: Sequence[bytes], root: bytes) -> None:
    """Every (index, leaf hash) of `leaves` stands in the tree of `size` with `root`. Raises Unverified ("inclusion").

    The algorithm, so that any other verifier can be written from it:

    1. `leaves` is not empty, strictly ascends by index, and the last index is below `size`.
    2. Let `nodes` be the list of (index, hash) of the leaves, and `width` be `size`.
    3. While `width` > 1, walk `nodes` from left to right and build the list of the level above:
       a. if the index i is odd: take the next hash p of `path`; the parent is (i >> 1, H(p, hash));
       b. else if the next node in the list has index i + 1: use up both; the parent is (i >> 1, H(hash, its hash));
       c. else if i + 1 < `width`: take the next hash p of `path`; the parent is (i >> 1, H(hash, p));
       d. else i is the lone rightmost node, which moves up unchanged: the parent is (i >> 1, hash).
       Then `nodes` is that list and `width` is (width + 1) >> 1.
    4. One node is left. Its hash is `root`, and every hash of `path` was used.

    H(l, r) = SHA-256(0x01 ‖ l ‖ r). How many hashes `path` must have follows from the indices and the size alone, and
    is checked before anything is hashed. For one leaf it is the RFC 6962 path of that leaf.
    """
    indices = [index for index, _ in leaves]
    _check_indices(indices, size)
    wanted = multiproof_length(indices, size)
    if len(path) != wanted:
        raise Unverified(
            "inclusion", f"multi-proof has {len(path)} hashes, want {wanted} for {len(leaves)} leaves of {size}"
        )
    for node in (*path, *(leaf for _, leaf in leaves)):
        _check_hash("inclusion", node, "hash of the multi-proof")
    nodes, width, rest = list(leaves), size, iter(path)
    while width > 1:
        nodes, width = [_parent(group, width, rest) for group in _siblings(nodes)], (width + 1) >> 1
    if nodes[0][1] != root:
        raise Unverified("inclusion", f"the multi-proof of {len(leaves)} leaves of {size} does not lead to the root")


def multiproof_length(indices: Sequence[int], size: int) -> int:
    """How many hashes the multi-proof of these strictly ascending indices has."""
    total, level, width = 0, list(indices), size
    while width > 1:
        parents = sorted({index >> 1 for index in level})
        # Two children for each parent, but for the parent of a lone rightmost node; those not at hand are in the path.
        lone = width & 1 and level[-1] == width - 1
        total += 2 * len(parents) - len(level) - (1 if lone else 0)
        level, width = parents, (width + 1) >> 1
    return total


def _siblings(nodes: Sequence[tuple[int, bytes]]) -> list[list[tuple[int, bytes]]]:
    return [list(group) for _, group in itertools.groupby(nodes, key=lambda node: node[0] >> 1)]


def _parent(group: Sequence[tuple[int, bytes]], width: int, rest: Iterator[bytes]) -> tuple[int, bytes]:
    index, node = group[0]
    if len(group) == 2:
        return index >> 1, node_hash(node, group[1][1])
    if index & 1:
        return index >> 1, node_hash(next(rest), node)
    if index + 1 < width:
        return index >> 1, node_hash(node, next(rest))
    return index >> 1, node


def _turns(index: int, size: int) -> tuple[int, int]:
    """How many hashes a path has below the level where it joins the right edge of the tree, and from there on.

    RFC 9162 2.1.3.2 without its loop: below, a sibling stands on either side; on the edge, on the left or nowhere.
    """
    inner = (index ^ (size - 1)).bit_length()
    return inner, (index >> inner).bit_count()


def _check_place(code: str, index: int, size: int) -> None:
    if not 0 <= index < size <= SIZE_LIMIT:
        raise Unverified(code, f"there is no leaf {index} in a tree of {size}")


def _check_indices(indices: Sequence[int], size: int) -> None:
    if not indices:
        raise Unverified("inclusion", "a multi-proof of no leaves proves nothing")
    for index in indices:
        _check_place("inclusion", index, size)
    if any(a >= b for a, b in itertools.pairwise(indices)):
        raise Unverified("inclusion", "the leaves of a multi-proof do not strictly ascend by index")


def _check_path(code: str, path: Sequence[bytes], wanted: int, what: str) -> None:
    if len(path) != wanted:
        raise Unverified(code, f"path has {len(path)} hashes, want {wanted} for {what}")
    for node in path:
        _check_hash(code, node, "hash of the path")


def _check_hash(code: str, value: bytes, what: str) -> None:
    if len(value) != HASH_SIZE:
        raise Unverified(code, f"a {what} has {len(value)} bytes, want {HASH_SIZE}")
