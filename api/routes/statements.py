"""POST /v1/statements: one statement or a batch, recorded and proven before the answer."""

import asyncio
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import msgspec
from litestar import Request, post
from litestar.response.base import ASGIResponse

from api import openapi
from api.answers import FRESH, JSON, Answer, given, raw
from api.body import query, read_body
from api.desk import desk_of
from api.errors import answer_to
from api.forwarding import LIMIT, PATH, Posted, encode_answers, read_group
from api.intake import Intake
from api.looking import look_nowhere
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
    if kind == SD_JWT:
        statement = body.removesuffix(b"\n")
        if not desk.sequencer.standing_by:
            return given(await _one(desk.intake, await desk.intake.check_one(statement), only_check=only_check))
        # Checked once, by the server that leads. What is no text cannot go there; the check says so.
        if not statement.isascii():
            await desk.intake.check_one(statement)
        posted = Posted([statement.decode("ascii")], alone=True, check=only_check)
    else:
        statements = read_statements(body)
        if not desk.sequencer.standing_by:
            return given(await _batch(desk.intake, await desk.intake.check(statements), only_check=only_check))
        posted = Posted([statement.decode() for statement in statements], check=only_check)
    return given(await desk.forwarder.pass_on(posted))


@post(PATH, include_in_schema=False, before_request=look_nowhere)
async def post_forwarded(request: Request[Any, Any, Any]) -> ASGIResponse:
    """What a standby was posted: each submission is answered as if it had been posted here. It is never sent on."""
    query(request)
    desk = desk_of(request)
    _, body = await read_body(request, {JSON: LIMIT})
    group = read_group(body)
    if desk.sequencer.standing_by:
        raise Busy("standby", "this server does not lead", retry_after=1)
    ends = list(accumulate(len(posted.statements) for posted in group))
    wires = [statement.encode() for posted in group for statement in posted.statements]
    checking = asyncio.ensure_future(desk.intake.check(wires))
    answers = await asyncio.gather(
        *(
            _answered(request, posted, checking, slice(end - len(posted.statements), end))
            for posted, end in zip(group, ends, strict=True)
        )
    )
    return raw(encode_answers(answers), JSON)


async def _answered(
    request: Request[Any, Any, Any], posted: Posted, checking: "asyncio.Future[list[Verdict]]", rows: slice
) -> Answer:
    intake = desk_of(request).intake
    try:
        verdicts = (await checking)[rows]
        if posted.alone:
            return await _one(intake, _good(verdicts[0]), only_check=posted.check)
        return await _batch(intake, verdicts, only_check=posted.check)
    except Exception as error:  # noqa: BLE001  each submission has its own answer, whatever it is
        return answer_to(request, error)


def _good(verdict: Verdict) -> Checked:
    if isinstance(verdict, Refused):
        raise verdict
    return verdict


async def _one(intake: Intake, checked: Checked, *, only_check: bool) -> Answer:
    if only_check:
        return _rehearsed(await intake.rehearse_one(checked))
    recorded = await intake.record_one(checked)
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
