"""Where a ledger lives on disk, how it is created (once) and opened (never creating)."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.checking.statements import check
from ledger.failpoints import Reached, unwatched
from ledger.kernel.checkpoint import Checkpoint
from ledger.kernel.errors import Conflict, Damaged, Missing, Refused, Unauthorised
from ledger.kernel.keys import Signer, load_signer
from ledger.kernel.party import begin
from ledger.merkle.tree import Tree
from ledger.passport.codes import Codes, blocked_pieces
from ledger.passport.issue import Issuer
from ledger.recording.log import Clock, Log, Places, Randomness, Recorded, Submission
from ledger.recording.recovery import load_tree
from ledger.recording.second_head import AUTHORIZATION, BehindHead, HeadPlace, SecondHead, second_head_at
from ledger.rules import rule_set
from ledger.store.sqlite.file_lock import LEAD, FileLock
from ledger.store.store import Location, check_head, create_store, open_store

if TYPE_CHECKING:
    from ledger.store.migrating import Applied


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one ledger. `head` belongs on another disk or machine than `folder`; it may be a URL.

    With `url`, of a PostgreSQL database, the folder holds what each server has for itself: log key and level files.
    Of several processes on one folder each has a number, and level files of its own.
    """

    folder: Path
    head: HeadPlace
    url: str | None = None
    process: int = 0

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
        return self.folder / (f"levels-{self.process}" if self.process else "levels")

    @property
    def log_key(self) -> Path:
        """The key that signs checkpoints (PKCS 8, PEM)."""
        return self.folder / "log.key"

    @property
    def head_authorization(self) -> Path:
        """The value of the Authorization header for a second head by URL; absent: none is sent."""
        return self.folder / AUTHORIZATION

    @property
    def label_key(self) -> Path:
        """The secret that the codes on labels follow from: 64 hex digits. Lost, every label printed opens nothing."""
        return self.folder / "label.key"

    @property
    def blocked_labels(self) -> Path:
        """Pieces whose code leaked and opens nothing any more, one a line; absent: none."""
        return self.folder / "label.blocked"

    @property
    def own_links(self) -> Path:
        """The operator's own links of products and lots, a linkset in JSON; absent: none."""
        return self.folder / "links.json"

    @property
    def restated(self) -> Path:
        """Derived: up to which entry passports say what has changed since they were made."""
        return self.folder / "restated"


def layout(folder: Path, head: HeadPlace | None = None, url: str | None = None, process: int = 0) -> Layout:
    """The usual layout: the second head beside the folder, not in it, so that copying the folder back leaves it."""
    return Layout(folder, head or folder.with_name(folder.name + ".head"), url or None, process)


def second_head(places: Layout, reached: Reached = unwatched) -> SecondHead:
    """The head's second place, wherever it is."""
    file = places.head_authorization
    return second_head_at(places.head, file.read_text("utf-8").strip() if file.is_file() else "", reached)


def clock() -> int:
    """µs since 1970 UTC."""
    return time.time_ns() // 1000


