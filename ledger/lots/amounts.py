"""What a trace down counts: µg, or only that there is some, where a piece brought it that nobody had weighed (5.2)."""

from collections.abc import Mapping

from ledger.lots.genealogy import FOLDED_BELOW, UG
from ledger.lots.records import Posting
from ledger.lots.sharing import Key, share


class Weighed:
    """µg, drawn and shared in proportion to grams."""

    def drawn(self, traced: int, posting: Posting) -> tuple[int, int]:
        """What a debit takes of what is traced in its place, and what it leaves there."""
        if posting.g >= posting.had:  # all of it; also where nobody knows how much it is
            return traced, 0
        parts = share(traced, {0: max(0, posting.g), 1: posting.had - max(0, posting.g)})
        return parts[0], parts[1]

    def shared(self, taken: int, weights: Mapping[Key, int]) -> dict[Key, int]:
        """What an event took, among what it went to."""
        return share(taken, weights)

    def out_of_run(self, g: int, traced: int, whole: int) -> int:
        """What so many g have that come out of a run, of what is traced in the `whole` that it took in.

        Where that was declared wrong by then, and corrected since, all of it is what is traced (5.6).
        """
        return min(g * UG, g * traced // whole) if whole > 0 else g * UG

    def is_little(self, traced: int, whole: int) -> bool:
        """Whether it is followed no further in so many g: a trace up from there would fold it too."""
        return traced * FOLDED_BELOW < whole * UG


class Unweighed(Weighed):
    """1 where there may be some. It is in all that is drawn from there, in all that comes of that, and in what is left.

    Nothing is too little to be followed: of what was never weighed nobody knows how small a part it is.
    """

    def drawn(self, traced: int, posting: Posting) -> tuple[int, int]:
        """None is left where all was taken."""
        return traced, 0 if posting.g >= posting.had else traced

    def shared(self, taken: int, weights: Mapping[Key, int]) -> dict[Key, int]:
        """Each has some."""
        return dict.fromkeys(weights, min(1, taken))

    def out_of_run(self, g: int, traced: int, whole: int) -> int:  # noqa: ARG002  whatever its mass
        """Each has some."""
        return 1

    def is_little(self, traced: int, whole: int) -> bool:  # noqa: ARG002  whatever its mass
        """Nobody can say so."""
        return False
