"""Answers as bytes, encoded once."""

from typing import Any

import msgspec
from litestar.response.base import ASGIResponse

JSON = "application/json"
# A proof for a tree size says the same for ever; whatever speaks of the newest state does not.
IMMUTABLE = {"cache-control": "public, max-age=31536000, immutable"}
FRESH = {"cache-control": "no-store"}


def raw(body: bytes, media_type: str, headers: dict[str, str] = FRESH, status: int = 200) -> ASGIResponse:
    """Bytes as they are."""
    return ASGIResponse(body=body, media_type=media_type, headers=headers, status_code=status)


def json(value: Any, headers: dict[str, str] = FRESH, status: int = 200) -> ASGIResponse:
    """A wire struct."""
    return raw(msgspec.json.encode(value), JSON, headers, status)
