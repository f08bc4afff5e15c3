"""The prover over Arrow: one call hashes or proves one row or a million, at the speed of the hash kernel.

Arrays and record batches go in and come out with the schemas of `schemas.arrow`; nothing is copied that Arrow lets
stand. The functions keep nothing between calls, so they run unchanged in any engine that maps over Arrow batches.
`threads` is how many work on one call: one a processor if it is not given, the caller alone where rows are few.

What a tree does not have, nulls, and arrays of another type are a ValueError. Verification is `ledger.merkle.verifier`.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from ledger.kernel.hashing import HASH_SIZE
from ledger.merkle import kernel
from ledger.merkle.built import Built
from ledger.merkle.columns import hash_array, hashes, indices_array, room, run_of, without_nulls
from ledger.merkle.parts import ahead, in_parts
from schemas.arrow import INCLUSION_PROOFS

if TYPE_CHECKING:
    from typing_extensions import Buffer

_PATHS = INCLUSION_PROOFS.field("path").type
_OFFSET_WIDTHS = {pa.binary(): 4, pa.large_binary(): 8}


class Proving(Protocol):
    """What proofs are made from: `ledger.merkle.tree.Tree`, or a `Built` one."""

    @property
    def size(self) -> int:
        """How many leaves the tree has."""

    def levels_of(self, size: int) -> "Sequence[Buffer]":
        """For each level below the root of the tree of `size`, and at least one: its complete nodes, or more."""

    def consistency_path(self, old: int, new: int) -> tuple[bytes, ...]:
        """RFC 9162 2.1.4.1."""

    def multi_path(self, indices: Sequence[int], size: int) -> tuple[bytes, ...]:
        """One proof of many leaves."""


def leaf_hashes(values: pa.Array, *, threads: int | None = None) -> pa.FixedSizeBinaryArray:
    """SHA-256(0x00 ‖ value) of each value of a fixed_size_binary, binary or large_binary array: fixed_size_binary[32].

    ValueError for nulls: nothing has no hash.
    """
    without_nulls("the array of leaves", values)
    out = room(HASH_SIZE * len(values))
    target = memoryview(out)
    if pa.types.is_fixed_size_binary(values.type):
        _hash_fixed(run_of(values), values.type.byte_width, target, threads)
    elif width := _OFFSET_WIDTHS.get(values.type):
        _hash_variable(values, width, target, threads)
    else:
        raise ValueError(f"leaves are fixed_size_binary, binary or large_binary, not {values.type}")
    return hashes(out)


def _hash_fixed(data: pa.Buffer, width: int, out: memoryview, threads: int | None) -> None:
    view = memoryview(data)

    def part(start: int, end: int) -> None:
        kernel.leaf_hashes_fixed(view[width * start : width * end], width, out[HASH_SIZE * start : HASH_SIZE * end])

    in_parts(len(out) // HASH_SIZE, threads, part)


def _hash_variable(values: pa.Array, width: int, out: memoryview, threads: int | None) -> None:
    if not len(values):
        return
    _, offsets, data = values.buffers()
    bounds = memoryview(offsets.slice(width * values.offset, width * (len(values) + 1)))
    given = data if data is not None else b""

    def part(start: int, end: int) -> None:
        some = bounds[width * start : width * (end + 1)]
        kernel.leaf_hashes_var(given, some, width, out[HASH_SIZE * start : HASH_SIZE * end])

    in_parts(len(values), threads, part)


def inclusion_proofs(
    tree: Proving, indices: pa.Array | Sequence[int], size: int | None = None, *, threads: int | None = None
) -> pa.RecordBatch:
    """The inclusion proof of each index, in the order given, in the tree of `size` (all of it if not given).

    The batch has the schema INCLUSION_PROOFS. Any size that the tree ever had will do.
    """
    size = tree.size if size is None else size
    wanted = indices_array(indices)
    levels = tree.levels_of(size)
    offsets, paths = _gather(levels, memoryview(run_of(wanted)).cast("B"), size, threads)
    columns = [
        wanted,
        pa.repeat(pa.scalar(size, pa.uint64()), len(wanted)),
        pc.take(hashes(pa.py_buffer(levels[0])), wanted, boundscheck=False),  # the kernel has checked every index
        pa.Array.from_buffers(_PATHS, len(wanted), [None, offsets], children=[hashes(paths)]),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=INCLUSION_PROOFS)


def _gather(
    levels: "Sequence[Buffer]", wanted: memoryview, size: int, threads: int | None
) -> tuple[pa.Buffer, pa.Buffer]:
    rows = len(wanted) // 8
    offsets = room(4 * (rows + 1))
    paths = room(HASH_SIZE * kernel.path_lengths(wanted, size, offsets))
    edges = bytearray(HASH_SIZE * ((size - 1).bit_length() + 1))
    kernel.right_edge(levels, size, edges)
    bounds = memoryview(offsets).cast("B")

    def part(start: int, end: int) -> None:
        some = bounds[4 * start : 4 * (end + 1)]
        kernel.inclusion_paths(
            levels=levels, indices=wanted[8 * start : 8 * end], size=size, edges=edges, offsets=some, out=paths
        )

    in_parts(rows, threads, part)
    return offsets, paths


def inclusion_proof_stream(
    tree: Proving,
    indices: pa.Array | Sequence[int],
    size: int | None = None,
    *,
    rows: int = 1 << 15,
    threads: int | None = None,
) -> Iterator[pa.RecordBatch]:
    """The same, `rows` proofs a batch, made a few batches ahead: memory stays bounded, and in the caches."""
    size = tree.size if size is None else size
    wanted = indices_array(indices)
    parts = [wanted.slice(start, rows) for start in range(0, len(wanted), rows)]
    return ahead(lambda part: inclusion_proofs(tree, part, size, threads=1), parts, threads)


def consistency_proof(tree: Proving, old: int, new: int | None = None) -> pa.FixedSizeBinaryArray:
    """The path from the tree of `old` leaves to that of `new`: what `kernel.proofs.verify_consistency` takes."""
    path = tree.consistency_path(old, tree.size if new is None else new)
    return hashes(pa.py_buffer(b"".join(path)))


def multi_proof(tree: Proving, indices: pa.Array | Sequence[int], size: int | None = None) -> pa.FixedSizeBinaryArray:
    """One compact proof of many leaves, strictly ascending by index; SPEC 4.6 has the order of its hashes."""
    wanted = indices_array(indices).to_pylist()
    path = tree.multi_path(wanted, tree.size if size is None else size)
    return hashes(pa.py_buffer(b"".join(path)))


def find_leaves(tree: Proving, leaves: pa.Array, size: int | None = None) -> pa.UInt64Array:
    """The position of each leaf hash in the tree of `size`, null where it is not; level 0 is read through once.

    Two entries never have the same leaf hash, since an entry holds its index; of equal leaves the first is found.
    """
    size = tree.size if size is None else size
    wanted = hash_array("leaf", leaves)
    if not size:
        return pa.nulls(len(wanted), pa.uint64())
    level = hashes(pa.py_buffer(tree.levels_of(size)[0]).slice(0, HASH_SIZE * size))
    found = pc.indices_nonzero(pc.is_in(level, value_set=wanted))
    return pc.take(found, pc.index_in(wanted, value_set=pc.take(level, found))).cast(pa.uint64())


def tree_root(leaves: pa.Array, *, threads: int | None = None) -> bytes:
    """The RFC 6962 root over an array of leaf hashes (SHA-256 of nothing over none)."""
    return Built(leaves, threads=threads).root()
