"""`coilmark export`: the ledger as files that an auditor can take away."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.kernel.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from ledger.kernel.errors import CoilmarkError, Missing
from ledger.kernel.keys import load_signer
from ledger.kernel.note import parse_note
from tools import database as databases
from tools import head as heads

if TYPE_CHECKING:
    from ledger.recording.second_head import HeadPlace

Sign = Callable[[Checkpoint], str]


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("target", type=click.Path(file_okay=False, path_type=Path))
@click.option("--format", "form", type=click.Choice(["arrow", "parquet"]), default="arrow", show_default=True)
@click.option("--segment", type=click.IntRange(1, 65_536), default=8192, show_default=True, help="Entries a file.")
@click.option("--without-statements", is_flag=True, help="Leave statements out: good for `audit --lineage` alone.")
@click.option(
    "--checkpoint",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A signed checkpoint to export up to, where this machine has no log key.",
)
@heads.option
@databases.option
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def command(
    *,
    folder: Path,
    target: Path,
    form: str,
    segment: int,
    without_statements: bool,
    checkpoint: Path | None,
    head: HeadPlace | None,
    database: str | None,
    as_json: bool,
) -> None:
    """Write the ledger as Arrow or Parquet segments.

    FOLDER is what `coilmark init` made; TARGET is a new or empty folder. It gets a file of each so many entries and
    manifest.json, with the SHA-256 of every file and a signed checkpoint that covers exactly what was written.
    `coilmark audit TARGET` checks it. It holds what only auditors may see: do not publish it.
    """
    from ledger.exporting.writing import Plan, write_export  # noqa: PLC0415  pyarrow is slow to load

    upto, sign = _given(checkpoint) if checkpoint is not None else _published(folder, head)
    plan = Plan(database or folder / "ledger.sqlite", target, form, segment, not without_statements)
    manifest = write_export(plan, upto, sign)
    written = {"folder": str(target), "files": len(manifest.segments), "size": upto.size, "root": upto.root.hex()}
    if as_json:
        click.echo(json.dumps(written))
    else:
        click.echo(f"{target}: {upto.size} entries in {len(manifest.segments)} files, root {upto.root.hex()}")


def _given(path: Path) -> tuple[Checkpoint, Sign]:
    """Up to a checkpoint that was signed elsewhere; whether the entries lead to its root, the export will tell."""
    try:
        note = path.read_text("utf-8")
        return parse_checkpoint(parse_note(note).text), lambda _head: note
    except (CoilmarkError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{path} is no signed checkpoint: {error}", param_hint="--checkpoint") from error


def _published(folder: Path, head: HeadPlace | None) -> tuple[Checkpoint, Sign]:
    """Up to the head's second place: what lies beyond it was not published yet, and is not signed here either."""
    from ledger.recording.opening import layout, second_head  # noqa: PLC0415  SQLModel is slow to load

    places = layout(folder.absolute(), head)
    if not places.log_key.is_file():
        raise Missing("no_log_key", f"there is no log key in {folder}: give a signed checkpoint with --checkpoint")
    signer = load_signer(places.log_key.read_bytes())
    return second_head(places).read(), lambda upto: sign_checkpoint(upto, upto.origin, signer)
