"""What the ledger says of lots: state, trace, recall list, look-up, and the stock of a site; for who has a token."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from litestar import Request, route
from litestar.response.base import ASGIResponse

from api import openapi
from api.answers import FRESH, json, raw
from api.body import query
from api.desk import desk_of, reader_of
from ledger.kernel.encoding import decimal_integer
from ledger.kernel.errors import Malformed, Missing
from ledger.kernel.gs1 import canonical_id
from ledger.questions.asking import Asked, as_of
from ledger.questions.lots import WORDS, lot, lots_by
from ledger.questions.stock import stock
from ledger.questions.traces import as_csv, recall_list, trace_down, trace_up
from ledger.showing.passports import require_token

_PRIVATE = FRESH | {"vary": "authorization"}
_LINK = "https://id.invalid/"  # a host that names nothing: the path alone says which lot
_TRACES = {"up": trace_up, "down": trace_down}


@route("/v1/lots", http_method=["GET", "HEAD"], responses=openapi.LOTS)
async def get_lots(request: Request[Any, Any, Any]) -> ASGIResponse:
    """?heat=, ?localId=, ?order=, ?customerPart= or ?cast=, with ?as_of=: the lots that it leads to."""
    said = query(request, *WORDS, "as_of")
    words = [(word, unquote(value)) for word, value in said.items() if word != "as_of"]
    if len(words) != 1:
        raise Malformed("query", f"lots are looked up by one of {', '.join(WORDS)}")
    return await told(request, said, lambda asked: lots_by(asked, *words[0]))


@route("/v1/lots/{named:path}", http_method=["GET", "HEAD"], responses=openapi.LOT)
async def get_lot(request: Request[Any, Any, Any]) -> ASGIResponse:
    """/01/{gtin}/{10|21}/{x} or /00/{sscc}, with ?as_of=; …/trace?direction=up|down; …/recall?format=json|csv."""
    name, question = _named(request)
    if question == "trace":
        said = query(request, "as_of", "direction")
        trace = _TRACES.get(said.get("direction", "up"))
        if trace is None:
            raise Malformed("query", f"direction is up or down, not {ascii(said['direction'])[:40]}")
        return await told(request, said, lambda asked: trace(asked, name))
    if question == "recall":
        return await _recall(request, name)
    return await told(request, query(request, "as_of"), lambda asked: lot(asked, name))


@route("/v1/sites/{gln:str}/stock", http_method=["GET", "HEAD"], responses=openapi.STOCK)
async def get_stock(request: Request[Any, Any, Any]) -> ASGIResponse:
    """What is on hand, in transit, in open runs, not yet reported by its senders; what may be claimed; with ?as_of=."""
    site = canonical_id(f"{_LINK}414/{request.path_params['gln']}")
    return await told(request, query(request, "as_of"), lambda asked: stock(asked, site))


async def _recall(request: Request[Any, Any, Any], name: str) -> ASGIResponse:
    said = query(request, "as_of", "format")
    if said.get("format", "json") == "json":
        return await told(request, said, lambda asked: recall_list(asked, name))
    if said["format"] != "csv":
        raise Malformed("query", f"format is json or csv, not {ascii(said['format'])[:40]}")
    text = await asyncio.to_thread(_ask, request, said, lambda asked: as_csv(recall_list(asked, name)))
    headers = _PRIVATE | {"content-disposition": 'attachment; filename="recall.csv"'}
    return raw(text.encode(), "text/csv", headers)


def _named(request: Request[Any, Any, Any]) -> tuple[str, str]:
    """The lot's canonical id, and what is asked of it: "", "trace" or "recall"."""
    path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
    segments = path.removeprefix("/v1/lots/").split("/")
    question = segments.pop() if len(segments) % 2 else ""
    if question not in {"", "trace", "recall"}:
        raise Missing("no_such_path", f"of a lot there are trace and recall, not {ascii(question)[:40]}")
    return canonical_id(_LINK + "/".join(segments)), question


async def told(
    request: Request[Any, Any, Any], said: Mapping[str, str], question: Callable[[Asked], Any]
) -> ASGIResponse:
    """The answer to a question about the ledger's state, as of what the query says, for who has a token."""
    # In a thread: a trace of thousands of events takes a while, and nobody else should wait for it.
    return json(await asyncio.to_thread(_ask, request, said, question), _PRIVATE)


def _ask(request: Request[Any, Any, Any], said: Mapping[str, str], question: Callable[[Asked], Any]) -> Any:
    log, reader = desk_of(request).log, reader_of(request)
    require_token(reader)
    state = log.state
    wanted = decimal_integer(said["as_of"], "as_of") if "as_of" in said else None
    size = as_of(wanted, state.published.checkpoint.size)
    with log.store.reading() as transaction:
        return question(Asked(transaction, size, state.registry, reader))
