"""`coilmark bench year`: a ledger that was really told, audited clean, with a footprint for each of its pieces."""

import json

import pytest
from click.testing import CliRunner

from tools.main import cli


@pytest.mark.slow
def test_a_park_is_told_audited_and_accounted_for():
    done = CliRunner().invoke(cli, ["bench", "year", "--coils", "4", "--json"])
    assert done.exit_code == 0, done.output
    figure = json.loads(done.stdout)
    assert (figure["coils"], figure["days"], figure["not_checked"]) == (4, 21, [])
    assert list(figure["spent"]) == ["restate", "record", "audit", "footprints"]
    assert figure["entries"] > figure["attestations"] > 24 * 21
    assert figure["rows"] > 1_000
    assert figure["footprints"] >= figure["coils"]
    assert figure["passports"] > 0
    assert figure["bytes"] > 1_000 * figure["entries"]
