"""The links that the ledger itself has for a thing, for one reader.

Who has not the code of a piece is offered the same links for every serial there could be: no link tells whether a piece
exists.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from ledger.digital_link.link import Link
from ledger.kernel.errors import Missing
from ledger.kernel.gs1_keys import element_string
from ledger.passport.codes import Codes, path_of
from ledger.recording.log import Log
from ledger.resolving.links import (
    DEFAULT,
    PASSPORT,
    PRODUCT_INFORMATION,
    PROOF,
    TRACEABILITY,
    Level,
    Target,
)
from ledger.resolving.own_links import NONE, OwnLinks
from ledger.showing import passports
from ledger.store.access import Reader

KEY = "01"  # the one primary key whose links are known here
PAGE = "/page"  # below it, a Digital Link of our own leads to the page itself
PAGE_LANGUAGES = ("en", "de", "zh", "ru", "kk")
_HTML = "text/html"
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, with which code, and where this server is reached: https://id.example.com."""

    base: str
    reader: Reader
    code: str | None = None


def piece_named(link: Link) -> str | None:
    """The canonical id of the piece that a link names, None where it names a product or a lot. Raises Malformed."""
    return element_string(*link.key, link.qualifiers) if any(ai == "21" for ai, _ in link.qualifiers) else None


def levels_of(log: Log, codes: Codes | None, link: Link, asker: Asker, own: OwnLinks = NONE) -> tuple[Level, ...]:
    """From the thing itself up to the product, each with its links.

    Raises Missing ("no_links") for another key than a GTIN, and for a GTIN of nobody in this ledger; Malformed.
    """
    if link.key[0] != KEY:
        raise Missing("no_links", f"this resolver has links for products, lots and pieces (01), not for {link.name}")
    owner = passports.owner_of(log, element_string(*link.key))
    if not owner:
        raise Missing("no_links", f"no party of this ledger has the company prefix of {link.key[1]}")
    return tuple(_with_own(_level(log, codes, one, asker, owner), own.at(one.path)) for one in link.levels())


def _level(log: Log, codes: Codes | None, link: Link, asker: Asker, owner: str) -> Level:
    page = f"{asker.base}{PAGE}{link.path}"
    piece = piece_named(link)
    what = "".join(f"{_WORDS.get(ai, ai)} {value}" for ai, value in (link.qualifiers or (link.key,))[-1:])
    links: dict[str, tuple[Target, ...]] = {DEFAULT: (Target(page, f"{what}: what this ledger shows of it"),)}
    if not link.qualifiers:
        links[PRODUCT_INFORMATION] = (Target(page, f"Product {link.key[1]}", _HTML, PAGE_LANGUAGES),)
    if piece is not None and passports.may_open(codes, piece, asker.code, asker.reader):
        links |= _of_piece(log, piece, asker, page)
    anchor = f"{asker.base}{link.path}"
    return Level(anchor, f"{what}, {owner}", links)


_WORDS: Mapping[str, str] = {"01": "Product", "10": "Lot", "21": "Piece", "22": "Variant", "235": "Item"}


def _of_piece(log: Log, piece: str, asker: Asker, page: str) -> dict[str, tuple[Target, ...]]:
    """Where there is a passport: itself, what proves it, and for who has a token the way of the metal.

    Whether what is stored of it is what was recorded, each of them says itself.
    """
    if not passports.has_passport(log, piece):
        return {}
    _, _, gtin, _, serial = path_of(piece).split("/")
    coil = f"{asker.base}/v1/coils/{gtin}/{serial}"
    code = f"?c={quote(asker.code, safe='')}" if asker.code else ""
    links = {
        PASSPORT: (
            Target(page, "Passport of the piece", _HTML, PAGE_LANGUAGES),
            Target(f"{coil}/passport{code}", "Passport of the piece as data", _JSON, passes_query=False),
        ),
        PROOF: (
            Target(f"{coil}/bundle{code}", "Proof of the passport, to be verified offline", _JSON, passes_query=False),
        ),
    }
    if asker.reader.known:
        trace = f"{asker.base}/v1/lots/01/{gtin}/21/{serial}/trace"
        links[TRACEABILITY] = (Target(trace, "Where the metal came from", _JSON, passes_query=False),)
    return links


def _with_own(level: Level, own: Level | None) -> Level:
    """The operator's links beside ours; his default takes the place of ours."""
    if own is None:
        return level
    links = dict(level.links)
    for kind, targets in own.links.items():
        links[kind] = targets if kind == DEFAULT else (*links.get(kind, ()), *targets)
    return Level(level.anchor, own.description, links)


def leads_here(href: str, asker: Asker) -> bool:
    """Whether a link leads back to this server: a code is handed on to nobody else."""
    return href.startswith(f"{asker.base}/")
