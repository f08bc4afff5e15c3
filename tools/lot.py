"""`coilmark lot`: what a ledger knows of lots, asked of its database."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from tools import database as databases
from tools.asking import FOLDER, ask, asking, print_json

_ID = click.argument("lot")
_G = 1_000_000  # µg


@click.group()
def command() -> None:
    """Ask what the ledger knows of a lot, a site, an order or a heat.

    FOLDER is what `coilmark init` made. LOT is an id in any GS1 spelling. Every answer is as of --as-of entries, or of
    all. It is read from what the ledger derived; whether that follows from what was signed, `coilmark audit` says.
    """


@command.command()
@FOLDER
@_ID
@asking
def show(*, folder: Path, lot: str, as_of: int | None, as_json: bool, database: str | None) -> None:
    """State, history and findings of one lot or piece."""
    from ledger.questions.lots import lot as question  # noqa: PLC0415  brings the database with it

    found = ask(folder, database, as_of, lambda asked: question(asked, _canonical(lot)))
    if as_json:
        print_json(found)
        return
    click.echo(f"{found.id}, {found.source} by {found.maker or 'nobody heard of'} in entry {found.made_by}")
    for one in found.holdings:
        under_way = f" under way, {one.delivery}" if one.delivery else ""
        click.echo(f"  {one.g} g with {one.holder}{under_way}{f', at {one.site}' if one.site else ''}")
    for says in _state(found):
        click.echo(f"  {says}")
    for step in found.history:
        wrong = f"  declared wrong by entry {step.declared_wrong_by}" if step.declared_wrong_by is not None else ""
        moved = "".join(f"  {sign}{g} g" for sign, g in (("+", step.added), ("-", step.taken)) if g)
        click.echo(f"  entry {step.entry}  {step.time}  {step.what}{moved}{wrong}")
    _say_findings(found)


@command.command()
@FOLDER
@_ID
@click.option("--down", is_flag=True, help="Where it went, not where it came from.")
@asking
def trace(*, folder: Path, lot: str, down: bool, as_of: int | None, as_json: bool, database: str | None) -> None:
    """Where a lot came from, or where it went, with masses."""
    from ledger.questions.traces import trace_down, trace_up  # noqa: PLC0415  brings the database with it

    name = _canonical(lot)
    if down:
        went = ask(folder, database, as_of, lambda asked: trace_down(asked, name))
        print_json(went) if as_json else _say_down(went)
        return
    came = ask(folder, database, as_of, lambda asked: trace_up(asked, name))
    print_json(came) if as_json else _say_up(came)


@command.command()
@FOLDER
@_ID
@click.option("--csv", "as_csv", is_flag=True, help="Print it for a spreadsheet.")
@asking
def recall(*, folder: Path, lot: str, as_csv: bool, as_of: int | None, as_json: bool, database: str | None) -> None:
    """What was sent off with some of a lot in it, and to whom."""
    from ledger.questions import traces  # noqa: PLC0415  brings the database with it

    found = ask(folder, database, as_of, lambda asked: traces.recall_list(asked, _canonical(lot)))
    if as_json:
        print_json(found)
    elif as_csv:
        click.echo(traces.as_csv(found), nl=False)
    else:
        for row in found.rows:
            weighs = "unknown mass" if row.g is None else f"{row.g} g"
            click.echo(f"{row.lot}  {row.customer}  {row.delivery}  {weighs}, {_traced(row)} of {found.lot}")
        click.echo(f"{len(found.rows)} things were sent off with some of {found.lot} in them")


@command.command()
@FOLDER
@click.argument("site")
@asking
def stock(*, folder: Path, site: str, as_of: int | None, as_json: bool, database: str | None) -> None:
    """What is at a site: on hand, in transit, in open runs, not yet reported by its senders; what it may claim."""
    from ledger.questions.stock import stock as question  # noqa: PLC0415  brings the database with it

    found = ask(folder, database, as_of, lambda asked: question(asked, _canonical(site)))
    if as_json:
        print_json(found)
        return
    for what, rows in (("on hand", found.on_hand), ("in transit", found.in_transit)):
        for row in rows:
            under_way = f"  on {row.delivery}" if row.delivery else ""
            click.echo(f"{what}  {row.g} g  {row.lot}{under_way}{_kept_back(row)}")
    for run in found.runs:
        click.echo(f"open run  {run.run}  {run.kind}  in {run.inputs}  out {run.outputs}")
    for late in found.unresolved:
        click.echo(f"not yet reported by {late.party or 'its sender'}  {late.g} g  {late.lot}  (entry {late.entry})")
    for one in found.claims:
        says = f"period from {one.month}: {one.came} g in, {one.went} g out, {one.left} g left to claim"
        click.echo(f"claims  {one.scheme}, {one.material}, {says}  (scope {one.scope})")
    _say_findings(found)


@command.command()
@FOLDER
@click.argument("word")
@click.argument("value")
@asking
def find(*, folder: Path, word: str, value: str, as_of: int | None, as_json: bool, database: str | None) -> None:
    """The lots of a heat, cast, localId, order or customerPart."""
    from ledger.questions.lots import lots_by  # noqa: PLC0415  brings the database with it

    found = ask(folder, database, as_of, lambda asked: lots_by(asked, word, value))
    if as_json:
        print_json(found)
        return
    for one in found.lots:
        there = f"{one.g} g  {', '.join(one.holders)}" if one.holders else "nothing is left of it"
        click.echo(f"{one.id}  {there}")
    click.echo(f"{len(found.lots)} {'lot' if len(found.lots) == 1 else 'lots'} of {word} {value}")


@command.command()
@FOLDER
@click.argument("entry", type=click.IntRange(min=0))
@click.option("--reason", type=click.Choice(["incorrect_data", "did_not_occur"]), default="incorrect_data")
@click.option(
    "--corrective", multiple=True, metavar="EVENTID", help="The event that will be right; may be given again."
)
@databases.option
def declare(*, folder: Path, entry: int, reason: str, corrective: tuple[str, ...], database: str | None) -> None:
    """Print the body that declares the event of ENTRY wrong, for `coilmark sign`.

    Its issuer signs it, nobody else. With --corrective what the event made is in doubt until that event comes, which
    takes its place; without one it did not happen.
    """
    from ledger.questions.declaring import declaration  # noqa: PLC0415  brings the database with it

    now = time.time_ns() // 1_000
    said = ask(
        folder, database, None, lambda asked: declaration(asked, entry, reason=reason, corrections=corrective, now=now)
    )
    print_json(said)


def _canonical(text: str) -> str:
    from ledger.kernel.gs1 import canonical_id  # noqa: PLC0415  --help does not need it

    return canonical_id(text)


def _state(found: Any) -> Iterator[str]:
    """What else is to be known of a lot, in a sentence each."""
    if found.consumed_by is not None:
        yield f"used up by entry {found.consumed_by}"
    if found.held_by:
        yield f"held by {', '.join(found.held_by)}"
    if found.in_doubt is not None:
        yield f"in doubt: entry {found.in_doubt} declares wrong the event that made it"
    if found.blocked:
        yield "blocked until its shortage, or a surplus that a count found, is cleared"
    if found.closed:
        yield "closed: nothing is added to it"
    if found.inside:
        yield f"packed in {found.inside}"
    for one in (*found.contents, *(f"{one.g} g of {one.lot}" for one in found.amounts)):
        yield f"has in it {one}"
    for late in found.not_yet_reported:
        yield f"{late.g} g that {late.holder} received are not yet reported by who sent them"


def _kept_back(row: Any) -> str:
    kept = (("held", row.held), ("in doubt", row.in_doubt), ("blocked", row.blocked))
    return "".join(f"  {word}" for word, holds in kept if holds)


def _grams(ug: str) -> str:
    return f"{int(ug) / _G:.0f}" if int(ug) >= _G else f"0.{int(ug):06d}"


def _traced(row: Any) -> str:
    """How much; where some came by a piece that nobody had weighed, it is more than is known."""
    if not row.more:
        return f"{_grams(row.ug)} g"
    return "unknown mass" if row.ug == "0" else f"at least {_grams(row.ug)} g"


def _say_up(came: Any) -> None:
    click.echo(f"{_grams(came.ug)} g of {came.lot}, as of {came.as_of} entries")
    for node in came.nodes:
        click.echo(f"  entry {node.entry}  {node.time}  {node.what}  {_grams(node.ug)} g  by {node.issuer}")
    for end in came.ends:
        more = f"  {end.scrap}" if end.scrap else f"  not yet reported by {end.party}" if end.party else ""
        click.echo(f"  ends: {end.reason}  {_grams(end.ug)} g  {end.lot}{more}")
    click.echo(f"  {came.folded.count} contributions under 0.1 %, together {_grams(came.folded.ug)} g")
    for one in came.corrections:
        by = f", entry {one.replaced_by} took its place" if one.replaced_by is not None else ""
        click.echo(f"  entry {one.wrong} was declared wrong by entry {one.declared_by}{by}")
    _say_findings(came)


def _say_down(went: Any) -> None:
    click.echo(f"{_grams(went.ug)} g of {went.lot}, as of {went.as_of} entries")
    for node in went.nodes:
        click.echo(f"  entry {node.entry}  {node.what}  {_traced(node)}  {', '.join(node.lots)}")
    for place in went.places:
        click.echo(f"  now: {_traced(place)} in {place.lot} with {place.holder} {place.delivery}")
    for kind, ug in went.left.items():
        click.echo(f"  left: {_grams(ug)} g, {kind}")
    click.echo(f"  {went.folded.count} contributions under 0.1 %, together {_grams(went.folded.ug)} g")
    _say_findings(went)


def _say_findings(answer: Any) -> None:
    for finding in answer.findings:
        click.echo(f"  found in entry {finding.entry}: {finding.rule}: {finding.text}")
