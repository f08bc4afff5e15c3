"""What goes with metal: amounts by key, in whole Wh, g and 10^-40 t. Sharing loses nothing (SPEC 12.2)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

Vector: TypeAlias = dict[int, int]  # by number of a key


class Key(NamedTuple):
    """What is counted: `stage` is the kind of process it came in with, the others say what of it.

    emission, source, gas, basis: parts of a t · wh, matching, chain-of-custody model, source: Wh · location,
    market-hourly, market-volumetric: parts of a t · gap, why: g or Wh without figures · open: of periods not closed ·
    restated, entry, why: Wh that lost their cover, or a mark · table, id and gwp, name: marks of the factor sets and
    warming potentials that it rests on.
    """

    stage: str
    what: str
    first: str = ""
    second: str = ""
    third: str = ""


class Keys:
    """Keys as small numbers, in the order they were met."""

    def __init__(self) -> None:
        self._numbers: dict[Key, int] = {}
        self._keys: list[Key] = []

    def number(self, key: Key) -> int:
        """The number of a key."""
        if key not in self._numbers:
            self._numbers[key] = len(self._keys)
            self._keys.append(key)
        return self._numbers[key]

    def key(self, number: int) -> Key:
        """The key of a number."""
        return self._keys[number]

    def said(self, vector: Vector) -> dict[Key, int]:
        """A vector with its keys, without what is 0."""
        return {self._keys[number]: amount for number, amount in vector.items() if amount}


def add(to: Vector, more: Vector) -> None:
    """Add one vector to another."""
    for key, amount in more.items():
        to[key] = to.get(key, 0) + amount


def total(vectors: Iterable[Vector]) -> Vector:
    """All of them together."""
    found: Vector = {}
    for one in vectors:
        add(found, one)
    return found


def take(of: Vector, part: int, whole: int) -> Vector:
    """`part` of `whole` out of a vector: of each amount the floor, the rest stays. All of it where part >= whole."""
    if part >= whole:
        found = dict(of)
        of.clear()
        return found
    found = {}
    for key, amount in of.items():
        taken = amount * part // whole
        if taken:
            found[key] = taken
            of[key] = amount - taken
    return found


def share_out(vector: Vector, weights: Sequence[int]) -> list[Vector]:
    """Each amount in proportion to the weights, by largest remainder; equal remainders: the earlier first.

    Where all weights are 0 they count alike. No weights, no shares: then nothing may be shared out.
    """
    if len(weights) == 1:
        return [dict(vector)]
    whole = sum(weights)
    if not whole:
        return share_out(vector, [1] * len(weights))
    found: list[Vector] = [{} for _ in weights]
    for key, amount in vector.items():
        parts = [divmod(amount * weight, whole) for weight in weights]
        left = amount - sum(quotient for quotient, _ in parts)
        more = sorted(range(len(parts)), key=lambda place: -parts[place][1])[:left] if left else ()
        for place, (quotient, _) in enumerate(parts):
            if quotient:
                found[place][key] = quotient
        for place in more:
            found[place][key] = found[place].get(key, 0) + 1
    return found
