"""The loop of internal scrap in one period: what arose, what was melted again, what went away. Whole grams."""

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.carbon.given import Given, Moved, Step

_MELTS = frozenset({"casting", "remelting", "dross-processing"})


@dataclass(frozen=True)
class Scrap:
    """`away`: sent off in the period and taken in by nobody in it, less what had been under way before."""

    arose: int
    melted: int
    away: int


def scrap_of(given: Given, start: int, end: int) -> Scrap:
    """By the events of the period [start, end), of lots that are described as internal scrap."""
    lots = {name for name, about in given.described.items() if about.get("scrapClass") == "internal"}
    steps = [one for one in given.steps if start <= one.time < end]
    return Scrap(
        arose=sum(_g(one.credits, lots) for one in steps if _makes(one)),
        melted=sum(_g(one.debits, lots) for one in steps if one.kind in _MELTS),
        away=sum(_g(one.credits, lots, under_way=True) - _g(one.debits, lots, under_way=True) for one in steps),
    )


def _makes(step: Step) -> bool:
    return bool(step.process) and step.joins and bool(step.debits)


def _g(rows: Iterable[Moved], lots: set[str], *, under_way: bool = False) -> int:
    """A place is (lot, holder, delivery): the third is empty for what is on hand."""
    return sum(one.g for one in rows if one.place[0] in lots and bool(one.place[2]) == under_way)
