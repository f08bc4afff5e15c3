"""What it takes to post allocations to a server, and to derive all that was recorded of energy again."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ledger.audit.audit import Order, audit
from ledger.audit.sources import DatabaseSource
from ledger.checking.statements import check
from ledger.kernel.keys import Signer, load_signer
from ledger.kernel.moments import rfc3339
from ledger.recording.log import Log
from ledger.recording.opening import Layout, clock, layout, open_log, rebuild_ledger
from tools.bench.ingest import served
from tools.bench.ledger import OPERATOR, SITE, URI, append, create, issued
from tools.bench.timing import processor_seconds
from tools.load import Load, drive, request

_HOUR = 3_600_000_000  # µs
_METERS = 6
_PROCESSES = 10
_WH = 1_000_000  # of one row
_TOGETHER = 12  # hours that one allocation covers: as many rows as a statement has room for
_ROLES = ("energy-attestation", "energy-consumption", "energy-action", "energy-allocation")
ROWS_A_DAY = 24 * _METERS * _PROCESSES
Body = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class EnergyFigure:
    """On SQLite: seconds that allocations took to be posted, and what the server took of the processor for them.

    `allocations` statements were posted over HTTP one after the other, each when the one before was answered.
    `rebuild_s` and `audit_s` are processor seconds of one process, of the whole ledger.
    """

    rows: int
    attestations: int
    statements: int
    allocations: int
    post_s: float
    server_s: float
    rebuild_s: float
    audit_s: float

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def run_energy(folder: Path, rows: int) -> EnergyFigure:
    """Measure a park of six meters and ten processes, for as many days as it takes to allocate so many rows.

    Raises RuntimeError where the server refuses one, or an audit finds something.
    """
    places = layout(folder / "ledger")
    signer, days = load_signer(create(places)), -(-rows // ROWS_A_DAY)
    midnight = (clock() // (24 * _HOUR) - days) * 24 * _HOUR
    with open_log(places) as log:
        _say(log, signer, [("party", _party())])
        for day in range(days):
            _say(log, signer, list(_generated(midnight, day)) + list(_drawn(midnight, day)))
        bodies = [("energy-allocation", body) for day in range(days) for body in _allocated(day)]
        wires = _signed(log, signer, bodies)
    load, server_s = _posted(places, wires)
    started = time.process_time()
    rebuild_ledger(places)
    rebuild_s, started = time.process_time() - started, time.process_time()
    report = audit(Order(DatabaseSource(places.location)))
    if report.findings:
        raise RuntimeError(report.findings[0].sentence)
    audit_s = time.process_time() - started
    return EnergyFigure(
        days * ROWS_A_DAY, days * 24 * _METERS, report.size, len(wires), load.seconds, server_s, rebuild_s, audit_s
    )  # fmt: skip


def _posted(places: Layout, wires: Sequence[bytes]) -> tuple[Load, float]:
    """Over one connection to a server. Raises RuntimeError where one is refused."""
    requests = [request("/v1/statements", "application/sd-jwt", wire) for wire in wires]
    with served(places, 1) as (port, pid):
        before = processor_seconds(pid)
        load = drive(port, requests, 1)
        server_s = processor_seconds(pid) - before
    if load.statuses.keys() != {201}:
        raise RuntimeError(f"the server answered {load.statuses}; last: {load.last_body[:500]!r}")
    return load, server_s


def _say(log: Log, signer: Signer, bodies: Sequence[Body]) -> None:
    keys = log.state.registry.all_keys()
    append(log, [check(wire, audience=URI, keys=keys) for wire in _signed(log, signer, bodies)])


def _signed(log: Log, signer: Signer, bodies: Sequence[Body]) -> list[bytes]:
    now, start = clock(), log.state.published.checkpoint.size
    return [issued(signer, typ, f"urn:bench:{n}", now, body) for n, (typ, body) in enumerate(bodies, start)]


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
