"""`coilmark post`: signed statements to a server, in batches, and a line for each receipt."""

import json
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import click

from ledger.kernel.errors import Refused
from ledger.kernel.receipt import parse_receipt
from ledger.kernel.statement import parse
from tools.client import check_receipt, read_trust, write_durably
from tools.courier import PAUSES, Courier, batches


@click.command()
@click.argument("files", nargs=-1, type=click.File("rb"))
@click.option("--to", "url", required=True, metavar="URL", help="The server, e.g. http://127.0.0.1:8080.")
@click.option("--trust", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Check every receipt.")
@click.option("--receipts", type=click.Path(file_okay=False, path_type=Path), help="Folder to keep the receipts in.")
@click.option("--check", is_flag=True, help="Ask whether they would be recorded; record nothing.")
@click.option("--tries", default=len(PAUSES) + 1, show_default=True, help="How often to ask a server that is not well.")
@click.option("--json", "as_json", is_flag=True, help="Print each receipt as JSON, one a line.")
def command(
    *,
    files: tuple[BinaryIO, ...],
    url: str,
    trust: Path | None,
    receipts: Path | None,
    check: bool,
    tries: int,
    as_json: bool,
) -> None:
    """Post signed statements and keep their receipts.

    FILES hold statements in wire form, one a line, as `coilmark sign` prints them; without FILES they come from
    standard input. Posting the same statements again is safe: the ledger answers with the entries it has.
    """
    wires = list(read_statements(files or (sys.stdin.buffer,)))
    with closing(Courier(url, _pauses(tries))) as courier:
        for batch in batches(wires, len):
            if check:
                click.echo(_rehearsed(courier, batch, as_json=as_json))
                continue
            for wire, receipt in zip(batch, courier.post(batch), strict=True):
                _keep(receipt, wire, trust, receipts)
                click.echo(receipt.decode("ascii") if as_json else receipt_line(receipt))


def read_statements(files: Iterable[BinaryIO]) -> Iterable[bytes]:
    """Each statement of each file, one a line. Raises Refused ("nothing") where there is none."""
    found = False
    for file in files:
        for line in file:
            if wire := line.strip():
                found = True
                yield wire
    if not found:
        raise Refused("nothing", "there is no statement to post")


def receipt_line(receipt: bytes, what: str = "") -> str:
    """One line for a person: index, typ, issuer, what it is about, the beginning of the leaf hash."""
    read = parse_receipt(receipt)
    if read.statement is None:
        return f"{read.entry.index:>6}  {read.entry.leaf.hex()[:16]}"
    statement = parse(read.statement)
    about = what or statement.jti
    return f"{read.entry.index:>6}  {statement.typ:<18}  {statement.iss}  {about:<46}  {read.entry.leaf.hex()[:16]}"


def _pauses(tries: int) -> tuple[float, ...]:
    return (*PAUSES, *([PAUSES[-1]] * max(0, tries - 1 - len(PAUSES))))[: max(0, tries - 1)]


def _keep(receipt: bytes, wire: bytes, trust: Path | None, folder: Path | None) -> None:
    if trust is not None:
        check_receipt(receipt, wire, read_trust(trust))
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        write_durably(folder / f"{parse_receipt(receipt).entry.index:012d}.json", receipt)


def _rehearsed(courier: Courier, batch: list[bytes], *, as_json: bool) -> str:
    said = courier.check(batch)
    return json.dumps(said) if as_json else f"{len(batch)} statements: {said['check']}"
