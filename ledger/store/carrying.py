"""A whole ledger table by table: read from one snapshot of a store, or put into a new store that is there in the end
as a whole or not at all.

The tables are those that this program makes, so a table of a later schema is carried without a word here.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Protocol, TypeAlias

from sqlmodel import SQLModel

from ledger.store.tables import LEDGER_TABLES

Row: TypeAlias = tuple[Any, ...]
STAMP = "stamp"
# Stamps are written when the tables are made. Entries come before what refers to them.
CARRIED = tuple(name for name in LEDGER_TABLES if name != STAMP)
BATCH = 5_000  # rows that are added at once


class Shelf(Protocol):
    """A store that is read whole: one snapshot."""

    def rows(self, table: str) -> Iterator[Row]:
        """All rows, columns in the order of `columns`, in the order of the primary key, bytewise."""
        ...


class NewShelf(Shelf, Protocol):
    """A store that is being made. `rows` gives what was really stored."""

    def add(self, table: str, rows: Sequence[Row]) -> None:
        """The next rows, in the order in which `rows` gives them."""
        ...

    def settle(self) -> None:
        """Bring all that was added to where `rows` reads it from."""
        ...


def columns(table: str) -> list[str]:
    """Quoted column names."""
    return [f'"{column.name}"' for column in SQLModel.metadata.tables[table].columns]


def key(table: str) -> list[str]:
    """Quoted names of the primary key."""
    return [f'"{column.name}"' for column in SQLModel.metadata.tables[table].primary_key.columns]


def in_batches(rows: Iterator[Row]) -> Iterator[Sequence[Row]]:
    """As many at once as `NewShelf.add` takes."""
    while batch := tuple(islice(rows, BATCH)):
        yield batch
