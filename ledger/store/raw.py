"""A database as it rests, for those who believe nothing of it: audit and export.

Rows come as bytes, whatever was done to the file; no table class stands between. The SQL is constant text on a plain
read-only connection: an audit makes millions of look-ups by primary key, in processes that should start at once.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeAlias

from msgspec import Struct

from ledger.store.sqlite.driver import sqlite3


class UnreadableError(Exception):
    """A database server's own word for what SQLite raises."""


# What SQLite raises over a damaged file, whose words its messages repeat.
UNREADABLE = (sqlite3.Error, OverflowError, MemoryError, UnicodeDecodeError, UnreadableError)
Odd: TypeAlias = tuple[int | None, str]  # which entry, where one can be named, and what is odd about it


class Row(Struct, frozen=True, gc=False):
    """One entry as it rests. `request` is None where the source keeps none; disclosures are texts in wire order."""

    index: int
    entry: bytes
    leaf: bytes
    typ: str
    jwt: bytes
    seed: bytes
    items: bytes
    request: bytes | None
    disclosures: tuple[bytes, ...]

    @property
    def wire(self) -> bytes:
        """The statement with the disclosures that are still there."""
        return b"~".join((self.jwt, *self.disclosures, b""))


class RawReader(Protocol):
    """One snapshot of a database. Every method raises what UNREADABLE lists."""

    def head(self) -> tuple[int, bytes | None]:
        """Size and root of the head row; without a good one, one more than the last index, and no root."""
        ...

    def stored(self) -> int:
        """How many entries there are."""
        ...

    def stamps(self) -> dict[str, str]:
        """What the database says it is."""
        ...

    def schema(self) -> dict[tuple[str, str], str]:
        """What stands for every table, index and trigger, by kind and name."""
        ...

    def as_made(self) -> tuple[dict[tuple[str, str], str], str | None]:
        """Schema and schema version as this program makes them now."""
        ...

    def rows(self, start: int, end: int) -> tuple[list[Row], list[Odd]]:
        """Entries with start <= index < end, in order, and rows that are none. Raises where a page is damaged."""
        ...

    def headers(self, start: int, end: int) -> list[bytes]:
        """The different first segments of the JWTs of a range: a party's are the same in all its statements."""
        ...

    def lacks_versions(self, wanted: Iterable[tuple[bytes, int, int]]) -> list[tuple[bytes, int, int]]:
        """Those (subject, version, index) that `subject_version` does not hold."""
        ...

    def lacks_events(self, wanted: Iterable[tuple[bytes, int]]) -> list[tuple[bytes, int]]:
        """Those (event key, index) that `event` does not hold."""
        ...

    def state_records(self, keys: Iterable[bytes], start: int, end: int) -> list[tuple[bytes, int, bytes]]:
        """(key, index, value) for each key, by index: the newest before `start`, and all with start <= index < end."""
        ...

    def lot_tags(self, wanted: Iterable[tuple[bytes, bytes]]) -> dict[tuple[bytes, bytes], int]:
        """Since which entry each (tag, key) is there, where it is."""
        ...

    def event_entry(self, event: bytes, request: bytes) -> int | None:
        """The entry of the event with this event key or, without one, with this request key."""
        ...

    def derived_rows(self, table: str) -> dict[Any, int]:
        """How many rows of `state_record` or `lot_tag` each entry has."""
        ...

    def counts(self, size: int) -> Mapping[str, int]:
        """Rows of each table that belong to entries before `size`."""
        ...

    def beyond(self, size: int) -> Mapping[str, int]:
        """Rows of each table that belong to no entry of the ledger as it now is, `size` entries at least."""
        ...

    def version_rows(self) -> Iterator[tuple[Any, Any, Any]]:
        """Every row of `subject_version`."""
        ...

    def event_rows(self) -> Iterator[tuple[Any, Any]]:
        """Every row of `event`."""
        ...

    def check_file(self) -> list[str]:
        """What the database itself finds wrong with its file."""
        ...
