"""`coilmark claims`: what was said in public of the park, held against its ledger."""

from pathlib import Path

import click
import msgspec

from tools import database as databases


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--from", "start", help="First moment of the period, RFC 3339 in UTC; else where closed periods begin.")
@click.option("--to", "end", help="First moment after it; else where closed periods end.")
@click.option("--as-of", type=click.IntRange(min=1), help="As of so many entries.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole board as JSON.")
@databases.option
def command(
    *, folder: Path, start: str | None, end: str | None, as_of: int | None, as_json: bool, database: str | None
) -> None:
    """Hold the park's public claims against its ledger, for a period.

    FOLDER is what `coilmark init` made. Each claim is held, not held, or cannot be said: hour by hour and by volume,
    with how it is counted and what was not checked.
    """
    from ledger.questions.asking import of_store  # noqa: PLC0415  brings the database with it
    from ledger.questions.carbon import claims  # noqa: PLC0415  likewise

    with of_store(databases.locate(folder, database), as_of) as asked:
        board = claims(asked, start, end)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(board)).decode())
        return
    state = "provisional: " if board.provisional else ""
    click.echo(f"{state}{board.period.start} to {board.period.end}, {board.rules.id}, as of {board.as_of.size} entries")
    for claim in board.claims:
        click.secho(claim.says, bold=True)
        for figure in claim.figures:
            how = {"hourly": "hour by hour", "volumetric": "by volume"}.get(figure.matching, "")
            click.echo(f"  {figure.verdict:<13} {how:<12}  {figure.why}")
        click.echo(f"  not checked: {'; '.join(claim.not_checked)}")
