"""JSON as SPEC 4.1 takes it: one reading for every reader, or a refusal that names the place.

RFC 8259 leaves duplicate keys, large numbers, lone surrogates and nesting to the implementation, and so lets two
readers of the same signed bytes see two different things. Here each of them is refused.
"""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any, TypeAlias

from ledger.kernel.errors import Malformed

JsonValue: TypeAlias = "bool | int | Decimal | str | list[JsonValue] | dict[str, JsonValue] | None"

MAX_DEPTH = 32
MAX_STRING = 4096  # characters, not bytes
MAX_INTEGER = 2**53 - 1  # what a reader with IEEE 754 doubles holds exactly (RFC 8259 6, RFC 7493 2.2)
MAX_DIGITS = 15  # significant decimal digits that a double gives back unchanged
MAX_LITERAL = 32  # characters of a number: leading zeros after the point are no significant digits
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_LATE_CONTROL = re.compile(r"[\x7f-\x9f]")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")  # every control character but line feed: notes have lines


@dataclass(frozen=True, slots=True)
class _Fault:
    """Stands where a value would stand that is refused, until the walk that knows the place finds it."""

    code: str
    sentence: str


def decode(
    data: bytes, what: str = "body", *, max_depth: int = MAX_DEPTH, max_string: int = MAX_STRING, plain: bool = False
) -> JsonValue:
    """The one value in `data`; integers as int, numbers with a point as Decimal, never a float.

    `plain` also refuses strings and keys that are not in NFC or hold control characters other than line feed.
    Raises Malformed (utf8, json, duplicate_key, number, depth, string, text), naming `what` and the place in it.
    """
    text = _text(data, what)
    try:
        value, faulty = _value(text)
    except RecursionError:
        raise Malformed("depth", f"{what} is nested hundreds deep, the limit is {max_depth}") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise Malformed("json", f"{what} is not JSON: {error.msg.lower().removesuffix(' at')} at {place}") from None
    escaped = "\\" in text and _SURROGATE_ESCAPE.search(text)
    odd = faulty or escaped or (plain and not _is_plainly_plain(text))
    if odd or (not _is_plainly_small(text, max_depth, max_string) and not _is_small(value, max_depth, max_string)):
        _refuse(value, what, max_depth=max_depth, max_string=max_string, plain=plain)
    return value


def _text(data: bytes, what: str) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("utf8", f"{what} is not UTF-8 at byte {error.start}") from None
    if text.startswith("\ufeff"):
        raise Malformed("utf8", f"{what} begins with a byte order mark")
    return text


def _value(text: str) -> tuple[JsonValue, bool]:
    """The value, and whether a fault stands in it somewhere."""
    try:
        value, end = _QUICK_DECODER.raw_decode(text) if text[:1] not in " \t\n\r" else (None, -1)
        # Around the value there is nearly always nothing; `decode` says what is wrong with what there is.
        return (value if end == len(text) else _QUICK_DECODER.decode(text)), False
    except _FaultFoundError:
        return _DECODER.decode(text), True


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue] | _Fault:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
    return _Fault("duplicate_key", f"the key {_shown(twice)} occurs more than once")


def _integer(literal: str) -> int | _Fault:
    if len(literal) < 16:
        return int(literal)
    # Length before int(): a literal of a million digits would take seconds.
    if len(literal) > 17 or abs(int(literal)) > MAX_INTEGER:
        return _Fault("number", f"the integer {_cut(literal)} is beyond ±(2^53-1); larger totals travel as strings")
    return int(literal)


def _decimal(literal: str) -> Decimal | _Fault:
    if "e" in literal or "E" in literal:
        return _Fault("number", f"the number {_cut(literal)} has an exponent")
    digits = len(literal.lstrip("-").replace(".", "").lstrip("0"))
    if digits > MAX_DIGITS:
        return _Fault(
            "number", f"the number {_cut(literal)} has {digits} significant digits, the limit is {MAX_DIGITS}"
        )
    if len(literal) > MAX_LITERAL:
        return _Fault("number", f"a number is {len(literal)} characters long, the limit is {MAX_LITERAL}")
    return Decimal(literal)


def _constant(literal: str) -> _Fault:
    return _Fault("number", f"{literal} is not a JSON number")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_decimal, parse_constant=_constant
)


class _FaultFoundError(Exception):
    """There is a fault, so it is worth to look for its place."""


def _quick_object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _FaultFoundError
    return members


def _quick_integer(literal: str) -> int:
    if len(literal) < 16:
        return int(literal)
    value = _integer(literal)
    if isinstance(value, _Fault):
        raise _FaultFoundError
    return value


def _quick_decimal(literal: str) -> Decimal:
    value = _decimal(literal)
    if isinstance(value, _Fault):
        raise _FaultFoundError
    return value


def _quick_constant(_literal: str) -> JsonValue:
    raise _FaultFoundError


_QUICK_DECODER = json.JSONDecoder(
    object_pairs_hook=_quick_object,
    parse_int=_quick_integer,
    parse_float=_quick_decimal,
    parse_constant=_quick_constant,
)


def _is_plainly_plain(text: str) -> bool:
    """Whether the whole text shows that every string in it is plain: raw C0 controls are no JSON inside strings."""
    if "\\" in text:
        return False
    if text.isascii():
        return "\x7f" not in text
    return not _LATE_CONTROL.search(text) and unicodedata.is_normalized("NFC", text)


