"""The benchmark of opening a ledger opens it in each way; what it measures is no matter of tests."""

import json

import pytest
from click.testing import CliRunner

from tools import own_postgres
from tools.bench.open import run_open
from tools.main import cli


@pytest.mark.slow
def test_a_ledger_is_opened_in_each_way(tmp_path):
    figure = run_open(tmp_path, 300)
    assert figure.size == 300
    assert all(seconds > 0 for seconds in figure.as_dict().values())
    assert (tmp_path / "ledger" / "levels" / "level-08").stat().st_size == 32  # made again
    assert (tmp_path / "ledger" / "levels-1" / "level-08").stat().st_size == 32


@pytest.mark.slow
def test_the_command_says_what_it_measured():
    done = CliRunner().invoke(cli, ["bench", "open", "--size", "30", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["size"] == 30


@pytest.mark.slow
@pytest.mark.skipif(bool(own_postgres.why_not()), reason=own_postgres.why_not())
def test_a_reader_opens_it_on_a_replica():
    done = CliRunner().invoke(cli, ["bench", "open", "--size", "300", "--own-postgres", "--json"])
    assert done.exit_code == 0, done.output
    figure = json.loads(done.stdout)
    assert figure["size"] == 300
    assert figure["replica_s"] > 0
    assert figure["replica_without_levels_s"] > 0
