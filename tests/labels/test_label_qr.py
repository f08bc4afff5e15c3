"""Symbols are read back by a decoder that we did not write."""

import re

import png as pypng
import pytest
import zxingcpp
from small_ledger import piece

from ledger.labels import qr
from ledger.labels.codes import Codes, link_of, piece_of

CODES = Codes(bytes(range(32)))
LINKS = [
    link_of("https://id.example.com", piece("C-1"), CODES),
    link_of("http://127.0.0.1:8080", piece_of("09521141000014", 'C/1?"&%'), CODES),
    "https://" + "x" * 300,
]


def decoded(pixels):
    """What stands in a picture given as rows of 0 (dark) to 255."""
    flat = memoryview(bytes(value for row in pixels for value in row)).cast("B", (len(pixels), len(pixels[0])))
    return [(found.text, str(found.format)) for found in zxingcpp.read_barcodes(flat)]


def of_png(data):
    _, _, rows, info = pypng.Reader(bytes=data).read()
    return [[value * 255 // (2 ** info["bitdepth"] - 1) for value in row] for row in rows]


def of_svg(text, scale=5):
    """The dark runs of the path, drawn by this test."""
    width, height = map(int, re.search(r'viewBox="0 0 (\d+) (\d+)"', text).groups())
    pixels = [[255] * (width * scale) for _ in range(height * scale)]
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1", text):
        for row in range(int(y) * scale, (int(y) + 1) * scale):
            pixels[row][int(x) * scale : (int(x) + int(length)) * scale] = [0] * (int(length) * scale)
    return pixels


@pytest.mark.parametrize("link", LINKS)
def test_the_png_is_read_back(link):
    assert [text for text, _ in decoded(of_png(qr.png(link)))] == [link]


@pytest.mark.parametrize("link", LINKS)
def test_the_svg_is_read_back(link):
    assert [text for text, _ in decoded(of_svg(qr.svg(link, ["a line"])))] == [link]


def test_a_quarter_of_the_symbol_may_be_lost():
    """Error correction Q: a blot in the middle of it, a sixth of its modules."""
    pixels = of_png(qr.png(LINKS[0]))
    size = len(pixels)
    for row in pixels[size * 2 // 5 : size * 3 // 5]:
        row[size * 2 // 5 : size * 3 // 5] = [0] * (size * 3 // 5 - size * 2 // 5)
    assert [text for text, _ in decoded(pixels)] == [LINKS[0]]


@pytest.mark.parametrize("pixels", [of_png(qr.png(LINKS[0])), of_svg(qr.svg(LINKS[0]), scale=6)])
def test_four_light_modules_surround_the_symbol(pixels):
    zone = qr.QUIET_ZONE * 6
    edges = [*pixels[:zone], *pixels[-zone:], *(row[:zone] for row in pixels), *(row[-zone:] for row in pixels)]
    assert qr.QUIET_ZONE == 4
    assert {value for row in edges for value in row} == {255}
    assert 0 in pixels[zone]


def test_lines_below_the_symbol_are_escaped_and_in_its_size():
    text = qr.svg(LINKS[0], ["<script>&", "Coil"])
    assert "<script>" not in text
    assert "&lt;script&gt;&amp;" in text
    modules = int(re.search(r'viewBox="0 0 (\d+)', text)[1])
    assert f'width="{modules * 0.99:.2f}mm"' in text


def test_the_terminal_shows_it_too():
    lines = qr.terminal(LINKS[0]).splitlines()
    rows = []
    for line in lines:
        upper = {"\u2588": (255, 255), "\u2580": (255, 0), "\u2584": (0, 255)}
        pairs = [upper.get(char, (0, 0)) for char in line]
        rows += [[value for pair in pairs for value in [pair[half]] * 4] for half in (0, 1) for _ in range(4)]
    width = max(map(len, rows))
    assert [text for text, _ in decoded([row + [255] * (width - len(row)) for row in rows])] == [LINKS[0]]
