"""No more of a body than its limit is ever held, whatever the headers say; and lying about it helps nobody."""

import asyncio
import gzip
import json

import pytest
from posted import Posted
from served import in_process, run

from ledger.limits import BATCH_BODY, DECOMPRESSED, EXPANSION, SINGLE_BODY

SD_JWT = (b"content-type", b"application/sd-jwt")
JSON = (b"content-type", b"application/json")


class Meter:
    """A body that never ends, and counts what was taken of it."""

    def __init__(self, chunk):
        self.chunk = chunk
        self.taken = 0

    async def receive(self):
        self.taken += len(self.chunk)
        return {"type": "http.request", "body": self.chunk, "more_body": True}


async def _answer(served, meter, headers):
    sent = []

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/v1/statements", "raw_path": b"/v1/statements", "query_string": b"", "root_path": "",
        "headers": [(b"host", b"x"), *headers], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
    }  # fmt: skip
    await served.app(scope, meter.receive, send)
    return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.mark.parametrize(("kind", "limit"), [(SD_JWT, SINGLE_BODY), (JSON, BATCH_BODY)])
def test_an_endless_chunked_body_is_refused_one_chunk_beyond_its_limit(tmp_path, kind, limit):
    async def scenario():
        async with in_process(tmp_path) as served:
            meter = Meter(b"x" * 65536)
            status, problem = await _answer(served, meter, [kind])
            assert (status, problem["code"]) == (413, "body_size")
            assert problem["detail"] == f"the body has more than {limit} bytes"
            assert meter.taken == limit + 65536

    run(scenario)


def test_a_declared_length_over_the_limit_is_refused_before_anything_is_read(tmp_path):
    async def scenario():
        async with in_process(tmp_path) as served:
            meter = Meter(b"x")
            status, problem = await _answer(served, meter, [SD_JWT, (b"content-length", b"1048577")])
            assert (status, problem["detail"]) == (413, "the body has 1048577 bytes, the most is 1048576")
            assert meter.taken == 0

    run(scenario)


@pytest.mark.parametrize("length", [b"0", b"1048576"])
def test_a_lying_length_does_not_help(tmp_path, length):
    async def scenario():
        async with in_process(tmp_path) as served:
            meter = Meter(b"x" * 1000)
            status, problem = await _answer(served, meter, [SD_JWT, (b"content-length", length)])
            assert (status, problem["code"]) == (413, "body_size")
            assert meter.taken <= SINGLE_BODY + 1000

    run(scenario)


def test_a_body_in_pieces_is_the_same_body(tmp_path):
    async def scenario():
        async with in_process(tmp_path) as served:
            wire = Posted(served.world).good()
            answer = await served.post(None, pieces=[wire[:10], b"", wire[10:], b""])
            assert answer.status == 201
            assert (await served.post(wire)).status == 200

    run(scenario)


def test_a_connection_that_ends_in_the_middle_records_nothing(tmp_path):
    async def scenario():
        async with in_process(tmp_path) as served:
            wire = Posted(served.world).good()
            meter = Meter(wire)
            ended = [{"type": "http.request", "body": wire, "more_body": True}, {"type": "http.disconnect"}]
            meter.receive = lambda: _next(ended)
            status, problem = await _answer(served, meter, [SD_JWT])
            assert (status, problem["code"]) == (400, "body_cut")
            assert (await served.post(wire)).status == 201

    async def _next(messages):
        return messages.pop(0)

    run(scenario)


def test_a_body_that_does_not_come_is_not_waited_for_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr("api.body.SECONDS", 0.01)

    async def scenario():
        async with in_process(tmp_path) as served:
            meter = Meter(b"")
            meter.receive = _late
            status, problem = await _answer(served, meter, [SD_JWT])
            assert (status, problem["code"]) == (408, "body_slow")

    async def _late():
        await asyncio.sleep(0.001)
        return {"type": "http.request", "body": b"", "more_body": True}

    run(scenario)


def test_both_limits_of_decompression(tmp_path):
    async def scenario():
        async with in_process(tmp_path) as served:
            zeros = gzip.compress(bytes(10_000))
            answer = await served.post(zeros, headers=[SD_JWT, (b"content-encoding", b"gzip")])
            assert answer.code == "expansion"
            assert f"more than {EXPANSION * len(zeros)}, the most is 20 times its size" in answer.json["detail"]
            # Random bytes do not shrink, so that only the other limit is in the way.
            noise = served.world.randomness(1 << 21) * 16 + b"x"
            packed = gzip.compress(noise, 1)
            assert len(noise) == DECOMPRESSED + 1
            answer = await served.post(packed, headers=[JSON, (b"content-encoding", b"gzip")])
            assert answer.code == ("body_size" if len(packed) > BATCH_BODY else "expansion")

    run(scenario)


def test_a_batch_may_be_gzipped(tmp_path):
    async def scenario():
        async with in_process(tmp_path) as served:
            body = gzip.compress(Posted(served.world).good_batch())
            answer = await served.post(body, headers=[JSON, (b"content-encoding", b"gzip")])
            assert answer.status == 201
            assert len(answer.json["receipts"]) == 3

    run(scenario)


def test_two_content_types_are_one_too_many(tmp_path):
    async def scenario():
        async with in_process(tmp_path) as served:
            answer = await served.post(b"x", headers=[SD_JWT, JSON])
            assert (answer.status, answer.code) == (400, "header")

    run(scenario)


def test_over_a_real_connection_chunks_are_counted_too(server):
    head = b"POST /v1/statements HTTP/1.1\r\nhost: x\r\ncontent-type: application/sd-jwt\r\n"
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    end = b"0\r\n\r\nGET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    said = server.raw(head + b"transfer-encoding: chunked\r\n\r\n", *[chunk] * 40, end)
    assert said.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"body_size"' in said
    assert said.endswith(b"alive\n")  # the same connection goes on behind it


def test_bytes_that_are_no_request_get_400(server):
    assert server.raw(b"\xff\xfe\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    assert server.raw(b"GET /v1/entries/\xff HTTP/1.1\r\nhost: x\r\n\r\n").startswith(b"HTTP/1.1 400 ")
