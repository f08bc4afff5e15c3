"""`coilmark restore`: what a restored database lacks, and a new incarnation that says so (SPEC 4.5)."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ledger.kernel.checkpoint import sign_checkpoint
from ledger.kernel.encoding import b64_encode
from ledger.kernel.errors import Conflict, Missing
from ledger.kernel.keys import Signer, generate, load_signer
from ledger.kernel.note import format_vkey, parse_vkey, vkey_of
from ledger.kernel.statement import issue
from ledger.kernel.trust import LogKey, Trust, format_trust
from ledger.rules import rule_set
from tools import database as databases
from tools import head as heads
from tools.keygen import write_key
from tools.problems import FINE, THING_WRONG
from tools.sign import fresh_id, now

if TYPE_CHECKING:
    from ledger.recording.opening import Layout
    from ledger.recording.second_head import HeadPlace
    from ledger.upkeep.restoring import Standing

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_REASONS = ("restored", "key-changed", "key-compromised", "moved", "other")


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the new incarnation will say: `previous` is the last signed checkpoint of the life before."""

    operator: Signer
    origin: str
    reason: str
    previous: str


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--new-incarnation", is_flag=True, help="Go on from here, and record what was lost.")
@click.option("--key", type=_FILE, help="With --new-incarnation: the operator's private key.")
@click.option("--origin", help="With --new-incarnation: the log's new name, which it never had before.")
@click.option("--reason", type=click.Choice(_REASONS), default="restored", show_default=True, help="Why it begins.")
@click.option(
    "--checkpoint", type=_FILE, help="The last signed checkpoint that anybody has, if it is newer or the key lost."
)
@heads.option
@databases.option
@click.option("--json", "as_json", is_flag=True, help="Print what was lost as JSON.")
def command(
    *,
    folder: Path,
    new_incarnation: bool,
    key: Path | None,
    origin: str | None,
    reason: str,
    checkpoint: Path | None,
    head: "HeadPlace | None",
    database: str | None,
    as_json: bool,
) -> None:
    """Say what a restored database lacks, and go on from it.

    FOLDER holds the ledger after a backup was put back; no server is running. Without --new-incarnation nothing is
    changed: both heads are shown and what was lost is listed (exit 1 if anything was). With it the tree goes on under
    a new origin and log key: its next entry is a `ledger` statement with the last checkpoint of before and the range
    of entries that were lost. Give readers FOLDER/trust.txt and FOLDER/incarnation-N.coilmark.json: with these,
    receipts of lost entries show as lost. Who has lost a statement posts it again.
    """
    from ledger.recording.opening import layout  # noqa: PLC0415  brings the database with it, which --help does not need
    from ledger.upkeep.restoring import finish, look, require_loss  # noqa: PLC0415  likewise

    places = databases.require(layout(folder.absolute(), head, database))
    note = checkpoint.read_text("utf-8") if checkpoint else None
    if new_incarnation and finish(places):
        click.echo(_written(places))
        return
    standing = look(places, note)
    if not new_incarnation:
        click.echo(json.dumps(_as_dict(standing)) if as_json else _lines(standing))
        click.get_current_context().exit(THING_WRONG if standing.lost else FINE)
    require_loss(standing, reason)
    if key is None or origin is None:
        raise click.UsageError("--new-incarnation takes --key and --origin")
    if origin in {standing.head.origin, standing.kept.origin}:
        raise Conflict("origin_used", f"{origin} is what the log was called before: a new incarnation has a new name")
    plan = _Plan(load_signer(key.read_bytes()), origin, reason, _signed(places, standing, note))
    _begin(places, standing, plan)
    click.echo(json.dumps(_as_dict(standing)) if as_json else _lines(standing))
    click.echo(_written(places), err=as_json)


