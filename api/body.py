"""Reading a request: no more than its limit is ever held, whatever the headers say."""

import asyncio
import zlib
from collections.abc import Collection, Mapping
from typing import Any

from litestar import Request

from ledger.kernel.encoding import decimal_integer
from ledger.kernel.errors import Malformed, TooLarge
from ledger.limits import DECOMPRESSED, EXPANSION

SECONDS = 60  # in which a body that did not come in one piece must have come

_ABOUT_BODY = (b"content-type", b"content-encoding", b"content-length")
_GZIP = 31  # zlib's name for: a gzip header, a window of up to 32 KiB


async def read_body(request: Request[Any, Any, Any], limits: Mapping[str, int]) -> tuple[str, bytes]:
    """Media type and body, decompressed. `limits` says which types are taken, and the most bytes of each as sent.

    A declared length over the limit is refused before anything is read; a body sent in chunks, or longer than
    declared, as soon as it is over. Raises TooLarge; Malformed ("content_type", "content_encoding", "gzip" and more).
    """
    said = _headers(request)
    kind = _media_type(said[b"content-type"], limits)
    encoding = said[b"content-encoding"].lower()
    if encoding not in {b"", b"identity", b"gzip"}:
        raise Malformed("content_encoding", f"the content encoding is {ascii(encoding)[2:42]}, taken is gzip or none")
    limit, declared = limits[kind], said[b"content-length"].decode("latin-1")
    if declared and decimal_integer(declared, "content-length") > limit:
        raise TooLarge("body_size", f"the body has {declared} bytes, the most is {limit}", limit=limit)
    body = await _receive(request, limit)
    return kind, _unzip(body) if encoding == b"gzip" else body


def _headers(request: Request[Any, Any, Any]) -> dict[bytes, bytes]:
    """The headers that speak of the body, b"" where one is missing. Raises Malformed where one is given twice."""
    said = dict.fromkeys(_ABOUT_BODY, b"")
    for name, value in request.scope["headers"]:
        if name in said:
            if said[name]:
                raise Malformed("header", f"the header {name.decode()} is given more than once")
            said[name] = value.strip()
    return said


def _media_type(said: bytes, taken: Collection[str]) -> str:
    """The media type, one of `taken`; its charset may only be UTF-8."""
    text = said.decode("latin-1")
    if text in taken:
        return text
    kind, _, parameters = text.partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if kind.strip().lower() not in taken or charset not in {"", "charset=utf-8"}:
        raise Malformed("content_type", f"the body is {ascii(text)[:80]}, taken is {' or '.join(taken)}")
    return kind.strip().lower()


async def _receive(request: Request[Any, Any, Any], limit: int) -> bytes:
    message: Any = await request.receive()
    first: bytes = message.get("body", b"")
    if message["type"] == "http.request" and not message.get("more_body"):
        _check_size(len(first), limit)
        return first
    try:
        async with asyncio.timeout(SECONDS):
            return await _receive_rest(request, message, limit)
    except TimeoutError:
        raise Malformed("body_slow", f"the body did not come within {SECONDS} seconds") from None


async def _receive_rest(request: Request[Any, Any, Any], message: Any, limit: int) -> bytes:
    body = bytearray()
    while message["type"] == "http.request":
        body += message.get("body", b"")
        _check_size(len(body), limit)
        if not message.get("more_body"):
            return bytes(body)
        message = await request.receive()
    raise Malformed("body_cut", f"the connection ended after {len(body)} bytes of the body")


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise TooLarge("body_size", f"the body has more than {limit} bytes", limit=limit)


def _unzip(body: bytes) -> bytes:
    """SPEC 8: both limits hold before the memory is taken."""
    most = min(DECOMPRESSED, EXPANSION * len(body))
    inflate = zlib.decompressobj(_GZIP)
    try:
        plain = inflate.decompress(body, most + 1)
    except zlib.error as error:
        raise Malformed("gzip", f"the body is not gzip: {error}") from None
    if len(plain) > most:
        raise TooLarge(
            "expansion",
            f"the body of {len(body)} bytes decompresses to more than {most}, the most is {EXPANSION} times its size "
            f"and {DECOMPRESSED} bytes",
            limit=most,
        )
    if not inflate.eof or inflate.unused_data:
        raise Malformed("gzip", "the body is not one whole gzip member")
    return plain


def query(request: Request[Any, Any, Any], *taken: str) -> dict[str, str]:
    """The parameters of the query, each one of `taken` and given once. Raises Malformed.

    A misspelt ?check=1 that went unnoticed would record what was only meant to be checked.
    """
    said = request.scope["query_string"].decode("latin-1")
    found: dict[str, str] = {}
    for part in said.split("&") if said else ():
        name, _, value = part.partition("=")
        if name not in taken or name in found:
            known = f"taken: {', '.join(taken)}" if taken else "none is taken here"
            raise Malformed("query", f"the query parameter {ascii(name)[:40]} is unknown or given twice; {known}")
        found[name] = value
    return found
