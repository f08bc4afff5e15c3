"""A label as PNG, dot by dot as a printer of that resolution sets them."""

from io import BytesIO

from PIL import Image, ImageDraw, ImageFont
from PIL.ImageFont import FreeTypeFont

from ledger.labels.drawing import Drawing, Element, Symbol, Text, box_in_dots, boxes, in_dots

_INCH = 25_400  # µm
_HEAVIER = 60  # a bold line is drawn with a stroke of its size divided by this


def png(drawing: Drawing, dots_per_inch: float) -> bytes:
    """The label in grey; symbols have whole dots, so that every module is as large as the next."""
    dot = _INCH / dots_per_inch
    picture = Image.new("L", (round(drawing.width / dot), round(drawing.height / dot)), 255)
    pen = ImageDraw.Draw(picture)
    for element in drawing.elements:
        _draw(pen, element, dot)
    out = BytesIO()
    picture.save(out, "PNG", dpi=(dots_per_inch, dots_per_inch), optimize=True)
    return out.getvalue()


def _draw(pen: ImageDraw.ImageDraw, element: Element, dot: float) -> None:
    if isinstance(element, Text):
        size = element.size / dot
        font = ImageFont.load_default(size)
        assert isinstance(font, FreeTypeFont), "Pillow is built without FreeType"  # noqa: S101  its wheels are not
        stroke = size / _HEAVIER if element.bold else 0
        pen.text((element.x / dot, element.y / dot), element.text, 0, font, anchor="ls", stroke_width=stroke)
        return
    for box in boxes(in_dots(element, dot)) if isinstance(element, Symbol) else (box_in_dots(element, dot),):
        pen.rectangle((box.x, box.y, box.x + box.width - 1, box.y + box.height - 1), 0)
