"""Between Arrow arrays and the raw buffers that the hash kernel takes; nothing is copied either way.

Arrays are taken as they come out of an engine, slices included. They are trusted to be what Arrow calls valid: what
comes from outside goes through `ledger.merkle.hostile` first.
"""

from array import array
from collections.abc import Sequence

import pyarrow as pa

from ledger.kernel.hashing import HASH_SIZE
from schemas.arrow import HASH


def room(size: int) -> pa.Buffer:
    """Writable memory of so many bytes, from Arrow's pool; its content is undefined."""
    return pa.allocate_buffer(size)


def run_of(column: pa.Array) -> pa.Buffer:
    """The values of a fixed-width array as one run of bytes."""
    width = column.type.bit_width // 8
    values = column.buffers()[1]
    if values is None or not len(column):
        return pa.py_buffer(b"")
    return values.slice(column.offset * width, len(column) * width)


def hashes(run: pa.Buffer) -> pa.FixedSizeBinaryArray:
    """The array over a run of 32-byte hashes."""
    return pa.Array.from_buffers(HASH, run.size // HASH_SIZE, [None, run])


def indices_array(indices: pa.Array | Sequence[int]) -> pa.UInt64Array:
    """Positions as uint64. ValueError for nulls and for what is no position."""
    try:
        found = _cast(indices) if isinstance(indices, pa.Array) else _numbers(indices)
    except (pa.ArrowInvalid, TypeError, OverflowError) as error:
        raise ValueError(f"indices are whole numbers from 0 up: {error}") from None
    return without_nulls("index", found)


def _numbers(indices: Sequence[int]) -> pa.Array:
    numbers = array("Q", indices)
    return pa.Array.from_buffers(pa.uint64(), len(numbers), [None, pa.py_buffer(numbers)])


def _cast(indices: pa.Array) -> pa.Array:
    if not pa.types.is_integer(indices.type):
        raise TypeError(f"these are {indices.type}")
    return indices.cast(pa.uint64())


def hash_array(name: str, column: pa.Array) -> pa.FixedSizeBinaryArray:
    """The array itself. ValueError unless it is of 32-byte hashes, without nulls."""
    if column.type != HASH:
        raise ValueError(f"{name} is {column.type}, want {HASH}")
    return without_nulls(name, column)


def without_nulls(name: str, column: pa.Array) -> pa.Array:
    """The array itself. ValueError if any value of it is null."""
    if column.null_count:
        raise ValueError(f"{name} has {column.null_count} nulls of {len(column)}")
    return column
