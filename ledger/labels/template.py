"""The coil tag: where each thing stands, 100 by 145 mm. A roll of 4 by 6 inch labels takes it, and A4 four of it.

The one layout there is: four back ends draw what comes out of it.
"""

import math
from collections.abc import Iterator
from enum import Enum

from ledger.kernel.errors import Malformed
from ledger.labels.drawing import Box, Drawing, Element, Symbol, Text
from ledger.labels.symbols import MODULE_LEAST, MODULE_TARGET, code_39, data_matrix, message, qr
from ledger.labels.tag import Tag

WIDTH, HEIGHT = 100_000, 145_000  # µm
_LEFT, _RIGHT = 4_000, 96_000
_INNER = _RIGHT - _LEFT
_QR_TOP, _QR_ROOM = 25_000, 52_000  # the symbol with its quiet zone
_ASIDE = 56_000  # where the column beside the QR symbol begins
_SECOND_TOP = 104_500
_BAR = 15_000  # height of Code 39
_LINE = 5_000  # from one small line to the next
_NARROW = 330  # narrow bar of Code 39, µm
_CELL = 500  # module of Data Matrix, µm: 0.25 mm is the least that printers and scanners in plants agree on
_EM = 0.6  # of the type's size: no line of Helvetica in mixed case is wider a character, on average


class Second(Enum):
    """The second symbol of a label."""

    NONE = "none"
    CODE39 = "code39"
    DATAMATRIX = "datamatrix"


def lay_out(tag: Tag, second: Second = Second.NONE, dot: float = 1) -> Drawing:
    """The label. `dot` is the side of a printer's dot in µm: modules and narrow bars are whole dots.

    Raises Malformed ("label") where a symbol does not fit.
    """
    elements = [*_head(tag), *_symbol(tag, dot), *_beside(tag), *_numbers(tag), *_second(tag, second, dot), *_foot(tag)]
    return Drawing(WIDTH, HEIGHT, tuple(elements))


def _line(x: int, y: int, size: int, text: str, *, bold: bool = False, room: int = _INNER) -> Text:
    """A line of text, smaller where it would not fit."""
    fitting = int(room / (_EM * max(len(text), 1)))
    return Text(x, y, min(size, fitting), text, bold)


def _head(tag: Tag) -> Iterator[Element]:
    yield _line(_LEFT, 8_500, 4_500, tag.facts.maker or "Coil tag", bold=True)
    yield _line(_LEFT, 21_000, 10_500, tag.serial, bold=True)
    yield Box(_LEFT, 24_000, _INNER, 400)


def _symbol(tag: Tag, dot: float) -> Iterator[Element]:
    least = math.ceil(MODULE_LEAST / dot) * dot
    rows = qr(tag.link, int(_QR_ROOM / least))
    module = round(int(min(MODULE_TARGET, _QR_ROOM / len(rows)) / dot) * dot)
    if module < MODULE_LEAST:
        raise Malformed(
            "label",
            f"the link {tag.link[:80]} of {len(tag.link)} characters makes a symbol of {len(rows)} modules, each "
            f"{module} µm wide where {MODULE_LEAST} is the least that GS1 takes; a shorter base makes fewer",
        )
    yield Symbol(2_000, _QR_TOP, module, rows, module)


def _beside(tag: Tag) -> Iterator[Element]:
    """What a crane driver looks for, from top to bottom."""
    facts, y = tag.facts, _QR_TOP + 9_000
    room = _RIGHT - _ASIDE
    for name, value, size in (
        ("Alloy", facts.alloy, 6_500), ("Temper", facts.temper, 6_500), ("Heat", facts.heat, 5_500),
        ("Thickness x width", facts.dimensions, 5_500), ("Net mass", facts.weight, 6_500),
    ):  # fmt: skip
        if value:
            yield Text(_ASIDE, y - 5_000, 2_400, name)
            yield _line(_ASIDE, y + 1_500, size, value, bold=True, room=room)
            y += 10_800


def _numbers(tag: Tag) -> Iterator[Element]:
    """GS1 element strings below the symbol, as people read them, and what else names the coil."""
    facts, top = tag.facts, _QR_TOP + _QR_ROOM + 4_000
    named = [("(01)", tag.gtin), ("(21)", tag.serial), ("Form", facts.form), ("Lot", facts.lot)]
    asked = [("Order", facts.order), ("Part", facts.customer_part)]
    for x, y, lines in ((_LEFT, top, named), (_ASIDE, top + 2 * _LINE, asked)):
        known = [f"{name} {value}" for name, value in lines if value]
        for number, line in enumerate(known):
            yield _line(x, y + _LINE * number, 3_600, line, room=_RIGHT - _ASIDE)


def _second(tag: Tag, second: Second, dot: float) -> Iterator[Element]:
    if second is not Second.NONE:
        yield Box(_LEFT, _SECOND_TOP - 2_500, _INNER, 200)
    if second is Second.CODE39:
        yield from _bars(f"S{tag.serial}", dot)
    elif second is Second.DATAMATRIX:
        yield from _matrix(tag, dot)


def _bars(text: str, dot: float) -> Iterator[Element]:
    row = code_39(text)
    narrow = round(max(1, round(_NARROW / dot)) * dot)
    width = narrow * len(row)
    if width > _INNER - 20 * narrow:  # ten narrow bars stay light on both sides
        raise Malformed("label", f"Code 39 of {text[:40]} is {width // 1000} mm wide, there is room for "
                                 f"{(_INNER - 20 * narrow) // 1000}: take a Data Matrix")  # fmt: skip
    left = (WIDTH - width) // 2
    yield Symbol(left, _SECOND_TOP, narrow, [row], _BAR)
    yield _line(left, _SECOND_TOP + _BAR + 5_000, 3_600, text, room=width)


def _matrix(tag: Tag, dot: float) -> Iterator[Element]:
    identified = tag.identified()
    rows = data_matrix(message(identified))
    cell = round(round(_CELL / dot) * dot)
    yield Symbol(_LEFT, _SECOND_TOP, cell, rows, cell)
    for number, (name, value) in enumerate(identified.items()):
        yield _line(_LEFT + 24_000, _SECOND_TOP + 4_500 + 5_000 * number, 3_600, f"({name}) {value}", room=60_000)


def _foot(tag: Tag) -> Iterator[Element]:
    yield Box(_LEFT, 129_500, _INNER, 200)
    for number, one in enumerate(tag.fingerprints[:2]):
        yield _line(_LEFT, 134_000 + 3_900 * number, 3_200, f"Log key {one}")
    yield _line(
        _LEFT, 141_500, 2_500, "A code that verifies says that the record is genuine, not that this metal is the one."
    )
