"""GS1 identification keys: which shapes they have, where check digit and company prefix stand, what refines them.

The facts are those of the GS1 Barcode Syntax Dictionary; the finest levels are those of CBV 2.0 8.9 (SPEC 4.4).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.kernel.errors import Malformed

_X = r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]"  # GS1 General Specifications 7.11, table 1: character set 82
_Y = r"[#\-/0-9A-Z]"  # likewise table 2: character set 39
# An individual key begins with a company prefix, and none is shorter than four digits.
_OWNED = r"(?=[0-9]{4})"
_READS_AS_AI = re.compile(r"\([0-9]{2,4}\)")


@dataclass(frozen=True, slots=True)
class Key:
    """One primary key.

    `checked` are the bounds of the digits whose last one is a check digit, `company` is where the company prefix
    begins, `chains` the qualifiers that may follow, in order, `finest` those of them that belong to an id (the finest
    first), `single` the shortest value that names one thing without a qualifier (None: it takes a qualifier).
    """

    name: str
    shape: re.Pattern[str]
    company: int
    checked: tuple[int, int] | None = None
    chains: tuple[tuple[str, ...], ...] = ()
    finest: tuple[str, ...] = ()
    single: int | None = 0


def _shape(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


_TRADE_ITEM = ("22", "10", "21")
KEYS: dict[str, Key] = {
    "00": Key("SSCC", _shape("[0-9]{18}"), 1, (0, 18)),
    "01": Key(
        "GTIN", _shape("[0-9]{14}"), 1, (0, 14), chains=(_TRADE_ITEM, ("235",)), finest=("21", "10", "235"), single=None
    ),
    "253": Key("GDTI", _shape(f"[0-9]{{13}}{_X}{{0,17}}"), 0, (0, 13), single=14),
    "255": Key("GCN", _shape("[0-9]{13}[0-9]{0,12}"), 0, (0, 13), single=14),
    "401": Key("GINC", _shape(f"{_OWNED}{_X}{{1,30}}"), 0),
    "402": Key("GSIN", _shape("[0-9]{17}"), 0, (0, 17)),
    "414": Key("GLN", _shape("[0-9]{13}"), 0, (0, 13), chains=(("254",), ("7040",)), finest=("254",)),
    "417": Key("party GLN", _shape("[0-9]{13}"), 0, (0, 13), chains=(("7040",),)),
    "8003": Key("GRAI", _shape(f"0[0-9]{{13}}{_X}{{0,16}}"), 1, (1, 14), single=15),
    "8004": Key("GIAI", _shape(f"{_OWNED}{_X}{{1,30}}"), 0, chains=(("7040",),)),
    "8006": Key("ITIP", _shape("[0-9]{18}"), 1, (0, 14), chains=(_TRADE_ITEM,), finest=("21", "10"), single=None),
    "8010": Key("CPID", _shape(f"{_OWNED}{_Y}{{1,30}}"), 0, chains=(("8011",),), finest=("8011",), single=None),
    "8017": Key("GSRN of a provider", _shape("[0-9]{18}"), 0, (0, 18), chains=(("8019",),)),
    "8018": Key("GSRN of a recipient", _shape("[0-9]{18}"), 0, (0, 18), chains=(("8019",),)),
}
QUALIFIERS: dict[str, re.Pattern[str]] = {
    "10": _shape(f"{_X}{{1,20}}"),
    "21": _shape(f"{_X}{{1,20}}"),
    "22": _shape(f"{_X}{{1,20}}"),
    "235": _shape(f"{_X}{{1,28}}"),
    "254": _shape(f"{_X}{{1,20}}"),
    "7040": _shape(f"[0-9]{_X}{{3}}"),
    "8011": _shape("0|[1-9][0-9]{0,11}"),
    "8019": _shape("[0-9]{1,10}"),
}


def check_digit(digits: str) -> str:
    """The digit that follows `digits`: weights 3, 1, 3 … from the right (GS1 General Specifications 7.9.1).

    Raises Malformed ("gs1_id") for anything but ASCII digits.
    """
    if not (digits.isascii() and digits.isdigit()):
        raise Malformed("gs1_id", f"{digits[:40]!a} is no string of digits, so it has no check digit")
    return _check_digit(digits)


def _check_digit(digits: str) -> str:
    values = digits.encode("ascii")
    odd, even = values[-1::-2], values[-2::-2]
    return str((3 * 48 * len(odd) + 48 * len(even) - 3 * sum(odd) - sum(even)) % 10)


def check_value(ai: str, value: str) -> None:
    """The value of a primary key: characters, length, check digit. Raises Malformed ("gs1_id")."""
    key = KEYS[ai]
    if key.shape.fullmatch(value) is None:
        raise Malformed("gs1_id", f"{value[:80]!a} has not the form of a {key.name} ({ai})")
    if key.checked is not None:
        digits = value[key.checked[0] : key.checked[1]]
        right = _check_digit(digits[:-1])
        if digits[-1] != right:
            raise Malformed(
                "gs1_id", f"the check digit of {key.name} ({ai}) {value[:80]} is {digits[-1]}, it must be {right}"
            )
    # GS1 General Specifications 3.9.7: piece and total, neither zero, piece not above total.
    if ai == "8006" and not "00" < value[14:16] <= value[16:18]:
        raise Malformed("gs1_id", f"ITIP (8006) {value} says it is piece {value[14:16]} of {value[16:18]}")
    _check_unambiguous(ai, value)


def check_qualifiers(ai: str, qualifiers: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Qualifiers stand in the dictionary's order, each in its form. Returns the chain they are of. Raises Malformed."""
    names = [name for name, _ in qualifiers]
    chain = next((one for one in KEYS[ai].chains if [name for name in one if name in names] == names), None)
    if chain is None:
        said = ", ".join(f"({name[:8]})" for name in names)
        raise Malformed("gs1_id", f"{said} may not follow a {KEYS[ai].name} ({ai}), or not in this order")
    for name, value in qualifiers:
        if QUALIFIERS[name].fullmatch(value) is None:
            raise Malformed("gs1_id", f"{value[:80]!a} has not the form that ({name}) asks for")
        _check_unambiguous(name, value)
    return chain


def _check_unambiguous(ai: str, value: str) -> None:
    """Character set 82 has brackets: a lot "A(21)B" would read as lot A, serial B in an element string."""
    if "(" in value and (found := _READS_AS_AI.search(value)):
        raise Malformed("gs1_id", f"the value of ({ai}) holds {found[0]}, which reads as another element")


def element_string(ai: str, value: str, qualifiers: Sequence[tuple[str, str]] = ()) -> str:
    """The canonical id: the finest key these name. Raises Malformed ("gs1_id") for anything GS1 does not allow."""
    check_value(ai, value)
    if not qualifiers:
        return f"({ai}){value}"
    check_qualifiers(ai, qualifiers)
    given = dict(qualifiers)
    finest = next((name for name in KEYS[ai].finest if name in given), None)
    return f"({ai}){value}" if finest is None else f"({ai}){value}({finest}){given[finest]}"
