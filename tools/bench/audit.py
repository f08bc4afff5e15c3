"""The audit benchmark: a whole audit against the bare verification of the same signatures, on all cores."""

import os
import resource
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ledger.audit.audit import Order, audit
from ledger.audit.crew import crew
from ledger.audit.sources import DatabaseSource
from ledger.checking.signatures import verify_fast
from ledger.kernel.keys import PublicKey, verify_signature
from ledger.kernel.statement import parse
from ledger.recording.opening import layout, open_log
from tools.bench.ledger import create, fill


@dataclass(frozen=True, slots=True)
class AuditFigure:
    """Seconds of wall time; `ratio` is the audit against signatures alone, in the same run on the same ledger.

    `cpu_ratio` is the same of the processor's time, in all processes: what it takes where other work is done beside.
    Signatures alone: each verified once with `cryptography`, what a user would pick, by a key that was parsed before,
    the statements read and decoded beforehand, spread evenly over as many processes as the audit had. Reading, decoding
    and starting processes is not in it. `own_seconds` is the same as the audit does it itself (`checking.signatures`).
    """

    statements: int
    processes: int
    audit_seconds: float
    signature_seconds: float
    own_seconds: float
    ratio: float
    cpu_ratio: float
    findings: int

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def run_audit(folder: Path, statements: int) -> AuditFigure:
    """Fill a ledger in `folder` and audit it."""
    places = layout(folder / "ledger")
    pem = create(places)
    for _ in fill(places, pem, statements):
        pass
    with open_log(places) as log:
        keys = log.state.registry.all_keys()
    return measure(DatabaseSource(places.database), keys)


def measure(source: DatabaseSource, keys: Mapping[str, PublicKey]) -> AuditFigure:
    """Both passes over one ledger."""
    processes = os.cpu_count() or 1
    started, began = time.perf_counter(), _processor_time()
    report = audit(Order(source=source, jobs=processes))
    seconds, busy = time.perf_counter() - started, _processor_time() - began
    outline = source.outline()
    with crew(processes) as workers:
        spans = [(source, start, end, keys) for start, end in outline.ranges]
        verified = list(workers.in_order(_signatures, spans, lambda _span: _Spent(0, 0.0, 0.0, 0.0)))
    good = sum(one.good for one in verified)
    if good != report.signatures:
        raise RuntimeError(f"{good} signatures are good, the audit counted {report.signatures}")
    alone = sum(one.wall for one in verified) / processes
    own = sum(one.own for one in verified) / processes
    cpu = sum(one.cpu for one in verified)
    return AuditFigure(outline.size, processes, seconds, alone, own, seconds / alone, busy / cpu, len(report.findings))


def _processor_time() -> float:
    """Seconds of this process and of those that it started and that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


@dataclass(frozen=True, slots=True)
class _Spent:
    """How many signatures of a range are good, and the seconds their verification takes, nothing else."""

    good: int
    wall: float
    cpu: float
    own: float


def _signatures(span: tuple[DatabaseSource, int, int, Mapping[str, PublicKey]]) -> _Spent:
    source, start, end, keys = span
    with source.reading() as reader:
        rows, _ = reader.rows(start, end)
    statements = [parse(row.wire) for row in rows]
    wanted = [(keys[one.kid], one.alg, one.signing_input, one.signature) for one in statements]
    started, began = time.perf_counter(), time.process_time()
    good = sum(verify_signature(*one) for one in wanted)
    wall, cpu = time.perf_counter() - started, time.process_time() - began
    started = time.perf_counter()
    good = min(good, sum(verify_fast(*one) for one in wanted))
    return _Spent(good, wall, cpu, time.perf_counter() - started)
