"""`coilmark compare`: two auditors each follow one branch of a split ledger; what comes of it convinces a third."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from forged_ledger import with_a_coil
from small_ledger import World, coil, signer, small_ledger

from ledger.kernel.bundle import encode_bundle
from ledger.kernel.note import format_vkey, vkey_of
from ledger.kernel.receipt import encode_receipt
from ledger.recording.opening import layout
from tests.api.served import serving_world
from tools.main import cli

SPLIT = 8  # entries that both branches share


def run(*words):
    return CliRunner().invoke(cli, [str(word) for word in words])


def grow(world, name, count):
    for number in range(count):
        world.post(world.plant, "lot-event", coil(f"{name}-{number}"))


@pytest.fixture(scope="module")
def split(tmp_path_factory):
    """Two folders with the same log key and other entries from index 8 on: honest at 11 entries, other at 14."""
    folder = tmp_path_factory.mktemp("split")
    with small_ledger(folder) as world:
        grow(world, "shared", SPLIT - world.size)
        (folder / "shared.note").write_text(world.log.state.published.note)
        (folder / "shared.json").write_bytes(encode_receipt(world.receipt(SPLIT - 1)))
        (folder / "trust.txt").write_text(world.trust_text)
        world.close()
        ledger, copy = folder / "ledger", folder / "copy"
        shutil.copytree(ledger, copy)
        shutil.copy(world.places.head, folder / "copy.head")
        for name, count in (("honest", 3), ("other", 6)):
            world.reopen()
            grow(world, name, count)
            (folder / f"{name}.note").write_text(world.log.state.published.note)
            (folder / f"{name}.json").write_bytes(encode_receipt(world.receipt(SPLIT)))
            (folder / f"{name}.coilmark.json").write_bytes(encode_bundle(world.bundle(SPLIT)))
            world.close()
            ledger.rename(folder / name)
            Path(f"{ledger}.head").rename(folder / f"{name}.head")
            if name == "honest":
                copy.rename(ledger)
                Path(f"{copy}.head").rename(f"{ledger}.head")
        assert run("export", folder / "other", folder / "export").exit_code == 0
    return folder


@pytest.fixture
def compared(split, tmp_path):
    """Compare; the outcome as JSON, and the file of the proof."""

    def compared(*words, status):
        proof = tmp_path / "proof.json"
        result = run("compare", *words, "--trust", split / "trust.txt", "--proof", proof, "--json")
        assert result.exit_code == status, result.output
        return json.loads(result.output), proof

    return compared


def convinced(split, proof):
    """A third party with nothing but the file and the log's key."""
    result = run("verify", proof, "--trust", split / "trust.txt")
    assert result.exit_code == 0, result.output
    return result.output.splitlines()[-1]


def test_a_branch_is_consistent_with_what_it_grew_from(split, compared):
    said, proof = compared(split / "shared.note", split / "other.note", "--with", split / "other", status=0)
    assert said["consistent"]
    assert said["sentence"] == "consistent: the 14 entries of other.note begin with the 8 of shared.note"
    assert not proof.exists()


@pytest.mark.parametrize(
    "evidence", [["--with", "other"], ["--with", "export"], ["--with", "honest", "--with", "export"]]
)
def test_two_branches_are_proven_to_be_a_fork(split, compared, evidence):
    words = [split / word if word != "--with" else word for word in evidence]
    said, proof = compared(split / "honest.note", split / "other.note", *words, status=1)
    assert not said["consistent"]
    assert convinced(split, proof).startswith("PROVEN: ledger.example/park signed that its first 11 entries have root ")


def test_an_export_is_a_side_and_the_evidence(split, compared):
    _, proof = compared(split / "honest.note", split / "export", status=1)
    convinced(split, proof)


def test_without_the_leaves_nothing_is_said(split, compared):
    said, proof = compared(split / "honest.note", split / "other.note", status=2)
    assert said["code"] == "no_evidence"
    assert not proof.exists()


def test_two_receipts_contradict_each_other_without_any_leaves(split, compared):
    _, proof = compared(split / "honest.json", split / "other.json", status=1)
    assert "signed two different entries 8" in convinced(split, proof)
    assert b"statement" not in proof.read_bytes()


def test_receipts_that_agree_are_compared_by_their_checkpoints(split, compared):
    compared(split / "shared.json", split / "other.json", "--with", split / "other", status=0)
    compared(split / "shared.json", split / "honest.coilmark.json", "--with", split / "honest", status=0)


def test_served_branches(split, compared):
    """E2: each auditor follows one server; the one who holds an old note meets the other server."""

    world = World(layout(split / "other"), "https://ledger.example/park", "ledger.example/park")
    with serving_world(world, checkers=0) as served:
        url = f"http://127.0.0.1:{served.port}"
        said, _ = compared(split / "shared.note", url, status=0)
        assert said["consistent"]
        _, proof = compared(split / "honest.note", url, status=1)
        convinced(split, proof)
        _, proof = compared(split / "honest.json", url, status=1)
        convinced(split, proof)


def test_another_log_is_another_log(split, tmp_path):
    elsewhere = with_a_coil(log="log 2", origin="elsewhere.example")
    (tmp_path / "note").write_text(elsewhere.note())
    line = format_vkey(vkey_of(elsewhere.origin, signer(elsewhere.log).key))
    trust = tmp_path / "both.txt"
    trust.write_text(f"log {line}\n" + (split / "trust.txt").read_text())
    result = run("compare", split / "shared.note", tmp_path / "note", "--trust", trust, "--json")
    assert (result.exit_code, json.loads(result.output)["code"]) == (2, "other_log")


def test_who_did_not_sign_is_not_compared(split, compared, tmp_path):
    note = (split / "shared.note").read_text().replace("\n8\n", "\n9\n")
    (tmp_path / "note").write_text(note)
    said, proof = compared(tmp_path / "note", split / "other.note", status=1)
    assert said["code"] == "signature"
    assert not proof.exists()


@pytest.mark.parametrize("source", ["nothing", "http://127.0.0.1:1"])
def test_a_source_that_is_not_there(split, compared, source):
    said, _ = compared(source, split / "other.note", status=2)
    assert said["code"] in {"no_source", "no_answer"}
