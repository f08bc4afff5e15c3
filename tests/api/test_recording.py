"""What posting promises: once, all or nothing, proven before the answer, found again after a crash."""

import asyncio
import http.client
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from posted import Posted
from served import Served, batch, in_process, make_world, run

from ledger.kernel.checkpoint import open_checkpoint, parse_checkpoint
from ledger.kernel.hashing import leaf_hash
from ledger.kernel.proofs import verify_inclusion
from ledger.kernel.receipt import parse_receipt
from ledger.kernel.tlog_proof import parse_tlog_proof
from tests.eventually import SOON, eventually
from tests.tiers import first
from tools.listening import free_port

ROOT = Path(__file__).parent.parent.parent


def check_receipt(body, trust):
    """That the entry is included under a checkpoint signed by this log; its index."""
    receipt = parse_receipt(body)
    proof = parse_tlog_proof(receipt.proof)
    checkpoint, _ = open_checkpoint(proof.checkpoint, trust.vkeys)
    verify_inclusion(
        index=proof.index, size=checkpoint.size, leaf=leaf_hash(receipt.entry.packed), path=proof.path,
        root=checkpoint.root,
    )  # fmt: skip
    assert receipt.entry.index == proof.index
    return proof.index


def test_a_receipt_proves_its_entry(server):
    posted = Posted(server.world)
    answer = server.post(posted.good())
    index = check_receipt(answer.body, server.world.trust)
    assert answer.headers["location"] == f"/v1/entries/{index}"
    assert parse_receipt(answer.body).statement == posted.same()


def test_each_receipt_of_a_batch_is_a_file_of_its_own(server):
    answer = server.ask("POST", "/v1/statements", Posted(server.world).good_batch(), content_type="application/json")
    body = answer.body.removeprefix(b'{"receipts":[').removesuffix(b"]}")
    receipts = [b'{"type"' + part for part in body.split(b'{"type"')[1:]]
    indices = [check_receipt(receipt.rstrip(b","), server.world.trust) for receipt in receipts]
    assert indices == list(range(indices[0], indices[0] + 3))


