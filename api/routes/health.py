"""/healthz: the process lives. /readyz: it may be trusted to record. /metrics: for Prometheus."""

import asyncio
from typing import Any

from litestar import Request, route
from litestar.response.base import ASGIResponse

from api import openapi
from api.answers import FRESH, json, raw
from api.desk import Desk, desk_of
from api.self_check import Finding
from ledger.kernel.errors import Busy, CoilmarkError
from ledger.kernel.moments import rfc3339
from schemas import wire

_PROMETHEUS = "text/plain; version=0.0.4"
_LOOKS = 5  # at the second head: a commit moves it a moment before memory
_PAUSE = 0.05  # seconds


@route("/healthz", http_method=["GET", "HEAD"], responses=openapi.HEALTH)
async def get_health(request: Request[Any, Any, Any]) -> ASGIResponse:  # noqa: ARG001  nothing is asked of it
    """The process lives and its event loop turns."""
    return raw(b"alive\n", "text/plain", FRESH)


@route("/readyz", http_method=["GET", "HEAD"], responses=openapi.READINESS)
async def get_readiness(request: Request[Any, Any, Any]) -> ASGIResponse:
    """200 when statements can be recorded and stored data was right when it was last read again, else 503.

    A standby is ready: it reads, says where it stands in `detail`, and refuses what is posted until it leads.
    """
    desk = desk_of(request)
    stands_by = desk.sequencer.standing_by
    # A standby is a moment behind a second head that it shares with the server that leads.
    second = stands_by or await _second_head_agrees(desk)
    broken = None if stands_by and isinstance(desk.sequencer.broken, Busy) else desk.sequencer.broken
    last = desk.self_check.last
    faults = [
        *([broken.sentence] if broken else []),
        *([] if second else ["the second head is not where the database's head is"]),
        *([last.wrong] if last and last.wrong else []),
    ]
    answer = wire.Readiness(
        ready=not faults,
        log_loaded=True,
        sequencer=broken is None and not stands_by,
        second_head=second,
        self_check=_said(last),
        passports=desk.settings.operator_key is not None,
        detail="; ".join(faults or ["standby"] * stands_by),
    )
    return json(answer, FRESH, 503 if faults else 200)


@route("/metrics", http_method=["GET", "HEAD"], responses=openapi.METRICS)
async def get_metrics(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Prometheus' text format."""
    return raw(desk_of(request).metrics.page(), _PROMETHEUS, FRESH)


async def _second_head_agrees(desk: Desk) -> bool:
    for _ in range(_LOOKS):
        before = desk.log.state.published.checkpoint
        try:
            if await asyncio.to_thread(desk.second.read) in (before, desk.log.state.published.checkpoint):
                return True
        except (CoilmarkError, OSError):
            return False
        await asyncio.sleep(_PAUSE)
    return False


def _said(finding: Finding | None) -> str:
    if finding is None:
        return "not yet"
    says = finding.wrong or "as recorded"
    return f"entries {finding.start} to {finding.end - 1} at {rfc3339(finding.at)}: {says}"
