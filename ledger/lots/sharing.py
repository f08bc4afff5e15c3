"""Whole numbers in proportion: nothing is lost in the sharing (SPEC 5)."""

from collections.abc import Mapping
from typing import Any, TypeVar

Key = TypeVar("Key", bound=Any)  # anything with an order


def share(total: int, weights: Mapping[Key, int]) -> dict[Key, int]:
    """`total` in proportion to the weights, by largest remainder; where remainders are equal the lesser key first.

    Where all weights are zero, the keys share alike. No key, no share.
    """
    if len(weights) == 1:
        return dict.fromkeys(weights, total)
    whole = sum(weights.values())
    if not whole:
        return share(total, dict.fromkeys(weights, 1)) if weights else {}
    parts = {key: divmod(total * weight, whole) for key, weight in weights.items()}
    found = {key: quotient for key, (quotient, _) in parts.items()}
    left = total - sum(found.values())
    if left:
        for key in sorted(parts, key=lambda key: (-parts[key][1], key))[:left]:
            found[key] += 1
    return found
