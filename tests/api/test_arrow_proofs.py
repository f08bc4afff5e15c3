"""POST /v1/proofs, asked and answered in each of its two languages, by index and by leaf hash."""

import base64
import io
import json
import os
import random
import signal
from collections import Counter

import pyarrow as pa
import pytest
from served import in_process, run

from ledger.checking import arrow_reader
from ledger.merkle.verifier import verify_inclusion
from schemas.arrow import HASH, INCLUSION_PROOFS, WANTED_INDICES, WANTED_LEAVES
from tests.tiers import first

ARROW = b"application/vnd.apache.arrow.stream"
JSON = b"application/json"
PICKED = [4, 0, 3, 0, 2]


def stream(schema, values):
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays([pa.array(values, schema.types[0])], schema=schema))
    return sink.getvalue()


def given(served):
    """Size, root and the picked leaves."""
    tree, checkpoint = served.desk.log.tree, served.desk.log.state.published.checkpoint
    return checkpoint.size, checkpoint.root, [tree.inclusion_leaf(index) for index in PICKED]


async def ask(served, kind, body, *, accept=ARROW, query=""):
    headers = [(b"content-type", kind), (b"accept", accept)]
    return await served.ask("POST", "/v1/proofs", body, query=query.encode(), headers=headers)


def asked(language, by, size, leaves):
    if language == "arrow":
        schema, values = (WANTED_INDICES, PICKED) if by == "index" else (WANTED_LEAVES, leaves)
        return ARROW, stream(schema, values), f"size={size}"
    texts = [base64.b64encode(leaf).decode() for leaf in leaves]
    body = {"size": size} | ({"indices": PICKED} if by == "index" else {"leaves": texts})
    return JSON, json.dumps(body).encode(), ""


