"""What a user would take instead of the hash kernel, measured in the same run; what is not installed is absent."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pyarrow as pa

from ledger.kernel.hashing import HASH_SIZE, tree_root
from ledger.kernel.proofs import root_from_path
from ledger.merkle import kernel

LIMIT = "limit: bare rounds"
_LARGEST = {"hashlib loop": 1_000_000, "pymerkle": 100_000, "DataFusion": 1_000_000, "DuckDB": 1_000_000}
_HASHES = ("leaf hashes", "node hashes")
_WORKS = {"hashlib loop": (*_HASHES, "tree"), "pymerkle": ("tree",), "DataFusion": _HASHES, "DuckDB": _HASHES}
_ENGINES = frozenset({"DataFusion", "DuckDB"})
_SAMPLE = 1_000  # proofs a measurement
_COMPRESSIONS = 1 << 18


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to time: `run` does `count` of it; None stands for a rival that is not here, or is left out."""

    work: str
    rival: str
    threads: int
    count: int
    run: Callable[[], object] | None
    kernel: str = ""  # the path it took, where it was not the one chosen
    left_out: bool = False  # preparing and running it takes longer than anybody waits


@dataclass(frozen=True, slots=True)
class Preimages:
    """What an engine hashes: values with their RFC 6962 prefix already put before them, which spares it that work."""

    leaves: list[bytes]
    nodes: list[bytes]


