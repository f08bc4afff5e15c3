"""A tree that is built once, in memory, over an array of leaf hashes: for whoever has all of them at hand."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from ledger.kernel.hashing import HASH_SIZE
from ledger.merkle import kernel, walks
from ledger.merkle.columns import hash_array, room, run_of
from ledger.merkle.parts import in_parts

if TYPE_CHECKING:
    from typing_extensions import Buffer


class Built:
    """All levels over the leaf hashes: 64 bytes a leaf, 32 of them the array itself. It never changes.

    `threads` as for `ledger.merkle.batches`. Proves as `ledger.merkle.tree.Tree` does, from any earlier size too.
    """

    def __init__(self, leaves: pa.Array, *, threads: int | None = None) -> None:
        """ValueError unless `leaves` is fixed_size_binary[32] without nulls."""
        nodes = memoryview(run_of(hash_array("the array of leaf hashes", leaves))).cast("B")
        self._size = len(leaves)
        self._levels = [nodes]
        while len(nodes) > HASH_SIZE:
            nodes = _parents(nodes, threads)
            self._levels.append(nodes)

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._size

    def root(self, size: int | None = None) -> bytes:
        """The root of the first `size` leaves, of all of them if it is not given."""
        size = self._size if size is None else size
        self._check_size(size)
        return walks.root(self._node, size)

    def levels_of(self, size: int) -> "Sequence[Buffer]":
        """For each level below the root of the tree of `size`, and at least one: its complete nodes, or more."""
        self._check_size(size)
        return self._levels[: max((size - 1).bit_length(), 1)]

    def consistency_path(self, old: int, new: int) -> tuple[bytes, ...]:
        """RFC 9162 2.1.4.1: the path from the tree of `old` leaves to that of `new`."""
        self._check_size(new)
        return walks.consistency_path(self._node, old, new)

    def multi_path(self, indices: Sequence[int], size: int) -> tuple[bytes, ...]:
        """One proof of many leaves, for `kernel.proofs.verify_multiproof`; `indices` strictly ascend."""
        self._check_size(size)
        if outside := [index for index in indices if not 0 <= index < size]:
            raise ValueError(f"there is no leaf {outside[0]} in a tree of {size}")
        return walks.multi_path(self._node, indices, size)

    def _node(self, level: int, index: int) -> bytes:
        return bytes(self._levels[level][HASH_SIZE * index : HASH_SIZE * (index + 1)])

    def _check_size(self, size: int) -> None:
        if not 0 <= size <= self._size:
            raise ValueError(f"the tree has {self._size} leaves, not {size}")


def _parents(nodes: memoryview, threads: int | None) -> memoryview:
    """The level above; a last odd node has no parent yet."""
    count = len(nodes) // (2 * HASH_SIZE)
    out = memoryview(room(HASH_SIZE * count)).cast("B")

    def part(start: int, end: int) -> None:
        below = nodes[2 * HASH_SIZE * start : 2 * HASH_SIZE * end]
        kernel.node_hashes(below, out[HASH_SIZE * start : HASH_SIZE * end])

    in_parts(count, threads, part)
    return out
