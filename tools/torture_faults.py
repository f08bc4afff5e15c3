"""Every system call of an append fails once, with EIO and with ENOSPC, and is once the last that the process makes.

The append runs in a process into which `torture_faults.c` was loaded before the C library. Afterwards the ledger is
opened again, audited, and the same statements are posted again.
"""

import ctypes
import errno
import os
import shutil
import subprocess
import sys
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from ledger.audit.audit import Order, audit
from ledger.audit.sources import DatabaseSource
from ledger.checking import check
from ledger.kernel.entry import parse_entry
from ledger.kernel.errors import CoilmarkError, Refused
from ledger.log import Log, Submission
from ledger.opening import layout, open_log
from ledger.store.store import open_store
from tools.bench_ledger import URI, create, fill, sign_span

BEFORE, APPENDED = 50, 3  # statements in the ledger, and in the append that fails
FAULTS = {"EIO": errno.EIO, "ENOSPC": errno.ENOSPC, "killed": 0}
_DONE, _FAILED = 80, 81
_FROM = 1_000_000  # numbers of the statements that are appended
_SOURCE = Path(__file__).with_suffix(".c")


@dataclass(frozen=True, slots=True)
class Faults:
    """`calls` an append makes, `points` (call, fault) that were tried, and what was found after any of them."""

    calls: int
    points: int
    broken: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def why_not() -> str:
    """Why it cannot be done here, or ""."""
    if not sys.platform.startswith("linux"):
        return "system calls are made to fail on Linux only"
    return "" if shutil.which("cc") else "there is no C compiler (cc)"


def fault_sweep(folder: Path, every: int = 1) -> Faults:
    """Try each `every`-th call of an append to a SQLite ledger in `folder`, with each fault."""
    library = folder / "faults.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(_SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    base = folder / "base"
    base.mkdir()
    pem = create(layout(base / "ledger"))
    for _ in fill(layout(base / "ledger"), pem, BEFORE):
        pass
    (base / "wires").write_bytes(b"\n".join(sign_span((pem, _FROM, _FROM + APPENDED))))
    with _Zygote(library) as zygote:
        calls = _count(zygote, base, folder / "count")
        broken: list[str] = []
        points = [(call, name) for call in range(1, calls + 1, every) for name in FAULTS]
        for call, name in points:
            broken += _try(zygote, base, folder / "try", call, name)
    return Faults(calls, len(points), tuple(broken))


def _count(zygote: "_Zygote", base: Path, folder: Path) -> int:
    shutil.copytree(base, folder)
    status, calls = zygote.append(folder, 0, 0)
    if status != _DONE:
        raise RuntimeError(f"an append that nothing was done to ended with {status}")
    return calls


def _try(zygote: "_Zygote", base: Path, folder: Path, call: int, name: str) -> list[str]:
    shutil.copytree(base, folder)
    try:
        status, _ = zygote.append(folder, call, FAULTS[name])
        if status not in {_DONE, _FAILED, -9}:
            return [f"call {call} {name}: the process ended with {status}"]
        return [f"call {call} {name}: {one}" for one in _after(folder, acknowledged=status == _DONE)]
    finally:
        shutil.rmtree(folder)


def _after(folder: Path, *, acknowledged: bool) -> list[str]:
    """Open it again, audit, and post the same statements again: each stands once."""
    places = layout(folder / "ledger")
    wires = (folder / "wires").read_bytes().split(b"\n")
    try:
        with open_log(places) as log:
            size = log.state.published.checkpoint.size
            first = _append(log, wires)
    except CoilmarkError as error:
        return [f"it does not open again: {error.sentence}"]
    found = [one.sentence for one in audit(Order(DatabaseSource(places.location))).findings]
    if acknowledged and size != BEFORE + APPENDED + 2:
        found.append(f"what was acknowledged is not there: {size} entries")
    with closing(open_store(places.location, write=False)) as store, store.reading() as transaction:
        digests = [parse_entry(row.entry).statement for row in transaction.entries(0, 1 << 40)]
    if len(digests) != BEFORE + APPENDED + 2 or len(set(digests)) != len(digests):
        found.append(f"{len(digests)} entries after the retry, {len(set(digests))} of them different")
    return found + first


def _append(log: Log, wires: list[bytes]) -> list[str]:
    keys = log.state.registry.all_keys()
    (outcome,) = log.append([Submission(tuple(check(wire, audience=URI, keys=keys) for wire in wires))])
    return [f"the retry is refused: {outcome.sentence}"] if isinstance(outcome, Refused) else []


class _Zygote:
    """A warm process with the library in it, which forks one that appends for each line it is sent."""

    def __init__(self, library: Path) -> None:
        self._library = library

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.torture_faults", str(self._library)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "LD_PRELOAD": str(self._library)},
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def append(self, folder: Path, call: int, error: int) -> tuple[int, int]:
        """How the process ended (its exit code, or minus the signal), and how many calls it made."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the process has no pipes")
        self._process.stdin.write(f"{call} {error} {folder}\n")
        self._process.stdin.flush()
        status, calls = self._process.stdout.readline().split()
        return int(status), int(calls)


def _answer_lines(library: ctypes.CDLL) -> None:
    for line in sys.stdin:
        call, error, folder = line.rstrip("\n").split(" ", 2)
        counted, ours = os.pipe()
        child = os.fork()
        if not child:
            _die_appending(library, Path(folder), (int(call), int(error)), ours)
        os.close(ours)
        _, status = os.waitpid(child, 0)
        with os.fdopen(counted) as pipe:
            calls = pipe.read() or "0"
        code = os.waitstatus_to_exitcode(status)
        sys.stdout.write(f"{code} {calls}\n")
        sys.stdout.flush()


def _die_appending(library: ctypes.CDLL, folder: Path, fault: tuple[int, int], ours: int) -> None:
    status = _FAILED
    try:
        with open_log(layout(folder / "ledger")) as log:
            wires = (folder / "wires").read_bytes().split(b"\n")
            keys = log.state.registry.all_keys()
            submission = Submission(tuple(check(wire, audience=URI, keys=keys) for wire in wires))
            library.faults_arm(ctypes.c_long(fault[0]), fault[1])
            (outcome,) = log.append([submission])
            calls = library.faults_count()
            library.faults_arm(ctypes.c_long(-1), 0)
            os.write(ours, str(calls).encode())
            status = _FAILED if isinstance(outcome, Refused) else _DONE
            os._exit(status)  # as a process that is killed: nothing is closed
    finally:
        os._exit(status)


if __name__ == "__main__":
    _answer_lines(ctypes.CDLL(sys.argv[1]))
