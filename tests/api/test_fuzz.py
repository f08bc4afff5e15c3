"""Seeded mutations of good requests: whatever comes in, no answer is a 5xx and every refusal has its shape."""

import base64
import json
import os
import random
import re
import resource

import pytest
from posted import Posted
from served import in_process, run

SEED = 20260105
FEW, ROUNDS = 4_000, int(os.environ.get("COILMARK_FUZZ", "50000"))
RUNS = 5  # each with a seed and a ledger of its own

NASTY = [
    b"", b"\x00", b"\xff\xfe", b"{", b"}", b"[" * 2_000, b'"', b"\\", b"\\ud800", b"NaN", b"-Infinity", b"1e999",
    b"9" * 400, b"null", b"true", b"{}", b"[]", b'{"statements":null}', b'{"statements":{}}', b"~", b"~~~~", b".",
    b"=", b"%00", b"\xef\xbb\xbf", b'{"a":1,"a":2}', b"\xed\xa0\x80", b"e30", b"eyJhbGciOiJub25lIn0",
    b"_sd", b'"..."', b"-1", b"0.1", b"e\xcc\x81", b'["\xd9\xa3"]',
]  # fmt: skip
SEGMENTS = [
    "v1",
    "entries",
    "proofs",
    "inclusion",
    "consistency",
    "parties",
    "checkpoint",
    "schema",
    "bundle",
    "readyz",
]
NUMBERS = [
    "0",
    "1",
    "-1",
    "00",
    "1.0",
    "9" * 18,
    "9" * 40,
    "٣",
    "1 ",
    "",
    "%",
    "..",
    "\x00",
    "é",
    "\ud800",
    "a" * 3_000,
]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "get"]
TYPES = [
    b"application/sd-jwt",
    b"application/json",
    b"application/json;charset=utf-8",
    b"text/plain",
    b"",
    b"\xff",
    b";;;",
]
ENCODINGS = [None, b"gzip", b"identity", b"br", b"\xff", b"gzip, gzip"]


def mutated(rng, body):
    """A body with one to four things wrong with it."""
    body = bytearray(body)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(body) + 1)
        end = min(len(body), at + rng.choice([0, 1, 1, 4, 200]))
        what = rng.choice([rng.choice(NASTY), rng.randbytes(rng.randint(0, 3)), bytes(body[at:end]) * 2])
        body[at:end] = what
    return bytes(body)


def bodies(rng, posted):
    """Mutated bodies: of requests as they come, and of payloads and events signed after they were mutated."""
    wire = posted.good()
    payload = base64.urlsafe_b64decode(wire.split(b".")[1] + b"==")
    as_sent = [wire, posted.disclosure_of_nothing(), posted.good_batch(), posted.proofs_of_three()]
    while True:
        yield "/v1/statements", mutated(rng, rng.choice(as_sent))
        yield "/v1/statements", posted._with_payload(mutated(rng, payload))
        yield "/v1/statements", posted._with_payload(with_member_replaced(rng, payload))
        yield "/v1/proofs", mutated(rng, as_sent[-1])


def with_member_replaced(rng, payload):
    """Well-formed JSON in which one value, anywhere, is another."""
    whole = value = json.loads(payload)
    while isinstance(value, (dict, list)) and value:
        holder, key = value, rng.choice(list(value) if isinstance(value, dict) else range(len(value)))
        value = holder[key]
        if rng.random() < 0.2:
            break
    holder[key] = rng.choice([None, True, -1, 2**60, "", "x" * 5_000, "\u0000", [], {}, [[]], {"id": 1}, "..."])
    return json.dumps(whole).encode()


def requests(rng, posted, rounds):
    """Method, path, query, headers, pieces."""
    mutations = bodies(rng, posted)
    for _ in range(rounds):
        if rng.random() < 0.2:
            path = "/" + "/".join(rng.choice(SEGMENTS + NUMBERS) for _ in range(rng.randint(1, 5)))
            method, body = rng.choice(["GET"] * 20 + METHODS), b""
        else:
            path, body = next(mutations)
            method = rng.choice(["POST"] * 200 + METHODS)
        kind = b"application/json" if body[:1] == b"{" or "proofs" in path else b"application/sd-jwt"
        headers = [(b"content-type", kind if rng.random() < 0.9 else rng.choice(TYPES))]
        if rng.random() < 0.05 and (encoding := rng.choice(ENCODINGS)) is not None:
            headers.append((b"content-encoding", encoding))
        if rng.random() < 0.05:
            headers.append((b"authorization", rng.choice(NASTY) + b" " + rng.choice(NASTY)))
        if rng.random() < 0.02:
            headers.append((b"content-length", rng.choice([b"-1", b"abc", b"9" * 30, b"\xff", b"5"])))
        query = rng.choice([b""] * 30 + [b"check=1", b"check=\xff", b"a&b=%zz&&", b"before=\xff"])
        cut = rng.randrange(len(body) + 1)
        yield method, path, query, headers, [body[:cut], body[cut:]] if rng.random() < 0.2 else [body]


@pytest.mark.timeout(0)
@pytest.mark.parametrize("seed", [SEED, *(pytest.param(SEED + n, marks=pytest.mark.slow) for n in range(1, RUNS + 1))])
def test_no_request_is_answered_with_a_fault_of_ours(tmp_path, caplog, seed):
    """`make slow` sends fifty thousand, `make fuzz` a million; what is refused is not stored, and memory stays."""
    rng, rounds = random.Random(seed), FEW if seed == SEED else ROUNDS // RUNS

    async def scenario():
        async with in_process(tmp_path) as served:
            posted = Posted(served.world)
            codes, recorded, size = {}, 0, served.desk.log.state.published.checkpoint.size
            before = 0
            for number, (method, path, query, headers, pieces) in enumerate(requests(rng, posted, rounds)):
                answer = await served.ask(method, path, query=query, headers=headers, pieces=pieces)
                where = f"{method} {path!r} {query} {headers} {pieces} answered {answer.status} {answer.body[:200]}"
                assert answer.status < 500, where
                recorded += answer.status == 201
                if answer.status >= 400:
                    assert answer.headers["content-type"] == "application/problem+json", where
                    problem = answer.json
                    assert re.fullmatch("[a-z0-9_]+", problem["code"]), where
                    codes[problem["code"]] = codes.get(problem["code"], 0) + 1
                if number == rounds // 4:
                    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            assert len(codes) > 20, codes  # the mutations reach many checks, not one
            if not recorded:
                assert served.desk.log.state.published.checkpoint.size == size
            assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024  # KiB

    run(scenario)
    assert "unexpected" not in caplog.text
