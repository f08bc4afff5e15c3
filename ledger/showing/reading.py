"""What readers are shown, checked again on its way out: altered data never leaves with a word of success."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ledger.kernel.bundle import Bundle
from ledger.kernel.errors import Damaged, Malformed, Missing
from ledger.kernel.receipt import Receipt
from ledger.kernel.statement import Statement
from ledger.questions.asking import Asked
from ledger.questions.energy import attestation, newest_heads
from ledger.recording.log import Log
from ledger.recording.receipts import receipt_of
from ledger.recording.recovery import Sound, as_recorded
from ledger.showing.bundles import Shelf, attestation_bundle, entry_bundle
from ledger.store.access import Reader
from ledger.store.store import Stored

Path: TypeAlias = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry whose stored bytes agree with each other and with the tree."""

    sound: Sound
    statement: Statement

    @property
    def stored(self) -> Stored:
        """As it rests."""
        return self.sound.stored


def show(log: Log, index: int) -> Shown:
    """One published entry. Raises Missing, and Damaged where any stored byte of it is not what was recorded.

    What is not checked here: the chain to the entry before, and signatures; the leaf fixes both (SPEC 4.3).
    """
    size = log.state.published.checkpoint.size
    if index >= size:
        raise Missing("no_entry", f"there is no entry {index}: the ledger has {size} entries", index=index, size=size)
    return show_many(log, index, index + 1)[0]


def show_many(log: Log, start: int, end: int) -> list[Shown]:
    """Published entries with start <= index < end, in order. Raises Damaged for the first that is not as recorded."""
    with log.store.reading() as transaction:
        rows = transaction.entries(start, end)
    if [stored.index for stored in rows] != list(range(start, end)):
        raise Damaged("entry", f"of the entries {start} to {end - 1} only {len(rows)} are stored", index=start)
    return [Shown(*as_recorded(stored, log.tree)) for stored in rows]


def receipt(log: Log, index: int, reader: Reader) -> Receipt:
    """The receipt of an entry under the newest checkpoint, with what this reader may see. Raises Missing, Damaged."""
    shown = show(log, index)
    iss = shown.statement.iss
    published = log.state.published
    path = log.tree.inclusion_path(index, published.checkpoint.size)
    return receipt_of(shown.sound, iss, path, published.note, may_see=reader.may_see(iss))


def bundle(log: Log, index: int, reader: Reader) -> Bundle:
    """The bundle of an entry under the newest checkpoint. Raises Missing, and Damaged for any entry that it holds."""
    may_see = reader.may_see(show(log, index).statement.iss)
    with log.store.reading() as transaction:
        found = entry_bundle(Shelf(transaction, log.tree, log.state.published), index, may_see=may_see)
    for one in found.entries:
        show(log, one.entry.index)
    return found


def attestation_proof(log: Log, name: str, reader: Reader) -> Bundle:
    """The bundle of an attestation that this reader may see: all that was done with it. Raises Missing, Damaged."""
    state = log.state
    size = state.published.checkpoint.size
    with log.store.reading() as transaction:
        attestation(Asked(transaction, size, state.registry, reader), name)
        shelf = Shelf(transaction, log.tree, state.published)
        found = attestation_bundle(shelf, name, newest_heads(transaction, size), may_see=reader.may_see)
    for one in found.entries:
        show(log, one.entry.index)
    return found


def inclusion_path(log: Log, index: int, size: int) -> tuple[bytes, Path]:
    """Leaf hash and path of an entry in the tree of `size`. Raises Missing, and Malformed where index >= size."""
    require_size(log, size)
    require_below(index, size)
    return log.tree.inclusion_leaf(index), log.tree.inclusion_path(index, size)


def inclusion_paths(log: Log, indices: Sequence[int], size: int) -> list[tuple[int, bytes, Path]]:
    """(index, leaf hash, path) of each, for indices that were found to be below a size that was reached."""
    tree = log.tree
    paths = tree.inclusion_paths(indices, size)
    return [(index, tree.inclusion_leaf(index), path) for index, path in zip(indices, paths, strict=True)]


def consistency_path(log: Log, old: int, new: int) -> Path:
    """The path from the tree of `old` to the tree of `new`. Raises Missing, and Malformed unless 1 <= old <= new."""
    require_size(log, new)
    if not 1 <= old <= new:
        raise Malformed("proof_range", f"consistency goes from size 1 or more up to size {new}, not from size {old}")
    return log.tree.consistency_path(old, new)


def require_size(log: Log, size: int) -> None:
    """Raises Missing for a tree size that was not reached yet."""
    reached = log.state.published.checkpoint.size
    if size > reached:
        raise Missing("size_unknown", f"the ledger has {reached} entries, not {size}", size=reached)


def require_below(index: int, size: int) -> None:
    """Raises Malformed for an index that the tree of `size` does not have."""
    if index >= size:
        raise Malformed("proof_range", f"the tree of {size} entries has no entry {index}", index=index, size=size)
