"""Base64, both alphabets, and decimal numbers: decode, encode again, compare, so that each value has one spelling."""

import base64
import binascii

from ledger.kernel.errors import Malformed

# To the standard alphabet, and its own two characters, which base64url does not have, to one that no alphabet has.
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/!!!")


def b64url_encode(data: bytes) -> str:
    """Base64url without padding (RFC 4648 5, RFC 7515 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def b64url_decode(text: str, what: str = "value") -> bytes:
    """The bytes of canonical unpadded base64url. Raises Malformed naming `what`."""
    try:
        plain = text.encode("ascii").translate(_FROM_URL)
        data = binascii.a2b_base64(plain + b"=" * (-len(plain) % 4), strict_mode=True)
    except (binascii.Error, ValueError):
        raise Malformed("base64", f"{what} is not base64url without padding") from None
    # Only the bits that the last character has over can be spelt in more than one way.
    over = len(data) % 3
    if over and not plain.endswith(binascii.b2a_base64(data[-over:], newline=False)[: over + 1]):
        raise Malformed("base64", f"{what} is not base64url in its one canonical spelling")
    return data


def b64_encode(data: bytes) -> str:
    """Standard base64 with padding, as C2SP texts use it."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def b64_decode(text: str, what: str = "value", size: int | None = None) -> bytes:
    """The bytes of canonical padded base64, `size` of them where given. Raises Malformed naming `what`."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("base64", f"{what} is not base64") from None
    if b64_encode(data) != text:
        raise Malformed("base64", f"{what} is not base64 in its one canonical spelling")
    if size is not None and len(data) != size:
        raise Malformed("base64", f"{what} has {len(data)} bytes, want {size}", size=len(data))
    return data


def decimal_integer(text: str, what: str = "number", limit: int = 2**63 - 1) -> int:
    """An ASCII decimal without sign or leading zeros, at most `limit`. Raises Malformed naming `what`."""
    if len(text) > 20 or not text.isascii() or not text.isdigit() or str(int(text)) != text:
        raise Malformed("number", f"{what} is not a decimal number without sign or leading zeros")
    if int(text) > limit:
        raise Malformed("number", f"{what} is {text}, the most is {limit}")
    return int(text)
