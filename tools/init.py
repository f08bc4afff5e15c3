"""`coilmark init`: a new ledger, its log key, and index 0 (SPEC 4.5)."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ledger.kernel.errors import Conflict
from ledger.kernel.keys import Signer, generate, load_signer
from ledger.kernel.note import format_vkey, vkey_of
from ledger.kernel.statement import issue
from ledger.kernel.trust import LogKey, Trust, format_trust
from ledger.passport.codes import SECRET_SIZE
from ledger.rules import rule_set
from tools import database as databases
from tools import head as heads
from tools.keygen import write_key, write_secret
from tools.party import prove, small_profile
from tools.sign import fresh_id, now, read_body

if TYPE_CHECKING:
    from ledger.recording.opening import Layout
    from ledger.recording.second_head import HeadPlace

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True)
class Founding:
    """What index 0 says. `operator` is the body of a `party` statement, `iat` in seconds since 1970 UTC."""

    uri: str
    origin: str
    operator: Mapping[str, Any]
    signer: Signer
    jti: str
    iat: int

    def statement(self, log_key: Signer) -> bytes:
        """The `ledger` statement of index 0, in wire form."""
        party = self.operator["id"]
        body = {
            "uri": self.uri,
            "origin": self.origin,
            "log_keys": [format_vkey(vkey_of(self.origin, log_key.key))],
            "operator": self.operator,
            "keys": [prove(self.signer, self.uri, party)],
            "rules": rule_set(),
            "incarnation": 0,
        }
        return issue(typ="ledger", iss=party, jti=self.jti, aud=self.uri, iat=self.iat, body=body, signer=self.signer)


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--uri", required=True, help="The ledger's URI, for ever: the aud of every statement in it.")
@click.option("--origin", required=True, help="The log's name, the first line of its checkpoints: example.org/log.")
@click.option("--key", required=True, type=_FILE, help="The operator's private key, PEM, from `coilmark keygen`.")
@click.option("--operator", type=_FILE, help="JSON file with the operator's `party` body.")
@click.option("--id", "party", help="The operator's canonical id; with --name, instead of --operator.")
@click.option("--name", help="The operator's name.")
@click.option(
    "--head", type=heads.PLACE, metavar="FILE|URL", help="The head's second place, on another disk or machine."
)
@databases.option
@databases.owner_option
def command(
    *,
    folder: Path,
    uri: str,
    origin: str,
    key: Path,
    operator: Path | None,
    party: str | None,
    name: str | None,
    head: "HeadPlace | None",
    database: str | None,
    owner_database: str | None,
) -> None:
    """Create a ledger: its folder, its log key and index 0.

    FOLDER must not hold anything yet. Opening a ledger never creates one, so this is done once. The trust file that
    readers need is written to FOLDER/trust.txt: give it to them by a way they believe.
    """
    from ledger.recording.opening import layout  # noqa: PLC0415  brings the database with it, which --help does not need
    from ledger.recording.second_head import AUTHORIZATION  # noqa: PLC0415  likewise

    if operator is not None:
        body = read_body(operator.read_bytes())
    elif party and name:
        body = small_profile(party, name, (), ())
    else:
        raise click.UsageError("--operator is wanted, or --id and --name")
    if folder.exists() and any(one.name != AUTHORIZATION for one in folder.iterdir()):
        raise Conflict("ledger_exists", f"{folder} is not empty; a ledger is created once and never overwritten")
    places = layout(folder, head, database)
    founding = Founding(uri, origin, body, load_signer(key.read_bytes()), fresh_id(), now())
    log_key = found_ledger(places, founding, generate(), owner=owner_database)
    trust = folder / "trust.txt"
    trust.write_text(trust_text(origin, log_key), "ascii")
    click.echo(f"{folder}: ledger {uri}, entry 0 recorded; log key {format_vkey(vkey_of(origin, log_key.key))}")
    click.echo(f"{places.head}: the head's second place; keep it apart from the folder and never restore it with it")
    click.echo(f"{trust}: what readers need to check its proofs")


def found_ledger(
    places: "Layout",
    founding: Founding,
    log_pem: bytes,
    *,
    owner: str | None = None,
    clock: Callable[[], int] | None = None,
    randomness: Callable[[int], bytes] | None = None,
) -> Signer:
    """Make folder and database, write log key and label key, record index 0. Raises Conflict where one is there.

    What is refused leaves nothing in the folder. `clock` and `randomness` are the system's unless given. Crash in here:
    the folder does not open; remove it.
    """
    from ledger.recording.opening import create_ledger  # noqa: PLC0415  see command

    def write_keys() -> None:
        places.folder.mkdir(parents=True, exist_ok=True)
        write_key(places.log_key, log_pem)
        write_secret(places.label_key, (randomness or secrets.token_bytes)(SECRET_SIZE).hex().encode() + b"\n")

    log_key = load_signer(log_pem)
    given: dict[str, Any] = {"clock": clock, "randomness": randomness}
    create_ledger(
        places,
        founding.uri,
        founding.statement(log_key),
        owner=owner,
        write_keys=write_keys,
        **{name: source for name, source in given.items() if source is not None},
    )
    return log_key


def trust_text(origin: str, log_key: Signer) -> str:
    """The trust file of a ledger without witnesses: its log key, and no quorum."""
    return format_trust(Trust(logs=(LogKey(vkey_of(origin, log_key.key)),)))
