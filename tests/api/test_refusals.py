"""Every row of the table of errors is produced by some test, and no refusal tells what it should not."""

import asyncio
import re
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from posted import Posted
from served import batch, in_process, run

from api import errors
from api.routes import statements as statements_route
from ledger.checking.pool import CheckingPool
from ledger.kernel.entry import parse_entry
from ledger.kernel.errors import Busy, Damaged, Unsettled, Unverified

TRANSCRIPTS = Path(__file__).parent / "transcripts"
# What no client can bring about alone, and the test below that does.
PROVOKED = {
    "integrity": "test_damaged_data_is_an_error_of_that_entry_alone",
    "internal": "test_an_unexpected_exception_tells_nothing_and_is_logged",
    "outcome_unknown": "test_an_unknown_outcome_is_503_and_the_retry_settles_it",
    "too_busy": "test_too_much_at_once_is_429_with_a_time_to_come_back",
    "storage_full": "test_a_disk_that_is_full_is_507_and_reading_goes_on",
    "stopping": "test_a_server_that_stops_is_503",
    "body_slow": "test_a_body_that_does_not_come_is_not_waited_for_for_ever",
}


def _in_transcripts():
    """(status, code) of every refusal that a transcript shows."""
    text = "\n".join(path.read_text("utf-8") for path in sorted(TRANSCRIPTS.glob("*.txt")))
    return set(re.findall(r'^< (\d+)\n(?:< .*\n)*<< "code":"(\w+)"', text, re.MULTILINE))


def test_every_code_with_a_status_of_its_own_is_produced():
    shown = {code: int(status) for status, code in _in_transcripts()}
    assert errors.BY_CODE.keys() <= shown.keys() | PROVOKED.keys()
    assert {code: shown[code] for code in errors.BY_CODE if code in shown} == {
        code: status for code, status in errors.BY_CODE.items() if code in shown
    }


def test_every_class_of_error_is_produced():
    statuses = {int(status) for status, _ in _in_transcripts()}
    by_hand = {Damaged, Unsettled, Busy}  # below
    assert {status for kind, (status, _) in errors.BY_CLASS.items() if kind not in by_hand} <= statuses
    here = Path(__file__).read_text("utf-8") + (Path(__file__).parent / "test_limits_of_bodies.py").read_text("utf-8")
    for test in PROVOKED.values():
        assert f"def {test}(" in here


def test_damaged_data_is_an_error_of_that_entry_alone(tmp_path, caplog):
    async def scenario():
        async with in_process(tmp_path, open=True) as served:
            tampered = await _tampered(served, "UPDATE entry SET jwt = CAST(jwt || 'x' AS BLOB) WHERE \"index\" = 2")
            assert tampered == (500, "integrity", "entry 2 does not agree with its statement digest")
            assert (await served.ask("GET", "/v1/entries/3")).status == 200
            page = await served.ask("GET", "/")
            assert b"entry 2 does not agree with its statement digest" in page.body
            assert b'<a href="/v1/entries/3">' in page.body

    run(scenario)
    assert "entry 2 does not agree" in caplog.text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ('UPDATE entry SET entry = zeroblob(113) WHERE "index" = 2', "entry version 0 is not known"),
        ('UPDATE entry SET leaf = zeroblob(32) WHERE "index" = 2', "does not agree with its leaf hash"),
        ('UPDATE entry SET seed = zeroblob(32) WHERE "index" = 2', "does not agree with its lineage digest"),
        ('UPDATE entry SET items = zeroblob(81) WHERE "index" = 2', "cannot be read"),
        ("UPDATE entry SET typ = 'notice' WHERE \"index\" = 2", "is filed as notice and says key"),
        ('DELETE FROM entry WHERE "index" = 2', "only 0 are stored"),
        ("INSERT INTO disclosure VALUES (2, 0, 'WyJ4IiwieSIsInoiXQ')", "the statement of entry 2 cannot be read"),
        ("INSERT INTO disclosure VALUES (2, 0, 'é')", "the statement of entry 2 cannot be read"),
        # An entry put in whole, that agrees with itself and is not what the tree has there.
        (
            ("UPDATE entry SET (entry, leaf, jwt) = (SELECT entry, leaf, jwt FROM entry WHERE typ = 'party')"
             ' WHERE "index" = 2'),
            "does not agree with its index",
        ),
    ],
)  # fmt: skip
def test_no_altered_byte_leaves_with_a_success(tmp_path, change, sentence):
    async def scenario():
        async with in_process(tmp_path, open=True) as served:
            status, code, detail = await _tampered(served, change)
            assert (status, code) == (500, "integrity")
            assert sentence in detail
            assert (await served.ask("GET", "/v1/entries/2/bundle")).status == 500
            assert (await served.ask("GET", "/readyz")).status in {200, 503}

    run(scenario)


