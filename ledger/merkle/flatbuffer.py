"""The few fields of Arrow's message headers that must be known before Arrow reads a message from outside.

Arrow decompresses and swaps bytes while it reads, before anything could be validated. Its headers are FlatBuffers;
every position in them is checked here, and any that lies outside is a ValueError.
"""

from dataclasses import dataclass

_HEADER = 2  # field of Message
_ENDIANNESS, _COMPRESSION = 0, 3  # fields of Schema, and of RecordBatch


@dataclass(frozen=True, slots=True)
class _Table:
    data: bytes
    at: int

    def slot(self, field: int) -> int:
        """Where the value of a field stands, 0 for a field that is not there."""
        vtable = self.at - _number(self.data, self.at, 4, signed=True)
        size = _number(self.data, vtable, 2)
        entry = 4 + 2 * field
        offset = _number(self.data, vtable + entry, 2) if entry + 2 <= size else 0
        return self.at + offset if offset else 0

    def table(self, field: int) -> "_Table":
        """The table that a field refers to. ValueError if the field is not there."""
        slot = self.slot(field)
        if not slot:
            raise ValueError(f"field {field} of the message is not there")
        return _Table(self.data, slot + _number(self.data, slot, 4))


def is_little_endian(schema_message: bytes) -> bool:
    """Whether the values that follow a schema message are in the byte order of all common processors."""
    schema = _root(schema_message).table(_HEADER)
    slot = schema.slot(_ENDIANNESS)
    return not slot or _number(schema_message, slot, 2) == 0


def is_compressed(batch_message: bytes) -> bool:
    """Whether the buffers of a record batch are compressed."""
    return bool(_root(batch_message).table(_HEADER).slot(_COMPRESSION))


def _root(message: bytes) -> _Table:
    return _Table(message, _number(message, 0, 4))


def _number(data: bytes, at: int, size: int, *, signed: bool = False) -> int:
    if not 0 <= at <= len(data) - size:
        raise ValueError(f"position {at} lies outside of the message's {len(data)} bytes")
    return int.from_bytes(data[at : at + size], "little", signed=signed)