def preimages(entries: pa.Array, leaves: pa.Array) -> Preimages:
    """Of entries, and of the pairs of a level."""
    level = leaves.buffers()[1].to_pybytes()
    pairs = range(0, len(leaves) // 2 * 2 * HASH_SIZE, 2 * HASH_SIZE)
    return Preimages(
        [b"\x00" + entry for entry in entries.to_pylist()], [b"\x01" + level[at : at + 64] for at in pairs]
    )


def rivals(entries: pa.Array, leaves: pa.Array, threads: int) -> Iterator[Task]:
    """All that is measured beside our own rows at this size. `threads` is what engines may use beside one."""
    size = len(leaves)
    yield from _limits()
    yield from _left_out(size, threads)
    if size <= _LARGEST["hashlib loop"]:
        yield from _hashlib(entries, leaves)
    if size <= _LARGEST["DataFusion"]:
        given = preimages(entries, leaves)
        for engine, load in (("DataFusion", _datafusion), ("DuckDB", _duckdb)):
            yield from _sql(engine, load, given, threads)
    if size <= _LARGEST["pymerkle"]:
        yield from _pymerkle(entries)


def _left_out(size: int, threads: int) -> Iterator[Task]:
    """Rivals that want each value as an object of its own, and take a second or more for a million."""
    for rival in (name for name, largest in _LARGEST.items() if size > largest):
        for used in sorted({1, threads}) if rival in _ENGINES else (1,):
            for work in _WORKS[rival]:
                yield Task(work, rival, used, size // 2 if work == "node hashes" else size, None, left_out=True)


def _limits() -> Iterator[Task]:
    """RFC 6962 nodes have two blocks: the rounds of two compressions, nothing loaded, scheduled or stored."""
    paths = kernel.available_paths()[:-1]  # the last is the portable one, whose rounds are out of reach
    if not paths:
        yield Task("node hashes", LIMIT, 1, 1, None)
    for path in paths:
        run = partial(kernel.bare_rounds, _COMPRESSIONS, path=path)
        yield Task("node hashes", LIMIT, 1, _COMPRESSIONS // 2, run, path)


def _hashlib(entries: pa.Array, leaves: pa.Array) -> Iterator[Task]:
    """From the same bytes to the same bytes as ours."""
    rival, size, width = "hashlib loop", len(leaves), entries.type.byte_width
    data, level = (column.buffers()[1].to_pybytes() for column in (entries, leaves))
    yield Task("leaf hashes", rival, 1, size, lambda: _hash_runs(b"\x00", data, width))
    yield Task("node hashes", rival, 1, size // 2, lambda: _hash_runs(b"\x01", level, 2 * HASH_SIZE))
    hashes = leaves.to_pylist()
    yield Task("tree", rival, 1, size, lambda: tree_root(hashes))
    dice = random.Random(1)  # noqa: S311  a sample, no secret
    path = [dice.randbytes(HASH_SIZE) for _ in range((size - 1).bit_length())]
    yield Task("verification", rival, 1, _SAMPLE, lambda: _fold(hashes[0], path))


def _hash_runs(prefix: bytes, data: bytes, width: int) -> bytes:
    ends = range(width, len(data) + 1, width)
    return b"".join([sha256(prefix + data[end - width : end]).digest() for end in ends])


def _fold(leaf: bytes, path: list[bytes]) -> None:
    for _ in range(_SAMPLE):
        root_from_path(index=0, size=1 << len(path), leaf=leaf, path=path)


def _sql(
    engine: str, load: Callable[[list[bytes], int], Callable[[], object]], given: Preimages, threads: int
) -> Iterator[Task]:
    there = find_spec(engine.lower()) is not None
    for work, values in (("leaf hashes", given.leaves), ("node hashes", given.nodes)):
        for used in sorted({1, threads}):
            yield Task(work, engine, used, len(values), load(values, used) if there else None)


# `max` makes an engine compute every hash and hands none of them over: what it costs is the hashing.
_QUERY = "SELECT max(sha256(value)) FROM given"


def _datafusion(values: list[bytes], threads: int) -> Callable[[], object]:
    engine: Any = import_module("datafusion")
    session = engine.SessionContext(engine.SessionConfig().with_target_partitions(threads))
    table = pa.table({"value": pa.array(values, pa.binary())})
    batches = table.to_batches(max_chunksize=max(-(-len(values) // threads), 1))
    session.register_record_batches("given", [[batch] for batch in batches])
    return lambda: session.sql(_QUERY).collect()


def _duckdb(values: list[bytes], threads: int) -> Callable[[], object]:
    connection: Any = import_module("duckdb").connect(config={"threads": threads})
    arrow = pa.table({"value": pa.array(values, pa.binary())})
    connection.register("arrow", arrow)
    connection.execute("CREATE TABLE given AS SELECT value FROM arrow")  # its own layout: nothing is converted in time
    return lambda: connection.execute(_QUERY).fetchall()


def _pymerkle(entries: pa.Array) -> Iterator[Task]:
    works = ("tree", "inclusion proofs, random", "verification", "consistency proofs")
    if find_spec("pymerkle") is None:
        yield from (Task(work, "pymerkle", 1, 1, None) for work in works)
        return
    module: Any = import_module("pymerkle")
    values = entries.to_pylist()
    tree = _grown(module, values)
    size, dice = len(values), random.Random(1)  # noqa: S311  a sample, no secret
    sample = [dice.randrange(1, size + 1) for _ in range(_SAMPLE // 10)]  # it counts leaves from 1
    proofs = [(tree.get_leaf(index), tree.prove_inclusion(index, size)) for index in sample]
    root = tree.get_root(size)
    runs: list[tuple[int, Callable[[], object]]] = [
        (size, lambda: _grown(module, values)),
        (len(sample), lambda: [tree.prove_inclusion(index, size) for index in sample]),
        (len(sample), lambda: [module.verify_inclusion(leaf, root, proof) for leaf, proof in proofs]),
        (len(sample), lambda: [tree.prove_consistency(old, size) for old in sample]),
    ]
    yield from (Task(work, "pymerkle", 1, count, run) for work, (count, run) in zip(works, runs, strict=True))


def _grown(module: Any, values: list[bytes]) -> Any:
    tree = module.InmemoryTree(algorithm="sha256")
    for value in values:
        tree.append_entry(value)
    return tree
