"""The GS1 resolver: Digital Links in, redirects and linksets out (GS1-Conformant Resolver Standard 1.2)."""

import asyncio
import logging
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote_plus

import msgspec
from litestar import Request, route
from litestar.enums import HttpMethod
from litestar.response.base import ASGIResponse

from api import openapi
from api.answers import FRESH, JSON, Answer, given, raw
from api.desk import Desk, desk_of, reader_of
from api.errors import answer_to
from api.languages import language_of
from api.pages import HEADERS, template
from api.scan_page import refused_page
from ledger.digital_link.compression import understand_path
from ledger.digital_link.link import Link
from ledger.kernel.errors import CoilmarkError, Malformed, Missing
from ledger.kernel.gs1_keys import KEYS
from ledger.resolving.choosing import Asked, choose, wishes
from ledger.resolving.links import CONTEXT, MEDIA_TYPE, VOCABULARY, Level, Target, link_type, linkset
from ledger.resolving.offered import KEY, Asker, leads_here, levels_of
from ledger.resolving.own_links import NONE, OwnLinks, own_links
from ledger.store.access import ANYONE

_log = logging.getLogger(__name__)

_METHODS = (HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS)
CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": ", ".join(_METHODS),
    "access-control-allow-headers": "Accept, Accept-Language, Authorization",
    "access-control-expose-headers": "Link, Location",
}
_ALIKE = FRESH | CORS | {"vary": "Accept, Accept-Language, Authorization", "referrer-policy": "no-referrer"}
_LINKSETS = {"linkset", "all"}  # `all` is the older word
_OTHER_KEYS = [f"/{ai}/{{named:path}}" for ai in (*KEYS, "415", "8013") if ai != KEY]
_HOST = re.compile(r"[A-Za-z0-9._-]{1,250}(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::[0-9]{1,5})?", re.ASCII)
_IN_QUERY = "%=+/?:@!$'()*,;~-._&[]"  # stays as it was sent
_NO_SUCH_PATH = "no_such_path"


@route("/01/{named:path}", http_method=_METHODS, responses=openapi.RESOLVED)
async def get_link(request: Request[Any, Any, Any]) -> ASGIResponse:
    """A GS1 Digital Link of a product, lot or piece: where its default link leads, or what ?linkType= asks for."""
    return await _resolve(request)


