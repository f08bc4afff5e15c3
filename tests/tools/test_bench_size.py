"""What a statement takes on the disk is counted on both stores, and belongs to what was recorded."""

import json

import pytest
from click.testing import CliRunner

from tools import own_postgres
from tools.main import cli


@pytest.mark.slow
@pytest.mark.skipif(bool(own_postgres.why_not()), reason=own_postgres.why_not())
def test_a_statement_has_its_size_on_each_store():
    done = CliRunner().invoke(cli, ["bench", "size", "--statements", "1000", "--json"])
    assert done.exit_code == 0, done.output
    figure = json.loads(done.stdout)
    sizes = [figure["sqlite"], sum(figure["tables"].values()), figure["backup"]]
    assert all(1_200 * 1_000 < size < 10_000 * 1_000 for size in sizes)  # more than its wire form, which is in it
    assert figure["tables"]["entry"] == max(figure["tables"].values())
    assert 32 * 1_000 < figure["levels"] < 100 * 1_000
