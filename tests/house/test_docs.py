"""What the documents say is what the program does."""

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tests.eventually import SOON
from tools.main import COMMANDS, cli

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
COILMARK = Path(sys.executable).with_name("coilmark")


def _run(*arguments):
    return subprocess.run([COILMARK, *arguments], capture_output=True, text=True, check=True, timeout=SOON).stdout


def test_the_readme_shows_the_help_as_it_is():
    assert _run("--help").strip() in README


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_that_the_table_agrees_with(name):
    help_text = CliRunner().invoke(cli, [name, "--help"], catch_exceptions=False).output
    first = re.sub(r"\s+", " ", help_text.split("\n\n")[1]).strip()
    assert first.startswith(COMMANDS[name][1])


def _commands(group, *names):
    """Every command with the words that call it, and those below it."""
    yield names, group
    for name in group.list_commands(click.Context(group)) if isinstance(group, click.Group) else ():
        yield from _commands(group.get_command(click.Context(group), name), *names, name)


def test_no_help_shows_a_mark_that_is_for_click():
    helps = {
        names: CliRunner().invoke(cli, [*names, "--help"], catch_exceptions=False).output for names, _ in _commands(cli)
    }
    assert len(helps) > len(COMMANDS)
    assert [names for names, text in helps.items() if "\\b" in text or "\b" in text] == []


def test_every_command_is_documented():
    told = README + (ROOT / "infra" / "OPERATING.md").read_text("utf-8")
    assert [name for name in COMMANDS if f"coilmark {name}" not in told and f"make {name}" not in told] == []


def test_every_file_that_a_document_names_is_there():
    tracked = set(
        subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    )
    for document in ("README.md", "DESIGN.md", "schemas/SPEC.md", "infra/OPERATING.md"):
        named = re.findall(
            r"`((?:schemas|ledger|api|tools|tests|infra)/[\w./-]+\.\w+)`", (ROOT / document).read_text("utf-8")
        )
        assert [name for name in named if name not in tracked] == []


def test_every_test_that_a_document_names_is_there():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "DESIGN.md").read_text("utf-8"))
    assert len(named) > 30
    assert [f"{file}::{name}" for file, name in named if f"def {name}(" not in (ROOT / file).read_text("utf-8")] == []


def test_every_target_the_readme_names_is_in_the_makefile():
    targets = re.findall(r"^(\w+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(re.findall(r"`make (\w+)", README)) <= set(targets)


def test_no_placeholder_is_left_in_a_document():
    for document in ("README.md", "infra/OPERATING.md", "schemas/SPEC.md", "DESIGN.md"):
        assert not re.search(r"^(CLIENT|HELP|FIGURES|SIZE)$", (ROOT / document).read_text("utf-8"), re.MULTILINE), (
            document
        )
