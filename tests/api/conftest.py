"""Fixtures only."""

import pytest
from served import serving


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server with worker processes, for tests that leave nothing in another's way."""
    with serving(tmp_path_factory.mktemp("served"), checkers=1) as served:
        yield served
