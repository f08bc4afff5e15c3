"""Records as bytes, the same for the same record: msgpack arrays, mappings in order of their keys."""

import msgspec

from ledger.kernel.errors import Damaged
from ledger.lots.records import Record

_DECODER: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Record)
_ENCODER = msgspec.msgpack.Encoder(order="deterministic")


def encode(record: Record) -> bytes:
    return _ENCODER.encode(record)


def decode(data: bytes) -> Record:
    """Raises Damaged."""
    try:
        return _DECODER.decode(data)
    except msgspec.MsgspecError as error:
        raise Damaged("lot_state", f"a record of a lot cannot be read: {error}") from error
