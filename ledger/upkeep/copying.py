"""A ledger copied from one store to another, each byte of it compared and each hash made again from what was stored.

A copy is no second writer. It holds neither log key nor second head: whoever serves it must bring the one second head
there is, so that of original and copy at most one goes on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from operator import itemgetter

import pyarrow as pa

from ledger.kernel.checkpoint import Checkpoint
from ledger.kernel.errors import Damaged
from ledger.kernel.hashing import NO_HASH
from ledger.merkle.built import Built
from ledger.merkle.columns import hashes
from ledger.recording.recovery import rehash, statement_of
from ledger.store.carrying import BATCH, CARRIED, STAMP, NewShelf, Row, Shelf, in_batches
from ledger.store.protocol import Location, Stored, StoredHead, check_head
from ledger.store.store import making_shelf, reading_shelf

Progress = Callable[[str, int], None]  # what is being done, rows done


@dataclass(frozen=True, slots=True)
class Copied:
    """What now is in two places: the head, the ledger's URI, and how many rows each table has."""

    uri: str
    head: StoredHead
    rows: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Sum:
    """All rows of one table in their order: how many, and the SHA-256 of their values one after the other."""

    rows: int
    digest: bytes


def copy_ledger(
    source: Location,
    target: Location,
    *,
    owner: str | None = None,
    kept: Checkpoint | None = None,
    progress: Progress = lambda _what, _done: None,
) -> Copied:
    """Copy one snapshot of `source` into a new store: whole, or not at all. Servers of the source may go on.

    `kept` is a head that the ledger had before, and that the copy must continue. On PostgreSQL `owner` is the URL of
    the role that shall own the tables. Raises Missing and Conflict as opening and creating do, Damaged where what was
    stored is not what was read, or does not hash to what its head says.
    """
    with reading_shelf(source) as here:
        stamps: dict[str, str] = dict(here.rows(STAMP))
        with making_shelf(target, {name: value for name, value in stamps.items() if name != "schema"}, owner) as there:
            read = {table: _carry(here, there, table, progress) for table in CARRIED}
            there.settle()
            head = _check(there, stamps, read, kept, progress)
    return Copied(stamps["uri"], head, {table: one.rows for table, one in read.items()})


def _carry(here: Shelf, there: NewShelf, table: str, progress: Progress) -> _Sum:
    digest, count = sha256(), 0
    for batch in in_batches(here.rows(table)):
        there.add(table, batch)
        for row in batch:
            digest.update(_value(row))
        count += len(batch)
        progress(f"copying {table}", count)
    return _Sum(count, digest.digest())


def _check(
    there: Shelf, stamps: dict[str, str], read: dict[str, _Sum], kept: Checkpoint | None, progress: Progress
) -> StoredHead:
    """Read again what was stored: each row is what was read, each entry hashes to what the head says."""
    if dict(there.rows(STAMP)) != stamps:
        raise Damaged("copy", "the stamps that were stored are not those that were read")
    for table in CARRIED:
        progress(f"comparing {table}", 0)
        if _sum(there, table) != read[table]:
            raise Damaged("copy", f"the rows of {table} that were stored are not those that were read")
    head = check_head(next((StoredHead(size, root) for _, size, root in there.rows("head")), None))
    tree = _hash_again(there, progress)
    _continues(tree, kept)
    if (tree.size, tree.root()) != (head.size, head.root):
        says = f"the {tree.size} entries lead to root {tree.root().hex()}, the head is size {head.size}"
        raise Damaged("root", f"{says} with root {head.root.hex()}; run `coilmark audit`")
    if kept is not None and kept.size > head.size:
        raise Damaged("rollback_detected", f"it ends at size {head.size}, but size {kept.size} was reached before")
    return head


def _hash_again(there: Shelf, progress: Progress) -> Built:
    """Entry, lineage, statement, disclosures and chain of every entry. Signatures are the audit's business."""
    leaves, previous = bytearray(), NO_HASH
    for count, stored in enumerate(_entries(there), 1):
        sound = rehash(stored)
        statement_of(stored)
        if sound.entry.previous != previous:
            raise Damaged("entry", f"entry {stored.index} does not continue the chain of leaf hashes")
        previous = stored.leaf
        leaves += previous
        if count % BATCH == 0:
            progress("hashing entries", count)
    return Built(hashes(pa.py_buffer(leaves)))


def _continues(tree: Built, kept: Checkpoint | None) -> None:
    if kept is not None and kept.size <= tree.size and (root := tree.root(kept.size)) != kept.root:
        raise Damaged(
            "fork_detected",
            f"at size {kept.size} it has root {root.hex()}, but root {kept.root.hex()} was reached before",
        )


def _sum(shelf: Shelf, table: str) -> _Sum:
    digest, count = sha256(), 0
    for row in shelf.rows(table):
        digest.update(_value(row))
        count += 1
    return _Sum(count, digest.digest())


def _value(row: Row) -> bytes:
    """One row, whatever store it came from: numbers, bytes and text tell themselves apart."""
    return repr(tuple(row)).encode()


def _entries(shelf: Shelf) -> Iterator[Stored]:
    """All entries with their disclosures: two tables read side by side, both in the order of the index."""
    groups = groupby(shelf.rows("disclosure"), key=itemgetter(0))
    index, texts = _next(groups)
    for at, entry, leaf, typ, _, jwt, seed, items in shelf.rows("entry"):
        mine: tuple[str, ...] = ()
        if index == at:
            mine = texts
            index, texts = _next(groups)
        yield Stored(at, entry, leaf, typ, jwt, seed, items, mine)
    if index is not None:
        raise Damaged("disclosure", f"a disclosure of entry {index} is stored, but no such entry; run `coilmark audit`")


def _next(groups: Iterator[tuple[int, Iterator[Row]]]) -> tuple[int | None, tuple[str, ...]]:
    index, rows = next(groups, (None, iter(())))
    return index, tuple(text for _, _, text in rows)
