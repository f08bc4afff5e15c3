import json

import pytest
from small_park import coilmark, here, layout

from ledger.bodies import check_body
from ledger.kernel.errors import Missing
from ledger.kernel.keys import generate, load_signer
from ledger.kernel.statement import parse
from ledger.kernel.trust import parse_trust
from ledger.recording.opening import open_log

OPERATOR = "(417)9521210000013"


@pytest.fixture
def operator_key(tmp_path):
    path = tmp_path / "operator.pem"
    path.write_bytes(generate())
    return path


def init(folder, key, *more, run=here):
    return run(
        "init", folder, "--uri", "https://ledger.example/one", "--origin", "ledger.example/log", "--key", key, *more
    )


def test_a_new_ledger_opens_with_index_0_and_a_trust_file_that_names_its_key(tmp_path, operator_key):
    folder = tmp_path / "ledger"
    run = init(folder, operator_key, "--id", OPERATOR, "--name", "Park", run=coilmark)
    assert (run.returncode, run.stderr) == (0, b"")
    with open_log(layout(folder)) as log, log.store.reading() as transaction:
        assert log.state.published.checkpoint.size == 1
        statement = parse(transaction.entry(0).wire)
    body = statement.body
    check_body("ledger", body)
    assert (statement.iss, body["operator"]["name"], body["incarnation"]) == (OPERATOR, "Park", 0)
    trust = parse_trust((folder / "trust.txt").read_bytes())
    (line,) = (line for line in (folder / "trust.txt").read_text().splitlines() if line.startswith("log "))
    assert line.split()[1] == body["log_keys"][0]
    assert (trust.quorum, trust.logs[0].vkey.name) == (None, "ledger.example/log")
    assert (folder / "log.key").stat().st_mode & 0o777 == 0o600
    assert load_signer((folder / "log.key").read_bytes()).key.raw == trust.logs[0].vkey.raw


def test_the_operator_may_come_with_a_profile_and_the_head_lie_elsewhere(tmp_path, operator_key):
    profile = {"id": OPERATOR, "name": "Park", "roles": ["lot-event"], "prefixes": ["9521210"]}
    (tmp_path / "park.json").write_text(json.dumps(profile))
    head = tmp_path / "other-disk" / "head"
    run = init(tmp_path / "ledger", operator_key, "--operator", tmp_path / "park.json", "--head", head)
    assert run.returncode == 0, run.stderr
    assert head.is_file()
    with open_log(layout(tmp_path / "ledger", head)) as log:
        assert log.state.registry.party(OPERATOR).profile == profile


def test_a_folder_with_anything_in_it_is_left_alone(tmp_path, operator_key):
    folder = tmp_path / "ledger"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    run = init(folder, operator_key, "--id", OPERATOR, "--name", "Park")
    assert run.returncode == 2
    assert b"is not empty; a ledger is created once and never overwritten" in run.stderr
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]


def test_twice_is_refused_and_changes_nothing(tmp_path, operator_key):
    folder = tmp_path / "ledger"
    options = ("--id", OPERATOR, "--name", "Park")
    assert init(folder, operator_key, *options).returncode == 0
    before = (folder / "ledger.sqlite").read_bytes()
    assert init(folder, operator_key, *options).returncode == 2
    assert (folder / "ledger.sqlite").read_bytes() == before


@pytest.mark.parametrize("options", [[], ["--id", OPERATOR]])
def test_an_operator_is_wanted(tmp_path, operator_key, options):
    run = init(tmp_path / "ledger", operator_key, *options)
    assert run.returncode == 2
    assert b"--operator is wanted, or --id and --name" in run.stderr
    assert not (tmp_path / "ledger").exists()


def test_an_id_that_is_none_makes_no_ledger(tmp_path, operator_key):
    run = init(tmp_path / "ledger", operator_key, "--id", "(417)9521210000010", "--name", "Park")
    assert run.returncode == 1, run
    assert b"coilmark: " in run.stderr
    assert not (tmp_path / "ledger").exists()


def test_a_head_that_is_kept_already_makes_no_ledger_and_leaves_no_key(tmp_path, operator_key):
    (tmp_path / "ledger.head").write_text("another's")
    run = init(tmp_path / "ledger", operator_key, "--id", OPERATOR, "--name", "Park")
    assert run.returncode == 2
    assert b"ledger.head" in run.stderr
    assert not (tmp_path / "ledger").exists()
    assert (tmp_path / "ledger.head").read_text() == "another's"


def test_a_folder_that_init_left_without_a_key_says_so(tmp_path, operator_key):
    folder = tmp_path / "ledger"
    assert init(folder, operator_key, "--id", OPERATOR, "--name", "Park").returncode == 0
    (folder / "log.key").unlink()
    with (
        pytest.raises(Missing, match=r"no .*log\.key: it was lost, or `coilmark init` did not finish"),
        open_log(layout(folder)),
    ):
        pass