@route(_OTHER_KEYS, http_method=_METHODS, include_in_schema=False)
async def get_link_of_other_key(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Read and checked like any other; there are no links for it here."""
    return await _resolve(request)


@route("/{compressed:str}", http_method=_METHODS, include_in_schema=False)
async def get_compressed_link(request: Request[Any, Any, Any]) -> ASGIResponse:
    """A compressed GS1 Digital Link; any other single word is a path that is not there."""
    return await _resolve(request)


@route("/.well-known/gs1resolver", http_method=_METHODS, responses=openapi.DESCRIPTION)
async def get_description(request: Request[Any, Any, Any]) -> ASGIResponse:
    """What this resolver is, in the form of GS1's JSON schema for resolver descriptions."""
    desk = desk_of(request)
    registry = desk.log.state.registry
    name = registry.party(registry.operator).name
    said = {
        "name": f"coilmark, {name}",
        "resolverRoot": base_of(request),
        "supportedPrimaryKeys": [KEY],
        "supportedLinkType": [{"namespace": VOCABULARY, "prefix": "gs1:"}],
        "linkTypeDefaultCanBeLinkset": False,
        "contact": {"fn": name},
    }
    return raw(msgspec.json.encode(said), JSON, FRESH | CORS)


def base_of(request: Request[Any, Any, Any]) -> str:
    """Where readers reach this server: as it was told, else as it was asked."""
    told = desk_of(request).settings.base
    if told:
        return told
    host = request.headers.get("host", "localhost")
    if _HOST.fullmatch(host) is None:
        raise Malformed("request", f"{ascii(host)[:80]} is no host")
    return f"{request.scope['scheme']}://{host}"


async def _resolve(request: Request[Any, Any, Any]) -> ASGIResponse:
    if request.scope["method"] == "OPTIONS":
        return _options(request)
    try:
        asker = Asker(base_of(request), reader_of(request), _parameters(request).get("c"))
        answer = await asyncio.to_thread(_answered, request, desk_of(request), asker)
    except CoilmarkError as error:
        answer = refusal(request, error)
    return given(answer)


def _options(request: Request[Any, Any, Any]) -> ASGIResponse:
    """What may be asked of any link; of one that is right also where all its links are."""
    headers = _ALIKE | {"allow": ", ".join(_METHODS)}
    with suppress(CoilmarkError):
        asker = Asker(base_of(request), ANYONE)
        link, was_compressed = read_link(request, asker.base)
        headers["link"] = ", ".join(_link_header(link, asker, was_compressed=was_compressed))
    return raw(b"", "text/plain", headers, 204)


def _answered(request: Request[Any, Any, Any], desk: Desk, asker: Asker) -> Answer:
    link, was_compressed = read_link(request, asker.base)
    levels = levels_of(desk.log, desk.codes(), link, asker, _own_links(desk))
    said = _parameters(request)
    kind = said.get("linkType", "")
    header = {"link": ", ".join(_link_header(link, asker, was_compressed=was_compressed))}
    if kind in _LINKSETS or (not kind and _wants_linkset(request)):
        return _linkset(request, levels, header)
    asked = Asked(
        link_type(kind), wishes(request.headers.get("accept")), wishes(request.headers.get("accept-language"))
    )
    chosen = choose(levels, asked)
    if not chosen:
        raise Missing(
            "no_link_type", f"there is no link of type {ascii(kind)[:80]} for {link.name}, as far as you may see"
        )
    if len(chosen) > 1:
        only = Level(levels[0].anchor, levels[0].description, {asked.link_type: chosen})
        return _linkset(request, (only,), header, 300)
    location = _location(chosen[0], request.scope["query_string"].decode("latin-1"), asker)
    return Answer(b"", "text/plain", _ALIKE | header | {"location": location}, 307)


def _own_links(desk: Desk) -> OwnLinks:
    """The operator's, none while his file is wrong: what it says was checked when the server started."""
    try:
        return own_links(desk.places.own_links)
    except Malformed as error:
        _log.error("%s", error.sentence)
        return NONE


def read_link(request: Request[Any, Any, Any], host: str, below: str = "") -> tuple[Link, bool]:
    """The link that a request's path is, and whether it was compressed; a slash at its end means nothing.

    Raises Malformed ("digital_link"); Missing for a single word that is no compressed link.
    """
    path = request.scope["raw_path"].decode("latin-1").partition("?")[0].removeprefix(below)
    path = path[:-1] if path.endswith("/") and not path.endswith("//") else path
    try:
        return understand_path(host, path, request.scope["query_string"].decode("latin-1"))
    except Malformed:
        if path.count("/") == 1:
            raise Missing(_NO_SUCH_PATH, f"there is nothing at {ascii(path[:80])[1:-1]}") from None
        raise


def _parameters(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The query; of what is given twice, the first. What a phone adds to a link is not its reader's fault."""
    pairs = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    return dict(reversed(pairs))


def _wants_linkset(request: Request[Any, Any, Any]) -> bool:
    return MEDIA_TYPE in (wishes(request.headers.get("accept")) or {})


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """Whether a person is asking: browsers name HTML, programs do not."""
    return "text/html" in (wishes(request.headers.get("accept")) or {})


def _link_header(link: Link, asker: Asker, *, was_compressed: bool) -> list[str]:
    """RFC 8288: the linkset, also when redirecting, and what a compressed link is in full."""
    code = f"c={quote_plus(asker.code)}&" if asker.code else ""
    header = [
        f'<{asker.base}{link.path}?{code}linkType=linkset>; rel="linkset"; type="{MEDIA_TYPE}"; title="All links"'
    ]
    if was_compressed:
        header.append(f'<{_safe(link.uri)}>; rel="owl:sameAs"; title="Uncompressed"')
    return header


def _linkset(
    request: Request[Any, Any, Any], levels: tuple[Level, ...], header: Mapping[str, str], status: int = 200
) -> Answer:
    if wants_page(request):
        page = template("links.html").render(levels=levels, several=status == 300)
        return Answer(page.encode(), "text/html", HEADERS | _ALIKE | dict(header), status)
    context = f'<{CONTEXT}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"; title="Context"'
    headers = _ALIKE | {"link": f"{header['link']}, {context}"}
    return Answer(msgspec.json.encode(linkset(levels)), MEDIA_TYPE, headers, status)


def _location(target: Target, query: str, asker: Asker) -> str:
    """The target with the query of the request; a code is handed on to nobody but this server."""
    if not target.passes_query or not query:
        return target.href
    has = {name for name, _ in parse_qsl(target.href.partition("?")[2], keep_blank_values=True)}
    mine = leads_here(target.href, asker)
    passed = [
        _safe(pair) for pair in query.split("&")
        if pair and (name := unquote_plus(pair.partition("=")[0])) not in has and (mine or name != "c")
    ]  # fmt: skip
    bare, hash_, fragment = target.href.partition("#")
    joint = "" if not passed else "&" if "?" in bare else "?"
    return f"{bare}{joint}{'&'.join(passed)}{hash_}{fragment}"


def _safe(text: str) -> str:
    """As it was sent, but for what no URI in a header may hold."""
    return quote(text.encode("latin-1"), safe=_IN_QUERY)


def refusal(request: Request[Any, Any, Any], error: CoilmarkError) -> Answer:
    """A problem document, or for people a page that says the same and looks like no passport."""
    answer = answer_to(request, error)
    headers = dict(answer.headers) | _ALIKE
    if not wants_page(request) or answer.status >= 500 or error.code == _NO_SUCH_PATH:
        return Answer(answer.body, answer.kind, headers, answer.status)
    language = language_of(_parameters(request).get("lang"), request.headers.get("accept-language", ""))
    page = refused_page(desk_of(request), answer.status, error.sentence, language)
    return Answer(page.body, "text/html", HEADERS | headers, answer.status)
