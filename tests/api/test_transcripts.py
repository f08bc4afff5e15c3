"""The transcripts beside this file, replayed over real HTTP.

    # what this shows
    > POST /v1/statements
    > content-type: application/sd-jwt
    >> ${good}                    the body: a name from posted.py
    < 201                         the status
    < location: /v1/entries/      a header that begins so
    << "type":"coilmark.receipt/v1"     the body contains this
    <! lineage                    the body does not contain this

A blank line ends an exchange. `${token plant}` is the plant's bearer token, `${entry}` the index of what was posted.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from posted import Posted

FOLDER = Path(__file__).parent / "transcripts"


@dataclass
class Exchange:
    line: int
    method: str = ""
    path: str = ""
    headers: dict = field(default_factory=dict)
    body: str = ""
    status: int = 0
    expected: list = field(default_factory=list)
    contains: list = field(default_factory=list)
    lacks: list = field(default_factory=list)


def read_transcript(text):
    exchanges = []
    for number, line in enumerate(text.split("\n"), 1):
        mark, _, rest = line.partition(" ")
        if mark == ">" and re.match("[A-Z]+ /", rest):
            exchanges.append(Exchange(number, *rest.split(" ", 1)))
        elif mark == ">":
            name, _, value = rest.partition(": ")
            exchanges[-1].headers[name] = value
        elif mark == ">>":
            exchanges[-1].body = rest
        elif mark == "<" and rest.isdigit():
            exchanges[-1].status = int(rest)
        elif mark == "<":
            name, _, value = rest.partition(": ")
            exchanges[-1].expected.append((name, value))
        elif mark in {"<<", "<!"}:
            (exchanges[-1].contains if mark == "<<" else exchanges[-1].lacks).append(rest)
        else:
            assert mark in {"", "#"}, f"line {number}: {line}"
    return exchanges


def replay(server, posted, exchange):
    def filled(text):
        text = re.sub(r"\$\{token (\w+)\}", lambda found: server.secrets[found[1]], text)
        return text.replace("${entry}", posted.entry)

    body = exchange.body
    data = posted.body(body[2:-1]) if body.startswith("${") else body.encode()
    headers = {name.replace("-", "_"): filled(value) for name, value in exchange.headers.items()}
    answer = server.ask(exchange.method, filled(exchange.path), data if body else None, **headers)
    where = f"line {exchange.line}: {exchange.method} {exchange.path} answered {answer.status} {answer.body[:300]}"
    assert answer.status == exchange.status, where
    posted.entry = answer.headers.get("location", posted.entry).rpartition("/")[2]
    for name, value in exchange.expected:
        assert answer.headers.get(name, "").startswith(value), f"{where} {answer.headers}"
    for text in exchange.contains:
        assert filled(text).encode() in answer.body, f"{text!r} is missing, {where}"
    for text in exchange.lacks:
        assert text.encode() not in answer.body, f"{text!r} is there, {where}"
    if exchange.status >= 400 and exchange.method != "HEAD":
        check_problem(answer, where)


def check_problem(answer, where):
    """Every refusal has the one shape."""
    assert answer.headers["content-type"] == "application/problem+json", where
    assert answer.headers["cache-control"] == "no-store", where
    problem = answer.json
    assert problem["status"] == answer.status, where
    assert problem["type"] == f"urn:coilmark:problem:{problem['code']}", where
    assert re.fullmatch("[a-z0-9_]+", problem["code"]), where
    assert problem["title"], where
    assert len(problem["detail"]) > 10, where


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.txt")))
def test_transcript(server, name):
    posted = Posted(server.world)
    exchanges = read_transcript((FOLDER / f"{name}.txt").read_text("utf-8"))
    assert exchanges
    for exchange in exchanges:
        replay(server, posted, exchange)


def test_a_transcript_that_does_not_hold_fails(server):
    (exchange,) = read_transcript("> GET /healthz\n< 200\n<< dead")
    with pytest.raises(AssertionError, match="'dead' is missing"):
        replay(server, Posted(server.world), exchange)
