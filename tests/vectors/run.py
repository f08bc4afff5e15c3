"""A vector through our own kernel: what is found is what the vector file has to say."""

from base64 import b64decode
from decimal import Decimal

from ledger.kernel import lineage, note, party, proofs, strict_json
from ledger.kernel.checkpoint import open_checkpoint
from ledger.kernel.entry import parse_entry
from ledger.kernel.errors import CoilmarkError
from ledger.kernel.gs1 import names_one_thing
from ledger.kernel.hashing import tree_root
from ledger.kernel.implied import implied
from ledger.kernel.keys import parse_jwk
from ledger.kernel.lineage import NO_INDEX, NO_LEAF, Item, Opened, Role
from ledger.kernel.statement import check_complete, check_signature, parse
from ledger.kernel.subjects import canonical_subject_id, may_create, subject_key
from ledger.kernel.tlog_proof import parse_tlog_proof
from ledger.kernel.trust import format_trust, parse_trust, quorum_met
from ledger.kernel.verify import Expected, verify_bundle, verify_receipt
from ledger.kernel.verify_misbehaviour import verify_misbehaviour
from ledger.passport.refold import recompute

VERIFIED = ("receipt", "bundle", "misbehaviour")


def outcome(folder, given):
    """What the kernel says of the input of a vector in this folder: everything but `desc` and `input`."""
    if folder in VERIFIED:
        return verified(folder, given)
    try:
        want = RUNNERS[folder](given)
    except CoilmarkError as error:
        return {"wantErr": True, "code": error.code}
    return {"wantErr": False, "want": want}


def given_bytes(given, name):
    if name in given:
        return given[name].encode("utf-8")
    return b64decode(given[f"{name}_base64"])


def entry(given):
    one = parse_entry(bytes.fromhex(given["entry"]))
    return {
        "index": one.index,
        "recorded_at": one.recorded_at,
        "previous": one.previous.hex(),
        "statement": one.statement.hex(),
        "lineage": one.lineage.hex(),
        "leaf": one.leaf.hex(),
    }


def item_of(value):
    return Item(
        Role(value["role"]),
        bytes.fromhex(value["subject"]),
        value["version"],
        NO_INDEX if value["index"] is None else value["index"],
        NO_LEAF if value["leaf"] is None else bytes.fromhex(value["leaf"]),
    )


def item_json(item):
    linked = item.index != NO_INDEX
    return {
        "role": int(item.role),
        "subject": item.subject.hex(),
        "version": item.version,
        "index": item.index if linked else None,
        "leaf": item.leaf.hex() if linked else None,
    }


def lineages(given):
    if "packed" in given:
        return {"items": [item_json(one) for one in lineage.parse_items(bytes.fromhex(given["packed"]))]}
    if "opened" in given:
        lineage.check_opened(
            [opened_of(one) for one in given["opened"]], given["count"], bytes.fromhex(given["digest"])
        )
        return {}
    made = lineage.lineage_of(bytes.fromhex(given["seed"]), [item_of(one) for one in given["items"]])
    return {
        "packed": [item.packed().hex() for item in made.items],
        "salts": [salt.hex() for salt in made.salts],
        "hashes": [one.hex() for one in made.hashes],
        "root": tree_root(made.hashes).hex(),
        "digest": made.digest.hex(),
    }


def opened_of(value):
    return Opened(
        value["position"],
        bytes.fromhex(value["salt"]),
        lineage.parse_item(bytes.fromhex(value["item"])),
        tuple(map(bytes.fromhex, value["path"])),
    )


def subject(given):
    found = canonical_subject_id(given["kind"], given["text"], given["iss"])
    want = {"id": found, "key": subject_key(given["kind"], found).hex()}
    if given["kind"] == "lot":
        want["single"] = names_one_thing(found)
    if "prefixes" in given:
        want["may_create"] = may_create(found, given["iss"], given["prefixes"])
    return want


def statement(given):
    key = parse_jwk(given["key"])
    said = parse(given_bytes(given, "wire"))
    if given["recording"]:
        check_complete(said)
    check_signature(said, key)
    names = ("alg", "kid", "typ", "iss", "jti", "aud", "iat", "body", "withheld")
    return {**{name: plain(getattr(said, name)) for name in names}, "digest": said.digest.hex()}


