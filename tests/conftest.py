"""Fixtures, and the order of files."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import postgres_server

ROOT = Path(__file__).parent.parent
NO_VECTORS = "no test vectors"

# Hypothesis times nothing either: an example that takes long was made to wait for the processor.
settings.register_profile("patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("few", settings.get_profile("patient"), max_examples=20)
settings.load_profile("patient")


def pytest_collection_modifyitems(items):
    """Files with slow tests first: one that came last would leave the other processes without work."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
    for item in items:
        if on_postgres(item) and not item.get_closest_marker("both_stores"):
            item.add_marker("slow")


def on_postgres(item):
    """Where a test is run on both stores, is this the one on PostgreSQL?"""
    return hasattr(item, "callspec") and item.callspec.params.get("place") == "postgres"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """That there are no vectors is said once in the summary, with how many tests that left out, not by each of them."""
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple) and NO_VECTORS in report.longrepr[2]:
        report.longrepr = (__file__, None, report.longrepr[2])
    return report


@pytest.fixture(scope="session")
def vectors():
    """Where the published test vectors of the standards lie."""
    path = (ROOT / os.environ.get("COILMARK_VECTORS", "../shared/vectors")).resolve()
    if not path.is_dir():
        pytest.skip(f"{NO_VECTORS} at {path}; set COILMARK_VECTORS to where they are")
    return path


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server of this run's own."""
    reason = postgres_server.why_not()
    if reason and os.environ.get("CI"):
        pytest.fail(f"{reason}; in CI the tests on PostgreSQL must run")
    if reason:
        pytest.skip(reason)
    with postgres_server.running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def place(request):
    """Where a test's ledger shall be: None for a file, else an empty schema of a PostgreSQL server."""
    return None if request.param == "sqlite" else request.getfixturevalue("postgres").place()
