"""Where a ledger lives on disk, how it is created (once) and opened (never creating)."""

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ledger.checking import check
from ledger.failpoints import Reached, unwatched
from ledger.kernel.checkpoint import Checkpoint
from ledger.kernel.errors import Conflict, Refused
from ledger.kernel.keys import Signer, load_signer
from ledger.kernel.party import begin
from ledger.log import Clock, Log, Places, Randomness, Recorded, Submission
from ledger.merkle.tree import Tree
from ledger.second_head import BehindHead, SecondHead
from ledger.store.store import Location, create_store, open_store


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one ledger. `head` belongs on another disk or machine than `folder`.

    With `url`, of a PostgreSQL database, the folder holds what each server has for itself: log key and level files.
    """

    folder: Path
    head: Path
    url: str | None = None

    @property
    def database(self) -> Path:
        """The truth, where it is a file."""
        return self.folder / "ledger.sqlite"

    @property
    def location(self) -> Location:
        """The truth, wherever it is."""
        return self.url or self.database

    @property
    def levels(self) -> Path:
        """Derived: the tree's level files."""
        return self.folder / "levels"

    @property
    def log_key(self) -> Path:
        """The key that signs checkpoints (PKCS 8, PEM)."""
        return self.folder / "log.key"

    @property
    def lock(self) -> Path:
        """Held by the one process that writes."""
        return self.folder / "lock"


def layout(folder: Path, head: Path | None = None, url: str | None = None) -> Layout:
    """The usual layout: the second head beside the folder, not in it, so that copying the folder back leaves it."""
    return Layout(folder, head or folder.with_name(folder.name + ".head"), url or None)


def clock() -> int:
    """µs since 1970 UTC."""
    return time.time_ns() // 1000


def create_ledger(
    places: Layout,
    uri: str,
    statement: bytes,
    *,
    owner: str | None = None,
    clock: Clock = clock,
    randomness: Randomness = secrets.token_bytes,
) -> None:
    """Create the database and write index 0, a signed `ledger` statement in wire form. Raises Conflict or Refused.

    On PostgreSQL `owner` is the URL of the role that shall own the tables. A crash in here leaves a folder, or a
    database, that does not open; remove it and create again.
    """
    checked = check(statement, audience=uri, keys={})
    if checked.statement.typ != "ledger":
        raise Conflict("ledger_statement", f"index 0 is a ledger statement, not a {checked.statement.typ}")
    begin(checked.statement)  # a statement that does not stand on itself leaves no database behind
    SecondHead(places.head).require_free()
    create_store(places.location, uri, owner=owner)
    with _writing(places) as parts:
        if not parts.store.lead():
            raise Conflict("already_open", "another process writes to this ledger")
        log = Log(parts, _log_signer(places), clock=clock, randomness=randomness)
        (outcome,) = log.append([Submission((checked,))])
    if isinstance(outcome, Refused):
        raise outcome


def renew_ledger(
    places: Layout,
    statement: bytes,
    signer: Signer,
    second: Checkpoint,
    *,
    clock: Clock = clock,
    randomness: Randomness = secrets.token_bytes,
    reached: Reached = unwatched,
) -> Recorded:
    """Begin a new incarnation (SPEC 4.5) with a `ledger` statement that names `signer` as log key; its receipt.

    `second` is what the second head holds, and moves on from. Raises Refused, Damaged, Conflict. What a crash in here
    leaves is said in `ledger.restoring`.
    """
    with _writing(places, reached) as parts:
        if not parts.store.lead():
            raise Conflict("already_open", "another process writes to this ledger")
        behind = Places(parts.store, parts.tree, BehindHead(places.head, second, reached))
        log = Log(behind, signer, clock=clock, randomness=randomness, reached=reached)
        return log.renew(statement)


@contextmanager
def open_log(
    places: Layout,
    *,
    standby: bool = False,
    clock: Clock = clock,
    randomness: Randomness = secrets.token_bytes,
    reached: Reached = unwatched,
) -> Iterator[Log]:
    """The log, loaded and ready to append, for as long as the block lasts. Raises Missing, Damaged or Conflict.

    With `standby`, where another server leads, it comes ready to read and to follow (see `Log.follow`).
    """
    with _writing(places, reached) as parts:
        log = Log(parts, _log_signer(places), clock=clock, randomness=randomness, reached=reached)
        if not log.lead():
            if not standby:
                raise Conflict("already_open", f"another process writes to the ledger of {places.folder}")
            log.follow()
        yield log


@contextmanager
def _writing(places: Layout, reached: Reached = unwatched) -> Iterator[Places]:
    store = open_store(places.location, write=True)
    with closing(store), _only_writer(places.lock):
        tree = Tree.open(places.levels)
        try:
            yield Places(store, tree, SecondHead(places.head, reached))
        finally:
            tree.close()


@contextmanager
def _only_writer(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict("already_open", f"another process writes to the ledger in {path.parent}") from None
        yield
    finally:
        os.close(descriptor)


def _log_signer(places: Layout) -> Signer:
    return load_signer(places.log_key.read_bytes())