@pytest.mark.parametrize("language", ["json", "arrow"])
@pytest.mark.parametrize("by", ["index", "leaf"])
@pytest.mark.parametrize("chunk", first([2, 1000]))
def test_every_way_to_ask_has_the_same_answer(tmp_path, monkeypatch, language, by, chunk):
    monkeypatch.setattr("api.routes.proofs.ARROW_CHUNK", chunk)
    monkeypatch.setattr("api.routes.proofs.CHUNK", chunk)

    async def scenario():
        async with in_process(tmp_path) as served:
            size, root, leaves = given(served)
            kind, body, query = asked(language, by, size, leaves)
            answer = await ask(served, kind, body, query=query)
            table = pa.ipc.open_stream(answer.body).read_all()
            table.validate(full=True)
            assert table.schema.equals(INCLUSION_PROOFS, check_metadata=True)
            assert table["index"].to_pylist() == PICKED
            assert len(table["index"].chunks) == -(-len(PICKED) // chunk)
            for batch in table.to_batches():
                assert verify_inclusion(batch, root, size=size).false_count == 0
            in_json = (await ask(served, kind, body, query=query, accept=JSON)).json
            assert [proof["index"] for proof in in_json["proofs"]] == PICKED
            paths = [[base64.b64decode(text) for text in proof["path"]] for proof in in_json["proofs"]]
            assert paths == table["path"].to_pylist()

    run(scenario)


@pytest.mark.parametrize(
    ("schema", "values", "query", "code"),
    [
        (WANTED_INDICES, [0, 1], "", "query"),
        (WANTED_INDICES, [0, 1], "size=1", "proof_range"),
        (WANTED_INDICES, [0, 1], "size=0", "proof_range"),
        (WANTED_INDICES, [0, 2**64 - 1], "size=3", "proof_range"),
        (WANTED_INDICES, [0, 1], "size=999999", "size_unknown"),
        (WANTED_INDICES, [0, 1], "size=x", "number"),
        (WANTED_LEAVES, [bytes(32)], "size=3", "no_leaf"),
        (WANTED_INDICES, [0, None], "size=3", "arrow_nulls"),
        (pa.schema([("index", pa.int64())]), [0], "size=3", "arrow_schema"),
        (pa.schema([("leaf_hash", HASH)]), [bytes(32)], "size=3", "arrow_schema"),
    ],
)
def test_what_is_not_taken_as_arrow(tmp_path, schema, values, query, code):
    async def scenario():
        async with in_process(tmp_path) as served:
            loose = pa.schema([field.with_nullable(True) for field in schema])
            answer = await ask(served, ARROW, stream(loose, values), query=query)
            assert answer.code == code
            assert answer.status < 500

    run(scenario)


@pytest.mark.parametrize("body", [b"", b"\x00" * 64, b"\xff" * 64, stream(WANTED_INDICES, [1, 2])[:-8]])
def test_bytes_that_are_no_stream_are_refused(tmp_path, body):
    async def scenario():
        async with in_process(tmp_path) as served:
            assert (await ask(served, ARROW, body, query="size=3")).code == "arrow"

    run(scenario)


@pytest.mark.parametrize(
    ("body", "query", "code"),
    [
        (b'{"size":3}', "", "members"),
        (b'{"size":3,"indices":[],"leaves":[]}', "", "members"),
        (b'{"size":3,"leaves":["AAAA"]}', "", "base64"),
        (b'{"size":3,"leaves":["!"]}', "", "base64"),
        (b'{"size":3,"leaves":["' + b"A" * 43 + b'="]}', "", "no_leaf"),
        (b'{"size":999999,"leaves":[]}', "", "size_unknown"),
        (b'{"size":3,"indices":[0]}', "size=3", "query"),
    ],
)
def test_what_is_not_taken_as_json(tmp_path, body, query, code):
    async def scenario():
        async with in_process(tmp_path) as served:
            assert (await ask(served, JSON, body, query=query)).code == code

    run(scenario)


def test_no_proofs_are_an_empty_stream(tmp_path):
    async def scenario():
        async with in_process(tmp_path) as served:
            for kind, body, query in (
                (ARROW, stream(WANTED_INDICES, []), "size=1"),
                (ARROW, stream(WANTED_LEAVES, []), "size=1"),
                (JSON, b'{"size":1,"leaves":[]}', ""),
            ):
                answer = await ask(served, kind, body, query=query)
                assert pa.ipc.open_stream(answer.body).read_all().num_rows == 0

    run(scenario)


def test_the_leaf_that_is_not_there_is_named(tmp_path):
    async def scenario():
        async with in_process(tmp_path) as served:
            _, _, leaves = given(served)
            answer = await ask(served, ARROW, stream(WANTED_LEAVES, [*leaves, b"x" * 32]), query="size=5")
            assert answer.code == "no_leaf"
            assert f"row {len(leaves)}: no entry of the tree of 5 has the leaf hash {(b'x' * 32).hex()}" in str(
                answer.json
            )

    run(scenario)


@pytest.mark.parametrize("member", ["indices", "leaves"])
def test_too_many_are_refused_before_they_are_looked_up(tmp_path, monkeypatch, member):
    monkeypatch.setattr("api.wanted_proofs.PROOFS", 2)

    async def scenario():
        async with in_process(tmp_path) as served:
            values = [0, 1, 2] if member == "indices" else ["not looked at"] * 3
            answer = await ask(served, JSON, json.dumps({"size": 3, member: values}).encode())
            assert (answer.status, answer.code) == (413, "proofs_size")
            assert "3 proofs are asked for, the most is 2" in str(answer.json)

    run(scenario)


def segfaults(_data):
    os.kill(os.getpid(), signal.SIGSEGV)


def aborts(_data):
    os.abort()


@pytest.mark.parametrize("death", first([segfaults, aborts]))
def test_a_stream_that_brings_its_reader_down_does_not_bring_the_server_down(tmp_path, monkeypatch, death):
    async def scenario():
        async with in_process(tmp_path) as served:
            monkeypatch.setattr(arrow_reader, "_read_wanted", death)
            body = stream(WANTED_INDICES, [0, 1])
            answer = await ask(served, ARROW, body, query="size=3", accept=JSON)
            assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "arrow_unread", "1")
            monkeypatch.undo()
            answer = await ask(served, ARROW, body, query="size=3", accept=JSON)
            assert [proof["index"] for proof in answer.json["proofs"]] == [0, 1]

    run(scenario)


def test_mutated_streams_are_answered_and_never_with_a_fault(tmp_path):
    dice = random.Random(20261123)

    def mutated(data):
        data = bytearray(data)
        for _ in range(dice.choice([1, 1, 2, 4])):
            at = dice.randrange(len(data) - 8)
            what = dice.choice([dice.randbytes(1), dice.randbytes(4), bytes(8), b"\xff" * 8, b"\x01\x00\x00\x00"])
            data[at : at + len(what)] = what
        return bytes(data[: dice.choice([len(data), len(data), len(data), dice.randrange(len(data))])])

    async def scenario():
        async with in_process(tmp_path) as served:
            size, _, leaves = given(served)
            good = [stream(WANTED_INDICES, PICKED), stream(WANTED_LEAVES, leaves)]
            seen = Counter()
            for _ in range(600):
                answer = await ask(served, ARROW, mutated(dice.choice(good)), query=f"size={size}")
                seen[200 if answer.status == 200 else answer.code] += 1
                assert answer.status in {200, 400, 404, 413, 422}
            assert seen[200] > 20
            assert seen["arrow"] > 100

    run(scenario)
