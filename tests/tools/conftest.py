"""Fixtures only."""

import shutil
from types import SimpleNamespace

import pytest
from once import once
from small_park import coilmark


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """The `folder` of one run of the whole demo that does not serve, and what it `said`. Nobody writes to it.

    A copy for each process of the tests: files come and go where a ledger is opened, and another may be copying them.
    """

    def make(folder):
        run = coilmark("demo", "--no-serve", "--folder", folder / "demo")
        assert run.returncode == 0, (run.stdout.decode(), run.stderr.decode())
        (folder / "said.txt").write_bytes(run.stdout)

    folder = tmp_path_factory.mktemp("demo") / "copy"
    shutil.copytree(once(tmp_path_factory, "demo", make), folder)
    return SimpleNamespace(folder=folder / "demo", said=(folder / "said.txt").read_text("utf-8"))
