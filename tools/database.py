"""The options that say which database holds the ledger."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ledger.kernel.errors import Missing

if TYPE_CHECKING:
    from ledger.recording.opening import Layout
    from ledger.store.protocol import Location

VARIABLE = "COILMARK_DATABASE_URL"
OWNER_VARIABLE = "COILMARK_OWNER_DATABASE_URL"
_Decorated = Callable[..., Any]


def option(function: _Decorated) -> _Decorated:
    """--database."""
    says = "postgresql:// URL of the ledger's database, where that is not a file in FOLDER."
    return click.option("--database", envvar=VARIABLE, show_envvar=True, help=says)(function)


def owner_option(function: _Decorated) -> _Decorated:
    """--owner-database."""
    says = "For PostgreSQL: the same database, as the role that owns the tables, or shall."
    return click.option("--owner-database", envvar=OWNER_VARIABLE, show_envvar=True, help=says)(function)


def locate(folder: Path, database: str | None) -> "Location":
    """Where the ledger of a folder is, for who only reads. Raises Missing, as `require` does."""
    from ledger.recording.opening import layout  # noqa: PLC0415  brings the database with it, which --help does not need

    return require(layout(folder, None, database)).location


def require(places: "Layout") -> "Layout":
    """Raises Missing where the ledger is to be a file and is none; a server is asked when it is opened."""
    if places.url is None and not places.database.is_file():
        raise Missing("no_ledger", f"there is no ledger in {places.folder}; `coilmark init` creates one")
    return places