def _signed(places: "Layout", standing: "Standing", note: str | None) -> str:
    """The last checkpoint of the life before, as it was signed: Ed25519 gives the same signature again."""
    if note is not None and f"\n{standing.kept.size}\n{b64_encode(standing.kept.root)}\n" in note:
        return note
    signer = load_signer(places.log_key.read_bytes()) if places.log_key.is_file() else None
    named = [parse_vkey(text) for text in standing.registry.log_keys]
    if signer is None or vkey_of(standing.kept.origin, signer.key) not in named:
        raise Missing("no_log_key", "the log key of before is not in the folder: give a signed --checkpoint")
    return sign_checkpoint(standing.kept, standing.kept.origin, signer)


def _begin(places: "Layout", standing: "Standing", plan: _Plan) -> None:
    """The steps of `ledger.upkeep.restoring`, in order."""
    from ledger.recording.opening import renew_ledger  # noqa: PLC0415  as above
    from ledger.upkeep.restoring import finish, next_key  # noqa: PLC0415  as above

    pem = generate()
    log_key = load_signer(pem)
    write_key(next_key(places), pem)
    registry = standing.registry
    body: dict[str, Any] = {
        "uri": registry.uri,
        "origin": plan.origin,
        "log_keys": [format_vkey(vkey_of(plan.origin, log_key.key))],
        "operator": registry.party(registry.operator).profile,
        "keys": [],
        "rules": rule_set(),
        "incarnation": registry.incarnation + 1,
        "previous": {
            "checkpoint": plan.previous,
            "lost": {"from": standing.head.size, "to": standing.head.size + len(standing.lost), "reason": plan.reason},
        },
    }
    wire = issue(
        typ="ledger",
        iss=registry.operator,
        jti=fresh_id(),
        aud=registry.uri,
        iat=now(),
        body=body,
        signer=plan.operator,
    )
    renew_ledger(places, wire, log_key, standing.second)
    finish(places)


def _written(places: "Layout") -> str:
    """The files that readers need, from the ledger as it stands now; the sentence that names them."""
    from ledger.kernel.bundle import encode_bundle  # noqa: PLC0415  as above
    from ledger.recording.opening import open_log  # noqa: PLC0415  as above
    from ledger.showing.reading import bundle  # noqa: PLC0415  as above
    from ledger.store.access import EVERYTHING  # noqa: PLC0415  as above

    with open_log(places) as log:
        registry = log.state.registry
        with log.store.reading() as transaction:
            index = next(i for i in reversed(transaction.registry_indices()) if transaction.entry(i).typ == "ledger")
        lives = encode_bundle(bundle(log, index, EVERYTHING))
    file = places.folder / f"incarnation-{registry.incarnation}.coilmark.json"
    file.write_bytes(lives)
    trust = places.folder / "trust.txt"
    trust.write_text(format_trust(Trust(logs=tuple(LogKey(parse_vkey(text)) for text in registry.log_keys))), "ascii")
    return (
        f"incarnation {registry.incarnation} begins at entry {index} as {registry.origin}; {trust} and {file} are for "
        "readers"
    )


def _as_dict(standing: "Standing") -> dict[str, Any]:
    heads = {
        name: {"origin": one.origin, "size": one.size, "root": one.root.hex()}
        for name, one in (("database", standing.head), ("kept", standing.kept))
    }
    leaves = [leaf.hex() for leaf in standing.leaves]
    lost = {"from": standing.lost.start, "to": standing.lost.stop, "count": len(standing.lost), "leaves": leaves}
    return {"type": "coilmark.loss/v1", **heads, "lost": lost}


def _lines(standing: "Standing") -> str:
    head, kept = standing.head, standing.kept
    heads = [
        f"the database ends at size {head.size} with root {head.root.hex()}",
        f"the last head kept is  size {kept.size} with root {kept.root.hex()}",
    ]
    if not standing.lost:
        return "\n".join([*heads, "nothing was lost"])
    count, first, last = len(standing.lost), standing.lost.start, standing.lost.stop - 1
    said = f"{count} entries were acknowledged and are lost: {first} to {last}; who posted them has their receipts"
    leaves = (f"lost  entry {index}  leaf {leaf.hex()}" for index, leaf in enumerate(standing.leaves, first))
    return "\n".join([*heads, said, *leaves])
