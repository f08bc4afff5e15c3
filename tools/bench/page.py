"""How long a server takes for a scan page: many coils stored, those of the demo's park scanned in no order.

A page of the park's coil has what a customer is shown: its way, certificate, footprint by stage, power by the hour,
findings. The others are coils of the same mill that nobody scans.
"""

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
_ITEM = 90  # of the mill's products, one that its park does not make


@dataclass(frozen=True)
class PageFigure:
    """Milliseconds from request to answer, one asked after the other; pages a second of several askers at once.

    `first_ms` are those of the first page of each coil, which nobody has asked for since the server began; `cpu_ms` is
    what all processes of the server took of a processor for a page, while several asked.
    """

    coils: int
    workers: int
    passports: int
    first_middle_ms: float
    first_p99_ms: float
    middle_ms: float
    p99_ms: float
    pages_a_second: float
    cpu_ms: float
    page_bytes: int

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


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
        first = _good(drive(port, once, 1))
        alone = _good(drive(port, wanted, 1))
        before = processor_seconds(pid)
        together = _good(drive(port, wanted, 8))
        spent = processor_seconds(pid) - before
    return PageFigure(
        coils, workers, len(pieces), *_of(first), *_of(alone), pages / together.seconds, spent / pages * 1e3,
        len(together.last_body),
    )  # fmt: skip


def _of(load: Load) -> tuple[float, float]:
    return load.percentile(0.5) * 1e3, load.percentile(0.99) * 1e3


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
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Language: en\r\n\r\n".encode("ascii")


def _good(load: Load) -> Load:
    if set(load.statuses) != {200} or b'id="check"' not in load.last_body or b'class="footprint"' not in load.last_body:
        raise RuntimeError(f"the server answered {load.statuses}: {load.last_body[:300]!r}")
    return load
