"""What a walk down the entries notes on its way (rule 5.2)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from ledger.lots.amounts import WHOLE
from ledger.lots.records import Effects, Place

if TYPE_CHECKING:
    from ledger.lots.genealogy import Correction, Start


_NEAR = WHOLE >> 32  # a share that differs by less is worth no other walk


class Taken(NamedTuple):
    """What an event took of what is traced, in µg, and which share that is of all that it took."""

    ug: int
    part: int


NONE = Taken(0, 0)


class Ahead:
    """What later events put into earlier places: the share that each took, by entry and lot, and those places' entries.

    `new` says that there is something that the last walk did not know, `off` that this may be next to nothing.
    """

    def __init__(self) -> None:
        self.roots: set[int] = set()
        self.new = self.off = False
        self._parts: dict[tuple[int, str], int] = {}
        self._ugs: dict[tuple[int, str, int], int] = {}

    def part(self, entry: int, lot: str) -> int:
        """As it was told last."""
        return self._parts.get((entry, lot), 0)

    def tell(self, entry: int, lot: str, part: int, roots: Iterable[int]) -> None:
        """A share, for the places that these entries added to."""
        self.roots.update(roots)
        before = self.part(entry, lot)
        self._parts[entry, lot] = part
        self.new, self.off = self.new or abs(part - before) > _NEAR, self.off or part != before

    def settled(self, entry: int, lot: str, receipt: int) -> int:
        """The µg that an event sent to an earlier receipt."""
        return self._ugs.get((entry, lot, receipt), 0)

    def settle(self, entry: int, lot: str, receipt: int, ug: int) -> None:
        """Likewise told."""
        key = (entry, lot, receipt)
        if self.settled(*key) != ug:
            self._ugs[key], self.new, self.off = ug, True, True


class Found:
    """What a walk found. `unweighed` are the pieces of unknown mass that were made of what is traced.

    `back` are the µg that came to where they are traced from.
    """

    def __init__(self) -> None:
        self.took: dict[int, tuple[str, int, set[str]]] = {}
        self.places: dict[Place, int] = {}
        self.sent: dict[tuple[int, str, str], tuple[int, int]] = {}
        self.left: dict[str, int] = {}
        self.folded, self.folded_ug, self.back = 0, 0, 0
        self.corrections: dict[int, Correction] = {}
        self.unweighed: list[Start] = []

    def missing(self, ug: int) -> int:
        """How many of so many µg are nowhere. None where a run has part: what comes out is of all that went in."""
        if any(not lot for lot, _, _ in self.places):
            return 0
        return max(0, ug - sum(self.places.values()) - sum(self.left.values()) - self.folded_ug)

    def fold(self, ug: int) -> None:
        if ug:
            self.folded, self.folded_ug = self.folded + 1, self.folded_ug + ug

    def left_for(self, kind: str, ug: int) -> None:
        if ug:
            self.left[kind] = self.left.get(kind, 0) + ug

    def reached(self, one: Effects, lot: str, ug: int) -> None:
        if ug:
            _, before, lots = self.took.get(one.index, ("", 0, set()))
            self.took[one.index] = (one.what, before + ug, lots | {lot})

    def sent_off(self, one: Effects, lot: str, delivery: str, ug: int, g: int) -> None:
        """More µg; `g` as it is told last."""
        if ug:
            key = (one.index, lot, delivery)
            self.sent[key] = (self.sent.get(key, (0, 0))[0] + ug, g)
