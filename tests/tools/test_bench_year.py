"""`coilmark bench year`: a ledger that was really told, audited clean, with a footprint for each of its pieces."""

import json

import pytest
from click.testing import CliRunner

from tools.main import cli


@pytest.mark.slow
def test_a_park_is_told_audited_and_accounted_for(tmp_path):
    asked = ["--coils", "4", "--days", "21", "--renewed", "7", "--restated", "14", "--folder", str(tmp_path), "--json"]
    done = CliRunner().invoke(cli, ["bench", "year", *asked])
    assert done.exit_code == 0, done.output
    figure = json.loads(done.stdout)
    assert (figure["coils"], figure["days"], figure["not_checked"]) == (4, 21, [])
    assert list(figure["spent"]) == ["restate", "record", "audit", "footprints"]
    assert figure["entries"] > figure["attestations"] > 5 * 24 * 21
    assert figure["rows"] > 5_000
    assert figure["footprints"] >= figure["coils"]
    assert figure["passports"] > 0
    assert figure["bytes"] > 1_000 * figure["entries"]
    told = (tmp_path / "progress.log").read_text("utf-8").splitlines()
    assert "telling and recording 0/22" in told[0]
    assert told[-1].endswith("accounted for 1/1")
    assert json.loads((tmp_path / "figures.json").read_text("utf-8")) == figure
    assert {"ledger", "footprints.arrow"} < {one.name for one in tmp_path.iterdir()}
