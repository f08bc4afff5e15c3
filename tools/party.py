"""`coilmark party`: who takes part, and which keys speak for them (SPEC 4.5)."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from ledger.kernel.encoding import b64url_encode
from ledger.kernel.errors import Malformed
from ledger.kernel.keys import Signer, jwk, load_signer, parse_jwk, possession_message
from ledger.kernel.statement import TYPES, issue
from tools.courier import Courier
from tools.party_id import PARTY
from tools.post import receipt_line
from tools.sign import fresh_id, now, read_body

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
REASONS = ("rotated", "retired", "lost", "compromised")


@dataclass(frozen=True)
class Hand:
    """Who signs the statement, for which ledger, with what, and when (seconds since 1970)."""

    iss: str
    aud: str
    signer: Signer
    iat: int

    def signed(self, typ: str, body: Mapping[str, Any]) -> bytes:
        """One statement under a fresh jti."""
        return issue(typ=typ, iss=self.iss, jti=fresh_id(), aud=self.aud, iat=self.iat, body=body, signer=self.signer)


def prove(signer: Signer, aud: str, party: str) -> dict[str, Any]:
    """A public key and the proof that whoever shows it holds the private one, for one ledger and one party."""
    message = possession_message(aud, party, signer.key.kid)
    return {"jwk": jwk(signer.key), "proof": b64url_encode(signer.sign(message))}


def _signs(function: Callable[..., list[bytes]]) -> Callable[..., None]:
    """Options of every command that signs; what it returns is printed, or posted with --post."""

    @click.option(
        "--iss", required=True, type=PARTY,
        help="Who signs: a party's canonical id; the operator's to enrol or recover.",
    )  # fmt: skip
    @click.option("--aud", required=True, help="The ledger's URI.")
    @click.option("--key", required=True, type=_FILE, help="The signer's private key, PEM.")
    @click.option("--iat", type=int, help="When it was signed, in seconds since 1970 UTC.  [default: now]")
    @click.option("--post", "url", metavar="URL", help="Post it to this server instead of printing it.")
    @wraps(function)
    def run(*, iss: str, aud: str, key: Path, iat: int | None, url: str | None, **options: Any) -> None:
        hand = Hand(iss, aud, load_signer(key.read_bytes()), now() if iat is None else iat)
        wires = function(hand, **options)
        if url is None:
            click.echo("\n".join(wire.decode("ascii") for wire in wires))
            return
        with closing(Courier(url)) as courier:
            click.echo("\n".join(map(receipt_line, courier.post(wires))))

    return run


@click.group()
def command() -> None:
    """Enrol parties, add, end and recover their keys.

    A party makes its key with `coilmark keygen` and proves with `party prove` that it holds it; the operator signs the
    enrolment. What is signed is printed in wire form, one statement a line, for `coilmark post`; or posted at once.
    """


@command.command("prove")
@click.option("--key", required=True, type=_FILE, help="The party's private key, PEM.")
@click.option("--party", required=True, type=PARTY, help="The party's canonical id, e.g. (417)9521210000013.")
@click.option("--aud", required=True, help="The ledger's URI.")
def prove_command(key: Path, party: str, aud: str) -> None:
    """Prove possession of a key: the public key and a signature, to give to whoever enrols it."""
    click.echo(json.dumps({"party": party, **prove(load_signer(key.read_bytes()), aud, party)}))


@command.command()
@click.argument("profile", type=_FILE, required=False)
@click.option("--id", "party", type=PARTY, help="The party's canonical id; with --name, instead of PROFILE.")
@click.option("--name", help="The party's name.")
@click.option("--role", "roles", multiple=True, type=click.Choice(TYPES), metavar="TYP", help="A typ it may sign.")
@click.option("--prefix", "prefixes", multiple=True, help="A GS1 company prefix of its own.")
@click.option("--proof", type=_FILE, help="What `party prove` printed: its first key.")
@_signs
def enrol(
    hand: Hand,
    *,
    profile: Path | None,
    party: str | None,
    name: str | None,
    roles: tuple[str, ...],
    prefixes: tuple[str, ...],
    proof: Path | None,
) -> list[bytes]:
    """Enrol a party, or bring what the ledger says of it up to date.

    PROFILE is a JSON file with the body of a `party` statement: id, name, roles, prefixes, sites, processes, devices,
    meters. Without it, --id and --name, --role and --prefix make a small one. An update replaces the whole profile.
    """
    if profile is not None:
        body = read_body(profile.read_bytes())
    elif party and name:
        body = small_profile(party, name, roles, prefixes)
    else:
        raise click.UsageError("a PROFILE file is wanted, or --id and --name")
    statements = [hand.signed("party", body)]
    if proof is not None:
        statements.append(hand.signed("key", {"party": body.get("id"), "add": [read_proof(proof, body.get("id"))]}))
    return statements


@command.command("add-key")
@click.option("--proof", required=True, type=_FILE, help="What `party prove` printed for the new key.")
@_signs
def add_key(hand: Hand, proof: Path) -> list[bytes]:
    """Add a key to your own party, signed with one of its valid keys. No other key ends by it."""
    return [hand.signed("key", {"party": hand.iss, "add": [read_proof(proof, hand.iss)]})]


@command.command("end-key")
@click.option("--kid", required=True, help="Thumbprint of the key that ends; another valid key signs.")
@click.option("--reason", required=True, type=click.Choice(REASONS), help="Why it ends.")
@click.option("--disputed-from", type=int, help="Entry index from which somebody else may have held the key.")
@_signs
def end_key(hand: Hand, kid: str, reason: str, disputed_from: int | None) -> list[bytes]:
    """End a key of your own party: it signs nothing after this entry."""
    return [hand.signed("key", {"party": hand.iss, "end": [_ending(kid, reason, disputed_from)]})]


@command.command()
@click.option("--party", required=True, type=PARTY, help="Whose keys are lost: the party's canonical id.")
@click.option("--proof", required=True, type=_FILE, help="What `party prove` printed for the party's new key.")
@click.option("--end", "ended", multiple=True, metavar="KID", help="Thumbprint of a key that ends.")
@click.option("--reason", default="lost", type=click.Choice(REASONS), show_default=True, help="Why they end.")
@click.option("--disputed-from", type=int, help="Entry index from which somebody else may have held them.")
@_signs
def recover(
    hand: Hand, *, party: str, proof: Path, ended: tuple[str, ...], reason: str, disputed_from: int | None
) -> list[bytes]:
    """Give a party that lost its keys a new one, signed by the operator.

    Everything signed with the new key is reported as vouched for by the operator alone, unless the reader pinned it.
    """
    body: dict[str, Any] = {"party": party, "add": [read_proof(proof, party)]}
    if ended:
        body["end"] = [_ending(kid, reason, disputed_from) for kid in ended]
    return [hand.signed("key", {**body, "recovery": True})]


def small_profile(party: str, name: str, roles: Sequence[str], prefixes: Sequence[str]) -> dict[str, Any]:
    """The body of a `party` statement for a party without sites, processes and meters."""
    return {
        "id": party,
        "name": name,
        "roles": list(roles),
        "prefixes": list(prefixes),
        "sites": [],
        "processes": [],
        "devices": [],
        "meters": [],
    }


def read_proof(file: Path, party: Any) -> dict[str, Any]:
    """The jwk and proof that `party prove` printed. Raises Malformed where they are not for this party."""
    members = read_body(file.read_bytes())
    if members.get("party") != party:
        raise Malformed("proof", f"{file} proves a key of {members.get('party')}, not of {party}")
    parse_jwk(members.get("jwk") or {})
    return {"jwk": members["jwk"], "proof": members.get("proof", "")}


def _ending(kid: str, reason: str, disputed_from: int | None) -> dict[str, Any]:
    disputed = {} if disputed_from is None else {"disputed_from": disputed_from}
    return {"kid": kid, "reason": reason, **disputed}
