"""Which cases of a long list stay in `make test`; `make slow` has the others."""

import pytest


def first(cases, number=1):
    """The cases as `pytest.mark.parametrize` takes them, all but `number` marked slow. A tuple is several values."""
    return [*cases[:number], *map(_slow, cases[number:])]


def _slow(case):
    return pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.slow)
