"""`coilmark sign`: one JSON body, signed as a statement, in wire form on standard output."""

import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import click

from ledger.kernel.errors import Malformed
from ledger.kernel.keys import load_signer
from ledger.kernel.statement import TYPES, Hidden, issue
from ledger.kernel.strict_json import decode
from tools.party_id import PARTY


@click.command()
@click.argument("body", type=click.File("rb"), default="-")
@click.option("--typ", required=True, type=click.Choice(TYPES), metavar="TYP", help="What it says, e.g. lot-event.")
@click.option("--iss", required=True, type=PARTY, help="Who signs: the party's canonical id, e.g. (417)9521210000013.")
@click.option("--aud", required=True, help="The ledger's URI.")
@click.option(
    "--key", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Private key, PEM."
)
@click.option("--jti", help="Your id of this statement, a URI; the same on every retry.  [default: a new urn:uuid]")
@click.option("--iat", type=int, help="When it was signed, in seconds since 1970 UTC.  [default: now]")
@click.option("--hide", multiple=True, metavar="POINTER", help="JSON pointer of a value to disclose separately.")
def command(
    *, body: BinaryIO, typ: str, iss: str, aud: str, key: Path, jti: str | None, iat: int | None, hide: tuple[str, ...]
) -> None:
    """Sign a JSON body as a statement and print its wire form.

    BODY is a file, or standard input. Values named by --hide become disclosures: the ledger records them, and a
    reader can be shown the statement without them.
    """
    signed = issue(
        typ=typ,
        iss=iss,
        jti=jti or fresh_id(),
        aud=aud,
        iat=now() if iat is None else iat,
        body=covered(read_body(body.read()), hide),
        signer=load_signer(key.read_bytes()),
    )
    click.echo(signed.decode("ascii"))


def read_body(data: bytes) -> dict[str, Any]:
    """A body as it will be signed. Raises Malformed for anything but one JSON object."""
    value = decode(data, "body", plain=True)
    if not isinstance(value, dict):
        raise Malformed("body", "a body is a JSON object")
    return value


def fresh_id() -> str:
    """A jti nobody used before (RFC 9562)."""
    return f"urn:uuid:{uuid.uuid4()}"


def now() -> int:
    """Seconds since 1970 UTC."""
    return int(time.time())


def covered(body: dict[str, Any], pointers: Sequence[str]) -> dict[str, Any]:
    """The body with each value that a JSON pointer (RFC 6901) names wrapped as Hidden. Raises Malformed.

    Longer pointers first: a value hidden inside a hidden value is a disclosure of its own.
    """
    for pointer in sorted(pointers, key=lambda one: one.count("/"), reverse=True):
        steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")]
        if steps[0] or len(steps) < 2:
            raise Malformed("pointer", f"{pointer!r} is no JSON pointer into the body: it begins with a slash")
        holder: Any = body
        for step in steps[1:-1]:
            holder = holder[_member(holder, step, pointer)]
        last = _member(holder, steps[-1], pointer)
        holder[last] = Hidden(holder[last])
    return body


def _member(holder: Any, step: str, pointer: str) -> str | int:
    if isinstance(holder, dict) and step in holder:
        return step
    if isinstance(holder, list) and step.isascii() and step.isdigit() and int(step) < len(holder):
        return int(step)
    raise Malformed("pointer", f"the body has nothing at {pointer}")
