"""The Merkle benchmark: hashing, building, proving, verifying; ours by threads, the rivals, and the limit."""

import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from ledger.kernel.hashing import HASH_SIZE
from ledger.kernel.proofs import verify_consistency
from ledger.merkle import batches, kernel, verifier
from ledger.merkle.built import Built
from ledger.merkle.columns import run_of
from ledger.merkle.tree import Tree
from schemas.arrow import ENTRY
from tools.bench.merkle_memory import Memory, memory_of
from tools.bench.merkle_rivals import Task, rivals

_ENTRY_SIZE = 113
_DISTINCT = 1_000_000  # entries of random bytes; more are the same again
_ENTRIES = 10_000_000  # entries that are hashed, 1.1 GB; a larger tree has their hashes again and again
_PROOFS = 1_000_000  # a measurement
_PROOF_ROWS = 1 << 15  # a batch
_VERIFIED = 100_000
_CONSISTENCY = 1_000
_APPENDED = 1_000  # leaves at once, as a large commit brings them
_BROUGHT = 10_000  # leaves at once, as they come from the database
_SECONDS = 0.15  # a measurement is repeated for at least so long
_FEWEST, _MOST = 3, 25  # repetitions
_LONG = 0.5  # seconds of a run that needs no other to warm up
_ENOUGH = 10.0  # seconds of runs after which there is no other


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: the median of its repetitions. Without one `why` says why: the rival is absent, or takes too long."""

    work: str
    size: int
    threads: int
    per_second: float | None
    ns_each: float | None
    rival: str | None
    kernel: str
    why: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For --json: without a figure, `per_second` and `ns_each` are null."""
        return {name: value for name, value in asdict(self).items() if name != "why"}


@dataclass(frozen=True, slots=True)
class Given:
    """What is measured at one size, made beforehand. `entries` are all of them, or as many as may be in memory."""

    entries: pa.Array
    leaves: pa.Array
    tree: Tree
    folder: Path


def run_merkle(
    sizes: Sequence[int], threads: Sequence[int], tell: Callable[[str], None]
) -> tuple[list[Row], list[Memory]]:
    """All rows, size by size, and what each tree takes; `tell` hears what is being measured.

    The level files go to a temporary folder.
    """
    found: list[Row] = []
    memory: list[Memory] = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="coilmark-bench-") as name:
            tell(f"{size:,} leaves")
            given = _given(size, Path(name))
            found += [_row(size, task, ours=True) for task in _own(given, threads)]
            given.tree.close()
            memory.append(memory_of(given.folder / "given"))
            tasks = rivals(given.entries, given.leaves, max(threads))
            found += [_row(size, task, found, ours=False) for task in tasks]
    return found, memory


