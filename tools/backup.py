"""`coilmark backup`: a ledger's database, copied while it is served, and checked as it is written."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.kernel.errors import Conflict
from tools import database as databases
from tools import head as heads
from tools.carrying import beside, kept_head, report, showing

if TYPE_CHECKING:
    from ledger.recording.second_head import HeadPlace


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("target", type=click.Path(file_okay=False, path_type=Path))
@heads.option
@databases.option
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def command(*, folder: Path, target: Path, head: "HeadPlace | None", database: str | None, as_json: bool) -> None:
    """Back a ledger up while it is served, and check what is written.

    FOLDER is what `coilmark init` made; TARGET is a new or empty folder. It gets ledger.sqlite, whatever store the
    ledger is in: one snapshot, every row read back and compared, every entry hashed again and held against the second
    head. `coilmark audit TARGET` checks the rest, `coilmark copy TARGET …` puts it back.

    Log key, second head and tokens are not in it: keep the first apart, never restore the second.
    """
    from ledger.recording.opening import layout  # noqa: PLC0415  likewise
    from ledger.upkeep.copying import copy_ledger  # noqa: PLC0415  brings the database with it, which --help does not need

    if target.exists() and any(target.iterdir()):
        raise Conflict("backup_exists", f"{target} is not empty; a backup is never written over something")
    places = databases.require(layout(folder, head or beside(folder), database))
    kept = kept_head([places.head], [folder])
    with showing(quiet=as_json) as progress:
        copied = copy_ledger(
            places.location, target / places.database.name, kept=kept[1] if kept else None, progress=progress
        )
    click.echo(report(str(target), copied, kept, as_json=as_json))
