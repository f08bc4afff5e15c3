"""Every refusal, from one table: problem+json (RFC 9457) with a stable code, a sentence and its numbers."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException

from api.answers import Answer
from ledger.kernel.errors import (
    Busy,
    CoilmarkError,
    Conflict,
    Damaged,
    Malformed,
    Missing,
    Refused,
    RefusedBatch,
    RuleBroken,
    TooLarge,
    Unauthorised,
    Unsettled,
)

_log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
UNSETTLED_RETRY = 1  # seconds until a retry may find out what became of a commit

# The table. An error is answered by the row of its own class, a code listed below by its own status.
BY_CLASS: Mapping[type[CoilmarkError], tuple[int, str]] = {
    Malformed: (400, "Not in the form that the specification gives"),
    TooLarge: (413, "Over a limit"),
    Unauthorised: (403, "Not allowed"),
    Missing: (404, "Not there"),
    Conflict: (409, "Something else stands there"),
    RuleBroken: (422, "Against a rule of the ledger"),
    RefusedBatch: (422, "Rows of the batch are refused"),
    Damaged: (500, "Stored data does not agree with itself"),
    Unsettled: (503, "Outcome unknown"),
    Busy: (503, "Not now"),
}
BY_CODE: Mapping[str, int] = {
    "authorization": 401,
    "token": 401,
    "token_revoked": 401,
    "no_such_path": 404,
    "method": 405,
    "body_slow": 408,
    "content_type": 415,
    "content_encoding": 415,
    "too_busy": 429,
    "storage_full": 507,
}
INTEGRITY = "integrity"  # the one code of Damaged at this door: which part is damaged is in the sentence
INTERNAL = "internal"
_RESERVED = {"type", "title", "status", "code", "detail", "rows"}


def on_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The answer to whatever a handler or the router raised."""
    answer = answer_to(request, error)
    headers = dict(answer.headers)
    if isinstance(error, MethodNotAllowedException):
        headers["allow"] = ", ".join(sorted((error.headers or {}).get("allow", "").split(", ")))
    return Response(answer.body, status_code=answer.status, headers=headers, media_type=answer.kind)


def answer_to(request: Request[Any, Any, Any], error: Exception) -> Answer:
    """The problem that an error is answered with; logged where it is ours, and counted."""
    known = _ours(request, error)
    if known is None:
        _log.error("%s %s: unexpected", request.scope["method"], request.scope["path"], exc_info=error)
    elif isinstance(known, Damaged):
        _log.error("%s %s: %s", request.scope["method"], request.scope["path"], known.sentence)
    status, problem = describe(known)
    if (desk := request.app.state.get("desk")) is not None:
        desk.metrics.refused.labels(code=problem["code"]).inc()
    return Answer(msgspec.json.encode(problem, enc_hook=str), MEDIA_TYPE, _headers(known), status)


def describe(error: CoilmarkError | None) -> tuple[int, dict[str, Any]]:
    """Status and problem of an error; of None, an unexpected one about which nothing is told."""
    if error is None:
        sentence = "something went wrong in the server that has nothing to do with what was sent; it was logged"
        return 500, _problem(500, "Unexpected", INTERNAL, sentence, {})
    status, title = next(row for kind, row in BY_CLASS.items() if type(error) is kind)
    if error.code in BY_CODE:
        status = BY_CODE[error.code]
        title = HTTPStatus(status).phrase
    code = INTEGRITY if isinstance(error, Damaged) else error.code
    problem = _problem(status, title, code, error.sentence, error.facts)
    if isinstance(error, RefusedBatch):
        problem["rows"] = [_row(row, refusal) for row, refusal in error.rows]
    return status, problem


def _problem(status: int, title: str, code: str, detail: str, facts: Mapping[str, object]) -> dict[str, Any]:
    return {
        "type": f"urn:coilmark:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        **{name: value for name, value in facts.items() if name not in _RESERVED},
    }


def _row(row: int, refusal: Refused) -> dict[str, Any]:
    return {"row": row, "code": refusal.code, "detail": refusal.sentence}


def _headers(error: CoilmarkError | None) -> dict[str, str]:
    headers = {"cache-control": "no-store"}
    if isinstance(error, Busy):
        headers["retry-after"] = str(error.retry_after)
    elif isinstance(error, Unsettled):
        headers["retry-after"] = str(UNSETTLED_RETRY)
    elif isinstance(error, Unauthorised) and BY_CODE.get(error.code) == 401:
        headers["www-authenticate"] = 'Bearer realm="coilmark"'
    elif isinstance(error, Malformed) and error.code == "body_slow":
        headers["connection"] = "close"  # its rest is not waited for
    return headers


def _ours(request: Request[Any, Any, Any], error: Exception) -> CoilmarkError | None:
    """The error as one of the table, the router's refusals too; None for what nobody thought of."""
    path = ascii(request.scope["path"][:80])[1:-1]
    if isinstance(error, NotFoundException):
        return Missing("no_such_path", f"there is nothing at {path}")
    if isinstance(error, MethodNotAllowedException):
        return Malformed("method", f"{request.scope['method']} is not what {path} answers to")
    if isinstance(error, HTTPException) and 400 <= error.status_code < 500:
        return Malformed("request", f"the request cannot be taken: {error.detail}")
    return error if isinstance(error, CoilmarkError) and type(error) in BY_CLASS else None
