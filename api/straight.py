"""What is posted goes to its handler straight: the router, and what Litestar puts around a handler, takes a third of
what a request costs here before its statement is looked at.
"""

from typing import Any

from litestar import Litestar, Request
from litestar.types import ASGIApp

from api.answers import given
from api.errors import answer_to
from api.routes.statements import STATEMENTS_PATH, post_statements


def straight(app: Litestar, asked: ASGIApp) -> ASGIApp:
    """`asked`, but for a POST to the one path that is hot. Whatever is raised there is answered as `on_error` does."""

    async def served(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] != STATEMENTS_PATH or scope["method"] != "POST":
            await asked(scope, receive, send)
            return
        scope["app"] = scope["litestar_app"] = app
        scope.setdefault("state", {})
        request: Request[Any, Any, Any] = Request(scope, receive, send)
        try:
            response = await post_statements.fn(request)
        except Exception as error:  # noqa: BLE001  each request has its answer, whatever it is
            response = given(answer_to(request, error))
        await response(scope, receive, send)

    return served
