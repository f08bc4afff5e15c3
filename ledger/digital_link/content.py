"""What a GS1 value says, checked beyond its characters: each check gives a reason, or "" where nothing is wrong.

Named as in the GS1 Barcode Syntax Dictionary. What would need a list that changes from year to year is not here:
currencies, countries, company prefixes, package types, media types, coupons.
"""

import calendar
import re
from collections.abc import Callable, Mapping

from ledger.kernel.gs1_keys import check_digit

_SET_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_SET_32 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83)
_ESCAPED = re.compile(r"(?:[^%]|%[0-9A-Fa-f]{2})*", re.ASCII)
_ENDS_IN_INDEX = re.compile(r"[-0-9A-Z_a-z]", re.ASCII)


def check_characters(text: str) -> str:
    """The two that follow (GS1 General Specifications 7.9.5): primes as weights, modulo 1021, in 32 characters."""
    total = sum(prime * _SET_82.index(one) for prime, one in zip(_PRIMES[: len(text)][::-1], text, strict=True))
    high, low = divmod(total % 1021, 32)
    return _SET_32[high] + _SET_32[low]


def _csum(text: str) -> str:
    right = check_digit(text[:-1])
    return "" if text[-1] == right else f"its check digit is {text[-1]}, it must be {right}"


def _csumalpha(text: str) -> str:
    if len(text) < 3:
        return "it is too short to have check characters"
    right = check_characters(text[:-2])
    return "" if text[-2:] == right else f"its check characters are {text[-2:]}, they must be {right}"


def _day(year: int, month: str, day: str, least: int) -> str:
    if not 1 <= int(month) <= 12:
        return f"there is no month {month}"
    most = calendar.monthrange(year, int(month))[1]
    return "" if least <= int(day) <= most else f"month {month} has no day {day}"


def _yymmdd(text: str) -> str:
    return _day(2000 + int(text[:2]), text[2:4], text[4:], 1)


def _yymmd0(text: str) -> str:
    """Day 00: the month as a whole."""
    return _day(2000 + int(text[:2]), text[2:4], text[4:], 0)


def _yyyymmdd(text: str) -> str:
    return _day(max(int(text[:4]), 1), text[4:6], text[6:], 1)


def _below(limit: int, what: str) -> Callable[[str], str]:
    return lambda text: "" if int(text) < limit else f"there is no {what} {text}"


def _hhmi(text: str) -> str:
    return _below(24, "hour")(text[:2]) or _below(60, "minute")(text[2:])


def _one_of(*taken: str) -> Callable[[str], str]:
    return lambda text: "" if text in taken else f"{text} is none of {', '.join(taken)}"


def _piece(text: str) -> str:
    """GS1 General Specifications 3.9.7: piece and total, neither zero, piece not above total."""
    return "" if "00" < text[:2] <= text[2:] else f"it says it is piece {text[:2]} of {text[2:]}"


def _place(text: str) -> str:
    first, slash, last = text[0], text[1], text[2]
    right = slash == "/" and first.isdigit() and last.isdigit() and "0" < first <= last
    return "" if right else f"{text} is no place in a row, like 1/2"


def _iban(text: str) -> str:
    """ISO 13616: country and check digits to the end, letters as numbers, 1 modulo 97."""
    if not (text.isalnum() and text.upper() == text and text[:2].isalpha() and text[2:4].isdigit()):
        return "it is no IBAN"
    number = "".join(str(int(one, 36)) for one in text[4:] + text[:4])
    return "" if int(number) % 97 == 1 else "the check digits of the IBAN are wrong"


CHECKS: Mapping[str, Callable[[str], str]] = {
    "csum": _csum,
    "csumalpha": _csumalpha,
    "yymmdd": _yymmdd,
    "yymmd0": _yymmd0,
    "yyyymmdd": _yyyymmdd,
    "hh": _below(24, "hour"),
    "mi": _below(60, "minute"),
    "ss": _below(60, "second"),
    "hhmi": _hhmi,
    "yesno": _one_of("0", "1"),
    "zero": _one_of("0"),
    "iso5218": _one_of("0", "1", "2", "9"),
    "winding": _one_of("0", "1", "9"),
    "hyphen": _one_of("-"),
    "nonzero": lambda text: "it is zero" if not text.strip("0") else "",
    "nozeroprefix": lambda text: "it begins with 0" if len(text) > 1 and text[0] == "0" else "",
    "hasnondigit": lambda text: "it has only digits" if text.isdigit() else "",
    "latitude": lambda text: "" if int(text) <= 1_800_000_000 else "it is beyond a pole",
    "longitude": lambda text: "" if int(text) <= 3_600_000_000 else "it goes more than once around",
    "pieceoftotal": _piece,
    "posinseqslash": _place,
    "iban": _iban,
    "importeridx": lambda text: "" if _ENDS_IN_INDEX.fullmatch(text) else f"{text} is no importer index",
    "pcenc": lambda text: "" if _ESCAPED.fullmatch(text) else "it has a % without two hexadecimal digits",
}
