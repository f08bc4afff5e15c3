"""Answers as bytes, encoded once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar.response.base import ASGIResponse
from litestar.types import Message, Receive, Scope, Send

JSON = "application/json"
# A proof for a tree size says the same for ever; whatever speaks of the newest state does not.
IMMUTABLE = {"cache-control": "public, max-age=31536000, immutable"}
_WITHOUT_BODY = {204, 304}
FRESH = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer before it is one of this server's. `size` is that of the ledger it tells of, 0 where it does not."""

    body: bytes
    kind: str
    headers: Mapping[str, str]
    status: int = 200
    size: int = 0


class _Whole(ASGIResponse):
    """An answer whose bytes and headers are all known: Litestar's own looks for each header among those before it."""

    def __init__(self, body: bytes, head: Message) -> None:
        self.body = body
        self._head = head

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  what ASGI gives
        """Head and body."""
        await send(self._head)
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def given(answer: Answer) -> ASGIResponse:
    """As it is."""
    return raw(answer.body, answer.kind, answer.headers, answer.status)


def raw(body: bytes, media_type: str, headers: Mapping[str, str] = FRESH, status: int = 200) -> ASGIResponse:
    """Bytes as they are."""
    lines = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    if status not in _WITHOUT_BODY:
        kind = f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
        lines += [(b"content-type", kind.encode("latin-1")), (b"content-length", b"%d" % len(body))]
    return _Whole(body, {"type": "http.response.start", "status": status, "headers": lines})


def json(value: Any, headers: Mapping[str, str] = FRESH, status: int = 200) -> ASGIResponse:
    """A wire struct."""
    return raw(msgspec.json.encode(value), JSON, headers, status)
