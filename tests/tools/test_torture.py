"""`coilmark torture --quick`, and the torturer itself: its oracle sees each broken promise.

Not overload: what that says takes a machine of its own.
"""

import json

import pytest
from click.testing import CliRunner

from ledger.kernel.checkpoint import Checkpoint
from tests.slow_merkle import mth
from tools import own_postgres
from tools.main import cli
from tools.torture import disk, faults, servers
from tools.torture.history import FAIL, INFO, OK, Attempt, History, Kept, judge
from tools.torture.totals import keep, totals


class Tree:
    def __init__(self, leaves):
        self.leaves = leaves

    def root(self, size):
        return mth(self.leaves[:size])


def attempt(number, outcome=OK, index=None, invoked=0, settled=1):
    leaf = bytes([number]) * 32
    index = number if index is None else index
    return Attempt(b"statement %d~" % number, invoked, settled, outcome, index, leaf)


def kept(*numbers):
    entries = [(attempt(number).digest, bytes([number]) * 32) for number in numbers]
    return Kept(entries, Tree([leaf for _, leaf in entries]))


def test_a_history_that_was_kept():
    history = History([attempt(0), attempt(1), attempt(2, FAIL), attempt(3, INFO)])
    history.heads = {Checkpoint("log", size, kept(0, 1).tree.root(size)) for size in (1, 2)}
    assert judge(history, kept(0, 1)) == []
    assert judge(history, kept(0, 1, 3)) == []


@pytest.mark.parametrize(
    ("attempts", "stored", "says"),
    [
        ([attempt(0), attempt(1)], [0], "entry 1 was acknowledged, its statement is stored 0 times"),
        ([attempt(0)], [0, 0], "entry 0 was acknowledged, its statement is stored 2 times"),
        ([attempt(0, index=1), attempt(1, index=0)], [0, 1], "entry 1 was acknowledged, something else stands there"),
        ([attempt(1, FAIL)], [1], "a statement that was refused is stored"),
        ([attempt(1, INFO)], [1, 1], "a statement whose outcome was unknown is stored more than once"),
        (
            [attempt(0, invoked=5, settled=6), attempt(1, invoked=1, settled=2)],
            [0, 1],
            "entry 0 was sent after entry 1 had been acknowledged",
        ),
    ],
)
def test_each_broken_promise_is_seen(attempts, stored, says):
    assert says in judge(History(attempts), kept(*stored))


@pytest.mark.parametrize("head", [Checkpoint("log", 2, bytes(32)), Checkpoint("log", 3, bytes(32))])
def test_a_head_of_another_history_is_seen(head):
    (said,) = judge(History([], {head}), kept(0, 1))
    assert said.startswith(f"a head of size {head.size} was shown")


def test_a_takeover_is_measured_where_something_was_sent_after_the_kill():
    history = History([attempt(0, invoked=1, settled=9_000_000), attempt(1, invoked=8_000_000, settled=9_000_000)])
    assert list(servers._takeovers(history, [6_000_000, 8_500_000])) == [0.003]


def test_runs_are_added_up(tmp_path):
    def one(seed, cycles, broken):
        killed = {"store": "SQLite", "cycles": cycles, "strikes": {"server": cycles - 1, "SIGTERM": 1}, "lost": 0}
        killed |= {"slowest_start": cycles / 10, "broken": broken, "took": 1.5}
        return {
            "type": "coilmark.torture/v1",
            "seed": seed,
            "kill-sqlite": killed,
            "broken": ["kill-sqlite"] * bool(broken),
        }

    keep(tmp_path / "runs", one(7, 20, []))
    assert totals(keep(tmp_path / "runs", one(8, 30, ["a promise"]))) == {
        "runs": 2,
        "seeds": [7, 8],
        "kill-sqlite": {
            "store": "SQLite",
            "cycles": 50,
            "strikes": {"server": 48, "SIGTERM": 2},
            "lost": 0,
            "slowest_start": 3.0,
            "broken": ["a promise"],
            "took": 3.0,
        },
        "broken": ["kill-sqlite"],
    }


def run(what, *options):
    """The figures of a short run."""
    result = CliRunner().invoke(cli, ["torture", what, *options, "--quick", "--json", "--seed", "8"])
    assert result.exit_code == 0, result.output
    return json.loads(result.output)[what]


@pytest.mark.slow
def test_a_short_kill_loop():
    figures = run("kill-sqlite", "--cycles", "11")
    assert (figures["cycles"], figures["lost"], figures["broken"]) == (11, 0, [])


@pytest.mark.slow
@pytest.mark.skipif(bool(own_postgres.why_not()), reason=own_postgres.why_not())
def test_a_short_kill_loop_on_postgres():
    figures = run("kill-postgres")
    assert (figures["cycles"], figures["lost"], figures["broken"]) == (6, 0, [])


@pytest.mark.slow
@pytest.mark.skipif(bool(own_postgres.why_not()), reason=own_postgres.why_not())
@pytest.mark.parametrize("what", ["kill-servers", "kill-workers"])
def test_a_short_kill_loop_of_two_servers(what):
    figures = run(what)
    assert (figures["cycles"], figures["lost"], figures["broken"]) == (6, 0, [])
    assert figures["acknowledged"] > 0
    assert "slowest_takeover" in figures  # not how long: some run kills only the one that stands by


@pytest.mark.slow
@pytest.mark.skipif(bool(faults.why_not()), reason=faults.why_not())
@pytest.mark.parametrize(
    ("what", "store"),
    [
        ("faults", "SQLite"),
        pytest.param(
            "faults-postgres",
            "PostgreSQL",
            marks=pytest.mark.skipif(bool(own_postgres.why_not()), reason=own_postgres.why_not()),
        ),
    ],
)
def test_some_system_calls_fail(what, store):
    figures = run(what)
    assert figures["store"] == store
    assert figures["calls"] > 20
    assert figures["broken"] == []


@pytest.mark.slow
def test_a_disk_that_fills_up():
    if reason := disk.why_not():
        pytest.skip(reason)
    figures = run("disk")
    reserve = figures["with_reserve"]
    assert reserve["refused"].keys() == {"storage_full"}
    assert reserve["least_free"] >= reserve["reserve"] << 20  # the reserve was never touched
    assert reserve["alarmed"]
    if "postgres" in figures:
        postgres = figures["postgres"]
        assert postgres["refused"].keys() == {"outcome_unknown"}
        assert not postgres["database_restarted"]
        assert postgres["reads"]
    assert figures["broken"] == []


@pytest.mark.slow
def test_some_bytes_flip():
    figures = run("flips")
    assert figures["database"] > 30
    assert figures["exports"] > 60
    assert figures["bundles"] > 60
    assert figures["unseen"] == []


@pytest.mark.slow
def test_a_ledger_that_was_killed_starts():
    figures = run("start")
    assert (figures["entries"], len(figures["seconds_to_ready"])) == (5_000, 3)
