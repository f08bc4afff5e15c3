"""Answers as bytes, encoded once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar.response.base import ASGIResponse

JSON = "application/json"
# A proof for a tree size says the same for ever; whatever speaks of the newest state does not.
IMMUTABLE = {"cache-control": "public, max-age=31536000, immutable"}
FRESH = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer before it is one of this server's. `size` is that of the ledger it tells of, 0 where it does not."""

    body: bytes
    kind: str
    headers: Mapping[str, str]
    status: int = 200
    size: int = 0


def given(answer: Answer) -> ASGIResponse:
    """As it is."""
    return raw(answer.body, answer.kind, dict(answer.headers), answer.status)


def raw(body: bytes, media_type: str, headers: dict[str, str] = FRESH, status: int = 200) -> ASGIResponse:
    """Bytes as they are."""
    return ASGIResponse(body=body, media_type=media_type, headers=headers, status_code=status)


def json(value: Any, headers: dict[str, str] = FRESH, status: int = 200) -> ASGIResponse:
    """A wire struct."""
    return raw(msgspec.json.encode(value), JSON, headers, status)
