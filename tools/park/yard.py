"""What each party has of each class lot while the story is made up: nobody draws what he does not have."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tools.park.actors import Actor
from tools.park.events import Part
from tools.park.grid import Grid
from tools.park.plan import Plan
from tools.park.supply import Supply


class Yard:
    """Stocks in kg, by party and kind, each lot of a kind where it was first put: the oldest is drawn first."""

    def __init__(self) -> None:
        self._stocks: dict[tuple[str, str], dict[str, int]] = {}
        self._under_way: dict[str, tuple[Part, ...]] = {}

    def put(self, actor: Actor, kind: str, lot: str, kg: int) -> None:
        """So much more."""
        lots = self._stocks.setdefault((actor.word, kind), {})
        lots[lot] = lots.get(lot, 0) + kg

    def has(self, actor: Actor, kind: str) -> int:
        """All there is of a kind."""
        return sum(self._stocks.get((actor.word, kind), {}).values())

    def draw(self, actor: Actor, kind: str, kg: int) -> list[tuple[str, int]]:
        """So much, from the oldest lots. RuntimeError where there is less: then the plan is wrong."""
        lots = self._stocks.get((actor.word, kind), {})
        drawn: list[tuple[str, int]] = []
        for lot, have in [*lots.items()]:
            take = min(have, kg)
            kg -= take
            if take:
                drawn.append((lot, take))
            lots[lot] -= take
            if not lots[lot] and take:
                del lots[lot]
        if kg:
            raise RuntimeError(f"{actor.name} has {kg} kg too little {kind}")
        return drawn

    def draw_all(self, actor: Actor, kind: str) -> list[tuple[str, int]]:
        """All there is of a kind."""
        return self.draw(actor, kind, self.has(actor, kind))

    def holds(self, actor: Actor, kind: str, lot: str) -> bool:
        """Whether there is any of a lot."""
        return lot in self._stocks.get((actor.word, kind), {})

    def oldest(self, actor: Actor, kind: str) -> tuple[str, int]:
        """The lot of a kind that is drawn from next, and what there is of it."""
        return next(iter(self._stocks[actor.word, kind].items()))

    def newest(self, actor: Actor, kind: str) -> tuple[str, int]:
        """The lot of a kind that was begun last, and what there is of it."""
        return next(reversed(self._stocks[actor.word, kind].items()))

    def send(self, document: str, parts: Sequence[Part]) -> None:
        """Note what is under way with a document."""
        self._under_way[document] = tuple(parts)

    def arrive(self, document: str) -> tuple[Part, ...]:
        """What is under way with a document, no longer; nothing where there is none."""
        return self._under_way.pop(document, ())


@dataclass(frozen=True)
class Park:
    """What the plants share while they speak."""

    plan: Plan
    supplies: tuple[Supply, ...]
    yard: Yard = field(default_factory=Yard)
    grid: Grid = field(default_factory=Grid)
    closed: set[str] = field(default_factory=set)  # class lots that were
