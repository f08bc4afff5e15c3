"""One name for one thing: GS1 Digital Link URIs, EPC URNs and element strings to canonical ids (SPEC 4.4).

A canonical id is the element string of the finest key: host, stem, query and every other qualifier are dropped, so
that a coil has one name wherever and in whatever spelling it is scanned.
"""

import functools
import re
from collections.abc import Sequence

from ledger.kernel.epc_urn import named_by
from ledger.kernel.errors import CoilmarkError, Malformed
from ledger.kernel.gs1_keys import KEYS, check_digit, check_qualifiers, element_string

__all__ = ["canonical_id", "check_digit", "company_digits", "is_canonical", "names_one_thing"]

# GS1 Digital Link URI syntax 1.4: the scheme wholly lower or wholly upper case, no user information.
_URI = re.compile(
    r"(?:https?|HTTPS?)://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
    r"(/[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*)"
    r"(?:\?([A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*))?(?:#[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*)?",
    re.ASCII,
)
_ELEMENTS = re.compile(r"\(([0-9]{2,4})\)([^()]*(?:\((?![0-9]{2,4}\))[^()]*|\)[^()]*)*)", re.ASCII)
# How nearly every lot and piece is written: nothing in it can be read in another way. The rest is read step by step.
_COMMON = re.compile(r"https?://[a-z0-9.-]+/01/([0-9]{14})/(10|21)/([A-Za-z0-9._-]{1,20})", re.ASCII)
_LEADING_DIGITS = re.compile(r"[0-9]*", re.ASCII)
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?", re.ASCII)
_LONGEST = 4096  # characters, SPEC 8


def canonical_id(text: str) -> str:
    """The canonical id that `text` names: '(01)09521141000014(10)BX-1'.

    Takes Digital Link URIs of any host, EPC URNs and canonical ids themselves. Check digits, character sets, lengths
    and the order of qualifiers are checked. Raises Malformed ("gs1_id") for everything else, other URIs too.
    """
    if len(text) <= _USUAL:
        return _usual(text)
    if len(text) > _LONGEST:
        raise Malformed("gs1_id", f"an id of {len(text)} characters is no GS1 id")
    return _read(text)


def _read(text: str) -> str:
    common = _COMMON.fullmatch(text)
    if common is not None and check_digit(common[1][:-1]) == common[1][-1]:
        return f"(01){common[1]}({common[2]}){common[3]}"
    if text.startswith("("):
        return _canonical_elements(text)
    if text.startswith("urn:"):
        return element_string(*named_by(text))
    return _from_link(text)


# An event names the same lot in several places. Long texts are not kept: their length is the sender's choice.
_USUAL = 160
_usual = functools.lru_cache(maxsize=8192)(_read)


def is_canonical(text: str) -> bool:
    """Whether `text` is a canonical GS1 id."""
    try:
        return text.startswith("(") and canonical_id(text) == text
    except CoilmarkError:
        return False


def company_digits(canonical: str) -> str:
    """The digits of a canonical GS1 id that begin with its company prefix. Raises Malformed ("gs1_id")."""
    ai, value = _elements(canonical)[0]
    key = KEYS[ai]
    if key.checked is not None:
        return value[key.company : key.checked[1] - 1]
    return value[key.company : _LEADING_DIGITS.match(value, key.company).end()]  # type: ignore[union-attr]


@functools.lru_cache(maxsize=8192)  # of canonical ids, which are short; an event asks several times of each
def names_one_thing(canonical: str) -> bool:
    """Whether a canonical GS1 id names one thing (a serial, an SSCC, an asset) and not a class or a lot of things.

    That the id is canonical is not checked here.
    """
    ai, _, rest = canonical[1:].partition(")")
    key = KEYS[ai]
    if key.single is not None:
        return len(rest) >= key.single
    # No value holds what reads as an element, so that finding one is enough.
    return any(name != "10" and f"({name})" in rest for name in key.finest)


def _canonical_elements(text: str) -> str:
    (ai, value), *qualifiers = _elements(text)
    # Parse, format, compare: an element string that says more than the finest key is another name for the same thing.
    if element_string(ai, value, qualifiers) != text:
        raise Malformed("gs1_id", f"{text[:80]!a} is not canonical: it names more than the finest key")
    return text


def _elements(text: str) -> list[tuple[str, str]]:
    found = [(one[1], one[2]) for one in _ELEMENTS.finditer(text)]
    if not found or "".join(f"({ai}){value}" for ai, value in found) != text:
        raise Malformed("gs1_id", f"{text[:80]!a} is no GS1 element string")
    if found[0][0] not in KEYS:
        raise Malformed("gs1_id", f"({found[0][0]}) is no GS1 key that names a thing here")
    return found


def _from_link(text: str) -> str:
    link = _URI.fullmatch(text)
    if link is None:
        raise Malformed("gs1_id", f"{text[:80]!a} is no GS1 Digital Link URI, EPC URN or element string")
    ai, value, qualifiers = _named_by_path(link[1], text)
    canonical = element_string(ai, value, qualifiers)
    if link[2]:
        _check_query(ai, qualifiers, link[2], text)
    return canonical


def _named_by_path(path: str, text: str) -> tuple[str, str, list[tuple[str, str]]]:
    steps = path.split("/")
    # From the right, in pairs: what stands left of the last key is the stem, whatever it looks like.
    at = next((at for at in range(len(steps) - 2, 0, -2) if steps[at] in KEYS), None)
    if at is None:
        raise Malformed("gs1_id", f"the path of {text[:80]!a} names no GS1 key that is known here")
    values = steps[at + 1 :: 2]
    if "%" in path:
        values = [_unescape(value) for value in values]
    return steps[at], values[0], list(zip(steps[at + 2 :: 2], values[1:], strict=True))


def _check_query(ai: str, qualifiers: Sequence[tuple[str, str]], query: str, text: str) -> None:
    """The query is dropped; so it may not hold what would have been part of the id had it stood in the path."""
    chains = (check_qualifiers(ai, qualifiers),) if qualifiers else KEYS[ai].chains
    in_path = {ai}.union(*chains)
    for parameter in query.split("&"):
        name = _unescape(parameter.partition("=")[0])
        if name in in_path:
            raise Malformed("gs1_id", f"{text[:80]!a} has ({name}) in its query, where it does not belong")


def _unescape(step: str) -> str:
    """Percent-decoding, once. What is not ASCII comes out as what no GS1 character set holds."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else "\x00", step)
