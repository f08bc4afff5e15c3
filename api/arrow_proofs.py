"""Inclusion proofs as an Arrow IPC stream."""

import io
from collections.abc import Sequence

import pyarrow as pa

from ledger import reading
from ledger.log import Log
from schemas.arrow import INCLUSION_PROOFS


class ArrowProofs:
    """Writes one record batch a chunk, all in the tree of `size`, and gives the bytes of each as they come."""

    def __init__(self, log: Log, size: int) -> None:
        self._ledger = log
        self._size = size
        self._sink = io.BytesIO()
        self._writer = pa.ipc.new_stream(self._sink, INCLUSION_PROOFS)

    def chunk(self, indices: Sequence[int]) -> bytes:
        """The next bytes of the stream: proofs of these entries."""
        found = reading.inclusion_paths(self._ledger, indices, self._size)
        columns = [
            [index for index, _, _ in found],
            [self._size] * len(found),
            [leaf for _, leaf, _ in found],
            [path for _, _, path in found],
        ]
        arrays = [pa.array(column, field.type) for column, field in zip(columns, INCLUSION_PROOFS, strict=True)]
        self._writer.write_batch(pa.record_batch(arrays, schema=INCLUSION_PROOFS))
        return self._taken()

    def end(self) -> bytes:
        """The last bytes of the stream."""
        self._writer.close()
        return self._taken()

    def _taken(self) -> bytes:
        data = self._sink.getvalue()
        self._sink.seek(0)
        self._sink.truncate()
        return data
