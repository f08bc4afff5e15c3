"""The accounts of a period: the CBAM report for declarants, and the claims board as data and as a page."""

import asyncio
from collections.abc import Mapping
from typing import Any, TypeVar

from litestar import Request, route
from litestar.response.base import ASGIResponse

from api import openapi
from api.accounts_process import Question
from api.answers import FRESH, json, raw
from api.body import query
from api.claims_view import claims_page, claims_view
from api.desk import desk_of, reader_of
from api.languages import language_of, words
from api.pages import HEADERS
from ledger.carbon.reports.sheet import spreadsheet
from ledger.kernel.encoding import decimal_integer
from ledger.kernel.errors import Malformed
from ledger.questions.asking import as_of
from ledger.showing.passports import require_token
from schemas import wire_carbon

T = TypeVar("T")
_PRIVATE = FRESH | {"vary": "authorization"}
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ASKED = ("from", "to", "as_of")
_YEARS = range(2026, 2101)


@route("/v1/cbam", http_method=["GET", "HEAD"], responses=openapi.CBAM)
async def get_cbam(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Direct emissions by installation, process, code and period, ?from=&to=, with ?year=&as_of=&format=json|xlsx.

    Of the installations that the reader may see. Without a period: all that was closed.
    """
    told = query(request, "from", "to", "year", "as_of", "format")
    kind = told.get("format", "json")
    if kind not in {"json", "xlsx"}:
        raise Malformed("query", f"format is json or xlsx, not {ascii(kind)[:40]}")
    year = decimal_integer(told["year"], "year") if "year" in told else None
    if year is not None and year not in _YEARS:
        raise Malformed("query", f"a year of import is from {_YEARS[0]} to {_YEARS[-1]}, not {year}")
    report = await _told(request, told, "cbam", wire_carbon.CbamReport, year)
    if kind == "json":
        return json(report, _PRIVATE)
    body = await asyncio.to_thread(spreadsheet, report)
    name = f"cbam-{report.period.start[:10]}-{report.period.end[:10]}.xlsx"
    return raw(body, _XLSX, _PRIVATE | {"content-disposition": f'attachment; filename="{name}"'})


@route("/v1/claims", http_method=["GET", "HEAD"], responses=openapi.CLAIMS)
async def get_claims(request: Request[Any, Any, Any]) -> ASGIResponse:
    """The park's public claims, each held against the ledger for a period, ?from=&to=, with ?as_of=."""
    return json(await _board(request, query(request, *_ASKED)), _PRIVATE)


@route("/claims", http_method=["GET", "HEAD"], include_in_schema=False)
async def get_claims_page(request: Request[Any, Any, Any]) -> ASGIResponse:
    """The same for people, in their language."""
    told = dict(query(request, *_ASKED, "lang"))
    language = language_of(told.pop("lang", None), request.headers.get("accept-language", ""))
    view = claims_view(await _board(request, told), words(language))
    page = claims_page(view, language, told)
    return raw(page.encode(), "text/html", HEADERS | {"content-language": language})


async def _board(request: Request[Any, Any, Any], told: Mapping[str, str]) -> wire_carbon.ClaimsBoard:
    return await _told(request, told, "claims", wire_carbon.ClaimsBoard)


async def _told(
    request: Request[Any, Any, Any], told: Mapping[str, str], what: str, kind: type[T], year: int | None = None
) -> T:
    desk, reader = desk_of(request), reader_of(request)
    require_token(reader)
    wanted = decimal_integer(told["as_of"], "as_of") if "as_of" in told else None
    size = as_of(wanted, desk.log.state.published.checkpoint.size)
    question = Question(what, size, reader, told.get("from"), told.get("to"), year)
    answer = desk.accounts.told(question, lambda: desk.accounts_process.answer(question, kind))
    # Shielded: another may wait for the same answer when this reader goes away.
    return await asyncio.shield(asyncio.wrap_future(answer))
