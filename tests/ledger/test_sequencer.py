"""Many callers, one writer: every caller gets an answer that is true."""

import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from ledger.kernel.errors import Busy, Conflict, RuleBroken, Unsettled
from ledger.recording import log as log_module
from ledger.recording.log import Submission
from ledger.recording.pace import Pace
from ledger.recording.sequencer import Sequencer
from tests.eventually import SOON, eventually
from tests.small_ledger import coil, ledger_body, small_ledger
from tests.whole import check_whole

# Never so many that it steps down: that is `test_servers`' affair.
PACE = Pace(reload=0.01, tries=1_000_000)


@pytest.fixture
def world(tmp_path, place):
    with small_ledger(tmp_path, place=place) as world:
        yield world


@pytest.fixture
def sequencer(world):
    sequencer = Sequencer(world.log, PACE)
    sequencer.start()
    yield sequencer
    sequencer.stop()


def submission(world, *serials, **claims):
    wires = [world.statement(world.plant, "lot-event", coil(serial), **claims) for serial in serials]
    return Submission(tuple(world.check(wire) for wire in wires))


def test_callers_share_commits_and_each_gets_its_own_receipt(world, sequencer):
    jobs = [submission(world, f"C-{n}") for n in range(200)]
    with ThreadPoolExecutor(16) as callers:
        answers = list(callers.map(lambda job: sequencer.submit(job).result(SOON), jobs))
    receipts = [answer.receipts[0] for answer in answers]
    assert sorted(receipt.entry.index for receipt in receipts) == list(range(3, 203))
    for job, receipt in zip(jobs, receipts, strict=True):
        assert receipt.statement == job.statements[0].statement.wire
    check_whole(world, receipts)


def test_the_same_statement_from_many_callers_is_one_entry(world, sequencer):
    job = submission(world, "C-1")
    with ThreadPoolExecutor(16) as callers:
        answers = list(callers.map(lambda _: sequencer.submit(job).result(SOON), range(50)))
    assert {answer.admitted.indices for answer in answers} == {(3,)}
    assert world.size == 4


def test_of_two_that_want_the_same_id_one_gets_it(world, sequencer):
    jobs = [submission(world, "C-1") for _ in range(20)]
    with ThreadPoolExecutor(16) as callers:
        futures = list(callers.map(sequencer.submit, jobs))
    outcomes = [future.exception(SOON) for future in futures]
    assert outcomes.count(None) == 1
    assert {type(outcome) for outcome in outcomes if outcome} == {Conflict}


def test_batches_keep_contiguous_indices(world, sequencer):
    jobs = [submission(world, *(f"B{b}-{n}" for n in range(10))) for b in range(10)]
    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(lambda job: sequencer.submit(job).result(SOON), jobs))
    for answer in answers:
        first = answer.admitted.indices[0]
        assert answer.admitted.indices == tuple(range(first, first + 10))
    check_whole(world, [receipt for answer in answers for receipt in answer.receipts])


def test_a_refusal_reaches_its_caller_alone(world, sequencer):
    good, bad = submission(world, "C-1"), submission(world, "C-2", "C-2")
    first, second, third = (sequencer.submit(job) for job in (good, bad, submission(world, "C-2")))
    assert first.result(SOON).admitted.indices == (3,)
    assert second.exception(SOON).code == "batch_refused"
    assert third.result(SOON).admitted.indices == (4,)


def test_an_unknown_outcome_is_said_so_and_settled_by_the_retry(world, sequencer, monkeypatch):
    job = submission(world, "C-1")
    with monkeypatch.context() as broken:

        def failing(*_):
            raise OSError(5, "Input/output error")

        broken.setattr(log_module, "sign_checkpoint", failing)
        error = sequencer.submit(job).exception(SOON)
        assert isinstance(error, Unsettled)
        assert "it is not known whether this was recorded" in str(error)
        assert "retry with the same id" in str(error)
        assert isinstance(sequencer.submit(job).exception(SOON), Unsettled)
        assert sequencer.broken is not None
    answer = sequencer.submit(job).result(SOON)
    assert answer.admitted.indices == (3,)
    assert answer.admitted.repeated == (True,)
    assert sequencer.broken is None
    check_whole(world, answer.receipts)


def test_a_broken_ledger_opens_again_without_being_asked(world, sequencer, monkeypatch):
    with monkeypatch.context() as broken:

        def failing(*_):
            raise OSError(5, "Input/output error")

        broken.setattr(log_module, "sign_checkpoint", failing)
        assert isinstance(sequencer.submit(submission(world, "C-1")).exception(SOON), Unsettled)
        assert isinstance(sequencer.rehearse(submission(world, "C-2")).exception(SOON), Unsettled)
    eventually(lambda: sequencer.broken is None)
    check_whole(world)


