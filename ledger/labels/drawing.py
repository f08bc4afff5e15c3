"""What a label is made of: placed boxes, symbols and lines of text, in µm from the upper left corner, black on white.

Every back end draws these and nothing else, so that all of them show the same label.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Rows = Sequence[Sequence[bool]]  # of a symbol: dark modules, with the quiet zone


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Symbol:
    """A symbol: rows of modules, each `module` wide and `tall` high; of bars there is one tall row."""

    x: int
    y: int
    module: int
    rows: Rows
    tall: int


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text; `y` is its baseline, `size` that of the type."""

    x: int
    y: int
    size: int
    text: str
    bold: bool = False


Element = Box | Symbol | Text


@dataclass(frozen=True, slots=True)
class Drawing:
    """A label, as large as the paper it is printed on."""

    width: int
    height: int
    elements: tuple[Element, ...]


def runs(row: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Where dark modules begin and end in a row: drawn in one piece, no seam shows between them."""
    edges = [x for x in range(len(row) + 1) if (x < len(row) and row[x]) != (x > 0 and row[x - 1])]
    return zip(edges[::2], edges[1::2], strict=True)


def boxes(symbol: Symbol) -> Iterator[Box]:
    """A symbol as rectangles."""
    for y, row in enumerate(symbol.rows):
        for start, end in runs(row):
            width = (end - start) * symbol.module
            yield Box(symbol.x + start * symbol.module, symbol.y + y * symbol.tall, width, symbol.tall)


def in_dots(symbol: Symbol, dot: float) -> Symbol:
    """The same in a printer's dots: every module is as large as the next."""
    return Symbol(
        round(symbol.x / dot), round(symbol.y / dot), round(symbol.module / dot), symbol.rows, round(symbol.tall / dot)
    )


def box_in_dots(box: Box, dot: float) -> Box:
    """The same in a printer's dots, of which no line has none."""
    width, height = max(1, round(box.width / dot)), max(1, round(box.height / dot))
    return Box(round(box.x / dot), round(box.y / dot), width, height)
