"""GS1 Digital Link URI Syntax: a URI, or a path and a query, as the link that it is."""

import re
from dataclasses import dataclass

from ledger.digital_link.link import Element, Link, key_of, make_link
from ledger.kernel.errors import Malformed

# RFC 3986 without user information; the scheme wholly lower or wholly upper case (GS1 Digital Link URI Syntax 4.2).
_URI = re.compile(
    r"((?:https?|HTTPS?)://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?)"
    r"(/[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*)"
    r"(?:\?([A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*))?(?:#[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*)?",
    re.ASCII,
)
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?", re.ASCII)
_LONGEST = 4096  # characters, SPEC 8
_NAMES = {
    "sscc": "00", "gtin": "01", "itip": "8006", "gmn": "8013", "cpid": "8010", "gln": "414", "payTo": "415",
    "party": "417", "gsrnp": "8017", "gsrn": "8018", "gcn": "255", "gdti": "253", "ginc": "401", "gsin": "402",
    "grai": "8003", "giai": "8004", "cpv": "22", "lot": "10", "ser": "21", "cpsn": "8011",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Permit:
    """What is taken beyond the standard: names for numbers, GTINs of 8 to 13 digits, unknown identifiers in queries."""

    names: bool = False
    short_gtins: bool = False
    unknown: bool = False


STRICT = Permit()


def read_uri(text: str, permit: Permit = STRICT) -> Link:
    """The link that an uncompressed URI is. Raises Malformed ("digital_link") with the reason in a sentence."""
    host, path, query = split_uri(text)
    return read_path(host, path, query, permit)


def split_uri(text: str) -> tuple[str, str, str]:
    """Scheme and host, path, query of a web address; what stands after # is dropped. Raises Malformed."""
    if len(text) > _LONGEST:
        raise Malformed("digital_link", f"a link of {len(text)} characters is too long, the most is {_LONGEST}")
    found = _URI.fullmatch(text)
    if found is None:
        raise Malformed("digital_link", f"{text[:80]!a} is no web address as GS1 Digital Link has them")
    return found[1], found[2], found[3] or ""


def read_path(host: str, path: str, query: str, permit: Permit = STRICT) -> Link:
    """As `read_uri`, of a URI in parts, as they were sent: still percent-encoded. Raises Malformed."""
    steps = path.split("/")
    # From the right, in pairs: what stands left of the last key is the stem, whatever it looks like.
    pairs = range(len(steps) - 2, 0, -2)
    at = next((at for at in pairs if key_of(_number(steps[at], permit)) is not None), None)
    if at is None:
        raise Malformed("digital_link", f"the path {path[:80]!a} names no GS1 key and its value")
    elements = [_element(steps[one], unescape(steps[one + 1]), permit) for one in range(at, len(steps) - 1, 2)]
    attributes, others = _read_query(query, permit)
    stem = host + "/".join(steps[:at])
    return make_link(stem, elements[0], elements[1:], attributes, others, unknown=permit.unknown)


def _read_query(query: str, permit: Permit) -> tuple[list[Element], list[str]]:
    """What has a number for a name is GS1's; the rest is none of our business and stays as it is."""
    attributes, others = [], []
    for parameter in query.split("&"):
        name, _, value = parameter.partition("=")
        number = unescape(name)
        if number.isascii() and number.isdigit():
            # RFC 3986 has no + for a space, forms have: a value with one is not what its writer thinks.
            attributes.append(_element(number, unescape(value.replace("+", "%20")), permit))
        elif parameter:
            others.append(parameter)
    return attributes, others


def _element(name: str, value: str, permit: Permit) -> Element:
    ai = _number(name, permit)
    if ai == "01" and permit.short_gtins and len(value) in {8, 12, 13}:
        value = value.zfill(14)
    return ai, value


def _number(name: str, permit: Permit) -> str:
    return _NAMES.get(name, name) if permit.names else name


def unescape(text: str) -> str:
    """Percent-decoding, once. Raises Malformed for a % that is not followed by two hexadecimal digits."""
    return _ESCAPE.sub(_unescaped, text) if "%" in text else text


def _unescaped(found: re.Match[str]) -> str:
    if found[1] is None:
        raise Malformed("digital_link", "a % in the link is not followed by two hexadecimal digits")
    return chr(int(found[1], 16))  # what is not ASCII comes out as what no GS1 character set holds
