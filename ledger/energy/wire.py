"""Records as bytes, the same for the same record: msgpack arrays."""

import msgspec

from ledger.energy.records import Record
from ledger.kernel.errors import Damaged

_DECODER: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Record)
_ENCODER = msgspec.msgpack.Encoder()


def encode(record: Record) -> bytes:
    return _ENCODER.encode(record)


def decode(data: bytes) -> Record:
    """Raises Damaged."""
    try:
        return _DECODER.decode(data)
    except msgspec.MsgspecError as error:
        raise Damaged("energy_state", f"a record of energy cannot be read: {error}") from error
