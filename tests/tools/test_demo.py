"""The demo comes out as it says, the same every time, and touches nothing that is not its own."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from itertools import islice, pairwise

import openpyxl
import pytest
import zxingcpp
from click.testing import CliRunner
from PIL import Image
from small_park import coilmark

from ledger.kernel.gs1 import canonical_id
from ledger.kernel.receipt import encode_receipt
from ledger.kernel.report import Outcome
from ledger.kernel.statement import parse
from ledger.kernel.trust import parse_trust
from ledger.kernel.verify import Expected, verify_bundle, verify_receipt
from ledger.passport.refold import recompute
from ledger.recording.opening import layout, load_codes, open_log
from ledger.rules import rule_set
from ledger.showing.reading import receipt
from ledger.store.access import EVERYTHING
from tests.eventually import SOON
from tools.demo import command
from tools.demo.ledger import MARK, Stage, clear, found, tell
from tools.demo.tamper import tamper_with_receipt
from tools.listening import free_port
from tools.main import cli
from tools.park.actors import ACTORS
from tools.park.finishing import pieces
from tools.park.plan import make_plan

PLAN = make_plan(40, "coilmark")
FEW = ("--no-serve", "--coils", "1")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shown(demo):
    """(folder, what was printed) of one run that does not serve."""
    return demo.folder, demo.said


def test_it_prints_each_days_entries_and_a_line_for_each_receipt_that_matters(shown):
    folder, output = shown
    lines = re.findall(r"^ +(\d+)  (\S+) +(\(417\)\d{13})  (.+?) +([0-9a-f]{16})$", output, re.MULTILINE)
    days = [
        tuple(map(int, pair))
        for pair in re.findall(r"^\w{3} \d\d \w{3}  entries (\d+) to (\d+): ", output, re.MULTILINE)
    ]
    with open_log(layout(folder)) as log:
        size = log.state.published.checkpoint.size
        entries = {line[0]: receipt(log, int(line[0]), EVERYTHING) for line in lines}
    assert size > 4_000
    assert 40 < len(lines) < 80
    assert days[0][0] == 1
    assert all(last < first for (_, last), (first, _) in pairwise(days))
    assert sum(last - first + 1 for first, last in days) > 4_000
    assert days[-1][1] < size
    for line in lines:
        one = entries[line[0]]
        statement = parse(one.statement)
        assert line[1:3] == (statement.typ, statement.iss)
        assert line[4] == one.entry.leaf.hex()[:16]
    assert {typ for _, typ, *_ in lines} == {
        "ledger", "party", "lot-event", "certificate", "contract", "energy-attestation", "energy-action",
        "period-close", "heads",
    }  # fmt: skip


def test_it_shows_audit_verifier_and_what_they_say_of_tampered_copies(shown):
    _, output = shown
    about = re.search(r"one character of the statement of entry (\d+)", output)[1]
    assert output.count("$ coilmark audit") == 2
    assert output.count("$ coilmark verify") == 5
    clean, tampered = output.split("4. Tamper")
    assert " 1  ok " in clean
    assert "FAILED" not in clean
    assert re.search(rf" 5  FAILED .*the statement shown for entry {about} has the SHA-256", tampered)
    assert re.search(rf"entry {about}\b.*statement", tampered.split("$ coilmark audit")[1])


def test_what_it_leaves_behind_holds(shown):
    folder, _ = shown
    trust = parse_trust((folder / "trust.txt").read_bytes())
    strip = Expected(piece=pieces(PLAN.followed)[0])
    assert verify_receipt((folder / "receipt.json").read_bytes(), trust, expected=strip).verified
    bundle = verify_bundle((folder / "entry.coilmark.json").read_bytes(), trust, expected=strip)
    assert {step.number for step in bundle.steps if step.outcome is not Outcome.PASSED} == {11}
    assert sorted(path.stem for path in (folder / "keys").iterdir()) == sorted(actor.word for actor in ACTORS)
    assert {path.stat().st_mode & 0o777 for path in (folder / "keys").iterdir()} == {0o600}


def test_the_coil_s_passport_verifies_both_ways_and_its_label_leads_to_it(shown):
    folder, output = shown
    trust, name = parse_trust((folder / "trust.txt").read_bytes()), pieces(PLAN.followed)[0]
    link = next(line.strip() for line in output.splitlines() if line.startswith("  http://127.0.0.1:8080/01/"))
    assert canonical_id(link) == canonical_id(name)
    reports = {
        kind: verify_bundle(
            (folder / f"coil.{kind}.coilmark.json").read_bytes(), trust, expected=Expected(piece=link),
            recompute=lambda one: recompute(one, rule_set()),
        )
        for kind in ("short", "full")
    }  # fmt: skip
    assert all(report.verified for report in reports.values())
    assert [report.steps[10].outcome for report in reports.values()] == [Outcome.NOT_CHECKED, Outcome.PASSED]
    assert load_codes(layout(folder)).opens(canonical_id(name), link.rpartition("?c=")[2])
    assert [found.text for found in zxingcpp.read_barcodes(Image.open(folder / "coil.png"))] == [link]
    assert f"(21) {canonical_id(name).partition('(21)')[2]}" in (folder / "coil.svg").read_text()


def test_it_holds_what_was_claimed_against_the_ledger_and_reports_for_importers(shown):
    folder, output = shown
    accounts = output.split("5. Two accounts")[1].split("6. The coil's label")[0]
    assert re.search(r"not held +hour by hour +66\.\d\d %, where at least 80\.00 % was said", accounts)
    assert re.search(r"held +by volume +83\.\d\d %", accounts)
    assert "76061292  763.196 t  1.74186 t CO2e/t" in accounts
    sheets = openpyxl.load_workbook(folder / "cbam.xlsx")
    assert sheets["Goods"].max_row == 4


def test_a_coil_s_footprint_is_a_document_and_its_heat_decides_how_green_it_is(shown):
    folder, _ = shown
    told = {}
    for heat in (heat for heat in PLAN.heats if heat.day in {4, 8}):
        run = coilmark("footprint", folder, canonical_id(pieces(heat.coils[0])[0]))
        assert run.returncode == 0, run.stderr
        told[heat.day] = json.loads(run.stdout)["extensions"][0]["data"]["electricity"]["hourly"]
    assert float(told[4]["renewableShare"]) > 0.85  # its metal was made in the storm of the third day
    assert float(told[8]["renewableShare"]) < 0.3  # in the calm
    assert float(told[4]["pcf"]) * 2 < float(told[8]["pcf"])


def test_there_is_no_footprint_of_what_has_no_passport(shown):
    run = coilmark("footprint", shown[0], "(01)09521214000316(21)NONE")
    assert (run.returncode, b"no passport" in run.stderr) == (2, True)


def _receipts(folder, seed):
    stage = Stage(folder, make_plan(1, seed))
    clear(folder)
    found(stage)
    with open_log(stage.places, clock=stage.clock, randomness=stage.randomness) as log:
        told = islice(tell(stage, log), 30)  # the rest is told in the same way
        return [encode_receipt(receipt) for one in told for _, receipt in one.receipts]


def test_one_seed_gives_one_ledger_to_the_last_byte(tmp_path):
    first = _receipts(tmp_path / "one", "coilmark")
    assert first == _receipts(tmp_path / "one", "coilmark")
    assert first[0] != _receipts(tmp_path / "two", "another")[0]


def test_a_second_run_replaces_the_first_and_nothing_else(tmp_path):
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    run = CliRunner().invoke(cli, ["demo", "--no-serve", "--folder", str(folder)])
    assert run.exit_code == 2
    assert "was not made by `coilmark demo`" in run.stderr
    assert [path.name for path in folder.iterdir()] == ["thesis.txt"]
    (folder / "thesis.txt").unlink()
    clear(folder)
    found(Stage(folder, make_plan(1, "x")))
    assert (folder / MARK).is_file()
    clear(folder)
    assert list(tmp_path.iterdir()) == []


def test_the_head_of_another_ledger_is_left_alone(tmp_path):
    head = tmp_path / "demo.head"
    head.write_text("other.example/log\n1\n" + "A" * 43 + "=\n")
    run = CliRunner().invoke(cli, ["demo", "--no-serve", "--folder", str(tmp_path / "demo")])
    assert run.exit_code == 2
    assert head.read_text().startswith("other.example")
    assert list(tmp_path.iterdir()) == [head]


def test_it_fails_where_tampering_goes_unseen(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "tamper_with_receipt", lambda source, copy, _jwt: _copied(source, copy))
    run = CliRunner().invoke(cli, ["demo", *FEW, "--folder", str(tmp_path / "demo")])
    assert run.exit_code == 1
    assert "The demo did not come out as it should." in run.stderr


def _copied(source, copy):
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(source.read_bytes())


def test_tampering_changes_one_byte(shown, tmp_path):
    source = shown[0] / "receipt.json"
    jwt = json.loads(source.read_bytes())["statement"].split("~")[0].encode()
    tamper_with_receipt(source, tmp_path / "copy" / "receipt.json", jwt)
    pairs = zip(source.read_bytes(), (tmp_path / "copy" / "receipt.json").read_bytes(), strict=True)
    assert sum(a != b for a, b in pairs) == 1


def test_it_serves_what_it_made_until_it_is_told_to_stop(tmp_path):
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "tools.main",
        "demo",
        "--coils",
        "1",
        "--folder",
        str(tmp_path / "demo"),
        "--port",
        str(port),
    ]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        seen = ""
        for line in server.stdout:
            seen += line
            if "is served on" in line:
                break
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=SOON) as answer:
            page = answer.read().decode()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/entries/29", timeout=SOON) as answer:
            one = answer.read()
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=SOON)
    assert server.returncode == 0
    assert f"http://127.0.0.1:{port}/" in seen
    assert "curl -s" in seen
    assert "period-close" in page
    trust = parse_trust((tmp_path / "demo" / "trust.txt").read_bytes())
    assert verify_receipt(one, trust, expected=Expected(index=29)).verified