def create_ledger(
    places: Layout,
    uri: str,
    statement: bytes,
    *,
    owner: str | None = None,
    write_keys: Callable[[], None] = lambda: None,
    clock: Clock = clock,
    randomness: Randomness = secrets.token_bytes,
) -> None:
    """Create the database and write index 0, a signed `ledger` statement in wire form. Raises Conflict or Refused.

    On PostgreSQL `owner` is the URL of the role that shall own the tables. `write_keys` is called once nothing speaks
    against this ledger any more, and before its log key signs. A crash in here leaves a folder, or a database, that
    does not open; remove it and create again.
    """
    checked = check(statement, audience=uri, keys={})
    if checked.statement.typ != "ledger":
        raise Conflict("ledger_statement", f"index 0 is a ledger statement, not a {checked.statement.typ}")
    begin(checked.statement)  # a statement that does not stand on itself leaves no database behind
    second_head(places).require_free()
    if places.url is None:
        places.folder.mkdir(parents=True, exist_ok=True)
    create_store(places.location, uri, owner=owner)
    with closing(open_store(places.location, write=True)) as store:
        store.lead()  # a role or a setting that is unsafe is refused before there is anything in the folder
    write_keys()
    with _opened(places, write=True) as parts:
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
    leaves is said in `ledger.upkeep.restoring`.
    """
    with _opened(places, write=True, reached=reached) as parts:
        if not parts.store.lead():
            raise Conflict("already_open", "another process writes to this ledger")
        behind = Places(parts.store, parts.tree, BehindHead(second_head(places, reached), second))
        log = Log(behind, signer, clock=clock, randomness=randomness, reached=reached)
        return log.renew(statement)


@contextmanager
def open_log(
    places: Layout,
    *,
    standby: bool = False,
    address: str = "",
    clock: Clock = clock,
    randomness: Randomness = secrets.token_bytes,
    reached: Reached = unwatched,
    issuer: Issuer | None = None,
) -> Iterator[Log]:
    """The log, loaded and ready to append, for as long as the block lasts. Raises Missing, Damaged or Conflict.

    With `standby`, where another server leads, it comes ready to read and to follow (see `Log.follow`). `address` is
    where the others reach this one while it leads. With an `issuer` passports are made; raises Unauthorised where its
    key is not the operator's.
    """
    with _opened(places, write=True, address=address, reached=reached) as parts:
        signer = _log_signer(places)
        log = Log(parts, signer, clock=clock, randomness=randomness, reached=reached, issuer=issuer)
        if not log.lead():
            if not standby:
                raise Conflict("already_open", f"another process writes to the ledger of {places.folder}")
            log.follow()
        if issuer is not None:
            _check_issuer(issuer, log)
        yield log


def migrate_ledger(places: Layout, *, owner: str | None = None) -> "Iterator[Applied]":
    """Bring an older database to this program's schema, revision by revision (see `ledger.store.migrating`).

    Raises Missing, Damaged, and Conflict where a server of this ledger is running.
    """
    from ledger.store.migrating import migrate  # noqa: PLC0415  Alembic is slow to load, and a server needs it not

    with _alone_with(places.folder / LEAD), _alone_with(places.levels):
        yield from migrate(places.location, owner)


def rebuild_ledger(
    places: Layout, *, owner: str | None = None, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> int:
    """Make derived data again from what was signed: records, and level files; how many records there are.

    Raises Missing, Damaged, and Conflict where a server of this ledger is running.
    """
    from ledger.recording.rebuild import rebuild_lots  # noqa: PLC0415  a server needs it not
    from ledger.store.store import remaking_derived  # noqa: PLC0415  likewise

    with _alone_with(places.folder / LEAD), _alone_with(places.levels):
        with remaking_derived(places.location, owner) as transaction:
            records = rebuild_lots(transaction, progress=progress)
        # Crash here: records are new, level files as before; either is whole, and opening compares the files again.
        with closing(open_store(places.location, write=False)) as store, store.reading() as transaction:
            tree = Tree.open(places.levels)
            try:
                tree.truncate(0)
                load_tree(tree, transaction, check_head(transaction.head()))
            finally:
                tree.close()
    return records


@contextmanager
def open_for_reading(places: Layout, *, clock: Clock = clock) -> Iterator[Log]:
    """The log as far as its database has come, ready to read and to follow; it never leads. Raises as `open_log`.

    The database may be a standby that takes no writes. The second head is this reader's own or a shared one.
    """
    with _opened(places, write=False) as parts:
        log = Log(parts, _log_signer(places), clock=clock, randomness=secrets.token_bytes)
        log.follow()
        yield log


@contextmanager
def _opened(places: Layout, *, write: bool, address: str = "", reached: Reached = unwatched) -> Iterator[Places]:
    store = open_store(places.location, write=write, address=address)
    with closing(store), _alone_with(places.levels):
        tree = Tree.open(places.levels)
        if not tree.sound():  # a byte has changed on the disk: all of it is made again from the database
            tree.truncate(0)
        try:
            yield Places(store, tree, second_head(places, reached))
        finally:
            tree.close()


@contextmanager
def _alone_with(what: Path) -> Iterator[None]:
    """Level files are one process's; `LEAD` is that of whoever writes."""
    lock = FileLock(what if what.name == LEAD else what.with_name(what.name + ".lock"))
    if not lock.take():
        raise Conflict("already_open", f"another process writes to the ledger in {what.parent}, or stands by to")
    try:
        yield
    finally:
        lock.release()


def load_issuer(key: Path, randomness: Randomness = secrets.token_bytes) -> Issuer:
    """What signs passports, by the operator's private key (PEM)."""
    return Issuer(load_signer(key.read_bytes()), rule_set(), randomness)


def _check_issuer(issuer: Issuer, log: Log) -> None:
    """A key that nobody would believe signs nothing. Raises Unauthorised."""
    registry, kid = log.state.registry, issuer.signer.key.kid
    record = registry.party(registry.operator).keys.get(kid)
    if record is None or not record.valid_at(log.state.published.checkpoint.size):
        raise Unauthorised("key_unknown", f"key {kid} is no valid key of the operator {registry.operator}", kid=kid)


def load_codes(places: Layout) -> Codes | None:
    """The codes of this ledger's labels; None where it was made without a secret for them. Raises Damaged, Malformed.

    Read anew, so that a code is blocked from the next request on.
    """
    if not places.label_key.is_file():
        return None
    try:
        secret = bytes.fromhex(places.label_key.read_text("ascii").strip())
    except ValueError as error:
        raise Damaged("label_key", f"{places.label_key} does not hold a secret in hex") from error
    blocked = places.blocked_labels
    return Codes(secret, blocked_pieces(blocked.read_text("utf-8").splitlines() if blocked.is_file() else ()))


def _log_signer(places: Layout) -> Signer:
    try:
        pem = places.log_key.read_bytes()
    except FileNotFoundError:
        raise Missing(
            "log_key", f"there is no {places.log_key}: it was lost, or `coilmark init` did not finish"
        ) from None
    return load_signer(pem)
