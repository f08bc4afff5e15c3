"""`coilmark cbam`: the CBAM report of a period, for declarants, as JSON or as a spreadsheet."""

from pathlib import Path

import click
import msgspec

from tools import database as databases


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--from", "start", help="First moment of the period, RFC 3339 in UTC; else where closed periods begin.")
@click.option("--to", "end", help="First moment after it; else where closed periods end.")
@click.option("--year", type=click.IntRange(2026, 2100), help="Year of import, for the benchmarks; else the period's.")
@click.option("--as-of", type=click.IntRange(min=1), help="As of so many entries.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON.")
@click.option("--xlsx", type=click.Path(dir_okay=False, path_type=Path), help="Write it as a spreadsheet.")
@databases.option
def command(
    *,
    folder: Path,
    start: str | None,
    end: str | None,
    year: int | None,
    as_of: int | None,
    as_json: bool,
    xlsx: Path | None,
    database: str | None,
) -> None:
    """Report direct emissions for the CBAM, by process, code and period.

    FOLDER is what `coilmark init` made. Computed from signed statements: events, source streams, closed periods. It
    knows no coil, no customer and no renewable power: these change no figure that the CBAM asks for.
    """
    from ledger.carbon.reports.sheet import spreadsheet  # noqa: PLC0415  brings the domain with it
    from ledger.questions.asking import of_store  # noqa: PLC0415  brings the database with it
    from ledger.questions.carbon import cbam  # noqa: PLC0415  likewise

    with of_store(databases.locate(folder, database), as_of) as asked:
        report = cbam(asked, start, end, year)
    if xlsx is not None:
        xlsx.write_bytes(spreadsheet(report))
        click.echo(f"wrote {xlsx}", err=as_json)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(report)).decode())
        return
    state = "provisional: " if report.provisional else ""
    click.echo(
        f"{state}{report.period.start} to {report.period.end}, {report.rules.id}, as of {report.as_of.size} entries"
    )
    for site in report.installations:
        click.echo(f"{site.name} ({site.cbam or site.site}): {site.total} t CO2e direct; indirect {site.indirect}")
        for process in site.processes:
            for good in process.goods:
                click.echo(
                    f"  {good.cn or 'no code'}  {good.produced} t  {good.see_direct} {good.unit}  {process.good}"
                )
