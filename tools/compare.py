"""`coilmark compare`: two views of one log, proven consistent or proven to be a fork."""

import json
from pathlib import Path

import click

from ledger.exporting.comparing import Compared, Side, compare
from ledger.kernel.bundle import BUNDLE_TYPE, SIZE_LIMIT, parse_bundle
from ledger.kernel.errors import CoilmarkError, Malformed, Missing
from ledger.kernel.misbehaviour import encode_misbehaviour
from ledger.kernel.receipt import RECEIPT_TYPE, parse_receipt
from ledger.kernel.tlog_proof import parse_tlog_proof
from ledger.kernel.trust import Trust, parse_trust
from tools.far_ledger import FarLedger
from tools.problems import FINE, THING_WRONG

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("a")
@click.argument("b")
@click.option("--trust", required=True, type=_FILE, help="Trust file: whose signatures on checkpoints you believe.")
@click.option("--with", "others", multiple=True, metavar="SOURCE", help="Who else has the leaves; may be given again.")
@click.option("--proof", type=_NEW, default="misbehaviour.json", show_default=True, help="Where a proof is written.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def command(*, a: str, b: str, trust: Path, others: tuple[str, ...], proof: Path, as_json: bool) -> None:
    """Compare what two sources show of one log.

    A and B are files (a checkpoint, a receipt, a bundle), folders that `coilmark export` made, or addresses of served
    ledgers. They are proven to be two states of one history (exit 0), or to be a fork (exit 1): then a proof of
    misbehaviour is written that `coilmark verify` accepts and that needs nothing else. Two receipts are compared as
    entries too: one index with two entries, one version of a subject made twice. Checkpoints of different sizes take
    somebody who has the leaves: A or B themselves, or --with a served ledger, an export or a ledger's folder.
    """
    believed = _trust(trust)
    one, other, *evidence = (_side(source, believed) for source in (a, b, *others))
    found = compare(one, other, believed, evidence)
    if found.proof is not None:
        proof.write_bytes(encode_misbehaviour(found.proof))
    click.echo(json.dumps(_as_dict(found, proof), ensure_ascii=False) if as_json else _line(found, proof))
    click.get_current_context().exit(FINE if found.proof is None else THING_WRONG)


def _as_dict(found: Compared, proof: Path) -> dict[str, object]:
    written = {} if found.proof is None else {"proof": str(proof)}
    return {"type": "coilmark.comparison/v1", "consistent": found.proof is None, "sentence": found.sentence, **written}


def _line(found: Compared, proof: Path) -> str:
    if found.proof is None:
        return found.sentence
    return f"PROVEN: {found.sentence}\n{proof}: the proof; `coilmark verify {proof} --trust …` checks it anywhere"


def _side(source: str, trust: Trust) -> Side:
    """What a source holds. Raises Missing, Malformed, Unverified."""
    if source.startswith(("http://", "https://")):
        far = FarLedger(source)
        return Side(source, far.note(), None, far.history(trust))
    if source.startswith(("postgresql://", "postgres://")):
        return _ledger("the database", source)
    path = Path(source)
    if (path / "manifest.json").is_file():
        return _export(path)
    if (path / "ledger.sqlite").is_file():
        return _ledger(source, path / "ledger.sqlite")
    if not path.is_file():
        raise Missing("no_source", f"{source} is no file, export, ledger or http address")
    return _file(path)


def _file(path: Path) -> Side:
    with path.open("rb") as file:
        data = file.read(SIZE_LIMIT + 1)
    if data.startswith(f'{{"type":"{RECEIPT_TYPE}"'.encode()):
        receipt = parse_receipt(data)
        return Side(path.name, parse_tlog_proof(receipt.proof).checkpoint, receipt)
    if data.startswith(f'{{"type":"{BUNDLE_TYPE}"'.encode()):
        return Side(path.name, parse_bundle(data).checkpoint)
    try:
        return Side(path.name, data.decode())
    except UnicodeDecodeError:
        raise Malformed("utf8", f"{path.name} is no checkpoint, receipt or bundle") from None


def _export(folder: Path) -> Side:
    from ledger.exporting.histories import of_export  # noqa: PLC0415  pyarrow is slow to load

    note, history = of_export(folder)
    return Side(str(folder), note, None, history)


def _ledger(name: str, location: Path | str) -> Side:
    """A ledger that is not served signs nothing: it is only good as --with."""
    from ledger.exporting.histories import of_ledger  # noqa: PLC0415  as above

    return Side(name, None, None, of_ledger(location))


def _trust(path: Path) -> Trust:
    try:
        return parse_trust(path.read_bytes())
    except CoilmarkError as error:
        raise click.BadParameter(error.sentence, param_hint="--trust") from error
