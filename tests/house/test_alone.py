"""What CI does about a test that failed: it asks once more, where that may be an accident."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.alone import SecondQuestion

ROOT = Path(__file__).parents[2]
TESTS = """
from pathlib import Path

import pytest


@pytest.mark.parametrize("name", ["once", "always"])
def test_that_fails(name):
    if not Path(name).exists():
        Path(name).touch()
        assert False
    assert name == "once"
"""


@pytest.mark.slow
@pytest.mark.parametrize(("chosen", "code", "alone"), [("once", 0, "passed"), ("always", 1, "failed")])
def test_what_passes_alone_is_named_and_what_fails_twice_is_red(tmp_path, chosen, code, alone):
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_some.py").write_text(TESTS)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "xdist", "-p", "tests.alone", "-n", "1", "-k", chosen], cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == code, run.stdout + run.stderr
    assert f"failed beside others, {alone} alone: test_some.py::test_that_fails[{chosen}]\n" in run.stdout


def ended(monkeypatch, stages, exitstatus=1, passes=lambda _name: True):
    """Which tests were asked again, and how the run ended, after tests failed at these stages."""
    asked, session = [], SimpleNamespace(exitstatus=exitstatus)
    question = SecondQuestion(None)
    monkeypatch.setattr(question, "passes", lambda name: asked.append(name) or passes(name))
    for number, stage in enumerate(stages):
        report = SimpleNamespace(nodeid=f"{number}", when=stage, failed=True)
        (question.pytest_runtest_logreport if stage != "collection" else question.pytest_collectreport)(report)
    question.pytest_sessionfinish(session, exitstatus)
    return asked, session.exitstatus


def test_three_are_asked_and_one_of_them_that_fails_is_enough(monkeypatch):
    three = ["setup", "call", "teardown"]
    assert ended(monkeypatch, three) == (["0", "1", "2"], 0)
    assert ended(monkeypatch, three, passes=lambda name: name != "0") == (["0", "1", "2"], 1)


@pytest.mark.parametrize(
    ("stages", "exitstatus"),
    [(["call"] * 4, 1), (["call", "???"], 1), (["collection"], 1), ([], 1), (["call"], 2), (["call"], 3), ([], 5)],
    ids=["many", "a process died", "a file does not load", "why?", "interrupted", "a fault of pytest", "nothing ran"],
)
def test_what_is_no_accident_is_not_asked_again(monkeypatch, stages, exitstatus):
    assert ended(monkeypatch, stages, exitstatus) == ([], exitstatus)
