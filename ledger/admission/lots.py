"""A statement and its lots: what the lot rules say to it, and what is stored of that (SPEC 5)."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from ledger.admission.naming import event_declared
from ledger.admission.view import View
from ledger.book import Change
from ledger.checking.statements import Checked
from ledger.kernel.errors import RuleBroken
from ledger.kernel.party import Party, Registry
from ledger.lots.book import Book
from ledger.lots.event import placed
from ledger.lots.fold import apply
from ledger.lots.lookup import prepare
from ledger.lots.observations import agree, countersign, lot_confirmed
from ledger.lots.records import NOBODY, Effects, Record
from ledger.lots.tags import tag_key, tags_of
from ledger.rules import judges_claims, judges_lots

OF_LOTS = frozenset({"lot-event", "verification", "contract"})  # what does something to lots, see `book_lots`


class Place(Struct, frozen=True, gc=False):
    """Where and when a statement stands in the ledger, and what is registered there."""

    index: int
    recorded_at: int  # µs since 1970 UTC
    party: Party
    operator: str
    sites: Mapping[str, str]  # the party of each site
    rules: str  # the id of the rule set in force


def judge_lots(view: View, checked: Checked, registry: Registry, rules: str) -> None:
    """What a statement does to lots by the rules in force, written to the view's book.

    Raises RuleBroken or Conflict, the book as it was.
    """
    if checked.statement.typ in OF_LOTS and judges_lots(rules):
        party = registry.party(checked.statement.iss)
        place = Place(view.size, view.now, party, registry.operator, registry.sites, rules)
        book_lots(view.lots, checked, place, wrong=_wrong(view, checked))


def book_lots(book: Book, checked: Checked, place: Place, *, wrong: int) -> Effects | None:
    """What an event does to its lots; what a second signature settles (5.7); what a contract allows (5.3).

    `wrong` is the entry declared wrong.
    Raises RuleBroken or Conflict, the book as it was.
    """
    statement, event = checked.statement, checked.event_read
    if event is not None:
        event = placed(
            event,
            index=place.index,
            recorded_at=place.recorded_at,
            processes=place.party.processes,
            accuracies=place.party.accuracies,
        )
        scopes = place.party.claim_scopes if judges_claims(place.rules) else None
        if event.claims and scopes is None:
            raise RuleBroken("claim_scope", f"rule set {place.rules}, which is in force here, knows no claims")
        return apply(book, event, operator=place.operator, sites=place.sites, wrong=wrong, scopes=scopes)
    if statement.typ == "contract":
        agree(book, statement.body)
    confirmed = lot_confirmed(statement.typ, statement.body)
    if confirmed:
        countersign(book, confirmed, statement.iss)
    return None


def _wrong(view: View, checked: Checked) -> int:
    if checked.declares is None or checked.event_read is None:
        return NOBODY
    index = event_declared(view, checked)
    prepare(view.lots, [(checked.event_read, index)])
    return index


def tag_pairs(changes: Iterable[Change[Record]]) -> tuple[tuple[bytes, bytes], ...]:
    """(tag, key) of everything that what was written can be looked up by, and could not before."""
    new: set[tuple[bytes, bytes]] = set()
    for key, before, record in changes:
        if tags := tags_of(record):
            old = tags_of(before)
            new.update([(tag_key(*tag), key) for tag in tags if tag not in old])
    return tuple(sorted(new))
