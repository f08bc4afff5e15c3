"""The pages around a piece: its passport for who has the label's code, what is public for who has not, and /verify."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from markupsafe import Markup

from api.assets import assets
from api.desk import Desk
from api.languages import LANGUAGES, Words, words
from api.packing import Page
from api.pages import template
from api.passport_record import Record, record_of
from ledger.kernel.errors import Damaged, Missing
from ledger.kernel.note import fingerprint, parse_vkey
from ledger.passport.codes import path_of
from ledger.scans.places import place_key, place_of
from ledger.showing import passports
from ledger.store.access import Reader

_PLAIN = re.compile(r"[^A-Za-z0-9_-]")
_DAMAGED, _FINE = 500, 200
# Where in a page what the passport says comes in. No page has this twice: what others wrote is escaped.
_HERE = Markup("<!-- what the passport says -->")


def scan_page(
    desk: Desk, piece: str, code: str | None, reader: Reader, language: str, *, address: str = ""
) -> tuple[int, Page]:
    """Status and page of a piece. Without a right to see it, the same page whether or not there is such a piece.

    A passport that a label's code opened is counted as a scan from `address`, unless that is "".
    """
    said, codes = words(language), desk.codes()
    if not passports.may_open(codes, piece, code, reader):
        return _FINE, product_page(desk, piece[4:18], language)
    try:
        found = desk.standing(piece)
        if address and codes is not None and code is not None and codes.opens(piece, code):
            desk.scans.count(piece, place_of(address, place_key(codes.secret)))
        return _FINE, _passport(desk, found, code, reader, said)
    except Missing:
        issued = desk.settings.operator_key is not None
        return _FINE, _page("unshipped.html", said, desk, _links(code), piece=piece, issued=issued)
    except Damaged:
        return _DAMAGED, _page("damaged.html", said, desk, _links(code), piece=piece)


def product_page(desk: Desk, gtin: str, language: str) -> Page:
    """What is public of a product. Raises Missing ("no_links") where nobody in this ledger has its prefix."""
    owner = passports.owner_of(desk.log, f"(01){gtin}")
    if not owner:
        raise Missing("no_links", f"no party of this ledger has the company prefix of {gtin}")
    return _page("product.html", words(language), desk, _links(None), gtin=gtin, owner=owner)


def refused_page(desk: Desk, status: int, sentence: str, language: str) -> Page:
    """What is said of a link that is wrong, or that there is nothing for: never a page that looks verified."""
    return _page("refused.html", words(language), desk, _links(None), status=status, sentence=sentence)


def verify_page(desk: Desk, language: str) -> Page:
    """The page that checks a file in the reader's browser."""
    scripts = _scripts("verify", "lots/", "carbon/", "rules")  # all of it: it works offline
    return _page("verify.html", words(language), desk, _links(None), scripts=scripts)


def _passport(desk: Desk, found: passports.Standing, code: str | None, reader: Reader, said: Words) -> Page:
    record = _record(desk, found, reader, said)
    around = _page(
        "passport.html",
        said,
        desk,
        _links(code),
        record=record,
        shown=_HERE,
        piece=found.piece,
        as_of=found.gist.as_of,
        index=found.index,
        since=found.since,
        has_seen=found.gist.has_seen,
        size=desk.log.state.published.checkpoint.size,
        files=_files(found.piece, code, reader),
        scans=desk.scans.told(found.piece),
        scripts=_scripts("scan"),
    ).above
    above, _, below = around.partition(_HERE.encode())
    return Page(above, record.shown, below)


def _record(desk: Desk, found: passports.Standing, reader: Reader, said: Words) -> Record:
    footprint_since = desk.footprint_pending(found)

    def made() -> Record:
        body = found.body(reader)
        mean = desk.means.of(body)
        return record_of(desk.log, found, body, reader, said, mean=mean, footprint_since=footprint_since)

    return desk.records.rendered(found.sound, (said.language, reader, footprint_since), made)


def _page(name: str, said: Words, desk: Desk, links: Mapping[str, str], **given: Any) -> Page:
    keys = desk.log.state.registry.log_keys
    page = template(name).render(
        w=said,
        language=said.language,
        languages=LANGUAGES,
        links=links,
        version=assets().version,
        # What the page's script believes until the reader says otherwise: the keys that this server names.
        trust="".join(f"log {key}\n" for key in keys) + "quorum none\n",
        fingerprints=[_fingerprint(key) for key in keys],
        **given,
    )
    return Page(page.encode())


@cache  # of two pages
def _scripts(main: str, *more: str) -> str:
    """The modules of a page, all of which it asks for at once."""
    modules = assets().modules("verifier/", "check", main, *more)
    said: str = template("scripts.html").render(version=assets().version, modules=modules, main=f"{main}.js")
    return Markup(said)  # noqa: S704  the template escapes


@cache  # a few keys a ledger; whether a key is on the curve takes half a millisecond to say
def _fingerprint(key: str) -> str:
    return fingerprint(parse_vkey(key))


def _links(code: str | None) -> dict[str, str]:
    """The same page in each language: what a label's link carries goes with it."""
    with_code = f"c={_PLAIN.sub('', code)}&" if code else ""
    return {language: f"?{with_code}lang={language}" for language in LANGUAGES}


def _files(piece: str, code: str | None, reader: Reader) -> dict[str, str]:
    _, _, gtin, _, serial = path_of(piece).split("/")
    below = f"/v1/coils/{gtin}/{serial}"
    with_code = f"?c={_PLAIN.sub('', code)}" if code else ""
    full = f"{below}/bundle{with_code or '?'}{'&' if with_code else ''}kind=full" if reader.known else ""
    return {
        "short": f"{below}/bundle{with_code}",
        "full": full,
        "json": f"{below}/passport{with_code}",
        "footprint": f"{below}/footprint{with_code}",
    }
