"""`coilmark verify`: numbered steps in plain sentences, exit 0, 1 or 2, and nothing heavy imported."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner
from forged_ledger import with_a_coil
from small_ledger import link, piece, small_ledger

from ledger.kernel.bundle import encode_bundle
from ledger.kernel.receipt import encode_receipt
from tools.verify import command


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """What a reader has on his disk: trust.txt, receipt.json, coil.coilmark.json, statement.txt, short.json."""
    folder = tmp_path_factory.mktemp("files")
    with small_ledger(folder) as world:
        forged = with_a_coil()
        world.submit(forged.wires[3])
        (folder / "trust.txt").write_text(world.trust_text)
        (folder / "receipt.json").write_bytes(encode_receipt(world.receipt(3)))
        (folder / "short.json").write_bytes(encode_receipt(world.receipt(3, may_see=False)))
        (folder / "coil.coilmark.json").write_bytes(encode_bundle(world.bundle(3)))
        (folder / "statement.txt").write_bytes(forged.wires[3] + b"\n")
    return folder


def run(files, *arguments, stdin=None):
    paths = [str(files / one) if (files / one).exists() else one for one in arguments]
    return CliRunner().invoke(command, paths, input=stdin)


def test_a_receipt_that_holds(files):
    result = run(files, "receipt.json", "--trust", "trust.txt")
    lines = result.output.splitlines()
    assert result.exit_code == 0, result.output
    assert lines[0].startswith(" 1  ok           limits and strict decoding: ")
    assert lines[3].startswith(" 4  not checked  index 0: a receipt does not hold index 0")
    assert lines[-1] == "verified: everything that was checked holds; not checked: steps 4, 7, 10, 11."
    assert len(lines) == 15


def test_a_bundle_that_holds(files):
    result = run(files, "coil.coilmark.json", "--trust", "trust.txt", "--piece", link("C-1"), "--index", "3")
    assert result.exit_code == 0, result.output
    assert " 7  ok           party history, key and signature: entry 3 is signed by key" in result.output
    assert f"about entry 3 and piece {piece('C-1')}, as expected" in result.output


def test_a_changed_byte_is_named_by_its_step(files, tmp_path):
    data = (files / "receipt.json").read_bytes()
    at = data.index(b'"statement":"') + 200
    (tmp_path / "changed.json").write_bytes(data[:at] + (b"A" if data[at : at + 1] != b"A" else b"B") + data[at + 1 :])
    result = run(files, str(tmp_path / "changed.json"), "--trust", "trust.txt")
    assert result.exit_code == 1
    assert " 5  FAILED       statement digest: the statement shown for entry 3 has the SHA-256" in result.output
    assert " 6  not checked  header, type and audience: not reached: step 5 failed" in result.output
    assert result.output.splitlines()[-1].startswith("NOT VERIFIED: step 5 failed.")


def test_json_for_machines(files):
    result = run(files, "receipt.json", "--trust", "trust.txt", "--json")
    value = json.loads(result.output)
    assert (result.exit_code, value["verified"], value["of"], len(value["steps"])) == (0, True, "receipt", 13)


def test_json_of_a_failure_has_a_code(files):
    result = run(files, "receipt.json", "--trust", "trust.txt", "--index", "4", "--json")
    value = json.loads(result.output)
    assert (result.exit_code, value["verified"], value["code"]) == (1, False, "expected_index")


def test_standard_input_is_a_file_too(files):
    data = (files / "receipt.json").read_bytes()
    result = run(files, "-", "--trust", "trust.txt", stdin=data)
    assert result.exit_code == 0, result.output


def test_the_statement_goes_with_a_receipt_that_keeps_it_back(files):
    without = run(files, "short.json", "--trust", "trust.txt")
    assert " 5  not checked" in without.output
    result = run(files, "short.json", "--trust", "trust.txt", "--statement", "statement.txt")
    assert result.exit_code == 0, result.output
    assert " 5  ok           statement digest" in result.output


def test_another_statement_is_found_out(files, tmp_path):
    (tmp_path / "other.txt").write_bytes(b"e30.e30.AA~")
    result = run(files, "receipt.json", "--trust", "trust.txt", "--statement", str(tmp_path / "other.txt"))
    assert result.exit_code == 1
    assert " 5  FAILED" in result.output


@pytest.mark.parametrize(
    "junk", [b"", b"\x00", b"{}", b'{"type":"coilmark.bundle/v2"}', b'{"type":"coilmark.bundle/v1"}']
)
def test_junk_is_a_wrong_thing_not_a_crash(files, junk):
    result = run(files, "-", "--trust", "trust.txt", stdin=junk)
    assert (result.exit_code, " 1  FAILED" in result.output) == (1, True)


def test_a_trust_file_of_another_log_is_a_wrong_thing(files, tmp_path):
    other = with_a_coil(log="other")
    from ledger.kernel.trust import format_trust  # noqa: PLC0415

    (tmp_path / "other.txt").write_text(format_trust(other.trust()))
    result = run(files, "receipt.json", "--trust", str(tmp_path / "other.txt"))
    assert (result.exit_code, " 2  FAILED" in result.output) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Missing argument 'FILE'"),
        (("receipt.json",), "Missing option '--trust'"),
        (("nowhere.json", "--trust", "trust.txt"), "'nowhere.json' does not exist"),
        (("receipt.json", "--trust", "nowhere.txt"), "'nowhere.txt' does not exist"),
        (("receipt.json", "--trust", "receipt.json"), "the last line of the trust file has no newline"),
        (("receipt.json", "--trust", "trust.txt", "--piece", "C-1"), "Invalid value for --piece"),
        (("receipt.json", "--trust", "trust.txt", "--index", "-1"), "-1 is not in the range x>=0"),
        (("coil.coilmark.json", "--trust", "trust.txt", "--statement", "statement.txt"), "goes with a receipt"),
        (("receipt.json", "--trust", "trust.txt", "--quick"), "No such option"),
    ],
)
def test_a_wrong_call_exits_2_and_says_why(files, arguments, sentence):
    result = run(files, *arguments)
    assert (result.exit_code, sentence in result.output) == (2, True), result.output


def test_a_file_that_cannot_be_read_is_a_wrong_call(files, tmp_path):
    result = run(files, str(tmp_path), "--trust", "trust.txt")
    assert (result.exit_code, "is a directory" in result.output) == (2, True)


def test_nothing_heavy_is_imported():
    """No database, no network library, no schema library: what is not there cannot be asked."""
    heavy = "sqlmodel sqlalchemy litestar pyarrow jsonschema_rs msgspec rich http.client socket"
    heavy += " ledger.store ledger.recording.log"
    program = f"import sys, tools.verify; print([name for name in '{heavy}'.split() if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
