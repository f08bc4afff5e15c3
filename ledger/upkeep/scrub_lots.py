"""Records of lots and energy in a served ledger, made again a range at a time; each pass counts them all.

The audit's rules and its way of booking, reading as it does. What the audit needs worker processes
for is a few hundredths of a second here, since a round is a few hundred entries.
"""

from collections import Counter
from collections.abc import Sequence

from ledger.admission.lots import OF_LOTS
from ledger.audit.authority import Authority, fold_authority
from ledger.audit.energy import fold_again
from ledger.audit.lots import Said, book_again
from ledger.checking.statements import sound
from ledger.energy.fold import OF_ENERGY
from ledger.kernel.errors import Damaged, Refused
from ledger.showing.reading import Shown
from ledger.store.raw import UNREADABLE, RawReader
from ledger.store.store import Store


class LotScrub:
    """Ranges come in order, from 0 on; the last may come again, and longer; another is booked and not counted."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._folded: tuple[tuple[int, ...], Authority] | None = None
        self._next = 0  # where the pass goes on
        self._made: Counter[str] = Counter()  # rows that the entries of this pass make
        self._last = 0, self._made  # where the last range began, and what was made before it

    def book(self, shown: Sequence[Shown], start: int) -> None:
        """Entries from `start` on, as they were read a moment ago. Raises Damaged for the first thing that is wrong."""
        said = [one for one in map(_said, shown) if one is not None]
        authority = self._authority()
        end = start + len(shown)
        try:
            with self._store.raw() as database:
                booked = book_again(database, authority, said, (start, end))
                folded = fold_again(database, authority, said, (start, end))
        except UNREADABLE as error:
            raise Damaged("state_record", f"records of entries {start} to {end - 1} cannot be read: {error}") from error
        for first in (*booked.findings, *folded.findings):
            raise Damaged("state_record", first.sentence, index=first.index)
        records = sum(count for _, count in (*booked.records, *folded.records))
        self._count(records, sum(count for _, count in booked.tags), start, end)

    def whole(self, size: int) -> None:
        """Count, where a pass has just gone through the first `size` entries. Raises Damaged for a row too many."""
        if self._next != size:
            return
        with self._store.raw() as database:
            _compare(database, size, self._made)

    def _count(self, records: int, tags: int, start: int, end: int) -> None:
        if start == 0:
            before: Counter[str] = Counter()
        elif start == self._next:
            before = self._made
        elif start == self._last[0]:
            before = self._last[1]  # something was wrong, and entries may have come since
        else:
            return
        self._last, self._next = (start, before), end
        self._made = before + Counter({"state_record": records, "lot_tag": tags})

    def _authority(self) -> Authority:
        """Who was what when; folded anew when something was registered. Raises Damaged."""
        with self._store.reading() as transaction:
            indices = tuple(transaction.registry_indices())
            if self._folded is not None and self._folded[0] == indices:
                return self._folded[1]
            history = [(index, transaction.entry(index).wire) for index in indices]
        authority, findings = fold_authority(history)
        if findings or authority is None:
            raise Damaged("registry", findings[0].sentence)
        self._folded = indices, authority
        return authority


def _said(one: Shown) -> Said | None:
    statement = one.statement
    if statement.typ not in OF_LOTS | OF_ENERGY or statement.withheld:
        return None
    try:
        return Said(one.stored.index, one.sound.entry.recorded_at, sound(statement, signed_by=""))
    except Refused as refusal:
        raise Damaged("entry", f"entry {one.stored.index} cannot be read: {refusal.sentence}") from refusal


def _compare(database: RawReader, size: int, made: Counter[str]) -> None:
    stored = database.counts(size)
    for table in ("state_record", "lot_tag"):
        if stored[table] != made[table]:
            says = f"{table} has {stored[table]} rows for {size} entries, their statements make {made[table]}"
            raise Damaged(table, f"{says}; `coilmark audit` names them")
