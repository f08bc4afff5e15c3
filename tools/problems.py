"""How a command says that something is wrong: a sentence for people, one JSON object for machines, exit 1 or 2."""

import json

import click

from ledger.kernel.errors import Busy, CoilmarkError, Conflict, Missing, RefusedBatch, Unsettled, Unverified

FINE, THING_WRONG, CALL_WRONG = 0, 1, 2
# What says nothing about the statement, receipt or ledger at hand: the call was made wrongly, or at a wrong moment.
_OF_THE_CALL = (Missing, Conflict, Busy, Unsettled)


def exit_code(error: CoilmarkError) -> int:
    """1 where the thing at hand is wrong, 2 where the call is (SPEC 7 gives verify the same three)."""
    return CALL_WRONG if isinstance(error, _OF_THE_CALL) else THING_WRONG


def problem(error: CoilmarkError) -> dict[str, object]:
    """The error for machines: `code` and `detail` as the API gives them, then the facts."""
    members: dict[str, object] = {"code": error.code, "detail": error.sentence}
    if isinstance(error, Unverified):
        members["step"] = error.step
    if isinstance(error, RefusedBatch):
        members["rows"] = [{"row": row, "code": one.code, "detail": one.sentence} for row, one in error.rows]
    return {**members, **{name: fact for name, fact in error.facts.items() if isinstance(fact, str | int)}}


def report(error: CoilmarkError, *, as_json: bool) -> int:
    """Print the error and give back the exit code."""
    if as_json:
        click.echo(json.dumps(problem(error)))
    else:
        click.echo(f"coilmark: {error.sentence}", err=True)
        for row, one in error.rows[1:] if isinstance(error, RefusedBatch) else ():
            click.echo(f"  row {row}: {one.sentence}", err=True)
    return exit_code(error)
