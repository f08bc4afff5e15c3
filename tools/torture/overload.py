"""Ten times more at once than a server can take: what it refuses, whether it keeps its word, how soon it is itself."""

import json
import os
import re
import threading
import time
from base64 import b64decode
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from multiprocessing import Pool
from typing import Any

from ledger.kernel.entry import parse_entry
from ledger.recording.opening import Layout
from tools.bench.ledger import create, sign_span
from tools.torture.kill import kept_in
from tools.torture.server import Victim

BATCH = 500  # statements a request under overload
AT_ONCE = 96  # such requests at any moment: 48 000 statements, where a server lets 20 000 wait
_SPAN = 1_000
_NORMAL = 50  # single statements that show how fast an answer normally is
_ENTRY = re.compile(rb'"entry":"([A-Za-z0-9+/=]+)"')


@dataclass(frozen=True, slots=True)
class Overload:
    """What was asked and answered. Times in seconds; `recovery` until an answer was again as fast as twice normal.

    `offered` counts statements once for each request that carried them: a refused batch is offered again at once, as a
    client would that heeds no Retry-After. `times` is how many were offered for one that was recorded.
    """

    seconds: float
    offered: int
    acknowledged: int
    times: float
    statuses: dict[str, int]
    unanswered: int
    proofs_served: int
    proofs_failed: int
    normal: float
    recovery: float
    broken: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


@dataclass
class _Seen:
    statuses: dict[int, int] = field(default_factory=dict)
    acknowledged: list[tuple[int, bytes]] = field(default_factory=list)  # index, statement digest
    sent: int = 0  # statements, once for each request that carried them
    unanswered: int = 0  # requests that got no answer in time: nothing is known of them
    served: int = 0
    failed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next_of(self, batches: deque[bytes]) -> bytes:
        """The batch that waited longest; none where none waits."""
        with self.lock:
            return batches.popleft() if batches else b""

    def note(self, status: int | None, acknowledged: Sequence[tuple[int, bytes]]) -> None:
        """One request and its answer; `status` is None where none came."""
        with self.lock:
            self.sent += BATCH
            self.acknowledged += acknowledged
            if status is None:
                self.unanswered += 1
            else:
                self.statuses[status] = self.statuses.get(status, 0) + 1


def overload(places: Layout, seconds: float, statements: int) -> Overload:
    """Overload a new ledger at `places` for as long, or until all `statements` are recorded."""
    pem = create(places)
    with Pool() as pool:
        spans = [(pem, start, start + _SPAN) for start in range(0, statements + 2 * _SPAN, _SPAN)]
        wires = [wire for chunk in pool.map(sign_span, spans) for wire in chunk]
    normal_ones, wires = iter(wires[: 2 * _SPAN]), wires[2 * _SPAN :]
    victim, seen = Victim(places, {"COILMARK_CHECKERS": str(len(os.sched_getaffinity(0)))}), _Seen()
    victim.up()
    try:
        normal = _normal(victim, normal_ones)
        batches: deque[bytes] = deque(_body(wires[at : at + BATCH]) for at in range(0, len(wires), BATCH))
        started = time.monotonic()
        _press(victim, seen, batches, started + seconds)
        lasted = time.monotonic() - started
        recovery = _recovery(victim, normal_ones, 2 * normal)
    finally:
        victim.end()
    return Overload(
        seconds=round(lasted, 1),
        offered=seen.sent,
        acknowledged=len(seen.acknowledged),
        times=round(seen.sent / max(1, len(seen.acknowledged)), 1),
        statuses={str(status): count for status, count in sorted(seen.statuses.items())},
        unanswered=seen.unanswered,
        proofs_served=seen.served,
        proofs_failed=seen.failed,
        normal=round(normal, 4),
        recovery=round(recovery, 3),
        broken=tuple(_broken(places, seen)),
    )


def _body(wires: Sequence[bytes]) -> bytes:
    return json.dumps({"statements": [wire.decode() for wire in wires]}).encode()


def _press(victim: Victim, seen: _Seen, batches: deque[bytes], until: float) -> None:
    threads = [threading.Thread(target=_post, args=(victim, seen, batches, until)) for _ in range(AT_ONCE)]
    threads.append(threading.Thread(target=_read, args=(victim, seen, until, threads[:])))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _post(victim: Victim, seen: _Seen, batches: deque[bytes], until: float) -> None:
    """Post what waits; what is refused waits again, behind the others."""
    while time.monotonic() < until and (batch := seen.next_of(batches)):
        try:
            status, answer = victim.ask("/v1/statements", batch, "application/json")
        except OSError:
            status, answer = None, b""
        entries = [parse_entry(b64decode(text)) for text in _ENTRY.findall(answer)] if status in {200, 201} else []
        if not entries:
            batches.append(batch)
        seen.note(status, [(entry.index, entry.statement) for entry in entries])


def _read(victim: Victim, seen: _Seen, until: float, posting: Sequence[threading.Thread]) -> None:
    """Reads and proofs go on meanwhile."""
    while time.monotonic() < until and any(thread.is_alive() for thread in posting):
        try:
            good = victim.ask("/v1/proofs/inclusion/2/1")[0] == 200 and victim.ask("/v1/entries/0")[0] == 200
        except OSError:
            good = False
        seen.served, seen.failed = seen.served + good, seen.failed + (not good)
        time.sleep(0.05)


def _normal(victim: Victim, wires: Iterator[bytes]) -> float:
    times = sorted(_timed(victim, next(wires)) for _ in range(_NORMAL))
    return times[len(times) // 2]


def _recovery(victim: Victim, wires: Iterator[bytes], fast: float) -> float:
    """Until five answers in a row came within `fast`; a minute where they never did."""
    started, row = time.monotonic(), 0
    while row < 5 and time.monotonic() - started < 60:
        row = row + 1 if _timed(victim, next(wires)) <= fast else 0
    return time.monotonic() - started


def _timed(victim: Victim, wire: bytes) -> float:
    started = time.monotonic()
    try:
        status, _ = victim.ask("/v1/statements", wire)
    except OSError:
        return float("inf")
    return time.monotonic() - started if status in {200, 201} else float("inf")


def _broken(places: Layout, seen: _Seen) -> Iterator[str]:
    kept = kept_in(places).entries
    false = [index for index, digest in seen.acknowledged if index >= len(kept) or kept[index][0] != digest]
    yield from (f"entry {index} was acknowledged and is not there" for index in false)
    if odd := {status: count for status, count in seen.statuses.items() if status not in {200, 201, 429, 503}}:
        yield f"answers other than 200, 201, 429 and 503: {odd}"
    if seen.failed > 1 + (seen.served + seen.failed) // 100:
        yield f"{seen.failed} reads of {seen.served + seen.failed} failed"
