"""`coilmark demo`: the ledger of a park from mine to coil, checked, tampered with in a copy, and served."""

import io
import os
from collections import Counter
from collections.abc import Sequence
from contextlib import redirect_stdout
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.kernel.bundle import encode_bundle
from ledger.kernel.receipt import Receipt, encode_receipt
from ledger.kernel.statement import parse
from tools.demo.ledger import Stage, clear, found, tell
from tools.demo.passport import FULL, SHORT, issuer_of, keep, restate, show
from tools.demo.tamper import tamper_with_database, tamper_with_receipt
from tools.park.actors import PARK, URI
from tools.park.events import ALMATY, Said
from tools.park.finishing import pieces
from tools.park.plan import make_plan
from tools.park.power import BEFORE
from tools.post import receipt_line
from tools.problems import FINE, THING_WRONG
from tools.serve import run, settings

if TYPE_CHECKING:
    from ledger.recording.log import Log

_PORT = 8080


@click.command()
@click.option("--no-serve", is_flag=True, help="Stop before serving, with exit code 0 if all came out as it should.")
@click.option("--port", default=_PORT, show_default=True, type=click.IntRange(0, 65535), help="Port to serve on.")
@click.option(
    "--folder", default="demo", show_default=True, type=click.Path(file_okay=False, path_type=Path), help="Where."
)
@click.option("--coils", default=40, show_default=True, type=click.IntRange(1, 100_000), help="How many are made.")
@click.option("--seed", default="coilmark", show_default=True, help="Keys, salts, ids and weights are made from it.")
def command(*, no_serve: bool, port: int, folder: Path, coils: int, seed: str) -> None:
    """Make a mine-to-coil ledger, check it, tamper with a copy, serve it.

    Everything is invented and the same in every run of one seed. FOLDER is replaced if an earlier demo made it, and
    left alone if it holds anything else.
    """
    stage = Stage(folder, make_plan(coils, seed))
    clear(folder)
    click.echo(f"A park that does not exist. Its keys are made from the seed {seed!r}: use them for nothing else.")
    click.echo("Times are those of the story, in May 2026, also in the entries.")
    about, link = _record(stage, f"http://127.0.0.1:{port or _PORT}")
    good = [_audited(folder), _verified(folder, link), _tampered(stage, about), _accounted(folder)]
    if not all(good):
        click.echo("\nThe demo did not come out as it should.", err=True)
        raise SystemExit(THING_WRONG)
    _title(6, "The coil's label: whoever scans it may read its passport")
    show(folder, link)
    if not no_serve:
        _serve(stage, about, port)


def _record(stage: Stage, base: str) -> tuple[Receipt, str]:
    """Found the ledger, post the story, keep what proves something of one coil: a receipt of it, and its link."""
    from ledger.recording.opening import open_log  # noqa: PLC0415  brings the database with it, which --help does not need
    from ledger.showing.reading import receipt as receipt_at  # noqa: PLC0415  likewise
    from ledger.store.access import EVERYTHING  # noqa: PLC0415  likewise

    coil = stage.plan.followed.serial
    coils = sum(len(heat.coils) for heat in stage.plan.heats)
    _title(1, f"{coils} coils, {stage.plan.days} days, six parties; receipts are shown where they matter. Ledger {URI}")
    found(stage)
    kept = None
    with open_log(stage.places, clock=stage.clock, randomness=stage.randomness, issuer=issuer_of(stage)) as log:
        click.echo(
            receipt_line(encode_receipt(receipt_at(log, 0, EVERYTHING)), "the ledger, its log key and its operator")
        )
        for day, told in groupby(tell(stage, log), key=lambda one: one.time.astimezone(ALMATY).date()):
            receipts = [pair for one in told for pair in one.receipts]
            _show(f"{day:%a %d %b}", receipts)
            kept = next((one for said, one in receipts if said.what.startswith(f"slit into {coil}")), kept)
            if day == BEFORE:  # what is said now stays, beside what is said later and why
                click.echo(f"{restate(stage, log)} passports say a footprint, as far as periods are closed")
        if kept is None:
            raise RuntimeError(f"the story has no statement about coil {coil}")
        again = restate(stage, log)
        click.echo(f"Every piece that was shipped has a passport; {again} were made again for what happened since,")
        click.echo("among it the hour of wind that was withdrawn: coils of that hour's metal say so.")
        _keep(stage.folder, log, kept)
        link = keep(stage, log, pieces(stage.plan.followed)[0], base)
    return kept, link


