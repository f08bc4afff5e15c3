"""What a trace down counts: µg, or only that there is some, where a piece brought it that nobody had weighed (5.2)."""

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.lots.genealogy import FOLDED_BELOW, UG
from ledger.lots.records import NOBODY, Posting
from ledger.lots.sharing import Key, share

WHOLE = 1 << 64  # the share of a mix that is traced is told in so many parts


@dataclass(slots=True)
class Pool:
    """What is in a place: so many µg of what is traced in so many g, as entry `mix` mixed `whole` g."""

    ug: int = 0
    g: int = 0
    mix: int = NOBODY
    whole: int = 0


class Weighed:
    """µg, drawn and shared in proportion to grams."""

    by_mass = True

    def there(self, pool: Pool, had: int, mix: int, part: int) -> Pool:
        """Rule 5.6: where a declaration or a correction left more or less of a mix, all of it is traced alike."""
        return pool if self.is_as(pool, had, mix) else Pool(self.of(part, had), had, mix, pool.whole)

    def is_as(self, pool: Pool, had: int, mix: int) -> bool:
        """Whether that is what is there."""
        return (pool.g, pool.mix) == (had, mix)

    def of(self, part: int, g: int) -> int:
        """The µg of what is traced in so many g of a mix, to the nearest."""
        return (2 * part * max(0, g) * UG + WHOLE) // (2 * WHOLE)

    def known(self, part: int, ug: int) -> int:  # noqa: ARG002  its mass says it
        """The share of what was taken that is traced."""
        return part

    def told(self, part: int) -> int:
        """The share that an earlier place has of it."""
        return part

    def drawn(self, traced: int, posting: Posting) -> tuple[int, int]:
        """What a debit takes of what is traced in its place, and what it leaves there."""
        if posting.g >= posting.had:  # all of it; also where nobody knows how much it is
            return traced, 0
        parts = share(traced, {0: max(0, posting.g), 1: posting.had - max(0, posting.g)})
        return parts[0], parts[1]

    def shared(self, taken: int, weights: Mapping[Key, int]) -> dict[Key, int]:
        """What an event took, among what it went to."""
        return share(taken, weights)

    def out_of_run(self, g: int, pool: Pool, part: int) -> int:
        """What so many g have that come out of a run, of what is traced in all that it took in.

        Where that was declared wrong by then, it is what is traced in its mix (5.6).
        """
        return min(g * UG, g * pool.ug // pool.g) if pool.g > 0 else self.of(part, g)

    def is_little(self, traced: int, whole: int) -> bool:
        """Whether it is followed no further in so many g: a trace up from there would fold it too."""
        return traced * FOLDED_BELOW < whole * UG


class Unweighed(Weighed):
    """1 where there may be some. It is in all that is drawn from there, in all that comes of that, and in what is left.

    Nothing is too little to be followed: of what was never weighed nobody knows how small a part it is.
    """

    by_mass = False

    def there(self, pool: Pool, had: int, mix: int, part: int) -> Pool:  # noqa: ARG002  whatever its mass
        """As it was left."""
        return pool

    def is_as(self, pool: Pool, had: int, mix: int) -> bool:  # noqa: ARG002  whatever its mass
        """Whether it is of that mix."""
        return pool.mix == mix

    def of(self, part: int, g: int) -> int:  # noqa: ARG002  whatever its mass
        """Some."""
        return min(1, part)

    def known(self, part: int, ug: int) -> int:
        """All that may have some counts."""
        return WHOLE if ug else part

    def told(self, part: int) -> int:
        """All of it, so that what goes in a circle does not become less."""
        return WHOLE if part else 0

    def drawn(self, traced: int, posting: Posting) -> tuple[int, int]:
        """None is left where all was taken."""
        return traced, 0 if posting.g >= posting.had else traced

    def shared(self, taken: int, weights: Mapping[Key, int]) -> dict[Key, int]:
        """Each has some."""
        return dict.fromkeys(weights, min(1, taken))

    def out_of_run(self, g: int, pool: Pool, part: int) -> int:  # noqa: ARG002  whatever its mass
        """Each has some."""
        return min(1, max(pool.ug, part))

    def is_little(self, traced: int, whole: int) -> bool:  # noqa: ARG002  whatever its mass
        """Nobody can say so."""
        return False
