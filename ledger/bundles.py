"""Bundles from what is stored: one entry and all it takes to know who signed it (SPEC 4.6, the prover's side)."""

from collections.abc import Iterator

from ledger.kernel.bundle import Bundle, BundleEntry
from ledger.kernel.errors import Missing
from ledger.kernel.statement import Statement, parse
from ledger.kernel.subjects import subject_key
from ledger.merkle.tree import Tree
from ledger.receipts import Published, opened_lineage
from ledger.recovery import Sound, rehash
from ledger.store.store import Transaction


def entry_bundle(transaction: Transaction, tree: Tree, published: Published, index: int, *, may_see: bool) -> Bundle:
    """One entry with index 0 and the whole party histories of its issuer and the operator, under one checkpoint.

    The histories go to the checkpoint's size, beyond the entry, so that a reader learns of keys that ended since or
    are disputed. Without `may_see` the statement and its issuer are kept back, and with them the issuer's history.
    Raises Missing for an entry that the checkpoint does not cover, Damaged for stored bytes that are not as recorded.
    """
    size = published.checkpoint.size
    if index >= size:
        raise Missing("no_entry", f"entry {index} is not among the {size} entries of the checkpoint", index=index)
    rows = {0: rehash(transaction.entry(0)), index: rehash(transaction.entry(index))}
    for party in dict.fromkeys(_parties(rows, index, may_see=may_see)):
        for version in transaction.versions(subject_key("party", party)):
            if version < size and version not in rows:
                rows[version] = rehash(transaction.entry(version))
    indices = sorted(rows)
    return Bundle(
        kind="entry",
        about=index,
        entries=tuple(_shown(rows[one], may_see=may_see or one != index) for one in indices),
        proof=tuple(tree.multi_path(indices, size)),
        checkpoint=published.note,
    )


def _parties(rows: dict[int, Sound], index: int, *, may_see: bool) -> Iterator[str]:
    """Whose histories are needed: who signed, whom a registry statement is about, and the operator, who enrols."""
    yield parse(rows[0].stored.wire).iss
    if may_see:
        told = parse(rows[index].stored.wire)
        yield told.iss
        yield from _changed(told)


def _changed(told: Statement) -> Iterator[str]:
    member = {"party": "id", "key": "party"}.get(told.typ)
    if member is not None:
        yield told.body[member]


def _shown(sound: Sound, *, may_see: bool) -> BundleEntry:
    count = len(sound.lineage.items)
    if not may_see:
        return BundleEntry(sound.entry, count, (), None)
    wire = sound.stored.wire
    return BundleEntry(sound.entry, count, opened_lineage(sound.lineage, parse(wire).iss), wire)
