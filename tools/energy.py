"""`coilmark energy`: what a ledger knows of attestations and consumption, asked of its database."""

from collections.abc import Callable
from pathlib import Path

import click

from tools.asking import FOLDER, ask, asking, print_json


@click.group()
def command() -> None:
    """Ask what was attested, whose it is, and what it covers.

    FOLDER is what `coilmark init` made. Ids are canonical, such as (417)9521141000204/farm-1. Every answer is as of
    --as-of entries, or of all. It is read from what the ledger derived; whether that follows from what was signed,
    `coilmark audit` says.
    """


def _in_period(function: Callable[..., None]) -> Callable[..., None]:
    to = click.option("--to", "end", required=True, help="The first full UTC hour after it.")
    return click.option("--from", "start", required=True, help="A full hour, such as 2026-03-01T00:00:00Z.")(
        to(function)
    )


@command.command()
@FOLDER
@click.argument("attestation")
@asking
def show(*, folder: Path, attestation: str, as_of: int | None, as_json: bool, database: str | None) -> None:
    """State, slices and history of one attestation."""
    from ledger.questions.energy import attestation as question  # noqa: PLC0415  brings the database with it

    found = ask(folder, database, as_of, lambda asked: question(asked, attestation))
    if as_json:
        print_json(found)
        return
    click.echo(f"{found.id}: {found.wh} Wh of {found.source} in {found.zone}, {found.start} to {found.end}")
    click.echo(f"  issued by {found.issuer} in entry {found.entry}, expires {found.expires}")
    for one in found.slices:
        covers = f", covers hour {one.hour} of {one.consumption}" if one.consumption else ""
        party = f" for {one.party}" if one.party else ""
        click.echo(f"  Wh {one.from_wh} to {one.to_wh}  {one.state}{party}  with {one.holder}{covers}")
    for step in found.history:
        click.echo(f"  entry {step.entry}  {step.recorded}  {step.what}  {step.wh} Wh  by {step.issuer}")
    if found.in_doubt is not None:
        click.echo(f"  in doubt: entry {found.in_doubt} took away what it was charged with")


@command.command()
@FOLDER
@click.argument("device_id", metavar="DEVICE")
@_in_period
@asking
def device(
    *, folder: Path, device_id: str, start: str, end: str, as_of: int | None, as_json: bool, database: str | None
) -> None:
    """What a device attested in a period, and what became of it."""
    from ledger.questions.energy import attested as question  # noqa: PLC0415  brings the database with it

    found = ask(folder, database, as_of, lambda asked: question(asked, device_id, start, end))
    if as_json:
        print_json(found)
        return
    for one in found.attestations:
        click.echo(f"{one.start}  {one.id}  {one.wh} Wh  {_states(one.by_state)}")
    click.echo(f"{len(found.attestations)} attestations, {found.wh} Wh: {_states(found.by_state)}")


@command.command()
@FOLDER
@click.argument("process_id", metavar="PROCESS")
@_in_period
@asking
def process(
    *, folder: Path, process_id: str, start: str, end: str, as_of: int | None, as_json: bool, database: str | None
) -> None:
    """What a process drew in a period, what covers it hour by hour, and both shares."""
    from ledger.questions.energy import consumed as question  # noqa: PLC0415  brings the database with it

    found = ask(folder, database, as_of, lambda asked: question(asked, process_id, start, end))
    if as_json:
        print_json(found)
        return
    for one in found.hours:
        fallen = f", {len(one.fallen)} rows taken back" if one.fallen else ""
        click.echo(f"{one.start}  {one.wh} Wh, hourly {one.hourly}, volumetric {one.volumetric}{fallen}")
    click.echo(f"{found.consumed} Wh drawn; {found.missing} hours of the period are not stated")
    click.echo(f"covered within the hour: {found.hourly_wh} Wh, {found.hourly.percent} % ({found.hourly.exact})")
    click.echo(f"covered in any way: {found.any_wh} Wh, {found.volumetric.percent} % ({found.volumetric.exact})")
    click.echo(f"by {found.rules}, as of {found.as_of} entries; percent rounded half up")


def _states(by_state: dict[str, int]) -> str:
    return ", ".join(f"{state} {wh}" for state, wh in by_state.items())
