"""Both stores are measured by turns; what is measured is no matter of tests, how it is put together is."""

import json

import pytest
from click.testing import CliRunner

from tools import own_postgres
from tools.main import cli


@pytest.mark.slow
@pytest.mark.skipif(bool(own_postgres.why_not()), reason=own_postgres.why_not())
def test_every_store_has_its_turn():
    done = CliRunner().invoke(cli, ["bench", "stores", "--statements", "40", "--rounds", "1", "--json"])
    assert done.exit_code == 0, done.output
    figure = json.loads(done.stdout)
    (sqlite,), (postgres,), (two,) = figure["turns"].values()
    for work in (0, 1):
        assert figure["postgres_to_sqlite"][work] == postgres[work]["per_second"] / sqlite[work]["per_second"]
        assert figure["two_processes_to_one"][work] == two[work]["per_second"] / postgres[work]["per_second"]
    assert sqlite[0]["bytes_each"] > 1_000 > postgres[0]["bytes_each"]  # each ledger is where it was to be
    assert sqlite[0]["database_us"] is None
    assert all(figure["server_us"] > 0 for turn in (sqlite, postgres, two) for figure in turn)
