"""One template, four back ends: what each draws is read back by a decoder that we did not write."""

import re
from dataclasses import replace

import pytest
from printed import covered, of_pdf, of_png, of_svg, of_zpl, read, rotated, scaled
from small_ledger import piece

from ledger.kernel.errors import Malformed
from ledger.labels import pdf, png, svg, zpl
from ledger.labels.drawing import Box, Symbol, Text, boxes
from ledger.labels.symbols import QUIET_ZONE, code_39, message, terminal
from ledger.labels.tag import Facts, Tag
from ledger.labels.template import HEIGHT, WIDTH, Second, lay_out
from ledger.passport.codes import Codes, link_of, piece_of
from tests.tiers import first

CODES = Codes(bytes(range(32)))
FACTS = Facts(
    maker="Rolling mill", alloy="EN AW-5754", temper="H111", form="coil", heat="F1-26-0815", lot="L-26-117",
    order="PO-2026-0117", customer_part="KX-9001-A", thickness=1500, width=1_250_000, mass=20_125_500,
)  # fmt: skip
LINK = link_of("https://id.example.com", piece("C0004711"), CODES)
TAG = Tag("09521141000014", "C0004711", LINK, FACTS, ("ABCD-EFGH-IJKL-MNOP",))
BARE = Tag("09521141000014", "C0004711", LINK, Facts())
DOTS = (203.2, 300.0, 600.0)
PLATE = "[)>␞06␝PKX-9001-A␝7Q20125.5KG␝1TF1-26-0815␝SC0004711␞␄"
WANTED = {
    Second.NONE: {"QRCode": LINK},
    Second.CODE39: {"QRCode": LINK, "Code39": "SC0004711"},
    Second.DATAMATRIX: {"QRCode": LINK, "DataMatrix": PLATE},
}


def dot(dots):
    return 25_400 / dots


def pictures(tag, second):
    """Every back end's label."""
    yield "pdf", of_pdf(pdf.pdf([lay_out(tag, second)]))
    yield "svg", of_svg(svg.svg(lay_out(tag, second)))
    for dots in DOTS:
        drawing = lay_out(tag, second, dot(dots))
        yield f"png {dots}", of_png(png.png(drawing, dots))
        yield f"zpl {dots}", of_zpl(zpl.zpl(drawing, dots))


@pytest.mark.parametrize("second", first([Second.DATAMATRIX, Second.CODE39, Second.NONE]))
def test_every_back_end_s_symbols_are_read_back(second):
    for name, picture in pictures(TAG, second):
        assert read(picture) == WANTED[second], name


@pytest.mark.parametrize("degrees", first([7, 90, 45, 178, 263], 2))
def test_a_label_may_be_turned(degrees):
    for second in Second:
        picture = of_png(png.png(lay_out(TAG, second, dot(203.2)), 203.2))
        assert read(rotated(picture, degrees))["QRCode"] == LINK


@pytest.mark.parametrize("factor", first([0.3, 0.5]))
def test_a_label_may_be_far_away(factor):
    """At 0.3 of 203 dpi a module has two pixels, and the whole label is 240 wide."""
    for name, picture in pictures(TAG, Second.DATAMATRIX):
        if "203" in name:
            assert read(scaled(picture, factor))["QRCode"] == LINK, name


@pytest.mark.parametrize("corner", [(0.5, 0.5), (1, 1), (0.5, 1), (1, 0.5), (0.6, 0.4)])
@pytest.mark.parametrize("degrees", first([11, 0]))
def test_fifteen_percent_of_the_symbol_may_be_covered(corner, degrees):
    """A blot anywhere but on one of the three squares by which a reader finds the symbol."""
    drawing = lay_out(TAG, Second.NONE, dot(300))
    picture = of_png(png.png(drawing, 300))
    (symbol,) = (one for one in drawing.elements if isinstance(one, Symbol))
    inner = [symbol.x + QUIET_ZONE * symbol.module, symbol.y + QUIET_ZONE * symbol.module]
    side = (len(symbol.rows) - 2 * QUIET_ZONE) * symbol.module
    box = [value / dot(300) for value in (*inner, inner[0] + side, inner[1] + side)]
    assert read(rotated(covered(picture, box, 0.15, corner), degrees)) == {"QRCode": LINK}
    assert read(covered(picture, box, 0.6, (0.5, 0.5))) == {}  # a blot does hide something


