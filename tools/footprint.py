"""`coilmark footprint`: a piece's footprint as a PACT document, for customers' systems."""

from pathlib import Path

import click
import msgspec

from tools import database as databases


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("piece")
@click.option("--as-of", type=click.IntRange(min=1), help="As of so many entries.")
@databases.option
def command(*, folder: Path, piece: str, as_of: int | None, database: str | None) -> None:
    """Print a piece's footprint as a PACT document.

    FOLDER is what `coilmark init` made, PIECE an id in any GS1 spelling. The document says what the piece's newest
    passport says; `coilmark audit` computes that again.
    """
    from ledger.kernel.gs1 import canonical_id  # noqa: PLC0415  --help does not need it
    from ledger.questions.asking import of_store  # noqa: PLC0415  brings the database with it
    from ledger.questions.footprint import footprint_document  # noqa: PLC0415  likewise

    with of_store(databases.locate(folder, database), as_of) as asked:
        document = footprint_document(asked, canonical_id(piece))
    click.echo(msgspec.json.format(msgspec.json.encode(document)).decode())
