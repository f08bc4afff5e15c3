"""From stored bytes to a log that may answer: what is read, recomputed and compared before anything is signed."""

from collections.abc import Sequence
from hashlib import sha256

from msgspec import Struct

from ledger.checking.quick_json import parse_quickly
from ledger.hashing import lineage_digests
from ledger.kernel.checkpoint import Checkpoint
from ledger.kernel.entry import Entry, parse_entry
from ledger.kernel.errors import CoilmarkError, Damaged, Refused
from ledger.kernel.hashing import NO_HASH, split_hashes
from ledger.kernel.lineage import Lineage, lineage_of, parse_items
from ledger.kernel.party import Registry, fold
from ledger.kernel.statement import Statement
from ledger.lots.book import effects_span
from ledger.merkle.tree import Tree
from ledger.recording.second_head import SecondHead
from ledger.rules import KNOWN, judges_lots
from ledger.store.store import Stored, StoredHead, Transaction

_BATCH = 10_000  # entries a query
_COMMITTED = ("index", "leaf hash", "statement digest", "lineage digest")


class Sound(Struct, frozen=True, gc=False):
    """A stored entry whose bytes, leaf, statement and lineage agree with each other."""

    stored: Stored
    entry: Entry
    lineage: Lineage


def rehash(stored: Stored) -> Sound:
    """Hash again all that the entry commits to. Raises Damaged naming what does not agree."""
    try:
        lineage = lineage_of(stored.seed, parse_items(stored.items))
    except CoilmarkError as error:
        raise _unreadable(stored, error) from error
    return Sound(stored, _entry_of(stored, lineage.digest), lineage)


def _entry_of(stored: Stored, lineage: bytes) -> Entry:
    """The entry, which commits to all that is stored with it, and to the lineage digest that was made of that."""
    try:
        entry = parse_entry(stored.entry)
    except CoilmarkError as error:
        raise _unreadable(stored, error) from error
    says = entry.index, entry.leaf, entry.statement, entry.lineage
    made = stored.index, stored.leaf, sha256(stored.jwt).digest(), lineage
    if says != made:
        wrong = " and ".join(name for name, one, other in zip(_COMMITTED, says, made, strict=True) if one != other)
        raise Damaged("entry", f"entry {stored.index} does not agree with its {wrong}", index=stored.index)
    return entry


def _unreadable(stored: Stored, error: CoilmarkError) -> Damaged:
    return Damaged("entry", f"entry {stored.index} cannot be read: {error.sentence}", index=stored.index)


def as_recorded(stored: Stored, tree: Tree) -> tuple[Sound, Statement]:
    """A published entry and its statement, every stored byte of which is what was recorded. Raises Damaged.

    What is not checked here: the chain to the entry before, and signatures; the leaf fixes both (SPEC 4.3).
    """
    return sound_in(stored, tree), statement_of(stored)


def sound_in(stored: Stored, tree: Tree) -> Sound:
    """A published entry whose bytes are what was recorded, but for its disclosures. Raises Damaged."""
    sound = rehash(stored)
    if tree.inclusion_leaf(stored.index) != sound.entry.leaf:
        raise Damaged("entry", f"entry {stored.index} is not the leaf that the tree has there", index=stored.index)
    return sound


def statement_of(stored: Stored) -> Statement:
    """The statement of an entry that was found sound. Raises Damaged where it cannot be read, or is of another typ."""
    try:
        # A disclosure that was altered opens none of the digests that were signed.
        statement = parse_quickly(stored.wire)
    except (Refused, UnicodeError) as error:
        raise Damaged("entry", f"the statement of entry {stored.index} cannot be read: {error}") from error
    if statement.typ != stored.typ:
        raise Damaged("entry", f"entry {stored.index} is filed as {stored.typ} and says {statement.typ}")
    return statement


def reread(transaction: Transaction, start: int, end: int, leaves: Sequence[bytes]) -> list[tuple[Stored, Entry]]:
    """Read entries start..end-1 again and hash them: what is stored is what the root was made of. Raises Damaged."""
    before, read = transaction.leaves(max(start - 1, 0), start), transaction.entries(start, end)
    if start and not before:
        raise Damaged("entry", f"entry {start - 1} is not there, which entry {start} continues")
    if len(read) != end - start:
        raise Damaged("entry", f"of entries {start} to {end - 1} only {len(read)} are there")
    previous = before[0] if start else NO_HASH
    entries = list(map(_entry_of, read, lineage_digests([(stored.seed, stored.items) for stored in read])))
    for entry, leaf in zip(entries, leaves, strict=True):
        if entry.leaf != leaf:
            raise Damaged("entry", f"entry {entry.index} is not what was written a moment ago")
        if entry.previous != previous:
            raise Damaged("entry", f"entry {entry.index} does not continue the chain of leaf hashes")
        previous = leaf
    return list(zip(read, entries, strict=True))


