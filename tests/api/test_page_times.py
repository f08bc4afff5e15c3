"""How long pages took is told of in the metrics: from when a request had arrived, and of pages alone."""

from asyncio import run
from types import SimpleNamespace

from api.metrics import Metrics
from api.page_times import ARRIVED, timing_pages

APP = SimpleNamespace(state={})


def told(scopes, times):
    """The metrics of a server that is asked so; it looks at the clock at these times, in seconds."""
    APP.state["desk"] = SimpleNamespace(metrics=Metrics())

    async def answered(scope, receive, send):
        pass

    timed = timing_pages(APP, answered, now=iter(times).__next__)
    for scope in scopes:
        run(timed(scope, None, None))
    return APP.state["desk"].metrics.page().decode()


def test_a_page_is_timed_from_its_arrival():
    page = {"type": "http", "path": "/page/01/09521214000316/21/C1", "state": {ARRIVED: 1.0}}
    metrics = told([page], (1.25, 1.5))
    assert 'coilmark_page_seconds_bucket{le="0.1"} 0.0' in metrics
    assert "coilmark_page_seconds_count 1.0" in metrics
    assert "coilmark_page_seconds_sum 0.5" in metrics


def test_nothing_else_is():
    others = [{"type": "http", "path": "/healthz", "state": {}}, {"type": "lifespan", "state": {}}]
    assert "coilmark_page_seconds_count 0.0" in told(others, (1.0, 2.0, 3.0, 4.0))
