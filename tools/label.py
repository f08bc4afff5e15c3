"""`coilmark label`: the link and QR symbol of a piece, with the code that opens its passport."""

import json
from pathlib import Path

import click

from ledger.kernel.errors import CoilmarkError, Missing
from ledger.kernel.gs1 import canonical_id
from ledger.labels.codes import link_of

_OUT = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("piece")
@click.option("--base", required=True, help="Where readers reach the ledger: https://id.example.com.")
@click.option("--svg", type=_OUT, help="Write the label as SVG: symbol in its size, lines for people below.")
@click.option("--png", type=_OUT, help="Write the symbol alone as PNG.")
@click.option("--json", "as_json", is_flag=True, help="Print piece, link and code as JSON.")
def command(*, folder: Path, piece: str, base: str, svg: Path | None, png: Path | None, as_json: bool) -> None:
    """Print the link of a piece, and its QR symbol.

    FOLDER is the ledger's: its label.key is what codes follow from. PIECE is a GTIN with serial, as link or element
    string. Whoever has the link may read the passport: print it on the piece, and nowhere else.
    """
    from ledger.labels import qr  # noqa: PLC0415  --help draws nothing
    from ledger.opening import layout, load_codes  # noqa: PLC0415  bring the database with them

    try:
        name = canonical_id(piece)
    except CoilmarkError as error:
        raise click.BadParameter(error.sentence, param_hint="PIECE") from error
    codes = load_codes(layout(folder))
    if codes is None:
        raise Missing("no_label_key", f"{layout(folder).label_key} is missing: without it labels have no codes")
    link = link_of(base, name, codes)
    if svg is not None:
        svg.write_text(qr.svg(link, lines(name)), "utf-8")
    if png is not None:
        png.write_bytes(qr.png(link))
    if as_json:
        click.echo(json.dumps({"piece": name, "link": link, "code": codes.code(name)}))
        return
    click.echo(qr.terminal(link), nl=False)
    click.echo(link)


def lines(piece: str) -> list[str]:
    """What people read below the symbol: the element string, key by key."""
    gtin, _, serial = piece.removeprefix("(01)").partition("(21)")
    return [f"(01) {gtin}", f"(21) {serial}"]