def test_a_page_of_the_database_that_is_damaged_is_no_fault_of_the_program(tmp_path):
    """Whatever the page held: the answer is the code of stored data that does not agree, and the alarm goes off."""

    async def scenario():
        async with in_process(tmp_path, open=True) as served:
            database = served.world.places.database
            whole = database.read_bytes()
            codes = set()
            for page in range(1, len(whole) // 4096):
                database.write_bytes(whole[: 4096 * page] + b"\xff" * 4096 + whole[4096 * (page + 1) :])
                served.desk.log.store._reader.dispose()  # its cache would answer from before
                for index in range(5):
                    answer = await served.ask("GET", f"/v1/entries/{index}")
                    assert answer.status == 200 or (answer.status, answer.code) == (500, "integrity"), answer.body
                    codes.add(answer.status)
            assert codes == {200, 500}
            await asyncio.to_thread(served.desk.self_check.round)
            database.write_bytes(whole)

    run(scenario)


def test_the_self_check_finds_it_and_the_server_is_no_longer_ready(tmp_path):
    async def scenario():
        async with in_process(tmp_path) as served:
            await _tampered(served, 'UPDATE entry SET seed = zeroblob(32) WHERE "index" = 2')
            await asyncio.to_thread(served.desk.self_check.round)
            ready = await served.ask("GET", "/readyz")
            assert ready.status == 503
            assert ready.json["ready"] is False
            assert ready.json["detail"] == "entry 2 does not agree with its lineage digest"
            assert served.desk.self_check.round().wrong  # it is looked at again, not passed over

    run(scenario)


def test_an_entry_forged_to_agree_with_itself_is_not_the_one_the_tree_has(tmp_path):
    async def scenario():
        async with in_process(tmp_path, open=True) as served:
            log = served.desk.log
            with log.store.reading() as transaction:
                entry = parse_entry(transaction.entry(2).entry)
            other = served.world.statement(served.world.operator, "key", {"party": served.world.plant.id, "add": []})
            jwt = other.partition(b"~")[0]
            forged = replace(entry, statement=sha256(jwt).digest())
            change = f"UPDATE entry SET jwt = {_blob(jwt)}, entry = {_blob(forged.packed)}, leaf = {_blob(forged.leaf)}"
            answer = await _tampered(served, f'{change} WHERE "index" = 2')
            assert answer == (500, "integrity", "entry 2 is not the leaf that the tree has there")

    run(scenario)


def _blob(data):
    return f"x'{data.hex()}'"


async def _tampered(served, change):
    with served.desk.log.store.writing() as transaction:
        cursor = transaction._cursor
        for (name,) in cursor.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
            cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute(change)
    answer = await served.ask("GET", "/v1/entries/2")
    return answer.status, answer.code, answer.json["detail"]


def test_an_unexpected_exception_tells_nothing_and_is_logged(tmp_path, monkeypatch, caplog):
    def fail(*_):
        raise ZeroDivisionError("the secret of the house")

    monkeypatch.setattr(statements_route, "_recorded", fail)

    async def scenario():
        async with in_process(tmp_path) as served:
            answer = await served.post(Posted(served.world).good())
            assert (answer.status, answer.code) == (500, "internal")
            assert b"secret" not in answer.body
            assert b"Zero" not in answer.body
            assert b'coilmark_refused_total{code="internal"} 1.0' in (await served.ask("GET", "/metrics")).body

    run(scenario)
    assert "the secret of the house" in caplog.text


def test_an_error_that_has_no_business_at_a_door_is_unexpected():
    status, problem = errors.describe(None)
    assert (status, problem["code"]) == (500, "internal")
    assert Unverified not in errors.BY_CLASS


def test_an_unknown_outcome_is_503_and_the_retry_settles_it(tmp_path, monkeypatch, caplog):
    async def scenario():
        async with in_process(tmp_path) as served:
            wire = Posted(served.world).good()
            log, publish = served.desk.log, served.desk.log._publish

            def crash(*_):
                monkeypatch.setattr(log, "_publish", publish)
                raise OSError("the disk is gone")

            monkeypatch.setattr(log, "_publish", crash)
            answer = await served.post(wire)
            assert (answer.status, answer.code) == (503, "outcome_unknown")
            assert answer.headers["retry-after"] == "1"
            assert "the disk is gone" in answer.json["detail"]
            # It had been committed: the retry finds it, and finds it proven.
            assert (await served.post(wire)).status == 200

    run(scenario)
    assert "did not finish" in caplog.text


def test_too_much_at_once_is_429_with_a_time_to_come_back(tmp_path):
    async def scenario():
        async with in_process(tmp_path) as served:
            served.desk.sequencer._waiting = 20_000
            answer = await served.post(Posted(served.world).good())
            assert (answer.status, answer.code) == (429, "too_busy")
            assert answer.headers["retry-after"] == "1"
            assert "20000 statements wait to be recorded" in answer.json["detail"]
            posted = Posted(served.world)
            bad = await served.post_batch(posted.new(), posted.flipped_signature())
            assert [row["row"] for row in bad.json["rows"]] == [1]  # what could be said at once is said
            served.desk.sequencer._waiting = 0
            served.desk.intake._pool = CheckingPool(0)
            served.desk.intake._pool._waiting = 20_000
            answer = await served.post_batch(*(posted.new() for _ in range(4)))
            assert (answer.status, answer.code) == (429, "too_busy")

    run(scenario)


def test_a_disk_that_is_full_is_507_and_reading_goes_on(tmp_path):
    async def scenario():
        async with in_process(tmp_path, open=True, reserve=1 << 60) as served:
            size = served.desk.log.state.published.checkpoint.size
            answer = await served.post(Posted(served.world).good())
            assert (answer.status, answer.code) == (507, "storage_full")
            assert int(answer.headers["retry-after"]) >= 1
            assert (await served.ask("GET", "/v1/entries/0")).status == 200
            assert (await served.ask("GET", f"/v1/proofs/inclusion/{size}/1")).status == 200
            assert b"\ncoilmark_storage_full 1.0" in (await served.ask("GET", "/metrics")).body
            assert served.desk.log.state.published.checkpoint.size == size

    run(scenario)


def test_a_server_that_stops_is_503(tmp_path):
    async def scenario():
        async with in_process(tmp_path) as served:
            served.desk.sequencer._closed = True
            answer = await served.post(Posted(served.world).good())
            assert (answer.status, answer.code) == (503, "stopping")
            assert answer.headers["retry-after"] == "5"
            ready = await served.ask("GET", "/readyz")
            assert ready.status == 200
            served.desk.sequencer._closed = False

    run(scenario)


def test_a_second_head_elsewhere_is_not_ready(tmp_path):
    async def scenario():
        async with in_process(tmp_path) as served:
            served.world.places.head.unlink()
            ready = await served.ask("GET", "/readyz")
            assert (ready.status, ready.json["second_head"]) == (503, False)

    run(scenario)


def test_facts_cannot_replace_what_every_problem_has():
    _, problem = errors.describe(Damaged("entry", "a sentence", status=200, title="x", index=4))
    assert (problem["status"], problem["index"], problem["code"]) == (500, 4, "integrity")


def test_ten_thousand_bad_rows_are_ten_thousand_lines(tmp_path):
    async def scenario():
        async with in_process(tmp_path) as served:
            answer = await served.post(batch(*[b"x"] * 10_000), kind=b"application/json")
            assert answer.status == 422
            assert [row["row"] for row in answer.json["rows"]] == list(range(10_000))

    run(scenario)
