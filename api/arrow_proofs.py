"""Inclusion proofs asked for and given as Arrow IPC streams."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from ledger import reading
from ledger.kernel.errors import Missing
from ledger.limits import DECOMPRESSED
from ledger.log import Log
from ledger.merkle import batches, hostile
from schemas.arrow import HASH, INCLUSION_PROOFS, WANTED_INDICES, WANTED_LEAVES


def read_indices(log: Log, body: bytes, size: int) -> pa.UInt64Array:
    """The indices that an Arrow stream of indices or leaf hashes asks for. Raises Malformed, TooLarge, Missing."""
    wanted = hostile.read_stream(body, WANTED_INDICES, WANTED_LEAVES, most_bytes=DECOMPRESSED)
    if wanted.schema.names == WANTED_LEAVES.names:
        return find_leaves(log, wanted.column(0), size)
    reading.require_below(pc.max(wanted.column(0)).as_py() or 0, size)
    return wanted.column(0)


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
