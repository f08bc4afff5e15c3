"""Derived data made again from what was signed: records of lots and energy, byte for byte as they were written."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256

from ledger.admission.energy import fold_energy
from ledger.admission.energy_records import read_energy
from ledger.admission.lot_records import read_records
from ledger.admission.lots import OF_LOTS, Place, book_lots, tag_pairs
from ledger.bodies import check_body
from ledger.checking.statements import Checked, named_by_jti, read_as
from ledger.energy import lookup
from ledger.energy import wire as energy_wire
from ledger.energy.book import Book as EnergyBook
from ledger.energy.fold import OF_ENERGY
from ledger.kernel.entry import parse_entry
from ledger.kernel.errors import Damaged, Refused
from ledger.kernel.party import FOLDED_TYPES, Registry, apply, begin
from ledger.kernel.statement import Statement
from ledger.lots import wire
from ledger.lots.book import Book
from ledger.lots.lookup import prepare
from ledger.lots.records import NOBODY
from ledger.recording.recovery import statement_of
from ledger.rules import judges_energy, judges_lots
from ledger.store.store import NewRow, Stored, Transaction, check_head

Progress = Callable[[int, int], None]  # entries done, entries in all
_BATCH = 2_000  # entries whose records are looked up together


def rebuild_lots(transaction: Transaction, *, progress: Progress = lambda _done, _all: None) -> int:
    """Book every statement again, into empty tables; how many records there are now. Raises Damaged.

    Signatures are the audit's business. What a rule refuses today was recorded against the rules: it stops the
    rebuilding, and `coilmark audit` says more.
    """
    size, records = check_head(transaction.head()).size, 0
    registry: Registry | None = None
    with _without_collector():
        for start in range(0, size, _BATCH):
            read = [_read(stored) for stored in transaction.entries(start, min(start + _BATCH, size))]
            rows, registry = _book(transaction, read, registry)
            transaction.insert_derived(rows)
            records += sum(len(row.records) for row in rows)
            progress(min(start + _BATCH, size), size)
    return records


@contextmanager
def _without_collector() -> Iterator[None]:
    """What is read here is part of no cycle: looking for one again and again takes a fifth of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@dataclass(frozen=True, slots=True)
class _Read:
    """An entry with its statement; `checked` where it does something to lots or energy."""

    stored: Stored
    recorded_at: int
    statement: Statement
    checked: Checked | None


def _read(stored: Stored) -> _Read:
    entry = parse_entry(stored.entry)
    if sha256(stored.jwt).digest() != entry.statement:
        raise Damaged("entry", f"entry {stored.index} does not agree with its statement digest", index=stored.index)
    statement = statement_of(stored)
    checked = _checked(stored, statement) if statement.typ in OF_LOTS | OF_ENERGY else None
    return _Read(stored, entry.recorded_at, statement, checked)


def _book(
    transaction: Transaction, read: Sequence[_Read], registry: Registry | None
) -> tuple[list[NewRow], Registry | None]:
    """The rows that a batch makes, and the registry after it."""
    books = _books(transaction)
    checked = [one.checked for one in read if one.checked is not None]
    events = [(one.event_read, _wrong(transaction, one)) for one in checked if one.event_read is not None]
    prepare(books.lots, events)
    said = [one.statement for one in checked if one.statement.typ in OF_ENERGY]
    lookup.prepare(books.energy, [(one.typ, one.body) for one in said])
    rows = []
    for one in read:
        index, statement = one.stored.index, one.statement
        if statement.typ in FOLDED_TYPES:
            registry = begin(statement) if registry is None else apply(registry, statement, index)
        elif one.checked is not None and registry is not None and judges_lots(registry.rules_at(index)):
            rows.append(_row(transaction, books, one, one.checked, registry))
    return rows, registry


@dataclass(frozen=True, slots=True)
class _Books:
    lots: Book
    energy: EnergyBook


def _books(transaction: Transaction) -> _Books:
    return _Books(
        Book(lambda keys: read_records(transaction, keys)), EnergyBook(lambda keys: read_energy(transaction, keys))
    )


def _checked(stored: Stored, statement: Statement) -> Checked:
    """What the fold reads of it. What else is asked of a body, and all that it implies, the audit goes through."""
    try:
        check_body(statement.typ, statement.body)
        return read_as(statement, (), signed_by="")
    except Refused as refusal:
        raise Damaged("entry", f"entry {stored.index} cannot be read: {refusal.sentence}") from refusal


def _row(transaction: Transaction, books: _Books, read: _Read, checked: Checked, registry: Registry) -> NewRow:
    stored, recorded_at = read.stored, read.recorded_at
    party = registry.party(checked.statement.iss)
    rules = registry.rules_at(stored.index)
    place = Place(stored.index, recorded_at, party, registry.operator, registry.sites, rules)
    lots, energy = books.lots.mark(), books.energy.mark()
    try:
        book_lots(books.lots, checked, place, wrong=_wrong(transaction, checked))
        if judges_energy(rules):
            fold_energy(books.energy, checked, party, index=stored.index, recorded_at=recorded_at, rules=rules)
    except Refused as refusal:
        says = f"entry {stored.index} breaks a rule: {refusal.sentence}; run `coilmark audit`"
        raise Damaged("rules", says, index=stored.index) from refusal
    records = [(key, wire.encode(record)) for key, record in books.lots.since(lots).items()]
    records += [(key, energy_wire.encode(record)) for key, record in books.energy.since(energy).items()]
    return NewRow(stored, b"", (), None, (), records, tag_pairs(books.lots.changes(lots)))


def _wrong(transaction: Transaction, checked: Checked) -> int:
    """The entry that a declaration of error is about."""
    if checked.declares is None:
        return NOBODY
    index = transaction.events({checked.declares}).get(checked.declares)
    if index is not None:
        return index
    named = named_by_jti(checked)
    return transaction.requests({named}).get(named, (NOBODY, b""))[0]
