"""Two views of one log: proven consistent, or proven to be a fork, in a file that convinces a third party (SPEC 4.6).

Nothing here believes a source. A checkpoint counts once a log key of the trust file has signed it, a proof once it
leads to a root that was signed; what a source answers beyond that is held against these.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Protocol

from ledger.kernel.checkpoint import Checkpoint, open_checkpoint
from ledger.kernel.errors import Conflict, Missing, Unverified
from ledger.kernel.lineage import Role
from ledger.kernel.misbehaviour import ForkedEntries, ForkedTrees, Misbehaviour, encode_misbehaviour
from ledger.kernel.proofs import verify_consistency
from ledger.kernel.receipt import Receipt
from ledger.kernel.trust import Trust
from ledger.kernel.verify_misbehaviour import verify_misbehaviour


class History(Protocol):
    """Whoever has the leaves of a tree, or can ask somebody who has. Believed in nothing."""

    @property
    def size(self) -> int:
        """How many leaves it reaches to."""
        ...

    def root(self, size: int) -> bytes:
        """The root of its first `size` leaves."""
        ...

    def consistency_path(self, old: int, new: int) -> tuple[bytes, ...]:
        """RFC 9162 2.1.4.1."""
        ...


@dataclass(frozen=True, slots=True)
class Side:
    """What one source gave: `name` for the sentences, a signed note, the receipt it came with, the leaves behind it."""

    name: str
    note: str | None = None
    receipt: Receipt | None = None
    history: History | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """`proof` is None where the two are consistent, which `sentence` says; else a proof of misbehaviour."""

    sentence: str
    proof: Misbehaviour | None = None


@dataclass(frozen=True, slots=True)
class _View:
    side: Side
    note: str
    checkpoint: Checkpoint


def compare(one: Side, other: Side, trust: Trust, evidence: Sequence[Side] = ()) -> Compared:
    """Whether two sources show one history of one log.

    Raises Unverified where a source is not signed or answers what does not hold, Conflict where they are of two logs,
    Missing where nobody at hand has the leaves that it takes.
    """
    views = [_open(side, trust) for side in (one, other)]
    forked = _forked_entries(views, trust)
    if forked is not None:
        return _proven(forked, trust)
    witnesses = [_open(side, trust) for side in evidence if side.note is not None]
    histories = [side for side in (one, other, *evidence) if side.history is not None]
    for pair in _pairs(views, witnesses):
        older, newer = sorted(pair, key=lambda view: view.checkpoint.size)
        found = _judge(older, newer, histories)
        if found is not None and (found.proof is not None or pair == tuple(views)):
            return found if found.proof is None else _proven(found.proof, trust)
    sizes = " and ".join(str(view.checkpoint.size) for view in views)
    raise Missing(
        "no_evidence",
        f"nothing at hand has the leaves of both sizes, {sizes}: a ledger, an export or a served ledger that reaches "
        "the larger one is needed",
    )


def _open(side: Side, trust: Trust) -> _View:
    if side.note is None:
        raise Missing("no_checkpoint", f"{side.name} holds no signed checkpoint")
    checkpoint, _ = open_checkpoint(side.note, trust.vkeys)
    return _View(side, side.note, checkpoint)


def _pairs(views: Sequence[_View], witnesses: Sequence[_View]) -> Iterator[tuple[_View, _View]]:
    """The two first: what is said of them is the answer. A third view may still contradict one of them."""
    one, other = views
    if one.checkpoint.origin != other.checkpoint.origin:
        raise Conflict(
            "other_log",
            f"{one.side.name} is of {one.checkpoint.origin}, {other.side.name} of {other.checkpoint.origin}: these are "
            "two logs, or two lives of one",
        )
    yield one, other
    yield from (pair for pair in combinations([*views, *witnesses], 2) if pair != (one, other))


def _judge(older: _View, newer: _View, histories: Sequence[Side]) -> Compared | None:
    """What the larger tree has where the smaller one should be; None where nobody has the larger tree."""
    a, b = older.checkpoint, newer.checkpoint
    if a.size == b.size:
        return _said(older, newer, b.root, ())
    for side in histories:
        history = side.history
        if history is None or history.size < b.size or history.root(b.size) != b.root:
            continue
        root, path = history.root(a.size), history.consistency_path(a.size, b.size)
        try:
            verify_consistency(old_size=a.size, new_size=b.size, old_root=root, new_root=b.root, path=path)
        except Unverified as error:
            raise Unverified("evidence", f"what {side.name} proves does not hold: {error.sentence}") from None
        return _said(older, newer, root, path)
    return None


def _said(older: _View, newer: _View, root: bytes, path: tuple[bytes, ...]) -> Compared:
    a, b = older.checkpoint, newer.checkpoint
    if root == a.root:
        return Compared(
            f"consistent: the {b.size} entries of {newer.side.name} begin with the {a.size} of {older.side.name}"
        )
    says = f"{older.side.name} (size {a.size}) and {newer.side.name} (size {b.size}) cannot both be true"
    return Compared(says, ForkedTrees(older.note, newer.note, root, path))


def _forked_entries(views: Sequence[_View], trust: Trust) -> Misbehaviour | None:
    """Two receipts that contradict each other need no leaves besides."""
    first, second = (view.side.receipt for view in views)
    if first is None or second is None or first.entry.leaf == second.entry.leaf:
        return None
    shared = _made(first) & _made(second)
    if first.entry.index != second.entry.index and not shared:
        return None
    keep = {min(shared)} if first.entry.index != second.entry.index else set()
    forked = ForkedEntries((_shortened(first, keep), _shortened(second, keep)))
    return forked if verify_misbehaviour(encode_misbehaviour(forked), trust).verified else None


def _made(receipt: Receipt) -> set[tuple[bytes, int]]:
    return {(one.item.subject, one.item.version) for one in receipt.opened if one.item.role is not Role.REFERENCE}


def _shortened(receipt: Receipt, keep: set[tuple[bytes, int]]) -> Receipt:
    """Without what a third party need not see to be convinced."""
    opened = tuple(one for one in receipt.opened if (one.item.subject, one.item.version) in keep)
    return replace(receipt, opened=opened, statement=None)


def _proven(proof: Misbehaviour, trust: Trust) -> Compared:
    """Nothing is called proven that `coilmark verify` would not call so. Raises Unverified."""
    report = verify_misbehaviour(encode_misbehaviour(proof), trust)
    if report.failed is not None:
        raise Unverified(report.code, report.failed.sentence, step=report.failed.number)
    return Compared(report.proven, proof)
