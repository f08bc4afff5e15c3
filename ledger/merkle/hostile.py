"""Arrow from outside: what is read is exactly one of our schemas, valid through and through, and within the limits.

An Arrow stream is memory laid out by its sender: one changed number in it makes a reader that trusts it read where it
should not. So nothing is compressed (no bomb), no dictionaries or extensions (no code runs), no bytes are swapped, and
every batch is validated in full before any value of it is read.
"""

from collections.abc import Sequence

import pyarrow as pa

from ledger.kernel.errors import Malformed, TooLarge
from ledger.limits import BATCH_BODY, PROOFS
from ledger.merkle.flatbuffer import is_compressed, is_little_endian
from schemas.arrow import same_columns

BATCHES = 1_000  # record batches of a stream: each costs as much as many rows

_END = b"\xff\xff\xff\xff\x00\x00\x00\x00"  # Arrow's end of stream; without it rows may be missing
_EXTENSION = b"ARROW:extension:"
# What Arrow raises for bytes that are none of its own: some are Python's own kinds.
_ARROW_ERRORS = (pa.ArrowException, OSError, MemoryError, ValueError, OverflowError, TypeError, IndexError, KeyError)


def read_stream(
    data: bytes, *schemas: pa.Schema, most_bytes: int = BATCH_BODY, most_rows: int = PROOFS
) -> pa.RecordBatch:
    """One batch of all rows of an Arrow IPC stream that has exactly the columns of one of `schemas`, without nulls.

    Raises TooLarge ("arrow_size", "arrow_batches", "arrow_rows") over a limit, and Malformed ("arrow",
    "arrow_schema", "arrow_compressed", "arrow_nulls") for all else that is not taken.
    """
    if len(data) > most_bytes:
        raise TooLarge("arrow_size", f"the Arrow stream has {len(data)} bytes, the most is {most_bytes}")
    try:
        return _read(data, schemas, most_rows)
    except _ARROW_ERRORS as error:
        raise Malformed("arrow", f"this is no Arrow stream that can be read: {_first_line(error)}") from None


def _read(data: bytes, schemas: Sequence[pa.Schema], most_rows: int) -> pa.RecordBatch:
    _check_messages(data)
    options = pa.ipc.IpcReadOptions(
        ensure_native_endian=False, ensure_alignment=pa.ipc.Alignment.DataTypeSpecific, use_threads=False
    )
    with pa.ipc.open_stream(pa.BufferReader(data), options=options) as reader:
        schema = _check_schema(reader.schema, schemas)
        batches, rows = [], 0
        for batch in reader:
            rows += batch.num_rows
            if rows > most_rows:
                raise TooLarge("arrow_rows", f"the Arrow stream has more than {most_rows} rows")
            batches.append(_checked(batch, schema))
    empty = [pa.array([], field.type) for field in schema]
    return pa.concat_batches([pa.RecordBatch.from_arrays(empty, schema=schema), *batches])


def _check_messages(data: bytes) -> None:
    """What can be told from the headers alone, before Arrow reads what they describe."""
    source = pa.BufferReader(data)
    for batches, message in enumerate(pa.ipc.MessageReader.open_stream(source)):
        _check_header(message.type, message.metadata.to_pybytes(), first=not batches)
        if batches > BATCHES:
            raise TooLarge("arrow_batches", f"the Arrow stream has more than {BATCHES} record batches")
    if source.tell() != len(data) or not data.endswith(_END):
        raise Malformed("arrow", "the Arrow stream does not end where its bytes do, with Arrow's end of stream")


def _check_header(kind: str, header: bytes, *, first: bool) -> None:
    if kind != ("schema" if first else "record batch"):
        raise Malformed("arrow_schema", f"the Arrow stream has a {kind} message, taken are a schema and record batches")
    if first and not is_little_endian(header):
        raise Malformed("arrow_schema", "the Arrow stream is big-endian, taken is little-endian")
    if not first and is_compressed(header):
        raise Malformed("arrow_compressed", "the Arrow stream is compressed, taken is an uncompressed one")


def _check_schema(found: pa.Schema, taken: Sequence[pa.Schema]) -> pa.Schema:
    for schema in taken:
        if same_columns(found, schema) and not any(_is_extension(field) for field in found):
            return schema
    wanted = " or ".join(map(_columns, taken))
    raise Malformed("arrow_schema", f"the Arrow stream has the columns {_columns(found)}, want {wanted}")


def _is_extension(field: pa.Field) -> bool:
    """Whether a column, or the values of a list, claim to be of an extension type, known here or not."""
    if any(key.startswith(_EXTENSION) for key in field.metadata or ()):
        return True
    return isinstance(field.type, pa.ListType) and _is_extension(field.type.value_field)


def _columns(schema: pa.Schema) -> str:
    return ", ".join(ascii(f"{field.name}: {field.type}")[1:-1][:100] for field in list(schema)[:8]) or "none"


def _checked(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    batch.validate(full=True)
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        nulls = column.null_count + (column.values.null_count if isinstance(column, pa.ListArray) else 0)
        if nulls:
            raise Malformed("arrow_nulls", f"the column {name} has {nulls} nulls, it takes none", column=name)
    return pa.RecordBatch.from_arrays(batch.columns, schema=schema)


def _first_line(error: BaseException) -> str:
    text = str(error).partition("\n")[0]
    return ascii(text)[1:-1][:200] or type(error).__name__
