"""The one writer: `Log.append` is the only thing that makes the ledger longer.

DESIGN.md tells the life of a statement; the numbers in parentheses here are its steps.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from ledger.admission.statements import admit
from ledger.admission.view import View
from ledger.checking.statements import Checked, check
from ledger.failpoints import Reached, Step, unwatched
from ledger.issuing.commit import Accounting, issue_passports, pieces_shipped, unaccounted
from ledger.kernel.checkpoint import Checkpoint, sign_checkpoint
from ledger.kernel.entry import parse_entry
from ledger.kernel.errors import Conflict, Damaged, Refused, RefusedBatch
from ledger.kernel.hashing import NO_HASH
from ledger.kernel.keys import Signer
from ledger.kernel.lineage import SEED_SIZE
from ledger.kernel.note import format_vkey, vkey_of
from ledger.kernel.party import Registry
from ledger.kernel.receipt import Receipt, parse_receipt
from ledger.merkle.tree import Tree
from ledger.passport.issue import Basis, Issuer
from ledger.recording.receipts import Proven, Published, receipt_files
from ledger.recording.recovery import as_recorded, catch_up, continues, load_registry, load_tree, reread
from ledger.recording.second_head import SecondHead
from ledger.recording.watch import Watch
from ledger.store.store import Store, Stored, StoredHead, Transaction, check_head

Clock = Callable[[], int]  # µs since 1970 UTC
Randomness = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Submission:
    """What one caller posted in one request: recorded together with contiguous indices, or not at all."""

    statements: tuple[Checked, ...]


@dataclass(frozen=True, slots=True)
class Admitted:
    """Where the statements of a submission stand; `repeated` marks those that were recorded before."""

    indices: tuple[int, ...]
    repeated: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the receipts of a submission are made of, one a statement, in order: others make them."""

    admitted: Admitted
    note: str
    proven: tuple[Proven, ...]

    def files(self) -> list[bytes]:
        """Receipt files, made here."""
        return receipt_files(self.proven, self.note)

    @property
    def receipts(self) -> tuple[Receipt, ...]:
        """What the files say."""
        return tuple(map(parse_receipt, self.files()))


@dataclass(frozen=True, slots=True)
class State:
    """What the log knows beside the database. Replaced whole, after a commit is published."""

    published: Published
    registry: Registry
    last_leaf: bytes
    last_time: int


@dataclass(frozen=True, slots=True)
class Places:
    """Where a ledger lives."""

    store: Store
    tree: Tree
    second: SecondHead


