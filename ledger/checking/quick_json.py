"""JSON read as the kernel reads it, sooner where it stands as nearly every signer writes it."""

import msgspec

from ledger.kernel import strict_json
from ledger.kernel.strict_json import MAX_DEPTH, MAX_STRING, JsonValue

_TO_ZERO = bytes.maketrans(b"123456789", b"0" * 9)
_LONG_NUMBER = b"0" * 16  # digits: what has fewer is within 2^53-1


def decode_quickly(data: bytes, what: str = "body", *, plain: bool = False) -> JsonValue:
    """The value, or refusal, of `strict_json.decode`.

    Text that a writer of compact JSON gives back byte for byte has no key twice, no number spelt in another way and
    nothing around its value. What is left to check is seen in the text; whatever is in doubt the kernel reads.
    """
    if _is_simple(data):
        try:
            value: JsonValue = _DECODER.decode(data)
        except (msgspec.MsgspecError, ValueError):
            return strict_json.decode(data, what, plain=plain)
        if _ENCODER.encode(value) == data:
            return value
    return strict_json.decode(data, what, plain=plain)


def _is_simple(data: bytes) -> bool:
    """Whether no string can be too long or not plain, no number too large, nothing too deep."""
    return (
        len(data) <= MAX_STRING
        and data.isascii()
        and b"\\" not in data
        and b"\x7f" not in data
        and data.count(b"{") + data.count(b"[") <= MAX_DEPTH
        and _LONG_NUMBER not in data.translate(_TO_ZERO)
    )


def _refuse_point(literal: str) -> None:
    raise ValueError(f"{literal} is not whole")  # SPEC 4.1: it has to be exact, which the kernel sees to


_DECODER = msgspec.json.Decoder(float_hook=_refuse_point)
_ENCODER = msgspec.json.Encoder()
