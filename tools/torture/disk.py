"""A disk that fills up under a served ledger, and is given room again: a small memory disk, mounted for it."""

import json
import shutil
import subprocess
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

from ledger.audit.audit import Order, audit
from ledger.audit.sources import DatabaseSource
from ledger.kernel.entry import parse_entry
from ledger.recording.opening import layout
from tools import own_postgres
from tools.bench.ledger import create, sign_span
from tools.torture.history import OK, Attempt, History, judge
from tools.torture.kill import kept_in
from tools.torture.server import Victim

DISK, BALLAST = 32, 20  # MiB: the disk, and what lies on it until it is full
POSTGRES_DISK, _LEFT = 256, 12  # MiB: the disk, and what is free on it beside the ballast
_SMALL_LOG = "min_wal_size = 8MB\nmax_wal_size = 16MB\n"
_LONGEST = 30.0  # seconds until recording resumes
_SETTLED = {200, 201}
_BATCH = 50  # statements a request


@dataclass(frozen=True, slots=True)
class Filled:
    """What a full disk gave. `refused` counts codes; `resumed` is in seconds after room was made."""

    reserve: int  # MiB
    acknowledged: int
    refused: dict[str, int]
    least_free: int  # bytes
    reads: int
    resumed: float
    alarmed: bool
    database_restarted: bool  # PostgreSQL had ended for want of room
    broken: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def why_not() -> str:
    """Why it cannot be done here, or ""."""
    if not shutil.which("mount"):
        return "there is no mount command"
    probe = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", "/mnt"], capture_output=True, check=False)
    if probe.returncode:
        return "mounting a memory disk takes the administrator's rights"
    subprocess.run(["umount", "/mnt"], check=True)
    return ""


def fill_disk(folder: Path, reserve: int, seconds: float) -> Filled:
    """The disk of a SQLite ledger."""
    with _disk(folder, DISK) as disk:
        places = layout(disk / "ledger")
        pem = create(places)
        victim = Victim(places, {"COILMARK_RESERVE": str(reserve)})
        return _fill(_Stage(victim, pem, disk, BALLAST, lambda: False), reserve, seconds)


def fill_postgres_disk(folder: Path, seconds: float) -> Filled:
    """The disk of the database server, its write-ahead log included; the ledger's folder is elsewhere."""
    folder.parent.mkdir(mode=0o711)
    folder.parent.parent.chmod(0o711)  # PostgreSQL may run as another user, and must come through
    with _disk(folder, POSTGRES_DISK) as disk, own_postgres.running(disk, _SMALL_LOG) as server:
        place = server.place()
        places = layout(folder.with_name("ledger"), None, place.writer)
        pem = create(places, place.owner)
        ballast = (shutil.disk_usage(disk).free >> 20) - _LEFT

        def restarted() -> bool:
            """A PostgreSQL that ended for want of room is started again, as whoever runs it would."""
            if server.alive:
                return False
            server.start()
            return True

        return _fill(_Stage(Victim(places), pem, disk, ballast, restarted), 0, seconds)


@dataclass(frozen=True, slots=True)
class _Stage:
    """A ledger, the disk that fills up, MiB of ballast on it, and how a database that ended is started again."""

    victim: Victim
    pem: bytes
    disk: Path
    ballast: int
    restarted: Callable[[], bool]


def _fill(stage: _Stage, reserve: int, seconds: float) -> Filled:
    """Post until nothing is taken, go on for `seconds`, make room, and see that it resumes by itself."""
    ballast, victim, history = stage.disk / "ballast", stage.victim, History()
    ballast.write_bytes(bytes(stage.ballast << 20))
    refused: dict[str, int] = {}
    broken: list[str] = []
    victim.up()
    least, reads, alarmed = 1 << 62, 0, False
    try:
        batches = _batches(stage.pem)
        full = 0.0
        while not full or time.monotonic() - full < seconds:
            code = _post(victim, history, next(batches), broken)
            if code:
                refused[code] = refused.get(code, 0) + 1
                full = full or time.monotonic()
                time.sleep(0.1)
            least = min(least, shutil.disk_usage(stage.disk).free)
            alarmed = alarmed or b"\ncoilmark_storage_low 1.0" in victim.ask("/metrics")[1]
            if full:
                reads += _reads(victim, history, broken)
        ballast.unlink()
        restarted = stage.restarted()
        resumed = _resumes(victim, history, batches, broken)
    finally:
        victim.end()
    broken += judge(history, kept_in(victim.places))
    broken += [one.sentence for one in audit(Order(DatabaseSource(victim.places.location))).findings]
    return Filled(
        reserve=reserve,
        acknowledged=history.count(OK),
        refused=refused,
        least_free=least,
        reads=reads,
        resumed=round(resumed, 2),
        alarmed=alarmed,
        database_restarted=restarted,
        broken=tuple(dict.fromkeys(broken)),
    )


@contextmanager
def _disk(folder: Path, size: int) -> Iterator[Path]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}m", "none", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def _batches(pem: bytes) -> Iterator[list[bytes]]:
    return (sign_span((pem, number * _BATCH, (number + 1) * _BATCH)) for number in count())


def _post(victim: Victim, history: History, batch: list[bytes], broken: list[str]) -> str:
    """The code of its refusal, or ""."""
    attempts = [Attempt(wire, time.monotonic_ns()) for wire in batch]
    history.attempts += attempts
    body = json.dumps({"statements": [wire.decode() for wire in batch]}).encode()
    status, answer = victim.ask("/v1/statements", body, "application/json")
    said = json.loads(answer)
    if status not in _SETTLED:
        if status not in {503, 507} or "code" not in said:
            broken.append(f"status {status}: {answer[:200]!r}")
        return str(said.get("code"))
    for attempt, receipt in zip(attempts, said["receipts"], strict=True):
        entry = parse_entry(b64decode(receipt["entry"]))
        attempt.settled, attempt.outcome = time.monotonic_ns(), OK
        attempt.index, attempt.leaf = entry.index, entry.leaf
    return ""


def _reads(victim: Victim, history: History, broken: list[str]) -> int:
    newest = max((one.index for one in history.attempts if one.outcome == OK), default=0)
    paths = (f"/v1/entries/{newest}", "/checkpoint", f"/v1/proofs/inclusion/{newest + 1}/0")
    broken += [f"{path} is not served on a full disk" for path in paths if victim.ask(path)[0] != 200]
    return len(paths)


def _resumes(victim: Victim, history: History, batches: Iterator[list[bytes]], broken: list[str]) -> float:
    started = time.monotonic()
    while _post(victim, history, next(batches), broken):
        if time.monotonic() - started > _LONGEST:
            broken.append("recording did not resume after room was made")
            break
        time.sleep(0.1)
    return time.monotonic() - started