def test_the_same_statement_twenty_times_at_once_has_one_index(server):
    posted, answers = Posted(server.world), []
    wire = posted.good()
    threads = [threading.Thread(target=lambda: answers.append(server.post(wire))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [200] * 19 + [201]
    (index,) = {check_receipt(answer.body, server.world.trust) for answer in answers}
    assert check_receipt(server.post(posted.new()).body, server.world.trust) == index + 1


def test_an_answer_comes_from_the_pool_as_it_does_without_one(server):
    posted = Posted(server.world)
    wires = [posted.new() for _ in range(300)]
    bad = [posted.flipped_signature(), posted.no_json_payload()]
    refused = server.post_batch(*wires[:200], bad[0], *wires[200:], bad[1])
    assert [(row["row"], row["code"]) for row in refused.json["rows"]] == [(200, "signature"), (301, "json")]
    answer = server.post_batch(*wires)
    assert answer.status == 201
    assert [row["statement"].encode() for row in answer.json["receipts"]] == wires


@pytest.mark.parametrize("making", first(["_fails", "_dies"]))
def test_what_is_recorded_is_answered_whatever_becomes_of_who_makes_the_answer(tmp_path, monkeypatch, making):
    monkeypatch.setattr("api.intake.run_of_receipts", globals()[making])

    async def scenario():
        async with in_process(tmp_path, checkers=1) as served:
            posted = Posted(served.world)
            wires = [posted.new() for _ in range(40)]
            answer = await served.post_batch(*wires)
            assert (answer.status, [row["statement"].encode() for row in answer.json["receipts"]]) == (201, wires)
            assert served.desk.intake._pool._waiting == 0

    run(scenario)


def _dies(_parcels, _note):
    os._exit(1)


def _fails(_parcels, _note):
    raise KeyError


def test_nothing_of_a_refused_batch_is_stored(tmp_path):
    async def scenario():
        async with in_process(tmp_path) as served:
            posted = Posted(served.world)
            before = served.desk.log.state.published.checkpoint
            good, bad = posted.new(), posted.unknown_party()
            refused = await served.post_batch(good, bad)
            assert (refused.status, [row["row"] for row in refused.json["rows"]]) == (422, [1])
            assert served.desk.log.state.published.checkpoint == before
            assert (await served.post(good)).status == 201  # had it been stored, this were a 200

    run(scenario)


def test_a_check_stores_nothing_and_answers_as_the_post_would(tmp_path):
    async def scenario():
        async with in_process(tmp_path) as served:
            posted = Posted(served.world)
            before = served.desk.log.state.published.checkpoint
            for body, kind in (
                (posted.new(), b"application/sd-jwt"),
                (posted.good_batch(), b"application/json"),
                (posted.flipped_signature(), b"application/sd-jwt"),
                (posted.batch_with_two_bad_rows(), b"application/json"),
            ):
                checked = await served.post(body, kind=kind, query=b"check=1")
                assert served.desk.log.state.published.checkpoint == before
                answer = await served.post(body, kind=kind)
                assert (answer.status == 201) == (checked.status == 200)
                if checked.status != 200:
                    assert answer.body == checked.body
                before = served.desk.log.state.published.checkpoint

    run(scenario)


def test_singles_and_batches_at_once_each_get_their_own_receipts(tmp_path):
    async def scenario():
        async with in_process(tmp_path) as served:
            posted = Posted(served.world)
            wires = [posted.new() for _ in range(60)]
            singles = [served.post(wire) for wire in wires[:30]]
            batches = [served.post_batch(*wires[i : i + 10]) for i in range(30, 60, 10)]
            answers = await asyncio.gather(*singles, *batches)
            assert {answer.status for answer in answers} == {201}
            told = [parse_receipt(answer.body).statement for answer in answers[:30]]
            told += [row["statement"].encode() for answer in answers[30:] for row in answer.json["receipts"]]
            assert told == wires

    run(scenario)


def test_singles_that_arrive_together_are_checked_together_and_each_gets_its_own_answer(tmp_path, monkeypatch):
    async def scenario():
        async with in_process(tmp_path, checkers=1) as served:
            posted, groups, begun = Posted(served.world), [], asyncio.Event()
            submit = served.desk.intake._pool.submit

            def submitted(wires, *rest):
                groups.append(len(wires))
                begun.set()
                return submit(wires, *rest)

            monkeypatch.setattr(served.desk.intake._pool, "submit", submitted)
            wires = [posted.new() for _ in range(20)]
            wires[3], wires[11] = posted.flipped_signature(), posted.no_json_payload()
            clients = [asyncio.ensure_future(served.post(wire)) for wire in wires]
            await begun.wait()
            clients[7].cancel()  # its client goes away while all of them are being checked
            answers = await asyncio.gather(*clients, return_exceptions=True)
            assert groups == [20]
            assert isinstance(answers.pop(7), asyncio.CancelledError)
            assert [answer.status for answer in answers] == [201] * 3 + [403] + [201] * 6 + [400] + [201] * 8
            assert (answers[3].code, answers[10].code) == ("signature", "json")
            recorded = [parse_receipt(answer.body).statement for answer in answers if answer.status == 201]
            assert recorded == [wire for row, wire in enumerate(wires) if row not in {3, 7, 11}]

    run(scenario)


@pytest.mark.slow
def test_kill_9_in_the_middle_of_a_load_loses_nothing_that_was_acknowledged(tmp_path):
    world, secrets = make_world(tmp_path)
    posted = Posted(world)
    wires = [posted.new() for _ in range(1_000)]
    acknowledged = {}
    with _process(world) as (process, served):
        served.secrets = secrets

        def load(mine):
            for wire in mine:
                try:
                    answer = served.post(wire)
                except (OSError, http.client.HTTPException):  # none, or the half of one
                    return
                acknowledged[wire] = check_receipt(answer.body, world.trust)
                if len(acknowledged) >= 100:  # and others are under way
                    process.kill()

        threads = [threading.Thread(target=load, args=(wires[n::8],)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert 100 <= len(acknowledged) < 1_000
    with _process(world) as (process, served):
        for wire, index in acknowledged.items():
            seen = served.ask("GET", f"/v1/entries/{index}", authorization=f"Bearer {secrets['auditor']}")
            assert parse_receipt(seen.body).statement == wire
        again = served.post_batch(*wires)  # the client's retry: what was recorded is found, the rest is new
        assert again.status == 201
        told = {row["statement"].encode(): parse_receipt(_file(row)).entry.index for row in again.json["receipts"]}
        assert {wire: told[wire] for wire in acknowledged} == acknowledged
        assert len(set(told.values())) == 1_000
        process.send_signal(signal.SIGTERM)
        assert process.wait(SOON) in {0, -signal.SIGTERM}


def _file(row):
    import json  # noqa: PLC0415

    return json.dumps(row, separators=(",", ":")).encode()


class _process:  # noqa: N801  a context manager, named as a function
    """A server in a process of its own, that can be killed."""

    def __init__(self, world):
        self.port = free_port()
        environ = {
            "PATH": os.environ["PATH"],
            "COILMARK_FOLDER": str(world.places.folder),
            "COILMARK_HEAD": str(world.places.head),
            "COILMARK_CHECKERS": "1",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "--factory", "api.app:from_environ", "--port", str(self.port)],
            cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.served = Served(world, self.port)

    def __enter__(self):
        eventually(self._ready)
        return self.process, self.served

    def _ready(self):
        assert self.process.poll() is None, "the server does not start"
        try:
            return self.served.ask("GET", "/readyz").status == 200
        except OSError:
            return False

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def test_the_published_checkpoint_is_one_that_receipts_agree_with(server):
    note = server.ask("GET", "/checkpoint").body.decode()
    checkpoint, _ = open_checkpoint(note, server.world.trust.vkeys)
    assert parse_checkpoint("\n".join(note.split("\n")[:3]) + "\n") == checkpoint
    assert batch(b"x") == b'{"statements": ["x"]}'
