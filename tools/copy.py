"""`coilmark copy`: a ledger from one store to another."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tools import database as databases
from tools import head as heads
from tools.carrying import beside, kept_head, place, report, showing

if TYPE_CHECKING:
    from ledger.recording.second_head import HeadPlace


@click.command()
@click.argument("source")
@click.argument("target")
@databases.owner_option
@heads.option
@click.option("--json", "as_json", is_flag=True, help="Print what was copied as JSON.")
def command(*, source: str, target: str, owner_database: str | None, head: "HeadPlace | None", as_json: bool) -> None:
    """Copy a ledger from one store to another, and check the copy.

    SOURCE and TARGET are each a ledger's folder, a database file, or a postgresql:// URL. What `coilmark backup` made
    is put back with it. TARGET must hold no ledger yet; in the end it holds all of it, or nothing.

    A copy is not a second writer: log key and second head are not in it. To move a ledger, stop its servers, copy it,
    and give the copy the one second head there is. A copy that lacks what the second head has seen does not open.
    """
    from ledger.upkeep.copying import copy_ledger  # noqa: PLC0415  brings the database with it, which --help does not need

    folders = [Path(one) for one in (source, target) if "://" not in one]
    kept = kept_head([head] if head else [beside(one) for one in folders], folders)
    if head and kept is None:
        raise click.BadParameter(f"{head} is not there", param_hint="--head")
    with showing(quiet=as_json) as progress:
        copied = copy_ledger(place(source), place(target), owner=owner_database, progress=progress)
    click.echo(report(target, copied, kept, as_json=as_json))
