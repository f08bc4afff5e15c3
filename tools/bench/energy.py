"""What recording attestations, consumption and allocations takes, and what deriving all of it again takes."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ledger.audit.audit import Order, audit
from ledger.audit.sources import DatabaseSource
from ledger.checking.statements import Checked, check
from ledger.kernel.keys import Signer, load_signer
from ledger.kernel.moments import rfc3339
from ledger.recording.log import Log
from ledger.recording.opening import clock, layout, open_log, rebuild_ledger
from tools.bench.ledger import OPERATOR, SITE, URI, append, create, issued

_HOUR = 3_600_000_000  # µs
_METERS = 6
_PROCESSES = 10
_WH = 1_000_000  # of one row
_TOGETHER = 6  # hours that one allocation covers
_ROLES = ("energy-attestation", "energy-consumption", "energy-action", "energy-allocation")
ROWS_A_DAY = 24 * _METERS * _PROCESSES
Body = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class EnergyFigure:
    """Processor seconds of one process, on SQLite: `check_s` for parsing, form and signatures, `record_s` for the rest.

    Both are of the allocations alone. `audit_s` and `rebuild_s` are of the whole ledger.
    """

    rows: int
    attestations: int
    statements: int
    check_s: float
    record_s: float
    rebuild_s: float
    audit_s: float

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def run_energy(folder: Path, rows: int) -> EnergyFigure:
    """Measure a park of six meters and ten processes, for as many days as it takes to allocate so many rows."""
    places = layout(folder / "ledger")
    signer, days = load_signer(create(places)), -(-rows // ROWS_A_DAY)
    midnight = (clock() // (24 * _HOUR) - days) * 24 * _HOUR
    with open_log(places) as log:
        _say(log, signer, [("party", _party())])
        for day in range(days):
            _say(log, signer, list(_generated(midnight, day)) + list(_drawn(midnight, day)))
        bodies = [("energy-allocation", body) for day in range(days) for body in _allocated(day)]
        checked, check_s = _checked(log, signer, bodies)
        started = time.process_time()
        for one in checked:
            append(log, [one])
        record_s = time.process_time() - started
    started = time.process_time()
    rebuild_ledger(places)
    rebuild_s, started = time.process_time() - started, time.process_time()
    report = audit(Order(DatabaseSource(places.location)))
    if report.findings:
        raise RuntimeError(report.findings[0].sentence)
    audit_s = time.process_time() - started
    return EnergyFigure(
        days * ROWS_A_DAY, days * 24 * _METERS, report.size, check_s, record_s, rebuild_s, audit_s
    )  # fmt: skip


def _say(log: Log, signer: Signer, bodies: Sequence[Body]) -> None:
    checked, _ = _checked(log, signer, bodies)
    append(log, checked)


def _checked(log: Log, signer: Signer, bodies: Sequence[Body]) -> tuple[list[Checked], float]:
    """Signed and checked, and the processor seconds of checking."""
    now, keys = clock(), log.state.registry.all_keys()
    start = log.state.published.checkpoint.size
    wires = [issued(signer, typ, f"urn:bench:{n}", now, body) for n, (typ, body) in enumerate(bodies, start)]
    started = time.process_time()
    return [check(wire, audience=URI, keys=keys) for wire in wires], time.process_time() - started


def _party() -> dict[str, Any]:
    site = SITE["id"]
    return {
        "id": OPERATOR, "name": "Bench", "roles": list(_ROLES), "prefixes": ["9521141"], "sites": [SITE],
        "processes": [{"id": _own("process", n), "kind": "electrolysis", "site": site} for n in range(_PROCESSES)],
        "devices": [
            {"id": _own("device", n), "kind": "generator", "site": site, "capacity": _PROCESSES * _WH}
            for n in range(_METERS)
        ],
        "meters": [{"id": _own("meter", n), "site": site, "device": _own("device", n)} for n in range(_METERS)],
    }  # fmt: skip


def _generated(midnight: int, day: int) -> Iterator[Body]:
    for hour in range(24 * day, 24 * day + 24):
        start = midnight + hour * _HOUR
        for meter in range(_METERS):
            yield "energy-attestation", {
                "id": _attestation(hour, meter), "device": _own("device", meter), "meter": _own("meter", meter),
                "from": rfc3339(start), "to": rfc3339(start + _HOUR), "wh": _PROCESSES * _WH, "source": "wind",
                "quality": "measured", "support": "none", "dissemination": "public-grid", "disclosure": True,
                "configuration": 1, "expires": "2199-01-01T00:00:00Z",
            }  # fmt: skip


def _drawn(midnight: int, day: int) -> Iterator[Body]:
    for process in range(_PROCESSES):
        yield "energy-consumption", {
            "id": _consumption(day, process), "process": _own("process", process), "method": "calculated",
            "from": rfc3339(midnight + 24 * day * _HOUR), "wh": [_METERS * _WH] * 24,
        }  # fmt: skip


def _allocated(day: int) -> Iterator[dict[str, Any]]:
    """What the park gives in each hour, to its processes in equal parts."""
    for first in range(0, 24, _TOGETHER):
        rows = [
            {
                "attestation": _attestation(24 * day + hour, meter), "from_wh": process * _WH,
                "to_wh": (process + 1) * _WH, "consumption": _consumption(day, process), "hour": hour,
                "delivery": "same-zone",
            }
            for hour in range(first, first + _TOGETHER)
            for meter in range(_METERS)
            for process in range(_PROCESSES)
        ]  # fmt: skip
        yield {"matching": "hourly", "purpose": "footprint", "beneficiary": OPERATOR, "rows": rows}


def _own(what: str, number: int) -> str:
    return f"{OPERATOR}/{what}-{number}"


def _attestation(hour: int, meter: int) -> str:
    return f"{OPERATOR}/{hour:05d}/{meter}"


def _consumption(day: int, process: int) -> str:
    return f"{OPERATOR}/drawn/{day:03d}/{process}"
