"""Every system call of an append fails once, in each of a few ways, and is once the last that the process makes.

On SQLite these are the calls that change files; on PostgreSQL also those by which its client speaks with the server.
The append runs in a process into which `torture_faults.c` was loaded before the C library. Afterwards the ledger is
opened again, audited, and the same statements are posted again.
"""

import ctypes
import errno
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, Self

from ledger.audit.audit import Order, audit
from ledger.audit.sources import DatabaseSource
from ledger.checking.statements import check
from ledger.kernel.entry import parse_entry
from ledger.kernel.errors import CoilmarkError, Conflict, Refused
from ledger.recording.log import Log, Submission
from ledger.recording.opening import Layout, layout, open_log
from ledger.store.store import open_store
from tools import own_postgres
from tools.bench.ledger import URI, create, fill, sign_span

BEFORE, APPENDED = 50, 3  # statements in the ledger, and in the append that fails
FAULTS = {"EIO": errno.EIO, "ENOSPC": errno.ENOSPC, "done and EIO": -errno.EIO, "killed": 0}
_PATIENCE = 20.0  # seconds
_DONE, _FAILED = 80, 81
_FROM = 1_000_000  # numbers of the statements that are appended
_SOURCE = Path(__file__).with_suffix(".c")


@dataclass(frozen=True, slots=True)
class Faults:
    """`calls` an append makes, `points` (call, fault) that were tried, and what was found after any of them."""

    store: str
    calls: int
    points: int
    acknowledged: int  # points after which the append had succeeded all the same
    broken: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


class Bed(Protocol):
    """A ledger that can be had again and again as it was: `BEFORE` statements, and `wires` to be appended."""

    wires: bytes

    def fresh(self) -> Layout:
        """The ledger as it was, in place of what became of it."""
        ...


class FileBed:
    """A ledger in a folder, copied for each try."""

    def __init__(self, folder: Path, url: str | None = None, owner: str | None = None) -> None:
        self._base, self._try, self._url = folder / "base", folder / "try", url
        self._base.mkdir(parents=True)
        places = layout(self._base / "ledger", None, url)
        pem = create(places, owner)
        for _ in fill(places, pem, BEFORE):
            pass
        self.wires = b"\n".join(sign_span((pem, _FROM, _FROM + APPENDED)))

    def fresh(self) -> Layout:
        """See Bed."""
        shutil.rmtree(self._try, ignore_errors=True)
        shutil.copytree(self._base, self._try)
        return layout(self._try / "ledger", None, self._url)


class PostgresBed(FileBed):
    """A ledger in a schema of a server, put back from a dump for each try."""

    def __init__(self, folder: Path, place: own_postgres.Place) -> None:
        super().__init__(folder, place.writer, place.owner)
        self._place, self._dump = place, place.dump()

    def fresh(self) -> Layout:
        """See Bed. Who died in the last try may hold a lock for a moment longer: the server sees it by itself."""
        self._place.restore(self._dump)
        return super().fresh()


def why_not() -> str:
    """Why it cannot be done here, or ""."""
    if not sys.platform.startswith("linux"):
        return "system calls are made to fail on Linux only"
    return "" if shutil.which("cc") else "there is no C compiler (cc)"


def fault_sweep(folder: Path, bed: Bed, every: int = 1, seed: int = 0) -> Faults:
    """Try each `every`-th call of an append to the ledger of a bed, with each fault; by the seed, from which on."""
    library = folder / "faults.so"
    command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(_SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    wires = folder / "wires"
    wires.write_bytes(bed.wires)
    with _Zygote(library, wires) as zygote:
        status, calls = zygote.append(bed.fresh(), 0, 0)
        if status != _DONE:
            raise RuntimeError(f"an append that nothing was done to ended with {status}")
        points = [(call, name) for call in range(1 + seed % every, calls + 1, every) for name in FAULTS]
        broken: list[str] = []
        acknowledged = 0
        for call, name in points:
            places = bed.fresh()
            status, _ = zygote.append(places, call, FAULTS[name])
            acknowledged += status == _DONE
            broken += (f"call {call} {name}: {one}" for one in _after(places, bed.wires, status))
    return Faults("PostgreSQL" if places.url else "SQLite", calls, len(points), acknowledged, tuple(broken))


def _after(places: Layout, wires: bytes, status: int) -> list[str]:
    """Open it again, audit, and post the same statements again: each stands once."""
    if status not in {_DONE, _FAILED, -9}:
        return [f"the process ended with {status}"]
    try:
        with _opened(places) as log:
            size = log.state.published.checkpoint.size
            first = _append(log, wires.split(b"\n"))
    except CoilmarkError as error:
        return [f"it does not open again: {error.sentence}"]
    found = [one.sentence for one in audit(Order(DatabaseSource(places.location))).findings]
    if status == _DONE and size != BEFORE + APPENDED + 2:
        found.append(f"what was acknowledged is not there: {size} entries")
    with closing(open_store(places.location, write=False)) as store, store.reading() as transaction:
        digests = [parse_entry(row.entry).statement for row in transaction.entries(0, 1 << 40)]
    if len(digests) != BEFORE + APPENDED + 2 or len(set(digests)) != len(digests):
        found.append(f"{len(digests)} entries after the retry, {len(set(digests))} of them different")
    return found + first


@contextmanager
def _opened(places: Layout) -> Iterator[Log]:
    """Opened as soon as the session of a process that died has let go of its lock."""
    until = time.monotonic() + _PATIENCE
    with ExitStack() as stack:
        while True:
            try:
                log = stack.enter_context(open_log(places))
                break
            except Conflict as error:
                if error.code != "already_open" or time.monotonic() > until:
                    raise
            time.sleep(0.05)
        yield log


def _append(log: Log, wires: list[bytes]) -> list[str]:
    keys = log.state.registry.all_keys()
    (outcome,) = log.append([Submission(tuple(check(wire, audience=URI, keys=keys) for wire in wires))])
    return [f"the retry is refused: {outcome.sentence}"] if isinstance(outcome, Refused) else []


class _Zygote:
    """A warm process with the library in it, which forks one that appends for each line it is sent."""

    def __init__(self, library: Path, wires: Path) -> None:
        self._library, self._wires = library, wires

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.torture.faults", str(self._library), str(self._wires)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "LD_PRELOAD": str(self._library)},
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def append(self, places: Layout, call: int, error: int) -> tuple[int, int]:
        """How the process ended (its exit code, or minus the signal), and how many calls it made."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the process has no pipes")
        self._process.stdin.write(json.dumps([call, error, str(places.folder), places.url]) + "\n")
        self._process.stdin.flush()
        status, calls = self._process.stdout.readline().split()
        return int(status), int(calls)


def _answer_lines(library: ctypes.CDLL, wires: Sequence[bytes]) -> None:
    for line in sys.stdin:
        call, error, folder, url = json.loads(line)
        counted, ours = os.pipe()
        child = os.fork()
        if not child:
            _die_appending(library, layout(Path(folder), None, url), wires, (call, error), ours)
        os.close(ours)
        _, status = os.waitpid(child, 0)
        with os.fdopen(counted) as pipe:
            calls = pipe.read() or "0"
        code = os.waitstatus_to_exitcode(status)
        sys.stdout.write(f"{code} {calls}\n")
        sys.stdout.flush()


def _die_appending(
    library: ctypes.CDLL, places: Layout, wires: Sequence[bytes], fault: tuple[int, int], ours: int
) -> None:
    status = _FAILED
    try:
        with open_log(places) as log:
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
    _answer_lines(ctypes.CDLL(sys.argv[1]), Path(sys.argv[2]).read_bytes().split(b"\n"))
