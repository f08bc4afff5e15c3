"""What the proofs benchmark measures: a served ledger, every proof of whose answer is checked. The figures are not."""

import json

import pytest
from click.testing import CliRunner

from ledger.audit.audit import Order, audit
from ledger.audit.sources import DatabaseSource
from ledger.recording.opening import layout, open_log
from tools.bench.ledger import create
from tools.bench.proofs import lengthen
from tools.main import cli


@pytest.mark.slow
def test_one_answer_holds_every_proof():
    done = CliRunner().invoke(cli, ["bench", "proofs", "--size", "300", "--proofs", "50", "--json"])
    assert done.exit_code == 0, done.output
    figure = json.loads(done.stdout.splitlines()[-1])
    assert (figure["size"], figure["proofs"]) == (300, 50)
    assert figure["answer_bytes"] > 50 * 9 * 32  # 8 or 9 hashes a path, and a leaf


@pytest.mark.slow
def test_a_lengthened_ledger_opens_and_fails_its_audit(tmp_path):
    """It is a bench's: good for proofs, and nobody can take it for a ledger."""
    places = layout(tmp_path / "ledger")
    root = lengthen(places, create(places), 40)
    with open_log(places) as log:
        assert (log.state.published.checkpoint.size, log.state.published.checkpoint.root) == (40, root)
    codes = {finding.code for finding in audit(Order(DatabaseSource(places.database))).findings}
    assert {"signature", "body"} <= codes
