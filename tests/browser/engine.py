"""The page's verifier, run by the JavaScript engine that Playwright's driver brings: many cases in one process."""

import json
import subprocess
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

from playwright._impl._driver import compute_driver_executable

VERIFIER = Path(__file__).parents[2] / "api" / "browser" / "verifier"


@dataclass(frozen=True)
class Given:
    """What a verifier is given. `incarnation` is the bundle of a newer life of the ledger.

    `own` takes WebCrypto away, so that the page's own curves decide. `rules` is the rule set that passports are
    computed under again; without one they are not.
    """

    file: bytes
    trust: bytes
    piece: str | None = None
    index: int | None = None
    statement: bytes | None = None
    own: bool = False
    rules: dict | None = None
    incarnation: bytes | None = None


def verdicts(cases):
    """For each case what the page's verifier says: `verified`, `code`, `steps`."""
    answers = run("verdicts.mjs", map(_line, cases))
    assert [one["error"] for one in answers if "error" in one] == []
    return answers


def run(program, given):
    """What a program beside this file answers, one JSON value a line, to the values given."""
    lines = "".join(f"{json.dumps(one)}\n" for one in given)
    node, _ = compute_driver_executable()
    command = [node, Path(__file__).parent / program, VERIFIER]
    done = subprocess.run(command, input=lines.encode(), capture_output=True, check=False, timeout=800)
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


def _line(case):
    line = {"file": _b64(case.file), "trust": _b64(case.trust), "own": case.own}
    if case.piece is not None:
        line["piece"] = case.piece
    if case.index is not None:
        line["index"] = case.index
    if case.rules is not None:
        line["rules"] = case.rules
    if case.statement is not None:
        line["statement"] = _b64(case.statement)
    if case.incarnation is not None:
        line["incarnation"] = _b64(case.incarnation)
    return line


def _b64(data):
    return b64encode(data).decode()
