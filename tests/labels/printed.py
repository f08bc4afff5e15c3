"""Labels as a camera sees them: each back end's output as a picture, by programs that did not make it."""

import io
import math
import re

import pypdfium2
import resvg_py
import zxingcpp
from PIL import Image, ImageDraw


def of_png(data):
    return Image.open(io.BytesIO(data)).convert("L")


def of_pdf(data, page=0, dots=300):
    return pypdfium2.PdfDocument(data)[page].render(scale=dots / 72, grayscale=True).to_pil().convert("L")


def of_svg(text, dots=300):
    return Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=text, dpi=dots)))).convert("L")


def of_zpl(text):
    """What the commands say, drawn by this test: boxes and pictures, no text. No printer had a hand in it."""
    width, height = (int(re.search(rf"\^{name}(\d+)", text)[1]) for name in ("PW", "LL"))
    picture = Image.new("L", (width, height), 255)
    pen = ImageDraw.Draw(picture)
    for field in text.split("^FS"):
        at = re.search(r"\^FO(\d+),(\d+)", field)
        box = re.search(r"\^GB(\d+),(\d+),(\d+)$", field)
        drawn = re.search(r"\^GFA,(\d+),(\d+),(\d+),([0-9A-F]+)$", field)
        if box:
            assert int(box[3]) == min(int(box[1]), int(box[2]))  # a box of that line width is filled
            x, y = int(at[1]), int(at[2])
            pen.rectangle((x, y, x + int(box[1]) - 1, y + int(box[2]) - 1), 0)
        elif drawn:
            total, wide, data = int(drawn[2]), int(drawn[3]), bytes.fromhex(drawn[4])
            assert int(drawn[1]) == total == len(data)
            size = (wide * 8, total // wide)
            dots = Image.frombytes("1", size, bytes(255 - one for one in data))
            picture.paste(dots, (int(at[1]), int(at[2])))
    return picture


def read(picture):
    """Symbols by their kind."""
    return {found.format.name: found.text for found in zxingcpp.read_barcodes(picture)}


def rotated(picture, degrees):
    return picture.rotate(degrees, expand=True, fillcolor=255, resample=Image.Resampling.BILINEAR)


def scaled(picture, factor):
    size = (round(picture.width * factor), round(picture.height * factor))
    return picture.resize(size, Image.Resampling.BILINEAR)


def covered(picture, box, share, corner):
    """`share` of the box is hidden by a dark blot, in one of its places."""
    left, top, right, bottom = box
    side = math.sqrt(share) * (right - left)
    x = left + corner[0] * (right - left - side)
    y = top + corner[1] * (bottom - top - side)
    marred = picture.copy()
    ImageDraw.Draw(marred).rectangle((x, y, x + side, y + side), 40)
    return marred
