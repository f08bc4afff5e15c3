"""How long pages of pieces take in the server: from when a request has come to when the last byte is with the socket.

What a request waits for before the server looks at its socket is not in it, nor is the way.
"""

import time
from collections.abc import Callable
from typing import Any

from litestar import Litestar
from litestar.types import ASGIApp

ARRIVED = "arrived"  # in the state of a request's scope, by `monotonic`
monotonic = time.perf_counter


def timing_pages(app: Litestar, asked: ASGIApp, now: Callable[[], float] = monotonic) -> ASGIApp:
    """`asked`, which asks `app`, whose metrics are told how long each page took, refused ones included."""

    async def timed(scope: Any, receive: Any, send: Any) -> None:
        began = now()
        await asked(scope, receive, send)
        if scope["type"] == "http" and scope["path"].startswith("/page/") and "desk" in app.state:
            app.state["desk"].metrics.page_sent(now() - scope["state"].get(ARRIVED, began))

    return timed
