"""Grams that are put right on a way down: first weights, corrections, and what a declaration takes back (5.2, 5.6)."""

from msgspec.structs import replace

from ledger.lots.mixes import Mixes
from ledger.lots.records import Effects, Posting


class PutRight:
    """As each event booked it at its time, also where a declaration changed its record since.

    Where a first weight is declared wrong that the maker's own mass came after, the maker's event has in its record
    what the piece is there with from then on: a weight that it adds, or nothing any more where it had set it off.
    The declaration has the same grams, and with it they are counted. `weighed` are the pieces that have a first weight.
    """

    def __init__(self, mixes: Mixes) -> None:
        self.mixes = mixes
        self.weighed: set[str] = set()
        self._set_off: set[tuple[int, int]] = set()

    def weigh(self, one: Effects) -> None:
        """What is weighed is there with its mass before it is taken; a mass given anew sets off what was weighed."""
        for posting in one.credits:
            if posting.kind == "weighed" and posting.lot not in self.weighed:
                self.weighed.add(posting.lot)
                self.mixes.more(posting.place, (posting.had, posting.mix), posting.g)
        for number, posting in enumerate(one.debits):
            if posting.kind == "correction" and self.mixes.is_as(posting):
                self._set_off.add((one.index, number))
                self.mixes.draw(_as_booked(posting))

    def correct(self, one: Effects) -> None:
        """Rule 5.6: what had moved on is put right after all else; that is no loss of what it was made of."""
        for posting in one.credits:
            if posting.kind == "correction":
                self.mixes.more(posting.place, (posting.had, posting.mix), posting.g)
        for number, posting in enumerate(one.debits):
            if posting.kind == "correction" and (one.index, number) not in self._set_off:
                self.mixes.draw(_as_booked(posting))

    def undo(self, one: Effects) -> None:
        """Rule 5.6: a declaration takes back what was put, and puts back what was taken; it makes no mix."""
        self.weighed.difference_update(posting.lot for posting in one.debits if posting.kind == "weighed")
        if self.mixes.amounts.by_mass:
            for posting in one.debits:
                self.mixes.adjust(posting.place, -posting.g, posting.mix)
            for posting in one.credits:
                self.mixes.adjust(posting.place, posting.g, posting.mix)


def _as_booked(posting: Posting) -> Posting:
    """One that was set to nothing since had taken all."""
    return posting if posting.g else replace(posting, g=posting.had)
