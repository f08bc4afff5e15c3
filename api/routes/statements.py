"""POST /v1/statements: one statement or a batch, recorded and proven before the answer."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Request, post
from litestar.response.base import ASGIResponse

from api import openapi
from api.answers import FRESH, JSON, Answer, given, raw
from api.body import query, read_body
from api.desk import Desk, desk_of
from api.errors import answer_to
from api.forwarding import KIND, LIMIT, PATH, Posted, encode_answers, read_group
from api.intake import Intake
from api.looking import look_nowhere
from api.siblings import LostError
from ledger.checking.statements import Checked, Verdict
from ledger.kernel import strict_json
from ledger.kernel.errors import Busy, Malformed, Refused, TooLarge
from ledger.limits import BATCH_BODY, DECOMPRESSED, SINGLE_BODY, STATEMENTS
from ledger.recording.log import Admitted, Recorded
from schemas import wire

STATEMENTS_PATH = "/v1/statements"
SD_JWT = "application/sd-jwt"
_LIMITS = {SD_JWT: SINGLE_BODY, JSON: BATCH_BODY}


@post(
    STATEMENTS_PATH,
    operation_class=openapi.PostStatements,
    responses=openapi.POST_STATEMENTS,
    before_request=look_nowhere,
)
async def post_statements(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Record statements. 201 with the receipts, 200 where all of them were recorded before."""
    only_check = _only_check(request)
    desk = desk_of(request)
    kind, body = await read_body(request, _LIMITS)
    posted = Posted(body, alone=kind == SD_JWT, check=only_check)
    if not desk.sequencer.standing_by:
        return given(await _answer(desk.intake, posted))
    return given(await _checked_here(desk, posted) or await desk.forwarder.pass_on(posted))


async def _checked_here(desk: Desk, posted: Posted) -> Answer | None:
    """The answer to a single statement by a leader that need not check it; None where only the leader can say it."""
    if posted.check or not posted.alone or not desk.forwarder.sibling.open:
        return None
    verdict = desk.intake.check_here(posted.body.removesuffix(b"\n"))
    if isinstance(verdict, Refused) or not verdict.signed_by:  # its key may be news here
        return None
    try:
        recorded = await desk.forwarder.record(verdict)
    except LostError:
        return await desk.forwarder.pass_on_again(posted)
    return None if recorded is None else _receipt(recorded)


@post(PATH, include_in_schema=False, before_request=look_nowhere)
async def post_forwarded(request: Request[Any, Any, Any]) -> ASGIResponse:
    """What a standby was posted: each submission is answered as if it had been posted here. It is never sent on."""
    query(request)
    desk = desk_of(request)
    _, body = await read_body(request, {KIND: LIMIT})
    group = read_group(body)
    if desk.sequencer.standing_by:
        raise Busy("standby", "this server does not lead", retry_after=1)
    return raw(encode_answers(await asyncio.gather(*(_answered(request, posted) for posted in group))), KIND)


async def _answered(request: Request[Any, Any, Any], posted: Posted) -> Answer:
    try:
        return await _answer(desk_of(request).intake, posted)
    except Exception as error:  # noqa: BLE001  each submission has its own answer, whatever it is
        return answer_to(request, error)


async def _answer(intake: Intake, posted: Posted) -> Answer:
    if posted.alone:
        return await _one(intake, await intake.check_one(posted.body.removesuffix(b"\n")), only_check=posted.check)
    return await _batch(intake, await intake.check(read_statements(posted.body)), only_check=posted.check)


async def _one(intake: Intake, checked: Checked, *, only_check: bool) -> Answer:
    if only_check:
        return _rehearsed(await intake.rehearse_one(checked))
    return _receipt(await intake.record_one(checked))


def _receipt(recorded: Recorded) -> Answer:
    place = {"location": f"/v1/entries/{recorded.admitted.indices[0]}"}
    return _recorded(recorded, recorded.files()[0], FRESH | place)


async def _batch(intake: Intake, verdicts: Sequence[Verdict], *, only_check: bool) -> Answer:
    if only_check:
        return _rehearsed(await intake.rehearse_batch(verdicts))
    recorded = await intake.record_batch(verdicts)
    return _recorded(recorded, b'{"receipts":[%b]}' % await intake.receipts(recorded), FRESH)


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


def _only_check(request: Request[Any, Any, Any]) -> bool:
    said = query(request, "check").get("check", "0")
    if said not in {"0", "1"}:
        raise Malformed("query", f"check is 0 or 1, not {ascii(said)[:40]}")
    return said == "1"


def _recorded(recorded: Recorded, body: bytes, headers: dict[str, str]) -> Answer:
    status = 200 if all(recorded.admitted.repeated) else 201
    return Answer(body, JSON, headers, status, size=max(recorded.admitted.indices) + 1)


def _rehearsed(admitted: Admitted) -> Answer:
    indices = [index if repeated else None for index, repeated in zip(admitted.indices, admitted.repeated, strict=True)]
    check = "recorded" if all(admitted.repeated) else "recordable"
    return Answer(msgspec.json.encode(wire.Rehearsal(check=check, indices=indices)), JSON, FRESH)
