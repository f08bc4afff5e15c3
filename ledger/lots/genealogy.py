"""Genealogy joins events: what an event puts somewhere descends from all it took, in proportion (rule 5.2).

A draw from a holding descends from the additions still in it as they were mixed: whole grams by largest remainder, so
that no gram is lost in the sharing. An addition has a lower entry than any draw on it, so that scrap loops stay
acyclic. The inputs of a run are shared by all that came out of it after them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias

from msgspec import Struct

from ledger.lots.records import NOBODY, Effects, Posting

Place: TypeAlias = tuple[str, str, str]  # lot, holder, delivery
Layers: TypeAlias = dict[int, int]  # the entry of an addition -> g that are left of it
_THOUSAND = 1_000  # 0.1 % is one part in so many


class Parent(Struct, frozen=True):
    """So much of one lot came from one entry. `entry` is NOBODY for what no addition explains."""

    entry: int
    lot: str
    g: int


class Node(Struct, frozen=True):
    """One event in a trace: how many g of it are in what is traced, and what they came from."""

    entry: int
    g: Fraction
    parents: tuple[Parent, ...]


class Trace(Struct, frozen=True):
    """Up from one lot: nodes from the newest to the oldest, and what was too little to follow, in g and in number.

    The g of nodes are of the traced metal at that stage: `origins` add up to it, by kind of entry.
    """

    nodes: tuple[Node, ...]
    folded: Fraction
    folded_count: int
    origins: Mapping[tuple[int, str], Fraction]


def share(total: int, weights: Mapping[int, int]) -> Layers:
    """`total` g in proportion to the weights, in whole g by largest remainder; the older entry first where equal."""
    whole = sum(weights.values())
    if not whole:
        return {}
    parts = {key: divmod(total * weight, whole) for key, weight in weights.items()}
    left = total - sum(quotient for quotient, _ in parts.values())
    by_remainder = sorted(parts, key=lambda key: (-parts[key][1], key))
    more = set(by_remainder[:left])
    return {key: quotient + (key in more) for key, (quotient, _) in parts.items()}


class Genealogy:
    """Over the effects that stand, in entry order. Asks no more of the ledger than the events it is given."""

    def __init__(self, effects: Iterable[Effects]) -> None:
        undone: set[int] = set()
        everything = sorted(effects, key=lambda one: one.index)
        for one in everything:
            if one.undoes != NOBODY:
                undone |= {one.undoes, one.index}
        self.effects: Mapping[int, Effects] = {one.index: one for one in everything if one.index not in undone}
        # For each entry, where what it took came from; for each place, what is left there by the entry that added it.
        self.parents, self.left = _go_through(self.effects)

    def up(self, sources: Mapping[int, int]) -> Trace:
        """From so many g made by each of these entries back to where the metal came from."""
        total = sum(sources.values())
        amounts: dict[int, Fraction] = {entry: Fraction(g) for entry, g in sources.items()}
        nodes: list[Node] = []
        origins: dict[tuple[int, str], Fraction] = {}
        folded, folded_count = Fraction(0), 0
        while amounts:
            entry = max(amounts)
            g = amounts.pop(entry)
            if g * _THOUSAND < total:
                folded, folded_count = folded + g, folded_count + 1
                continue
            parents = self.parents.get(entry, ())
            nodes.append(Node(entry, g, parents))
            for kind, part in self._share(entry, g, parents).items():
                if isinstance(kind, int):
                    amounts[kind] = amounts.get(kind, Fraction(0)) + part
                else:
                    origins[entry, kind] = origins.get((entry, kind), Fraction(0)) + part
        return Trace(tuple(nodes), folded, folded_count, origins)

    def _share(self, entry: int, g: Fraction, parents: Sequence[Parent]) -> dict[int | str, Fraction]:
        """What comes of each parent entry, and of what entered with this event from no holding."""
        entered = self.effects[entry].entered if entry in self.effects else {}
        weights: dict[int | str, int] = {}
        for one in parents:
            key: int | str = one.entry if one.entry != NOBODY else "unknown"
            weights[key] = weights.get(key, 0) + one.g
        for kind, mass in entered.items():
            if kind not in {"run", "reaction"} and mass > 0:
                weights[kind] = weights.get(kind, 0) + mass
        whole = sum(weights.values())
        return {key: g * weight / whole for key, weight in weights.items()} if whole else {"unknown": g}

    def down(self, entries: Iterable[int]) -> Mapping[int, int]:
        """Every later entry that used something of these entries, with the g that it took of them and their issue."""
        reached: dict[int, int] = dict.fromkeys(entries, 0)
        for index, parents in self.parents.items():
            took = sum(one.g for one in parents if one.entry in reached)
            if took:
                reached[index] = took
        return reached


def _go_through(effects: Mapping[int, Effects]) -> tuple[Mapping[int, tuple[Parent, ...]], Mapping[Place, Layers]]:
    """Every place once, in entry order."""
    pots: dict[Place, Layers] = {}
    runs: dict[tuple[str, str], list[Parent]] = {}
    found: dict[int, tuple[Parent, ...]] = {}
    for index, one in effects.items():
        taken = [parent for posting in one.debits for parent in draw(pots, posting)]
        if one.run:
            taken = runs.setdefault((one.issuer, one.run), []) + taken
            runs[one.issuer, one.run] = taken
        found[index] = tuple(taken)
        for posting in one.credits:
            layers = pots.setdefault(place_of(posting), {})
            layers[index] = layers.get(index, 0) + posting.g
    return found, pots


def place_of(posting: Posting) -> Place:
    return posting.lot, posting.holder, posting.delivery


def draw(pots: dict[Place, Layers], posting: Posting) -> list[Parent]:
    """Take from a place what is mixed there; what no addition explains is of NOBODY."""
    layers = pots.get(place_of(posting), {})
    have = sum(layers.values())
    taken = share(min(posting.g, have), layers)
    pots[place_of(posting)] = {key: g - taken.get(key, 0) for key, g in layers.items() if g > taken.get(key, 0)}
    parents = [Parent(entry, posting.lot, g) for entry, g in taken.items() if g]
    if posting.g > have:
        parents.append(Parent(NOBODY, posting.lot, posting.g - have))
    return parents


def recycled(trace: Trace, class_of: Callable[[int], Mapping[str, int]]) -> Mapping[str, Fraction]:
    """Rule 5.8: shares of internal, pre-consumer and post-consumer scrap; `class_of` gives an entry's g by class.

    "recycled" leaves internal scrap out (ISO 14021). A share is of the traced metal, 0 to 1.
    """
    total = trace.nodes[0].g if trace.nodes else Fraction(0)
    found = dict.fromkeys(("internal", "pre-consumer", "post-consumer"), Fraction(0))
    for node in trace.nodes:
        inputs = class_of(node.entry)
        whole = sum(inputs.values())
        for kind in found.keys() & inputs.keys():
            found[kind] += node.g * inputs[kind] / whole / total
    return {**found, "recycled": found["pre-consumer"] + found["post-consumer"]}
