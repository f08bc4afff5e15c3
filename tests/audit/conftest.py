"""Fixtures only."""

import pytest
from tampering import copy, record


@pytest.fixture(scope="session")
def recorded(tmp_path_factory):
    """A ledger with some of everything; nobody writes to it."""
    return record(tmp_path_factory.mktemp("recorded"))


@pytest.fixture
def database(recorded, tmp_path):
    """A copy of its database to tamper with."""
    return copy(recorded, tmp_path)
