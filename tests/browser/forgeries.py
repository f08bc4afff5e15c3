"""What an operator could do who holds every key: whatever it is, it is signed, included and committed to."""

from dataclasses import replace

from damaged import JUNK, Source, places, put
from forged_ledger import ForgedLedger, witness
from small_ledger import OPERATOR, PLANT, ROLES, ROLLING, SECOND, START, URI, coil, gtin, ledger_body, link, piece

from ledger.kernel.encoding import b64url_encode
from ledger.kernel.errors import CoilmarkError
from ledger.kernel.lineage import Item, Role
from ledger.kernel.statement import Hidden
from ledger.kernel.subjects import subject_key
from ledger.kernel.trust import format_trust

KEYS = ("plant", "plant-2", "plant-3", "thief", "rolling", "log")


def forged(random, number):
    """Sources from ledgers in which anything may have been signed."""
    makers = (_one_ledger, _one_ledger, _one_ledger, _one_attestation)
    return [source for _ in range(number) for source in random.choice(makers)(random)]


def _one_ledger(random):
    ledger = ForgedLedger(_founding(random))
    for _ in range(random.randrange(1, 9)):
        _record(random, ledger)
    about = random.randrange(len(ledger.entries))
    seen = START // SECOND + random.choice((0, 30, -10, -400, 4_000))
    cosigners = random.choice(((), (), (("w", seen),), (("w", seen), ("v", seen + 5))))
    both = [witness("w"), witness("v")]
    lines, quorum = random.choice((([], "none"), ([], "none"), (both[:1], "none"), (both, "w")))
    pins = random.choice(([], [f"party {PLANT.id} {PLANT.signer.key.kid}"]))
    trust = format_trust(ledger.trust(*lines, *pins, quorum=quorum)).encode()
    kind = random.choice(("entry", "entry", "entry", "short", "delivery", "full"))
    along = {random.randrange(len(ledger.entries)) for _ in range(random.choice((0, 0, 1, 3)))}
    without = [random.randrange(len(ledger.entries))] if random.random() < 0.15 else []
    without = [one for one in without if one != about]
    pieces = (None, piece("C-1"), piece("C-2"), link("C-1"), "junk")
    yield Source(ledger.bundle(about, *cosigners, along=along, without=without, kind=kind), trust, pieces)
    yield Source(ledger.receipt(about, *cosigners), trust, pieces)


def _founding(random):
    wrong = ({"incarnation": 1}, {"uri": "https://other.example"}, {"log_keys": ["x"]}, {"keys": []})
    return random.choice(({},) * 9 + wrong)


