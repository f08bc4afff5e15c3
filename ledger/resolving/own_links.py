"""The operator's own links of products and lots: a linkset in a file, put beside what the ledger has."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ledger.digital_link.reading import read_uri
from ledger.kernel.errors import CoilmarkError, Malformed
from ledger.resolving.links import Level, Target, link_type

_LIMIT = 4 * 1024 * 1024  # bytes
_HREF = re.compile(r"https?://[^\s<>\"\\^`{|}]{1,2000}", re.ASCII)
_KIND = re.compile(r"[a-z-]+|https?://[A-Za-z0-9./#_-]+", re.ASCII)  # RFC 9264: registered names, or URIs
_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2}(?:-[A-Za-z]{2})?", re.ASCII)
_OF_LEVEL = {"anchor", "itemDescription", "description"}
_OF_TARGET = {"href", "title", "type", "hreflang", "fwqs"}
_TOO_FINE = {"21", "235"}  # a link of one serial would tell everybody that it exists


@dataclass(frozen=True, slots=True)
class OwnLinks:
    """By path of the thing: /01/09521141000014, or with /10/ and a lot."""

    levels: Mapping[str, Level] = field(default_factory=dict)

    def at(self, path: str) -> Level | None:
        """What the operator has for this thing itself."""
        return self.levels.get(path)


NONE = OwnLinks()


def own_links(file: Path) -> OwnLinks:
    """The links in a file, read again when it has changed; none where there is no file.

    Raises Malformed ("links_file") with the place and the reason.
    """
    try:
        stat = file.stat()
    except FileNotFoundError:
        return NONE
    return _read(file, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=4)
def _read(file: Path, changed: int, size: int) -> OwnLinks:
    del changed  # it is here so that another state of the file is another call
    if size > _LIMIT:
        raise Malformed("links_file", f"{file} has {size} bytes, the most is {_LIMIT}")
    try:
        said = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise Malformed("links_file", f"{file} is no JSON: {error}") from None
    if not isinstance(said, dict) or said.keys() != {"linkset"} or not isinstance(said["linkset"], list):
        raise Malformed("links_file", f"{file} holds no linkset: an object with one member, `linkset`, a list")
    return OwnLinks(dict(_level(one, f"{file}: linkset[{number}]") for number, one in enumerate(said["linkset"])))


def _level(said: Any, where: str) -> tuple[str, Level]:
    if not isinstance(said, dict) or not isinstance(said.get("anchor"), str):
        raise Malformed("links_file", f"{where} has no anchor")
    try:
        link = read_uri(said["anchor"])
    except CoilmarkError as error:
        raise Malformed("links_file", f"the anchor of {where} is no GS1 Digital Link: {error.sentence}") from error
    if any(ai in _TOO_FINE for ai, _ in link.qualifiers) or link.key[0] != "01":
        raise Malformed("links_file", f"{where} is about {link.name}: own links are for products and lots")
    description = said.get("itemDescription", said.get("description", link.name))
    links = {link_type(kind): _targets(kind, targets, where) for kind, targets in said.items() if kind not in _OF_LEVEL}
    return link.path, Level(said["anchor"], str(description), links)


def _targets(kind: str, said: Any, where: str) -> tuple[Target, ...]:
    if _KIND.fullmatch(link_type(kind)) is None or not isinstance(said, list):
        raise Malformed("links_file", f"{kind[:80]!a} in {where} is no link type with a list of links")
    return tuple(_target(one, f"{where}, {kind}[{number}]") for number, one in enumerate(said))


def _target(said: Any, where: str) -> Target:
    if not isinstance(said, dict) or not said.keys() <= _OF_TARGET:
        raise Malformed("links_file", f"{where} may have {', '.join(sorted(_OF_TARGET))}, and nothing else")
    href, title, kind, languages = said.get("href"), said.get("title"), said.get("type", ""), said.get("hreflang", [])
    if not isinstance(href, str) or _HREF.fullmatch(href) is None:
        raise Malformed("links_file", f"{where} has no href that is a web address")
    if not isinstance(title, str) or not title:
        raise Malformed("links_file", f"{where} has no title")
    if not isinstance(kind, str) or (kind and _TYPE.fullmatch(kind) is None):
        raise Malformed("links_file", f"the type of {where} is no media type")
    if not _are_languages(languages) or not isinstance(said.get("fwqs", True), bool):
        raise Malformed("links_file", f"hreflang of {where} is a list of languages like en or en-GB, fwqs a boolean")
    return Target(href, title, kind, tuple(languages), said.get("fwqs", True))


def _are_languages(said: Any) -> bool:
    return isinstance(said, Sequence) and all(isinstance(one, str) and _LANGUAGE.fullmatch(one) for one in said)
