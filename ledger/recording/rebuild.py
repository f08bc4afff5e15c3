"""Derived data made again from what was signed: records of lots and energy, byte for byte as they were written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from ledger.admission.energy import fold_energy
from ledger.admission.energy_records import read_energy
from ledger.admission.lot_records import read_records
from ledger.admission.lots import OF_LOTS, Place, book_lots, tag_pairs
from ledger.checking.statements import Checked, named_by_jti, sound
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
    for start in range(0, size, _BATCH):
        read = [(stored, _statement(stored)) for stored in transaction.entries(start, min(start + _BATCH, size))]
        rows, registry = _book(transaction, read, registry)
        transaction.insert_derived(rows)
        records += sum(len(row.records) for row in rows)
        progress(min(start + _BATCH, size), size)
    return records


def _statement(stored: Stored) -> Statement:
    if sha256(stored.jwt).digest() != parse_entry(stored.entry).statement:
        raise Damaged("entry", f"entry {stored.index} does not agree with its statement digest", index=stored.index)
    return statement_of(stored)


def _book(
    transaction: Transaction, read: Sequence[tuple[Stored, Statement]], registry: Registry | None
) -> tuple[list[NewRow], Registry | None]:
    """The rows that a batch makes, and the registry after it."""
    books = _books(transaction)
    checked = {stored.index: _checked(stored, one) for stored, one in read if one.typ in OF_LOTS | OF_ENERGY}
    events = [(one.event_read, _wrong(transaction, one)) for one in checked.values() if one.event_read is not None]
    prepare(books.lots, events)
    lookup.prepare(books.energy, [(one.typ, one.body) for _, one in read if one.typ in OF_ENERGY])
    rows = []
    for stored, statement in read:
        if statement.typ in FOLDED_TYPES:
            registry = begin(statement) if registry is None else apply(registry, statement, stored.index)
        elif stored.index in checked and registry is not None and judges_lots(registry.rules_at(stored.index)):
            rows.append(_row(transaction, books, stored, checked[stored.index], registry))
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
    try:
        return sound(statement, signed_by="")
    except Refused as refusal:
        raise Damaged("entry", f"entry {stored.index} cannot be read: {refusal.sentence}") from refusal


def _row(transaction: Transaction, books: _Books, stored: Stored, checked: Checked, registry: Registry) -> NewRow:
    recorded_at = parse_entry(stored.entry).recorded_at
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
    return NewRow(stored, b"", (), None, (), records, tag_pairs(books.lots, lots))


def _wrong(transaction: Transaction, checked: Checked) -> int:
    """The entry that a declaration of error is about."""
    if checked.declares is None:
        return NOBODY
    index = transaction.events({checked.declares}).get(checked.declares)
    if index is not None:
        return index
    named = named_by_jti(checked)
    return transaction.requests({named}).get(named, (NOBODY, b""))[0]