def _show(day: str, receipts: Sequence[tuple[Said, Receipt]]) -> None:
    """What a day brought: how much, by whom, and the receipts of what a reader may want to look up."""
    said = Counter(one.actor.word for one, _ in receipts)
    first, last = receipts[0][1].entry.index, receipts[-1][1].entry.index
    who = ", ".join(f"{word} {count}" for word, count in said.items())
    click.secho(f"{day}  entries {first} to {last}: {who}", dim=True)
    for one, receipt in receipts:
        if one.notable:
            click.echo(receipt_line(encode_receipt(receipt), one.what))


def _keep(folder: Path, log: "Log", receipt: Receipt) -> None:
    """The receipt as it was answered, and a bundle as anybody may ask for it later."""
    from ledger.showing.bundles import Shelf, entry_bundle  # noqa: PLC0415  see _record

    (folder / "receipt.json").write_bytes(encode_receipt(receipt))
    with log.store.reading() as transaction:
        bundle = entry_bundle(Shelf(transaction, log.tree, log.state.published), receipt.entry.index, may_see=True)
    (folder / "entry.coilmark.json").write_bytes(encode_bundle(bundle))


def _audited(folder: Path) -> bool:
    """Audit the ledger."""
    _title(2, "Audit: everything derived again from the stored bytes")
    return _command("audit", str(folder)) == FINE


def _verified(folder: Path, link: str) -> bool:
    """Verify receipt and bundles with the trust file, no database and no network."""
    trust = ("--trust", str(folder / "trust.txt"))
    _title(3, "Verify offline: a receipt, a bundle that also holds index 0 and the keys of those who signed")
    codes = [_command("verify", str(folder / name), *trust) for name in ("receipt.json", "entry.coilmark.json")]
    click.echo("And the coil's passport, against the link on its label: the second file computes all of it again.")
    codes += [_command("verify", str(folder / name), *trust, "--piece", link) for name in (SHORT, FULL)]
    return codes == [FINE] * len(codes)


def _accounted(folder: Path) -> bool:
    """What was said in public of the park, and what an importer declares."""
    _title(5, "Two accounts of carbon: what was claimed, held against the ledger; what an importer declares")
    claims = _command("claims", str(folder))
    return claims == _command("cbam", str(folder), "--xlsx", str(folder / "cbam.xlsx")) == FINE


def _tampered(stage: Stage, about: Receipt) -> bool:
    """One character changed in a copy of receipt and database: verifier and audit must both say where."""
    copies = stage.folder / "tampered"
    _title(4, f"Tamper with copies: one character of the statement of entry {about.entry.index}")
    jwt = parse(about.statement or b"").jwt
    tamper_with_receipt(stage.folder / "receipt.json", copies / "receipt.json", jwt)
    receipt = _command("verify", str(copies / "receipt.json"), "--trust", str(stage.folder / "trust.txt"))
    tamper_with_database(stage.places.database, copies / "ledger.sqlite", jwt)
    said = io.StringIO()
    with redirect_stdout(said):
        database = _command("audit", str(copies))
    click.echo(said.getvalue(), nl=False)
    return receipt == database == THING_WRONG and f"entry {about.entry.index}:" in said.getvalue()


def _command(*args: str) -> int:
    """Run a command as a person would, and show what was typed."""
    from tools.main import cli  # noqa: PLC0415  which imports this module when it is asked for

    click.echo(f"$ coilmark {' '.join(args)}")
    code = cli.main([*args], prog_name="coilmark", standalone_mode=False)
    click.echo()
    return int(code or FINE)


def _title(number: int, says: str) -> None:
    click.secho(f"\n{number}. {says}", bold=True)


def _serve(stage: Stage, about: Receipt, port: int) -> None:
    here = f"http://127.0.0.1:{port}"
    _title(7, f"Serving on {here}/ (stop with Ctrl-C)")
    click.echo(f"  curl -s {here}/checkpoint")
    click.echo(f"  curl -s {here}/claims")
    click.echo(f"  curl -s {here}/v1/entries/{about.entry.index} > receipt.json")
    click.echo(f"  coilmark verify receipt.json --trust {stage.folder}/trust.txt")
    key = stage.folder / "keys" / f"{PARK.word}.pem"
    os.environ.update(settings(stage.folder, is_open=True, head=None, operator_key=key))
    run("127.0.0.1", port, str(stage.folder))
