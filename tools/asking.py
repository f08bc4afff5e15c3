"""What every command has that asks a ledger's database: its folder, as of when, and how the answer is printed."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from tools import database as databases

if TYPE_CHECKING:
    from ledger.questions.asking import Asked

FOLDER = click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))


def asking(function: Callable[..., None]) -> Callable[..., None]:
    """--as-of, --json and --database."""
    options = (
        click.option("--as-of", type=click.IntRange(min=1), help="As of so many entries."),
        click.option("--json", "as_json", is_flag=True, help="Print the whole answer as JSON."),
        databases.option,
    )
    for option in options:
        function = option(function)
    return function


def ask(folder: Path, database: str | None, as_of: int | None, question: "Callable[[Asked], Any]") -> Any:
    """The answer to a question. Raises Missing, Damaged, Malformed."""
    from ledger.questions.asking import of_store  # noqa: PLC0415  brings the database with it

    with of_store(databases.locate(folder, database), as_of) as asked:
        return question(asked)


def print_json(found: Any) -> None:
    """The whole answer on one line; numbers with a point stay numbers."""
    click.echo(msgspec.json.Encoder(decimal_format="number").encode(found).decode())
