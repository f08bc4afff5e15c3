"""Bundles from what is stored: one entry and all it takes to know who signed it (SPEC 4.6, the prover's side)."""

from collections.abc import Iterator

from ledger.kernel.bundle import Bundle, BundleEntry
from ledger.kernel.errors import Missing, TooLarge
from ledger.kernel.statement import Statement, parse
from ledger.kernel.subjects import subject_key
from ledger.limits import BUNDLE, BUNDLE_ENTRIES
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
    told = rehash(transaction.entry(index))
    history = _history(transaction, told if may_see else None, size)
    rows = {one: told if one == index else rehash(transaction.entry(one)) for one in {index, *history}}
    indices = sorted(rows)
    statements = sum(len(sound.stored.jwt) for sound in rows.values())
    if len(rows) > BUNDLE_ENTRIES or statements > BUNDLE:
        raise TooLarge("bundle_size", f"the bundle would hold {len(rows)} entries and {statements} bytes of statements")
    return Bundle(
        kind="entry",
        about=index,
        entries=tuple(
            _shown(rows[one], may_see=may_see or one in history, whole=may_see and one == index) for one in indices
        ),
        proof=tuple(tree.multi_path(indices, size)),
        checkpoint=published.note,
    )


def _history(transaction: Transaction, told: Sound | None, size: int) -> set[int]:
    """Where the registry statements stand that it takes: of the operator, who enrols, and of those `told` is about."""
    founding = parse(transaction.entry(0).wire)
    parties = {founding.iss} if told is None else {founding.iss, *_parties(parse(told.stored.wire))}
    versions = (transaction.versions(subject_key("party", party)) for party in parties)
    return {0, *(index for found in versions for index in found if index < size)}


def _parties(statement: Statement) -> Iterator[str]:
    """Who signed, and whom a registry statement changes."""
    yield statement.iss
    if statement.typ == "ledger":
        yield statement.body["operator"]["id"]
    member = {"party": "id", "key": "party"}.get(statement.typ)
    if member is not None:
        yield statement.body[member]


def _shown(sound: Sound, *, may_see: bool, whole: bool) -> BundleEntry:
    """One entry. Of a history only the items of parties are opened: they are what makes it a history."""
    count = len(sound.lineage.items)
    if not may_see:
        return BundleEntry(sound.entry, count, (), None)
    statement = parse(sound.stored.wire)
    parties = {subject_key("party", party) for party in _parties(statement)}
    opened = opened_lineage(sound.lineage, statement.iss) if whole else sound.lineage.opened(parties)
    return BundleEntry(sound.entry, count, opened, sound.stored.wire)
