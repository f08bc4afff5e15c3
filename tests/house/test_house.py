"""The house checks itself: what a review would ask every time."""

import ast
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for folder in ("schemas", "ledger", "api", "tools") for path in (ROOT / folder).rglob("*.py"))
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
COMMANDS = {"tools", "tools/bench", "tools/demo", "tools/torture"}  # these look at the clock and the environment


def test_import_contracts_hold():
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout


@pytest.fixture(scope="module")
def texts():
    """Every module's text, by its path from the root."""
    return {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in SOURCES}


@pytest.fixture(scope="module")
def trees(texts):
    return {name: ast.parse(text) for name, text in texts.items()}


def test_there_are_modules_to_look_at(texts):
    assert len(texts) > 400


def test_files_and_functions_fit_the_eye(texts, trees):
    long = [f"{name} has {lines} lines" for name, text in texts.items() if (lines := text.count("\n")) > LONGEST_FILE]
    long += [
        f"{name}: {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.end_lineno - node.lineno >= LONGEST_FUNCTION
    ]
    assert long == []


def test_every_module_says_what_it_is_for(trees):
    assert [name for name, tree in trees.items() if not ast.get_docstring(tree)] == []


def test_time_and_environment_come_in_from_outside(texts):
    """SPEC and audits replay exactly: only the settings and the opening of a ledger look at the world."""
    may_look = {"api/settings.py", "ledger/recording/opening.py"}
    looks = re.compile(r"os\.environ|datetime\.now\(|time\.time(?:_ns)?\(|utcnow\(")
    assert [
        (name, found)
        for name, text in texts.items()
        if name not in may_look and name.rpartition("/")[0] not in COMMANDS and (found := looks.findall(text))
    ] == []


def test_sqlite_is_opened_through_one_driver():
    """The other in one process would let go of the first one's locks, and may have the bug that is refused."""
    driver, own = ROOT / "ledger/store/sqlite/driver.py", Path(__file__)
    other = re.compile(
        r"^\s*(import (py)?sqlite3\b|from (sqlite3|sqlite3\.dbapi2|pysqlite3[.\w]*) import)", re.MULTILINE
    )
    files = {*SOURCES, *(ROOT / "tests").rglob("*.py")} - {driver, own}
    assert [str(path.relative_to(ROOT)) for path in sorted(files) if other.search(path.read_text("utf-8"))] == []


def test_names_say_something():
    empty = {"utils", "util", "helpers", "common", "manager", "models", "services", "core", "misc"}
    assert [path for path in SOURCES if path.stem in empty] == []


def test_no_two_test_files_share_a_name():
    """Pytest imports them by name alone, and collects neither when it meets the second."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []


def test_every_lint_ignore_has_its_reason(texts):
    bare = re.compile(r"# noqa(: [A-Z0-9, ]+)?\s*$")
    lines = [(name, line) for name, text in texts.items() if "# noqa" in text for line in text.splitlines()]
    assert [(name, line) for name, line in lines if bare.search(line)] == []


def test_nothing_in_the_tree_is_marked_undone_or_names_this_machine():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    own = Path(__file__).relative_to(ROOT)
    marks = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b|NotImplemented" r"Error|/wo" r"rk/|/ro" r"ot/|pypi\.or" r"g")
    found = [
        f"{name}:{number}"
        for name in tracked
        if Path(name) != own and Path(name).suffix in {".py", ".md", ".toml", ".lock", ".json", ".yaml", ".txt", ""}
        for number, line in enumerate((ROOT / name).read_text("utf-8").splitlines(), 1)
        if marks.search(line)
    ]
    assert found == []


def test_what_the_program_reads_is_in_the_wheel():
    """Run from the tree everything is there; in the image only what package-data names."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-data"]
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    left_out = []
    for name in tracked:
        package, _, rest = name.partition("/")
        if package in told and not name.endswith(".py") and not _is_for_builders(name):
            left_out += [] if any(fnmatch(rest, pattern) for pattern in told[package]) else [name]
    assert left_out == []


def _is_for_builders(name: str) -> bool:
    """Sources of the kernel, which is compiled; vectors, which are for other verifiers."""
    return name.startswith(("schemas/vectors/", "ledger/merkle/"))
