"""The published worked example, read from beside the vectors; nothing of it is copied into the project."""

import json
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

import pytest


def example(vectors):
    """Inputs, and results: whole numbers of them as they stand, all else as Decimal."""
    path = vectors.parent / "reference" / "carbon_worked_example.json"
    if not path.is_file():
        pytest.skip(f"no worked example at {path}; set COILMARK_VECTORS to the folder beside its own")
    said = json.loads(path.read_text())
    results = {name: Decimal(one) if isinstance(one, str) else one for name, one in said["results"].items()}
    return {name: Decimal(one) for name, one in said["inputs"].items()}, results


def in_34_digits():
    """The arithmetic of the example."""
    return localcontext(Context(prec=34, rounding=ROUND_HALF_EVEN))
