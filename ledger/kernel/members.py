"""The members of a JSON object from outside: exactly those that are wanted, each of the type that is wanted."""

from collections.abc import Mapping
from typing import Any

from ledger.kernel.encoding import b64_decode
from ledger.kernel.errors import Malformed
from ledger.kernel.hashing import HASH_SIZE


def take(value: Any, what: str, required: set[str], optional: frozenset[str] = frozenset()) -> Mapping[str, Any]:
    """`value` as an object with the required members, perhaps the optional ones, and no others. Raises Malformed."""
    if not isinstance(value, dict):
        raise Malformed("members", f"a {what} is a JSON object")
    if missing := required - value.keys():
        raise Malformed("members", f"the {what} lacks {', '.join(sorted(missing))}")
    if extra := value.keys() - required - optional:
        raise Malformed("members", f"the {what} has unknown members: {ascii(', '.join(sorted(extra)))[1:-1][:80]}")
    return value


def text(members: Mapping[str, Any], name: str) -> str:
    """A member that must be a string. Raises Malformed."""
    value = members[name]
    if not isinstance(value, str):
        raise Malformed("members", f"{name} is a string")
    return value


def ascii_text(members: Mapping[str, Any], name: str) -> str:
    """A member that must be a string of ASCII characters. Raises Malformed."""
    value = text(members, name)
    if not value.isascii():
        raise Malformed("members", f"{name} is an ASCII string")
    return value


def integer(members: Mapping[str, Any], name: str, limit: int) -> int:
    """A member that must be an integer from 0 to `limit`. Raises Malformed."""
    value = members[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= limit:
        raise Malformed("members", f"{name} is an integer from 0 to {limit}")
    return value


def elements(members: Mapping[str, Any], name: str) -> list[Any]:
    """A member that must be an array. Raises Malformed."""
    value = members[name]
    if not isinstance(value, list):
        raise Malformed("members", f"{name} is an array")
    return value


def hashes(members: Mapping[str, Any], name: str) -> tuple[bytes, ...]:
    """A member that must be an array of base64 hashes, 32 bytes each. Raises Malformed."""
    values = elements(members, name)
    if not all(isinstance(value, str) for value in values):
        raise Malformed("members", f"{name} is an array of base64 hashes")
    return tuple(b64_decode(value, f"a hash of {name}", HASH_SIZE) for value in values)
