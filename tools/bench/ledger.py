"""A ledger to measure on: one party that may do everything, and statements about as long as a plant's."""

import multiprocessing
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ledger.checking.statements import Checked, check
from ledger.kernel.encoding import b64url_decode, b64url_encode
from ledger.kernel.keys import PublicKey, Signer, generate, jwk, load_signer, possession_message
from ledger.kernel.note import format_vkey, vkey_of
from ledger.kernel.statement import issue
from ledger.recording.log import Log, Submission
from ledger.recording.opening import Layout, clock, create_ledger, open_log
from ledger.rules import rule_set

URI = "https://bench.example/ledger"
OPERATOR = "(417)9521141000014"
PROCESS = f"{OPERATOR}/casting"
LOT_EVENT = "lot-event"
SMALL = "certificate"  # of neither registry, lots nor energy: nothing is made of it
SITE = {
    "id": "(414)9521141000014", "name": "Bench", "country": "KZ", "zone": "KZ", "latitude": "52.3", "longitude": "76.9",
}  # fmt: skip
_CHUNK = 1_000


def create(places: Layout, owner: str | None = None) -> bytes:
    """A ledger with one party that may do everything; its private key, in PEM. `owner` as for `create_ledger`."""
    places.folder.mkdir(parents=True)
    places.log_key.write_bytes(generate())
    log_signer = load_signer(places.log_key.read_bytes())
    pem = generate()
    signer = load_signer(pem)
    now = clock()
    party = {
        "id": OPERATOR, "name": "Bench", "roles": [LOT_EVENT], "prefixes": ["9521141"],
        "sites": [SITE],
        "processes": [{"id": PROCESS, "kind": "casting", "site": "(414)9521141000014"}],
        "devices": [], "meters": [],
    }  # fmt: skip
    proof = b64url_encode(signer.sign(possession_message(URI, OPERATOR, signer.key.kid)))
    ledger = {
        "uri": URI, "origin": "bench.example/log", "incarnation": 0,
        "log_keys": [format_vkey(vkey_of("bench.example/log", log_signer.key))],
        "operator": party, "keys": [{"jwk": jwk(signer.key), "proof": proof}],
        "rules": rule_set(),
    }  # fmt: skip
    create_ledger(places, URI, issued(signer, "ledger", "urn:bench:ledger", now, ledger), owner=owner)
    _register(places, issued(signer, "party", "urn:bench:party", now, party))
    return pem


def beside(places: Layout, name: str) -> Layout:
    """The same ledger for a server on another machine: a folder of its own, called `name`, and a second head beside."""
    folder = places.folder.with_name(name)
    folder.mkdir()
    own = replace(places, folder=folder, head=folder.with_name(f"{name}.head"))
    shutil.copy(places.log_key, own.log_key)
    shutil.copy(Path(str(places.head)), Path(str(own.head)))
    return own


def _register(places: Layout, wire: bytes) -> None:
    with open_log(places) as log:
        append(log, [check(wire, audience=URI, keys=log.state.registry.all_keys())])


def append(log: Log, statements: list[Checked]) -> None:
    """Record these in one go. Raises Refused."""
    (outcome,) = log.append([Submission(tuple(statements))])
    if isinstance(outcome, Exception):
        raise outcome


def fill(places: Layout, pem: bytes, count: int) -> Iterator[int]:
    """Record `count` lot events without a server, signed and checked on all cores; how many there are, now and then."""
    with open_log(places) as log, multiprocessing.Pool() as pool:
        keys = log.state.registry.all_keys()
        spans = [(pem, start, min(start + _CHUNK, count), keys) for start in range(0, count, _CHUNK)]
        for (_, _, end, _), statements in zip(spans, pool.imap(_checked_span, spans), strict=True):
            append(log, statements)
            yield end


def signed_now(log: Log, signer: Signer, events: Sequence[Mapping[str, Any]], batch: int) -> None:
    """Sign these events and record them, so many in one go. Raises Refused."""
    keys, now = log.state.registry.all_keys(), clock()
    wires = [issued(signer, LOT_EVENT, f"urn:bench:more:{n}", now, dict(event)) for n, event in enumerate(events)]
    for start in range(0, len(wires), batch):
        append(log, [check(wire, audience=URI, keys=keys) for wire in wires[start : start + batch]])


def _checked_span(span: tuple[bytes, int, int, dict[str, PublicKey]]) -> list[Checked]:
    pem, start, end, keys = span
    return [check(wire, audience=URI, keys=keys) for wire in sign_span((pem, start, end))]


def issued(signer: Signer, typ: str, jti: str, now: int, body: dict[str, Any]) -> bytes:
    """A statement of the one party, at `now` µs since 1970 UTC."""
    return issue(typ=typ, iss=OPERATOR, jti=jti, aud=URI, iat=now // 1_000_000, body=body, signer=signer)


def sign_span(span: tuple[bytes, int, int]) -> list[bytes]:
    pem, start, end = span
    signer = load_signer(pem)
    now = clock()
    return [issued(signer, LOT_EVENT, f"urn:bench:{n}", now, _slab(n)) for n in range(start, end)]


def small_statements(pem: bytes, start: int, end: int) -> Iterator[tuple[str, bytes]]:
    """Jti and JWT of small statements that parse and no more: their body fits no schema, all have one signature."""
    wire = issued(load_signer(pem), SMALL, "urn:bench:", clock(), {})
    header, payload, signature = wire.rstrip(b"~").split(b".")
    before, _, after = b64url_decode(payload.decode("ascii"), "payload").partition(b"urn:bench:")
    for number in range(start, end):
        jti = f"urn:bench:{number}"
        payload = b64url_encode(before + jti.encode("ascii") + after).encode("ascii")
        yield jti, b".".join((header, payload, signature))


def event_of(kind: str, **members: Any) -> dict[str, Any]:
    """A lot event in EPCIS' words, `kind` being Object, Transformation and the like."""
    return {
        "@context": [
            "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"al": "https://coilmark.org/ns/al/1/"},
        ],
        "type": f"{kind}Event", "eventTime": "2026-03-01T06:00:00.000Z", "eventTimeZoneOffset": "+05:00", **members,
    }  # fmt: skip


def _slab(number: int) -> dict[str, Any]:
    """A cast slab is commissioned: about what a plant posts most."""
    slab = f"https://id.bench.example/01/09521141000014/21/SL{number:09d}"
    step = {"al:process": PROCESS, "al:start": "2026-03-01T05:00:00.000Z"}
    mass = [{"id": slab, "g": 26_700_000, "basis": "as-is", "method": "scale"}]
    return event_of(
        "Object", action="ADD", bizStep="commissioning", disposition="active", epcList=[slab],
        readPoint={"id": "https://id.bench.example/414/9521141000014"}, **step, **{"al:mass": mass},
    )  # fmt: skip
