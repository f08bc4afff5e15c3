"""How many examples a property is tried on: `make slow` tries all, `make test` a fifth, see `conftest.py`."""

from hypothesis import settings


def examples(number):
    """As `hypothesis.settings`, for a property that wants another number than the hundred of most."""
    return settings(max_examples=number * settings().max_examples // 100)
