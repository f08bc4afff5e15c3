"""A standby looks again before it answers what it cannot answer yet.

Whoever was told by any server that an entry is recorded finds it at every server; whoever posted through this one
finds their entries in all that it shows.
"""

import asyncio
from contextlib import suppress
from typing import Any

from litestar import Request

_MOST = 2.0  # seconds: then it answers with what it has
_LOOKS = 2  # the second where whoever led moved this server's second head, and whoever leads now does not
_ASKED = {"index": 1, "size": 0, "new": 0}  # parameters of a path, and how much larger the ledger must be


async def look_first(request: Request[Any, Any, Any]) -> None:
    """Before each request; does nothing where this server leads or has what it was asked for."""
    desk = request.app.state.get("desk")
    if desk is None or not desk.sequencer.standing_by:
        return
    wanted = max(desk.forwarder.acknowledged, _asked(request.path_params))
    with suppress(TimeoutError):
        async with asyncio.timeout(_MOST):
            for _ in range(_LOOKS):
                if desk.log.state.published.checkpoint.size >= wanted:
                    return
                await asyncio.wrap_future(desk.sequencer.look())


async def look_nowhere(_request: Request[Any, Any, Any]) -> None:
    """Before what is posted to be recorded: the server that leads knows all of it, whatever is known here."""


def _asked(parameters: dict[str, Any]) -> int:
    """The size of the ledger in which there is what the path names; 0 where it names nothing of that kind."""
    said = ((parameters.get(name, ""), more) for name, more in _ASKED.items())
    return max((int(value) + more for value, more in said if value.isdecimal() and len(value) < 20), default=0)
