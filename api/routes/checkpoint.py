"""GET /checkpoint: the signed note of the newest published tree head."""

from typing import Any

from litestar import Request, route
from litestar.response.base import ASGIResponse

from api import openapi
from api.answers import FRESH, raw
from api.body import query
from api.desk import desk_of


@route("/checkpoint", http_method=["GET", "HEAD"], responses=openapi.CHECKPOINT)
async def get_checkpoint(request: Request[Any, Any, Any]) -> ASGIResponse:
    """A C2SP checkpoint, as a signed note; it moves at most once a second."""
    query(request)
    return raw(desk_of(request).board.shown().note.encode(), "text/plain", FRESH)
