"""What is known of alloys: density, and the least and most of each element in % by mass, with the limit's decimals."""

from collections.abc import Mapping
from decimal import Decimal


def _limits(text: str) -> Mapping[str, tuple[Decimal, Decimal]]:
    rows = (row.split() for row in text.split(","))
    found = {element: (bounds[0], bounds[1]) if len(bounds) > 1 else ("0", bounds[0]) for element, *bounds in rows}
    return {element: (Decimal(least), Decimal(most)) for element, (least, most) in found.items()}


# kg/m³, rounded as mill tables give it
DENSITY: Mapping[str, int] = {"5754": 2_670, "6016": 2_700, "7075": 2_810, "5182": 2_650}

# EN 573-3
LIMITS: Mapping[str, Mapping[str, tuple[Decimal, Decimal]]] = {
    "5754": _limits(
        "Si 0.40, Fe 0.40, Cu 0.10, Mn 0.50, Mg 2.6 3.6, Cr 0.30, Zn 0.20, Ti 0.15, Mn+Cr 0.10 0.60, "
        "others-each 0.05, others-total 0.15"
    ),
    "6016": _limits("Si 1.0 1.5, Mg 0.25 0.60, Fe 0.50, Cu 0.20, Mn 0.20, Cr 0.10, Zn 0.20, Ti 0.15"),
    "7075": _limits(
        "Si 0.40, Fe 0.50, Cu 1.2 2.0, Mn 0.30, Mg 2.1 2.9, Cr 0.18 0.28, Zn 5.1 6.1, Ti 0.20, Zr+Ti 0.25, "
        "others-each 0.05, others-total 0.15"
    ),
    "5182": _limits("Si 0.20, Fe 0.35, Cu 0.15, Mn 0.20 0.50, Mg 4.0 5.0, Cr 0.10, Zn 0.25, Ti 0.10"),
}