def _record(random, ledger):
    who = random.choice((OPERATOR, PLANT, PLANT, ROLLING)).with_key if random.random() < 0.15 else None
    who = who(random.choice(KEYS)) if who else random.choice((OPERATOR, PLANT, PLANT))
    typ, body = random.choice(BODIES)(random, ledger)
    if random.random() < 0.15:
        place = random.choice(list(places(body)))
        body = put(body, place, random.choice(JUNK[:-2])) if place else body
    claims = {"aud": "https://other.example"} if random.random() < 0.03 else {}
    claims |= {"iat": START // SECOND + random.choice((0, 1_000_000))} if random.random() < 0.05 else {}
    try:
        wire = ledger.statement(who, typ, body, **claims)
    except (CoilmarkError, ValueError, AttributeError):
        return
    changes = {"recorded_at": START + random.randrange(10) * SECOND} if random.random() < 0.05 else {}
    items = _items(random, ledger, wire, who)
    if items:
        ledger.record(wire, items, **changes)
        if typ in {"ledger", "party", "key"}:
            ledger.registry.add(len(ledger.entries) - 1)


def _items(random, ledger, wire, who):
    try:
        items = ledger.honest_items(wire)
    except (CoilmarkError, KeyError, TypeError, ValueError, AttributeError):
        version = ledger.newest.get(subject_key("party", who.id))
        items = [] if version is None else [Item(Role.REFERENCE, subject_key("party", who.id), *version)]
    if not items or random.random() < 0.75:
        return items
    at_item = random.randrange(len(items))
    one = items[at_item]
    change = random.choice((
        lambda: items[:at_item] + items[at_item + 1 :],
        lambda: [*items, Item(Role.CREATE, subject_key("lot", "(01)09521141000014(21)C-9"), 1, 2**64 - 1, bytes(32))],
        lambda: [*items[:at_item], replace(one, version=one.version + 1), *items[at_item + 1 :]],
        lambda: [*items[:at_item], replace(one, leaf=b"\x01" * 32), *items[at_item + 1 :]],
        lambda: [*items[:at_item], replace(one, index=min(one.index + 5, 2**64 - 1)), *items[at_item + 1 :]],
    ))  # fmt: skip
    return list({item.subject: item for item in change()}.values())


def _event(random, _ledger):
    return "lot-event", coil(
        *random.sample(("C-1", "C-2", "C-3"), random.randrange(1, 3)),
        action=random.choice(("ADD", "ADD", "OBSERVE", "DELETE", "MOVE")),
        **random.choice(({}, {"errorDeclaration": {}}, {"eventTime": "2026-01-05T08:59:00+05:99"}, {"x": Hidden("y")},
                         {"epcList": Hidden([link("C-1")])}, {"note": [Hidden("a"), "b"]})),
    )  # fmt: skip


def _transformation(random, _ledger):
    return "lot-event", {
        "@context": [{"al": random.choice(("https://coilmark.org/ns/al/1/", "https://other.example/"))}],
        "type": "TransformationEvent",
        "eventTime": random.choice(("2026-01-05T03:59:00Z", "2026-01-05T04:59:00Z", "2026-02-30T00:00:00Z")),
        "inputEPCList": [link(random.choice(("C-1", "C-2")))],
        "outputEPCList": [link(random.choice(("C-1", "C-3", "S-1")))],
        "outputQuantityList": [{"epcClass": f"https://id.gs1.org/01/{gtin()}/10/L", "quantity": 1, "uom": "KGM"}],
        "al:process": f"{PLANT.id}/mill",
        "al:mass": [{"id": link("C-1"), "g": 1, "device": f"{PLANT.id}/scale"}],
    }


def _key(random, ledger):
    body = {"party": random.choice((PLANT.id, PLANT.id, OPERATOR.id, ROLLING.id))}
    if random.random() < 0.7:
        owner = PLANT if body["party"] == PLANT.id else OPERATOR if body["party"] == OPERATOR.id else ROLLING
        body["add"] = [
            owner.with_key(random.choice(KEYS)).addition(random.choice((URI, URI, URI, "https://x.example")))
        ]
    if random.random() < 0.5:
        kid = PLANT.with_key(random.choice(KEYS)).signer.key.kid
        body["end"] = [{"kid": kid, "reason": "lost"}]
        if random.random() < 0.5:
            body["end"][0]["disputed_from"] = random.randrange(len(ledger.entries) + 1)
    return "key", {**body, **({"recovery": True} if random.random() < 0.5 else {})}


def _party(random, _ledger):
    who = random.choice((PLANT, ROLLING, OPERATOR))
    prefixes = random.choice((["9521141"], [], ["1"], [""]))
    process = [{"id": f"{who.id}/mill", "kind": "cutting", "site": "x"}]
    return "party", who.profile(*ROLES, prefixes=prefixes, **random.choice(({}, {"processes": process})))


def _ledger(random, _ledger):
    return "ledger", ledger_body(
        incarnation=random.choice((1, 1, 2)),
        keys=random.choice(([], [OPERATOR.with_key("operator-2").addition()])),
        log=random.choice(("log", "log", "log-2", "plant")),
    )


def _notice(random, ledger):
    rules = {"id": "r", "digest": b64url_encode(bytes(32)), "from_index": len(ledger.entries) + random.randrange(-1, 3)}
    return "notice", random.choice(({"kind": "rules", "rules": rules}, {"kind": "incident"}))


def _passport(random, ledger):
    serial, size = random.choice(("C-1", "C-2")), len(ledger.entries)
    count = random.choice((0, 1, size))
    return "passport", {
        "id": piece(serial),
        "piece": piece(random.choice((serial, serial, "C-2"))),
        "status": "made",
        "facts": random.choice(({}, {"order": Hidden("PO")})),
        "steps": [{"entry": random.randrange(size)}],
        "figures": [],
        "references": random.choice(([], [{"kind": "party", "id": PLANT.id}], [{"kind": "lot", "id": link("C-1")}])),
        "as_of": {"size": random.choice((size, size, size + 3)), "root": b64url_encode(bytes(32))},
        "inputs": {"count": count, "root": b64url_encode(bytes(32))},
    }


def _other(random, _ledger):
    return random.choice((
        ("heads", {}),
        ("certificate", {"id": f"{PLANT.id}/c-1", "lots": [piece("C-1")]}),
        ("contract", {"id": f"{PLANT.id}/k-1", "parties": [PLANT.id, OPERATOR.id]}),
        ("energy-allocation", {"rows": [{"attestation": f"{PLANT.id}/a", "consumption": f"{PLANT.id}/c"}]}),
        ("energy-consumption", {"id": f"{PLANT.id}/c", "process": f"{PLANT.id}/mill", "wh": [1]}),
        ("verification", {"subject": {"kind": "lot", "id": piece("C-1")}}),
        ("period-close", {"processes": [f"{PLANT.id}/mill"]}),
    ))  # fmt: skip


BODIES = (_event, _event, _event, _transformation, _key, _key, _party, _ledger, _notice, _passport, _passport, _other)


POWER = ("energy-attestation", "energy-action", "energy-allocation", *ROLES)
NAME = f"{PLANT.id}/att-1"


def _one_attestation(random):
    """An attestation, what was done with it, and an entry of heads that may know of more."""
    ledger, subject = ForgedLedger(), subject_key("attestation", NAME)
    named = {
        list_: [{"id": f"{PLANT.id}/{one}"}] for list_, one in (("devices", "dev"), ("meters", "m"), ("processes", "p"))
    }
    ledger.add(OPERATOR, "party", PLANT.profile(*POWER, **named))
    ledger.add(PLANT, "energy-consumption", {"id": f"{PLANT.id}/con-1", "process": f"{PLANT.id}/p", "wh": [9, 9]})
    body = {"id": NAME, "device": f"{PLANT.id}/dev", "meter": f"{PLANT.id}/m", "wh": random.choice((10, 10, 10, "x"))}
    about = ledger.add(PLANT, "energy-attestation", body)
    for _ in range(random.randrange(4)):
        ledger.add(PLANT, *random.choice((_allocation, _allocation, _withdrawal))(random, ledger))
    kept = len(ledger.entries)
    if random.random() < 0.2:
        ledger.add(PLANT, *_allocation(random, ledger))
    along = list(range(about, kept))
    if random.random() < 0.7:
        newest = Item(Role.REFERENCE, subject, *ledger.newest[subject])
        along.append(ledger.add(OPERATOR, "heads", {}, lambda honest: [*honest, newest]))
    without = random.sample(along[1:], 1) if len(along) > 1 and random.random() < 0.1 else []
    changed = {random.choice(along): {"statement": None}} if random.random() < 0.1 else None
    trust = format_trust(ledger.trust()).encode()
    yield Source(ledger.bundle(about, along=along, without=without, changed=changed, kind="attestation"), trust)


def _allocation(random, ledger):
    rows = []
    for _ in range(random.randrange(1, 3)):
        start = random.randrange(10)
        hour = {"consumption": f"{PLANT.id}/con-1", "hour": random.randrange(2)}
        row = {
            "attestation": NAME,
            "from_wh": start,
            "to_wh": random.choice((*[start + 1] * 5, start + 2, 11, start)),
            **hour,
        }
        if random.random() < 0.2:
            row["reverses"] = {"index": random.randrange(len(ledger.entries) + 1), "row": random.randrange(2)}
        rows.append(row if random.random() < 0.95 else random.choice(({}, {"attestation": NAME})))
    return "energy-allocation", {"rows": rows}


def _withdrawal(random, ledger):
    back = [{"index": random.randrange(5, len(ledger.entries) + 1), "row": 0, "consumption": f"{PLANT.id}/con-1"}]
    if random.random() < 0.6:  # what of the row falls
        back[0] |= {"from_wh": random.randrange(5), "to_wh": random.randrange(1, 10)}
    slices = [{"from_wh": random.randrange(5), "to_wh": random.randrange(5, 10)}]
    action = random.choice(("withdraw", "withdraw", "cancel"))
    reversals = random.choice((back, [], []))
    return "energy-action", {"attestation": NAME, "action": action, "slices": slices, "reversals": reversals}
