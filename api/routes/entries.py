"""GET /v1/entries/{index}: the receipt of an entry, its bundle beside it."""

import asyncio
from typing import Any

from litestar import Request, route
from litestar.response.base import ASGIResponse

from api import openapi
from api.answers import FRESH, JSON, raw
from api.body import query
from api.desk import desk_of, reader_of
from ledger.kernel.bundle import Bundle, encode_bundle
from ledger.kernel.encoding import decimal_integer
from ledger.kernel.errors import Malformed
from ledger.kernel.receipt import encode_receipt
from ledger.recording.log import Log
from ledger.showing import passports, reading
from ledger.store.access import Reader


@route("/v1/entries/{index:str}", http_method=["GET", "HEAD"], responses=openapi.ENTRY)
async def get_entry(request: Request[Any, Any, Any]) -> ASGIResponse:
    """The receipt under the newest checkpoint; statement and lineage only for who may see them."""
    query(request)
    index = decimal_integer(request.path_params["index"], "the index of an entry")
    # In a thread: an entry of a million subjects takes seconds to hash, and nobody else should wait for it.
    log, reader = desk_of(request).log, reader_of(request)
    body = await asyncio.to_thread(lambda: encode_receipt(reading.receipt(log, index, reader)))
    return raw(body, JSON, FRESH | {"vary": "authorization"})


@route("/v1/entries/{index:str}/bundle", http_method=["GET", "HEAD"], responses=openapi.BUNDLE)
async def get_bundle(request: Request[Any, Any, Any]) -> ASGIResponse:
    """The entry with all it takes to know who signed it, in one file that needs nothing else.

    ?kind=delivery: of a shipping event, with the newest passport of every piece in it; for who has a token.
    """
    kind = query(request, "kind").get("kind", "entry")
    index = decimal_integer(request.path_params["index"], "the index of an entry")
    log, reader = desk_of(request).log, reader_of(request)
    body = await asyncio.to_thread(lambda: encode_bundle(_bundle(log, index, kind, reader)))
    return raw(body, JSON, FRESH | {"vary": "authorization"})


def _bundle(log: Log, index: int, kind: str, reader: Reader) -> Bundle:
    if kind == "entry":
        return reading.bundle(log, index, reader)
    if kind == "delivery":
        passports.require_token(reader)
        return passports.delivery(log, index, reader)
    raise Malformed("query", f"kind is entry or delivery, not {ascii(kind)[:40]}")
