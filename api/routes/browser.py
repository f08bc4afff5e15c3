"""GET /verify: the page that checks a file, sent nowhere. GET /browser/…: what the pages' scripts are made of."""

from typing import Any

from litestar import Request, route
from litestar.response.base import ASGIResponse

from api.answers import IMMUTABLE, raw
from api.assets import assets
from api.body import query
from api.desk import desk_of
from api.languages import language_of
from api.pages import WITH_SCRIPT, page_answer, takes_gzip
from api.scan_page import verify_page


@route("/verify", http_method=["GET", "HEAD"], include_in_schema=False)
async def get_verify(request: Request[Any, Any, Any]) -> ASGIResponse:
    """For people, in their language."""
    language = language_of(query(request, "lang").get("lang"), request.headers.get("accept-language", ""))
    page = verify_page(desk_of(request), language)
    return page_answer(request, page, WITH_SCRIPT | {"content-language": language})


@route("/browser/{version:str}/{name:path}", http_method=["GET", "HEAD"], include_in_schema=False)
async def get_asset(request: Request[Any, Any, Any]) -> ASGIResponse:
    """One file of one version, packed where the browser takes that."""
    query(request)
    asset = assets().file(request.path_params["version"], request.path_params["name"].removeprefix("/"))
    headers = IMMUTABLE | {"x-content-type-options": "nosniff", "vary": "accept-encoding"}
    if takes_gzip(request):
        return raw(asset.packed, asset.media_type, headers | {"content-encoding": "gzip"})
    return raw(asset.body, asset.media_type, headers)
