"""A served ledger held against itself, a range at a time: stored bytes, chain, what finds entries, level files, head.

What an audit does at one go and from outside, this does slowly from inside. It believes the published checkpoint, and
leaves signatures to the audit; records of lots and energy are the business of `ledger.upkeep.scrub_lots`.
"""

from collections.abc import Sequence

from ledger.checking.statements import event_names, request_key
from ledger.kernel.checkpoint import Checkpoint
from ledger.kernel.errors import Damaged
from ledger.kernel.hashing import NO_HASH
from ledger.kernel.lineage import Role
from ledger.merkle.tree import parents
from ledger.recording.log import Log
from ledger.showing.reading import Shown, show_many
from ledger.store.store import Transaction


def scrub(log: Log, start: int, end: int) -> list[Shown]:
    """Published entries start..end-1, what finds them, and the head; gives the entries. Raises Damaged."""
    shown = show_many(log, start, end)
    published = log.state.published.checkpoint  # before the snapshot: the database moves first
    with log.store.reading() as transaction:
        _chain(shown, transaction.entry(start - 1).leaf if start else NO_HASH)
        _derived(shown, transaction)
        _head(published, transaction)
    _levels(log, start, end)
    return shown


def _chain(shown: Sequence[Shown], previous: bytes) -> None:
    for one in shown:
        if one.sound.entry.previous != previous:
            raise _wrong(one, "does not continue the chain of leaf hashes")
        previous = one.sound.entry.leaf


def _derived(shown: Sequence[Shown], transaction: Transaction) -> None:
    """Requests, names of events, and the newest versions: an index that says less or other than the entries do."""
    requests = transaction.requests({_request(one) for one in shown})
    names = {one.stored.index: event_names(one.statement)[0] for one in shown}
    events = transaction.events({name for name in names.values() if name is not None})
    advanced = {item.subject for one in shown for item in one.sound.lineage.items if item.role is not Role.REFERENCE}
    newest = transaction.newest(advanced)
    for one in shown:
        index = one.stored.index
        if requests.get(_request(one), (None,))[0] != index:
            raise _wrong(one, "is not found by its issuer and jti")
        name = names[index]
        if name is not None and events.get(name) != index:
            raise _wrong(one, "is not found by the name of its event")
        for item in one.sound.lineage.items:
            link = newest.get(item.subject)
            if item.role is not Role.REFERENCE and (link is None or (link.version, link.index) < (item.version, index)):
                raise _wrong(one, f"makes version {item.version} of a subject of which a later one is missing")


def _head(published: Checkpoint, transaction: Transaction) -> None:
    """The database's head is the published one or a later one."""
    stored = transaction.head()
    if (
        stored is None
        or stored.size < published.size
        or (stored.size == published.size and stored.root != published.root)
    ):
        reached = "nothing" if stored is None else f"size {stored.size} with root {stored.root.hex()}"
        raise Damaged(
            "head", f"the database's head says {reached}, published is size {published.size} with root "
            f"{published.root.hex()}"
        )  # fmt: skip


def _levels(log: Log, start: int, end: int) -> None:
    """Each node above these leaves is the hash of its two children; leaves were compared as entries were shown."""
    level = 0
    while end > start:
        start, end = start >> 1, end >> 1
        made = parents(log.tree.nodes(level, 2 * start, 2 * end)) if end > start else b""
        level += 1
        if made != (log.tree.nodes(level, start, end) if end > start else b""):
            raise Damaged("levels", f"level {level} of the tree is damaged between nodes {start} and {end - 1}")
    if log.tree.root(log.state.published.checkpoint.size) != log.state.published.checkpoint.root:
        raise Damaged("levels", "the level files do not lead to the root that was published")


def _request(one: Shown) -> bytes:
    return request_key(one.statement.iss, one.statement.jti)


def _wrong(one: Shown, says: str) -> Damaged:
    return Damaged("entry", f"entry {one.stored.index} {says}", index=one.stored.index)
