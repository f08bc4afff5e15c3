"""EPC URNs, the older spelling of GS1 keys (GS1 EPC Tag Data Standard 2.0, sections 6 and 8).

A URN separates the company prefix and has no check digits; serials are percent-escaped.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ledger.kernel.errors import Malformed
from ledger.kernel.gs1_keys import check_digit

Named: TypeAlias = tuple[str, str, tuple[tuple[str, str], ...]]

_NUMERIC = re.compile(r"[0-9]+", re.ASCII)
_COMPANY = re.compile(r"[0-9]{6,12}", re.ASCII)
# TDS 2.0 6.3: what may stand plainly in a URN; all else of character set 82 is escaped.
_TEXT = re.compile(r"(?:[!'()*+,\-.0-9:;=A-Z_a-z]|%(?:22|23|25|26|2[Ff]|3[CcEeFf]))+", re.ASCII)
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Scheme:
    """`parts` stand between the dots, the first is the company prefix; `plain` of them are the key itself.

    `key` makes the key's value of them, `qualifier` is the AI of the last part (None: it belongs to the value).
    """

    ai: str
    parts: int
    plain: int
    key: Callable[[list[str]], str]
    qualifier: str | None = None


def _trade_item(parts: list[str]) -> str:
    company, item = parts[0], parts[1]
    return _closed(item[:1] + company + item[1:], 13)


def _logistic_unit(parts: list[str]) -> str:
    company, serial = parts
    return _closed(serial[:1] + company + serial[1:], 17)


def _of_twelve(parts: list[str]) -> str:
    return _closed(parts[0] + parts[1], 12)


def _of_sixteen(parts: list[str]) -> str:
    return _closed(parts[0] + parts[1], 16)


def _of_seventeen(parts: list[str]) -> str:
    return _closed(parts[0] + parts[1], 17)


def _asset_type(parts: list[str]) -> str:
    return f"0{_of_twelve(parts)}"


def _piece(parts: list[str]) -> str:
    return _trade_item(parts) + parts[2] + parts[3]


def _joined(parts: list[str]) -> str:
    return parts[0] + _unescape(parts[1])


def _closed(digits: str, length: int) -> str:
    if len(digits) != length or not _NUMERIC.fullmatch(digits):
        raise Malformed("gs1_id", f"company prefix and reference {digits[:40]!a} do not make {length} digits")
    return digits + check_digit(digits)


_IDS: dict[str, _Scheme] = {
    "sgtin": _Scheme("01", 3, 2, _trade_item, "21"),
    "upui": _Scheme("01", 3, 2, _trade_item, "235"),
    "itip": _Scheme("8006", 5, 4, _piece, "21"),
    "sscc": _Scheme("00", 2, 2, _logistic_unit),
    "sgln": _Scheme("414", 3, 2, _of_twelve, "254"),
    "pgln": _Scheme("417", 2, 2, _of_twelve),
    "grai": _Scheme("8003", 3, 2, _asset_type),
    "gdti": _Scheme("253", 3, 2, _of_twelve),
    "sgcn": _Scheme("255", 3, 2, _of_twelve),
    "giai": _Scheme("8004", 2, 2, _joined),
    "ginc": _Scheme("401", 2, 2, _joined),
    "gsin": _Scheme("402", 2, 2, _of_sixteen),
    "gsrn": _Scheme("8018", 2, 2, _of_seventeen),
    "gsrnp": _Scheme("8017", 2, 2, _of_seventeen),
    "cpi": _Scheme("8010", 3, 2, _joined, "8011"),
}
_CLASSES: dict[str, _Scheme] = {"lgtin": _Scheme("01", 3, 2, _trade_item, "10")}
# A pattern is an id only where it means "every serial of this class" (CBV 2.0 8.3).
_PATTERNS = frozenset({"sgtin", "upui", "itip", "grai", "gdti", "sgcn", "cpi"})


def named_by(urn: str) -> Named:
    """What an EPC URN names: primary key, its value, qualifiers. Raises Malformed ("gs1_id").

    What is not checked here: the forms of the values, which `gs1_keys.element_string` checks.
    """
    head, kind, scheme_name, rest = _split(urn)
    scheme = _CLASSES.get(scheme_name) if kind == "class" else _IDS.get(scheme_name)
    if head != "urn:epc" or scheme is None or (kind == "idpat" and scheme_name not in _PATTERNS):
        raise Malformed("gs1_id", f"{urn[:80]!a} is no EPC URN of a GS1 key")
    parts = rest.split(".", scheme.parts - 1)
    if len(parts) != scheme.parts or not _COMPANY.fullmatch(parts[0]):
        raise Malformed(
            "gs1_id",
            f"{urn[:80]!a} wants {scheme.parts} parts between dots, the first a company prefix of 6 to 12 digits",
        )
    if kind == "idpat":
        return _class_of(scheme, parts, urn)
    if scheme.parts == scheme.plain:
        return scheme.ai, scheme.key(parts), ()
    return _with_serial(scheme, parts)


def _split(urn: str) -> tuple[str, str, str, str]:
    pieces = urn.split(":", 4)
    if len(pieces) != 5 or pieces[2] not in {"id", "class", "idpat"}:
        raise Malformed("gs1_id", f"{urn[:80]!a} is no EPC URN of a GS1 key")
    return f"{pieces[0]}:{pieces[1]}", pieces[2], pieces[3], pieces[4]


def _with_serial(scheme: _Scheme, parts: list[str]) -> Named:
    value, serial = scheme.key(parts[: scheme.plain]), _unescape(parts[-1])
    if scheme.qualifier is None:
        return scheme.ai, value + serial, ()
    if scheme.ai == "414" and serial == "0":  # TDS 2.0 6.3.3: extension 0 says there is none
        return scheme.ai, value, ()
    return scheme.ai, value, ((scheme.qualifier, serial),)


def _class_of(scheme: _Scheme, parts: list[str], urn: str) -> Named:
    if parts[-1] != "*":
        raise Malformed("gs1_id", f"the pattern {urn[:80]!a} does not end in * and so names no class")
    return scheme.ai, scheme.key(parts[: scheme.plain]), ()


def _unescape(text: str) -> str:
    if not _TEXT.fullmatch(text):
        raise Malformed("gs1_id", f"{text[:80]!a} holds what may not stand in an EPC URN")
    if "%" not in text:
        return text
    return _ESCAPE.sub(lambda found: chr(int(found[0][1:], 16)), text)
