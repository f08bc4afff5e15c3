"""What the ledger says of energy: attestations, and what a process drew and what covers it; for who has a token."""

import asyncio
from typing import Any
from urllib.parse import unquote

from litestar import Request, route
from litestar.response.base import ASGIResponse

from api import openapi
from api.answers import FRESH, JSON, raw
from api.body import query
from api.desk import desk_of, reader_of
from api.routes.lots import told
from ledger.kernel.bundle import encode_bundle
from ledger.kernel.errors import Malformed, Missing
from ledger.questions.energy import attestation, attested, consumed
from ledger.showing import reading
from ledger.showing.passports import require_token

_SEGMENTS = 3  # application identifier, value, and at least one local segment


@route("/v1/attestations", http_method=["GET", "HEAD"], responses=openapi.ATTESTATIONS)
async def get_attestations(request: Request[Any, Any, Any]) -> ASGIResponse:
    """?device={id}&from=&to=, with ?as_of=: what a device attested in a period of full UTC hours."""
    asked = query(request, "device", "from", "to", "as_of")
    device, start, end = _wanted(asked, "device", "from", "to")
    return await told(request, asked, lambda state: attested(state, device, start, end))


@route("/v1/attestations/{named:path}", http_method=["GET", "HEAD"], responses=openapi.ATTESTATION)
async def get_attestation(request: Request[Any, Any, Any]) -> ASGIResponse:
    """/417/{gln}/{local…}, with ?as_of=: state, slices and history of one attestation.

    ?form=bundle: all that was done with it, in one file that needs nothing else, as of now.
    """
    name, asked = _named(request, "/v1/attestations/"), query(request, "as_of", "form")
    if asked.get("form", "state") == "state":
        return await told(request, asked, lambda state: attestation(state, name))
    if asked["form"] != "bundle" or "as_of" in asked:
        raise Malformed("query", "form is state, or bundle without as_of")
    log, reader = desk_of(request).log, reader_of(request)
    require_token(reader)
    body = await asyncio.to_thread(lambda: encode_bundle(reading.attestation_proof(log, name, reader)))
    return raw(body, JSON, FRESH | {"vary": "authorization"})


@route("/v1/consumption/{named:path}", http_method=["GET", "HEAD"], responses=openapi.CONSUMPTION)
async def get_consumption(request: Request[Any, Any, Any]) -> ASGIResponse:
    """/417/{gln}/{local…} of a process, ?from=&to=, with ?as_of=: its hours, what covers them, and both shares."""
    name, asked = _named(request, "/v1/consumption/"), query(request, "from", "to", "as_of")
    start, end = _wanted(asked, "from", "to")
    return await told(request, asked, lambda state: consumed(state, name, start, end))


def _wanted(asked: dict[str, str], *names: str) -> list[str]:
    missing = [name for name in names if name not in asked]
    if missing:
        raise Malformed("query", f"the query lacks {', '.join(missing)}")
    return [unquote(asked[name]) for name in names]


def _named(request: Request[Any, Any, Any], before: str) -> str:
    """The canonical id that a path names: /417/{gln}/{local} is (417){gln}/{local}."""
    path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
    key, *rest = unquote(path.removeprefix(before)).split("/")
    if len(rest) < _SEGMENTS - 1 or not key.isdecimal():
        raise Missing("no_such_path", "an id is written /417/{gln}/{local name}")
    return f"({key}){'/'.join(rest)}"
