"""`coilmark keygen`: a private key in a file that only its owner reads."""

import json
import os
from pathlib import Path

import click

from ledger.kernel.errors import Conflict
from ledger.kernel.keys import ED25519, ES256, generate, jwk, load_signer


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--alg", type=click.Choice([ED25519, ES256]), default=ED25519, show_default=True, help="Kind of key.")
@click.option("--json", "as_json", is_flag=True, help="Print thumbprint and public key as JSON.")
def command(*, file: Path, alg: str, as_json: bool) -> None:
    """Make a private key for a party and print its thumbprint.

    FILE is written as unencrypted PKCS #8 PEM, readable by you alone, and never overwritten. Whoever holds it signs
    as the party it is enrolled for. `coilmark party prove` makes what the operator needs to enrol it.
    """
    kid = write_key(file, generate(alg))
    public = jwk(load_signer(file.read_bytes()).key)
    if as_json:
        click.echo(json.dumps({"file": str(file), "kid": kid, "jwk": public}))
    else:
        click.echo(f"{file}: a new {alg} key with thumbprint {kid}")


def write_key(file: Path, pem: bytes) -> str:
    """Write a private key with mode 0600 and give back its thumbprint. Raises Conflict where the file exists."""
    write_secret(file, pem)
    return load_signer(pem).key.kid


def write_secret(file: Path, data: bytes) -> None:
    """Write what nobody else may read, durably, with mode 0600. Raises Conflict where the file exists."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Conflict("key_exists", f"{file} exists already; a key is never overwritten") from None
    with os.fdopen(descriptor, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
