"""Vectors of proofs of misbehaviour: what proves that a log forked, and what only looks like it."""

from dataclasses import replace

from forged_ledger import ForgedLedger
from slow_merkle import mth, proof
from small_ledger import PLANT, coil
from vectors.cases import Case

from ledger.kernel.lineage import NO_INDEX, NO_LEAF, Item, Role
from ledger.kernel.misbehaviour import ForkedEntries, ForkedTrees, encode_misbehaviour
from ledger.kernel.receipt import parse_receipt
from ledger.kernel.trust import format_trust


def branch(*serials, **given):
    """A ledger that says of entry 3 and later what this branch says."""
    forged = ForgedLedger(**given)
    for serial in serials:
        forged.add(PLANT, "lot-event", coil(serial))
    return forged


def forked_trees(older, newer):
    """The proof that the larger branch gives against the smaller one."""
    size = len(older.leaves)
    return ForkedTrees(older.note(), newer.note(), mth(newer.leaves[:size]), tuple(proof(size, newer.leaves)))


def forked_entries(one, other, index, second=None):
    receipts = (parse_receipt(one.receipt(index)), parse_receipt(other.receipt(index if second is None else second)))
    return ForkedEntries(receipts)


def make_twice(forged, serial):
    """The last entry again makes the first version of a lot that has one."""

    def again(items):
        return [Item(Role.CREATE, i.subject, 1, NO_INDEX, NO_LEAF) if i.role is Role.TOUCH else i for i in items]

    return forged.add(PLANT, "lot-event", coil(serial), again)


def misbehaviours():
    one, other = branch("A-0", "A-1"), branch("B-0", "B-1", "B-2")
    twice, longer = branch("A-0", "A-1"), branch("A-0", "A-1", "A-2", "A-3")
    again = make_twice(twice, "A-0")
    honest = forked_trees(one, longer)
    spoilt = replace(honest, path=(bytes(32), *honest.path[1:]))
    cases = [
        ("good-two-trees", "The larger tree begins otherwise than the smaller one.", forked_trees(one, other)),
        ("good-two-entries-at-one-index", "Two entries 3.", forked_entries(one, other, 3)),
        ("good-one-version-made-twice", "Two entries make one version.", forked_entries(twice, twice, 3, again)),
        ("two-states-of-one-history", "Both checkpoints can be true.", honest, 3, "no_contradiction"),
        ("spoilt-consistency-proof", "Anybody can make one: it proves nothing.", spoilt, 3, "consistency"),
    ]
    for name, desc, forked, *failing in cases:
        given = {"misbehaviour": encode_misbehaviour(forked).decode("ascii"), "trust": format_trust(one.trust())}
        step, code = failing or (None, None)
        yield Case("misbehaviour", name, desc, given, code, {} if step is None else {"step": step})
