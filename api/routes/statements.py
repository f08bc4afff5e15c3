"""POST /v1/statements: one statement or a batch, recorded and proven before the answer."""

from collections.abc import Iterable
from typing import Any

import msgspec
from litestar import Request, post
from litestar.response.base import ASGIResponse

from api import openapi
from api.answers import FRESH, JSON, json, raw
from api.body import query, read_body
from api.desk import desk_of
from ledger.kernel import strict_json
from ledger.kernel.errors import Malformed, TooLarge
from ledger.kernel.receipt import Receipt, encode_receipt
from ledger.limits import BATCH_BODY, DECOMPRESSED, SINGLE_BODY, STATEMENTS
from ledger.log import Admitted, Recorded
from schemas import wire

SD_JWT = "application/sd-jwt"
_LIMITS = {SD_JWT: SINGLE_BODY, JSON: BATCH_BODY}


@post("/v1/statements", operation_class=openapi.PostStatements, responses=openapi.POST_STATEMENTS)
async def post_statements(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Record statements. 201 with the receipts, 200 where all of them were recorded before."""
    only_check = _only_check(request)
    kind, body = await read_body(request, _LIMITS)
    if kind == SD_JWT:
        return await _one(request, body.removesuffix(b"\n"), only_check=only_check)
    return await _batch(request, read_statements(body), only_check=only_check)


async def _one(request: Request[Any, Any, Any], statement: bytes, *, only_check: bool) -> ASGIResponse:
    intake = desk_of(request).intake
    if only_check:
        return _rehearsed(await intake.rehearse_one(statement))
    recorded = await intake.record_one(statement)
    place = {"location": f"/v1/entries/{recorded.admitted.indices[0]}"}
    return raw(encode_receipt(recorded.receipts[0]), JSON, FRESH | place, _status(recorded))


async def _batch(request: Request[Any, Any, Any], statements: list[bytes], *, only_check: bool) -> ASGIResponse:
    intake = desk_of(request).intake
    if only_check:
        return _rehearsed(await intake.rehearse_batch(statements))
    recorded = await intake.record_batch(statements)
    return raw(encode_receipts(recorded.receipts), JSON, FRESH, _status(recorded))


def read_statements(body: bytes) -> list[bytes]:
    """The statements of a batch, 1 to 10 000 of them. Raises Malformed, TooLarge."""
    # Before anything is made of it: a batch is one array of strings that have no comma in them.
    commas = body.count(b",")
    if commas > STATEMENTS:
        raise TooLarge("batch_size", f"the batch has {commas + 1} parts or more, the most is {STATEMENTS}")
    value = strict_json.decode(body, max_string=DECOMPRESSED)
    try:
        batch = msgspec.convert(value, wire.Statements)
    except msgspec.ValidationError as error:
        raise Malformed("members", f"the body is not as it must be: {error}") from None
    if not batch.statements:
        raise Malformed("no_statements", "the batch holds no statement")
    if len(batch.statements) > STATEMENTS:
        raise TooLarge("batch_size", f"the batch has {len(batch.statements)} statements, the most is {STATEMENTS}")
    return [statement.encode() for statement in batch.statements]


def encode_receipts(receipts: Iterable[Receipt]) -> bytes:
    """Receipt files, joined as they are."""
    return b'{"receipts":[' + b",".join(map(encode_receipt, receipts)) + b"]}"


def _only_check(request: Request[Any, Any, Any]) -> bool:
    said = query(request, "check").get("check", "0")
    if said not in {"0", "1"}:
        raise Malformed("query", f"check is 0 or 1, not {ascii(said)[:40]}")
    return said == "1"


def _status(recorded: Recorded) -> int:
    return 200 if all(recorded.admitted.repeated) else 201


def _rehearsed(admitted: Admitted) -> ASGIResponse:
    indices = [index if repeated else None for index, repeated in zip(admitted.indices, admitted.repeated, strict=True)]
    check = "recorded" if all(admitted.repeated) else "recordable"
    return json(wire.Rehearsal(check=check, indices=indices))
