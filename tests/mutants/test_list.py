"""The list of seeded bugs fits the tree: each text stands once, each test is there. `make mutants` runs them."""

import pytest

from tests.mutants.run import ROOT, mutants

LEAST = 40


def test_there_are_enough_and_each_has_a_name_of_its_own():
    names = [one.name for one in mutants()]
    assert len(set(names)) == len(names) >= LEAST
    assert {one.kind for one in mutants()} == {"check", "order", "sync", "lock", "value"}


@pytest.mark.parametrize("mutant", mutants(), ids=lambda one: one.name)
def test_it_fits_the_tree(mutant):
    assert (ROOT / mutant.file).read_text("utf-8").count(mutant.old) == 1
    file, _, name = mutant.test.partition("::")
    assert f"def {name.partition('[')[0]}(" in (ROOT / file).read_text("utf-8") if name else (ROOT / file).is_file()