def _given(size: int, folder: Path) -> Given:
    random_bytes = os.urandom(_ENTRY_SIZE * min(size, _DISTINCT))
    held = min(size, _ENTRIES)
    data = memoryview(random_bytes * -(-held // _DISTINCT))[: _ENTRY_SIZE * held]
    entries = pa.Array.from_buffers(ENTRY, held, [None, pa.py_buffer(data)])
    some = batches.leaf_hashes(entries)
    leaves = pa.concat_arrays([some.slice(0, size - start) for start in range(0, size, held)])
    tree = Tree.open(folder / "given")
    tree.append(run_of(leaves))
    return Given(entries, leaves, tree, folder)


def _own(given: Given, threads: Sequence[int]) -> Iterator[Task]:
    for used in threads:
        yield from _hashing(given, used)
        yield from _proving(given, used)
    yield from _consistency(given)
    yield from _growing(given)


def _task(work: str, threads: int, count: int, run: Callable[[], object]) -> Task:
    return Task(work, "", threads, count, run)


def _hashing(given: Given, threads: int) -> Iterator[Task]:
    entries, leaves = given.entries, given.leaves
    pairs = min(len(leaves), _ENTRIES) // 2
    below = memoryview(run_of(leaves.slice(0, 2 * pairs))).cast("B")
    above = bytearray(HASH_SIZE * pairs)
    yield _task("leaf hashes", threads, len(entries), lambda: batches.leaf_hashes(entries, threads=threads))
    if threads == 1:
        for path in kernel.available_paths():
            run = partial(kernel.node_hashes, below, above, path=path)
            if path != "portable" or path == kernel.path_chosen():
                yield Task("node hashes", "", 1, pairs, run, path)
    yield _task("tree", threads, len(leaves), lambda: Built(leaves, threads=threads))


def _proving(given: Given, threads: int) -> Iterator[Task]:
    tree, size = given.tree, given.tree.size
    count = min(_PROOFS, 20 * size) if kernel.path_chosen() != "portable" else min(_VERIFIED // 5, size)
    dice = random.Random(1)  # noqa: S311  a sample, no secret
    anywhere = pa.array([dice.randrange(size) for _ in range(count)], pa.uint64())
    in_order = pa.array([at % size for at in range(count)], pa.uint64())
    for order, indices in (("random", anywhere), ("sequential", in_order)):
        yield _task(f"inclusion proofs, {order}", threads, count, partial(_prove, tree, indices, threads))
    proofs, root = batches.inclusion_proofs(tree, anywhere.slice(0, _VERIFIED)), tree.root()
    yield _task(
        "verification",
        threads,
        proofs.num_rows,
        lambda: _require(verifier.verify_inclusion(proofs, root, size=size, threads=threads).false_count == 0),
    )


def _prove(tree: Tree, indices: pa.Array, threads: int) -> None:
    for _ in batches.inclusion_proof_stream(tree, indices, rows=_PROOF_ROWS, threads=threads):
        pass


def _require(holds: bool) -> None:
    if not holds:
        raise RuntimeError("a proof of ours does not hold")


def _growing(given: Given) -> Iterator[Task]:
    """These change files, so they come last: the tree has grown by some leaves when they are done."""
    tree, run = given.tree, memoryview(run_of(given.leaves)).cast("B")
    few = run[: HASH_SIZE * _APPENDED]
    yield _task("append", 1, len(few) // HASH_SIZE, lambda: tree.append(few))
    tree.sync()
    yield _task("open the files", 1, 1, lambda: Tree.open(given.folder / "given").close())
    yield _task("open and check them", 1, 1, lambda: _require_sound(given.folder / "given"))
    yield _task("rebuild the files", 1, len(given.leaves), lambda: _rebuild(given.folder / "again", run))


def _require_sound(folder: Path) -> None:
    """As a ledger opens them: every node is the hash of its children."""
    tree = Tree.open(folder)
    good = tree.sound()
    tree.close()
    if not good:
        raise RuntimeError("a node of ours is not the hash of its children")


def _rebuild(folder: Path, run: memoryview) -> None:
    """As after a loss, from leaves at hand; the files are on the disk when it is done."""
    tree = Tree.open(folder)
    tree.truncate(0)
    step = HASH_SIZE * _BROUGHT
    for at in range(0, len(run), step):
        tree.append(run[at : at + step])
    tree.close()


def _consistency(given: Given) -> Iterator[Task]:
    tree, size = given.tree, given.tree.size
    dice = random.Random(1)  # noqa: S311  a sample, no secret
    sizes = [dice.randrange(1, size) for _ in range(_CONSISTENCY)]
    yield _task("consistency proofs", 1, len(sizes), lambda: [tree.consistency_path(old, size) for old in sizes])
    cases = [(old, tree.root(old), tree.consistency_path(old, size)) for old in sizes]
    yield _task("consistency, verified", 1, len(sizes), lambda: _verify_consistency(cases, size, tree.root()))


def _verify_consistency(cases: Sequence[tuple[int, bytes, tuple[bytes, ...]]], size: int, root: bytes) -> None:
    for old, old_root, path in cases:
        verify_consistency(old_size=old, new_size=size, old_root=old_root, new_root=root, path=path)


def _why(task: Task, found: Sequence[Row]) -> str:
    """Why a task has no figure: it is not here, or is left out, with what it would take by its rate before."""
    if not task.left_out:
        return "absent"
    same = (
        row for row in reversed(found) if (row.work, row.rival, row.threads) == (task.work, task.rival, task.threads)
    )
    before = next((row for row in same if row.ns_each is not None), None)
    if before is None or before.ns_each is None:
        return "left out"
    return f"left out: {before.ns_each * task.count / 1e9:,.1f} s a run, by its rate at {before.size:,}"


def _row(size: int, task: Task, found: Sequence[Row] = (), *, ours: bool) -> Row:
    rival = None if ours else task.rival
    chosen = task.kernel or kernel.path_chosen()
    if task.run is None:
        return Row(task.work, size, task.threads, None, None, rival, chosen, _why(task, found))
    seconds = _median(task.run) / task.count
    return Row(task.work, size, task.threads, round(1 / seconds, 1), round(seconds * 1e9, 2), rival, chosen)


def _median(run: Callable[[], object]) -> float:
    """Seconds. The first run warms caches and memory up; it counts only where a run is long."""
    first = _timed(run)
    taken = [first] if first > _LONG else []
    while sum(taken) < _ENOUGH and (len(taken) < _FEWEST or (sum(taken) < _SECONDS and len(taken) < _MOST)):
        taken.append(_timed(run))
    return statistics.median(taken)


def _timed(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start
