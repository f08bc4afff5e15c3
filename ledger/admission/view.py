"""What the ledger holds as the statement at hand sees it: what is stored, and what this commit has admitted so far."""

import functools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from ledger.admission.energy_records import read_energy
from ledger.admission.lot_records import read_records
from ledger.checking.statements import Checked, event_key, named_by_jti
from ledger.energy import lookup
from ledger.energy.book import Book as EnergyBook
from ledger.energy.fold import OF_ENERGY
from ledger.kernel.errors import Refused
from ledger.kernel.party import Registry
from ledger.lots.book import Book
from ledger.lots.lookup import prepare
from ledger.lots.records import NOBODY, Lot
from ledger.rules import judges_energy, judges_lots
from ledger.store.store import Link, NewRow, Stored, Transaction

Mark: TypeAlias = tuple[int, int]  # of the book of lots, and that of energy


@dataclass
class View:
    """State as of one point inside a commit. Mutable: `attempt` undoes what a refused submission did to it."""

    transaction: Transaction
    registry: Registry | None
    size: int
    last_leaf: bytes
    now: int  # µs since 1970, never less than the entry before
    newest: dict[bytes, Link] = field(default_factory=dict)
    requests: dict[bytes, tuple[int, bytes]] = field(default_factory=dict)
    events: dict[bytes, int] = field(default_factory=dict)
    rows: list[NewRow] = field(default_factory=list)
    erasures: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    _undo: list[tuple[dict[bytes, Any], bytes, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        # Nothing here leads back to the view: it is gone as soon as its commit is, without the garbage collector.
        self.lots = Book(partial(read_records, self.transaction))
        self.energy = EnergyBook(partial(read_energy, self.transaction))

    @property
    def judges_lots(self) -> bool:
        """Whether the next entry is judged by the lot rules."""
        return self.registry is not None and judges_lots(self.registry.rules_at(self.size))

    @property
    def judges_energy(self) -> bool:
        """Whether the next entry is judged by the energy rules."""
        return self.registry is not None and judges_energy(self.registry.rules_at(self.size))

    def mark(self) -> Mark:
        """A point to which what was written of lots and energy can be taken back."""
        return self.lots.mark(), self.energy.mark()

    def undo(self, mark: Mark) -> None:
        """Take back all that was written of lots and energy since."""
        self.lots.undo(mark[0])
        self.energy.undo(mark[1])

    def lot(self, name: str) -> Lot | None:
        """What is known of a lot; nothing where the lot rules do not hold."""
        return self.lots.lot(name) if self.judges_lots else None

    def fetch(self, checked: Sequence[Checked]) -> None:
        """Look up, in a few queries, all that these statements will ask for."""
        self.requests.update(self.transaction.requests({c.request for c in checked}))
        self.newest.update(self.transaction.newest({s for c in checked for s in subjects_of(c)}))
        self.events.update(self.transaction.events({name for c in checked for name in names_asked_for(c)}))
        self.requests.update(self.transaction.requests({named_by_jti(c) for c in checked if c.event is not None}))
        if self.judges_lots:
            wrong = ((c, self.events.get(c.declares or b"", NOBODY)) for c in checked)
            prepare(self.lots, [(c.event_read, index) for c, index in wrong if c.event_read is not None])
        if self.judges_energy:
            said = (c.statement for c in checked if c.statement.typ in OF_ENERGY)
            lookup.prepare(self.energy, [(one.typ, one.body) for one in said])

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A submission: all of it stays in the view, or, when it is refused, none."""
        registry, size, last_leaf = self.registry, self.size, self.last_leaf
        rows, erasures = len(self.rows), len(self.erasures)
        mark = self.mark()
        self._undo.clear()
        try:
            yield
        except Refused:
            self.registry, self.size, self.last_leaf = registry, size, last_leaf
            del self.rows[rows:], self.erasures[erasures:]
            self.undo(mark)
            for table, key, old in reversed(self._undo):
                if old is None:
                    del table[key]
                else:
                    table[key] = old
            raise

    def put(self, table: dict[bytes, Any], key: bytes, value: Any) -> None:
        """Change one fact, in a way that `attempt` can take back."""
        self._undo.append((table, key, table.get(key)))
        table[key] = value

    def at(self, index: int) -> Stored:
        """An entry, stored or admitted in this commit. Raises Missing."""
        pending = index - (self.size - len(self.rows))
        return self.rows[pending].stored if pending >= 0 else self.transaction.entry(index)


def subjects_of(checked: Checked) -> Iterable[bytes]:
    yield checked.issuer
    for one in checked.implied:
        yield one.key


@functools.lru_cache(maxsize=16384)  # asked for when a commit is looked up, and again when the name is checked
def jti_as_name(iss: str, jti: str) -> bytes:
    """The key of an event whose eventID is this jti."""
    return event_key(iss, jti)


def names_asked_for(checked: Checked) -> Iterable[bytes]:
    if checked.statement.typ == "lot-event":
        yield checked.event or jti_as_name(checked.statement.iss, checked.statement.jti)
        yield from checked.announces
        yield from (name for name in (checked.declares, checked.corrects) if name is not None)
