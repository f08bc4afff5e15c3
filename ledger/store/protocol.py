"""What a store is: the records that leave it, and the obligations that every store keeps.

SQLite and PostgreSQL stand behind this one protocol; `tests/store` runs the same contract over both. A ledger's
`Location` is the path of a database file, or a `postgresql://` URL.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

from msgspec import Struct

from ledger.kernel.errors import Damaged

if TYPE_CHECKING:
    from ledger.store.raw import RawReader

Location: TypeAlias = Path | str
END = (1 << 63) - 1  # beyond every entry


class Stored(Struct, frozen=True, gc=False):
    """One entry as it rests: its 113 bytes and what they commit to. `disclosures` are texts in wire order."""

    index: int
    entry: bytes
    leaf: bytes
    typ: str
    jwt: bytes
    seed: bytes
    items: bytes
    disclosures: tuple[str, ...] = ()

    @property
    def wire(self) -> bytes:
        """The statement as posted: `<jwt>~<disclosure>~…`, without what was erased since."""
        return b"~".join([self.jwt, *[text.encode("ascii") for text in self.disclosures], b""])


class NewRow(Struct, frozen=True, gc=False):
    """One entry about to be added, with the derived rows that go in with it."""

    stored: Stored
    request: bytes
    advanced: Sequence[tuple[bytes, int]]  # (subject key, version) that this entry makes
    event: bytes | None
    announced: Sequence[bytes] = ()  # the names of events that are to correct the one this entry declares wrong
    records: Sequence[tuple[bytes, bytes]] = ()  # (key, value) of what this entry changes of lots
    tags: Sequence[tuple[bytes, bytes]] = ()  # (tag, key): words that a record can be looked up by, now or before


class Link(Struct, frozen=True, gc=False):
    """The newest version of a subject, and the entry that made it."""

    version: int
    index: int
    leaf: bytes


class StoredHead(Struct, frozen=True, gc=False):
    """How far the ledger goes."""

    size: int
    root: bytes


class Transaction(Protocol):
    """What may be asked and done inside the write transaction, or on a reader's snapshot.

    All reads of one transaction are of one moment, and see what the transaction itself wrote.
    """

    def head(self) -> StoredHead | None:
        """The head, or None before index 0."""
        ...

    def requests(self, keys: Collection[bytes]) -> dict[bytes, tuple[int, bytes]]:
        """For each request key recorded: its index and the issuer-signed JWT. Any number of keys."""
        ...

    def newest(self, subjects: Collection[bytes]) -> dict[bytes, Link]:
        """For each subject that has a history: its newest version. Any number of subjects."""
        ...

    def everything(self) -> dict[bytes, Link]:
        """The newest version of every subject there is."""
        ...

    def versions(self, subject: bytes) -> list[int]:
        """The index of each version of a subject, from version 1 on."""
        ...

    def events(self, keys: Collection[bytes]) -> dict[bytes, int]:
        """For each event key known: the index of its event. Any number of keys."""
        ...

    def state_records(self, keys: Collection[bytes], before: int | None = None) -> dict[bytes, bytes]:
        """For each key that has a record: its newest one, or the newest of an entry < `before`. Any number of keys."""
        ...

    def record_entries(self, keys: Collection[bytes], before: int) -> dict[bytes, list[int]]:
        """For each key that has records: the entries < `before` that they are of, ascending. Any number of keys."""
        ...

    def tagged(self, tag: bytes, before: int | None = None) -> list[bytes]:
        """The keys of all records that can be looked up by this tag, or could before entry `before`; in no order."""
        ...

    def lacks_records(self, since: int, first: bytes, last: bytes) -> bool:
        """Whether lot events stand from entry `since` on, and not one record under the keys from `first` to `last`.

        Where every lot event leaves one of these, they were never derived.
        """
        ...

    def entry(self, index: int) -> Stored:
        """One entry. Raises Missing."""
        ...

    def entries(self, start: int, end: int) -> list[Stored]:
        """Entries with start <= index < end, with their disclosures, in order; those that there are."""
        ...

    def leaves(self, start: int, end: int) -> list[bytes]:
        """Leaf hashes with start <= index < end, in order; those that there are."""
        ...

    def registry_indices(self) -> list[int]:
        """Where the `ledger`, `party`, `key` and `notice` statements stand, in order."""
        ...

    def insert(self, rows: Sequence[NewRow]) -> None:
        """Add entries and what is derived from them.

        The database itself refuses a gap in the indices, a request, event or version that is there already, and
        bytes of the wrong length: whatever it refuses ends the transaction (see `Store.writing`).
        """
        ...

    def insert_derived(self, rows: Sequence[NewRow]) -> None:
        """Add the records and tags of these entries, and nothing else of them: a part of `insert`."""
        ...

    def erase(self, index: int, texts: Collection[str]) -> None:
        """Remove these disclosures of one entry (SPEC 4.2); its proofs stay as they are.

        The one thing that is ever deleted. No other way to delete or change a row is open to the caller's role.
        """
        ...

    def move_head(self, old: StoredHead | None, new: StoredHead) -> None:
        """Compare-and-swap. Raises Conflict where the head is not `old`; the database refuses a head that goes back."""
        ...


class Store(Protocol):
    """One ledger's database: one caller at a time writes, any number of threads read."""

    @property
    def stamps(self) -> Mapping[str, str]:
        """What the database says it is: `schema` (version) and `uri`."""
        ...

    @property
    def leads(self) -> bool:
        """Whether this store is, as far as it knows, the one that may write."""
        ...

    def lead(self) -> bool:
        """Try, without waiting, to become the one store that may write; True where it is. One for reading never is.

        Of all processes on all machines at most one leads. Whoever dies leads no more, and nothing that it had begun
        is committed later.
        """
        ...

    def step_down(self) -> None:
        """Let go of the lead, where it is held, so that another store may take it."""
        ...

    def leader(self) -> str:
        """The address that the store which leads, or led last, was opened with; "" where it gave none. A hint."""
        ...

    def beat(self) -> None:
        """Find out whether this store still leads, where only its use would show that it does not. Raises nothing."""
        ...

    def writing(self) -> AbstractContextManager[Transaction]:
        """The write transaction: durable when the block ends, rolled back when it raises.

        Raises Conflict where this store does not lead. Raises Unsettled for any error of the database, and for a commit
        that was not confirmed as durable everywhere it must be: it may yet be there afterwards, or not.
        """
        ...

    def reading(self) -> AbstractContextManager[Transaction]:
        """A snapshot: everything read in the block is of one moment, and nothing can be written."""
        ...

    def raw(self) -> "AbstractContextManager[RawReader]":
        """A snapshot of what stands in the database, believed in nothing: for the self-check.

        Raises what UNREADABLE lists; Busy where the server does not answer.
        """
        ...

    def forget(self) -> None:
        """After a commit that erased: leave as little of it in the database's files as this store can."""
        ...

    def close(self) -> None:
        """Let go of the database, and of the lead."""
        ...


def is_postgres(location: Location) -> bool:
    """Whether a location is a server's, not a file's."""
    return isinstance(location, str)


def check_head(head: StoredHead | None) -> StoredHead:
    """The head of a ledger that has its index 0. Raises Damaged."""
    if head is None:
        raise Damaged("no_head", "the database has tables but no head: `coilmark init` did not finish; remove it")
    return head