@pytest.mark.parametrize(
    "link",
    [
        link_of("http://127.0.0.1:8080", piece_of("09521141000014", 'C/1?"&%'), CODES),
        link_of("https://coilmark.rolling-mill.example.com", piece("X" * 20), CODES),
    ],
)
def test_other_links_are_read_back(link):
    assert read(of_png(png.png(lay_out(replace(BARE, link=link), dot=dot(203.2)), 203.2))) == {"QRCode": link}


@pytest.mark.parametrize("dots", [None, *DOTS])
def test_modules_are_of_the_size_that_gs1_asks_for_and_whole_dots(dots):
    """GS1 General Specifications, general distribution: 0.743 to 0.990 mm; four light modules around."""
    step = 1 if dots is None else dot(dots)
    (symbol,) = (one for one in lay_out(TAG, dot=step).elements if isinstance(one, Symbol))
    assert 743 <= symbol.module <= 990
    assert abs(symbol.module / step - round(symbol.module / step)) < 0.02  # a µm is rounded
    edge = [*symbol.rows[:4], *symbol.rows[-4:], *(row[:4] for row in symbol.rows), *(row[-4:] for row in symbol.rows)]
    assert QUIET_ZONE == 4
    assert not any(one for row in edge for one in row)
    assert any(symbol.rows[4])


@pytest.mark.parametrize("second", Second)
def test_nothing_stands_in_a_quiet_zone_beside_the_paper_or_on_another_thing(second):
    elements = lay_out(TAG, second).elements
    areas = [_area(one) for one in elements]
    for area in areas:
        assert area[0] >= 0
        assert area[1] >= 0
        assert area[2] <= WIDTH
        assert area[3] <= HEIGHT
    for number, one in enumerate(areas):
        for other in areas[number + 1 :]:
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1], (one, other)


def _area(element):
    if isinstance(element, Box):
        return element.x, element.y, element.x + element.width, element.y + element.height
    if isinstance(element, Symbol):
        width, height = len(element.rows[0]) * element.module, len(element.rows) * element.tall
        return element.x, element.y, element.x + width, element.y + height
    # Helvetica: capitals and digits are 0.56 of the size wide on average, 0.72 high, and 0.21 hang below the line.
    width = 0.56 * len(element.text) * element.size
    return element.x, element.y - 0.72 * element.size, element.x + width, element.y + 0.21 * element.size


def test_people_read_what_the_symbols_say():
    text = svg.svg(lay_out(TAG, Second.DATAMATRIX))
    for said in (
        "Rolling mill", "(01) 09521141000014", "(21) C0004711", "EN AW-5754", "H111", "F1-26-0815", "1.5 x 1250 mm",
        "20125.5 kg", "Lot L-26-117", "Order PO-2026-0117", "Part KX-9001-A", "Log key ABCD-EFGH-IJKL-MNOP",
        "(7Q) 20125.5KG", "not that this metal is the one",
    ):  # fmt: skip
        assert said in text


def test_what_is_not_known_is_left_out():
    said = [one.text for one in lay_out(BARE).elements if isinstance(one, Text)]
    assert said[:2] == ["Coil tag", "C0004711"]
    assert not any(word in " ".join(said) for word in ("Alloy", "mass", "Heat", "0 kg", "mm", "Order"))


def test_all_back_ends_have_the_same_words():
    drawing = lay_out(TAG, Second.CODE39)
    said = {one.text for one in drawing.elements if isinstance(one, Text)}
    printed = {re.sub(r"_([0-9A-F]{2})", lambda hexed: chr(int(hexed[1], 16)), one) for one in
               re.findall(r"\^FD(.*?)\^FS", zpl.zpl(drawing, 203.2))}  # fmt: skip
    assert printed == said
    import pypdfium2  # noqa: PLC0415  here alone

    page = pypdfium2.PdfDocument(pdf.pdf([drawing]))[0].get_textpage().get_text_bounded()
    assert all(one in page for one in said)


