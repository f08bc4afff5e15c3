"""`coilmark rebuild`: derived data made again from what was signed."""

import json
from pathlib import Path

import click

from tools import database as databases
from tools.carrying import showing


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@databases.option
@databases.owner_option
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def command(*, folder: Path, database: str | None, owner_database: str | None, as_json: bool) -> None:
    """Make derived data again from what was signed.

    That is what is known of lots and energy, and the level files. FOLDER is what `coilmark init` made. Stop all servers
    of the ledger before. Everything is read from the signed statements and written byte for byte as it was written at
    first; it may be interrupted at any time and run again. Whether the statements themselves are as they were signed,
    `coilmark audit` says.
    """
    from ledger.recording.opening import layout, rebuild_ledger  # noqa: PLC0415  brings the database with it

    places = databases.require(layout(folder, None, database))
    with showing(quiet=as_json) as show:
        records = rebuild_ledger(
            places, owner=owner_database, progress=lambda done, size: show(f"entries booked, of {size}", done)
        )
    if as_json:
        click.echo(json.dumps({"folder": str(folder), "records": records}))
    else:
        click.echo(f"{folder}: {records} records and all level files are made again")
