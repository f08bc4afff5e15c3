"""The benchmark of a takeover runs and ends; what it measures is no matter of tests."""

import pytest

from tools.bench.takeover import run_takeover


@pytest.mark.slow
def test_a_takeover_is_measured(tmp_path, place):
    urls = (place.writer, place.owner) if place else (None, None)
    assert len(run_takeover(tmp_path, 1, *urls).seconds) == 1
