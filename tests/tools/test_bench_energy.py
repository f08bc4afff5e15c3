"""The energy benchmark posts every row to a server that runs, and all of it audits clean."""

import pytest

from tools.bench.energy import ROWS_A_DAY, run_energy


@pytest.mark.slow
def test_a_day_of_rows_over_http(tmp_path):
    figure = run_energy(tmp_path, 1)
    assert (figure.rows, figure.attestations, figure.allocations) == (ROWS_A_DAY, 144, 2)
    assert figure.statements == 2 + 1 + 144 + 10 + 2  # founding, the park's processes, hours, days of each process
    assert figure.post_s > 0
    assert figure.server_s > 0
