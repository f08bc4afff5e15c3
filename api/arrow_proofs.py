"""Inclusion proofs asked for and given as Arrow IPC streams."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from ledger.checking.arrow_reader import Column
from ledger.kernel.errors import Missing
from ledger.merkle import batches
from ledger.recording.log import Log
from ledger.showing import reading
from schemas.arrow import HASH, INCLUSION_PROOFS, WANTED_LEAVES


def indices_of(log: Log, wanted: Column, size: int) -> pa.UInt64Array:
    """The indices of what is asked for by index or by leaf hash. Raises Malformed, Missing."""
    kind = HASH if wanted.name == WANTED_LEAVES.names[0] else pa.uint64()
    rows = len(wanted.values) * 8 // kind.bit_width
    column = pa.Array.from_buffers(kind, rows, [None, pa.py_buffer(wanted.values)])
    if kind == HASH:
        return find_leaves(log, column, size)
    reading.require_below(pc.max(column).as_py() or 0, size)
    return column


def find_leaves(log: Log, leaves: Sequence[bytes] | pa.Array, size: int) -> pa.UInt64Array:
    """The index of each leaf hash in the tree of `size`. Raises Missing for the first that it does not have."""
    wanted = leaves if isinstance(leaves, pa.Array) else pa.array(leaves, HASH)
    found = batches.find_leaves(log.tree, wanted, size)
    if found.null_count:
        row = pc.indices_nonzero(found.is_null())[0].as_py()
        leaf = wanted[row].as_py().hex()
        raise Missing("no_leaf", f"row {row}: no entry of the tree of {size} has the leaf hash {leaf}", row=row)
    return found


def head() -> bytes:
    """The first bytes of an answer."""
    return _bytes(INCLUSION_PROOFS.serialize())


def proofs(log: Log, indices: Sequence[int] | pa.Array, size: int) -> bytes:
    """The next bytes: a record batch of the proofs of these entries in the tree of `size`."""
    # One thread: the others are for other requests, and a client takes bytes more slowly than one makes them.
    return _bytes(batches.inclusion_proofs(log.tree, indices, size, threads=1).serialize())


def end() -> bytes:
    """The last bytes, without which a reader cannot know that it has all."""
    return b"\xff\xff\xff\xff\x00\x00\x00\x00"


def _bytes(buffer: pa.Buffer) -> bytes:
    data: bytes = buffer.to_pybytes()
    return data
