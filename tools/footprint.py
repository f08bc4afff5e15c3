"""`coilmark footprint`: a piece's footprint as a PACT document, for customers' systems; those of all as a table."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from tools import database as databases

if TYPE_CHECKING:
    from ledger.store.protocol import Location


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("piece", required=False)
@click.option(
    "--table", type=click.Path(dir_okay=False, path_type=Path), help="Write those of all pieces as an Arrow file."
)
@click.option("--as-of", type=click.IntRange(min=1), help="As of so many entries.")
@databases.option
def command(*, folder: Path, piece: str | None, table: Path | None, as_of: int | None, database: str | None) -> None:
    """Print a piece's footprint as a PACT document.

    FOLDER is what `coilmark init` made, PIECE an id in any GS1 spelling. The document says what the piece's newest
    passport says; `coilmark audit` computes that again. With --table all pieces' footprints are computed now, from
    every signed statement.
    """
    if (piece is None) == (table is None):
        raise click.UsageError("name a piece, or a file with --table")
    if table is not None:
        click.echo(f"{write_table(databases.locate(folder, database), as_of, table)} footprints in {table}")
        return
    from ledger.kernel.gs1 import canonical_id  # noqa: PLC0415  --help does not need it
    from ledger.questions.asking import of_store  # noqa: PLC0415  brings the database with it
    from ledger.questions.footprint import footprint_document  # noqa: PLC0415  likewise

    with of_store(databases.locate(folder, database), as_of) as asked:
        document = footprint_document(asked, canonical_id(piece or ""))
    click.echo(msgspec.json.format(msgspec.json.encode(document)).decode())


def write_table(location: "Location", as_of: int | None, table: Path) -> int:
    """Every piece's footprint, computed now, into one Arrow file; how many rows were written."""
    from ledger.carbon.recompute import recompute  # noqa: PLC0415  brings the domain with it
    from ledger.issuing import footprint_table  # noqa: PLC0415  brings pyarrow with it
    from ledger.issuing.carbon_source import given_of  # noqa: PLC0415  likewise
    from ledger.questions.asking import of_store  # noqa: PLC0415  brings the database with it

    with of_store(location, as_of) as asked:
        accounts = recompute(given_of(asked.transaction, asked.registry, asked.size))
    return footprint_table.write_table(accounts.footprint, accounts.flowed.used, table)
