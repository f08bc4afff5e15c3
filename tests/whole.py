"""The harness: read the whole ledger again, hash all of it again, and hold every promise against it."""

from hashlib import sha256

from ledger.kernel.checkpoint import open_checkpoint
from ledger.kernel.entry import parse_entry
from ledger.kernel.lineage import lineage_of, parse_items
from ledger.kernel.proofs import verify_consistency, verify_inclusion
from ledger.recording.opening import second_head
from tests.slow_merkle import mth


def check_whole(world, acknowledged=(), earlier=()):
    """Everything stored agrees with the signed head; what was acknowledged stands where it was said to stand.

    `acknowledged` are receipts that callers hold, `earlier` checkpoints that anybody has seen.
    """
    log = world.log
    with log.store.reading() as transaction:
        head, stored = transaction.head(), transaction.entries(0, 1 << 40)
    checkpoint, _ = open_checkpoint(log.state.published.note, world.trust.vkeys)
    leaves = _check_chain(stored)
    assert checkpoint == log.state.published.checkpoint == second_head(world.places).read()
    assert (head.size, head.root) == (checkpoint.size, checkpoint.root) == (len(leaves), mth(leaves))
    for receipt in acknowledged:
        index = receipt.entry.index
        assert stored[index].entry == receipt.entry.packed
        path = log.tree.inclusion_path(index, head.size)
        verify_inclusion(index=index, size=head.size, leaf=receipt.entry.leaf, path=path, root=head.root)
    for old in earlier:
        path = log.tree.consistency_path(old.size, head.size)
        verify_consistency(
            old_size=old.size, new_size=head.size, old_root=old.root, new_root=head.root, path=path
        )  # fmt: skip


def _check_chain(stored):
    leaves, previous = [], bytes(32)
    for number, one in enumerate(stored):
        entry = parse_entry(one.entry)
        assert (one.index, entry.index, entry.previous) == (number, number, previous)
        assert entry.statement == sha256(one.jwt).digest()
        assert entry.lineage == lineage_of(one.seed, parse_items(one.items)).digest
        previous = entry.leaf
        assert one.leaf == previous
        leaves.append(previous)
    return leaves
