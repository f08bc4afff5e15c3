"""Passports made again when something they say has changed: coalesced, and in the background of what plants record.

What a passport says changes by an event on its piece, by a declaration of error or a correction upstream, by a late
sender that is heard at last, and where a run upstream is closed. `look` notes which pieces that is, `restate` makes
their passports anew where they differ.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from ledger.checking.quick_json import parse_quickly
from ledger.checking.statements import check
from ledger.issuing.footprints import ACCOUNTING, Footprints, footprints_of
from ledger.issuing.passport_source import StoreSource
from ledger.issuing.remembering import Memory
from ledger.kernel.errors import CoilmarkError
from ledger.kernel.subjects import subject_key
from ledger.lots.records import NOBODY, Effects
from ledger.passport.body import is_piece, pieces_sent_off, shown
from ledger.passport.issue import Basis, Issuer, body_of, signed
from ledger.passport.story import Source
from ledger.recording.log import Log, Recorded, Submission
from ledger.recording.recovery import as_recorded
from ledger.showing.passports import CHANGING, Standing, newest_passport
from ledger.store.store import Stored, Transaction
from ledger.upkeep.reach import downstream, touched

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ledger.recording.pace import Outcome

Submit: TypeAlias = "Callable[[Sequence[Submission]], Future[list[Outcome]]]"

_log = logging.getLogger(__name__)
_ENTRIES = 2_000  # looked at in one go
_PASSPORTS = 50  # made in one go: plants do not wait for more
_NOTHING = Effects(NOBODY, "", 0, 0, "")
_STATE = ("as_of", "inputs", "accounts")  # what differs in every passport, and says nothing of the piece
_GROWN = 100  # accounts are made again when a ledger that never rests has grown by one part in so many


class Restater:
    """For one thread at a time. `seen` is how far it has looked, `pending` the first change of each piece."""

    def __init__(self, log: Log, submit: Submit, issuer: Issuer, seen: int) -> None:
        self._log = log
        self._submit = submit
        self._issuer = issuer
        self.seen = seen
        self.pending: dict[str, int] = {}
        self._footprints: Footprints | None = None
        self._states: dict[int, int] = {}  # of passports that were looked at: up to where they have seen the ledger
        self._right: dict[str, int] = {}  # the newest passport of a piece, where it was found to say its footprint
        self._stuck: set[str] = set()  # pieces of which the last try made none: others come first
        self._unaccounted = 0  # the first entry that may change them; NOBODY where they are of all there is
        self._reached = NOBODY  # how far the ledger was a round ago
        self._memory: Memory | None = None  # between passports that are made one after the other
        self._remembers = NOBODY  # the size of the ledger of which it is true

    @property
    def leads(self) -> bool:
        """Whether this server makes passports; others see which are pending until they are made."""
        return self._log.leads

    @property
    def done(self) -> int:
        """Entries below this one are said by passports, as far as they change any: where to begin after a restart."""
        return min((self.seen, *self.pending.values()))

    def footprint_since(self, found: Standing) -> int | None:
        """Since which entry the footprint of a passport is pending, or None.

        Its own entry where it states none and may have to; where it states one, the first that this does not know of.
        """
        first = self.seen if self._unaccounted == NOBODY else self._unaccounted
        if not self._may_be_accounted:
            return None
        if found.gist.states_footprint:
            return first if found.gist.has_seen <= first < found.gist.as_of else None
        owes = first < self._log.state.published.checkpoint.size or found.piece in self.pending
        return found.index if owes else None

    def round(self, *, now: int) -> int:
        """Look at what came since, and make some of the passports that it changes; how many. `now` in µs since 1970."""
        self.look()
        self.account()
        return self.restate(now=now)

    def account(self) -> None:
        """Compute footprints again when something they rest on has come and no more comes, and note whose changed.

        A ledger that never rests is accounted for each time that it has grown by a hundredth.
        """
        checkpoint = self._log.state.published.checkpoint
        rests, self._reached = checkpoint.size == self._reached, checkpoint.size
        known = self._footprints
        grown = known is None or checkpoint.size - known.size >= known.size // _GROWN
        if self._unaccounted == NOBODY or not (rests or grown) or not self._may_be_accounted:
            return
        with self._log.store.reading() as transaction:
            found = footprints_of(transaction, self._log.state.registry, checkpoint.size, checkpoint.root)
            for piece in self._differing(transaction, found, known):
                self.pending.setdefault(piece, self._unaccounted)
            # What the thread that writes states in a commit is sought here: plants do not wait for it.
            self._log.accounted = found.beforehand(Memory(transaction, checkpoint.size).as_of(checkpoint.size))
        self._footprints, self._unaccounted = found, NOBODY

    @property
    def _may_be_accounted(self) -> bool:
        """Whether any party may state what footprints are computed from: where none may, nothing need be read."""
        parties = self._log.state.registry.parties.values()
        return any(not ACCOUNTING.isdisjoint(one.roles) for one in parties)

    def _differing(self, transaction: Transaction, found: Footprints, known: Footprints | None) -> Iterator[str]:
        """Pieces whose newest passport may state no footprint, or another: one is made without in each shipment."""
        keys = {subject_key("passport", piece): piece for piece in found.pieces if is_piece(piece)}
        for key, link in transaction.newest(keys).items():
            piece = keys[key]
            stated, before = found.of(piece), known.of(piece) if known is not None else None
            same = stated is not None and before is not None and stated.footprint == before.footprint
            if (stated is not None or before is not None) and not (same and self._right.get(piece) == link.index):
                yield piece

    def look(self) -> None:
        """Note which passports the entries since `seen` change."""
        size = self._log.state.published.checkpoint.size
        while self.seen < size:
            end = min(size, self.seen + _ENTRIES)
            with self._log.store.reading() as transaction:
                for stored in transaction.entries(self.seen, end):
                    if stored.typ in CHANGING:
                        self._note(transaction, stored)
                    if stored.typ in ACCOUNTING or stored.typ == "lot-event":
                        self._unaccounted = max(self._unaccounted, 0) or stored.index
            self.seen = end

    def restate(self, *, now: int) -> int:
        """Make passports of pending pieces, the longest pending first, then by id; how many were recorded.

        Those of which none could be made come last: where many are damaged, the sound ones do not wait for them. One
        commit records them all; where a shipment came meanwhile, the next round says so.
        """
        waiting = sorted(self.pending.items(), key=lambda one: (one[0] in self._stuck, one[1], one[0]))
        anew: dict[str, Submission] = {}
        for piece, _ in waiting[:_PASSPORTS]:
            try:
                body = self._changed(piece)
                if body is None:
                    self._settle(piece)
                elif self.leads:  # else the server that leads makes it
                    anew[piece] = self._signed(body, now)
            except CoilmarkError as error:
                self._put_off(piece, error)
        made = self._record(anew) if anew else 0
        if not self.pending:
            self._memory = None
        return made

    def _settle(self, piece: str) -> None:
        """Its newest passport says what is."""
        self._stuck.discard(piece)
        del self.pending[piece]

    def _put_off(self, piece: str, error: CoilmarkError) -> None:
        if piece not in self._stuck:  # said once, not each second
            _log.warning("the passport of %s waits to be made again: %s", piece, error.sentence)
        self._stuck.add(piece)

    def _note(self, transaction: Transaction, stored: Stored) -> None:
        source = StoreSource(transaction, stored.index + 1)
        one = source.effects([stored.index]).get(stored.index, _NOTHING)
        shipped = set(pieces_sent_off(one))
        for piece in {*touched(stored, one, source), *downstream(one, source)}:
            seen = self._seen(transaction, piece)
            if piece in shipped if seen is None else seen <= stored.index:
                self.pending.setdefault(piece, stored.index)

    def _seen(self, transaction: Transaction, piece: str) -> int | None:
        """Up to where its newest passport has seen the ledger; None where it has none."""
        index = newest_passport(transaction, piece, self._log.state.published.checkpoint.size)
        if len(self._states) > _ENTRIES:
            self._states.clear()
        if index is not None and index not in self._states:
            self._states[index] = _as_of(transaction.entry(index))
        return None if index is None else self._states[index]

    def _changed(self, piece: str) -> Mapping[str, Any] | None:
        """The passport as it should be, or None where the newest one says the same.

        Raises Damaged where the newest is not what was recorded: its page refuses, which another would hide.
        """
        state, tree = self._log.state, self._log.tree
        checkpoint = state.published.checkpoint
        reached = Basis(checkpoint.size, checkpoint.root, tree.inclusion_leaf, state.registry)
        with self._log.store.reading() as transaction:
            source = self._source(transaction, checkpoint.size)
            accounted = self._footprints.of(piece) if self._footprints is not None else None
            body = body_of(piece, source, reached, self._issuer.rules, accounted)
            index = newest_passport(transaction, piece, checkpoint.size)
            said = as_recorded(transaction.entry(index), tree)[1].body if index is not None else {}
        if _without_state(said) == _without_state(shown(body)):
            self._right |= {piece: index} if index is not None else {}
            return None
        return body

    def _signed(self, body: Mapping[str, Any], now: int) -> Submission:
        registry = self._log.state.registry
        wire = signed(body, self._issuer, registry, now=now)
        return Submission((check(wire, audience=registry.uri, keys=registry.all_keys()),))

    def _source(self, transaction: Transaction, size: int) -> Source:
        """What is remembered, until more has come than passports that were made here; for a single piece the store.

        A passport changes nothing that another one is computed from.
        """
        if self._remembers != size:
            self._memory = None
        if self._memory is None and len(self.pending) == 1:
            return StoreSource(transaction, size)
        self._memory, self._remembers = self._memory or Memory(transaction, size), size
        self._memory.transaction, self._memory.size = transaction, size
        return self._memory.as_of(size)

    def _record(self, anew: Mapping[str, Submission]) -> int:
        """Have the passports of some pieces recorded, each for itself; how many were."""
        try:
            outcomes: Sequence[Recorded | CoilmarkError] = self._submit(list(anew.values())).result()
        except CoilmarkError as error:  # what is not known of one is known of none: the next round sees
            outcomes = [error] * len(anew)
        return sum(self._recorded(piece, outcome) for piece, outcome in zip(anew, outcomes, strict=True))

    def _recorded(self, piece: str, outcome: "Recorded | CoilmarkError") -> bool:
        """Note what became of the passport that was made for a piece; whether it was recorded."""
        if isinstance(outcome, CoilmarkError):
            self._put_off(piece, outcome)
            return False
        index = outcome.proven[0].stored.index
        self._remembers += index == self._remembers
        self._right[piece] = index
        self._settle(piece)
        return True


def _as_of(passport: Stored) -> int:
    """What it says; 0 of one that is damaged, which is noted and comes to light where it is made again."""
    try:
        return int(parse_quickly(passport.wire).body["as_of"]["size"])
    except (CoilmarkError, LookupError, TypeError, ValueError):
        return 0


def _without_state(body: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in body.items() if name not in _STATE}
