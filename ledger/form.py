"""Values of a body that no schema was applied to: each is what 4.9 says, or it is refused.

Python takes True for 1, a text for a list of letters and "1_0" for ten; another program that reads the same does not.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

_DECIMAL = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?", re.ASCII)


def number(value: object) -> Decimal:
    """Decimal text, or a number of JSON. Raises TypeError for what is neither."""
    if isinstance(value, str) and _DECIMAL.fullmatch(value) is None:
        raise TypeError("a decimal number is wanted")
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise TypeError("a decimal number is wanted")
    return Decimal(value)


def whole(value: object) -> int:
    """A whole number from 0. Raises TypeError for what is none."""
    if type(value) is not int or value < 0:
        raise TypeError("a whole number from 0 is wanted")
    return value


def rows(value: object) -> Sequence[Any]:
    """A list. Raises TypeError for what is none."""
    if not isinstance(value, list):
        raise TypeError("a list is wanted")
    return value


def text(value: object) -> str:
    """A text. Raises TypeError for what is none."""
    if not isinstance(value, str):
        raise TypeError("a text is wanted")
    return value
