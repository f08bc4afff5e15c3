"""The list of seeded bugs fits the tree: each text stands once, each test is there. `make mutants` runs them."""

from functools import cache

from tests.mutants.run import ROOT, mutants

LEAST = 40


def test_there_are_enough_and_each_has_a_name_of_its_own():
    names = [one.name for one in mutants()]
    assert len(set(names)) == len(names) >= LEAST
    assert {one.kind for one in mutants()} == {"check", "order", "sync", "lock", "value"}


def test_each_fits_the_tree():
    wrong = [(one.name, why) for one in mutants() if (why := _misfit(one))]
    assert wrong == []


def _misfit(mutant):
    """Why it cannot be put in, or its test not be run; or ""."""
    stands = _text(mutant.file).count(mutant.old)
    if stands != 1:
        return f"its text stands {stands} times in {mutant.file}"
    file, _, name = mutant.test.partition("::")
    if name and f"def {name.partition('[')[0]}(" not in _text(file):
        return f"there is no {mutant.test}"
    return "" if (ROOT / file).is_file() else f"there is no {file}"


@cache
def _text(file):
    return (ROOT / file).read_text("utf-8")
