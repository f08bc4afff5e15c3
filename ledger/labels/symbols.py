"""The symbols on a label: QR for the link, Code 39 or Data Matrix for customers who scan a licence plate.

QR: ISO/IEC 18004, error correction H (30 %), because labels in a yard get scratched, or Q (25 %) where that does not
fit; lower case, since some phones mishandle upper; the quiet zone of four modules is part of the symbol.
Code 39: ISO/IEC 16388. Data Matrix: ISO/IEC 16022 (ECC 200), holding a message of ISO/IEC 15434 with data identifiers
of ANSI MH10.8.2.
"""

from collections.abc import Mapping
from io import StringIO

import qrcode
from ppf.datamatrix import DataMatrix
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_Q

from ledger.kernel.errors import Malformed
from ledger.labels.drawing import Rows

QUIET_ZONE = 4  # modules around a QR symbol
_PLAIN_ZONE = 1  # around a Data Matrix
# General distribution, GS1 General Specifications, QR with a Digital Link: smallest and target module, µm.
MODULE_LEAST, MODULE_TARGET = 743, 990
_HEAD, _SEPARATOR, _END = "[)>\x1e06\x1d", "\x1d", "\x1e\x04"  # ISO/IEC 15434, format 06
WIDE = 3  # a wide bar of Code 39 is three narrow ones
GAP = 1
# Bars and spaces in turn, nine of them, wide ones as 1.
_CODE_39 = {
    "0": "000110100", "1": "100100001", "2": "001100001", "3": "101100000", "4": "000110001", "5": "100110000",
    "6": "001110000", "7": "000100101", "8": "100100100", "9": "001100100", "A": "100001001", "B": "001001001",
    "C": "101001000", "D": "000011001", "E": "100011000", "F": "001011000", "G": "000001101", "H": "100001100",
    "I": "001001100", "J": "000011100", "K": "100000011", "L": "001000011", "M": "101000010", "N": "000010011",
    "O": "100010010", "P": "001010010", "Q": "000000111", "R": "100000110", "S": "001000110", "T": "000010110",
    "U": "110000001", "V": "011000001", "W": "111000000", "X": "010010001", "Y": "110010000", "Z": "011010000",
    "-": "010000101", ".": "110000100", " ": "011000100", "$": "010101000", "/": "010100010", "+": "010001010",
    "%": "000101010", "*": "010010100",
}  # fmt: skip


def qr(link: str, most: int) -> Rows:
    """The QR symbol of a link, of at most so many modules a side if there is one."""
    strong: list[list[bool]] = _qr(link, ERROR_CORRECT_H).get_matrix()
    return strong if len(strong) <= most else _qr(link, ERROR_CORRECT_Q).get_matrix()


def terminal(link: str) -> str:
    """The same in half blocks, dark on light whatever the terminal's colours."""
    out = StringIO()
    _qr(link, ERROR_CORRECT_Q).print_ascii(out=out, invert=True)
    return out.getvalue()


def _qr(link: str, level: int) -> "qrcode.QRCode":  # type: ignore[type-arg]  # the image it could make is not asked for
    made = qrcode.QRCode(error_correction=level, border=QUIET_ZONE)
    made.add_data(link, optimize=0)
    made.make(fit=True)
    return made


def message(identified: Mapping[str, str]) -> str:
    """Values by data identifier as one message: {"S": "C-1", "7Q": "20000KG"}. Raises Malformed for other marks."""
    wrong = [value for value in identified.values() if not value.isascii() or not value.isprintable()]
    if wrong:
        raise Malformed("label", f"{wrong[0][:40]!a} cannot stand in a Data Matrix of ISO/IEC 15434")
    return _HEAD + _SEPARATOR.join(f"{name}{value}" for name, value in identified.items()) + _END


def data_matrix(text: str) -> Rows:
    """The Data Matrix of a text, with its quiet zone of one module."""
    rows = [[bool(one) for one in row] for row in DataMatrix(text).matrix]
    light = [[False] * (len(rows[0]) + 2 * _PLAIN_ZONE)] * _PLAIN_ZONE
    side = [False] * _PLAIN_ZONE
    return [*light, *([*side, *row, *side] for row in rows), *light]


def code_39(text: str) -> list[bool]:
    """A row of narrow modules, from the first bar to the last. Raises Malformed for what Code 39 has no bars for."""
    missing = sorted(set(text) - (_CODE_39.keys() - {"*"}))
    if missing or not text:
        raise Malformed("label", f"Code 39 has no {''.join(missing)[:20]!a} of {text[:40]!a}: take a Data Matrix")
    row: list[bool] = []
    for one in f"*{text}*":
        for at, wide in enumerate(_CODE_39[one]):
            row += [at % 2 == 0] * (WIDE if wide == "1" else 1)
        row += [False] * GAP
    return row[:-GAP]
