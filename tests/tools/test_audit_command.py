"""`coilmark audit` and `coilmark export` as somebody at a terminal meets them."""

import json
import shutil
from contextlib import closing

import pytest
from click.testing import CliRunner
from small_ledger import PLANT, coil, small_ledger

from ledger.store.sqlite.driver import sqlite3
from tools.main import cli


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    """A closed ledger of 12 entries, a checkpoint kept at 8, a trust file; beside it its second head."""
    folder = tmp_path_factory.mktemp("audited")
    with small_ledger(folder) as world:
        for number in range(9):
            if world.size == 8:
                (folder / "kept").write_text(world.log.state.published.note)
            world.post(PLANT, "lot-event", coil(f"C-{number}"))
        (folder / "trust").write_text(world.trust_text)
    return folder


@pytest.fixture
def folder(ledger, tmp_path):
    """A copy that a test may spoil."""
    shutil.copytree(ledger, tmp_path / "park")
    return tmp_path / "park"


def run(*words):
    return CliRunner().invoke(cli, [str(word) for word in words])


def spoil(folder, sql):
    with closing(sqlite3.connect(folder / "ledger" / "ledger.sqlite", isolation_level=None)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(sql)
        for _, trigger in triggers:
            connection.execute(trigger)


def test_clean_ledger(folder):
    run_ = run("audit", folder / "ledger", "--against", folder / "kept", "--trust", folder / "trust", "--jobs", 1)
    assert run_.exit_code == 0, run_.output
    assert "nothing wrong was found: 12 entries, 12 signatures" in run_.output
    assert "checked      the checkpoint kept: signature and consistency" in run_.output
    assert "checked      the head's second place ledger.head: consistency" in run_.output
    assert "not checked  whether what parties signed is true" in run_.output


def test_edited_row_is_named(folder):
    spoil(folder, "UPDATE entry SET jwt = CAST(replace(CAST(jwt AS TEXT), '.', '.A') AS BLOB) WHERE \"index\" = 5")
    spoil(folder, 'UPDATE entry SET seed = zeroblob(32) WHERE "index" = 7')
    result = run("audit", folder / "ledger")
    assert result.exit_code == 1
    assert (
        "FOUND        entry 7: seed and lineage items do not hash to the lineage digest in its entry" in result.output
    )
    assert "entry 5: the stored statement does not hash to the digest in its entry" in result.output


def test_many_findings_are_summed_up_for_people_and_complete_for_machines(folder):
    spoil(folder, "UPDATE entry SET seed = zeroblob(32)")
    result = run("audit", folder / "ledger")
    assert result.output.count("do not hash to the lineage digest") == 5
    assert "… and 7 more of the kind lineage_digest; --json lists all" in result.output
    assert "12 findings: 12 entries" in result.output
    whole = json.loads(run("audit", folder / "ledger", "--json").output)
    assert [one["index"] for one in whole["findings"]] == list(range(12))
    assert (whole["clean"], whole["size"], whole["signatures"]) == (False, 12, 12)


def test_json_of_a_clean_ledger(folder):
    result = run("audit", folder / "ledger", "--json")
    whole = json.loads(result.output)
    assert result.exit_code == 0
    assert (whole["type"], whole["clean"], whole["findings"]) == ("coilmark.audit/v1", True, [])
    assert whole["seconds"] >= 0


def test_lineage_needs_no_statements(folder):
    spoil(folder, "UPDATE entry SET jwt = x''")
    spoil(folder, "DELETE FROM disclosure")
    result = run("audit", folder / "ledger", "--lineage")
    assert result.exit_code == 0, result.output
    assert (
        "not checked  statements, signatures, keys, roles and what each statement implies (--lineage)" in result.output
    )
    assert run("audit", folder / "ledger").exit_code == 1


def test_second_head_that_went_further(folder):
    """An older database was put in the place of this one."""
    text = (folder / "ledger.head").read_text().split("\n")
    (folder / "ledger.head").write_text("\n".join([text[0], "20", *text[2:]]))
    result = run("audit", folder / "ledger")
    assert result.exit_code == 1
    assert "the head's second place ledger.head covers 20 entries, only 12 are stored" in result.output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere"], "there is neither a ledger nor an export in nowhere"),
        (["{park}/ledger", "--against", "nowhere"], "'nowhere' does not exist"),
        (["{park}/ledger", "--trust", "{park}/kept"], "trust file"),
        (["{park}/ledger", "--head", "nowhere"], "nowhere is not there"),
        (["{park}/ledger", "--jobs", "0"], "0 is not in the range"),
    ],
)
def test_wrong_calls(folder, words, says):
    result = run("audit", *(word.format(park=folder) for word in words))
    assert result.exit_code == 2
    assert says in result.output


@pytest.mark.parametrize("form", ["arrow", "parquet"])
def test_export_and_audit_of_it(folder, form):
    result = run("export", folder / "ledger", folder / "out", "--format", form, "--segment", 5, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["files"] == 3
    audited = run("audit", folder / "out", "--against", folder / "kept", "--trust", folder / "trust", "--jobs", 1)
    assert audited.exit_code == 0, audited.output
    assert "nothing wrong was found: 12 entries, 12 signatures" in audited.output


def test_export_without_statements_wants_lineage(folder):
    assert run("export", folder / "ledger", folder / "out", "--without-statements").exit_code == 0
    wrong = run("audit", folder / "out")
    assert (wrong.exit_code, "only --lineage can check it" in wrong.output) == (2, True)
    assert run("audit", folder / "out", "--lineage").exit_code == 0


def test_export_up_to_a_kept_checkpoint_needs_no_log_key(folder):
    (folder / "ledger" / "log.key").unlink()
    without = run("export", folder / "ledger", folder / "out")
    assert (without.exit_code, "give a signed checkpoint with --checkpoint" in without.output) == (2, True)
    given = run("export", folder / "ledger", folder / "out", "--checkpoint", folder / "kept")
    assert given.exit_code == 0, given.output
    assert "8 entries in 1 files" in given.output
    assert run("audit", folder / "out", "--trust", folder / "trust").exit_code == 0


def test_export_of_a_spoiled_ledger_is_refused(folder):
    spoil(folder, 'UPDATE entry SET entry = zeroblob(113) WHERE "index" = 5')
    result = run("export", folder / "ledger", folder / "out")
    assert result.exit_code == 1
    assert "run `coilmark audit`" in result.output
    assert run("export", folder / "ledger", folder / "out").exit_code == 2  # what was begun is not written over
