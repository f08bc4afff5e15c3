"""A disk that fills up under a served ledger, and is given room again: a small memory disk, mounted for it."""

import json
import shutil
import subprocess
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

from ledger.audit.audit import Order, audit
from ledger.audit.sources import DatabaseSource
from ledger.kernel.entry import parse_entry
from ledger.opening import layout
from tools.bench_ledger import create, sign_span
from tools.torture_history import OK, Attempt, History, judge
from tools.torture_kill import kept_in
from tools.torture_server import Victim

DISK, BALLAST = 32, 20  # MiB: the disk, and what lies on it until it is full
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
    """Post until nothing is taken, go on for `seconds`, make room, and see that it resumes by itself."""
    with _disk(folder) as disk:
        places = layout(disk / "ledger")
        ballast = disk / "ballast"
        pem = create(places)
        ballast.write_bytes(bytes(BALLAST << 20))
        victim, history = Victim(places, {"COILMARK_RESERVE": str(reserve)}), History()
        refused: dict[str, int] = {}
        broken: list[str] = []
        victim.up()
        least, reads, alarmed = 1 << 62, 0, False
        try:
            batches = _batches(pem)
            full = 0.0
            while not full or time.monotonic() - full < seconds:
                code = _post(victim, history, next(batches), broken)
                if code:
                    refused[code] = refused.get(code, 0) + 1
                    full = full or time.monotonic()
                    time.sleep(0.1)
                least = min(least, shutil.disk_usage(disk).free)
                alarmed = alarmed or b"\ncoilmark_storage_low 1.0" in victim.ask("/metrics")[1]
                if full:
                    reads += _reads(victim, history, broken)
            ballast.unlink()
            resumed = _resumes(victim, history, batches, broken)
        finally:
            victim.end()
        broken += judge(history, kept_in(places))
        broken += [one.sentence for one in audit(Order(DatabaseSource(places.location))).findings]
        return Filled(
            reserve, history.count(OK), refused, least, reads, round(resumed, 2), alarmed, tuple(dict.fromkeys(broken))
        )


@contextmanager
def _disk(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}m", "none", str(folder)], check=True)
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
