"""Inclusion and consistency proofs, one by one under URLs that never change, or by the batch."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
from litestar import Request, post, route
from litestar.response import Stream
from litestar.response.base import ASGIResponse

from api import openapi
from api.answers import FRESH, IMMUTABLE, JSON, json
from api.body import query, read_body
from api.desk import Desk, desk_of
from api.wanted_proofs import Wanted, read_arrow, read_json
from ledger.kernel.encoding import b64_encode, decimal_integer
from ledger.kernel.errors import Malformed
from ledger.limits import BATCH_BODY
from ledger.recording.log import Log
from ledger.showing import reading
from schemas import wire

ARROW_STREAM = "application/vnd.apache.arrow.stream"
CHUNK = 1_000  # proofs made and written as JSON between two turns of the event loop
ARROW_CHUNK = 8_192  # as a record batch: 5 MB in a tree of a million


@route("/v1/proofs/inclusion/{size:str}/{index:str}", http_method=["GET", "HEAD"], responses=openapi.INCLUSION)
async def get_inclusion(request: Request[Any, Any, Any]) -> ASGIResponse:
    """That entry `index` is in the tree of `size` entries."""
    query(request)
    size = decimal_integer(request.path_params["size"], "the tree size")
    index = decimal_integer(request.path_params["index"], "the index of an entry")
    leaf, path = reading.inclusion_path(desk_of(request).log, index, size)
    return json(wire.InclusionProof(index=index, size=size, leaf=b64_encode(leaf), path=_texts(path)), IMMUTABLE)


@route("/v1/proofs/consistency/{old:str}/{new:str}", http_method=["GET", "HEAD"], responses=openapi.CONSISTENCY)
async def get_consistency(request: Request[Any, Any, Any]) -> ASGIResponse:
    """That the tree of `new` entries begins with the tree of `old` entries."""
    query(request)
    old = decimal_integer(request.path_params["old"], "the old tree size")
    new = decimal_integer(request.path_params["new"], "the new tree size")
    path = reading.consistency_path(desk_of(request).log, old, new)
    return json(wire.ConsistencyProof(old=old, new=new, path=_texts(path)), IMMUTABLE)


@post("/v1/proofs", operation_class=openapi.PostProofs, responses=openapi.PROOFS_ANSWERS)
async def post_proofs(request: Request[Any, Any, Any]) -> Stream:
    """Up to 1 000 000 inclusion proofs of entries named by index or by leaf hash.

    They are asked for in JSON, or in Arrow with the tree size in the query; who accepts Arrow is answered in it.
    """
    said = query(request, "size").get("size")
    kind, body = await read_body(request, dict.fromkeys((JSON, ARROW_STREAM), BATCH_BODY))
    desk = desk_of(request)
    log = desk.log
    # A million numbers take most of a second to read: not on the event loop.
    wanted = await asyncio.to_thread(_read_wanted, desk, kind, body, said)
    if ARROW_STREAM in request.headers.get("accept", ""):
        return Stream(_arrow(log, wanted), media_type=ARROW_STREAM, status_code=200, headers=FRESH)
    return Stream(_json(log, wanted), media_type=JSON, status_code=200, headers=FRESH)


def _read_wanted(desk: Desk, kind: str, body: bytes, said: str | None) -> Wanted:
    if kind == JSON and said is None:
        return read_json(desk.log, body)
    if kind == ARROW_STREAM and said is not None:
        return read_arrow(desk.log, desk.arrow_reader, body, said)
    raise Malformed("query", "the tree size stands in the query as ?size= beside an Arrow body, and else in the body")


async def _json(log: Log, wanted: Wanted) -> AsyncIterator[bytes]:
    yield b'{"size":%d,"proofs":[' % wanted.size
    indices = await asyncio.to_thread(wanted.listed)
    for start in range(0, len(indices), CHUNK):
        mark = b"," if start else b""
        yield mark + await asyncio.to_thread(_json_chunk, log, indices[start : start + CHUNK], wanted.size)
    yield b"]}"


def _json_chunk(log: Log, indices: Sequence[int], size: int) -> bytes:
    found = reading.inclusion_paths(log, indices, size)
    proofs = [wire.OneProof(index=index, leaf=b64_encode(leaf), path=_texts(path)) for index, leaf, path in found]
    return msgspec.json.encode(proofs)[1:-1]


async def _arrow(log: Log, wanted: Wanted) -> AsyncIterator[bytes]:
    from api import arrow_proofs  # noqa: PLC0415  pyarrow takes 0.2 s to import, for those who ask for it

    yield arrow_proofs.head()
    for start in range(0, len(wanted.indices), ARROW_CHUNK):
        some = wanted.indices[start : start + ARROW_CHUNK]
        yield await asyncio.to_thread(arrow_proofs.proofs, log, some, wanted.size)
    yield arrow_proofs.end()


def _texts(path: Sequence[bytes]) -> list[str]:
    return [b64_encode(node) for node in path]
