"""`coilmark verify`: a receipt, a bundle or a proof of misbehaviour against a trust file (SPEC 7).

No database and no network.
"""

import json
import re
import sys
from pathlib import Path

import click

from ledger.kernel.bundle import BUNDLE_TYPE, SIZE_LIMIT
from ledger.kernel.errors import CoilmarkError
from ledger.kernel.gs1 import canonical_id
from ledger.kernel.lives import Life
from ledger.kernel.misbehaviour import MISBEHAVIOUR_TYPE
from ledger.kernel.receipt import RECEIPT_TYPE
from ledger.kernel.report import Outcome, Report, Step, report_json
from ledger.kernel.trust import Trust, parse_trust
from ledger.kernel.verify import Expected, read_lives, verify_bundle, verify_receipt
from ledger.kernel.verify_misbehaviour import verify_misbehaviour
from ledger.kernel.verify_passports import Inputs

MARKS = {
    Outcome.PASSED: ("ok", "green"),
    Outcome.FAILED: ("FAILED", "red"),
    Outcome.NOT_CHECKED: ("not checked", "yellow"),
}
_WIDTH = max(len(word) for word, _ in MARKS.values())
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path, allow_dash=True)


@click.command()
@click.argument("file", type=_FILE)
@click.option("--trust", required=True, type=_FILE, help="Log key, witnesses, quorum and pins that you believe.")
@click.option("--statement", type=_FILE, help="Your own copy of the statement, wire form: what the receipt must be of.")
@click.option("--piece", metavar="ID", help="The piece you expect, e.g. the link on its label.")
@click.option("--index", type=click.IntRange(min=0), help="The index you expect.")
@click.option("--incarnation", type=_FILE, help="Bundle of the newest `ledger` statement: which entries were lost.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(
    *,
    file: Path,
    trust: Path,
    statement: Path | None,
    piece: str | None,
    index: int | None,
    incarnation: Path | None,
    as_json: bool,
) -> None:
    """Verify a receipt or bundle offline against a trust file.

    FILE is what the server answered to a post (a receipt), gave as `.coilmark.json` (a bundle), or what `coilmark
    compare` wrote (a proof that a log misbehaved: verified means proven); - reads standard input. Each numbered step
    says what was checked, or why not and what it would take. After a restore that lost entries, --incarnation tells
    a receipt of a lost entry from a false one, and knows the log keys of before.
    """
    believed = _trust(trust)
    data = _read(file)
    expected = Expected(_canonical(_asked(piece, data)), index)
    copy = None if statement is None else _read(statement).removesuffix(b"\n")
    lives = () if incarnation is None else read_lives(_read(incarnation), believed)
    report = _verify(data, believed, copy, expected, lives)
    click.echo(json.dumps(report_json(report), ensure_ascii=False) if as_json else _lines(report))
    click.get_current_context().exit(0 if report.verified else 1)


def _verify(data: bytes, trust: Trust, statement: bytes | None, expected: Expected, lives: tuple[Life, ...]) -> Report:
    """By the type with which the file begins; what begins with neither is no receipt, which step 1 will say."""
    if data.startswith(f'{{"type":"{MISBEHAVIOUR_TYPE}"'.encode()):
        if statement is not None or expected != Expected():
            raise click.UsageError("a proof of misbehaviour takes neither --statement nor --piece nor --index")
        return verify_misbehaviour(data, trust)
    if data.startswith(f'{{"type":"{BUNDLE_TYPE}"'.encode()):
        if statement is not None:
            raise click.UsageError("--statement goes with a receipt; a bundle holds its statements")
        return verify_bundle(data, trust, expected=expected, lives=lives, recompute=_recompute)
    if not data.startswith(f'{{"type":"{RECEIPT_TYPE}"'.encode()) and b'"coilmark.bundle/' in data[:64]:
        return verify_bundle(data, trust, expected=expected, lives=lives)
    return verify_receipt(data, trust, statement=statement, expected=expected, lives=lives)


def _recompute(inputs: Inputs) -> tuple[bool, str]:
    from ledger.passport.refold import recompute  # noqa: PLC0415  the rules of lots, which a receipt does without
    from ledger.rules import rule_set  # noqa: PLC0415  likewise

    return recompute(inputs, rule_set())


def _asked(piece: str | None, data: bytes) -> str | None:
    """The piece that the reader expects. Of a passport he is asked for it, where somebody is there to answer."""
    of_passport = re.match(rb'\{"type":"[^"]*","kind":"(short|full|delivery)"', data)
    if piece is not None or of_passport is None or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return piece
    said: str = click.prompt(
        "Which piece do you hold? The link on its label, or nothing", default="", show_default=False
    )
    return said or None


def _read(path: Path) -> bytes:
    """At most one byte more than any file of ours may have: enough to know that it is too large."""
    with click.open_file(str(path), "rb") as file:
        data: bytes = file.read(SIZE_LIMIT + 1)
    return data


def _trust(path: Path) -> Trust:
    try:
        return parse_trust(_read(path))
    except CoilmarkError as error:
        raise click.BadParameter(error.sentence, param_hint="--trust") from error


def _canonical(piece: str | None) -> str | None:
    try:
        return None if piece is None else canonical_id(piece)
    except CoilmarkError as error:
        raise click.BadParameter(error.sentence, param_hint="--piece") from error


def _lines(report: Report) -> str:
    return "\n".join([*map(_line, report.steps), "", click.style(report.verdict, bold=True)])


def _line(step: Step) -> str:
    word, colour = MARKS[step.outcome]
    mark = click.style(f"{word:<{_WIDTH}}", fg=colour)
    return f"{step.number:>2}  {mark}  {step.title}: {step.sentence}"
