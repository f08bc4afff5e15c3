"""Fixtures only."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def vectors():
    """Where the published test vectors of the standards lie."""
    path = (ROOT / os.environ.get("COILMARK_VECTORS", "../shared/vectors")).resolve()
    if not path.is_dir():
        pytest.skip(f"no test vectors at {path}; set COILMARK_VECTORS to where they are")
    return path
