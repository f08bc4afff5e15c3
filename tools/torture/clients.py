"""Clients that never give up: each posts its numbered statements one by one, and each again until it is settled."""

import http.client
import json
import threading
import time
from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle

from ledger.kernel.checkpoint import parse_checkpoint
from ledger.kernel.entry import parse_entry
from ledger.kernel.errors import CoilmarkError
from ledger.kernel.note import parse_note
from tools.torture.history import FAIL, OK, Attempt, History

_TIMEOUT = 10.0  # seconds
_PAUSE = 0.02  # seconds before the next try
_SETTLED = {200, 201}
_AGAIN = {408, 429, 500, 503, 507}


@dataclass
class Crowd:
    """Threads that post to the servers at `ports` in turn, and one for each server that reads its heads.

    What they saw is in `history`; `statuses` counts answers.
    """

    ports: Sequence[int]
    history: History = field(default_factory=History)
    statuses: dict[int, int] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)  # answers that no client should ever get
    _threads: list[threading.Thread] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _abandoned: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, shares: Sequence[Iterator[bytes]]) -> None:
        """One client for each share of the statements."""
        self._threads = [threading.Thread(target=self._post_all, args=(share,)) for share in shares]
        self._threads += [threading.Thread(target=self._read_heads, args=(port,)) for port in self.ports]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Let each settle what it has begun; the server must be there."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def abandon(self) -> None:
        """End now, whatever is not settled: the server does not come back."""
        self._abandoned.set()
        self.end()

    def _post_all(self, wires: Iterator[bytes]) -> None:
        ports = cycle(self.ports)
        for wire in wires:
            if self._over.is_set():
                return
            attempt = Attempt(wire, time.monotonic_ns())
            with self._lock:
                self.history.attempts.append(attempt)  # before it is sent
            while not self._settled(attempt, next(ports)):
                if self._abandoned.wait(_PAUSE):
                    return

    def _settled(self, attempt: Attempt, port: int) -> bool:
        attempt.tries += 1
        try:
            status, body = _ask(port, "POST", "/v1/statements", attempt.wire)
        except (OSError, http.client.HTTPException):
            return False
        with self._lock:
            self.statuses[status] = self.statuses.get(status, 0) + 1
        if status in _SETTLED:
            entry = parse_entry(b64decode(json.loads(body)["entry"]))
            attempt.index, attempt.leaf = entry.index, entry.leaf
        elif status in _AGAIN:
            if status == 500:
                self.odd.append(f"status 500: {body[:300]!r}")
            return False
        attempt.settled = time.monotonic_ns()
        attempt.outcome = OK if status in _SETTLED else FAIL
        return True

    def _read_heads(self, port: int) -> None:
        newest = 0
        while not self._over.wait(_PAUSE):
            try:
                status, body = _ask(port, "GET", "/checkpoint", None)
                head = parse_checkpoint(parse_note(body).text) if status == 200 else None
            except (OSError, http.client.HTTPException, CoilmarkError):
                continue
            if head is not None:
                if head.size < newest:
                    self.odd.append(f"a head of size {head.size} was shown after one of size {newest}")
                newest = max(newest, head.size)
                self.history.heads.add(head)


def _ask(port: int, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT)
    try:
        headers = {"content-type": "application/sd-jwt"} if body else {}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