def load_registry(transaction: Transaction, size: int | None = None) -> Registry:
    """The registry of the first `size` entries, or of all, folded from its few statements. Raises Damaged.

    Signatures are the audit's business.
    """
    history = []
    for index in transaction.registry_indices():
        if size is not None and index >= size:
            break
        stored = transaction.entry(index)
        if sha256(stored.jwt).digest() != parse_entry(stored.entry).statement:
            raise Damaged("entry", f"entry {index} does not agree with its statement digest", index=index)
        history.append((index, parse_quickly(stored.wire)))
    registry = fold(history)
    _require_known(registry)
    _require_records(transaction, registry)
    return registry


def _require_known(registry: Registry) -> None:
    """Judging by other rules than those in force would be judging wrongly."""
    for one in registry.rules:
        if one.id not in KNOWN:
            raise Damaged(
                "rules_unknown",
                f"from entry {one.since} on this ledger is judged by {one.id}, this program has {', '.join(KNOWN)}",
            )


def _require_records(transaction: Transaction, registry: Registry) -> None:
    """A migration may leave derived tables empty, and older ones have other keys: every lot would be unknown."""
    since = next((one.since for one in registry.rules if judges_lots(one.id)), None)
    if since is not None and transaction.lacks_records(since, *effects_span()):
        raise Damaged(
            "not_rebuilt",
            f"lot events stand from entry {since} on, but no record of what they did: `coilmark rebuild` derives it",
        )


def load_tree(tree: Tree, transaction: Transaction, head: StoredHead) -> None:
    """Bring the level files to the head: cut what runs ahead, add what is missing, or make them anew."""
    tree.truncate(min(tree.size, head.size))
    if tree.size:
        last, new = (
            tree.inclusion_leaf(tree.size - 1),
            transaction.leaves(tree.size - 1, min(tree.size + _BATCH, head.size)),
        )
        if new[:1] == [last]:
            tree.append(new[1:])
        else:
            tree.truncate(0)
    _extend(tree, transaction, head.size)
    if tree.root() != head.root:
        tree.truncate(0)
        _extend(tree, transaction, head.size)
    if tree.root() != head.root:
        raise Damaged(
            "root",
            f"the {head.size} leaf hashes in the database do not lead to the root of its head; run `coilmark audit`",
        )


def continues(tree: Tree, known: Checkpoint | None, head: Checkpoint) -> None:
    """What was shown before is an earlier state of `head`, to which the tree has been brought. Raises Damaged."""
    if known is None:
        return
    if head.size <= known.size or head.origin != known.origin or tree.root(known.size) != known.root:
        raise Damaged(
            "fork_detected",
            f"the database now ends at size {head.size} with root {head.root.hex()}, which does not continue size "
            f"{known.size} with root {known.root.hex()} that this server has shown",
        )


def catch_up(second: SecondHead, tree: Tree, transaction: Transaction, head: Checkpoint, kept: Checkpoint) -> None:
    """Compare the database with what the head's second place held, and bring that forward. Raises Damaged, Conflict."""
    if kept == head:
        return
    if kept.size > head.size:
        raise Damaged(
            "rollback_detected",
            f"the database ends at size {head.size} with root {head.root.hex()}, but size {kept.size} with root "
            f"{kept.root.hex()} was reached before: an older database was put in its place",
        )
    if kept.origin != head.origin or kept.size == head.size or tree.root(kept.size) != kept.root:
        raise Damaged(
            "fork_detected",
            f"the head kept in the second place (size {kept.size}, root {kept.root.hex()}) is no earlier state of this "
            f"database (size {head.size}, root {head.root.hex()})",
        )
    for start in range(kept.size, head.size, _BATCH):  # a server that was away for long has much to read
        end = min(start + _BATCH, head.size)
        reread(transaction, start, end, split_hashes(tree.nodes(0, start, end)))
    second.swap(kept, head)


def _extend(tree: Tree, transaction: Transaction, size: int) -> None:
    while tree.size < size:
        found = transaction.leaves(tree.size, min(tree.size + _BATCH, size))
        if not found:
            raise Damaged("entry", f"entry {tree.size} is not there, and the head counts {size}")
        tree.append(found)
