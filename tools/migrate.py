"""`coilmark migrate`: an older ledger brought to this program's schema."""

import json
from pathlib import Path

import click

from tools import database as databases


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@databases.option
@databases.owner_option
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def command(*, folder: Path, database: str | None, owner_database: str | None, as_json: bool) -> None:
    """Bring an older ledger to this program's schema.

    FOLDER is what `coilmark init` made. Stop all servers of the ledger and make a backup before. No entry is touched:
    what was signed, hashed and proven stays as it is. It may be interrupted at any time; run it again, it goes on.
    Nothing else migrates: a server refuses an older ledger and names this command.
    """
    from ledger.recording.opening import layout, migrate_ledger  # noqa: PLC0415  brings the database with it

    done = []
    for applied in migrate_ledger(databases.require(layout(folder, None, database)), owner=owner_database):
        done.append(applied)
        if not as_json:
            click.echo(applied.says)
    if as_json:
        click.echo(json.dumps({"folder": str(folder), "applied": [one.version for one in done]}))
    elif not done:
        click.echo(f"{folder}: the schema is this program's already; nothing was done")
