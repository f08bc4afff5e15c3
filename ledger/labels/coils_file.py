"""Coils to be labelled, from a CSV or JSON file: a piece a row, and what is known of it."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from io import StringIO
from typing import Any

from ledger.kernel.errors import Malformed, Refused, RefusedBatch
from ledger.kernel.gs1 import canonical_id
from ledger.labels.tag import TEXTS, check_text
from ledger.passport.codes import path_of

MOST = 10_000  # labels of one file
# Columns with numbers: what Facts calls them, and the power of ten from the file's unit to ours.
_NUMBERS = {"thickness_mm": ("thickness", 3), "width_mm": ("width", 3), "mass_kg": ("mass", 3)}
COLUMNS = ("piece", *TEXTS, *_NUMBERS)


@dataclass(frozen=True, slots=True)
class Row:
    """One piece, by its canonical id; `facts` are what the file says of it."""

    piece: str
    facts: Mapping[str, Any]


def read_coils(text: str) -> list[Row]:
    """The rows of a file: CSV with a header, `,` or `;` between columns, or a JSON array of objects.

    Raises RefusedBatch with every row that is wrong, by its number from 1; Malformed where it is no such file.
    """
    said = _json(text) if text.lstrip().startswith("[") else _csv(text)
    if not 1 <= len(said) <= MOST:
        raise Malformed("coils_file", f"the file names {len(said)} pieces, 1 to {MOST} are labelled at a time")
    rows: list[Row] = []
    wrong: list[tuple[int, Refused]] = []
    for number, one in enumerate(said, 1):
        try:
            rows.append(_row(one))
        except Refused as refused:
            wrong.append((number, refused))
    if wrong:
        raise RefusedBatch(wrong, len(said))
    return rows


def _csv(text: str) -> list[Mapping[str, Any]]:
    first = text.partition("\n")[0]
    return list(csv.DictReader(StringIO(text), delimiter=";" if ";" in first else ",", skipinitialspace=True))


def _json(text: str) -> list[Mapping[str, Any]]:
    try:
        said = json.loads(text, parse_float=str, parse_int=str)
    except ValueError as error:
        raise Malformed("coils_file", f"the file is no JSON: {error}") from None
    if not all(isinstance(one, dict) for one in said):
        raise Malformed("coils_file", "the file is no JSON array of objects, one for each piece")
    return list(said)


def _row(said: Mapping[Any, Any]) -> Row:
    unknown = [name for name in said if name not in COLUMNS]
    if unknown:
        raise Malformed("coils_file", f"{unknown[0]!a} is no column; known are {', '.join(COLUMNS)}")
    piece = canonical_id(str(said.get("piece") or "").strip())
    path_of(piece)  # refuses what is no piece
    return Row(piece, dict(_facts(said)))


def _facts(said: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    known = {name: str(value).strip() for name, value in said.items() if value is not None}
    for name in TEXTS:
        if known.get(name):
            check_text(name, known[name])
            yield name, known[name]
    for column, (name, places) in _NUMBERS.items():
        if known.get(column):
            yield name, _whole(column, known[column], places)


def _whole(column: str, text: str, places: int) -> int:
    try:
        value = Decimal(text).scaleb(places)
        whole = int(value)
    except (ArithmeticError, ValueError):
        raise Malformed("coils_file", f"{column} is {text[:40]!a}, a number is wanted") from None
    if value != whole or not 0 < whole < 10**12:
        raise Malformed("coils_file", f"{column} is {text[:40]}: more than 0, and exact to {places} places, is wanted")
    return whole
