"""Labels as PDF: one a page in its own size, or as many on a sheet as fit, with marks to cut along."""

from collections.abc import Sequence
from enum import Enum
from io import BytesIO

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from ledger.kernel.errors import Malformed
from ledger.labels.drawing import Box, Drawing, Element, Symbol, boxes

_UM = mm / 1000  # points a µm
_MARK = 3_000  # µm: how long a mark to cut along is
_THIN = 0.25  # points: how wide


class Sheet(Enum):
    """What the pages are: a label each, or a sheet of this width and height in µm."""

    LABEL = (0, 0)
    A4 = (210_000, 297_000)
    LETTER = (215_900, 279_400)


def pdf(drawings: Sequence[Drawing], sheet: Sheet = Sheet.LABEL) -> bytes:
    """The same bytes for the same labels. Raises Malformed ("label") where a label does not fit on a sheet."""
    out = BytesIO()
    canvas = Canvas(out, invariant=1, pageCompression=1)
    canvas.setTitle("Coil labels")
    for page in _pages(drawings, sheet):
        width, height = _size(page[0], sheet)
        canvas.setPageSize((width * _UM, height * _UM))
        for drawing, (left, top) in zip(page, _places(page[0], sheet), strict=False):
            _draw(canvas, drawing, left, height - top)
            if sheet is not Sheet.LABEL:
                _marks(canvas, drawing, left, height - top)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _size(drawing: Drawing, sheet: Sheet) -> tuple[int, int]:
    return (drawing.width, drawing.height) if sheet is Sheet.LABEL else sheet.value


def _places(drawing: Drawing, sheet: Sheet) -> list[tuple[int, int]]:
    """The upper left corners of the labels of a page, row by row, in the middle of it."""
    width, height = _size(drawing, sheet)
    across, down = width // drawing.width, height // drawing.height
    left, top = (width - across * drawing.width) // 2, (height - down * drawing.height) // 2
    return [
        (left + column * drawing.width, top + row * drawing.height) for row in range(down) for column in range(across)
    ]


def _pages(drawings: Sequence[Drawing], sheet: Sheet) -> list[Sequence[Drawing]]:
    many = len(_places(drawings[0], sheet))
    if not many:
        raise Malformed("label", f"a label of {drawings[0].width // 1000} mm does not fit on {sheet.name.lower()}")
    return [drawings[at : at + many] for at in range(0, len(drawings), many)]


def _draw(canvas: Canvas, drawing: Drawing, left: int, top: int) -> None:
    """PDF counts from the lower left corner; `top` is how far up the label's upper edge is."""
    for element in drawing.elements:
        for box in _boxes(element):
            canvas.rect((left + box.x) * _UM, (top - box.y - box.height) * _UM, box.width * _UM, box.height * _UM, 0, 1)
        if not isinstance(element, (Box, Symbol)):
            canvas.setFont("Helvetica-Bold" if element.bold else "Helvetica", element.size * _UM)
            canvas.drawString((left + element.x) * _UM, (top - element.y) * _UM, element.text)


def _boxes(element: Element) -> list[Box]:
    if isinstance(element, Symbol):
        return list(boxes(element))
    return [element] if isinstance(element, Box) else []


def _marks(canvas: Canvas, drawing: Drawing, left: int, top: int) -> None:
    """At each corner, short lines along both edges."""
    canvas.setLineWidth(_THIN)
    for x, inward in ((left, 1), (left + drawing.width, -1)):
        for y, down in ((top, -1), (top - drawing.height, 1)):
            canvas.line(x * _UM, y * _UM, (x + inward * _MARK) * _UM, y * _UM)
            canvas.line(x * _UM, y * _UM, x * _UM, (y + down * _MARK) * _UM)
