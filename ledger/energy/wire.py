"""Records as bytes, the same for the same record: msgpack arrays."""

import msgspec

from ledger.carbon.state import Closed, Stated
from ledger.energy.records import Attestation, Consumption, Contract, Heads, Hour, Record, Taken
from ledger.kernel.errors import Damaged

_DECODER: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(
    Attestation | Consumption | Hour | Taken | Contract | Heads | Stated | Closed
)
_ENCODER = msgspec.msgpack.Encoder()


def encode(record: Record) -> bytes:
    return _ENCODER.encode(record)


def decode(data: bytes) -> Record:
    """Raises Damaged."""
    try:
        return _DECODER.decode(data)
    except msgspec.MsgspecError as error:
        raise Damaged("energy_state", f"a record of energy cannot be read: {error}") from error
