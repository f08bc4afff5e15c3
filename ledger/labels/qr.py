"""A link as a QR symbol: SVG and PNG for the label, characters for a terminal.

ISO/IEC 18004. Error correction Q (25 %), because labels in a yard get scratched; the quiet zone of four modules is part
of every picture; a module is 0.99 mm wide, the target of the GS1 General Specifications for general distribution.
"""

from collections.abc import Sequence
from html import escape
from io import BytesIO, StringIO

import qrcode
from qrcode.constants import ERROR_CORRECT_Q
from qrcode.image.pure import PyPNGImage

QUIET_ZONE = 4  # modules
MODULE = 990  # µm
DOTS = 6  # pixels a module in PNG
_LINE = 5  # modules a line of text
_TEXT = 'font-family="OCR-B,monospace" font-size="3" fill="#000"'


def symbol(link: str) -> qrcode.QRCode[PyPNGImage]:
    """The symbol of a link, as small as it can be."""
    made = qrcode.QRCode(error_correction=ERROR_CORRECT_Q, border=QUIET_ZONE, box_size=DOTS, image_factory=PyPNGImage)
    made.add_data(link)
    made.make(fit=True)
    return made


def png(link: str) -> bytes:
    """The symbol alone, black on white, one bit a pixel."""
    out = BytesIO()
    symbol(link).make_image().save(out)
    return out.getvalue()


def svg(link: str, lines: Sequence[str] = ()) -> str:
    """The symbol in its size, with lines for people below it."""
    rows = symbol(link).get_matrix()
    width, height = len(rows), len(rows) + _LINE * len(lines)
    # Runs of dark modules in a row, so that no seam shows between them.
    path = "".join(
        f"M{start} {y}h{end - start}v1h-{end - start}z" for y, row in enumerate(rows) for start, end in _runs(row)
    )
    text = "".join(
        f'<text x="{QUIET_ZONE}" y="{len(rows) + _LINE * number + 3}" {_TEXT} textLength="{width - 2 * QUIET_ZONE}" '
        f'lengthAdjust="spacingAndGlyphs">{escape(line)}</text>'
        for number, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_mm(width)}" height="{_mm(height)}" '
        f'viewBox="0 0 {width} {height}"><rect width="{width}" height="{height}" fill="#fff"/>'
        f'<path d="{path}" fill="#000" shape-rendering="crispEdges"/>{text}</svg>\n'
    )


def terminal(link: str) -> str:
    """The symbol in half blocks, dark on light whatever the terminal's colours."""
    out = StringIO()
    symbol(link).print_ascii(out=out, invert=True)
    return out.getvalue()


def _runs(row: Sequence[bool]) -> list[tuple[int, int]]:
    """Where dark modules begin and end in a row."""
    edges = [x for x in range(len(row) + 1) if (x < len(row) and row[x]) != (x > 0 and row[x - 1])]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _mm(modules: int) -> str:
    return f"{modules * MODULE / 1000:.2f}mm"
