"""The growing RFC 6962 tree: append leaf hashes, prove from any size it ever had.

Its levels are files that are derived from the database, so they are not synced with each append. What that costs is
settled when the tree is opened: the file `synced` says up to which size everything is on the disk, and all nodes
above later leaves are made again from level 0. Whoever compares the root with a signed one has then checked every
leaf behind that size; where they differ, the tree is cut to nothing and grown again.
"""

import itertools
import os
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ledger.kernel.hashing import HASH_SIZE, split_hashes
from ledger.merkle import kernel, walks
from ledger.merkle.levels import Levels
from ledger.merkle.parts import in_parts

if TYPE_CHECKING:
    from typing_extensions import Buffer

_SYNC_EVERY = 1 << 20  # leaves: made again in a tenth of a second
_RUN = 1 << 16  # leaves grown over at once: their levels stay in the processor's cache


def parents(children: "Buffer") -> bytearray:
    """The hashes of each pair of nodes, one after the other; a last odd node has none yet."""
    nodes = memoryview(children)
    pairs = len(nodes) // (2 * HASH_SIZE)
    out = bytearray(HASH_SIZE * pairs)
    kernel.node_hashes(nodes[: 2 * HASH_SIZE * pairs], out)
    return out


class Tree:
    """A tree in a directory. One thread appends; any thread proves from sizes that it has seen.

    Indices and sizes that the tree does not have are a ValueError: they are checked where they come in.
    """

    def __init__(self, directory: Path, levels: Levels) -> None:
        """Use `Tree.open`."""
        self._directory = directory
        self._levels = levels
        self._size = 0
        self._synced = 0

    @classmethod
    def open(cls, directory: Path) -> "Tree":
        """The tree in a directory, which is made if it is not there; torn and missing ends are repaired."""
        tree = cls(directory, Levels(directory))
        tree._repair()
        return tree

    def _repair(self) -> None:
        count = self._levels.count(0)
        noted = _read_size(self._directory / "synced")
        self._synced = min(noted, count)
        for level in range(len(self._levels) + 1):
            # A level shorter than it should be, or not there, has lost what it held from here on.
            self._synced = min(self._synced, (self._levels.count(level) + 1 << level) - 1)
        if self._synced < noted:
            _write_size(self._directory, self._synced)  # before anything else is written where it was lost
        for level in range(1, len(self._levels)):
            self._levels.cut(level, self._synced >> level)
        self._levels.cut(0, count)
        self._size = self._synced
        while self._size < count:
            end = min(self._size + _RUN, count)
            self._grow(self._levels.nodes(0, self._size, end), self._size)
            self._size = end

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._size

    def append(self, leaves: "Sequence[bytes] | Buffer") -> None:
        """Add leaf hashes: a sequence of 32 bytes each, or one run of them. ValueError for other lengths."""
        run = _run_of(leaves)
        if len(run) % HASH_SIZE:
            raise ValueError(f"{len(run)} bytes are no whole number of {HASH_SIZE}-byte leaf hashes")
        end = self._size
        for at in range(0, len(run), HASH_SIZE * _RUN):
            part = run[at : at + HASH_SIZE * _RUN]
            self._levels.write(0, end, part)
            self._grow(part, end)
            end += len(part) // HASH_SIZE
        self._size = end  # only now may readers know
        if self._size - self._synced >= _SYNC_EVERY:
            self.sync()

    def _grow(self, run: "Buffer", start: int) -> None:
        """Make the levels above the leaves `run`, which begin at `start` and stand in level 0 already."""
        nodes, level = memoryview(run), 0
        end = start + len(nodes) // HASH_SIZE
        while end >> (level + 1):
            if start & 1:  # the left child of the first new parent is an older node
                nodes = memoryview(self._levels.node(level, start - 1) + nodes)
            start, level, nodes = start >> 1, level + 1, memoryview(parents(nodes))
            self._levels.write(level, start, nodes)

    def root(self, size: int | None = None) -> bytes:
        """The root of the first `size` leaves, of all of them if it is not given."""
        size = self._size if size is None else size
        self._check_size(size)
        return walks.root(self._levels.node, size)

    def levels_of(self, size: int) -> "Sequence[Buffer]":
        """For each level below the root of the tree of `size`, and at least one: its complete nodes or more, mapped.

        What `ledger.merkle.kernel` and `ledger.merkle.batches` gather from.
        """
        self._check_size(size)
        if not size:
            return [b""]
        return [self._levels.mapped(level, size >> level) for level in range(max((size - 1).bit_length(), 1))]

    def inclusion_leaf(self, index: int) -> bytes:
        """The leaf hash at `index`: where its inclusion path begins."""
        self._check_index(index, self._size)
        return self._levels.node(0, index)

    def nodes(self, level: int, start: int, end: int) -> bytes:
        """The complete nodes [start, end) of a level, 32 bytes each: what tiles are cut from."""
        if not 0 <= start <= end <= self._size >> level:
            raise ValueError(f"level {level} of a tree of {self._size} leaves has no nodes {start} to {end}")
        return self._levels.nodes(level, start, end)

    def inclusion_path(self, index: int, size: int) -> tuple[bytes, ...]:
        """RFC 9162 2.1.3.1: the path of a leaf in the tree of `size`, its sibling first."""
        self._check_size(size)
        self._check_index(index, size)
        return tuple(walks.climb(self._levels.node, 0, index, size))

    def inclusion_paths(self, indices: Sequence[int], size: int) -> list[tuple[bytes, ...]]:
        """The path of each leaf in the tree of `size`, gathered in one go; one by one is faster for one or two."""
        return [split_hashes(run) for run in self.inclusion_runs(indices, size)]

    def inclusion_runs(self, indices: Sequence[int], size: int) -> list[bytes]:
        """The paths of `inclusion_paths`, the hashes of each one after the other."""
        self._check_size(size)
        for index in indices:
            self._check_index(index, size)
        if not indices:
            return []
        levels, wanted, offsets = self.levels_of(size), array("Q", indices), array("i", bytes(4 * (len(indices) + 1)))
        paths = bytearray(HASH_SIZE * kernel.path_lengths(wanted, size, offsets))
        edges = bytearray(HASH_SIZE * ((size - 1).bit_length() + 1))
        kernel.right_edge(levels, size, edges)
        kernel.inclusion_paths(levels=levels, indices=wanted, size=size, edges=edges, offsets=offsets, out=paths)
        run = bytes(paths)
        return [run[HASH_SIZE * start : HASH_SIZE * end] for start, end in itertools.pairwise(offsets)]

    def consistency_path(self, old: int, new: int) -> tuple[bytes, ...]:
        """RFC 9162 2.1.4.1: the path from the tree of `old` leaves to that of `new`."""
        self._check_size(new)
        return walks.consistency_path(self._levels.node, old, new)

    def multi_path(self, indices: Sequence[int], size: int) -> tuple[bytes, ...]:
        """One proof of many leaves, for `kernel.proofs.verify_multiproof`; `indices` strictly ascend."""
        self._check_size(size)
        for index in indices:
            self._check_index(index, size)
        return walks.multi_path(self._levels.node, indices, size)

    def truncate(self, size: int) -> None:
        """Forget all but the first `size` leaves; nobody may be reading beyond them."""
        self._check_size(size)
        if size < self._synced:
            _write_size(self._directory, size)  # Crash here: opening makes again what was still good.
            self._synced = size
        self._size = size
        for level in reversed(range(len(self._levels))):
            self._levels.cut(level, size >> level)

    def sound(self) -> bool:
        """Whether every node in the files is the hash of its children; on all cores, some 20 ns each of one.

        With a root that is known to be right, every node is: also those that no path to that root shows.
        """
        return all(self._sound_above(level) for level in range(len(self._levels) - 1))

    def _sound_above(self, level: int) -> bool:
        count = self._size >> (level + 1)
        children, wrong = memoryview(self._levels.mapped(level, 2 * count)), []

        def check(start: int, end: int) -> None:
            for at in range(start, end, _RUN):
                last = min(at + _RUN, end)
                hashes = parents(children[2 * HASH_SIZE * at : 2 * HASH_SIZE * last])
                if hashes != self._levels.nodes(level + 1, at, last):
                    wrong.append(at)

        in_parts(count, None, check, worth=_RUN)
        return not wrong

    def sync(self) -> None:
        """Put the levels on the disk, and then note up to where they are."""
        self._levels.sync()
        _write_size(self._directory, self._size)
        self._synced = self._size

    def close(self) -> None:
        """Sync and give the files back."""
        if self._synced != self._size:
            self.sync()
        self._levels.close()

    def _check_size(self, size: int) -> None:
        if not 0 <= size <= self._size:
            raise ValueError(f"the tree has {self._size} leaves, not {size}")

    def _check_index(self, index: int, size: int) -> None:
        if not 0 <= index < size:
            raise ValueError(f"there is no leaf {index} in a tree of {size}")


def _run_of(leaves: "Sequence[bytes] | Buffer") -> memoryview:
    try:
        run = memoryview(cast("Buffer", leaves))
    except TypeError:  # not one run of bytes, so a sequence of them
        run = memoryview(_joined(cast("Sequence[bytes]", leaves)))
    return run.cast("B") if run.nbytes else memoryview(b"")


def _joined(leaves: Sequence[bytes]) -> bytes:
    wrong = next((leaf for leaf in leaves if len(leaf) != HASH_SIZE), None)
    if wrong is not None:
        raise ValueError(f"a leaf hash has {HASH_SIZE} bytes, not {len(wrong)}")
    return b"".join(leaves)


def _read_size(path: Path) -> int:
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return 0
    return int(text) if text.isdigit() and len(text) < 20 else 0  # anything else: nothing is known to be synced


def _write_size(directory: Path, size: int) -> None:
    draft = directory / "synced.draft"
    with open(draft, "w", encoding="ascii") as file:  # noqa: PTH123  fsync needs the descriptor
        file.write(str(size))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(directory / "synced")
    folder = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
