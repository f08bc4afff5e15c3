"""The level files: for each level of the tree one file of 32-byte nodes, which only ever grows at its end.

Level k holds the roots of the complete subtrees of 2^k leaves, floor(size / 2^k) of them. Reads go through a mapping
of the file where it reaches, which costs less than half of a system call, and through the file where it has grown
since. Mappings are replaced, never resized, so readers need no lock.
"""

import mmap
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.kernel.hashing import HASH_SIZE

if TYPE_CHECKING:
    from typing_extensions import Buffer

LEVELS = 64
_REMAP = 8 * HASH_SIZE  # bytes a file may at least grow before it is mapped again
_REMAP_SHIFT = 6  # and a large one by 1/64 of what is mapped, since a new mapping begins cold


class Levels:
    """The files of one tree. One thread writes; any thread reads nodes that were there when it began."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._files: list[int] = []
        self._maps: list[mmap.mmap | bytes] = []
        self._swap = threading.Lock()  # a reader never puts a mapping back that the writer has just cut
        there = [level for level in range(LEVELS) if self._path(level).exists()]
        for level in range(max(there, default=-1) + 1):
            self._add(level)

    def _path(self, level: int) -> Path:
        return self._directory / f"level-{level:02}"

    def _add(self, level: int) -> None:
        self._files.append(os.open(self._path(level), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644))
        self._maps.append(b"")
        with self._swap:
            self._map(level)

    def _map(self, level: int) -> None:
        file = self._files[level]
        # An empty file cannot be mapped; the old mapping is freed when its last reader lets go of it.
        self._maps[level] = mmap.mmap(file, 0, access=mmap.ACCESS_READ) if os.fstat(file).st_size else b""

    def __len__(self) -> int:
        """How many levels have a file."""
        return len(self._files)

    def count(self, level: int) -> int:
        """Whole nodes in the file of a level; a torn last one does not count."""
        return os.fstat(self._files[level]).st_size // HASH_SIZE if level < len(self._files) else 0

    def node(self, level: int, index: int) -> bytes:
        """One node. IndexError beyond the file."""
        at = index * HASH_SIZE
        found = self._maps[level][at : at + HASH_SIZE]
        return found if len(found) == HASH_SIZE else self.nodes(level, index, index + 1)

    def mapped(self, level: int, count: int) -> mmap.mmap | bytes:
        """A mapping of the first `count` nodes of a level, or of more. IndexError beyond the file."""
        found = self._maps[level]
        if len(found) < count * HASH_SIZE:
            with self._swap:
                self._map(level)
                found = self._maps[level]
        if len(found) < count * HASH_SIZE:
            raise IndexError(f"level {level} of the tree ends before node {count}")
        return found

    def nodes(self, level: int, start: int, end: int) -> bytes:
        """The nodes [start, end) of a level, one after the other. IndexError beyond the file."""
        wanted = (end - start) * HASH_SIZE
        if wanted <= 0:
            return b""
        found = os.pread(self._files[level], wanted, start * HASH_SIZE)
        if len(found) != wanted:
            raise IndexError(f"level {level} of the tree ends before node {end}")
        return found

    def write(self, level: int, start: int, nodes: "Buffer") -> None:
        """Put nodes at `start`, where the level ends or was cut."""
        if level == len(self._files):
            self._add(level)
        at = start * HASH_SIZE
        view = memoryview(nodes)
        while view:
            written = os.pwrite(self._files[level], view, at)
            at, view = at + written, view[written:]
        mapped = len(self._maps[level])
        if at - mapped > max(_REMAP, mapped >> _REMAP_SHIFT):
            with self._swap:
                self._map(level)

    def cut(self, level: int, count: int) -> None:
        """Leave only the first `count` nodes of a level."""
        if level < len(self._files) and os.fstat(self._files[level]).st_size != count * HASH_SIZE:
            with self._swap:
                self._maps[level] = b""  # before the cut: touching a mapping beyond its file ends the process
                os.ftruncate(self._files[level], count * HASH_SIZE)
                self._map(level)

    def sync(self) -> None:
        """Everything written is on the disk once this returns."""
        for file in self._files:
            os.fdatasync(file)

    def close(self) -> None:
        """Give the files back. Nothing may be read afterwards."""
        self._maps.clear()
        while self._files:
            os.close(self._files.pop())
