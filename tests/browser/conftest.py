"""Fixtures only."""

import os
import shutil

import pytest
from parks import served_park
from playwright.sync_api import sync_playwright
from reading import PATIENCE, Reader


@pytest.fixture(scope="module")
def chromium():
    """A headless Chromium, which `make browser` installs. No longer than a module: Playwright keeps a loop running."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None and os.environ.get("CI"):
        pytest.fail("no Chromium here: `make browser` installs it; in CI the tests in a real browser must run")
    if path is None:
        pytest.skip("no Chromium here: `make browser` installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"], timeout=PATIENCE)
        yield browser
        browser.close()


@pytest.fixture
def reader(chromium):
    """Somebody with a phone; whatever his browser complains of fails the test."""
    reader = Reader(chromium)
    yield reader
    reader.leave()
    assert reader.complaints == []


@pytest.fixture(scope="session")
def park(tmp_path_factory):
    """Nobody writes to it."""
    with served_park(tmp_path_factory.mktemp("park")) as served:
        yield served
