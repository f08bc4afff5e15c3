"""After a restore: what a database lacks beside the head's second place, and a new incarnation that says so (SPEC 4.5).

The order of things, with what a crash after each leaves. Calling `begin_again`, or `finish` where it had come that far,
goes on from there.

1. The new log key is written to `log.key.next`.    The old state; the key is thrown away.
2. The `ledger` statement is recorded and published. The database is in its new life, the second head may not be.
3. The second head moves.                            Both heads agree; the old key still lies where a server looks.
4. `log.key.next` becomes `log.key`.                 Done.
"""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ledger.kernel.checkpoint import Checkpoint, open_checkpoint
from ledger.kernel.errors import Conflict, Damaged
from ledger.kernel.keys import load_signer
from ledger.kernel.note import format_vkey, parse_vkey, vkey_of
from ledger.kernel.party import Registry
from ledger.merkle.tree import Tree
from ledger.recording.opening import Layout, second_head
from ledger.recording.recovery import load_registry
from ledger.store.store import check_head, open_store


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a restored ledger stands, and where it stood.

    `head` is the database's, `second` what its second place holds, `kept` the last that is known at all; `registry` is
    as of the database. `leaves` are the hashes of the lost entries, where any place still has them.
    """

    head: Checkpoint
    second: Checkpoint
    kept: Checkpoint
    registry: Registry
    leaves: tuple[bytes, ...] = ()

    @property
    def lost(self) -> range:
        """The indices that were acknowledged and are not in the database."""
        return range(self.head.size, max(self.head.size, self.kept.size))


def next_key(places: Layout) -> Path:
    """Where the log key of the coming incarnation lies until it is recorded."""
    return places.log_key.with_name(places.log_key.name + ".next")


def look(places: Layout, note: str | None = None) -> Standing:
    """Compare the database with the last head that is known: the second place's, or that of a signed `note`.

    Raises Missing, and Damaged where what is left of the level files shows that the database is no earlier state.
    """
    head, registry = _database(places)
    kept = second = second_head(places).read()
    if note is not None:
        later, _ = open_checkpoint(note, [parse_vkey(text) for text in registry.log_keys])
        kept = max(kept, later, key=lambda one: one.size)
    return Standing(head, second, kept, registry, _lost_leaves(places, head, kept))


def finish(places: Layout) -> bool:
    """Take the steps that a crash left out, and say whether a new incarnation stands; else forget its key."""
    key = next_key(places)
    if not key.is_file():
        return False
    head, registry = _database(places)
    signer = load_signer(key.read_bytes())
    if format_vkey(vkey_of(registry.origin, signer.key)) not in registry.log_keys:
        key.unlink()
        return False
    place = second_head(places)
    kept = place.read()
    if kept.origin != registry.origin:
        place.swap(kept, head)
    # Crash here: both heads are in the new life; only the key is to be put in its place.
    if places.log_key.is_file():
        places.log_key.replace(places.log_key.with_name(f"{places.log_key.name}.before-{registry.incarnation}"))
    key.replace(places.log_key)
    return True


def require_loss(standing: Standing, reason: str) -> None:
    """A restore that lost nothing needs no new life. Raises Conflict."""
    if reason == "restored" and not standing.lost:
        raise Conflict(
            "nothing_lost",
            f"the database ends at size {standing.head.size}, and no later head than size {standing.kept.size} is "
            "known: nothing was lost, serve it",
        )
    if reason != "restored" and standing.head != standing.kept:
        raise Conflict(
            "heads_differ",
            f"the database ends at size {standing.head.size}, its second head at {standing.kept.size}: serve the "
            "ledger once, or restore it",
        )


def _database(places: Layout) -> tuple[Checkpoint, Registry]:
    with closing(open_store(places.location, write=False)) as store, store.reading() as transaction:
        head, registry = check_head(transaction.head()), load_registry(transaction)
    return Checkpoint(registry.origin, head.size, head.root), registry


def _lost_leaves(places: Layout, head: Checkpoint, kept: Checkpoint) -> tuple[bytes, ...]:
    """From level files that nobody restored: their leaves count only if they lead to the head that was kept."""
    if not places.levels.is_dir() or kept.size <= head.size:
        return ()
    with closing(Tree.open(places.levels)) as tree:
        if tree.size < kept.size or tree.root(kept.size) != kept.root:
            return ()
        if tree.root(head.size) != head.root:
            raise Damaged(
                "fork_detected",
                f"the database (size {head.size}, root {head.root.hex()}) is no earlier state of the head that was "
                f"kept (size {kept.size}, root {kept.root.hex()}): it is another history",
            )
        return tuple(tree.inclusion_leaf(index) for index in range(head.size, kept.size))
