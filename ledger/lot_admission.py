"""A statement and its lots: what the lot rules say to it, and what is stored of that (SPEC 5)."""

from ledger.checking import Checked
from ledger.kernel.party import Registry
from ledger.kernel.subjects import Implied
from ledger.lots.book import Book
from ledger.lots.event import placed
from ledger.lots.fold import apply
from ledger.lots.lookup import prepare
from ledger.lots.observations import countersign
from ledger.lots.records import NOBODY
from ledger.lots.tags import tag_key, tags_of
from ledger.naming import event_declared
from ledger.view import View

_POSITIVE = frozenset({"positive", "positive-with-comments"})


def judge_lots(view: View, checked: Checked, registry: Registry) -> None:
    """What an event does to its lots, or what a second signature settles; written to the view's book.

    Raises RuleBroken or Conflict, with the book as it was.
    """
    statement, event = checked.statement, checked.event_read
    if not view.judges_lots:
        return
    if event is not None:
        party = registry.party(statement.iss)
        event = placed(
            event, index=view.size, recorded_at=view.now, processes=party.processes, accuracies=party.accuracies
        )
        wrong = _wrong(view, checked)
        apply(view.lots, event, operator=registry.operator, sites=registry.sites, wrong=wrong)
    elif statement.typ == "verification" and statement.body["verdict"] in _POSITIVE:
        subject = statement.body["subject"]
        if subject["kind"] == "lot":
            countersign(view.lots, subject["id"], statement.iss)


def _wrong(view: View, checked: Checked) -> int:
    if checked.declares is None or checked.event_read is None:
        return NOBODY
    index = event_declared(view, checked)
    prepare(view.lots, [(checked.event_read, index)])
    return index


def heard_late(view: View, one: Implied) -> bool:
    """Rule 5.1: whether this piece was received before its maker was heard: now he makes what is there already."""
    lot = view.lots.lot(one.id) if one.kind == "lot" and view.judges_lots else None
    return lot is not None and lot.source == "late" and not lot.maker


def tag_pairs(book: Book, mark: int) -> tuple[tuple[bytes, bytes], ...]:
    """(tag, key) of everything that what was written since `mark` can be looked up by, and could not before."""
    before = book.before(mark)
    new = (
        (tag_key(*tag), key)
        for key, record in book.since(mark).items()
        for tag in set(tags_of(record)).difference(tags_of(before[key]))
    )
    return tuple(sorted(new))
