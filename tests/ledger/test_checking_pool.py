"""Checks in worker processes say what checks right here say, and a worker that dies costs nobody an answer."""

import multiprocessing
import os
import signal
import threading

import pytest
from small_ledger import coil, small_ledger

from ledger.checking import pool as checking_pool
from ledger.checking.pool import CheckingPool
from ledger.checking.statements import check_all
from ledger.kernel.errors import Busy, Malformed, Unauthorised
from tests.eventually import SOON


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with small_ledger(tmp_path_factory.mktemp("pool")) as made:
        yield made


@pytest.fixture
def wires(world):
    return [world.statement(world.plant, "lot-event", coil(f"P-{n}")) for n in range(150)]


def _pool(workers=1, **settings):
    pool = CheckingPool(workers, **settings)
    pool.start()
    return pool


def _verdicts(pool, world, wires):
    chunks = pool.submit(wires, world.uri, world.log.state.registry.key)
    return [verdict for chunk in chunks for verdict in chunk.result(SOON)]


def test_the_pool_says_what_the_check_says(world, wires):
    wires[3] = b"x"
    wires[80] = wires[80][:-10] + b"AAAAAAAAA~"
    wires[149] = world.statement(world.plant, "lot-event", coil("P-x"), aud="https://other.example/")
    here = check_all(wires, world.uri, world.log.state.registry.all_keys())
    pool = _pool(2)
    there = _verdicts(pool, world, wires)
    pool.stop()
    assert [type(verdict) for verdict in there] == [type(verdict) for verdict in here]
    assert [(v.code, v.sentence, v.facts) for v in there if isinstance(v, Exception)] == [
        (v.code, v.sentence, v.facts) for v in here if isinstance(v, Exception)
    ]
    assert isinstance(there[3], Malformed)
    assert isinstance(there[80], Unauthorised)
    for mine, yours in zip(here, there, strict=True):
        if not isinstance(mine, Exception):
            assert mine == yours
            assert yours.signed_by == yours.statement.kid


def test_a_key_that_is_not_known_is_left_to_the_sequencer(world):
    stranger = world.plant.with_key("somebody")
    pool = _pool()
    (verdict,) = _verdicts(pool, world, [world.statement(stranger, "lot-event", coil("P-1"))])
    pool.stop()
    assert verdict.signed_by == ""


def test_a_worker_that_is_killed_is_replaced_and_its_rows_are_checked(world, wires):
    others = _children()
    pool = _pool()
    assert len(_verdicts(pool, world, wires)) == 150
    (worker,) = _children() - others
    chunks = pool.submit(wires, world.uri, world.log.state.registry.key)
    os.kill(worker, signal.SIGKILL)
    assert all(v.signed_by for chunk in chunks for v in chunk.result(SOON))
    pool.stop()


@pytest.mark.slow
def test_rows_that_kill_every_worker_are_busy_and_others_are_not(world, wires, monkeypatch):
    monkeypatch.setattr(checking_pool, "_answer", _dying)
    pool = _pool()
    chunks = pool.submit(wires[:100], world.uri, world.log.state.registry.key)
    for chunk in chunks:
        with pytest.raises(Busy, match="could not be checked; retry with the same ids") as caught:
            chunk.result(SOON)
        assert caught.value.retry_after == 1
    monkeypatch.undo()
    assert len(_verdicts(pool, world, wires)) == 150
    pool.stop()


def test_a_worker_that_does_not_answer_is_given_up(world, wires, monkeypatch):
    monkeypatch.setattr(checking_pool, "_answer", _sleeping)
    pool = _pool(seconds=0.05)
    (chunk,) = pool.submit(wires[:1], world.uri, world.log.state.registry.key)
    with pytest.raises(Busy, match="could not be checked"):
        chunk.result(SOON)
    pool.stop()


def test_a_fault_in_the_checks_is_no_refusal(world, wires, monkeypatch):
    monkeypatch.setattr(checking_pool, "_answer", _faulty)
    pool = _pool()
    (chunk,) = pool.submit(wires[:1], world.uri, world.log.state.registry.key)
    with pytest.raises(RuntimeError, match=r"a worker raised KeyError\('x'\)"):
        chunk.result(SOON)
    pool.stop()


def test_too_much_at_once_is_busy(world, wires):
    pool = CheckingPool(0, waiting=100)
    pool.submit(wires[:60], world.uri, world.log.state.registry.key)
    with pytest.raises(Busy, match="60 statements wait to be checked"):
        pool.submit(wires[:41], world.uri, world.log.state.registry.key)
    pool.submit(wires[:40], world.uri, world.log.state.registry.key)


@pytest.mark.parametrize("header", [b"", b"x", b"\xff", b"e30", b"bnVsbA", b"eyJraWQiOjF9", b"W" * 2000, b"=" * 10])
def test_a_header_that_cannot_be_read_names_no_key(header):
    assert CheckingPool(0)._kid(header + b".x.y~") == ""


def test_the_kids_kept_do_not_grow_without_end():
    pool = CheckingPool(0)
    for number in range(checking_pool._HEADERS_KEPT + 10):
        pool._kid(b"%d.x.y~" % number)
    assert len(pool._kids) <= checking_pool._HEADERS_KEPT


def test_a_pool_that_stopped_says_so_and_leaves_nobody_waiting(world, wires):
    pool = _pool()
    assert pool.make(bytes, 3).result(SOON) == bytes(3)
    pool.stop()
    with pytest.raises(Busy):
        pool.make(bytes, 3).result(SOON)
    (chunk,) = pool.submit(wires[:1], world.uri, world.log.state.registry.key)
    with pytest.raises(Busy):
        chunk.result(SOON)


def test_answers_are_made_before_more_is_checked(world, wires, monkeypatch):
    pool, done = CheckingPool(1), []
    monkeypatch.setattr(pool, "start", lambda: None)  # not before all of it is handed in
    checks = pool.submit(wires[:20], world.uri, world.log.state.registry.key)
    checks[0].add_done_callback(lambda _: done.append("checks"))
    answer = pool.make(bytes, 3)
    answer.add_done_callback(lambda _: done.append("answer"))
    monkeypatch.undo()
    pool.start()
    pool.stop()
    assert done == ["answer", "checks"]


def test_workers_end_with_the_pool(world, wires):
    before, others = set(threading.enumerate()), _children()
    pool = _pool(2)
    _verdicts(pool, world, wires)
    workers = _children() - others
    assert len(workers) == 2
    pool.stop()
    assert set(threading.enumerate()) <= before
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)


def _children():
    return {child.pid for child in multiprocessing.active_children()}


def _dying(_work):
    os._exit(1)


def _sleeping(_work):
    threading.Event().wait(SOON)


def _faulty(_work):
    return checking_pool._Fault(repr(KeyError("x")))
