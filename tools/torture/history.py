"""What clients saw, and whether a ledger kept it: the one oracle for everything that is done to a server.

Each client notes what it is about to send before it sends it, and what came back. `judge` then holds the ledger
against all notes, after Jepsen's manner.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

from ledger.kernel.checkpoint import Checkpoint

OK, FAIL, INFO = "ok", "fail", "info"


@dataclass(slots=True)
class Attempt:
    """One statement's way: `invoked` when it was first sent, `settled` when its outcome was known, in ns.

    The outcome is OK with index and leaf, FAIL where it was refused for good, INFO as long as nothing is known.
    """

    wire: bytes
    invoked: int
    settled: int = 0
    outcome: str = INFO
    index: int = -1
    leaf: bytes = b""
    tries: int = 0

    @property
    def digest(self) -> bytes:
        """What the entry commits to: the issuer-signed JWT, without disclosures."""
        return sha256(self.wire.partition(b"~")[0]).digest()


@dataclass(slots=True)
class History:
    """All clients' notes, and every checkpoint that anybody was shown."""

    attempts: list[Attempt] = field(default_factory=list)
    heads: set[Checkpoint] = field(default_factory=set)

    def count(self, outcome: str) -> int:
        """How many statements ended so."""
        return sum(one.outcome == outcome for one in self.attempts)


class Tree(Protocol):
    """The tree over the leaves that are stored."""

    def root(self, size: int) -> bytes:
        """The root of its first `size` leaves."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """What is stored in the end: (statement digest, leaf hash) of each entry, in index order, and the tree."""

    entries: Sequence[tuple[bytes, bytes]]
    tree: Tree


def judge(history: History, kept: Kept) -> list[str]:
    """Every broken promise, in a sentence each."""
    times = Counter(digest for digest, _ in kept.entries)
    return [
        *_acknowledged(history, kept, times),
        *_refused(history, times),
        *_once(history, times),
        *_in_order(history.attempts),
        *_heads(history.heads, kept),
    ]


def _acknowledged(history: History, kept: Kept, times: Mapping[bytes, int]) -> Iterable[str]:
    """(1) What was acknowledged is there, once, at that index, with that leaf hash."""
    for one in history.attempts:
        if one.outcome != OK:
            continue
        stands = kept.entries[one.index] if one.index < len(kept.entries) else None
        if times[one.digest] != 1:
            yield f"entry {one.index} was acknowledged, its statement is stored {times[one.digest]} times"
        elif stands != (one.digest, one.leaf):
            yield f"entry {one.index} was acknowledged, something else stands there"


def _refused(history: History, times: Mapping[bytes, int]) -> Iterable[str]:
    """(2) What was refused is not there."""
    return (
        "a statement that was refused is stored"
        for one in history.attempts
        if one.outcome == FAIL and times[one.digest]
    )


def _once(history: History, times: Mapping[bytes, int]) -> Iterable[str]:
    """(3) What nothing is known of is there at most once."""
    return (
        "a statement whose outcome was unknown is stored more than once"
        for one in history.attempts
        if one.outcome == INFO and times[one.digest] > 1
    )


def _in_order(attempts: Sequence[Attempt]) -> Iterable[str]:
    """(4) What was sent after another was acknowledged stands behind it."""
    done = sorted((one for one in attempts if one.outcome == OK), key=lambda one: one.settled)
    highest, at = -1, 0
    for one in sorted(done, key=lambda one: one.invoked):
        while at < len(done) and done[at].settled < one.invoked:
            highest = max(highest, done[at].index)
            at += 1
        if one.index < highest:
            yield f"entry {one.index} was sent after entry {highest} had been acknowledged"


def _heads(heads: Iterable[Checkpoint], kept: Kept) -> Iterable[str]:
    """(6) Whatever head anybody was shown is an earlier state of the ledger."""
    for head in heads:
        if head.size > len(kept.entries):
            yield f"a head of size {head.size} was shown, {len(kept.entries)} entries are stored"
        elif kept.tree.root(head.size) != head.root:
            yield f"a head of size {head.size} was shown that does not lead to what is stored"
