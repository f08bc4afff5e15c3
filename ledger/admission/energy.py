"""A statement about energy: what its rules say to it, and what is stored of that (SPEC 11)."""

from ledger.admission.view import View
from ledger.checking.statements import Checked
from ledger.energy.book import Book
from ledger.energy.fold import OF_ENERGY, apply
from ledger.energy.said import Said
from ledger.kernel.party import Party, Registry
from ledger.rules import judges_energy


def judge_energy(view: View, checked: Checked, registry: Registry, rules: str) -> None:
    """What a statement does by the rules in force, written to the view's book. Raises Refused, the book as it was."""
    if checked.statement.typ in OF_ENERGY and judges_energy(rules):
        party = registry.party(checked.statement.iss)
        fold_energy(view.energy, checked, party, index=view.size, recorded_at=view.now, rules=rules)


def fold_energy(book: Book, checked: Checked, party: Party, *, index: int, recorded_at: int, rules: str) -> None:
    """What a statement at this index does by the rules in force there; nothing where it is of another typ.

    Raises Refused, the book as it was.
    """
    statement = checked.statement
    if statement.typ in OF_ENERGY:
        apply(book, Said(statement.typ, statement.iss, statement.body, index, recorded_at, party, rules))
