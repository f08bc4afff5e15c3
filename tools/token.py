"""`coilmark token`: bearer tokens, for readers who may see more than everybody."""

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ledger.kernel.moments import rfc3339
from ledger.kernel.subjects import canonical_subject_id
from tools import database as databases
from tools.party_id import PARTY

if TYPE_CHECKING:
    from ledger.store.access import Token, Tokens

_FOLDER = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def command() -> None:
    """Issue, list and revoke bearer tokens for readers.

    A token lets its holder read: a party what it signed itself, an auditor everything. Posting needs none, since a
    statement's signature is its authority. Changes hold at once, also while the ledger is being served.
    """


@command.command()
@_FOLDER
@databases.option
@click.option("--party", type=PARTY, help="A party's canonical id: the token shows what this party signed.")
@click.option("--auditor", is_flag=True, help="The token shows everything.")
@click.option("--label", default="", help="What you want to remember about it.")
@_JSON
def issue(*, folder: Path, database: str | None, party: str | None, auditor: bool, label: str, as_json: bool) -> None:
    """Make a token and print it: this once, since only its hash is kept."""
    from ledger.recording.opening import clock  # noqa: PLC0415  brings the database with it, which --help does not need
    from ledger.store.access import AUDITOR, PARTY, Reader  # noqa: PLC0415  likewise

    if bool(party) == auditor:
        raise click.UsageError("either --party or --auditor is wanted")
    reader = Reader(PARTY, canonical_subject_id("party", party, party)) if party else Reader(AUDITOR)
    with closing(_access(folder, database)) as access:
        token, secret = access.issue(reader, label, now=clock())
    click.echo(json.dumps({**_members(token), "token": secret}) if as_json else secret)


@command.command("list")
@_FOLDER
@databases.option
@_JSON
def list_command(*, folder: Path, database: str | None, as_json: bool) -> None:
    """List all tokens, revoked ones too; never the tokens themselves."""
    with closing(_access(folder, database)) as access:
        tokens = access.tokens()
    if as_json:
        click.echo(json.dumps([_members(token) for token in tokens]))
        return
    for token in tokens:
        state = f"revoked {_second(token.revoked_at)}" if token.revoked_at is not None else "good"
        who = token.reader.party or token.reader.scope
        click.echo(f"{token.id}  {who:<20}  {_second(token.created_at)}  {state}  {token.label}".rstrip())


@command.command()
@_FOLDER
@databases.option
@click.argument("token")
def revoke(*, folder: Path, database: str | None, token: str) -> None:
    """Revoke a token: from now on it opens nothing. TOKEN is the id that `list` shows."""
    from ledger.recording.opening import clock  # noqa: PLC0415  see issue

    with closing(_access(folder, database)) as access:
        access.revoke(token, now=clock())
    click.echo(f"{token} is revoked")


def _access(folder: Path, database: str | None) -> "Tokens":
    from ledger.recording.opening import layout  # noqa: PLC0415  see issue
    from ledger.store.store import open_tokens  # noqa: PLC0415  see issue

    places = databases.require(layout(folder, None, database))
    return open_tokens(folder, places.url)


def _members(token: "Token") -> dict[str, Any]:
    return {
        "id": token.id,
        "scope": token.reader.scope,
        "party": token.reader.party,
        "label": token.label,
        "created": _second(token.created_at),
        "revoked": None if token.revoked_at is None else _second(token.revoked_at),
    }


def _second(moment: int) -> str:
    return rfc3339(moment - moment % 1_000_000)
