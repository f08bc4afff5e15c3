"""A stranger follows the README: its own lines, run as they stand, against a served demo."""

import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from small_park import served

from ledger.kernel.receipt import parse_receipt
from ledger.recording.opening import layout
from tests.eventually import SOON

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BIN = Path(sys.executable).parent
COILMARK = BIN / "coilmark"
pytestmark = pytest.mark.slow


def _section(title):
    return README.partition(f"## {title}\n")[2].partition("\n## ")[0]


@pytest.fixture(scope="module")
def folder(demo, tmp_path_factory):
    """A stranger's, with a copy of the demo in it."""
    folder = tmp_path_factory.mktemp("stranger")
    shutil.copytree(demo.folder, folder / "demo")
    shutil.copy(layout(demo.folder).head, layout(folder / "demo").head)
    return folder


@pytest.fixture(scope="module")
def server(folder):
    with served(folder / "demo", "--open") as url:
        yield url


@pytest.fixture(scope="module")
def followed(folder, server):
    """The shell lines of the section, run in the stranger's folder."""
    (lines,) = re.findall(r"```\n(LEDGER=.*?)```", _section("Post a statement of your own"), re.DOTALL)
    assert "http://127.0.0.1:8080" in lines
    script = lines.replace("http://127.0.0.1:8080", server)
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_shell_lines_lead_to_a_receipt_that_verifies(followed):
    assert followed.returncode == 0, followed.stdout + followed.stderr
    assert "verified" in followed.stdout


def test_posted_again_it_is_the_same_entry(followed, folder, server):
    assert followed.returncode == 0
    (line,) = re.findall(r"^curl .*--data-binary @event.*$", _section("Post a statement of your own"), re.MULTILINE)
    again = line.replace("$SERVER", server).partition(" > ")[0]
    done = subprocess.run(["bash", "-c", again], cwd=folder, capture_output=True, check=True)
    receipt = parse_receipt((folder / "receipt.json").read_bytes())
    assert parse_receipt(done.stdout).entry == receipt.entry
    assert receipt.statement + b"\n" == (folder / "event.sdjwt").read_bytes()


def test_the_bundle_of_it_verifies_too(followed, folder, server):
    assert followed.returncode == 0
    index = parse_receipt((folder / "receipt.json").read_bytes()).entry.index
    with urllib.request.urlopen(f"{server}/v1/entries/{index}/bundle", timeout=SOON) as answer:
        (folder / "entry.coilmark.json").write_bytes(answer.read())
    run = subprocess.run(
        [COILMARK, "verify", "entry.coilmark.json", "--trust", "demo/trust.txt"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout
    assert "My plant" in run.stdout


def test_an_event_is_declared_wrong_as_it_says(folder, server):
    (lines,) = re.findall(r"```\n(COIL=.*?)```", _section("Declare an event wrong"), re.DOTALL)
    run = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", lines.replace("http://127.0.0.1:8080", server)],
        cwd=folder, env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"entry \d+ was declared wrong by entry \d+", run.stdout)
    assert "shortage: (417)9521212000011 has used" in run.stdout


def test_a_flipped_byte_names_the_step_that_fails(followed, folder):
    assert followed.returncode == 0
    data = bytearray((folder / "receipt.json").read_bytes())
    data[data.index(b'"statement":"') + 200] ^= 1
    (folder / "flipped.json").write_bytes(data)
    run = subprocess.run(
        [COILMARK, "verify", "flipped.json", "--trust", "demo/trust.txt"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 1
    assert "NOT VERIFIED: step 5 failed" in run.stdout


def test_the_client_of_the_readme_posts_and_keeps_a_receipt(followed, folder, server):
    assert followed.returncode == 0
    (code,) = re.findall(r"```python\n(.*?)```", _section("Post a statement of your own"), re.DOTALL)
    script = f"""
import json
event = json.load(open("event.json"))
event["epcList"] = [event["epcList"][0] + "-by-client"]
{code.replace("http://127.0.0.1:8080", server)}
assert len(outcome.receipts) == 1 and not outcome.refused, outcome
"""
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert len(list((folder / "outbox" / "receipts").iterdir())) == 1


def test_a_figure_that_is_changed_as_it_says_is_found(demo, tmp_path):
    shutil.copytree(demo.folder, tmp_path / "demo")
    shutil.copy(layout(demo.folder).head, layout(tmp_path / "demo").head)
    label, change = re.findall(r"```\n(.*?)```", _section("Try to cheat it"), re.DOTALL)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(BIN)
    run = subprocess.run(
        ["bash", "-c", label + change],
        cwd=tmp_path, env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert run.returncode == 1, run.stdout + run.stderr
    assert (tmp_path / "tag.png").exists()
    assert re.search(r"FOUND +entry \d+: the stored statement does not hash to the digest in its entry", run.stdout)
    assert "trigger entry_no_update" not in run.stdout  # the guard is back
