"""A label in ZPL II, for the thermal printers of a yard.

Symbols are sent as pictures, dot by dot: what a printer draws by itself may be of another version and have no quiet
zone. Text is in the printer's own scalable font.
"""

from ledger.labels.drawing import Box, Drawing, Element, Symbol, Text, box_in_dots, in_dots

_INCH = 25_400  # µm
_ESCAPE = "_"  # ^FH: two hexadecimal digits follow
_MARKS = "^~\\_"


def zpl(drawing: Drawing, dots_per_inch: float) -> str:
    """One label, from ^XA to ^XZ."""
    dot = _INCH / dots_per_inch
    head = f"^XA^CI28^LH0,0^PW{round(drawing.width / dot)}^LL{round(drawing.height / dot)}\n"
    return head + "".join(_drawn(element, dot) for element in drawing.elements) + "^XZ\n"


def _drawn(element: Element, dot: float) -> str:
    if isinstance(element, Text):
        size = round(element.size / dot)
        width = round(size * 1.1) if element.bold else size
        said = "".join(f"{_ESCAPE}{ord(one):02X}" if one in _MARKS else one for one in element.text)
        # ^FT, not ^FO: the place of a baseline.
        return f"^FT{round(element.x / dot)},{round(element.y / dot)}^A0N,{size},{width}^FH^FD{said}^FS\n"
    if isinstance(element, Box):
        box = box_in_dots(element, dot)
        return f"^FO{box.x},{box.y}^GB{box.width},{box.height},{min(box.width, box.height)}^FS\n"
    return _picture(in_dots(element, dot))


def _picture(symbol: Symbol) -> str:
    """^GFA: rows of bits as hexadecimal digits, each row whole bytes."""
    wide = (len(symbol.rows[0]) * symbol.module + 7) // 8
    lines: list[str] = []
    for row in symbol.rows:
        bits = "".join(("1" if dark else "0") * symbol.module for dark in row).ljust(wide * 8, "0")
        lines += [f"{int(bits, 2):0{wide * 2}X}"] * symbol.tall
    total = wide * len(lines)
    return f"^FO{symbol.x},{symbol.y}^GFA,{total},{total},{wide},{''.join(lines)}^FS\n"
