"""What a tree takes of memory: its level files, which are mapped, and what a process that proves needs beside."""

import multiprocessing
import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from ledger.merkle import batches
from ledger.merkle.tree import Tree

_PROVED = 100_000  # leaves, at random, so that all of the lower levels are touched
_STATUS = Path("/proc/self/status")  # proc(5); elsewhere nothing is told


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes. `mapped` is what the level files hold; `beside` what a fresh process took of its own to open and prove."""

    size: int
    mapped: int
    beside: int

    @property
    def says(self) -> str:
        """A line of the table."""
        each, beside = self.mapped / self.size, self.beside / 2**20
        return f"memory of {self.size:,} leaves: {each:.2f} bytes a leaf, mapped from files; {beside:.1f} MiB beside"


def memory_of(folder: Path) -> Memory:
    """Of the tree in a folder, which nobody has open."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as alone:
        size, beside = alone.submit(_prove, folder).result()
    mapped = sum(file.stat().st_size for file in folder.glob("level-*"))
    return Memory(size, mapped, beside)


def _prove(folder: Path) -> tuple[int, int]:
    before = _own()
    tree = Tree.open(folder)
    dice = random.Random(1)  # noqa: S311  a sample, no secret
    wanted = pa.array([dice.randrange(tree.size) for _ in range(min(_PROVED, tree.size))], pa.uint64())
    for _ in batches.inclusion_proof_stream(tree, wanted):
        pass
    beside, size = _own() - before, tree.size
    tree.close()
    return size, max(0, beside)


def _own() -> int:
    """Resident memory that no file is mapped into."""
    lines = _STATUS.read_text("ascii").splitlines() if _STATUS.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:")), 0)