class Log:
    """An open ledger. One thread appends; any thread may read `state`, and the tree at sizes it has seen there."""

    def __init__(
        self,
        places: Places,
        signer: Signer,
        *,
        clock: Clock,
        randomness: Randomness,
        reached: Reached = unwatched,
        issuer: Issuer | None = None,
    ) -> None:
        """Without an `issuer` no passports are made."""
        self.store = places.store
        self.tree = places.tree
        self._second = places.second
        self._signer = signer
        self._issuer = issuer
        self._clock = clock
        self._randomness = randomness
        self._reached = reached
        self._state: State | None = None
        self._watch = Watch()
        # What is known of a piece's footprint, for the commit that ships it: the restater says so, from its own thread.
        self.accounted: Accounting = unaccounted

    @property
    def uri(self) -> str:
        """The ledger's URI: the `aud` of every statement in it."""
        return self.store.stamps["uri"]

    @property
    def state(self) -> State:
        """The newest published state. RuntimeError before `load`."""
        if self._state is None:
            raise RuntimeError("the log is not loaded")
        return self._state

    @property
    def leads(self) -> bool:
        """Whether this server is, as far as it knows, the one that writes."""
        return self.store.leads

    def lead(self) -> bool:
        """Try to become the one that writes, and load; False where another one is. Raises what `load` raises, Busy."""
        if not self.store.lead():
            return False
        self.load()
        return True

    def follow(self, *, asked: bool = True) -> None:
        """Show what the server that leads has committed since, as far as its leaves lead to its root. Raises Damaged.

        Where another server moves the second head, what that has reached is shown, which was read back there; else all
        is hashed again here, and the second head brought forward, as in `load`. Where nobody `asked`, the database need
        not be looked at each time.
        """
        known = self._state.published.checkpoint if self._state else None
        kept = self._second.read()  # before the snapshot: the leader moves the database first
        if known is not None and not asked and self._watch.passes_over(known.size, kept.size):
            return
        with self.store.reading() as transaction:
            head = check_head(transaction.head())
            if known is not None and (head.size, head.root) == (known.size, known.root):
                return
            if known is not None and self._watch.moves(known.size, kept.size) and kept.size < head.size:
                if kept.size <= known.size:
                    return
                head = StoredHead(kept.size, kept.root)
            self._cut_back()
            registry = self._registry(transaction, known, head.size)
            self._check_key(registry)
            load_tree(self.tree, transaction, head)
            checkpoint = Checkpoint(registry.origin, head.size, head.root)
            continues(self.tree, known, checkpoint)
            with suppress(Conflict):  # the second head is shared, and its leader was faster
                catch_up(self._second, self.tree, transaction, checkpoint, kept)
            last = transaction.entry(head.size - 1)
        self._state = State(self._sign(checkpoint), registry, last.leaf, parse_entry(last.entry).recorded_at)

    def _cut_back(self) -> None:
        """Drop leaves that an append left and that may never have been committed: nobody was shown them."""
        if self._state is not None:
            self.tree.truncate(min(self.tree.size, self._state.published.checkpoint.size))

    def _registry(self, transaction: Transaction, known: Checkpoint | None, size: int) -> Registry:
        if self._state is not None and known is not None and transaction.registry_indices()[-1] < known.size:
            return self._state.registry
        return load_registry(transaction, size)

    def load(self) -> None:
        """Bring tree, second head and memory in line with the database. Raises Damaged; repairs derived data only.

        The ordinary way in and the way back after a crash are this one way.
        """
        with self.store.reading() as transaction:
            head = check_head(transaction.head())
            registry = load_registry(transaction)
            self._check_key(registry)
            self._cut_back()
            load_tree(self.tree, transaction, head)
            checkpoint = Checkpoint(registry.origin, head.size, head.root)
            catch_up(self._second, self.tree, transaction, checkpoint, self._second.read())
            last = transaction.entry(head.size - 1)
        published = self._sign(checkpoint)
        self._state = State(published, registry, last.leaf, parse_entry(last.entry).recorded_at)

    def renew(self, wire: bytes) -> Recorded:
        """Record the `ledger` statement of a new incarnation; this log's key is one it names (SPEC 4.5).

        In place of `load`, which does not open a database that is behind its second head. Raises Refused, Damaged.
        """
        with self.store.reading() as transaction:
            head, registry = check_head(transaction.head()), load_registry(transaction)
            load_tree(self.tree, transaction, head)
            last = transaction.entry(head.size - 1)
        before = Published(Checkpoint(registry.origin, head.size, head.root), "")
        self._state = State(before, registry, last.leaf, parse_entry(last.entry).recorded_at)
        checked = check(wire, audience=self.uri, keys=registry.all_keys())
        if checked.statement.typ != "ledger":
            raise Conflict(
                "ledger_statement", f"an incarnation begins with a ledger statement, not a {checked.statement.typ}"
            )
        (outcome,) = self.append([Submission((checked,))])
        if isinstance(outcome, Refused):
            raise outcome
        return outcome

    def append(self, submissions: Sequence[Submission]) -> list[Recorded | Refused]:
        """Record what can be recorded, in one commit; answer each submission with its receipts or its refusal.

        Raises Unsettled where the commit's outcome is unknown: load again, and let retries settle what became of it.
        """
        with self.store.writing() as transaction:
            self._reached(Step.BEGUN)
            view = self._view(transaction, submissions)
            seeds = self._seeds(submissions)
            outcomes = [self._attempt(view, submission, seeds) for submission in submissions]
            grown = self._issue(view)
            head = self._write(transaction, view, grown)
        self._reached(Step.COMMITTED)
        # (6) Crash here: the entries are in the ledger, nobody was told; load() publishes them, retries find them.
        written = self._publish(view, head) if view.rows else {}
        if view.erasures:
            self.store.forget()
        paths = self._paths(outcomes)
        return [
            outcome if isinstance(outcome, Refused) else self._recorded(outcome, submission, written, paths)
            for submission, outcome in zip(submissions, outcomes, strict=True)
        ]

    def rehearse(self, submission: Submission) -> Admitted:
        """What `append` would answer, with nothing stored. Raises Refused."""
        with self.store.reading() as transaction:
            view = self._view(transaction, [submission])
            outcome = self._attempt(view, submission, self._seeds([submission]))
        if isinstance(outcome, Refused):
            raise outcome
        return outcome

    def _view(self, transaction: Transaction, submissions: Sequence[Submission]) -> View:
        state = self._state
        size = state.published.checkpoint.size if state else 0
        last_leaf, last_time = (state.last_leaf, state.last_time) if state else (NO_HASH, 0)
        # SPEC 4.3: recorded_at is never less than the entry before.
        now = max(self._clock(), last_time)
        view = View(transaction, state.registry if state else None, size, last_leaf, now)
        view.fetch([checked for submission in submissions for checked in submission.statements])
        return view

    def _seeds(self, submissions: Sequence[Submission]) -> Iterator[bytes]:
        """One for each statement, of one draw: at each call of the system another thread may take the interpreter."""
        drawn = self._randomness(SEED_SIZE * sum(len(one.statements) for one in submissions))
        return (drawn[at : at + SEED_SIZE] for at in range(0, len(drawn), SEED_SIZE))

    def _attempt(self, view: View, submission: Submission, seeds: Iterator[bytes]) -> Admitted | Refused:
        """(4) Admit all statements of a submission, or give back why not: every bad row of a batch is named."""
        try:
            with view.attempt():
                return self._admit_all(view, submission.statements, seeds)
        except Refused as refusal:
            return refusal

    def _admit_all(self, view: View, statements: Sequence[Checked], seeds: Iterator[bytes]) -> Admitted:
        first = view.size
        indices: list[int] = []
        refused: list[tuple[int, Refused]] = []
        for row, checked in enumerate(statements):
            try:
                indices.append(admit(view, checked, seed=next(seeds)))
            except Refused as refusal:
                refused.append((row, refusal))
        if refused:
            raise refused[0][1] if len(statements) == 1 else RefusedBatch(refused, len(statements))
        return Admitted(tuple(indices), tuple(index < first for index in indices))

    def _issue(self, view: View) -> int:
        """(4) A passport of every piece that this commit ships, as of the tree so far, whose rows are counted."""
        pieces = pieces_shipped(view) if self._issuer is not None else []
        if self._issuer is None or view.registry is None or not pieces:
            return 0
        count = len(view.rows)
        self._grow(view, 0)
        basis = Basis(view.size, self.tree.root(), self.tree.inclusion_leaf, view.registry)
        issue_passports(view, pieces, basis, self._issuer, self._randomness, accounted=self.accounted)
        return count

    def _grow(self, view: View, grown: int) -> None:
        """The leaves of the view's rows from the `grown`th on, onto those that the tree has of it."""
        size = view.size - len(view.rows) + grown
        if self.tree.size > size:
            self.tree.truncate(size)
        self.tree.append([row.stored.leaf for row in view.rows[grown:]])

    def _write(self, transaction: Transaction, view: View, grown: int) -> StoredHead | None:
        """(5) Rows and head in the one transaction. Crash inside it: nothing happened."""
        stored = transaction.head()
        known = self._state.published.checkpoint if self._state else None
        if stored != (StoredHead(known.size, known.root) if known else None):
            raise Conflict("head_moved", "the database's head is not the one this server wrote: another is writing")
        if not view.rows:
            return stored
        if view.registry is not None and (
            self._state is None or view.registry.log_keys != self._state.registry.log_keys
        ):
            self._check_key(view.registry)
        transaction.insert(view.rows)
        for index, texts in view.erasures:
            transaction.erase(index, texts)
        self._reached(Step.INSERTED)
        # Level files may run ahead of the head: nobody reads beyond a signed size, and the next append cuts them back.
        self._grow(view, grown)
        self._reached(Step.GROWN)
        head = StoredHead(view.size, self.tree.root())
        transaction.move_head(stored, head)
        self._reached(Step.HEAD_MOVED)
        return head

    def _publish(self, view: View, head: StoredHead | None) -> dict[int, Stored]:
        """(7) Read again and re-hash, (8) move the second head, (9) sign; only then does memory change."""
        if head is None or view.registry is None:
            raise RuntimeError("rows were written without a head or a registry")
        start = view.size - len(view.rows)
        with self.store.reading() as transaction:
            read = reread(transaction, start, view.size, [row.stored.leaf for row in view.rows])
        self._reached(Step.REREAD)
        checkpoint = Checkpoint(view.registry.origin, head.size, head.root)
        if self._state is None:
            self._second.create(checkpoint)
        else:
            self._second.swap(self._state.published.checkpoint, checkpoint)
        # Crash here: both heads agree, nobody was told; load() signs the same checkpoint.
        self._reached(Step.SECOND_MOVED)
        published = self._sign(checkpoint)
        self._reached(Step.SIGNED)
        self._state = State(published, view.registry, view.last_leaf, view.now)
        self._reached(Step.SHOWN)
        return {stored.index: stored for stored, _ in read}

    def _check_key(self, registry: Registry) -> None:
        """Nobody could verify what another key signs. Raises Damaged."""
        own = format_vkey(vkey_of(registry.origin, self._signer.key))
        if own not in registry.log_keys:
            raise Damaged(
                "log_key", f"the key that would sign is {own}, the ledger names {', '.join(registry.log_keys)}"
            )

    def _sign(self, checkpoint: Checkpoint) -> Published:
        return Published(checkpoint, sign_checkpoint(checkpoint, checkpoint.origin, self._signer))

    def _paths(self, outcomes: Sequence[Admitted | Refused]) -> dict[int, bytes]:
        """The inclusion path of every entry that is answered with, gathered in one go."""
        indices = [index for outcome in outcomes if isinstance(outcome, Admitted) for index in outcome.indices]
        paths = self.tree.inclusion_runs(indices, self.state.published.checkpoint.size)
        return dict(zip(indices, paths, strict=True))

    def _recorded(
        self,
        admitted: Admitted,
        submission: Submission,
        written: Mapping[int, Stored],
        paths: Mapping[int, bytes],
    ) -> Recorded:
        """(10) What the answer is made of, as read again: now, or for a retry from what was stored before."""
        older = {index: self._read(index) for index in admitted.indices if index not in written}
        proven = [
            Proven(written.get(index) or older[index], checked.statement.iss, paths[index])
            for index, checked in zip(admitted.indices, submission.statements, strict=True)
        ]
        return Recorded(admitted, self.state.published.note, tuple(proven))

    def _read(self, index: int) -> Stored:
        with self.store.reading() as transaction:
            return as_recorded(transaction.entry(index), self.tree)[0].stored
