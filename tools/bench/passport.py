"""How long a passport and its full bundle take: one lot that many events added to and drew from, and a coil of it."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ledger.issuing.passport_source import StoreSource
from ledger.kernel.bundle import encode_bundle
from ledger.kernel.gs1 import canonical_id
from ledger.kernel.keys import load_signer
from ledger.kernel.note import parse_vkey
from ledger.kernel.trust import LogKey, Trust
from ledger.kernel.verify import Expected, verify_bundle
from ledger.passport.issue import Basis, Issuer, body_of
from ledger.passport.refold import recompute
from ledger.recording.log import Log
from ledger.recording.opening import layout, open_log
from ledger.rules import rule_set
from ledger.showing.passports import full, short, standing
from ledger.store.access import EVERYTHING
from tools.bench.ledger import PROCESS, create, event_of, signed_now
from tools.bench.timing import median_ms

_TONNE = 1_000_000
_METAL = "https://id.bench.example/01/09521141000021/10/METAL"
COIL = "https://id.bench.example/01/09521141000014/21/COIL"


@dataclass(frozen=True)
class PassportFigure:
    """Medians of a few rounds in one process, on SQLite; times in ms, sizes in bytes."""

    ancestors: int
    compute_ms: float
    build_ms: float
    verify_ms: float
    full_bytes: int
    short_build_ms: float
    short_verify_ms: float
    short_bytes: int

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def run_passport(folder: Path, ancestors: int) -> PassportFigure:
    """Measure a piece that rests on so many entries."""
    places = layout(folder / "ledger")
    signer = load_signer(create(places))
    issuer = Issuer(signer, rule_set(), lambda size: bytes(range(size)))
    with open_log(places, issuer=issuer) as log:
        signed_now(log, signer, story(ancestors), ancestors)
        return _measure(log)


def _measure(log: Log) -> PassportFigure:
    piece, trust = canonical_id(COIL), _trust(log)
    found = standing(log, piece)
    checkpoint, expected = log.state.published.checkpoint, Expected(piece=piece)
    reached = Basis(checkpoint.size, checkpoint.root, log.tree.inclusion_leaf, log.state.registry)

    def compute() -> object:
        with log.store.reading() as transaction:
            return body_of(piece, StoreSource(transaction, checkpoint.size), reached, rule_set())

    whole = encode_bundle(full(log, found, EVERYTHING))
    brief = encode_bundle(short(log, found, EVERYTHING))
    again = verify_bundle(whole, trust, expected=expected, recompute=lambda one: recompute(one, rule_set()))
    if not again.verified:
        raise RuntimeError(again.verdict)
    rules = rule_set()
    return PassportFigure(
        ancestors=found.statement.body["inputs"]["count"],
        compute_ms=median_ms(compute),
        build_ms=median_ms(lambda: encode_bundle(full(log, found, EVERYTHING))),
        verify_ms=median_ms(
            lambda: verify_bundle(whole, trust, expected=expected, recompute=lambda one: recompute(one, rules))
        ),
        full_bytes=len(whole),
        short_build_ms=median_ms(lambda: encode_bundle(short(log, found, EVERYTHING))),
        short_verify_ms=median_ms(lambda: verify_bundle(brief, trust, expected=expected)),
        short_bytes=len(brief),
    )


def _trust(log: Log) -> Trust:
    return Trust(logs=tuple(LogKey(parse_vkey(text)) for text in log.state.registry.log_keys))


def story(ancestors: int) -> list[dict[str, Any]]:
    """Deliveries into one lot, a slab cast of it after each, the last slab cut to a coil that is shipped."""
    events: list[dict[str, Any]] = []
    while len(events) < ancestors - 3:
        events.append(_received())
        if len(events) < ancestors - 3:
            slab = f"https://id.bench.example/01/09521141000038/21/SLAB-{len(events)}"
            events.append(_made([], [_amount(_TONNE)], slab))
    events.append(_made([], [_amount(_TONNE)], f"{COIL}-SLAB"))
    events.append(_made([f"{COIL}-SLAB"], [], COIL))
    shipped = {"type": "possessing_party", "destination": "https://id.bench.example/417/9521141000021"}
    events.append(event_of("Object", action="OBSERVE", bizStep="shipping", epcList=[COIL], destinationList=[shipped]))
    return events


def _received() -> dict[str, Any]:
    origin = {"id": _METAL, "kind": "outside", "supplier": "S", "document": "D", "g": 2 * _TONNE}
    return event_of(
        "Object", action="OBSERVE", bizStep="receiving", quantityList=[_amount(2 * _TONNE)], **{"al:origin": [origin]}
    )


def _made(pieces: list[str], amounts: list[dict[str, Any]], output: str) -> dict[str, Any]:
    mass = [{"id": one, "g": _TONNE, "basis": "dry", "method": "scale"} for one in (*pieces, output)]
    step = {"al:process": PROCESS, "al:start": "2026-03-01T05:00:00.000Z", "al:mass": mass}
    inputs = {"inputEPCList": pieces, "inputQuantityList": amounts}  # no list may be empty
    return event_of(
        "Transformation", outputEPCList=[output], **{name: one for name, one in inputs.items() if one}, **step
    )


def _amount(g: int) -> dict[str, Any]:
    return {"epcClass": _METAL, "quantity": g, "uom": "GRM"}