def test_a_reload_that_fails_records_nothing(world, monkeypatch):
    """After a commit of unknown outcome the head is read again first; where that fails, nothing is tried."""
    sequencer = Sequencer(world.log, PACE)
    sequencer.start()
    tried = []
    with monkeypatch.context() as broken:

        def failing(*_):
            raise OSError(5, "Input/output error")

        broken.setattr(world.log, "lead", failing)
        broken.setattr(world.log, "append", lambda jobs: tried.append(len(jobs)) or failing())
        assert isinstance(sequencer.submit(submission(world, "C-1")).exception(SOON), Unsettled)
        assert isinstance(sequencer.submit(submission(world, "C-2")).exception(SOON), Unsettled)
    assert tried == [1]
    sequencer.stop()


def test_no_ledger_statement_is_posted(world, sequencer):
    previous = {"checkpoint": world.log.state.published.note, "lost": {"from": 3, "to": 4, "reason": "restored"}}
    body = ledger_body(incarnation=1, previous=previous, keys=[])
    founding = Submission((world.check(world.statement(world.operator, "ledger", body)),))
    with pytest.raises(RuleBroken, match="a ledger statement founds or restores a ledger, it cannot be posted"):
        sequencer.submit(founding)


def test_a_rehearsal_takes_its_turn_and_stores_nothing(world, sequencer):
    sequencer.submit(submission(world, "C-1"))
    assert sequencer.rehearse(submission(world, "C-2")).result(SOON).indices == (4,)
    assert isinstance(sequencer.rehearse(submission(world, "C-1")).exception(SOON), Conflict)
    assert world.size == 4


def test_too_many_waiting_are_asked_to_come_back(world):
    sequencer = Sequencer(world.log, Pace(waiting=5))  # not started: everything waits
    sequencer.submit(submission(world, "A-1", "A-2", "A-3", "A-4"))
    with pytest.raises(Busy, match="4 statements wait to be recorded, the most is 5") as refusal:
        sequencer.submit(submission(world, "B-1", "B-2"))
    assert refusal.value.retry_after == 1
    sequencer.start()
    sequencer.stop()
    assert world.size == 7
    assert sequencer.waiting == 0


def test_whoever_tires_of_waiting_hinders_nobody(world):
    """As a reader at a standby does, whose server looks for two seconds at most."""
    sequencer = Sequencer(world.log)
    tired = [sequencer.look(), sequencer.submit(submission(world, "C-1")), sequencer.rehearse(submission(world, "C-2"))]
    assert not any(answer.cancel() for answer in tired)
    sequencer.start()
    assert tired[0].result(SOON) is None
    assert tired[1].result(SOON).admitted.indices == (3,)
    assert sequencer.submit(submission(world, "C-2")).result(SOON).admitted.indices == (4,)
    sequencer.stop()


def test_a_fault_that_nobody_foresaw_does_not_end_the_one_that_writes(world, sequencer, monkeypatch, caplog):
    """It would keep the lead, take statements in, answer none, and let no other server write."""
    with monkeypatch.context() as faulty:
        faulty.setattr(world.log.store, "beat", lambda: 1 // 0)
        faulty.setattr(sequencer, "_pace", Pace(election=0.01, reload=0.01))
        assert sequencer.submit(submission(world, "C-1")).result(SOON).admitted.indices == (3,)
        eventually(lambda: "a fault in the sequencer" in caplog.text)
    assert sequencer.submit(submission(world, "C-2")).result(SOON).admitted.indices == (4,)
    assert sequencer.broken is None


def test_who_waits_during_a_fault_is_told(world):
    sequencer = Sequencer(world.log, Pace(reload=0.01), require_room=lambda _bytes: 1 // 0)
    sequencer.start()
    error = sequencer.submit(submission(world, "C-1")).exception(SOON)
    assert isinstance(error, Unsettled)
    assert "ZeroDivisionError" in str(error)
    sequencer.stop()
    assert sequencer.waiting == 0


def test_its_queue_gives_up_when_the_time_is_over_and_never_waits_for_ever(world):
    """A time so short that it is over between two looks at the queue, as a longer one is on a machine under load."""
    handed = Sequencer(world.log)._queue

    def gather():
        for _ in range(20_000):
            handed.put(None)
            handed.get()
            with suppress(queue.Empty):
                handed.get(timeout=1e-7)

    gathering = threading.Thread(target=gather, daemon=True)
    gathering.start()
    gathering.join(SOON)
    assert not gathering.is_alive()


def test_stopping_answers_what_was_handed_in(world):
    sequencer = Sequencer(world.log)
    futures = [sequencer.submit(submission(world, f"C-{n}")) for n in range(30)]
    sequencer.start()
    stopping = threading.Thread(target=sequencer.stop)
    stopping.start()
    stopping.join(SOON)
    assert [future.result(SOON).admitted.indices for future in futures] == [(n,) for n in range(3, 33)]
    with pytest.raises(Busy, match="the server is stopping; retry with the same ids"):
        sequencer.submit(submission(world, "late"))
