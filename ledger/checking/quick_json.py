"""JSON read as the kernel reads it, sooner where it stands as nearly every signer writes it."""

import msgspec

from ledger.kernel import strict_json
from ledger.kernel.statement import Statement, parse
from ledger.kernel.strict_json import MAX_DEPTH, MAX_STRING, JsonValue

_TO_ZERO = bytes.maketrans(b"123456789", b"0" * 9)
_LONG_NUMBER = b"0" * 16  # digits: what has fewer is within 2^53-1
_TO_SQUARE = bytes.maketrans(b"{}", b"[]")
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))


def parse_quickly(wire: bytes) -> Statement:
    """The statement, or refusal, of the kernel's `parse`."""
    return parse(wire, decode_quickly)


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
    if b"\\" in data or b"\x7f" in data or not data.isascii():
        return False
    return _is_small(data) or _is_small_inside(data)


def _is_small(data: bytes) -> bool:
    """Whether the whole text shows it, as that of a lot event does."""
    return (
        len(data) <= MAX_STRING
        and data.count(b"{") + data.count(b"[") <= MAX_DEPTH
        and _LONG_NUMBER not in data.translate(_TO_ZERO)
    )


def _is_small_inside(data: bytes) -> bool:
    """Whether its strings one by one show it, and what is around them: of a passport, or a day of allocations.

    Without a backslash every second piece between quotes is the inside of a string.
    """
    pieces = data.split(b'"')
    around = b"".join(pieces[::2])
    return (
        max(map(len, pieces[1::2]), default=0) <= MAX_STRING
        and _LONG_NUMBER not in around.translate(_TO_ZERO)
        and _depth(around.translate(_TO_SQUARE, _NO_BRACKET)) <= MAX_DEPTH
    )


def _depth(brackets: bytes) -> int:
    """How deep they nest; one too many where they are no pairs. Each round takes the innermost pairs away."""
    for depth in range(MAX_DEPTH + 1):
        if not brackets:
            return depth
        brackets = brackets.replace(b"[]", b"")
    return MAX_DEPTH + 1


def _refuse_point(literal: str) -> None:
    raise ValueError(f"{literal} is not whole")  # SPEC 4.1: it has to be exact, which the kernel sees to


_DECODER = msgspec.json.Decoder(float_hook=_refuse_point)
_ENCODER = msgspec.json.Encoder()
