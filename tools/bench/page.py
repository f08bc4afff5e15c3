"""How long a server takes for a scan page: many coils stored, those of the demo's park scanned in no order.

A page of the park's coil has what a customer is shown: its way, certificate, footprint by stage, power by the hour,
findings. The others are coils of the same mill that nobody scans.
"""

import gzip
import math
import random
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prometheus_client.parser import text_string_to_metric_families

from ledger.kernel.errors import Missing
from ledger.kernel.gs1 import canonical_id, names_one_thing
from ledger.passport.codes import path_of
from ledger.recording.opening import open_log
from ledger.showing import passports
from tools.bench.ingest import served
from tools.bench.ledger import event_of
from tools.bench.timing import processor_seconds
from tools.demo.ledger import Stage, Told, found, post, tell
from tools.demo.passport import issuer_of, restate
from tools.load import Load, drive
from tools.park.actors import MILL
from tools.park.events import Said
from tools.park.plan import make_plan
from tools.park.story import Post

if TYPE_CHECKING:
    from datetime import datetime

    from ledger.recording.log import Log

_EACH = 1_000  # pieces an event makes
_MASS = 9_000_000
_SEED = "bench-page"
_BUCKET = "coilmark_page_seconds_bucket"
_TRIES = 200
_ITEM = 90  # of the mill's products, one that its park does not make


@dataclass(frozen=True)
class PageFigure:
    """Milliseconds, of pages asked for one after the other, and of several askers at once.

    `first` is of the first page of each coil, which nobody has asked for since the server began. `client` is from
    request to answer, as who asks sees it; `server` what the server says of itself, from a request's arrival to the
    last byte. `cpu_ms` is what all processes of the server took of a processor for a page, while several asked.
    """

    coils: int
    workers: int
    passports: int
    first: "Times"
    again: "Times"
    at_once: "Times"
    pages_a_second: float
    cpu_ms: float
    page_bytes: int

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


@dataclass(frozen=True)
class Times:
    """Milliseconds, in the middle and at the 99th percentile. The server's are the upper ends of narrow spans."""

    client_middle: float
    client_p99: float
    server_middle: float
    server_p99: float

    def __str__(self) -> str:
        return (
            f"in the server within {self.server_middle:g} ms in the middle, {self.server_p99:g} ms at the 99th "
            f"percentile; client and way included {self.client_middle:.1f} and {self.client_p99:.1f} ms"
        )


def run_page(folder: Path, coils: int, scanned: int, pages: int, workers: int) -> PageFigure:
    """Of a server of so many processes. Raises RuntimeError for an answer that is no page with a footprint."""
    stage = Stage(folder / "ledger", make_plan(scanned, _SEED))
    found(stage)
    with open_log(stage.places, clock=stage.clock, randomness=stage.randomness, issuer=issuer_of(stage)) as log:
        pieces = _told(stage, log, coils)
    dice = random.Random(1)  # noqa: S311  a sample, no secret
    wanted = [_get(f"/page{path_of(dice.choice(pieces))}") for _ in range(pages)]
    once = [_get(f"/page{path_of(piece)}") for piece in dice.sample(pieces, len(pieces))]
    with served(stage.places, workers) as (port, pid):
        drive(port, [_get("/healthz")] * 20 * workers, 1)  # each process has begun to listen
        asked = _Asked(port, workers)
        _, first = asked.timed(once, 1)
        _, alone = asked.timed(wanted, 1)
        before = processor_seconds(pid)
        together, at_once = asked.timed(wanted, 8)
        spent = processor_seconds(pid) - before
    return PageFigure(
        coils, workers, len(pieces), first, alone, at_once, pages / together.seconds, spent / pages * 1e3,
        len(together.last_body),
    )  # fmt: skip


@dataclass(frozen=True)
class _Asked:
    """A server of so many processes."""

    port: int
    workers: int

    def timed(self, requests: Sequence[bytes], connections: int) -> tuple[Load, Times]:
        """Raises RuntimeError for an answer that is no page with a footprint."""
        before = self._sent()
        load = _good(drive(self.port, requests, connections))
        sent = self._sent() - before
        client = load.percentile(0.5) * 1e3, load.percentile(0.99) * 1e3
        return load, Times(*client, *(_within(sent, share) * 1e3 for share in (0.5, 0.99)))

    def _sent(self) -> Counter[float]:
        """How many pages all processes have sent within so many seconds each."""
        told: dict[str, Counter[float]] = {}
        for _ in range(_TRIES):  # each answer is of one of them
            process, sent = _told_by(self.port)
            told[process] = sent
            if len(told) == self.workers:
                return sum(told.values(), Counter())
        raise RuntimeError(f"of {self.workers} processes {len(told)} said in {_TRIES} answers how long pages took")


def _told_by(port: int) -> tuple[str, Counter[float]]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        families = text_string_to_metric_families(answer.read().decode())
    rows = [row for family in families for row in family.samples]
    process = next(str(row.value) for row in rows if row.name == "coilmark_process")
    return process, Counter({float(row.labels["le"]): int(row.value) for row in rows if row.name == _BUCKET})


def _within(sent: Mapping[float, int], share: float) -> float:
    """The least of its bounds, in seconds, that this share of all pages was sent within."""
    return min(bound for bound, count in sent.items() if count >= share * sent[math.inf])


def _told(stage: Stage, log: "Log", coils: int) -> list[str]:
    """The park's story, passports made again for all of it, and the other coils; the pieces with a footprint."""
    made: dict[str, None] = {}  # in order
    last: datetime | None = None
    for told in tell(stage, log):
        made.update(dict.fromkeys(_pieces(told)))
        last = told.time
    restate(stage, log)
    pieces = [one for one in made if _has_footprint(log, one)]
    if last is not None:
        for group in _others(last, coils - len(made)):
            post(stage, log, group)
    return pieces


def _pieces(told: Told) -> Iterator[str]:
    """What the mill made."""
    for said, _ in told.receipts:
        if said.actor is MILL:
            names = (canonical_id(one) for one in (*said.body.get("epcList", ()), *said.body.get("outputEPCList", ())))
            yield from (one for one in names if names_one_thing(one) and one.startswith("(01)"))


def _has_footprint(log: "Log", piece: str) -> bool:
    with suppress(Missing):
        return passports.standing(log, piece).gist.states_footprint
    return False


def _others(time: "datetime", count: int) -> Iterator[Post]:
    for start in range(0, count, _EACH):
        pieces = [MILL.piece(_ITEM, f"B{number:08d}") for number in range(start, min(start + _EACH, count))]
        mass = [{"id": one, "g": _MASS, "basis": "as-is", "method": "scale"} for one in pieces]
        at = {"eventTime": time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")}
        event = event_of("Object", action="ADD", bizStep="commissioning", epcList=pieces, **{"al:mass": mass}) | at
        yield Post(time, (Said(MILL, "lot-event", event, time, "coils that nobody scans"),))


def _get(path: str) -> bytes:
    head = (f"GET {path} HTTP/1.1", "Host: localhost", "Accept-Language: en", "Accept-Encoding: gzip")
    return "\r\n".join([*head, "", ""]).encode("ascii")


def _good(load: Load) -> Load:
    page = gzip.decompress(load.last_body) if set(load.statuses) == {200} else load.last_body
    if b'id="check"' not in page or b'class="footprint"' not in page:
        raise RuntimeError(f"the server answered {load.statuses}: {page[:300]!r}")
    return load