def test_marks_of_the_printer_s_language_print_as_themselves():
    serial = "A^XZ~_1"
    text = zpl.zpl(lay_out(replace(BARE, serial=serial), dot=dot(203.2)), 203.2)
    assert text.count("^XZ") == text.count("^XA") == 1
    assert "~" not in text
    assert "^FH^FD(21) A_5EXZ_7E_5F1^FS" in text


def test_marks_of_xml_are_escaped():
    assert "<b>" not in (text := svg.svg(lay_out(replace(BARE, serial="<b>&"))))
    assert "&lt;b&gt;&amp;" in text


def test_sheets_hold_four_and_say_where_to_cut():
    many = [lay_out(replace(TAG, link=f"{LINK}{number}")) for number in range(6)]
    made = pdf.pdf(many, pdf.Sheet.A4)
    found = []
    for page in (0, 1):
        import zxingcpp  # noqa: PLC0415  several of a kind, which `read` does not tell

        found.append(sorted(one.text for one in zxingcpp.read_barcodes(of_pdf(made, page, 150))))
    assert found == [[f"{LINK}{number}" for number in range(4)], [f"{LINK}4", f"{LINK}5"]]
    assert made == pdf.pdf(many, pdf.Sheet.A4)


def test_a_link_that_makes_too_small_modules_is_refused():
    with pytest.raises(Malformed, match="a shorter base makes fewer"):
        lay_out(replace(TAG, link="https://" + "x" * 300))


@pytest.mark.parametrize(("serial", "says"), [("c-1", "Code 39 has no 'c'"), ("X" * 20, "mm wide, there is room for")])
def test_what_code_39_cannot_hold_is_refused(serial, says):
    with pytest.raises(Malformed, match=says):
        lay_out(replace(TAG, serial=serial), Second.CODE39)
    assert lay_out(replace(TAG, serial=serial), Second.DATAMATRIX)


def test_every_character_of_code_39_is_read_back():
    from PIL import Image  # noqa: PLC0415  here alone

    every = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"
    for at in range(0, len(every), 11):
        text = f"A{every[at : at + 11]}Z"
        row = [False] * 10 + code_39(text) + [False] * 10
        bars = bytes(0 if dark else 255 for dark in row for _ in range(3))
        picture = Image.frombytes("L", (len(bars), 60), bars * 60)
        assert read(picture) == {"Code39": text}


@pytest.mark.parametrize("value", ["\x1d", "é", "a\n"])
def test_a_message_holds_no_marks_of_its_own(value):
    with pytest.raises(Malformed):
        message({"S": value})


@pytest.mark.parametrize("value", ["x" * 41, "a\nb", "Ақтау", "\x00"])
def test_what_a_label_cannot_show_is_refused(value):
    with pytest.raises(Malformed, match="labels cannot show"):
        Facts(maker=value)


def test_boxes_of_a_symbol_are_its_dark_modules():
    symbol = Symbol(10, 20, 3, [[True, True, False], [False, False, True]], 4)
    assert list(boxes(symbol)) == [Box(10, 20, 6, 4), Box(16, 24, 3, 4)]


def test_the_terminal_shows_it_too():
    from PIL import Image  # noqa: PLC0415  here alone

    lines = terminal(LINK).splitlines()
    upper = {"\u2588": (255, 255), "\u2580": (255, 0), "\u2584": (0, 255)}
    rows = [[upper.get(char, (0, 0))[half] for char in line] for line in lines for half in (0, 1)]
    width = max(map(len, rows))
    data = bytes(value for row in rows for value in row + [255] * (width - len(row)))
    assert read(Image.frombytes("L", (width, len(rows)), data).resize((width * 4, len(rows) * 4))) == {"QRCode": LINK}
