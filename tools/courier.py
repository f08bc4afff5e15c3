"""Statements to a server and receipts back, over HTTP with the standard library; the same bytes again until settled."""

import http.client
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ledger.kernel.errors import Busy, CoilmarkError, Missing, Refused, RefusedBatch, Unsettled

BATCH_STATEMENTS = 500  # the most is 10 000 (SPEC 8); a refused batch is posted again without its bad rows
BATCH_BYTES = 8 * 1024 * 1024  # the most is 16 MiB (SPEC 8)
PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)  # seconds between tries
SINGLE, MANY = "application/sd-jwt", "application/json"
# Statuses after which the same request may be answered otherwise, a moment later.
_AGAIN = frozenset({408, 429, 500, 502, 503, 504, 507})
_LONGEST_WAIT = 120  # seconds a server may ask us to wait
_TIMEOUT = 30.0  # seconds
_PROBLEM = "urn:coilmark:problem:"  # what a problem of ours is called; a proxy's error page is not
# Statuses that speak of the request's address or form, not of the statements in it.
_NOT_OF_THE_STATEMENT = frozenset({404, 405, 406, 415})
T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """What a server said to one request; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def batches(waiting: Sequence[T], size_of: Callable[[T], int]) -> Iterator[list[T]]:
    """What waits, in order, in batches that a server takes; `size_of` gives the bytes of one."""
    batch: list[T] = []
    size = 0
    for one in waiting:
        if batch and (len(batch) == BATCH_STATEMENTS or size + size_of(one) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += size_of(one)
    if batch:
        yield batch


@dataclass
class Courier:
    """One server. `pauses` are the seconds before each further try; `sleep` waits them."""

    url: str
    pauses: Sequence[float] = PAUSES
    sleep: Callable[[float], None] = time.sleep
    _connection: http.client.HTTPConnection | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        """Raises Missing for what is no address, before any statement is judged by it."""
        place = urlsplit(self.url)
        if place.scheme not in {"http", "https"} or not place.hostname:
            raise Missing("url", f"{self.url} is no http or https address: no server can be there")

    def post(self, wires: Sequence[bytes]) -> list[bytes]:
        """The receipt of each statement, in order: one request, recorded together or not at all.

        Raises Refused or RefusedBatch for what the ledger will not take; Busy or Unsettled where it is not known,
        after the last pause, whether it was recorded. Posting the same bytes again settles that.
        """
        answer = self._until_settled("/v1/statements", *_request(wires))
        if answer.status not in {200, 201}:
            raise _refusal(self.url, answer, len(wires))
        return [answer.body] if len(wires) == 1 else _receipts(answer.body, len(wires))

    def check(self, wires: Sequence[bytes]) -> dict[str, Any]:
        """What the ledger would answer, with nothing recorded. Raises as `post` does."""
        answer = self._until_settled("/v1/statements?check=1", *_request(wires))
        if answer.status != 200:
            raise _refusal(self.url, answer, len(wires))
        said: dict[str, Any] = json.loads(answer.body)
        return said

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _until_settled(self, path: str, kind: str, body: bytes) -> Answer:
        for pause in (*self.pauses, None):
            try:
                answer = self._send(path, kind, body)
            except (OSError, http.client.HTTPException) as error:
                self.close()
                trouble: CoilmarkError = _unreachable(self.url, error)
            else:
                if answer.status not in _AGAIN:
                    return answer
                trouble = _trouble(answer)
            if pause is None:
                raise trouble
            self.sleep(max(pause, trouble.retry_after) if isinstance(trouble, Busy) else pause)
        raise RuntimeError("the last try neither settled nor raised")

    def _send(self, path: str, kind: str, body: bytes) -> Answer:
        if self._connection is None:
            self._connection = _connect(self.url)
        base = urlsplit(self.url).path.rstrip("/")
        self._connection.request("POST", base + path, body, {"Content-Type": kind})
        response = self._connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read())


def _connect(url: str) -> http.client.HTTPConnection:
    place = urlsplit(url)
    kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    return kind(place.hostname or "", place.port, timeout=_TIMEOUT)


def _request(wires: Sequence[bytes]) -> tuple[str, bytes]:
    if len(wires) == 1:
        return SINGLE, wires[0]
    return MANY, json.dumps({"statements": [wire.decode("ascii") for wire in wires]}).encode("ascii")


def _receipts(body: bytes, count: int) -> list[bytes]:
    """Each receipt of a batch as the file it would have been alone: compact JSON in the order it came."""
    receipts = json.loads(body)["receipts"]
    if len(receipts) != count:
        raise Unsettled("receipts", f"{count} statements were answered with {len(receipts)} receipts")
    return [json.dumps(one, separators=(",", ":")).encode("ascii") for one in receipts]


def _unreachable(url: str, error: Exception) -> Unsettled:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return Unsettled("unreachable", f"{url} does not answer ({reason}); post the same statements again")


def _trouble(answer: Answer) -> CoilmarkError:
    problem = _problem(answer)
    sentence = f"the server answers {answer.status}: {problem['detail']}"
    asked = answer.headers.get("retry-after", "")
    if asked.isdigit():
        return Busy(problem["code"], sentence, retry_after=min(int(asked), _LONGEST_WAIT))
    return Unsettled(problem["code"], sentence)


def _refusal(url: str, answer: Answer, total: int) -> CoilmarkError:
    """Why the ledger will not take them; or, where no ledger is speaking, that nothing is known."""
    problem = _problem(answer)
    if answer.status in _NOT_OF_THE_STATEMENT or not str(problem.get("type", "")).startswith(_PROBLEM):
        return Unsettled("no_ledger_here", f"{url} answers {answer.status} ({problem['detail']}); is it a ledger's?")
    rows = [(row["row"], Refused(row["code"], row["detail"])) for row in problem.get("rows", ())]
    if rows:
        return RefusedBatch(rows, total)
    return Refused(problem["code"], problem["detail"], status=answer.status)


def _problem(answer: Answer) -> dict[str, Any]:
    """problem+json (RFC 9457), or as much of one as a server that speaks something else allows."""
    plain = {"code": "http", "detail": f"HTTP status {answer.status} without a reason"}
    try:
        said = json.loads(answer.body)
    except ValueError:
        return plain
    return {**plain, **said} if isinstance(said, dict) else plain