def _is_plainly_small(text: str, max_depth: int, max_string: int) -> bool:
    """Whether the length of the text and its brackets show that nothing in it is too long or too deep."""
    return len(text) <= max_string and text.count("{") + text.count("[") <= max_depth


def _is_small(value: Any, max_depth: int, max_string: int) -> bool:
    """Whether `value` is nested no deeper and has no string longer.

    One level after another, so that it neither recurses nor keeps a path: `_refuse` finds the place, for the few
    inputs that have one.
    """
    level = [value]
    for _ in range(max_depth):
        below: list[Any] = []
        for node in level:
            kind = type(node)  # of what a decoder made: nothing is of a class derived from these
            if kind is str:
                if len(node) > max_string:
                    return False
            elif kind is dict:
                below += node.values()
                below += node
            elif kind is list:
                below += node
        if not below:
            return True
        level = below
    return not any(isinstance(node, (dict, list, str)) for node in level)


def _refuse(value: JsonValue, what: str, *, max_depth: int, max_string: int, plain: bool) -> None:
    """Raise for the first fault in document order. Returns when a closer look finds none."""
    for place, node in _places(value, (), max_depth):
        fault = node
        if isinstance(node, (dict, list)):
            raise Malformed("depth", f"{what} is nested {_depth(value)} deep, the limit is {max_depth}")
        if isinstance(node, str):
            fault = _string_fault(node, max_string, plain=plain)
        if isinstance(fault, _Fault):
            raise Malformed(fault.code, f"{what}{_pointer(place)}: {fault.sentence}")


def _places(value: object, place: tuple[str, ...], depth: int) -> Iterator[tuple[tuple[str, ...], object]]:
    """Every scalar and key with its place; a container only where it is one too deep."""
    if depth == 0 or not isinstance(value, (dict, list)):
        yield place, value
        return
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for key, member in members:
        if isinstance(key, str):
            yield place, key
        yield from _places(member, (*place, str(key)), depth - 1)


def _string_fault(text: str, max_string: int, *, plain: bool) -> _Fault | None:
    if len(text) > max_string:
        return _Fault("string", f"a string has {len(text)} characters, the limit is {max_string}")
    if _SURROGATE.search(text):
        return _Fault("string", "a string holds a lone surrogate, which no UTF-8 can say")
    if plain and (found := _CONTROL.search(text)):
        return _Fault("text", f"a string holds the control character U+{ord(found[0]):04X}")
    if plain and not unicodedata.is_normalized("NFC", text):
        return _Fault("text", f"the string {_shown(text)} is not in Unicode normal form C")
    return None


def _depth(value: object) -> int:
    deep, level = 0, [value]
    while containers := [node for node in level if isinstance(node, (dict, list))]:
        deep += 1
        level = [member for one in containers for member in (one.values() if isinstance(one, dict) else one)]
    return deep


def _pointer(place: tuple[str, ...]) -> str:
    return _cut(" at /" + "/".join(ascii(step)[1:-1] for step in place), 120) if place else ""


def _shown(text: str) -> str:
    return ascii(text[:40]).replace("'", '"') + ("…" if len(text) > 40 else "")


def _cut(text: str, length: int = 40) -> str:
    return text if len(text) <= length else f"{text[:length]}…"


def encode(value: object) -> bytes:
    """Compact UTF-8, keys in the order given, Decimals as plain numbers: bytes that `decode` takes.

    Raises ValueError for a float, a number or a depth that `decode` would refuse, and for what JSON has no word for:
    such a value is a fault of ours, not of a sender.
    """
    pieces: list[str] = []
    _write(value, pieces, MAX_DEPTH)
    return "".join(pieces).encode("utf-8")


def _write(value: object, pieces: list[str], depth: int) -> None:
    if isinstance(value, str):
        pieces.append(encode_basestring(value))
    elif not isinstance(value, (dict, list, tuple)):
        pieces.append(_scalar(value))
    elif depth == 0:
        raise ValueError(f"the value is nested deeper than {MAX_DEPTH}")
    elif isinstance(value, dict):
        _write_members(value, pieces, depth - 1)
    else:
        _write_elements(value, pieces, depth - 1)


def _write_members(members: dict[object, object], pieces: list[str], depth: int) -> None:
    mark = "{"
    for key, member in members.items():
        if not isinstance(key, str):
            raise ValueError(f"the key {key!r} is no string")  # noqa: TRY004  one kind of error for one kind of fault
        pieces.append(f"{mark}{encode_basestring(key)}:")
        _write(member, pieces, depth)
        mark = ","
    pieces.append("}" if members else "{}")


def _write_elements(elements: list[object] | tuple[object, ...], pieces: list[str], depth: int) -> None:
    mark = "["
    for element in elements:
        pieces.append(mark)
        _write(element, pieces, depth)
        mark = ","
    pieces.append("]" if elements else "[]")


def _scalar(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if not isinstance(value, (int, Decimal)) or (isinstance(value, Decimal) and not value.is_finite()):
        raise ValueError(f"{value!r} of type {type(value).__name__} has no place in JSON here")
    literal = str(int(value)) if isinstance(value, int) else format(value, "f")
    read = _decimal(literal) if "." in literal else _integer(literal)
    if isinstance(read, _Fault):
        raise ValueError(read.sentence)  # noqa: TRY004  the value is at fault, not its type
    return literal