def plain(value):
    """Decimals as text, so that no reader makes floats of them."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return str(value) if isinstance(value, Decimal) else value


def json_text(given):
    value = strict_json.decode(given_bytes(given, "json"), plain=given["plain"])
    return {"again": strict_json.encode(value).decode("utf-8")}


def notes(given):
    text, good = note.verify_note(given_bytes(given, "note"), [note.parse_vkey(one) for one in given["vkeys"]])
    return {"text": text, "verified": [signed_by(one) for one in good]}


def signed_by(one):
    timed = {} if one.timestamp is None else {"timestamp": one.timestamp}
    return {"name": one.vkey.name, "key_id": one.vkey.key_id.hex(), **timed}


def checkpoint(given):
    vkeys = [note.parse_vkey(one) for one in given["vkeys"]]
    opened, cosignatures = open_checkpoint(given_bytes(given, "note"), vkeys)
    return {
        "origin": opened.origin,
        "size": opened.size,
        "root": opened.root.hex(),
        "cosignatures": [signed_by(one) for one in cosignatures],
    }


def proof(given):
    fields = {name: from_hex(name, value) for name, value in given.items() if name != "kind"}
    check = {
        "inclusion": proofs.verify_inclusion,
        "consistency": proofs.verify_consistency,
        "multi": proofs.verify_multiproof,
    }[given["kind"]]
    check(**fields)
    return {}


def from_hex(name, value):
    if name == "path":
        return [bytes.fromhex(one) for one in value]
    if name == "leaves":
        return [(index, bytes.fromhex(leaf)) for index, leaf in value]
    return bytes.fromhex(value) if isinstance(value, str) else value


def tlog_proof(given):
    found = parse_tlog_proof(given["text"])
    extra = {} if found.extra is None else {"extra": found.extra.hex()}
    return {
        "index": found.index,
        "path": [one.hex() for one in found.path],
        "checkpoint": found.checkpoint,
        **extra,
    }


def trust_file(given):
    trust = parse_trust(given_bytes(given, "text"))
    of = {one.name: one.vkey for one in trust.witnesses}
    met = [quorum_met(trust, [of[name] for name in names]) for names in given["cosigned"]]
    return {"canonical": format_trust(trust), "quorum_met": met}


def verified(folder, given):
    data, trust = given_bytes(given, folder), parse_trust(given["trust"])
    expected = Expected(**given.get("expected", {}))
    if folder == "misbehaviour":
        report = verify_misbehaviour(data, trust)
    elif folder == "bundle":
        rules = {name: given["rules"][name] for name in ("id", "digest")} if "rules" in given else None
        again = (lambda inputs: recompute(inputs, rules)) if rules else None
        report = verify_bundle(data, trust, expected=expected, recompute=again)
    else:
        own = given["statement"].encode("ascii") if "statement" in given else None
        report = verify_receipt(data, trust, statement=own, expected=expected)
    outcomes = [step.outcome.value for step in report.steps]
    if report.failed is not None:
        return {"wantErr": True, "code": report.code, "step": report.failed.number, "want": {"steps": outcomes}}
    return {"wantErr": False, "want": {"steps": outcomes}}


def histories(given):
    registry = None
    for one in given["history"]:
        registry = after(registry, one["index"], parse(one["statement"].encode("ascii")))
    verdicts = [verdict(registry, one["index"], one["statement"]) for one in given["asked"]]
    return {"keys": [key_json(registry, kid) for kid in sorted(registry.owners)], "verdicts": verdicts}


def after(registry, index, said):
    """The registry after one more statement that was checked as a verifier checks it."""
    if registry is None:
        registry = party.begin(said)
        check_signature(said, registry.key(said.kid))
        return registry
    record = party.authorise(registry, said, index)
    check_signature(said, record.key)
    return party.apply(registry, said, index)


def key_json(registry, kid):
    owner = registry.owners[kid]
    record = registry.parties[owner].keys[kid]
    return {
        "party": owner,
        "kid": kid,
        "added": record.added,
        "ended": record.ended,
        "reason": record.reason or None,
        "disputed_from": record.disputed_from,
        "recovery": record.recovery,
    }


def verdict(registry, index, wire):
    said = parse(wire.encode("ascii"))
    try:
        record = party.authorise(registry, said, index)
        check_signature(said, record.key)
    except CoilmarkError as error:
        return error.code
    return "disputed" if record.disputed_at(index) else "good"


def subjects_of(given):
    found = implied(given["typ"], given["iss"], given["aud"], given["body"])
    return {
        "wants": {one.id: one.want.name for one in found},
        "subjects": [{"kind": one.kind, "id": one.id, "key": one.key.hex()} for one in found],
    }


RUNNERS = {
    "entry": entry,
    "lineage": lineages,
    "subject": subject,
    "statement": statement,
    "json": json_text,
    "note": notes,
    "checkpoint": checkpoint,
    "proof": proof,
    "tlog-proof": tlog_proof,
    "trust": trust_file,
    "party": histories,
    "implied": subjects_of,
}
FOLDERS = (*RUNNERS, *VERIFIED)
