"""How long questions about lots take in a ledger of many events, and how long it takes to derive all of them again."""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ledger.kernel.gs1 import canonical_id
from ledger.kernel.gs1_keys import check_digit
from ledger.kernel.keys import load_signer
from ledger.questions.asking import Asked
from ledger.questions.lots import lot
from ledger.questions.traces import trace_down, trace_up
from ledger.recording.opening import layout, open_log, rebuild_ledger
from ledger.store.access import EVERYTHING
from tools.bench.ledger import PROCESS, create, event_of, fill, signed_now
from tools.bench.timing import median_ms

_TONNE = 1_000_000  # g
_STAGES = 4  # lots that one after the other are made of all of the one before
_BATCH = 500


@dataclass(frozen=True)
class LotsFigure:
    """Medians of a few rounds in one process, on SQLite; `rebuild_s` once. Times in ms, but for the rebuilding."""

    events: int
    ancestors: int
    trace_up_ms: float
    trace_down_ms: float
    state_ms: float
    rebuild_s: float

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def run_lots(folder: Path, events: int, ancestors: int) -> LotsFigure:
    """Measure a coil that rests on about so many events, in a ledger of so many."""
    places = layout(folder / "ledger")
    pem = create(places)
    for _ in fill(places, pem, max(1, events - ancestors)):
        pass
    signer, width = load_signer(pem), ancestors // _STAGES
    with open_log(places) as log:
        signed_now(log, signer, list(_ancestry(width)), _BATCH)
        state = log.state
        with log.store.reading() as transaction:
            asked = Asked(transaction, state.published.checkpoint.size, state.registry, EVERYTHING)
            coil, first = canonical_id(_piece("COIL")), canonical_id(_lot(0))
            came = trace_up(asked, coil)
            up = median_ms(lambda: trace_up(asked, coil))
            down = median_ms(lambda: trace_down(asked, first))
            told = median_ms(lambda: lot(asked, first))
    started = time.perf_counter()
    rebuild_ledger(places)
    seconds = time.perf_counter() - started
    return LotsFigure(state.published.checkpoint.size, len(came.nodes), up, down, told, seconds)


def _ancestry(width: int) -> Iterator[dict[str, Any]]:
    """So many deliveries into a first lot; each further lot is made in as many steps of the one before; then a coil."""
    for _ in range(width):
        origin = {"id": _lot(0), "kind": "outside", "supplier": "S", "document": "D", "g": _TONNE}
        yield event_of(
            "Object", action="OBSERVE", bizStep="receiving", quantityList=[_amount(0)], **{"al:origin": [origin]}
        )
    for stage in range(1, _STAGES):
        for _ in range(width):
            yield _step(inputQuantityList=[_amount(stage - 1)], outputQuantityList=[_amount(stage)])
    mass = {"id": _piece("COIL"), "g": _TONNE, "basis": "dry", "method": "scale"}
    yield _step(inputQuantityList=[_amount(_STAGES - 1)], outputEPCList=[_piece("COIL")], **{"al:mass": [mass]})


def _step(**members: Any) -> dict[str, Any]:
    return event_of("Transformation", **{"al:process": PROCESS, "al:start": "2026-03-01T05:00:00.000Z"}, **members)


def _lot(stage: int) -> str:
    digits = f"095211410000{stage + 2}"
    return f"https://id.bench.example/01/{digits}{check_digit(digits)}/10/STAGE"


def _piece(serial: str) -> str:
    return f"https://id.bench.example/01/09521141000014/21/{serial}"


def _amount(stage: int) -> dict[str, Any]:
    return {"epcClass": _lot(stage), "quantity": 1, "uom": "TNE"}
