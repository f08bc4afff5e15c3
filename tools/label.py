"""`coilmark label`: the tags of coils, with the link and code that open each one's passport."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.kernel.errors import CoilmarkError, Missing
from ledger.kernel.gs1 import canonical_id
from tools import database as databases

if TYPE_CHECKING:
    from ledger.labels.coils_file import Row
    from ledger.labels.tag import Tag
    from ledger.passport.codes import Codes
    from ledger.questions.asking import Asked

_OUT = click.Path(dir_okay=False, path_type=Path)
_IN = click.Path(exists=True, dir_okay=False, path_type=Path)
_DOTS = {"203": 203.2, "300": 300.0, "600": 600.0}  # an inch; printers of 203 dpi have 8 dots a mm
_INCH = 25_400  # µm


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("piece", required=False)
@click.option("--base", required=True, help="Where readers reach the ledger: https://id.example.com.")
@click.option("--from", "source", type=_IN, help="A CSV or JSON file of coils, in place of PIECE.")
@click.option("--pdf", type=_OUT, help="Write labels as PDF, one a page or many on a --sheet.")
@click.option("--zpl", type=_OUT, help="Write labels in ZPL II, for a thermal printer of --dpi.")
@click.option("--svg", type=_OUT, help="Write the label as SVG.")
@click.option("--png", type=_OUT, help="Write the label as PNG, dot by dot at --dpi.")
@click.option("--second", type=click.Choice(["none", "code39", "datamatrix"]), default="none", show_default=True,
              help="A second symbol, for customers who ask for one.")  # fmt: skip
@click.option("--dpi", type=click.Choice(list(_DOTS)), default="203", show_default=True, help="Of the printer.")
@click.option("--sheet", type=click.Choice(["label", "a4", "letter"]), default="label", show_default=True,
              help="The pages of the PDF.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print piece, link and code as JSON, a list with --from.")
@databases.option
def command(
    *,
    folder: Path,
    piece: str | None,
    base: str,
    source: Path | None,
    pdf: Path | None,
    zpl: Path | None,
    svg: Path | None,
    png: Path | None,
    second: str,
    dpi: str,
    sheet: str,
    as_json: bool,
    database: str | None,
) -> None:
    """Print the links and tags of pieces, with QR symbols.

    FOLDER is the ledger's: its label.key is what codes follow from. PIECE is a GTIN with serial, as link or element
    string. A file has a row a piece with the columns piece, maker, alloy, temper, form, heat, lot, order,
    customer_part, thickness_mm, width_mm, mass_kg, all but piece as you like; what it leaves out is taken from what the
    ledger has recorded. Whoever has the link may read the passport: print it on the piece, and nowhere else.
    """
    if (piece is None) == (source is None) or (source is not None and (svg or png)):
        raise click.UsageError("say one PIECE, or --from a file of many; SVG and PNG are of one label")
    rows = _rows(piece, source)
    tags, codes = _tags(folder, database, base, rows)
    write = _writer(tags, second, _DOTS[dpi])
    if pdf is not None:
        pdf.write_bytes(write("pdf", sheet))
    for out, kind in ((zpl, "zpl"), (svg, "svg"), (png, "png")):
        if out is not None:
            out.write_bytes(write(kind, ""))
    _say(rows, tags, codes, as_json=as_json)


def _rows(piece: str | None, source: Path | None) -> "list[Row]":
    from ledger.labels.coils_file import Row, read_coils  # noqa: PLC0415  --help reads nothing

    if source is not None:
        return read_coils(source.read_text("utf-8-sig"))
    try:
        return [Row(canonical_id(piece or ""), {})]
    except CoilmarkError as error:
        raise click.BadParameter(error.sentence, param_hint="PIECE") from error


def _tags(folder: Path, database: str | None, base: str, rows: "Sequence[Row]") -> "tuple[list[Tag], Codes]":
    from ledger.questions.asking import of_store  # noqa: PLC0415  likewise
    from ledger.recording.opening import layout, load_codes  # noqa: PLC0415  brings the database with it

    places = databases.require(layout(folder, None, database))
    codes = load_codes(places)
    if codes is None:
        raise Missing("no_label_key", f"{places.label_key} is missing: without it labels have no codes")
    with of_store(places.location, None) as asked:
        return [_tag(asked, base, row, codes) for row in rows], codes


def _tag(asked: "Asked", base: str, row: "Row", codes: "Codes") -> "Tag":
    """What the file says of a piece goes before what is recorded of it."""
    from ledger.labels.recorded import fingerprints, recorded_facts  # noqa: PLC0415  likewise
    from ledger.labels.tag import Facts, Tag  # noqa: PLC0415  likewise
    from ledger.passport.codes import link_of  # noqa: PLC0415  see _rows

    link = link_of(base, row.piece, codes)
    gtin, _, serial = row.piece.removeprefix("(01)").partition("(21)")
    facts = Facts(**{**recorded_facts(asked, row.piece), **row.facts})
    return Tag(gtin, serial, link, facts, fingerprints(asked))


def _writer(tags: "Sequence[Tag]", second: str, dots: float) -> Callable[[str, str], bytes]:
    from ledger.labels import pdf, png, svg, zpl  # noqa: PLC0415  --help draws nothing
    from ledger.labels.template import Second, lay_out  # noqa: PLC0415  likewise

    def write(kind: str, sheet: str) -> bytes:
        dot = _INCH / dots if kind in {"png", "zpl"} else 1
        drawings = [lay_out(tag, Second(second), dot) for tag in tags]
        if kind == "pdf":
            return pdf.pdf(drawings, pdf.Sheet[sheet.upper()])
        if kind == "zpl":
            return "".join(zpl.zpl(one, dots) for one in drawings).encode()
        return png.png(drawings[0], dots) if kind == "png" else svg.svg(drawings[0]).encode()

    return write


def _say(rows: "Sequence[Row]", tags: "Sequence[Tag]", codes: "Codes", *, as_json: bool) -> None:
    from ledger.labels.symbols import terminal  # noqa: PLC0415  see _writer

    told = [
        {"piece": row.piece, "link": tag.link, "code": codes.code(row.piece)}
        for row, tag in zip(rows, tags, strict=True)
    ]
    if as_json:
        click.echo(json.dumps(told[0] if len(told) == 1 else told))
        return
    if len(told) == 1:
        click.echo(terminal(tags[0].link), nl=False)
    for tag in tags:
        click.echo(tag.link)
