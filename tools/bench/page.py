"""How long a server takes for a scan page: many coils stored, those that were shipped scanned in no order."""

import os
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ledger.kernel.keys import load_signer
from ledger.kernel.moments import rfc3339
from ledger.passport.issue import Issuer
from ledger.recording.opening import clock, layout, open_log
from ledger.rules import rule_set
from tools.bench.ingest import served
from tools.bench.ledger import PROCESS, create, event_of, signed_now
from tools.bench.timing import processor_seconds
from tools.load import Load, drive

_EACH = 1_000  # pieces an event makes
_SENT = 50  # pieces a shipment has
_MASS = 9_000_000
_GTIN = "09521141000014"


@dataclass(frozen=True)
class PageFigure:
    """Milliseconds from request to answer, one asked after the other; pages a second of several askers at once.

    `cpu_ms` is what all processes of the server took of a processor for a page, while several asked.
    """

    coils: int
    workers: int
    passports: int
    middle_ms: float
    p99_ms: float
    pages_a_second: float
    cpu_ms: float
    page_bytes: int

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def run_page(folder: Path, coils: int, passports: int, pages: int, workers: int) -> PageFigure:
    """Of a server of so many processes. Raises RuntimeError for an answer that is no page."""
    places = layout(folder / "ledger")
    signer = load_signer(create(places))
    issuer = Issuer(signer, rule_set(), os.urandom)
    with open_log(places, issuer=issuer) as log:
        now = rfc3339(clock())  # what happened long ago is found late, and a page of findings is another page
        events = ({**event, "eventTime": now} for event in (*_made(coils, passports), *_sent(passports)))
        signed_now(log, signer, list(events), 1)
    dice = random.Random(1)  # noqa: S311  a sample, no secret
    wanted = [_get(f"/page/01/{_GTIN}/21/C{dice.randrange(passports):08d}") for _ in range(pages)]
    with served(places, workers) as (port, pid):
        _good(drive(port, wanted[:200], 1))
        alone = _good(drive(port, wanted, 1))
        before = processor_seconds(pid)
        together = _good(drive(port, wanted, 8))
        spent = processor_seconds(pid) - before
    return PageFigure(
        coils, workers, passports, alone.percentile(0.5) * 1e3, alone.percentile(0.99) * 1e3, pages / together.seconds,
        spent / pages * 1e3, len(together.last_body),
    )  # fmt: skip


def _coil(number: int) -> str:
    return f"https://id.bench.example/01/{_GTIN}/21/C{number:08d}"


def _made(coils: int, passports: int) -> Iterator[dict[str, Any]]:
    """Those that will be scanned each by an event of its own, as a mill does; the others many at a time."""
    spans = [(number, number + 1) for number in range(passports)]
    spans += [(start, min(start + _EACH, coils)) for start in range(passports, coils, _EACH)]
    for start, end in spans:
        pieces = [_coil(number) for number in range(start, end)]
        mass = [{"id": one, "g": _MASS, "basis": "as-is", "method": "scale"} for one in pieces]
        step = {"al:process": PROCESS, "al:start": "2026-03-01T05:00:00.000Z", "al:mass": mass}
        yield event_of("Object", action="ADD", bizStep="commissioning", epcList=pieces, **step)


def _sent(passports: int) -> Iterator[dict[str, Any]]:
    shipped = {"type": "possessing_party", "destination": "https://id.bench.example/417/9521141000021"}
    for start in range(0, passports, _SENT):
        pieces = [_coil(number) for number in range(start, min(start + _SENT, passports))]
        paper = {"type": "desadv", "bizTransaction": f"urn:bench:{start}"}
        yield event_of(
            "Object", action="OBSERVE", bizStep="shipping", epcList=pieces, destinationList=[shipped],
            bizTransactionList=[paper],
        )  # fmt: skip


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Language: en\r\n\r\n".encode("ascii")


def _good(load: Load) -> Load:
    if set(load.statuses) != {200} or b'id="check"' not in load.last_body:
        raise RuntimeError(f"the server answered {load.statuses}: {load.last_body[:300]!r}")
    return load
