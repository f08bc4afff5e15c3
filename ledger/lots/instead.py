"""What later events put into an earlier place: corrections, and senders who are heard late (rules 5.1, 5.6).

A mix that was declared wrong is of what took its place, and what came early is of what its sender took: a trace up goes
through these, and a trace down has them from `Ahead`.
"""

from collections.abc import Iterator, Sequence

from ledger.lots.descent_records import Ahead
from ledger.lots.genealogy import NO_ADDITION, Loader
from ledger.lots.onward import Onward
from ledger.lots.records import NOBODY, Effects, Place, Posting, place_of_run
from ledger.lots.ways import added_by

INTO_RUN = "run"  # in place of a lot: what an event put into its run


def source_of(one: Effects, lot: str) -> str:
    """Rule 5.2: what an event puts somewhere is of all that it took where it joins, else of the same lot."""
    return "" if one.joins or one.run else lot


def fed(one: Effects) -> int:
    """What an event put into its run, in g."""
    return sum(posting.g for posting in one.debits if not posting.kind)


def instead_of(one: Effects, load: Loader) -> Iterator[int]:
    """Rule 5.6: the entries whose place it takes, one in turn of the other, the newest first."""
    older: Effects | None = one
    while older is not None and older.replaces != NOBODY:
        yield older.replaces
        older = load([older.replaces]).get(older.replaces)


def standing(one: Effects, onward: Onward) -> Effects | None:
    """What took the place of an event; None where nothing did."""
    later: Effects | None = one
    while later is not None and later.declared_by != NOBODY:
        later = onward.effects(later.replaced_by) if later.replaced_by != NOBODY else None
    return later


def stood_for(one: Effects, stands: Effects | None, place: Place, had: int, ahead: Ahead) -> tuple[int, int]:
    """What counts as added to a place by an event that was declared wrong, in g, and the share of it that is traced."""
    if stands is None:
        counts = one.awaited or had <= 0
        return sum(posting.g for posting in one.credits if posting.place == place) if counts else 0, 0
    rows = [
        _of_posting(stands, posting, ahead) for posting in added_by(stands, place) if posting.kind not in NO_ADDITION
    ]
    if not rows and had <= 0 and not stands.joins and any(posting.lot == place[0] for posting in stands.debits):
        return 1, ahead.part(stands.index, place[0])  # all that it sent had arrived early
    return sum(g for g, _ in rows), mean(rows)


def fed_instead(one: Effects, stands: Effects | None, ahead: Ahead) -> tuple[int, int]:
    """Likewise what counts as put into a run."""
    if stands is not None and place_of_run(stands.issuer, stands.run) == place_of_run(one.issuer, one.run):
        return fed(stands), ahead.part(stands.index, INTO_RUN)
    return fed(one) if one.awaited or one.run_had <= 0 else 0, 0


def _of_posting(stands: Effects, posting: Posting, ahead: Ahead) -> tuple[int, int]:
    if posting.kind == "late":
        return posting.g, sent_early(stands, posting, ahead)
    return posting.g, 0 if posting.kind else ahead.part(stands.index, source_of(stands, posting.lot))


def sent_early(one: Effects, posting: Posting, ahead: Ahead) -> int:
    """Rule 5.1: the share of what came before its sender was heard that is of what he took, as far as he was."""
    rows = [(row.g, ahead.part(row.entry, row.lot)) for row in one.settled if row.lot == posting.lot]
    left = posting.g - sum(g for g, _ in rows)
    return mean([*rows, (left, 0)] if left > 0 else rows)


def mean(rows: Sequence[tuple[int, int]]) -> int:
    """The share of all, of so many g each with its share; where none has any mass, they count alike."""
    g = sum(row[0] for row in rows)
    if g > 0:
        return sum(row[0] * row[1] for row in rows) // g
    return sum(row[1] for row in rows) // len(rows) if rows else 0


def drawn(posting: Posting, part: int) -> Iterator[tuple[int, int]]:
    """What was there, and what nothing explains."""
    there = max(0, min(posting.g, posting.had))
    yield there, part
    if posting.g > there:
        yield posting.g - there, 0
