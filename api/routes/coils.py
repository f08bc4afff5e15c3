"""The passport of a piece: the page that its label leads to, the passport as data, and its bundles."""

import asyncio
import re
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar import Request, route
from litestar.response.base import ASGIResponse

from api import openapi
from api.answers import FRESH, JSON, given, json, raw
from api.body import query
from api.desk import Desk, desk_of, reader_of
from api.languages import language_of
from api.pages import WITH_SCRIPT, page_answer
from api.routes.resolver import base_of, read_link, refusal
from api.scan_page import product_page, scan_page
from api.scans import address_of
from ledger.kernel.bundle import Bundle, encode_bundle
from ledger.kernel.encoding import b64_encode
from ledger.kernel.errors import Busy, CoilmarkError, Malformed, Missing
from ledger.passport.codes import piece_of
from ledger.questions.asking import Asked
from ledger.questions.footprint import footprint_document
from ledger.resolving.offered import KEY, PAGE, piece_named
from ledger.scans.judging import DAYS
from ledger.showing import passports
from ledger.store.access import Reader
from schemas import wire

_PRIVATE = FRESH | {"vary": "authorization", "referrer-policy": "no-referrer"}
_PLAIN = re.compile(r"[^A-Za-z0-9_-]")


@route("/page/{named:path}", http_method=["GET", "HEAD"], responses=openapi.SCAN)
async def get_scan(request: Request[Any, Any, Any]) -> ASGIResponse:
    """The page of a piece, for people: its passport with the label's code or a token, else what is public.

    Below /page stands the Digital Link that led here. One that names a lot and no piece has the product's page.
    """
    try:
        return await _scan(request)
    except CoilmarkError as error:
        return given(refusal(request, error))


@route("/v1/coils/{gtin:str}/{named:path}", http_method=["GET", "HEAD"], responses=openapi.COIL)
async def get_coil(request: Request[Any, Any, Any]) -> ASGIResponse:
    """/v1/coils/{gtin}/{serial}/passport?c= as data; …/footprint?c= as PACT has it; …/bundle?c=&kind=; …/scans?c=.

    A serial may hold a slash: the last segment says what is asked for.
    """
    serial, _, what = request.path_params["named"].removeprefix("/").rpartition("/")
    piece = piece_of(request.path_params["gtin"], serial)
    said = query(request, "c", "kind") if what == "bundle" else query(request, "c")
    desk, reader = desk_of(request), reader_of(request)
    passports.require_open(desk.codes(), piece, said.get("c"), reader)
    if what == "passport":
        return await asyncio.to_thread(_data, desk, piece, reader)
    if what == "footprint":
        return await asyncio.to_thread(_footprint, desk, piece, reader)
    if what == "scans":
        return await asyncio.to_thread(_scans, desk, piece)
    if what != "bundle":
        told = f"of a piece there are passport, footprint, bundle and scans, not {ascii(what)[:40]}"
        raise Missing("no_such_path", told)
    kind = said.get("kind", "short")
    body = await asyncio.to_thread(lambda: encode_bundle(_bundle(desk, piece, kind, reader)))
    name = f"{_PLAIN.sub('_', serial)}.{kind}.coilmark.json"
    return raw(body, JSON, _PRIVATE | {"content-disposition": f'attachment; filename="{name}"'})


def _bundle(desk: Desk, piece: str, kind: str, reader: Reader) -> Bundle:
    if kind == "short":
        return passports.short(desk.log, desk.standing(piece), reader)
    if kind != "full":
        raise Malformed("query", f"kind is short or full, not {ascii(kind)[:40]}")
    passports.require_token(reader)
    return passports.full(desk.log, desk.standing(piece), reader)


def _data(desk: Desk, piece: str, reader: Reader) -> ASGIResponse:
    found = desk.standing(piece)
    answer = wire.Passport(
        piece=piece,
        entry=found.index,
        leaf=b64_encode(found.sound.entry.leaf),
        recorded_at=found.sound.entry.recorded_at,
        restatement_pending_since=found.since,
        footprint_pending_since=desk.footprint_pending(found),
        passport=found.body(reader),
    )
    return json(answer, _PRIVATE)


def _footprint(desk: Desk, piece: str, reader: Reader) -> ASGIResponse:
    found, state = desk.standing(piece), desk.log.state
    with desk.log.store.reading() as transaction:
        asked = Asked(transaction, state.published.checkpoint.size, state.registry, reader)
        document = footprint_document(asked, piece, pending=found.since is not None)
    return raw(msgspec.json.encode(document), JSON, _PRIVATE)


def _scans(desk: Desk, piece: str) -> ASGIResponse:
    """How often the code was scanned. Raises Busy where the counts cannot be read."""
    found = desk.scans.told(piece)
    if found is None:
        raise Busy("scans_unread", "the counts of scans cannot be read just now", retry_after=1)
    answer = wire.Scans(
        piece=piece, days=DAYS, scans=found.scans, judged=found.judged, places=found.places,
        conspicuous=found.is_conspicuous,
    )  # fmt: skip
    return json(answer, _PRIVATE)


async def _scan(request: Request[Any, Any, Any]) -> ASGIResponse:
    link, _ = read_link(request, base_of(request), PAGE)
    if link.key[0] != KEY:
        raise Missing("no_links", f"there are pages of products and pieces (01), not of {link.name}")
    # Other parameters are left alone: what a phone or a resolver adds to a link is not the reader's fault.
    said = dict(parse_qsl(request.scope["query_string"].decode("latin-1")))
    language = language_of(said.get("lang"), request.headers.get("accept-language", ""))
    desk, reader = desk_of(request), reader_of(request)
    piece = piece_named(link)
    if piece is None:
        status, page = 200, product_page(desk, link.key[1], language)
    else:
        # Who looks again in another language has scanned nothing.
        scanned = request.scope["method"] == "GET" and "lang" not in said
        address = address_of(request, desk.settings.proxies) if scanned else ""
        shown = partial(scan_page, desk, piece, said.get("c"), reader, language, address=address)
        status, page = await desk.pages.made(shown)
    return page_answer(request, page, WITH_SCRIPT | {"content-language": language}, status)
