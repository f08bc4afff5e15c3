"""GET /: the ledger's entries, newest first, for people. No script, nothing from elsewhere."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from litestar import Request, route
from litestar.response.base import ASGIResponse

from api.answers import raw
from api.body import query
from api.desk import Desk, desk_of, reader_of
from api.pages import HEADERS, STYLE_HEADERS, template
from ledger.kernel.encoding import decimal_integer
from ledger.kernel.errors import Damaged
from ledger.showing import reading
from ledger.store.access import Reader

ROWS = 50
_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as the page shows it. `typ` and `iss` are "" where this reader may not see them; `wrong` a sentence."""

    index: int
    leaf: str
    recorded: str
    typ: str = ""
    iss: str = ""
    wrong: str = ""


@route("/", http_method=["GET", "HEAD"], include_in_schema=False)
async def get_page(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Fifty entries below ?before, the newest first."""
    said = query(request, "before").get("before")
    desk = desk_of(request)
    size = desk.log.state.published.checkpoint.size
    before = size if said is None else min(decimal_integer(said, "before"), size)
    start = max(0, before - ROWS)
    page = template("entries.html").render(
        ledger=desk.log.uri,
        checkpoint=desk.board.shown().checkpoint,
        lines=await asyncio.to_thread(_lines, desk, reader_of(request), start, before),
        older=start,
        newer=min(before + ROWS, size) if before < size else 0,
    )
    return raw(page.encode(), "text/html", HEADERS)


@route("/page.css", http_method=["GET", "HEAD"], include_in_schema=False)
async def get_style(request: Request[Any, Any, Any]) -> ASGIResponse:
    """The page's style sheet."""
    query(request)
    return raw(template("page.css").render().encode(), "text/css", STYLE_HEADERS)


def _lines(desk: Desk, reader: Reader, start: int, end: int) -> list[Line]:
    """Newest first. One damaged entry is shown as such and hides no other."""
    try:
        shown = reading.show_many(desk.log, start, end)
    except Damaged:
        return [_line(desk, reader, index) for index in range(end - 1, start - 1, -1)]
    return [_good(one, reader) for one in reversed(shown)]


def _line(desk: Desk, reader: Reader, index: int) -> Line:
    try:
        return _good(reading.show(desk.log, index), reader)
    except Damaged as damage:
        return Line(index, "", "", wrong=damage.sentence)


def _good(shown: reading.Shown, reader: Reader) -> Line:
    entry = shown.sound.entry
    seconds = entry.recorded_at // _MICROSECONDS
    recorded = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    statement = shown.statement
    if not reader.may_see(statement.iss):
        return Line(entry.index, entry.leaf.hex(), recorded)
    return Line(entry.index, entry.leaf.hex(), recorded, statement.typ, statement.iss)
